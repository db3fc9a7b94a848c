//! Operations of a `SkipMap` that race for the same entries: each is taken once, nothing is lost, and all is dropped.

use std::collections::BTreeMap;
use std::ops::Bound::Excluded;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::radix_map::Radix;
use structures::skip_map::Natural;
use structures::skip_map::Skip;
use structures::testing::Subject;
use structures::testing::payload::{Counted, Value};
use structures::testing::sorted::{Hesitant, Key, Kind, Sorted, numbers};
use structures::{SkipMap, SkipSet, Smr};

/// Runs `work` on so many threads at once, with a number for each.
fn on_threads<R: Send>(threads: u64, work: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let start = Barrier::new(threads as usize);
    std::thread::scope(|s| {
        let run = |t| {
            let (start, work) = (&start, &work);
            move || {
                start.wait();
                work(t)
            }
        };
        let running: Vec<_> = (0..threads).map(|t| s.spawn(run(t))).collect();
        let done = running.into_iter().map(|thread| thread.join());
        done.map(|result| result.expect("no thread panics"))
            .collect()
    })
}

/// A map of the keys below `entries`, inserted in some order.
fn filled<K: Key, E: Kind<K>>(entries: u64, seed: u64) -> Sorted<K, E> {
    let map = Sorted::<K, E>::new();
    let mut keys: Vec<_> = (0..entries).collect();
    let mut random = SmallRng::seed_from_u64(seed);
    if seed % 2 == 1 {
        keys.sort_by_cached_key(|_| random.random::<u32>());
    }
    for key in keys {
        map.map().pin().insert(map.key(key), map.value(key));
    }
    map
}

/// Each of the keys is among those taken once, with its value.
#[track_caller]
fn are_all(taken: impl IntoIterator<Item = Vec<(u64, u64)>>, keys: impl Iterator<Item = u64>) {
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    taken.sort_unstable();
    assert!(taken.into_iter().eq(keys.map(|key| (key, key))));
}

/// crossbeam#672, crossbeam#735: of those that raced, entries were lost, or leaked.
fn taken_once<K: Key, E: Kind<K>>() {
    for round in 0..20 {
        let entries = [40, 400, 1_500][round as usize % 3];
        let mut map = filled::<K, E>(entries, round);
        let taken = on_threads(4, |t| {
            let mut random = SmallRng::seed_from_u64(round * 4 + t);
            let mut taken = Vec::new();
            let mut vain = 0;
            while vain < 2 * entries {
                let pinned = map.map().pin();
                let found = match (t, random.random_range(0..10)) {
                    (0, _) | (1, 0..8) => pinned.pop_first(),
                    (2, _) => pinned.pop_last(),
                    (_, n) => {
                        let key = map.key(random.random_range(0..entries));
                        if n == 9 {
                            pinned.remove_if(&key, |_, _| true).unwrap_or(None)
                        } else {
                            pinned.remove_entry(&key)
                        }
                    }
                };
                match found {
                    Some(entry) => taken.push(numbers(entry)),
                    None if t != 3 => break,
                    None => vain += 1,
                }
            }
            taken
        });
        are_all(taken, 0..entries);
        assert_eq!(map.entries(), []);
        map.check();
    }
}

#[test]
fn what_is_popped_and_removed_is_taken_once() {
    taken_once::<u64, Skip>();
    taken_once::<u64, Radix>();
    taken_once::<u32, Skip>();
    taken_once::<String, Skip>();
    taken_once::<String, Radix>();
    taken_once::<Counted, Skip>();
    taken_once::<Counted, Radix>();
}

/// Nobody inserts: each thread's pops ascend, or descend.
fn pops_in_order<K: Key, E: Kind<K>>() {
    for round in 0..10 {
        let mut map = filled::<K, E>(1_000, round);
        let taken = on_threads(3, |t| {
            let pop = || {
                let pinned = map.map().pin();
                match t {
                    0 => pinned.pop_last().map(numbers),
                    _ => pinned.pop_first().map(numbers),
                }
            };
            let taken: Vec<_> = std::iter::from_fn(pop).collect();
            if t == 0 {
                assert!(taken.is_sorted_by(|a, b| a > b));
            } else {
                assert!(taken.is_sorted_by(|a, b| a < b));
            }
            taken
        });
        are_all(taken, 0..1_000);
        map.check();
    }
}

#[test]
fn pops_are_in_order() {
    pops_in_order::<u64, Skip>();
    pops_in_order::<u64, Radix>();
    pops_in_order::<u32, Skip>();
    pops_in_order::<Counted, Skip>();
    pops_in_order::<Counted, Radix>();
}

/// A queue: what is pushed is popped, once, while the map is nearly empty and when it is not.
fn queue<K: Key, E: Kind<K>>() {
    for round in 0..6 {
        let mut map = Sorted::<K, E>::new();
        const EACH: u64 = 1_500;
        let popped = AtomicU64::new(0);
        let taken = on_threads(4, |t| {
            if t < 2 {
                for i in 0..EACH {
                    let key = i * 2 + t;
                    let pinned = map.map().pin();
                    assert!(pinned.insert(map.key(key), map.value(key)).is_none());
                    // Not too far ahead of those who pop, in some rounds.
                    drop(pinned);
                    while round % 2 == 0 && i * 2 > popped.load(Relaxed) + 50 {
                        std::thread::yield_now();
                    }
                }
                return Vec::new();
            }
            let mut taken = Vec::new();
            while popped.load(Relaxed) < 2 * EACH {
                let pinned = map.map().pin();
                let found = match (t, round % 3) {
                    (2, 0) => pinned.pop_last(),
                    _ => pinned.pop_first(),
                };
                match found {
                    Some(entry) => {
                        popped.fetch_add(1, Relaxed);
                        taken.push(numbers(entry));
                    }
                    None => std::thread::yield_now(),
                }
            }
            taken
        });
        are_all(taken, 0..2 * EACH);
        map.check();
    }
}

#[test]
fn what_is_pushed_is_popped_once() {
    queue::<u64, Skip>();
    queue::<u64, Radix>();
    queue::<u32, Skip>();
    queue::<Counted, Skip>();
    queue::<Counted, Radix>();
}

/// oxcaml#6489: an insertion that raced with a removal left a link to what was gone. Here the same few keys, some of
/// which begin chunks.
fn same_keys<K: Key, E: Kind<K>>() {
    for round in 0..6 {
        let mut map = filled::<K, E>(62, round);
        let changes = on_threads(3, |t| {
            let mut random = SmallRng::seed_from_u64(round * 3 + t);
            let mut there = BTreeMap::new();
            for i in 0..4_000 {
                let key = random.random_range(28..34);
                let count: &mut i64 = there.entry(key).or_default();
                let pinned = map.map().pin();
                if i % 2 == 0 {
                    *count += i64::from(pinned.insert(map.key(key), map.value(key)).is_none());
                } else {
                    *count -= i64::from(pinned.remove(&map.key(key)).is_some());
                }
            }
            there
        });
        let left = map.entries();
        for key in 28..34 {
            let changed: i64 = changes.iter().filter_map(|there| there.get(&key)).sum();
            let there = left.iter().filter(|entry| entry.0 == key).count();
            assert_eq!(1 + changed, there as i64, "{key}");
        }
        map.check();
    }
}

#[test]
fn keys_that_are_inserted_and_removed_at_once_balance() {
    same_keys::<u64, Skip>();
    same_keys::<u64, Radix>();
    same_keys::<u32, Skip>();
    same_keys::<String, Skip>();
    same_keys::<String, Radix>();
    same_keys::<Counted, Skip>();
    same_keys::<Counted, Radix>();
}

/// scc#22: removals were lost, and scans missed entries, beside others' changes. Each thread has keys of its own, and
/// knows what must be there.
fn own_keys<K: Key, E: Kind<K>>() {
    const EACH: u64 = 300;
    let mut map = Sorted::<K, E>::new();
    on_threads(3, |t| {
        let key = |i: u64| i * 3 + t;
        let own = |(key, value): (u64, u64)| (key % 3 == t).then_some((key, value));
        for round in 0..8 {
            for i in 0..EACH {
                let pinned = map.map().pin();
                assert!(pinned.insert(map.key(key(i)), map.value(round)).is_none());
                assert!(pinned.contains_key(&map.key(key(i))));
            }
            let pinned = map.map().pin();
            let all: Vec<_> = pinned.iter().map(numbers).filter_map(own).collect();
            assert!(all.into_iter().eq((0..EACH).map(|i| (key(i), round))));
            let gone = |i: &u64| i % 5 != round % 5;
            for i in (0..EACH).filter(gone) {
                let removed = pinned.remove(&map.key(key(i)));
                assert_eq!(removed.map(Value::number), Some(round));
                assert!(pinned.get(&map.key(key(i))).is_none());
            }
            let back: Vec<_> = pinned.iter().rev().map(numbers).filter_map(own).collect();
            let left = (0..EACH).filter(|i| !gone(i));
            assert!(back.into_iter().rev().eq(left.map(|i| (key(i), round))));
            for i in (0..EACH).filter(|i| !gone(i)) {
                assert!(pinned.remove(&map.key(key(i))).is_some());
            }
        }
    });
    assert_eq!(map.entries(), []);
    map.check();
}

#[test]
fn nothing_is_lost_beside_the_changes_of_others() {
    own_keys::<u64, Skip>();
    own_keys::<u64, Radix>();
    own_keys::<u32, Skip>();
    own_keys::<String, Skip>();
    own_keys::<String, Radix>();
    own_keys::<Counted, Skip>();
    own_keys::<Counted, Radix>();
}

/// What goes through all of the map, beside itself and insertions.
fn wholes<K: Key, E: Kind<K>>() {
    for round in 0..6 {
        let mut map = filled::<K, E>(900, round);
        let taken = on_threads(4, |t| {
            let pinned = map.map().pin();
            match t {
                0 => pinned.drain().map(numbers).collect(),
                1 => pinned.drain().rev().map(numbers).collect(),
                2 => {
                    let mut kept = Vec::new();
                    pinned.retain(|key, value| {
                        kept.push((key.number(), value.number()));
                        true
                    });
                    assert!(kept.is_sorted_by(|a, b| a < b));
                    Vec::new()
                }
                _ => {
                    for key in 900..1_100 {
                        pinned.insert(map.key(key), map.value(key));
                    }
                    Vec::new()
                }
            }
        });
        let left = map.entries();
        are_all(taken.into_iter().chain([left]), 0..1_100);
        map.check();
        on_threads(3, |t| {
            let pinned = map.map().pin();
            match t {
                0 => pinned.clear(),
                1 => pinned.retain(|key, _| key.number() % 3 == 0),
                _ => pinned.retain(|_, value| value.number() % 7 == 0),
            }
        });
        assert_eq!(map.entries(), []);
        map.check();
    }
}

#[test]
fn what_is_drained_is_taken_once() {
    wholes::<u64, Skip>();
    wholes::<u64, Radix>();
    wholes::<u32, Skip>();
    wholes::<Counted, Skip>();
    wholes::<Counted, Radix>();
}

/// Threads that end leave nothing behind: not what they have removed, and no section.
fn threads_end<K: Key, E: Kind<K>>() {
    let mut map = Sorted::<K, E>::new();
    let owned = map.map().owned_guard();
    drop(owned);
    for round in 0..40 {
        on_threads(4, |t| {
            let pinned = map.map().pin_owned();
            for i in 0..40 {
                let key = (i * 7 + t * 13 + round) % 90;
                pinned.insert(map.key(key), map.value(key));
                pinned.remove(&map.key((key + 31) % 90));
                if i % 8 == 0 {
                    pinned.pop_first();
                    pinned.pop_last();
                }
            }
            // Its guard ends on another thread, in some rounds.
            (round % 2 == 0).then_some(pinned)
        });
        if round % 10 == 9 {
            map.check();
        }
    }
}

#[test]
fn threads_that_end_leave_nothing_behind() {
    threads_end::<u64, Skip>();
    threads_end::<u64, Radix>();
    threads_end::<u32, Skip>();
    threads_end::<Counted, Skip>();
    threads_end::<Counted, Radix>();
}

#[test]
fn a_key_enters_and_leaves_a_set_once() {
    let set: SkipSet<String> = SkipSet::with_comparator_in(Natural, &Smr::new());
    let name = |n: u64| format!("name {n:05}");
    let (entered, left) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_threads(4, |t| {
        for i in 0..2_000 {
            let set = set.pin();
            if t % 2 == 0 {
                entered.fetch_add(usize::from(set.insert(name(i))), Relaxed);
            } else if i % 3 == t {
                left.fetch_add(usize::from(set.pop_first().is_some()), Relaxed);
            } else {
                left.fetch_add(usize::from(set.remove(name(i).as_str())), Relaxed);
            }
        }
    });
    assert_eq!(entered.into_inner() - left.into_inner(), set.len());
    let set = set.pin();
    assert!(set.iter().is_sorted() && set.iter().count() == set.len());
}

/// One of two neighbours, in different chunks, is there at all times: of what is asked from either side, nobody hears
/// of what is beyond both.
fn handed_over<K: Key, E: Kind<K>>(rounds: u64) {
    // The head is empty, or the last chunk is: pops leave them so.
    for is_left in [true, false] {
        let mut map = filled::<K, E>(if is_left { 60 } else { 31 }, 0);
        if is_left {
            (0..30).for_each(|_| _ = map.map().pin().pop_first());
        }
        let (inner, outer) = if is_left { (30, 29) } else { (29, 30) };
        let handing = |_| {
            for i in 0..rounds {
                let pinned = map.map().pin();
                pinned.insert(map.key(outer), map.value(i));
                assert!(pinned.remove(&map.key(inner)).is_some());
                assert!(pinned.insert(map.key(inner), map.value(i)).is_none());
                let popped = if is_left {
                    pinned.pop_first()
                } else {
                    pinned.pop_last()
                };
                assert_eq!(popped.map(numbers), Some((outer, i)));
            }
        };
        let ends = |i: u64| {
            let pinned = map.map().pin();
            let bound = map.key(if is_left { 5 } else { 40 });
            let mut cursor = pinned.cursor();
            let found = match (is_left, i % 3) {
                (true, 0) => pinned.first_key_value(),
                (true, 1) => pinned.lower_bound(Excluded(&bound)),
                (true, _) => cursor.next(),
                (false, 0) => pinned.last_key_value(),
                (false, 1) => pinned.upper_bound(Excluded(&bound)),
                (false, _) => {
                    cursor.to_end();
                    cursor.prev()
                }
            };
            let key = found.expect("there is always one").0.number();
            assert!(key == inner || key == outer, "{key} beside {inner}");
        };
        on_threads(3, |t| match t {
            0 => handing(t),
            _ => (0..2 * rounds).for_each(ends),
        });
        map.check();
    }
}

#[test]
fn nobody_hears_of_what_is_beyond() {
    handed_over::<u64, Skip>(8_000);
    handed_over::<u64, Radix>(8_000);
    handed_over::<u32, Skip>(8_000);
    handed_over::<Counted, Skip>(3_000);
    handed_over::<Counted, Radix>(3_000);
    handed_over::<Hesitant, Skip>(3_000);
    handed_over::<Hesitant, Radix>(3_000);
}

/// An entry that is there all the time is removed, whatever values it has meanwhile, the same again included.
#[test]
fn clear_removes_entries_that_change() {
    fn run<V: PartialEq + Send + Sync + 'static>(value: impl Fn(bool) -> V + Sync) {
        let map = SkipMap::<u64, V>::builder().domain(&Smr::new()).build();
        let rounds = AtomicU64::new(0);
        std::thread::scope(|s| {
            s.spawn(|| {
                let mut turn = false;
                while rounds.load(Relaxed) < 1_500 {
                    turn = !turn;
                    map.pin().update(1, |_| value(turn));
                }
            });
            for round in 0..1_500 {
                map.pin().insert(1, value(true));
                map.pin().clear();
                assert!(map.pin().is_empty(), "round {round}");
                rounds.store(round + 1, Relaxed);
            }
        });
    }
    run(u64::from);
    run(|turn| turn);
    run(|turn| [turn]);
}
