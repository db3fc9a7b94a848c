//! Those of tables that grow and shrink.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use structures::HashMap;
use structures::testing::balanced::{Balanced, HONEST, ONE};
use structures::testing::maps::Hash;
use structures::testing::payload::Tally;

use super::{Map, map, meanwhile, on_threads};

/// xsync#111, libcuckoo#173: an update during a resize went to the old table, and was lost.
#[test]
fn no_update_is_lost_while_the_table_grows() {
    for _ in 0..20 {
        let map = map();
        let hot = 16;
        for key in 0..hot {
            map.pin().insert(key, 0);
        }
        on_threads(3, |t| {
            for i in 0..1_500 {
                let pinned = map.pin();
                if t == 0 {
                    pinned.insert(hot + i, 0);
                } else {
                    assert!(pinned.update(i % hot, |n| n + 1).is_some());
                }
            }
        });
        let sum: u64 = (0..hot).map(|key| *map.pin().get(&key).unwrap()).sum();
        assert_eq!(sum, 3_000);
    }
}

/// scc 3.8.8: a key could not be found while its bucket was being moved.
#[test]
fn every_key_is_found_while_the_table_grows() {
    for _ in 0..10 {
        let map = map();
        for key in 0..100 {
            map.pin().insert(key, key);
        }
        let grow = || (100..6_000).for_each(|key| _ = map.pin().insert(key, key));
        let mut values = vec![None; 100];
        let keys: Vec<_> = (0..100).collect();
        let pinned = map.pin();
        meanwhile(grow, || {
            assert!(keys.iter().all(|key| pinned.get(key) == Some(key)));
            pinned.get_many(&keys, &mut values);
            assert!(
                values
                    .iter()
                    .zip(&keys)
                    .all(|(value, key)| *value == Some(key))
            );
            assert!(keys.iter().all(|key| pinned.try_insert(*key, 0).is_err()));
        });
    }
}

/// papaya#63: retain dereferenced an entry with a tag in its pointer, in the midst of a resize.
#[test]
fn retain_meets_entries_as_they_are_while_the_table_grows() {
    for _ in 0..10 {
        let tally = Tally::default();
        let map = map();
        let grow = || {
            for key in 0..4_000 {
                map.pin().insert(key, tally.item(key));
                map.pin().insert(key / 2, tally.item(key / 2));
            }
        };
        meanwhile(grow, || {
            map.pin().retain(|key, value| {
                assert_eq!(*key, value.number());
                !key.is_multiple_of(3)
            });
        });
        map.pin().retain(|key, _| !key.is_multiple_of(3));
        assert_eq!(map.pin().iter().filter(|(key, _)| *key % 3 == 0).count(), 0);
        assert_eq!((map.flush(), tally.alive()), (0, map.len()));
    }
}

/// h2o#412: insertions and removals at a constant size let the table grow for ever.
#[test]
fn churn_at_a_constant_size_does_not_grow_the_table() {
    for size in [1, 30, 500] {
        let map = map();
        let churn = |from: u64, to| {
            for i in from..to {
                map.pin().insert(i, i);
                map.pin().remove(&i.wrapping_sub(size));
            }
        };
        churn(0, 10_000);
        let capacity = map.capacity();
        churn(10_000, 60_000);
        assert!(
            map.capacity() <= capacity + capacity / 8 + 8,
            "{size}: {}",
            map.capacity()
        );
        assert!(capacity <= 4 * size as usize + 64, "{size}: {capacity}");
    }
}

/// mermin#317: what a peak had taken was never given back, however little was left.
#[test]
fn a_table_that_has_become_empty_gives_its_buckets_back() {
    let map = map::<u64>();
    on_threads(4, |thread| {
        for n in 0..5_000 {
            map.pin().insert(thread << 32 | n, n);
        }
        for n in 0..5_000 {
            assert_eq!(map.pin().remove(&(thread << 32 | n)), Some(&n));
        }
    });
    let peak = map.capacity();
    on_threads(2, |_| map.shrink_to_fit());
    assert!(
        map.capacity() < 40 && peak >= 1_000,
        "{peak}, {}",
        map.capacity()
    );
    map.pin().insert(1, 1);
    assert_eq!(map.pin().iter().count(), 1);
}

/// JDK-8392075: a resize that one thread had begun was never finished, nor another begun.
#[test]
fn growth_goes_on_whoever_has_begun_it() {
    for _ in 0..30 {
        let mut map = map();
        on_threads(4, |t| {
            // Some only begin: they end at once.
            let work = if t < 2 { 40 } else { 2_000 };
            for i in 0..work {
                map.pin().insert(i * 4 + t, i);
                if i % 30 == t {
                    map.pin().reserve(200);
                }
            }
        });
        assert!(
            map.capacity() >= map.len(),
            "{} in {}",
            map.len(),
            map.capacity()
        );
        map.check();
    }
}

/// moka#34: a rehash by one of many threads freed what others still read.
#[test]
fn many_threads_grow_one_map_and_read_it() {
    let tally = Tally::default();
    let mut map = map();
    on_threads(64, |t| {
        for i in 0..100 {
            let pinned = map.pin();
            pinned.insert(i * 64 + t, tally.item(i * 64 + t));
            let other = (i * 64 + t * 7) % 6_400;
            assert!(pinned.get(&other).is_none_or(|v| v.number() == other));
        }
    });
    assert_eq!((map.len(), tally.alive()), (6_400, 6_400));
    map.check();
}

/// scc#198, leapfrog#16: entries, or a table that was grown out of, were not freed with the map.
#[test]
fn nothing_is_left_after_growth_and_drop() {
    fn run<const KEPT: u64>(entries: u64) {
        let all = Balanced::<KEPT>::with(entries);
        for i in (0..entries).step_by(2) {
            all.map().pin().remove(&all.key(i));
        }
        drop(all); // asserts it
    }
    for entries in [1, 12, 22, 100] {
        run::<HONEST>(entries * 30);
        run::<ONE>(entries);
    }
}

/// urcu b047e7a, dashmap#304: the map was destroyed while a resize was under way.
#[test]
fn a_map_is_dropped_in_the_midst_of_growth() {
    for round in 0..100 {
        let all = Balanced::<HONEST>::with(round % 40);
        on_threads(2, |t| {
            for i in 0..30 + round {
                all.map().pin().insert(all.key(i * 2 + t), all.value(i));
            }
        });
        drop(all);
    }
}

/// xsync#87, urcu 238cc06: iteration met an entry that had been moved for a second time.
#[test]
fn iteration_meets_no_key_twice_while_the_table_grows() {
    for _ in 0..10 {
        let map = map();
        (0..50).for_each(|key| _ = map.pin().insert(key, key));
        let grow = || {
            for key in 50..8_000 {
                map.pin().insert(key, key);
            }
            map.pin().reserve(30_000);
        };
        meanwhile(grow, || {
            let pinned = map.pin();
            let keys: Vec<_> = pinned.keys().collect();
            let once: HashSet<_> = keys.iter().collect();
            assert_eq!(once.len(), keys.len());
            assert!((0..50).all(|key| once.contains(&&key)), "nor is one missed");
        });
    }
}

/// papaya 731fb45, JCTools#421: capacities that are no powers of two, or whose next power of two overflows.
#[test]
fn any_capacity_is_met_or_refused() {
    for capacity in (0..70).chain([127, 129, 1_000, 4_097, 100_003]) {
        let mut map: Map = HashMap::with_capacity_and_hasher(capacity, Hash::default());
        assert!(map.capacity() >= capacity && map.capacity() < capacity + 16);
        map.check();
    }
    for capacity in [usize::MAX, usize::MAX / 2 + 2, usize::MAX / 8] {
        let refused =
            catch_unwind(|| Map::<u8>::with_capacity_and_hasher(capacity, Hash::default()));
        assert!(refused.is_err(), "{capacity}");
        let map = map::<u8>();
        map.pin().insert(1, 1);
        assert!(catch_unwind(AssertUnwindSafe(|| map.pin().reserve(capacity))).is_err());
        assert_eq!(map.pin().get(&1), Some(&1));
    }
}
