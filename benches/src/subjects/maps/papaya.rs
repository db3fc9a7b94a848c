//! `papaya`, pinned for each operation, with its incremental resizing.

use papaya::{HashMap, HashMapRef, LocalGuard};

use super::{Hashes, Key, Map, Points};

/// `HashMap::pin`; `get`, `try_insert`, `remove`, `update`, `update_or_insert`.
pub(crate) struct Papaya<K>(HashMap<K, u64, Hashes>);

impl<K: Key> Points<K> for Papaya<K> {
    const NAME: &'static str = "papaya";

    type Pin<'a> = HashMapRef<'a, K, u64, Hashes, LocalGuard<'a>>;

    fn new() -> Self {
        Papaya(HashMap::with_hasher(Hashes::default()))
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

impl<K: Key> Map<K> for Papaya<K> {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        pin.update(key.to_owned(), |&v| f(v)).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        pin.update_or_insert(key.to_owned(), |v| v + 1, 1);
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        pin.iter().for_each(|(k, &v)| f(k, v));
    }
}
