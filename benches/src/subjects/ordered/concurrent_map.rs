//! `concurrent-map`: a lock-free B+ tree, of which each thread has its own handle.

use std::ops::Bound::{Included, Unbounded};
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use concurrent_map::{ConcurrentMap, Minimum};

use super::{Key, Ordered, Points, Queue, Reverse, Words};

/// `get`, `insert`, `remove`, `range`, `iter`, `pop_first`; a clone for each of several threads. One
/// alone has the only handle, with which the map may be, and is, changed in place.
pub(crate) struct Concurrent<K: Key + Minimum> {
    map: ConcurrentMap<K, u64>,
    /// Held while the map is cloned.
    cloning: Mutex<()>,
}

// SAFETY: of several threads each uses what `local` gave it, its own clone, and the map itself only to
// make it, one at a time; who uses the map itself for more is its only user, as `Points::local` says.
unsafe impl<K: Key + Minimum> Sync for Concurrent<K> {}

/// What a thread has of it.
enum Handle<'a, K: Key + Minimum> {
    Only(&'a Concurrent<K>),
    Clone(Box<Concurrent<K>>),
}

impl<K: Key + Minimum> Deref for Handle<'_, K> {
    type Target = Concurrent<K>;

    #[inline]
    fn deref(&self) -> &Concurrent<K> {
        match self {
            Handle::Only(map) => map,
            Handle::Clone(map) => map,
        }
    }
}

impl<K: Key + Minimum> From<ConcurrentMap<K, u64>> for Concurrent<K> {
    fn from(map: ConcurrentMap<K, u64>) -> Self {
        let cloning = Mutex::default();
        Concurrent { map, cloning }
    }
}

impl<K: Key + Minimum> Points<K> for Concurrent<K> {
    const NAME: &'static str = "concurrent-map";

    type Pin<'a> = &'a ConcurrentMap<K, u64>;

    fn new() -> Self {
        Concurrent::from(ConcurrentMap::new())
    }

    fn local(&self, threads: usize) -> impl Deref<Target = Self> {
        if threads == 1 {
            return Handle::Only(self);
        }
        let _cloning = self.cloning.lock().unwrap_or_else(PoisonError::into_inner);
        Handle::Clone(Box::new(Concurrent::from(self.map.clone())))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.map
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.insert(key, value).is_none()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }
}

impl<K: Key + Minimum> Ordered<K> for Concurrent<K> {
    #[inline]
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64) {
        pin.insert(key, value);
    }

    #[inline]
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, mut f: impl FnMut(&K::Query, u64)) {
        let range = pin.range::<K::Query, _>((Included(from), Unbounded));
        range.take(count).for_each(|(k, v)| f(k.borrow(), v));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        pin.iter().for_each(|(k, v)| f(k.borrow(), v));
    }
}

impl Words for Concurrent<String> {
    #[inline]
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        let range = pin.range::<str, _>((Included(prefix), Unbounded));
        let words = range.take_while(|(k, _)| k.starts_with(prefix));
        words.for_each(|(k, v)| f(&k, v));
    }
}

impl<K: Key + Minimum> Reverse<K> for Concurrent<K> {
    #[inline]
    fn scan_back(
        pin: &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let range = pin.range::<K::Query, _>((Unbounded, Included(from)));
        range.rev().take(count).for_each(|(k, v)| f(k.borrow(), v));
    }
}

impl<K: Key + Minimum> Queue<K> for Concurrent<K> {
    #[inline]
    fn pop_first(pin: &Self::Pin<'_>) -> Option<(K, u64)> {
        pin.pop_first()
    }
}
