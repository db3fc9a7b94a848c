//! The plain way: a lock around `std`'s map.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Hashes, Key, Map};

/// `std`'s `RwLock<HashMap>`.
pub(crate) struct RwLockStd<K>(RwLock<HashMap<K, u64, Hashes>>);

impl<K: Key> RwLockStd<K> {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, u64, Hashes>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, u64, Hashes>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key> Map<K> for RwLockStd<K> {
    const NAME: &'static str = "RwLock<std>";

    type Pin<'a> = &'a Self;

    fn new() -> Self {
        RwLockStd(RwLock::default())
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.read().get(key).copied()
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        match pin.write().entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(value);
                true
            }
        }
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.write().remove(key).is_some()
    }

    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.write().get_mut(key).map(|v| *v = f(*v)).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        let mut map = pin.write();
        match map.get_mut(key) {
            Some(v) => *v += 1,
            None => drop(map.insert(key.to_owned(), 1)),
        }
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.read().iter().for_each(|(k, &v)| f(k, v));
    }
}
