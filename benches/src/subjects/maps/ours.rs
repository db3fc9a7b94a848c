//! This workspace's maps.

use structures::LocalGuard;
use structures::hash_map::{HashMap, HashMapRef, InlineHashMap};

use super::{Hashes, Key, MANY, Map, Points};

/// `InlineHashMap`, for plain keys and values, in the global domain.
pub(crate) struct Inline(InlineHashMap<u64, u64, Hashes>);

impl Points<u64> for Inline {
    const NAME: &'static str = "InlineHashMap";

    type Pin<'a> = &'a InlineHashMap<u64, u64, Hashes>;

    fn new() -> Self {
        Inline(InlineHashMap::with_hasher(Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &u64) -> Option<u64> {
        pin.get(key)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: u64, value: u64) -> bool {
        pin.try_insert(key, value).is_ok()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &u64) -> bool {
        pin.remove(key).is_some()
    }

    fn settle() {
        structures::Smr::global().flush();
    }
}

impl Map<u64> for Inline {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &u64, f: impl Fn(u64) -> u64) -> bool {
        pin.update(*key, f).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &u64) {
        pin.update_or_insert(*key, |n| n.wrapping_add(1), 1);
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&u64, u64)) {
        for (key, value) in pin.iter() {
            f(&key, value);
        }
    }

    fn get_many(pin: &Self::Pin<'_>, keys: &[u64], values: &mut [Option<u64>]) {
        pin.get_many(keys, values);
    }
}

/// `HashMap`, pinned for each operation, in the global domain.
pub(crate) struct Boxed<K>(HashMap<K, u64, Hashes>);

impl<K: Key> Points<K> for Boxed<K> {
    const NAME: &'static str = "HashMap";

    type Pin<'a> = HashMapRef<'a, K, u64, Hashes, LocalGuard<'a>>;

    fn new() -> Self {
        Boxed(HashMap::with_hasher(Hashes::default()))
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

    fn settle() {
        structures::Smr::global().flush();
    }
}

impl<K: Key> Map<K> for Boxed<K> {
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

    fn get_many(pin: &Self::Pin<'_>, keys: &[K], values: &mut [Option<u64>]) {
        let mut found = [None; MANY];
        let found = &mut found[..keys.len()];
        pin.get_many(keys, found);
        for (value, found) in values.iter_mut().zip(found) {
            *value = found.copied();
        }
    }
}
