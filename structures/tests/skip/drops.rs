//! `SkipMap` drops each key and each value once: after every operation, however an iterator or the map ends.
//! Of keys that are their hints, keys that have some, and keys that have none; the last count, and those where
//! chunks begin outlive their entries.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc;

use structures::testing::balanced::{Key, Ordered, panics};
use structures::testing::payload::{Counted, Tally};
use structures::{Operation, SkipMap, Smr};

#[test]
fn entries_by_value_come_once_each() {
    fn run<K: Key>(len: u64, taken: usize, from_behind: usize) {
        let mut all = Ordered::<K>::with(len);
        // Some that wait to be dropped, where chunks begin among them.
        let guard = all.map().owned_guard();
        for i in (0..len).filter(|i| i % 4 != 0) {
            all.map().remove(&all.key(i), &guard);
        }
        drop(guard);
        let left = all.map().len();
        let mut iter = all.take().into_iter();
        assert_eq!(iter.len(), left);
        let mut some: Vec<_> = iter.by_ref().take(taken).collect();
        some.extend(iter.by_ref().rev().take(from_behind));
        assert!(some.iter().all(|(k, v)| k.number() == v.number()));
        assert_eq!(iter.len(), left - some.len());
        drop(iter);
        assert_eq!(
            all.alive(),
            Ordered::<K>::of(some.len()),
            "the others are gone"
        );
    }
    for len in [0, 1, 30, 31, 130, 1_000] {
        for (taken, from_behind) in [(0, 0), (1, 0), (7, 7), (usize::MAX, 0), (0, usize::MAX)] {
            run::<u64>(len, taken, from_behind);
            run::<String>(len, taken, from_behind);
            run::<Counted>(len, taken, from_behind);
        }
    }
}

/// A section of another map of the domain is open on another thread: what was removed waits for it, until the map
/// is taken apart.
#[test]
fn a_map_is_given_up_while_others_sections_are_open() {
    fn run<K: Key>(taken: usize) {
        let mut all = Ordered::<K>::with(300);
        let smr = all.map().smr().clone();
        let others: SkipMap<u64, u64> = SkipMap::builder().domain(&smr).build();
        let (opened, is_open) = mpsc::channel();
        let (done, is_done) = mpsc::channel::<()>();
        std::thread::scope(|s| {
            let others = &others;
            s.spawn(move || {
                let pinned = others.pin();
                pinned.insert(1, 1);
                opened.send(()).unwrap();
                // Until the other end is dropped.
                is_done.recv().unwrap_err();
            });
            is_open.recv().unwrap();
            for i in (0..300).filter(|i| i % 10 != 7) {
                all.map().pin().remove(&all.key(i));
            }
            assert!(all.map().flush() >= 270);
            assert_eq!(all.values.alive(), 300);
            let mut iter = all.take().into_iter();
            let some: Vec<_> = iter.by_ref().take(taken).collect();
            assert!(
                some.iter()
                    .map(|(k, _)| k.number())
                    .eq((7..300).step_by(10).take(taken))
            );
            drop(iter);
            assert_eq!(all.alive(), Ordered::<K>::of(some.len()));
            drop(done);
        });
    }
    for taken in [0, 1, 10, 30] {
        run::<u64>(taken);
        run::<String>(taken);
        run::<Counted>(taken);
    }
}

#[test]
fn every_operation_balances() {
    fn run<K: Key>() {
        for round in 0..7 {
            let mut all = Ordered::<K>::with(round * 31);
            for i in 0..60 {
                let step = |all: &Ordered<K>, what: u64| {
                    let map = all.map().pin();
                    let (key, value) = (|| all.key(i * 3), |n| all.value(n));
                    let more = |v: &Counted| all.value(v.number() + 1);
                    match what {
                        0 => _ = map.insert(key(), value(1)),
                        1 => _ = map.try_insert(key(), value(2)),
                        2 => _ = map.get_or_insert(key(), value(3)),
                        3 => _ = map.get_or_insert_with(key(), || value(4)),
                        4 => _ = map.try_insert_with(key(), || value(5)),
                        5 => _ = map.update(key(), more),
                        6 => _ = map.update_or_insert(key(), more, value(6)),
                        7 => _ = map.update_or_insert_with(key(), more, || value(7)),
                        8 => _ = map.remove(&key()),
                        9 => _ = map.remove_entry(&key()),
                        10 => _ = map.remove_if(&key(), |_, v| v.number().is_multiple_of(2)),
                        11 => _ = map.compute(key(), |_| Operation::<_, ()>::Insert(value(8))),
                        12 => {
                            _ = map.compute(key(), |old| match old {
                                Some(_) => Operation::Remove,
                                None => Operation::Abort(value(9)),
                            })
                        }
                        13 => _ = map.entry(key()).or_insert(value(10)),
                        14 => _ = map.entry(key()).and_modify(more).or_insert(value(11)),
                        15 => _ = map.entry(key()).and_modify(more).or_nothing(),
                        16 => _ = map.entry(key()).remove(),
                        17 => _ = map.entry(key()),
                        18 => _ = map.pop_first(),
                        19 => _ = map.pop_last(),
                        20 => _ = map.range(key()..).take(3).count(),
                        _ => _ = map.get(&key()),
                    }
                };
                let what = (i * 7 + round * 11) % 22;
                step(&all, what);
                all.balances();
                step(&all, (what + 5) % 22);
            }
            all.balances();
            all.map().pin().retain(|k, _| k.number() % 3 != 0);
            all.balances();
            assert!(all.map().pin().drain().take(5).count() <= 5);
            all.balances();
            assert!(all.map().pin().drain().rev().take(5).count() <= 5);
            all.balances();
            let copy = all.map().clone();
            assert_eq!((&copy, copy.len()), (all.map(), all.map().len()));
            drop(copy);
            all.balances();
            while all.map().pin().pop_first().is_some() && all.map().pin().pop_last().is_some() {
                all.balances();
            }
            (0..100).for_each(|i| _ = all.map().pin().insert(all.key(i), all.value(i)));
            all.map().pin().clear();
            all.balances();
            assert!(all.map().is_empty());
        }
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

/// What was removed and not reclaimed yet is dropped with the map.
#[test]
fn a_map_is_dropped_with_pending_items() {
    fn run<K: Key>(entries: u64) {
        let all = Ordered::<K>::with(entries);
        let guard = all.map().owned_guard();
        for i in 0..entries {
            all.map().insert(all.key(i), all.value(i + 1), &guard);
            if i % 20 != 0 {
                all.map().remove(&all.key(i), &guard);
            }
        }
        // The section outlives the map: it protects nothing of it any more.
        drop(all);
        drop(guard);
    }
    for entries in [5, 100, 2_000] {
        run::<u64>(entries);
        run::<String>(entries);
        run::<Counted>(entries);
    }
}

#[test]
#[cfg_attr(smr_asan, ignore = "what is forgotten would be noticed")]
fn forgotten_guards_and_cursors_cost_memory_only() {
    let mut all = Ordered::<Counted>::with(60);
    let pinned = all.map().pin_owned();
    assert!(pinned.drain().next().is_some());
    let mut cursor = pinned.cursor();
    assert!(cursor.next().is_some());
    std::mem::forget(cursor);
    drop(pinned);
    all.balances();
    assert_eq!(all.map().len(), 59);
    // For good: nothing is reclaimed in this domain from here on.
    std::mem::forget(all.map().pin());
    std::mem::forget(all.map().owned_guard());
    for i in 0..60 {
        all.map().pin().insert(all.key(i), all.value(i));
    }
    assert!(all.map().flush() >= 59);
    assert_eq!(all.values.alive(), 60 + 59);
    // But with the map it is.
}

/// Whatever a map that is given up and forgotten has: leaked, not broken.
#[test]
#[cfg_attr(smr_asan, ignore = "what is forgotten would be noticed")]
fn a_forgotten_iterator_by_value_leaks() {
    let mut all = Ordered::<Counted>::with(30);
    let mut iter = all.take().into_iter();
    drop(iter.next());
    let keys = std::mem::take(&mut all.keys);
    let values = std::mem::take(&mut all.values);
    std::mem::forget(iter);
    assert_eq!((keys.alive(), values.alive()), (29, 29));
}

/// The value that is made stands by while an updated one is tried in its place, and comes back.
#[test]
fn what_was_made_is_made_once() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(0);
        {
            let map = all.map().pin();
            let mut made = 0;
            let mut updates = 0;
            let new = map.update_or_insert_with(
                all.key(5),
                |old| {
                    updates += 1;
                    // It goes away again, so that the one that was made is wanted after all.
                    map.remove(&all.key(5));
                    all.value(old.number() + 1)
                },
                || {
                    made += 1;
                    // Somebody else was faster.
                    map.insert(all.key(5), all.value(1));
                    all.value(100)
                },
            );
            assert_eq!((new.number(), made, updates), (100, 1, 1));
        }
        all.balances();
        assert_eq!(all.map().len(), 1);
    }
    run::<u64>();
    run::<Counted>();
}

/// A key where a chunk begins outlives its entry, and goes when the chunk goes; its value does not wait for that.
#[test]
fn keys_where_chunks_begin_outlive_their_entries() {
    let mut all = Ordered::<Counted>::with(600);
    // Each that remains is in the middle of a chunk.
    for i in (0..600).filter(|i| i % 30 > 22 || i % 30 < 10) {
        all.map().pin().remove(&all.key(i));
    }
    all.balances();
    let kept = all.keys.alive() - all.map().len();
    assert!(kept >= 15, "{kept} keys are kept");
    // They come back, as others.
    for i in 0..600 {
        all.map().pin().insert(all.key(i), all.value(i));
    }
    all.balances();
    assert!(all.keys.alive() >= 600 + kept, "the chunks are there");
    all.map().pin().retain(|_, _| false);
    all.balances();
    assert_eq!(all.alive(), (0, 0));
}

/// Closures that panic leave no draft behind, wherever the key waits by then.
#[test]
fn drafts_are_dropped_with_what_is_in_them() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(50);
        for i in 0..100 {
            let map = all.map().pin();
            let mut calls = 0;
            let panicked = panics(|| {
                map.compute(all.key(i), |_| {
                    calls += 1;
                    if calls > 1 {
                        panic!("on purpose");
                    }
                    // Makes the draft an entry that cannot be stored.
                    map.remove(&all.key(i));
                    map.insert(all.key(i), all.value(i));
                    Operation::<_, ()>::Insert(all.value(i + 1))
                })
            });
            assert!(panicked);
            assert_eq!(map.get(&all.key(i)).unwrap().number(), i);
        }
        all.balances();
        assert_eq!(all.map().len(), 100);
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

/// Drops run on any thread that has the map, but on no other: one that has not been sent needs no `Send`.
#[test]
fn drops_stay_with_the_threads_that_have_the_map() {
    struct Here(std::thread::ThreadId, Rc<Cell<u32>>);
    impl Drop for Here {
        fn drop(&mut self) {
            assert_eq!(self.0, std::thread::current().id());
            self.1.set(self.1.get() + 1);
        }
    }
    let dropped = Rc::new(Cell::new(0));
    let smr = Smr::new();
    let map = SkipMap::builder().domain(&smr).build();
    let others: SkipMap<u64, u64> = SkipMap::builder().domain(&smr).build();
    let (done, is_done) = mpsc::channel::<()>();
    std::thread::scope(|s| {
        let others = &others;
        // They use the same domain.
        s.spawn(move || {
            while is_done.try_recv() == Err(mpsc::TryRecvError::Empty) {
                for i in 0..100 {
                    others.pin().insert(i, i);
                    others.pin().remove(&i);
                }
                others.flush();
            }
        });
        for i in 0..5_000 {
            let here = Here(std::thread::current().id(), dropped.clone());
            map.pin().insert((i % 50, i % 3), here);
        }
        drop(done);
    });
    drop(map);
    assert_eq!(dropped.get(), 5_000);
}

/// Values without drops, and without size, are counted by their keys.
#[test]
fn sets_balance() {
    let keys = Tally::default();
    let mut set =
        structures::SkipSet::with_comparator_in(structures::skip_map::Natural, &Smr::new());
    for i in 0..2_000 {
        let set = set.pin();
        let key = || keys.item(i * 7 % 500);
        match i % 5 {
            0 | 1 => _ = set.insert(key()),
            2 => _ = set.replace(key()),
            3 => _ = set.take(&key()),
            _ => _ = set.pop_first(),
        }
    }
    set.check();
    assert_eq!(set.flush(), 0);
    let kept = keys.alive() - set.len();
    assert!(kept <= set.len() + 2);
    let copy = set.clone();
    assert_eq!(keys.alive(), 2 * set.len() + kept);
    drop(set);
    assert_eq!(copy.into_iter().take(3).count(), 3);
    assert_eq!(keys.alive(), 0);
}
