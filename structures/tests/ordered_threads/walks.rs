//! `SkipMap` walked over, both ways, by iterators, ranges and cursors, while others change it: what stays is met
//! once, in order; and a key that is replaced is there all the time.

use std::ops::Bound::{Excluded, Included};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::radix_map::Radix;
use structures::skip_map::Skip;
use structures::testing::Subject;
use structures::testing::ordered::Ordered;
use structures::testing::payload::{Counted, Value};
use structures::testing::sorted::{Key, Kind, Sorted, numbers};
use structures::{Compute, Operation};

/// Keys are below this.
const KEYS: u64 = 600;

/// These stay; what is between comes and goes.
fn stays(key: u64) -> bool {
    key.is_multiple_of(4)
}

/// The n-th value of a key: it tells which key it was stored under.
fn value(key: u64, n: u64) -> u64 {
    n * KEYS + key
}

fn of_key(value: u64) -> u64 {
    value % KEYS
}

/// What stays, with values of its own.
fn prepared<K: Key, E: Kind<K>>() -> Sorted<K, E> {
    let map = Sorted::<K, E>::new();
    for key in (0..KEYS).filter(|&key| stays(key)) {
        map.map()
            .pin()
            .insert(map.key(key), map.value(value(key, 0)));
    }
    map
}

/// Fills a part of the map, empties it again, and replaces what stays there: chunks split, merge, and become empty.
fn waves<K: Key, E: Kind<K>>(map: &Sorted<K, E>, seed: u64, done: &AtomicBool) {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut n = 0;
    while !done.load(Relaxed) {
        n += 1;
        let from = random.random_range(0..KEYS);
        let keys = from..(from + random.random_range(1..150)).min(KEYS);
        let pinned = map.map().pin();
        for key in keys.clone().filter(|&key| !stays(key) || key % 8 == 0) {
            pinned.insert(map.key(key), map.value(value(key, n)));
        }
        drop(pinned);
        let pinned = map.map().pin();
        for key in keys.rev().filter(|&key| !stays(key)) {
            pinned.remove(&map.key(key));
        }
    }
}

/// Two threads make waves while this one looks, so many times.
fn beside_waves<K: Key, E: Kind<K>>(rounds: u64, mut look: impl FnMut(&Sorted<K, E>, u64)) {
    let mut map = prepared::<K, E>();
    let done = AtomicBool::new(false);
    /// Also if a look panics.
    struct Ends<'d>(&'d AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    std::thread::scope(|s| {
        let _ends = Ends(&done);
        for seed in 0..2 {
            let (map, done) = (&map, &done);
            s.spawn(move || waves(map, seed, done));
        }
        for round in 0..rounds {
            look(&map, round);
        }
    });
    map.check();
}

/// What was met between two keys is in order, is all that stays there, and has values of its own.
#[track_caller]
fn is_complete(met: &[(u64, u64)], keys: std::ops::Range<u64>) {
    assert!(met.is_sorted_by(|a, b| a.0 < b.0), "{met:?}");
    assert!(met.iter().all(|(key, _)| keys.contains(key)), "{met:?}");
    assert!(met.iter().all(|&(key, value)| of_key(value) == key));
    let stayed = met.iter().map(|entry| entry.0).filter(|&key| stays(key));
    assert!(stayed.eq(keys.filter(|&key| stays(key))), "{met:?}");
}

/// Some keys, at random.
fn some_keys(random: &mut SmallRng) -> std::ops::Range<u64> {
    let from = random.random_range(0..KEYS);
    from..random.random_range(from..=KEYS)
}

fn walks<K: Key, E: Kind<K>>() {
    beside_waves::<K, E>(60, |map, round| {
        let pinned = map.map().pin();
        let all: Vec<_> = pinned.iter().map(numbers).collect();
        is_complete(&all, 0..KEYS);
        let mut all: Vec<_> = pinned.iter().rev().map(numbers).collect();
        all.reverse();
        is_complete(&all, 0..KEYS);

        let random = &mut SmallRng::seed_from_u64(round);
        let keys = some_keys(random);
        let bounds = || (Included(map.key(keys.start)), Excluded(map.key(keys.end)));
        let some: Vec<_> = pinned.range(bounds()).map(numbers).collect();
        is_complete(&some, keys.clone());
        let mut some: Vec<_> = pinned.range(bounds()).rev().map(numbers).collect();
        some.reverse();
        is_complete(&some, keys.clone());

        // From both ends at once.
        let (mut front, mut back) = (Vec::new(), Vec::new());
        let mut range = pinned.range(bounds());
        loop {
            let (step, end) = if random.random() {
                (range.next(), &mut front)
            } else {
                (range.next_back(), &mut back)
            };
            match step {
                Some(entry) => end.push(numbers(entry)),
                None => break,
            }
        }
        assert_eq!((range.next(), range.next_back()), (None, None));
        front.extend(back.into_iter().rev());
        is_complete(&front, keys);
    });
}

#[test]
fn what_stays_is_met_once() {
    walks::<u64, Skip>();
    walks::<u64, Radix>();
    walks::<u32, Skip>();
    walks::<String, Skip>();
    walks::<String, Radix>();
    walks::<Counted, Skip>();
    walks::<Counted, Radix>();
}

fn cursors<K: Key, E: Kind<K>>() {
    beside_waves::<K, E>(30, |map, round| {
        map.with_cursor(|cursor| {
            let mut met = Vec::new();
            while let Some(entry) = cursor.next() {
                met.push(entry);
            }
            is_complete(&met, 0..KEYS);
            met.clear();
            cursor.to_end();
            while let Some(entry) = cursor.prev() {
                met.push(entry);
            }
            met.reverse();
            is_complete(&met, 0..KEYS);

            // To and fro. What is below `at` is on the left.
            let random = &mut SmallRng::seed_from_u64(round);
            cursor.to_start();
            let mut at = 0;
            for _ in 0..300 {
                let passed = if random.random_range(0..9) < 5 {
                    let found = cursor.next();
                    let from = at;
                    at = found.map_or(KEYS, |(key, _)| key + 1);
                    (found, from..found.map_or(KEYS, |(key, _)| key))
                } else {
                    let found = cursor.prev();
                    let to = at;
                    at = found.map_or(0, |(key, _)| key);
                    (found, found.map_or(0, |(key, _)| key + 1)..to)
                };
                let (found, passed) = passed;
                assert!(found.is_none_or(|(key, value)| of_key(value) == key));
                assert!(!passed.clone().any(stays), "{passed:?} before {found:?}");
                if found.is_none() {
                    let key = random.random_range(0..KEYS);
                    let found = cursor.seek(Included(key));
                    let next = found.map_or(KEYS, |(key, _)| key);
                    assert!(!(key..next).any(stays), "{next} from {key}");
                    at = next;
                }
            }
        });
    });
}

#[test]
fn cursors_meet_what_stays() {
    cursors::<u64, Skip>();
    cursors::<u64, Radix>();
    cursors::<u32, Skip>();
    cursors::<String, Skip>();
    cursors::<String, Radix>();
    cursors::<Counted, Skip>();
    cursors::<Counted, Radix>();
}

/// The neighbours of a place: no entry that stays is passed over.
fn neighbours<K: Key, E: Kind<K>>() {
    beside_waves::<K, E>(3_000, |map, round| {
        let random = &mut SmallRng::seed_from_u64(round);
        let key = random.random_range(0..KEYS);
        let pinned = map.map().pin();
        let bound = map.key(key);
        let up = |key: u64| key.next_multiple_of(4);
        let last = KEYS - 4;
        let check = |found: Option<(&K, &K::Value)>, keys: std::ops::RangeInclusive<u64>| {
            let found = found.map(numbers);
            match found {
                Some((key, value)) => assert!(keys.contains(&key) && of_key(value) == key),
                None => assert!(keys.is_empty(), "nothing in {keys:?}"),
            }
        };
        check(pinned.first_key_value(), 0..=0);
        check(pinned.last_key_value(), last..=KEYS - 1);
        if key <= last {
            check(pinned.lower_bound(Included(&bound)), key..=up(key));
        }
        if key < last {
            check(pinned.lower_bound(Excluded(&bound)), key + 1..=up(key + 1));
        }
        check(pinned.upper_bound(Included(&bound)), key / 4 * 4..=key);
        if key > 0 {
            check(
                pinned.upper_bound(Excluded(&bound)),
                (key - 1) / 4 * 4..=key - 1,
            );
        }
    });
}

#[test]
fn neighbours_that_stay_are_not_passed_over() {
    neighbours::<u64, Skip>();
    neighbours::<u64, Radix>();
    neighbours::<u32, Skip>();
    neighbours::<String, Skip>();
    neighbours::<String, Radix>();
    neighbours::<Counted, Skip>();
    neighbours::<Counted, Radix>();
}

/// crossbeam#1023: a key was absent while it was replaced, iterators met it twice, and a lookup went back in time.
fn replaced<K: Key, E: Kind<K>>() {
    const HELD: u64 = 40;
    let mut map = Sorted::<K, E>::new();
    // Chunks of all sizes, whose entries between come and go.
    for key in 0..HELD {
        map.map().pin().insert(map.key(2 * key), map.value(0));
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        let (map, done) = (&map, &done);
        // One writer a key: values ascend.
        for thread in 0..2 {
            s.spawn(move || {
                for n in 1..600u64 {
                    for key in (0..HELD).filter(|key| key % 2 == thread) {
                        let pinned = map.map().pin();
                        let (key, between) = (map.key(2 * key), map.key(2 * key + 1));
                        let old = match n % 3 {
                            0 => pinned.insert(key, map.value(n)).map(Value::number),
                            1 => {
                                let more = |old: &K::Value| map.value(old.number() + 1);
                                pinned.update(key, more).map(|new| new.number() - 1)
                            }
                            _ => match pinned.compute(key, |_| put(map.value(n))) {
                                Compute::Updated { old, .. } => Some(old.1.number()),
                                _ => None,
                            },
                        };
                        assert_eq!(old, Some(n - 1));
                        if n % 2 == 0 {
                            pinned.insert(between, map.value(n));
                        } else {
                            pinned.remove(&between);
                        }
                    }
                }
                done.store(true, Relaxed);
            });
        }
        let held = |(key, value): (u64, u64)| (key % 2 == 0).then_some((key / 2, value));
        let mut last = [0; HELD as usize];
        let mut is_later = |key: u64, value: u64| {
            let last = &mut last[key as usize];
            assert!(value >= *last, "{key} had {last}, then {value}");
            *last = value;
        };
        let mut round = 0;
        while !done.load(Relaxed) {
            round += 1;
            let pinned = map.map().pin();
            let number = round * 7 % HELD;
            let key = map.key(2 * number);
            let mut seen = |found: Option<(&K, &K::Value)>| {
                let found = found.map(numbers).and_then(held);
                assert_eq!(found.map(|found| found.0), Some(number), "it is there");
                is_later(number, found.expect("just seen").1);
            };
            seen(pinned.get_key_value(&key));
            seen(pinned.upper_bound(Included(&key)));
            seen(pinned.get_key_value(&key));
            seen(pinned.lower_bound(Included(&key)));
            seen(pinned.cursor().seek(&key));
            let only = (Included(&key), Included(&key));
            let mut range = pinned.range::<K, _>(only);
            seen(range.next());
            assert!(range.next().is_none() && range.next_back().is_none());
            seen(pinned.range::<K, _>(only).next_back());
            if round % 8 == 0 {
                let all: Vec<_> = pinned.iter().map(numbers).filter_map(held).collect();
                assert!(all.iter().map(|entry| entry.0).eq(0..HELD), "{all:?}");
                all.iter().for_each(|&(key, value)| is_later(key, value));
                let back = pinned.iter().rev().map(numbers).filter_map(held);
                let all: Vec<_> = back.collect();
                assert!(all.iter().map(|entry| entry.0).eq((0..HELD).rev()));
                all.iter().for_each(|&(key, value)| is_later(key, value));
            }
        }
        assert!(round > 20, "{round} rounds");
    });
    map.check();
}

fn put<V>(value: V) -> Operation<V, ()> {
    Operation::Insert(value)
}

#[test]
fn a_key_that_is_replaced_is_there_once() {
    replaced::<u64, Skip>();
    replaced::<u64, Radix>();
    replaced::<u32, Skip>();
    replaced::<String, Skip>();
    replaced::<String, Radix>();
    replaced::<Counted, Skip>();
    replaced::<Counted, Radix>();
}
