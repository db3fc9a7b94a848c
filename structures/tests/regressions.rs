//! Bugs that other maps had, which `HashMap` must not have: one test each, named after what must hold.
//!
//! What does not compile, such as maps that are covariant or shared without reason (papaya#42, papaya#43,
//! RUSTSEC-2022-0002), is in the crate's `compile_fail`.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use structures::testing::balanced::{Balanced, HONEST, ONE};
use structures::testing::maps::Hash;
use structures::testing::payload::{Counted, Tally};
use structures::{Compute, HashMap, Operation, Smr};

type Map<V = u64> = HashMap<u64, V, Hash<HONEST>>;

fn map<V>() -> Map<V> {
    HashMap::with_hasher_in(Hash::default(), &Smr::new())
}

/// Runs `work` on so many threads at once, with a number for each.
fn on_threads(threads: u64, work: impl Fn(u64) + Sync) {
    let start = Barrier::new(threads as usize);
    std::thread::scope(|s| {
        for t in 0..threads {
            let (start, work) = (&start, &work);
            s.spawn(move || {
                start.wait();
                work(t);
            });
        }
    });
}

/// Runs `work` on a thread, and `look` on this one until it is done.
fn meanwhile(work: impl FnOnce() + Send, mut look: impl FnMut()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            work();
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) {
            look();
        }
    });
}

/// ck 75d137d: an insertion took a slot that a removal had freed, while the key was further on.
#[test]
fn a_reused_slot_makes_no_key_twice() {
    let map = map::<u64>();
    on_threads(3, |t| {
        for i in 0..4_000 {
            let pinned = map.pin();
            pinned.insert((i + t) % 13, i);
            pinned.remove(&((i * 7 + t) % 13));
            if i % 16 == 0 {
                let keys: Vec<_> = pinned.keys().collect();
                let once: HashSet<_> = keys.iter().collect();
                assert_eq!(once.len(), keys.len());
            }
        }
    });
    assert_eq!(map.pin().iter().count(), map.len());
    for key in 0..13 {
        map.pin().remove(&key);
        assert!(!map.pin().contains_key(&key), "it was there twice");
    }
}

/// ck 48b407f: a reader found a key with the value of the entry that took its slot.
#[test]
fn no_key_comes_with_anothers_value() {
    let map = map();
    let churn = || {
        for i in 0..30_000 {
            map.pin().insert(i % 200, (i % 200, i));
            map.pin().remove(&((i + 100) % 200));
        }
    };
    let mut key = 0;
    meanwhile(churn, || {
        key = (key + 7) % 200;
        let pinned = map.pin();
        if let Some((found, value)) = pinned.get_key_value(&key) {
            assert_eq!((*found, value.0), (key, key));
        }
        assert!(pinned.iter().all(|(k, v)| *k == v.0));
    });
}

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

/// papaya 0574e3e: tags in pointers need an alignment that entries of small types do not have.
#[test]
fn entries_of_small_types_leave_room_for_tags() {
    let bytes: HashMap<u8, (), Hash<HONEST>> = HashMap::default();
    let bools: HashMap<bool, u8, Hash<ONE>> = HashMap::default();
    for key in 0..=u8::MAX {
        bytes.pin().insert(key, ());
        bools.pin().insert(key % 2 == 0, key);
    }
    assert!((0..=u8::MAX).all(|key| bytes.pin().contains_key(&key)));
    bytes.pin().retain(|key, ()| key % 2 == 0);
    let mut left: Vec<_> = bytes.into_iter().map(|(key, ())| key).collect();
    left.sort_unstable();
    assert!(left.into_iter().eq((0..=254).step_by(2)));
    assert_eq!(bools.pin().get(&true), Some(&254));
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

/// urcu 71bb3ac: a replacement and a removal of the same entry both freed it.
#[test]
fn an_entry_that_is_replaced_and_removed_is_dropped_once() {
    fn run<const KEPT: u64>() {
        let mut all = Balanced::<KEPT>::with(30);
        on_threads(3, |t| {
            for i in 0..3_000 {
                let map = all.map().pin();
                let key = all.key(i % 3);
                match (i + t) % 3 {
                    0 => _ = map.insert(key, all.value(i)),
                    1 => _ = map.remove(&key),
                    _ => _ = map.update(key, |v| all.value(v.number())),
                }
            }
        });
        all.balances();
    }
    run::<HONEST>();
    run::<ONE>();
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

/// JDK-8062841: a closure of computeIfAbsent that used the map went round for ever; seize#29: so did drops.
#[test]
fn what_makes_a_value_may_make_others() {
    fn fibonacci(map: &Map, n: u64) -> u64 {
        let map = map.pin();
        *map.get_or_insert_with(n, || match n {
            0 | 1 => n,
            _ => fibonacci(map.map(), n - 1) + fibonacci(map.map(), n - 2),
        })
    }
    let map = map();
    assert_eq!(fibonacci(&map, 60), 1_548_008_755_920);
    // The very key.
    let pinned = map.pin();
    let outer = pinned.get_or_insert_with(1_000, || *pinned.get_or_insert_with(1_000, || 1) + 1);
    assert_eq!(*outer, 1);
}

/// xsync#66: a closure that makes a value ran twice for one insertion.
#[test]
fn a_value_is_made_at_most_once_for_an_operation() {
    let map = map();
    let (made, stored) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_threads(3, |_| {
        for i in 0..6_000 {
            let key = i / 3;
            let mut times = 0;
            let mut make = || {
                times += 1;
                made.fetch_add(1, Relaxed);
                key
            };
            match i % 3 {
                0 => _ = map.pin().get_or_insert_with(key, make),
                1 => _ = map.pin().update_or_insert_with(key, |v| *v, make),
                _ => {
                    let inserted = map.pin().try_insert_with(key + 10_000, &mut make).is_ok();
                    stored.fetch_add(usize::from(inserted), Relaxed);
                }
            }
            assert!(times <= 1);
        }
    });
    assert_eq!(map.len(), 4_000);
    assert_eq!(
        stored.load(Relaxed),
        2_000,
        "as many say that they have stored it"
    );
    assert!(made.load(Relaxed) >= 4_000);
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

/// JCTools#151, eclipse-collections#430: a size was negative, or counted what was not there yet.
#[test]
fn the_length_is_never_out_of_bounds() {
    let map = map();
    // From so many buckets on it is counted in parts.
    map.pin().reserve(20_000);
    let churn = || {
        on_threads(2, |t| {
            for i in 0..30_000 {
                map.pin().insert(i % 50 * 2 + t, i);
                map.pin().remove(&((i + 25) % 50 * 2 + t));
            }
        });
    };
    // Each thread's entry, and operations that are under way while the parts are summed.
    meanwhile(churn, || {
        assert!(map.len() <= 100 + 64 * 64, "{}", map.len())
    });
    assert_eq!(map.len(), map.pin().iter().count());
    map.pin().clear();
    assert!(map.is_empty());
    map.pin().remove(&1);
    assert_eq!(map.len(), 0);
}

/// JCTools#205, JCTools#319: put and remove answered a value that another thread had taken as well.
#[test]
fn every_value_is_handed_back_once() {
    for round in 0..10 {
        let map = map();
        let back = std::sync::Mutex::new(Vec::new());
        on_threads(3, |t| {
            let mut own = Vec::new();
            for i in 0..2_000u64 {
                let (key, value) = ((i + round) % 3, t * 10_000 + i);
                let pinned = map.pin();
                match i % 4 {
                    0 | 1 => own.extend(pinned.insert(key, value)),
                    2 => own.extend(pinned.remove(&key)),
                    _ => {
                        let taken = pinned.compute(key, |old| match old {
                            Some(_) => Operation::Remove,
                            None => Operation::Abort(()),
                        });
                        if let Compute::Removed(_, value) = taken {
                            own.push(*value);
                        }
                    }
                }
            }
            back.lock().unwrap().extend(own);
        });
        let mut all = back.into_inner().unwrap();
        all.extend(map.pin().values().copied());
        let once: HashSet<_> = all.iter().collect();
        assert_eq!((once.len(), all.len()), (3_000, 3_000));
    }
}

/// scc 3.0.5: a panic in the midst of an insertion left a slot reserved, and nothing in it.
#[test]
fn a_panic_in_an_insertion_leaves_no_slot_behind() {
    let mut all = Balanced::<HONEST>::with(0);
    let capacity = {
        let map = all.map().pin();
        map.insert(all.key(0), all.value(0));
        map.map().capacity()
    };
    for i in 0..2_000 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let map = all.map().pin();
            map.compute(all.key(i), |_| -> Operation<Counted, ()> {
                panic!("on purpose")
            });
        }));
        assert!(panicked.is_err());
    }
    all.balances();
    assert_eq!((all.map().len(), all.map().capacity()), (1, capacity));
    // Every slot can be had.
    for i in 0..8 {
        all.map().pin().insert(all.key(i), all.value(i));
    }
    assert_eq!(all.map().capacity(), capacity);
    all.balances();
}

/// dashmap#369, dashmap#74, dashmap#233: a thread that held a reference, or iterated, waited for itself.
#[test]
fn whoever_holds_a_reference_may_do_anything() {
    let mut map: HashMap<u64, u64> = (0..50).map(|i| (i, i)).collect();
    let pinned = map.pin();
    let held = pinned.get(&7).unwrap();
    for (key, value) in &pinned {
        pinned.insert(*key, value + 1);
        pinned.insert(key + 1_000, *value);
        pinned.remove(&(key + 999));
        pinned.entry(*key).and_modify(|v| v + *held).or_default();
        pinned.retain(|k, _| k % 1_000 != 13);
        pinned.reserve(100);
    }
    pinned.clear();
    assert_eq!((*held, map.len()), (7, 0));
    drop(pinned);
    map.check();
}
