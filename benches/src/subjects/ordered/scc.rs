//! `scc`: its `TreeIndex`, a B+ tree whose readers take no locks.

use std::ops::Bound::{Included, Unbounded};

use scc::{Guard, TreeIndex};

use super::{Key, Ordered, Points, Reverse, Words};
use crate::subjects::{Sdd, settle};

/// `peek_with`, `insert_sync`, `upsert_sync`, `remove_sync`, `range`.
pub(crate) struct SccTree<K: 'static>(TreeIndex<K, u64>);

impl<K: Key> Points<K> for SccTree<K> {
    const NAME: &'static str = "scc/tree";

    type Pin<'a> = &'a TreeIndex<K, u64>;

    fn new() -> Self {
        SccTree(TreeIndex::new())
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

impl<K: Key> Ordered<K> for SccTree<K> {
    #[inline]
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64) {
        pin.upsert_sync(key, value);
    }

    #[inline]
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, mut f: impl FnMut(&K::Query, u64)) {
        let guard = Guard::new();
        let range = pin.range::<K::Query, _>((Included(from), Unbounded), &guard);
        range.take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        let guard = Guard::new();
        pin.iter(&guard).for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl Words for SccTree<String> {
    #[inline]
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        let guard = Guard::new();
        let range = pin.range::<str, _>((Included(prefix), Unbounded), &guard);
        let words = range.take_while(|(k, _)| k.starts_with(prefix));
        words.for_each(|(k, &v)| f(k, v));
    }
}

impl<K: Key> Reverse<K> for SccTree<K> {
    #[inline]
    fn scan_back(
        pin: &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let guard = Guard::new();
        let range = pin.range::<K::Query, _>((Unbounded, Included(from)), &guard);
        range.rev().take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }
}
