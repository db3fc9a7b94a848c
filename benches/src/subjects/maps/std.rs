//! `std`'s map with no lock at all: what one thread can reach. And its operations, for every way to
//! come at it.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::{Deref, DerefMut};

use super::{Hashes, Key, Map};

/// The map that is used.
pub(super) type Table<K> = HashMap<K, u64, Hashes>;

/// A `std` map, kept where several threads may reach it.
pub(super) trait Kept<K>: Default + Send + Sync + 'static {
    /// As [`Map::NAME`].
    const NAME: &'static str;

    /// As [`Map::SHARED`].
    const SHARED: bool;

    /// The map, to read; each operation gives it up.
    fn read(&self) -> impl Deref<Target = Table<K>>;

    /// The map, to write, likewise; what runs meanwhile does not come back here.
    fn write(&self) -> impl DerefMut<Target = Table<K>>;
}

impl<K: Key, M: Kept<K>> Map<K> for M {
    const NAME: &'static str = M::NAME;
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

/// A `std` map that a measurement's only thread uses as its own.
pub(crate) struct Std<K>(UnsafeCell<Table<K>>);

// SAFETY: it is not `SHARED`: one thread uses it at a time, and a start or an end of a thread lies
// between two that do.
unsafe impl<K: Send> Sync for Std<K> {}

impl<K> Default for Std<K> {
    fn default() -> Self {
        Std(UnsafeCell::default())
    }
}

impl<K: Key> Kept<K> for Std<K> {
    const NAME: &'static str = "std";
    const SHARED: bool = false;

    #[inline]
    fn read(&self) -> impl Deref<Target = Table<K>> {
        // SAFETY: one thread uses it at a time, and each operation gives its reference up.
        unsafe { &*self.0.get() }
    }

    #[inline]
    fn write(&self) -> impl DerefMut<Target = Table<K>> {
        // SAFETY: one thread uses it at a time, and each operation gives its reference up; the
        // closures that operations run do not come back here.
        unsafe { &mut *self.0.get() }
    }
}
