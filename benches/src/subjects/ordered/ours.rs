//! This workspace's map.

use std::ops::Bound::{Included, Unbounded};

use structures::LocalGuard;
use structures::skip_map::{Natural, SkipMap, SkipMapRef};

use super::{Key, Ordered, Points, Queue, Reverse};

/// `SkipMap`, pinned for each operation, in the global domain.
pub(crate) struct Ours<K>(SkipMap<K, u64>);

impl<K: Key> Points<K> for Ours<K> {
    const NAME: &'static str = "SkipMap";

    type Pin<'a> = SkipMapRef<'a, K, u64, Natural, LocalGuard<'a>>;

    fn new() -> Self {
        Ours(SkipMap::new())
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

impl<K: Key> Ordered<K> for Ours<K> {
    #[inline]
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64) {
        pin.insert(key, value);
    }

    #[inline]
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, mut f: impl FnMut(&K::Query, u64)) {
        let range = pin.range::<K::Query, _>((Included(from), Unbounded));
        range.take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        pin.iter().for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl<K: Key> Reverse<K> for Ours<K> {
    #[inline]
    fn scan_back(
        pin: &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let range = pin.range::<K::Query, _>((Unbounded, Included(from)));
        range.rev().take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl<K: Key> Queue<K> for Ours<K> {
    #[inline]
    fn pop_first(pin: &Self::Pin<'_>) -> Option<(K, u64)> {
        pin.pop_first().map(|(k, &v)| (k.clone(), v))
    }
}
