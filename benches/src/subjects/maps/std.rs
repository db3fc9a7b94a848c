//! `std`'s map: behind a lock, and with no lock at all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Hashes, Key, Map};
use crate::subjects::plain::{Kept, Locked, Own, Table};

type Hashed<K> = HashMap<K, u64, Hashes>;

/// `std`'s `RwLock<HashMap>`.
pub(crate) type RwLockStd<K> = Locked<Hashed<K>>;

/// A `std` map that a measurement's only thread uses as its own.
pub(crate) type Std<K> = Own<Hashed<K>>;

impl<K: Key> Table<K> for Hashed<K> {
    const OWN: &'static str = "std";
    const LOCKED: &'static str = "RwLock<std>";

    #[inline]
    fn get(&self, key: &K::Query) -> Option<u64> {
        self.get(key).copied()
    }

    #[inline]
    fn insert(&mut self, key: K, value: u64) -> bool {
        match self.entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(value);
                true
            }
        }
    }

    #[inline]
    fn remove(&mut self, key: &K::Query) -> bool {
        self.remove(key).is_some()
    }
}

impl<K: Key, M: Kept<Table = Hashed<K>>> Map<K> for M {
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
