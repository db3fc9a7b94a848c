//! `crossbeam-skiplist`: `SkipMap`, which enters and counts references by itself, and the list that it
//! is made of, where the caller does so.

use std::cell::Cell;
use std::ops::Bound::{Included, Unbounded};

use crossbeam_epoch::{Guard, default_collector, pin};
use crossbeam_skiplist::{SkipList, SkipMap};

use super::{Key, Ordered, Points, Queue, Reverse, Words};
use crate::subjects::{CrossbeamEpoch, settle};

/// `get`, `get_or_insert_with`, `insert`, `remove`, `range`, `pop_front`.
pub(crate) struct Crossbeam<K>(SkipMap<K, u64>);

impl<K: Key> Points<K> for Crossbeam<K> {
    const NAME: &'static str = "crossbeam-skiplist";

    type Pin<'a> = &'a SkipMap<K, u64>;

    fn new() -> Self {
        Crossbeam(SkipMap::new())
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key).map(|e| *e.value())
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        let added = Cell::new(false);
        pin.get_or_insert_with(key, || {
            // Of two threads that add the same key at once, both come here.
            added.set(true);
            value
        });
        added.get()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }

    fn settle() {
        settle(&CrossbeamEpoch);
    }
}

impl<K: Key> Ordered<K> for Crossbeam<K> {
    // To replace is to remove, and then to add: crossbeam-rs/crossbeam#1023. Version 0.1.3.
    const FINDS_REPLACED: bool = false;

    #[inline]
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64) {
        pin.insert(key, value);
    }

    #[inline]
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, mut f: impl FnMut(&K::Query, u64)) {
        let range = pin.range::<K::Query, _>((Included(from), Unbounded));
        range
            .take(count)
            .for_each(|e| f(e.key().borrow(), *e.value()));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        pin.iter().for_each(|e| f(e.key().borrow(), *e.value()));
    }
}

impl Words for Crossbeam<String> {
    #[inline]
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        let range = pin.range::<str, _>((Included(prefix), Unbounded));
        let words = range.take_while(|e| e.key().starts_with(prefix));
        words.for_each(|e| f(e.key(), *e.value()));
    }
}

impl<K: Key> Reverse<K> for Crossbeam<K> {
    #[inline]
    fn scan_back(
        pin: &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let range = pin.range::<K::Query, _>((Unbounded, Included(from)));
        range
            .rev()
            .take(count)
            .for_each(|e| f(e.key().borrow(), *e.value()));
    }
}

impl<K: Key> Queue<K> for Crossbeam<K> {
    #[inline]
    fn pop_first(pin: &Self::Pin<'_>) -> Option<(K, u64)> {
        pin.pop_front().map(|e| (e.key().clone(), *e.value()))
    }
}

/// `base::SkipList`, in the default collector, with a guard for each operation.
pub(crate) struct Base<K>(SkipList<K, u64>);

impl<K: Key> Points<K> for Base<K> {
    const NAME: &'static str = "crossbeam-skiplist/base";

    type Pin<'a> = (Guard, &'a SkipList<K, u64>);

    fn new() -> Self {
        Base(SkipList::new(default_collector().clone()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        (pin(), &self.0)
    }

    #[inline]
    fn get((guard, list): &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        list.get(key, guard).map(|e| *e.value())
    }

    #[inline]
    fn insert((guard, list): &Self::Pin<'_>, key: K, value: u64) -> bool {
        let added = Cell::new(false);
        let entry = list.get_or_insert_with(
            key,
            || {
                added.set(true);
                value
            },
            guard,
        );
        entry.release(guard);
        added.get()
    }

    #[inline]
    fn remove((guard, list): &Self::Pin<'_>, key: &K::Query) -> bool {
        let entry = list.remove(key, guard);
        entry.map(|e| e.release(guard)).is_some()
    }

    fn settle() {
        settle(&CrossbeamEpoch);
    }
}

impl<K: Key> Ordered<K> for Base<K> {
    // As above.
    const FINDS_REPLACED: bool = false;

    #[inline]
    fn replace((guard, list): &Self::Pin<'_>, key: K, value: u64) {
        list.insert(key, value, guard).release(guard);
    }

    #[inline]
    fn scan(
        (guard, list): &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let range = list.range::<K::Query, _>((Included(from), Unbounded), guard);
        range
            .take(count)
            .for_each(|e| f(e.key().borrow(), *e.value()));
    }

    fn each((guard, list): &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        let all = list.iter(guard);
        all.for_each(|e| f(e.key().borrow(), *e.value()));
    }
}

impl Words for Base<String> {
    #[inline]
    fn begin_with((guard, list): &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        let range = list.range::<str, _>((Included(prefix), Unbounded), guard);
        let words = range.take_while(|e| e.key().starts_with(prefix));
        words.for_each(|e| f(e.key(), *e.value()));
    }
}

impl<K: Key> Reverse<K> for Base<K> {
    #[inline]
    fn scan_back(
        (guard, list): &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let range = list.range::<K::Query, _>((Unbounded, Included(from)), guard);
        range
            .rev()
            .take(count)
            .for_each(|e| f(e.key().borrow(), *e.value()));
    }
}

impl<K: Key> Queue<K> for Base<K> {
    #[inline]
    fn pop_first((guard, list): &Self::Pin<'_>) -> Option<(K, u64)> {
        let entry = list.pop_front(guard)?;
        let popped = (entry.key().clone(), *entry.value());
        entry.release(guard);
        Some(popped)
    }
}
