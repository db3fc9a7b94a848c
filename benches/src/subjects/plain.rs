//! Collections of `std`, kept where several threads may reach them: the plain way, behind a lock;
//! and with no lock at all, which is what one thread can reach.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock};

use super::points::{Key, Points};

/// A map of `std`.
pub(crate) trait Table<K: Key>: Default {
    /// Its name for one thread.
    const OWN: &'static str;

    /// Its name behind a lock.
    const LOCKED: &'static str;

    /// As [`Points::get`].
    fn get(&self, key: &K::Query) -> Option<u64>;

    /// As [`Points::insert`].
    fn insert(&mut self, key: K, value: u64) -> bool;

    /// As [`Points::remove`].
    fn remove(&mut self, key: &K::Query) -> bool;
}

/// A map of `std`, kept where several threads may reach it.
pub(crate) trait Kept: Default + Send + Sync + 'static {
    /// The map.
    type Table;

    /// As [`Points::SHARED`].
    const SHARED: bool;

    /// The map, to read; each operation gives it up.
    fn read(&self) -> impl Deref<Target = Self::Table>;

    /// The map, to write, likewise; what runs meanwhile does not come back here.
    fn write(&self) -> impl DerefMut<Target = Self::Table>;
}

impl<K: Key, M: Kept> Points<K> for M
where
    M::Table: Table<K>,
{
    const NAME: &'static str = if M::SHARED {
        M::Table::LOCKED
    } else {
        M::Table::OWN
    };
    const SHARED: bool = M::SHARED;

    type Pin<'a> = &'a Self;

    fn new() -> Self {
        M::default()
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        Table::get(&*pin.read(), key)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        Table::insert(&mut *pin.write(), key, value)
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        Table::remove(&mut *pin.write(), key)
    }
}

/// Behind `std`'s `RwLock`.
#[derive(Default)]
pub(crate) struct Locked<T>(RwLock<T>);

impl<T: Default + Send + Sync + 'static> Kept for Locked<T> {
    type Table = T;

    const SHARED: bool = true;

    #[inline]
    fn read(&self) -> impl Deref<Target = T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn write(&self) -> impl DerefMut<Target = T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For a measurement's only thread, which uses it as its own.
#[derive(Default)]
pub(crate) struct Own<T>(UnsafeCell<T>);

// SAFETY: it is not `SHARED`: one thread uses it at a time, and a start or an end of a thread lies
// between two that do.
unsafe impl<T: Send> Sync for Own<T> {}

impl<T: Default + Send + 'static> Kept for Own<T> {
    type Table = T;

    const SHARED: bool = false;

    #[inline]
    fn read(&self) -> impl Deref<Target = T> {
        // SAFETY: one thread uses it at a time, and each operation gives its reference up.
        unsafe { &*self.0.get() }
    }

    #[inline]
    fn write(&self) -> impl DerefMut<Target = T> {
        // SAFETY: one thread uses it at a time, and each operation gives its reference up; the
        // closures that operations run do not come back here.
        unsafe { &mut *self.0.get() }
    }
}
