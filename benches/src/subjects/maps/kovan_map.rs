//! `kovan-map`: its `HashMap`, which is one of chains.

use kovan_map::HashMap;

use super::{Hashes, Key, Map, Points};
use crate::subjects::{Kovan, settle};

/// Buckets at first. By default it starts with half a million, and so would not grow here.
const BUCKETS: usize = 64;

/// `get`, `insert_if_absent`, `remove`, `compute`.
pub(crate) struct KovanMap<K: 'static>(HashMap<K, u64, Hashes>);

impl<K: Key> Points<K> for KovanMap<K> {
    const NAME: &'static str = "kovan-map";

    type Pin<'a> = &'a HashMap<K, u64, Hashes>;

    fn new() -> Self {
        let hashes = Hashes::default();
        KovanMap(HashMap::with_capacity_and_hasher(BUCKETS, hashes))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.insert_if_absent(key, value).is_none()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }

    fn settle() {
        settle(&Kovan);
    }
}

impl<K: Key> Map<K> for KovanMap<K> {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.compute(key.to_owned(), |v| v.map(|&v| f(v))).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        pin.compute(key.to_owned(), |v| Some(v.map_or(1, |v| v + 1)));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.iter().for_each(|(k, v)| f(&k, v));
    }
}
