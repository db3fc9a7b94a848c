//! `std`'s map with no lock at all: what one thread can reach.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Hashes, Key, Map};

/// A `std` map that a measurement's only thread uses as its own.
pub(crate) struct Std<K>(UnsafeCell<HashMap<K, u64, Hashes>>);

// SAFETY: it is not `SHARED`: one thread uses it at a time, and a start or an end of a thread lies
// between two that do.
unsafe impl<K: Send> Sync for Std<K> {}

impl<K: Key> Std<K> {
    fn map(&self) -> &HashMap<K, u64, Hashes> {
        // SAFETY: one thread uses it at a time, and each operation gives its reference up.
        unsafe { &*self.0.get() }
    }

    #[allow(clippy::mut_from_ref)]
    fn map_mut(&self) -> &mut HashMap<K, u64, Hashes> {
        // SAFETY: one thread uses it at a time, and each operation gives its reference up; the
        // closures that operations run do not come back here.
        unsafe { &mut *self.0.get() }
    }
}

impl<K: Key> Map<K> for Std<K> {
    const NAME: &'static str = "std";
    const SHARED: bool = false;

    type Pin<'a> = &'a Self;

    fn new() -> Self {
        Std(UnsafeCell::default())
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.map().get(key).copied()
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        match pin.map_mut().entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(value);
                true
            }
        }
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.map_mut().remove(key).is_some()
    }

    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.map_mut().get_mut(key).map(|v| *v = f(*v)).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        let map = pin.map_mut();
        match map.get_mut(key) {
            Some(v) => *v += 1,
            None => drop(map.insert(key.to_owned(), 1)),
        }
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.map().iter().for_each(|(k, &v)| f(k, v));
    }
}
