//! `scc`: `HashMap`, whose buckets are locked for reading too, and `HashIndex`, whose are not.

use scc::hash_map::Entry;
use scc::{Guard, HashIndex, HashMap, hash_index};

use super::{Hashes, Key, Map, Points};
use crate::subjects::{Sdd, settle};

/// `read_sync`, `insert_sync`, `remove_sync`, `update_sync`, `entry_sync`.
pub(crate) struct Scc<K>(HashMap<K, u64, Hashes>);

impl<K: Key> Points<K> for Scc<K> {
    const NAME: &'static str = "scc";

    type Pin<'a> = &'a HashMap<K, u64, Hashes>;

    fn new() -> Self {
        Scc(HashMap::with_hasher(Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.read_sync(key, |_, &v| v)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.insert_sync(key, value).is_ok()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove_sync(key).is_some()
    }

    fn settle() {
        settle(&Sdd);
    }
}

impl<K: Key> Map<K> for Scc<K> {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.update_sync(key, |_, v| *v = f(*v)).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        if !Self::update(pin, key, |v| v + 1) {
            match pin.entry_sync(key.to_owned()) {
                Entry::Occupied(mut entry) => *entry += 1,
                Entry::Vacant(entry) => drop(entry.insert_entry(1)),
            }
        }
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.iter_sync(|k, &v| {
            f(k, v);
            true
        });
    }
}

/// `peek_with`, `insert_sync`, `remove_sync`, `get_sync` and `OccupiedEntry::update`.
pub(crate) struct SccIndex<K>(HashIndex<K, u64, Hashes>)
where
    K: 'static;

impl<K: Key> Points<K> for SccIndex<K> {
    const NAME: &'static str = "scc/index";

    type Pin<'a> = &'a HashIndex<K, u64, Hashes>;

    fn new() -> Self {
        SccIndex(HashIndex::with_hasher(Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.peek_with(key, |_, &v| v)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.insert_sync(key, value).is_ok()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove_sync(key)
    }

    fn settle() {
        settle(&Sdd);
    }
}

impl<K: Key> Map<K> for SccIndex<K> {
    // An update adds the entry anew and marks the old one as removed; a reader that has passed the
    // new one's place when it comes to the old one has seen neither.
    const FINDS_UPDATED: bool = false;

    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        let entry = pin.get_sync(key);
        entry.map(|mut e| e.update(f(*e.get()))).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        if !Self::update(pin, key, |v| v + 1) {
            match pin.entry_sync(key.to_owned()) {
                hash_index::Entry::Occupied(mut e) => e.update(*e.get() + 1),
                hash_index::Entry::Vacant(entry) => drop(entry.insert_entry(1)),
            }
        }
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        let guard = Guard::new();
        pin.iter(&guard).for_each(|(k, &v)| f(k, v));
    }
}
