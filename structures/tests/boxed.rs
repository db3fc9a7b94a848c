//! `HashMap` against the shared tests, and by threads that grow it, walk over it and churn it.

use std::collections::{HashMap as Std, HashSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use structures::testing::maps::{Boxed, Hash};
use structures::testing::payload::{Counted, Tally};
use structures::testing::{Mix, conformance};
use structures::{HashMap, Smr};

/// All hashes count.
const HONEST: u64 = 0;
/// So few hashes that most entries are in lists.
const FEW: u64 = 3;

type Plain = Hash<HONEST>;
type Map<V = u64> = HashMap<u64, V, Plain>;

fn map<V>() -> Map<V> {
    HashMap::with_hasher_in(Plain::default(), &Smr::new())
}

#[test]
fn it_agrees_with_the_oracle() {
    for seed in 0..4 {
        conformance::agrees_with_the_oracle::<Boxed<HONEST>>(seed, Mix::EVEN, 30, 3_000);
        conformance::agrees_with_the_oracle::<Boxed<HONEST>>(seed, Mix::CHURN, 3_000, 30_000);
        conformance::agrees_with_the_oracle::<Boxed<FEW>>(seed, Mix::EVEN, 60, 5_000);
    }
}

#[test]
fn threads_with_their_own_keys_agree() {
    for seed in 0..10 {
        conformance::threads_with_their_own_keys_agree::<Boxed<HONEST>>(seed, 4, 10, 3_000);
        conformance::threads_with_their_own_keys_agree::<Boxed<HONEST>>(seed, 3, 500, 5_000);
        conformance::threads_with_their_own_keys_agree::<Boxed<FEW>>(seed, 3, 20, 3_000);
    }
}

#[test]
fn histories_are_linearizable() {
    for seed in 0..20 {
        conformance::histories_are_linearizable::<Boxed<HONEST>>(seed, 3, 3, 200);
        conformance::histories_are_linearizable::<Boxed<HONEST>>(seed, 3, 40, 200);
        conformance::histories_are_linearizable::<Boxed<FEW>>(seed, 3, 20, 200);
    }
}

#[test]
fn it_grows_and_keeps_everything() {
    let mut map = map();
    for i in 0..200_000 {
        assert_eq!(map.pin().insert(i, i * 3), None);
    }
    assert_eq!(map.len(), 200_000);
    for i in 0..200_000 {
        assert_eq!(map.pin().get(&i), Some(&(i * 3)), "{i}");
    }
    assert_eq!(map.pin().get(&200_000), None);
    map.check();
    for i in (0..200_000).step_by(2) {
        assert_eq!(map.pin().remove(&i), Some(&(i * 3)));
    }
    let left: HashSet<_> = map.pin().keys().copied().collect();
    assert_eq!(left, (0..200_000).filter(|i| i % 2 == 1).collect());
    map.check();
}

/// Inserters race with each other, with the growth that they cause, and with readers.
#[test]
fn nothing_is_lost_while_it_grows() {
    for round in 0..20 {
        let mut map = map();
        let tally = Tally::default();
        let done = AtomicBool::new(false);
        std::thread::scope(|s| {
            let (map, done, tally) = (&map, &done, &tally);
            let inserters: Vec<_> = (0..3)
                .map(|t| {
                    s.spawn(move || {
                        for i in 0..3_000 {
                            let key = i * 3 + t;
                            let map = map.pin();
                            assert!(map.insert(key, tally.item(key + round)).is_none());
                            assert_eq!(map.get(&key).unwrap().number(), key + round);
                        }
                    })
                })
                .collect();
            s.spawn(move || {
                while !done.load(Relaxed) {
                    let map = map.pin();
                    let seen: Vec<_> = map.iter().collect();
                    assert!(seen.iter().all(|(k, v)| v.number() == **k + round));
                    let keys: HashSet<_> = seen.iter().map(|(k, _)| k).collect();
                    assert_eq!(keys.len(), seen.len(), "a key twice");
                }
            });
            for inserter in inserters {
                inserter.join().unwrap();
            }
            done.store(true, Relaxed);
        });
        assert_eq!((map.len(), tally.alive()), (9_000, 9_000));
        map.check();
    }
}

/// What is there throughout is seen exactly once, whatever happens around it.
#[test]
fn iteration_sees_what_stays_exactly_once() {
    let map = map();
    for key in 0..1_000 {
        map.pin().insert(key, key);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            for key in 1_000..60_000 {
                let map = map.pin();
                map.insert(key, key);
                if key % 2 == 0 {
                    map.remove(&key);
                }
                // Replaced, but never absent.
                map.insert(key % 1_000, key % 1_000);
            }
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) {
            let mut times = Std::new();
            for (key, value) in &map.pin() {
                assert_eq!(key, value);
                *times.entry(*key).or_insert(0) += 1;
            }
            for key in 0..1_000 {
                assert_eq!(times.get(&key), Some(&1), "{key}");
            }
        }
    });
}

/// What is drained goes to one thread only, and all of it goes, though the table grows.
#[test]
fn what_is_drained_is_drained_once() {
    for _ in 0..10 {
        let tally = Tally::default();
        let mut map = map::<Counted>();
        let done = AtomicBool::new(false);
        let got: Vec<Vec<u64>> = std::thread::scope(|s| {
            let (map, done, tally) = (&map, &done, &tally);
            let drain = move || {
                let mut got = Vec::new();
                while !done.load(Relaxed) || !map.is_empty() {
                    got.extend(map.pin().drain().map(|(_, v)| v.number()));
                }
                got
            };
            let drainers = [s.spawn(drain), s.spawn(drain)];
            for i in 0..5_000 {
                assert!(map.pin().try_insert(i, tally.item(i)).is_ok());
            }
            done.store(true, Relaxed);
            drainers.map(|d| d.join().unwrap()).into()
        });
        let mut all: Vec<_> = got.into_iter().flatten().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..5_000), "each once");
        assert_eq!((map.flush(), tally.alive()), (0, 0));
        map.check();
    }
}

/// Counts what it updates in one step: none is lost, by whichever method.
#[test]
fn updates_are_one_step() {
    let map = map::<u64>();
    std::thread::scope(|s| {
        for t in 0..3 {
            let map = &map;
            s.spawn(move || {
                for i in 0..6_000 {
                    let pinned = map.pin();
                    let key = i % 7;
                    match (i + t) % 3 {
                        0 => _ = pinned.update_or_insert(key, |n| n + 1, 1),
                        1 => _ = pinned.entry(key).and_modify(|n| n + 1).or_insert(1),
                        _ => {
                            pinned.compute(key, |old| {
                                let n = old.map_or(0, |(_, n)| *n);
                                structures::Operation::<_, ()>::Insert(n + 1)
                            });
                        }
                    }
                }
            });
        }
    });
    assert_eq!(map.pin().values().sum::<u64>(), 18_000);
}

#[test]
fn many_threads_share_a_small_map() {
    for keys in [1, 5, 40] {
        let tally = Tally::default();
        let mut map = map::<Counted>();
        std::thread::scope(|s| {
            for t in 0..64 {
                let (map, tally) = (&map, &tally);
                s.spawn(move || {
                    for i in 0..150 {
                        let map = map.pin();
                        let key = (i * 7 + t) % keys;
                        match (i + t) % 4 {
                            0 => _ = map.remove(&key),
                            1 => _ = map.update(key, |v| tally.item(v.number())),
                            _ => _ = map.insert(key, tally.item(key)),
                        }
                        assert!(map.get(&key).is_none_or(|v| v.number() == key));
                    }
                });
            }
        });
        map.check();
        assert!(map.len() <= keys as usize);
        assert!(map.capacity() <= 64, "{}", map.capacity());
        assert_eq!(map.flush(), 0);
        assert_eq!(tally.alive(), map.len());
    }
}

/// Constant size, constant memory, by several threads: nothing that is removed leaves anything behind.
#[test]
fn churn_does_not_grow_it() {
    let mut map = map();
    for i in 0..1_000 {
        map.pin().insert(i, i);
    }
    let capacity = map.capacity();
    std::thread::scope(|s| {
        for t in 0..2 {
            let map = &map;
            s.spawn(move || {
                for i in (1_000 + t..100_000).step_by(2) {
                    let map = map.pin();
                    map.insert(i, i);
                    assert_eq!(map.remove(&(i - 1_000)), Some(&(i - 1_000)));
                    map.update(i, |n| *n);
                }
            });
        }
    });
    assert_eq!(map.len(), 1_000);
    let now = map.capacity();
    assert!(now <= capacity + capacity / 4, "{capacity}, then {now}");
    map.check();
}
