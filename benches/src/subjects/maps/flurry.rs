//! `flurry`, pinned for each operation.

use flurry::{HashMap, HashMapRef};

use super::{Hashes, Key, Map, Points};

/// `HashMap::pin`; `get`, `try_insert`, `remove`, `compute_if_present`.
pub(crate) struct Flurry<K: 'static>(HashMap<K, u64, Hashes>);

impl<K: Key> Points<K> for Flurry<K> {
    const NAME: &'static str = "flurry";

    type Pin<'a> = HashMapRef<'a, K, u64, Hashes>;

    fn new() -> Self {
        Flurry(HashMap::with_hasher(Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self.0.pin()
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key).copied()
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.try_insert(key, value).is_ok()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }
}

impl<K: Key> Map<K> for Flurry<K> {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.compute_if_present(key, |_, &v| Some(f(v))).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        // Another thread may add the key between the two.
        while !Self::update(pin, key, |v| v + 1) && !Self::insert(pin, key.to_owned(), 1) {}
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.iter().for_each(|(k, &v)| f(k, v));
    }
}
