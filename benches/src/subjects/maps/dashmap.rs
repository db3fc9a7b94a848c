//! `dashmap`: shards behind locks, in the default number.

use dashmap::{DashMap, Entry};

use super::{Hashes, Key, Map, Points};

/// `get`, `entry`, `remove`, `get_mut`.
pub(crate) struct Dashmap<K>(DashMap<K, u64, Hashes>);

impl<K: Key> Points<K> for Dashmap<K> {
    const NAME: &'static str = "dashmap";

    type Pin<'a> = &'a DashMap<K, u64, Hashes>;

    fn new() -> Self {
        Dashmap(DashMap::with_hasher(Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key).map(|v| *v)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        match pin.entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(value);
                true
            }
        }
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }
}

impl<K: Key> Map<K> for Dashmap<K> {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.get_mut(key).map(|mut v| *v = f(*v)).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        if !Self::update(pin, key, |v| v + 1) {
            *pin.entry(key.to_owned()).or_insert(0) += 1;
        }
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.iter().for_each(|e| f(e.key(), *e.value()));
    }
}
