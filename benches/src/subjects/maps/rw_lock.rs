//! The plain way: a lock around `std`'s map.

use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock};

use super::Key;
use super::std::{Kept, Table};

/// `std`'s `RwLock<HashMap>`.
pub(crate) struct RwLockStd<K>(RwLock<Table<K>>);

impl<K> Default for RwLockStd<K> {
    fn default() -> Self {
        RwLockStd(RwLock::default())
    }
}

impl<K: Key> Kept<K> for RwLockStd<K> {
    const NAME: &'static str = "RwLock<std>";
    const SHARED: bool = true;

    #[inline]
    fn read(&self) -> impl Deref<Target = Table<K>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn write(&self) -> impl DerefMut<Target = Table<K>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
