//! Tables that shrink: alone, beside all other operations, and beside growth.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use structures::hash_map::InlineHashMap;
use structures::testing::maps::{Hash as Fnv, Restless};
use structures::testing::{Mix, conformance};
use structures::{HashMap, HashSet, Smr};

type Map = HashMap<u64, u64, Fnv<0>>;

fn map_in(smr: &Smr) -> Map {
    HashMap::with_hasher_in(Fnv::default(), smr)
}

#[test]
fn what_is_there_stays_there() {
    for (entries, kept) in [
        (10, 3),
        (1_000, 0),
        (20_000, 1),
        (20_000, 777),
        (5_000, 5_000),
    ] {
        let smr = Smr::new();
        let mut map = map_in(&smr);
        let mut inline = InlineHashMap::with_hasher_in(Fnv::<0>::default(), &smr);
        for n in 0..entries {
            map.pin().insert(n, 2 * n);
            inline.insert(n, 2 * n);
        }
        for n in kept..entries {
            assert_eq!(map.pin().remove(&n), Some(&(2 * n)));
            assert_eq!(inline.remove(&n), Some(2 * n));
        }
        let before = (map.capacity(), inline.capacity());
        map.shrink_to_fit();
        inline.shrink_to_fit();
        let after = (map.capacity(), inline.capacity());
        if kept < entries / 2 && entries > 100 {
            assert!(
                after.0 < before.0 && after.1 < before.1,
                "{before:?}, {after:?}"
            );
            let bounds = kept as usize..=kept as usize + 20;
            assert!(
                bounds.contains(&after.0) && bounds.contains(&after.1),
                "{after:?}"
            );
        }
        map.check();
        inline.check();
        for n in 0..entries {
            let expected = (n < kept).then_some(2 * n);
            assert_eq!(map.pin().get(&n).copied(), expected);
            assert_eq!(inline.get(&n), expected);
        }
        assert_eq!(
            (map.pin().iter().count(), inline.iter().count()),
            (kept as usize, kept as usize)
        );
        // And back.
        for n in 0..entries {
            let expected = (n < kept).then_some(2 * n);
            assert_eq!(map.pin().insert(n, n), expected.as_ref());
            assert_eq!(inline.insert(n, n), expected);
        }
        assert_eq!(
            (map.len(), inline.len()),
            (entries as usize, entries as usize)
        );
        map.check();
        inline.check();
        let all: Vec<_> = (0..entries).map(|n| (n, n)).collect();
        let mut found: Vec<_> = map.into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, all);
        let mut found: Vec<_> = inline.iter().collect();
        found.sort_unstable();
        assert_eq!(found, all);
    }
}

#[test]
fn capacities_are_bounds() {
    let map: HashMap<u64, u64> = HashMap::with_capacity(100_000);
    assert!(map.capacity() >= 100_000);
    map.shrink_to(usize::MAX);
    assert!(map.capacity() >= 100_000);
    map.shrink_to(1_000);
    assert!((1_000..1_100).contains(&map.capacity()));
    map.shrink_to(50_000);
    assert!((1_000..1_100).contains(&map.capacity()), "it does not grow");
    map.shrink_to_fit();
    map.shrink_to_fit();
    assert!(map.capacity() < 20);
    let empty: HashMap<u64, u64> = HashMap::new();
    empty.shrink_to_fit();
    assert_eq!(empty.capacity(), 0);
    let set = HashSet::from([1, 2, 3]);
    set.reserve(10_000, &set.guard());
    set.shrink_to(10);
    assert!((10..30).contains(&set.capacity()) && set.pin().contains(&2));
}

/// A guard is in the way of the memory, not of the shrinking.
#[test]
fn guards_stop_nothing() {
    let smr = Smr::new();
    let mut map = map_in(&smr);
    for n in 0..10_000 {
        map.pin().insert(n, n);
    }
    {
        let held = map.pin();
        let old = held.get(&5_000);
        held.retain(|&n, _| n < 10);
        map.shrink_to_fit();
        assert!(map.capacity() < 40);
        assert_eq!((held.len(), old), (10, Some(&5_000)));
        held.insert(77, 7);
        held.remove(&77);
    }
    map.shrink_to_fit();
    map.check();
    assert_eq!(map.len(), 10);
}

/// Hashes that all agree, or nearly: merges of lists.
#[test]
fn crowded_buckets_merge() {
    let map: HashMap<u64, u64, Fnv<3>> = HashMap::with_hasher(Fnv::default());
    let mut inline: InlineHashMap<u64, u64, Fnv<3>> = InlineHashMap::with_hasher(Fnv::default());
    for n in 0..200 {
        map.pin().insert(n, n);
        inline.insert(n, n);
    }
    map.reserve(10_000, &map.guard());
    inline.reserve(10_000);
    map.shrink_to_fit();
    inline.shrink_to_fit();
    for n in 0..200 {
        assert_eq!(
            (map.pin().remove(&n), inline.remove(&n)),
            (Some(&n), Some(n))
        );
    }
    map.shrink_to_fit();
    inline.shrink_to_fit();
    assert!(map.is_empty() && inline.is_empty());
    map.pin().insert(1, 1);
    assert_eq!(map.len(), 1);
}

/// Several threads shrink and grow a table that others read, write and walk.
fn beside(threads: usize, rounds: u64, spread: u64) {
    let smr = Smr::new();
    let mut map = map_in(&smr);
    // Always there.
    for n in 0..spread / 8 {
        map.pin().insert(n, n);
    }
    let over = &AtomicBool::new(false);
    let shared = &map;
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(move || {
                let mut round = 0;
                while !over.load(Relaxed) {
                    shared.shrink_to(round % 3 * 50);
                    if round % 4 == 0 {
                        shared.pin().reserve(spread as usize);
                    }
                    round += 1;
                }
            });
        }
        s.spawn(move || {
            while !over.load(Relaxed) {
                let mut there: Vec<_> = shared.pin().iter().map(|(&n, _)| n).collect();
                there.sort_unstable();
                assert!(there.windows(2).all(|pair| pair[0] < pair[1]), "met twice");
                let expected = there.iter().filter(|&&n| n < spread / 8).count();
                assert_eq!(expected as u64, spread / 8, "missed");
            }
        });
        let writers: Vec<_> = (1..=threads as u64)
            .map(|thread| {
                s.spawn(move || {
                    let own = |n: u64| thread << 32 | n;
                    for round in 0..rounds {
                        for n in 0..spread {
                            assert_eq!(shared.pin().insert(own(n), round), None, "{n}");
                            assert_eq!(
                                shared.pin().get(&(n % (spread / 8))),
                                Some(&(n % (spread / 8)))
                            );
                        }
                        for n in 0..spread {
                            assert_eq!(shared.pin().get(&own(n)), Some(&round), "{n}");
                            let updated = shared.pin().update(own(n), |v| v + 1).copied();
                            assert_eq!(updated, Some(round + 1), "{n}");
                        }
                        for n in 0..spread {
                            assert_eq!(shared.pin().remove(&own(n)), Some(&(round + 1)), "{n}");
                            assert_eq!(shared.pin().get(&own(n)), None);
                        }
                    }
                })
            })
            .collect();
        let results: Vec<_> = writers.into_iter().map(|w| w.join()).collect();
        over.store(true, Relaxed);
        assert!(results.iter().all(Result::is_ok));
    });
    assert_eq!(map.len() as u64, spread / 8);
    map.shrink_to_fit();
    map.check();
    assert!(map.capacity() as u64 <= spread / 8 + 20);
}

#[test]
fn beside_everything_else() {
    beside(3, 40, 2_000);
}

#[test]
fn beside_everything_else_in_few_buckets() {
    beside(3, 2_000, 40);
}

/// Every operation, in a table that splits and merges all the time.
#[test]
fn a_restless_table_holds() {
    for seed in 0..2 {
        conformance::agrees_with_the_oracle::<Restless>(seed, Mix::EVEN, 30, 3_000);
    }
    for seed in 0..3 {
        conformance::threads_with_their_own_keys_agree::<Restless>(seed, 4, 10, 1_000);
        conformance::threads_with_their_own_keys_agree::<Restless>(seed, 3, 100, 1_000);
    }
    for seed in 0..8 {
        conformance::histories_are_linearizable::<Restless>(seed, 3, 3, 200);
        conformance::histories_are_linearizable::<Restless>(seed, 3, 20, 200);
    }
}

/// A hasher that fails after so many keys.
#[derive(Clone, Default)]
struct Failing(Fnv<0>);

std::thread_local!(static LEFT: Cell<u32> = const { Cell::new(u32::MAX) });

impl BuildHasher for Failing {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        self.clone()
    }
}

impl Hasher for Failing {
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        let left = LEFT.get();
        assert_ne!(left, 0, "no more");
        LEFT.set(left - 1);
        self.0.write(bytes);
    }
}

/// A split that stops in its midst has a child, whose memory must not go before that is there and merged.
#[test]
fn what_a_panic_has_interrupted_is_brought_to_an_end() {
    let mut interrupted = 0;
    for allowed in (0..700).step_by(9) {
        let mut map: InlineHashMap<u64, u64, Failing> =
            InlineHashMap::with_hasher(Failing::default());
        for n in 0..300 {
            map.insert(n, n);
        }
        for shrinks in [false, true] {
            LEFT.set(allowed);
            let done = catch_unwind(AssertUnwindSafe(|| match shrinks {
                false => map.reserve(1_000),
                true => map.shrink_to(300),
            }));
            LEFT.set(u32::MAX);
            interrupted += usize::from(done.is_err());
            if !shrinks {
                map.shrink_to(300);
                assert!(map.capacity() < 320);
                map.reserve(400);
            }
        }
        for n in 0..300 {
            assert_eq!(map.get(&n), Some(n));
            assert_eq!(map.insert(n, n + 1), Some(n));
            assert_eq!(map.remove(&n), Some(n + 1));
        }
        map.shrink_to_fit();
        map.check();
        assert!(map.capacity() < 20);
    }
    assert!(interrupted > 50);
}

/// What comes meanwhile has room as well.
#[test]
fn shrinking_beside_insertions_keeps_room_for_them() {
    const ENTRIES: u64 = 30_000;
    for _ in 0..5 {
        let mut map = map_in(&Smr::new());
        map.pin().reserve(200_000);
        let shared = &map;
        std::thread::scope(|s| {
            s.spawn(|| shared.shrink_to_fit());
            s.spawn(|| (0..ENTRIES).for_each(|n| assert_eq!(shared.pin().insert(n, n), None)));
        });
        let capacity = map.capacity() as u64;
        assert!(capacity > ENTRIES / 10 * 9, "{capacity}");
        map.check();
    }
}
