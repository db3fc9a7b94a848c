//! `HashMap` drops each key and each value once: after every operation, however an iterator or the map
//! ends.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use structures::testing::balanced::{Balanced, HONEST, ONE, panics};
use structures::testing::payload::Counted;
use structures::{Compute, HashMap, Operation};

#[test]
fn entries_by_value_come_once_each() {
    fn run<const KEPT: u64>(len: u64, taken: usize) {
        let mut all = Balanced::<KEPT>::with(len);
        // Some that wait to be dropped.
        let guard = all.map().owned_guard();
        for i in 0..len / 4 {
            all.map().remove(&all.key(i * 4), &guard);
        }
        drop(guard);
        let left = all.map().len();
        let mut iter = all.take().into_iter();
        assert_eq!(iter.len(), left);
        let some: Vec<_> = iter.by_ref().take(taken).collect();
        assert!(some.iter().all(|(k, v)| k.number() == v.number()));
        assert_eq!(iter.len(), left - some.len());
        drop(iter);
        assert_eq!(all.alive(), (some.len(), some.len()), "the others are gone");
    }
    for len in [0, 1, 11, 12, 21, 40, 300] {
        for taken in [0, 1, 7, usize::MAX] {
            run::<HONEST>(len, taken);
            run::<ONE>(len, taken);
        }
    }
}

#[test]
fn every_operation_balances() {
    fn run<const KEPT: u64>() {
        for round in 0..40 {
            let mut all = Balanced::<KEPT>::with(round);
            for i in 0..50 {
                let step = |all: &Balanced<KEPT>, what: u64| {
                    let map = all.map().pin();
                    let (key, value) = (|| all.key(i), |n| all.value(n));
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
                        _ => _ = map.get(&key()),
                    }
                };
                let what = (i * 7 + round * 11) % 19;
                step(&all, what);
                all.balances();
                step(&all, (what + 5) % 19);
            }
            all.balances();
            all.map().pin().retain(|k, _| k.number() % 3 != 0);
            all.balances();
            assert!(all.map().pin().drain().take(5).count() <= 5);
            all.balances();
            let copy = all.map().clone();
            assert_eq!((&copy, copy.len()), (all.map(), all.map().len()));
            drop(copy);
            all.balances();
            all.map().pin().clear();
            all.balances();
            assert!(all.map().is_empty());
        }
    }
    run::<HONEST>();
    run::<ONE>();
}

/// What was removed and not reclaimed yet is dropped with the map.
#[test]
fn a_map_is_dropped_with_pending_items() {
    for entries in [5, 100, 2_000] {
        let all = Balanced::<HONEST>::with(entries);
        let guard = all.map().owned_guard();
        for i in 0..entries {
            all.map().insert(all.key(i), all.value(i + 1), &guard);
            if i % 2 == 0 {
                all.map().remove(&all.key(i), &guard);
            }
        }
        // The section outlives the map: it protects nothing of it any more.
        drop(all);
        drop(guard);
    }
}

#[test]
#[cfg_attr(smr_asan, ignore = "what is forgotten would be noticed")]
fn forgotten_guards_and_iterators_cost_memory_only() {
    let mut all = Balanced::<ONE>::with(60);
    std::mem::forget(all.map().pin().iter());
    let map = all.map();
    let pinned = map.pin_owned();
    let mut iter = pinned.iter();
    assert!(iter.next().is_some());
    std::mem::forget(iter);
    let mut drain = pinned.drain();
    assert!(drain.next().is_some());
    std::mem::forget(drain);
    drop(pinned);
    all.balances();
    assert_eq!(all.map().len(), 59);
    // For good: nothing is reclaimed in this domain from here on.
    std::mem::forget(all.map().pin());
    std::mem::forget(all.map().owned_guard());
    for i in 0..60 {
        all.map().pin().insert(all.key(i), all.value(i));
    }
    assert_eq!(all.map().flush(), 59);
    // But with the map it is.
}

/// Whatever a map that is given up and forgotten has: leaked, not broken.
#[test]
#[cfg_attr(smr_asan, ignore = "what is forgotten would be noticed")]
fn a_forgotten_iterator_by_value_leaks() {
    let mut all = Balanced::<ONE>::with(30);
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
    let mut all = Balanced::<HONEST>::with(0);
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

/// Threads insert, update and remove the same keys, and some of them panic: everything is dropped once.
#[test]
fn drops_balance_beside_others() {
    for round in 0..6 {
        let mut all = Balanced::<HONEST>::with(0);
        let (keys, work) = if round % 2 == 0 {
            (7, 3_000)
        } else {
            (400, 6_000)
        };
        std::thread::scope(|s| {
            for t in 0..3u64 {
                let all = &all;
                s.spawn(move || {
                    for i in 0..work {
                        let map = all.map().pin();
                        let key = all.key((i * (t * 2 + 1) + round) % keys);
                        let more = |v: &Counted| all.value(v.number() + 1);
                        match (i + t) % 8 {
                            0 | 1 => _ = map.insert(key, all.value(i)),
                            2 => _ = map.update(key, more),
                            3 => _ = map.remove(&key),
                            4 => _ = map.update_or_insert(key, more, all.value(i)),
                            5 => _ = map.try_insert(key, all.value(i)),
                            6 => _ = map.remove_if(&key, |_, v| v.number().is_multiple_of(2)),
                            _ if i % 100 == 7 => {
                                let oops = |_: &Counted| -> Counted { panic!("on purpose") };
                                panics(|| map.update(key, oops));
                            }
                            _ => {
                                let toggled = map.compute(key, |old| match old {
                                    Some((_, v)) if v.number() % 3 == 0 => Operation::Remove,
                                    Some(_) => Operation::Abort(()),
                                    None => Operation::Insert(all.value(i)),
                                });
                                assert!(!matches!(toggled, Compute::Updated { .. }));
                            }
                        }
                    }
                });
            }
        });
        all.balances();
    }
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
    static OTHERS: AtomicU64 = AtomicU64::new(0);
    let dropped = Rc::new(Cell::new(0));
    let map = HashMap::new();
    let others: HashMap<u64, u64> = HashMap::new();
    std::thread::scope(|s| {
        // They use the same domain.
        let busy = s.spawn(|| {
            while OTHERS.load(Relaxed) == 0 {
                for i in 0..100 {
                    others.pin().insert(i, i);
                    others.pin().remove(&i);
                }
                others.flush();
            }
        });
        for i in 0..5_000 {
            let here = Here(std::thread::current().id(), dropped.clone());
            map.pin().insert(i % 50, here);
        }
        OTHERS.store(1, Relaxed);
        busy.join().unwrap();
    });
    drop(map);
    assert_eq!(dropped.get(), 5_000);
}
