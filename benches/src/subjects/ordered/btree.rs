//! `std`'s `BTreeMap`: behind a lock, and with no lock at all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound::{Included, Unbounded};

use super::{Key, Ordered, Queue, Reverse, Words};
use crate::subjects::plain::{Kept, Locked, Own, Table};

type Tree<K> = BTreeMap<K, u64>;

/// `std`'s `RwLock<BTreeMap>`.
pub(crate) type RwLockBTree<K> = Locked<Tree<K>>;

/// A `BTreeMap` that a measurement's only thread uses as its own.
pub(crate) type OwnBTree<K> = Own<Tree<K>>;

impl<K: Key> Table<K> for Tree<K> {
    const OWN: &'static str = "BTreeMap";
    const LOCKED: &'static str = "RwLock<BTreeMap>";

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

impl<K: Key, M: Kept<Table = Tree<K>>> Ordered<K> for M {
    #[inline]
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64) {
        pin.write().insert(key, value);
    }

    #[inline]
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, mut f: impl FnMut(&K::Query, u64)) {
        let map = pin.read();
        let range = map.range::<K::Query, _>((Included(from), Unbounded));
        range.take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        pin.read().iter().for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl<M: Kept<Table = Tree<String>>> Words for M {
    #[inline]
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        let map = pin.read();
        let range = map.range::<str, _>((Included(prefix), Unbounded));
        let words = range.take_while(|(k, _)| k.starts_with(prefix));
        words.for_each(|(k, &v)| f(k, v));
    }
}

impl<K: Key, M: Kept<Table = Tree<K>>> Reverse<K> for M {
    #[inline]
    fn scan_back(
        pin: &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let map = pin.read();
        let range = map.range::<K::Query, _>((Unbounded, Included(from)));
        range.rev().take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl<K: Key, M: Kept<Table = Tree<K>>> Queue<K> for M {
    #[inline]
    fn pop_first(pin: &Self::Pin<'_>) -> Option<(K, u64)> {
        pin.write().pop_first()
    }
}
