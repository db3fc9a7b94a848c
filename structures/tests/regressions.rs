//! Bugs that other maps had, which `HashMap` must not have: one test each, named after what must hold.
//!
//! What does not compile, such as maps that are covariant or shared without reason (papaya#42, papaya#43,
//! RUSTSEC-2022-0002), is in the crate's `compile_fail`.

#[path = "regressions/growth.rs"]
mod growth;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use structures::testing::balanced::{Balanced, HONEST, ONE};
use structures::testing::maps::Hash;
use structures::testing::payload::Counted;
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
