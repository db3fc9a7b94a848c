//! `InlineHashMap` against the shared tests and its own promises.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use structures::hash_map::{Computed, InlineHashMap, Operation};
use structures::testing::maps::{Hash, Inline};
use structures::testing::{Mix, conformance};

/// All hashes count.
const HONEST: u64 = 0;
/// So few hashes that most entries are in lists.
const FEW: u64 = 3;

type Plain = Hash<HONEST>;

#[test]
fn it_agrees_with_the_oracle() {
    for seed in 0..4 {
        conformance::agrees_with_the_oracle::<Inline<HONEST>>(seed, Mix::EVEN, 30, 3_000);
        conformance::agrees_with_the_oracle::<Inline<HONEST>>(seed, Mix::CHURN, 3_000, 30_000);
        conformance::agrees_with_the_oracle::<Inline<FEW>>(seed, Mix::EVEN, 60, 5_000);
    }
}

#[test]
fn threads_with_their_own_keys_agree() {
    for seed in 0..10 {
        conformance::threads_with_their_own_keys_agree::<Inline<HONEST>>(seed, 4, 10, 3_000);
        conformance::threads_with_their_own_keys_agree::<Inline<HONEST>>(seed, 3, 500, 5_000);
        conformance::threads_with_their_own_keys_agree::<Inline<FEW>>(seed, 3, 20, 3_000);
    }
}

#[test]
fn histories_are_linearizable() {
    for seed in 0..30 {
        conformance::histories_are_linearizable::<Inline<HONEST>>(seed, 3, 3, 300);
        conformance::histories_are_linearizable::<Inline<HONEST>>(seed, 3, 40, 300);
        conformance::histories_are_linearizable::<Inline<FEW>>(seed, 3, 20, 200);
    }
}

#[test]
fn an_empty_map_is_small() {
    let map = InlineHashMap::<u64, u64>::new();
    assert!(size_of_val(&map) <= 256, "{} bytes", size_of_val(&map));
    assert!(map.is_empty() && map.get(&1).is_none() && map.remove(&1).is_none());
    assert_eq!(map.iter().count(), 0);
}

#[test]
fn it_grows_and_keeps_everything() {
    let mut map = InlineHashMap::<u64, u64>::new();
    for i in 0..200_000 {
        assert_eq!(map.insert(i, i * 3), None);
    }
    assert_eq!(map.len(), 200_000);
    for i in 0..200_000 {
        assert_eq!(map.get(&i), Some(i * 3), "{i}");
    }
    assert_eq!(map.get(&200_000), None);
    map.check();
    for i in (0..200_000).step_by(2) {
        assert_eq!(map.remove(&i), Some(i * 3));
    }
    let left: HashSet<_> = map.keys().collect();
    assert_eq!(left, (0..200_000).filter(|i| i % 2 == 1).collect());
    map.check();
}

/// Inserters race with each other, with the growth that they cause, and with readers.
#[test]
fn nothing_is_lost_while_it_grows() {
    for round in 0..20 {
        let mut map = InlineHashMap::<u64, u64, Plain>::default();
        let done = AtomicBool::new(false);
        std::thread::scope(|s| {
            let map = &map;
            let done = &done;
            let inserters: Vec<_> = (0..3)
                .map(|t| {
                    s.spawn(move || {
                        for i in 0..4_000 {
                            let key = i * 3 + t;
                            assert_eq!(map.insert(key, key + round), None);
                            assert_eq!(map.get(&key), Some(key + round));
                        }
                    })
                })
                .collect();
            s.spawn(move || {
                while !done.load(Relaxed) {
                    let seen: Vec<_> = map.iter().collect();
                    assert!(seen.iter().all(|(k, v)| *v == k + round), "torn");
                    let keys: HashSet<_> = seen.iter().map(|(k, _)| k).collect();
                    assert_eq!(keys.len(), seen.len(), "a key twice");
                }
            });
            for inserter in inserters {
                inserter.join().unwrap();
            }
            done.store(true, Relaxed);
        });
        assert_eq!(map.len(), 12_000);
        map.check();
    }
}

/// What is there throughout is seen exactly once, whatever happens around it.
#[test]
fn iteration_sees_what_stays_exactly_once() {
    let map = InlineHashMap::<u64, u64, Plain>::default();
    for key in 0..1_000 {
        map.insert(key, key);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            for key in 1_000..60_000 {
                map.insert(key, key);
                if key % 2 == 0 {
                    map.remove(&key);
                }
            }
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) {
            let mut times = HashMap::new();
            for (key, value) in &map {
                assert_eq!(key, value);
                *times.entry(key).or_insert(0) += 1;
            }
            for key in 0..1_000 {
                assert_eq!(times.get(&key), Some(&1), "{key}");
            }
        }
    });
}

#[test]
fn many_are_looked_up_at_once() {
    let map: InlineHashMap<u64, u64> = (0..1_000).map(|i| (i, i + 1)).collect();
    let keys: Vec<_> = (0..300).map(|i| i * 7).collect();
    let mut values = vec![None; 300];
    map.get_many(&keys, &mut values);
    for (key, value) in keys.iter().zip(values) {
        assert_eq!(value, map.get(key));
    }
    let empty = InlineHashMap::<u64, u64>::new();
    let mut none = [Some(1)];
    empty.get_many(&[1], &mut none);
    assert_eq!(none, [None]);
}

#[test]
#[should_panic(expected = "a place for the value of each key")]
fn many_need_as_many_places() {
    InlineHashMap::<u64, u64>::new().get_many(&[1], &mut []);
}

#[test]
fn computing_is_one_step() {
    let map = InlineHashMap::<u8, u32>::new();
    let add = |old: Option<u32>| Operation::<u32, ()>::Insert(old.unwrap_or(0) + 1);
    assert_eq!(map.compute(1, add), Computed::Inserted(1));
    assert_eq!(map.compute(1, add), Computed::Updated { old: 1, new: 2 });
    assert_eq!(
        map.compute(1, |_| Operation::<_, ()>::Remove),
        Computed::Removed(2)
    );
    assert!(map.is_empty());
    assert_eq!(
        map.compute(1, |_| Operation::Abort("no")),
        Computed::Aborted("no")
    );
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| (0..10_000).for_each(|_| _ = map.compute(7, add)));
        }
    });
    assert_eq!(map.get(&7), Some(30_000));
}

#[test]
#[should_panic(expected = "no entry that could be removed")]
fn what_is_not_there_is_not_removed() {
    let map = InlineHashMap::<u8, u32>::new();
    map.compute(2, |_| Operation::<_, ()>::Remove);
}

#[test]
fn a_value_is_made_once_at_most() {
    let map = InlineHashMap::<u8, u32>::new();
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for n in 0..10_000u32 {
                    let mut made = 0;
                    let one = || {
                        made += 1;
                        1
                    };
                    map.update_or_insert_with(1, |n| n + 1, one);
                    assert!(made <= 1);
                    if n % 3 == 0 {
                        map.remove(&1);
                    }
                }
            });
        }
    });
    map.clear();
    assert_eq!(map.update_or_insert_with(1, |_| unreachable!(), || 5), 5);
    assert_eq!(
        map.update_or_insert_with(1, |n| n + 1, || unreachable!()),
        6
    );
    assert_eq!(map.try_insert_with(1, || unreachable!()), Err(6));
    assert_eq!(map.try_insert_with(2, || 7), Ok(7));
}

#[test]
fn wrong_hashes_give_wrong_answers_and_nothing_worse() {
    let map = InlineHashMap::<u64, u64>::new();
    for n in 0..20_000u64 {
        let key = n % 100;
        match n % 3 {
            0 => drop(map.insert(key, n).is_some()),
            1 => drop(map.insert_with_hash(n, key, n).is_some()),
            _ => drop(map.remove_with_hash(n / 2, &key).is_some()),
        }
    }
    assert!(map.iter().all(|(key, value)| value % 100 == key));
    assert_eq!(
        map.into_iter()
            .filter(|(key, value)| value % 100 != *key)
            .count(),
        0
    );
}

#[test]
fn entries_are_taken_out() {
    for size in [0, 1, 10, 1_000] {
        let map: InlineHashMap<u32, u32, Hash<3>> = (0..size).map(|n| (n, 2 * n)).collect();
        let half: Vec<_> = map.drain().take(size as usize / 2).collect();
        assert!(
            half.iter()
                .all(|(key, value)| *value == 2 * key && !map.contains_key(key))
        );
        let iter = map.iter();
        assert!(iter.clone().eq(iter));
        assert!(map.keys().zip(map.values()).eq(&map));
        let rest = map.into_iter();
        assert_eq!(rest.len() + half.len(), size as usize);
        let all: HashSet<_> = rest.chain(half).collect();
        assert_eq!(all, (0..size).map(|n| (n, 2 * n)).collect());
    }
}

#[test]
fn it_is_extended_through_shared_references() {
    let map = InlineHashMap::from([(1, 'a')]);
    (&map).extend([(2, 'b')]);
    (&map).extend([(&3, &'c')]);
    assert_eq!(map, InlineHashMap::from([(1, 'a'), (2, 'b'), (3, 'c')]));
}

#[test]
fn small_types_of_all_kinds_are_keys() {
    let map = InlineHashMap::<char, bool>::new();
    map.insert('é', true);
    assert_eq!((map.get(&'é'), map.get(&'e')), (Some(true), None));
    let set = InlineHashMap::<std::num::NonZeroU16, ()>::new();
    let key = |n| std::num::NonZeroU16::new(n).unwrap();
    set.insert(key(1), ());
    assert!(set.contains_key(&key(1)) && !set.contains_key(&key(2)));
    let map = InlineHashMap::<[u8; 3], f32>::new();
    map.insert([1, 2, 3], 0.5);
    assert_eq!(map.get(&[1, 2, 3]), Some(0.5));
}

/// A panic of the caller's code leaves the map as it was, and of use.
#[test]
fn panics_pass_through() {
    let mut map: InlineHashMap<u64, u64> = (0..50).map(|i| (i, i)).collect();
    for i in 0..50 {
        let panics = catch_unwind(|| map.update(i, |_| panic!("on purpose")));
        assert!(panics.is_err());
        assert_eq!(map.get(&i), Some(i));
    }
    assert_eq!(map.insert(50, 50), None);
    map.check();
}

#[test]
fn closures_may_use_the_map() {
    let map: InlineHashMap<u64, u64> = (0..20).map(|i| (i, i)).collect();
    let sum = map.update_or_insert(5, |v| v + map.get(&6).unwrap(), 0);
    assert_eq!(sum, 11);
    // A change of the same entry makes the outer one start again.
    let mut first = true;
    let answer = map.update(7, |v| {
        if std::mem::take(&mut first) {
            map.insert(7, 100);
        }
        v + 1
    });
    assert_eq!((answer, map.get(&7)), (Some(101), Some(101)));
}

/// Constant size, constant memory: nothing that is removed leaves anything behind.
#[test]
fn churn_does_not_grow_it() {
    let smr = structures::Smr::new();
    let map = InlineHashMap::<u64, u64, Plain>::with_hasher_in(Plain::default(), &smr);
    for i in 0..1_000 {
        map.insert(i, i);
    }
    let buckets = map.buckets();
    for i in 1_000..300_000 {
        map.insert(i, i);
        assert_eq!(map.remove(&(i - 1_000)), Some(i - 1_000));
    }
    assert_eq!(map.len(), 1_000);
    assert!(
        map.buckets() <= buckets + buckets / 4,
        "{buckets}, then {}",
        map.buckets()
    );
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn impossible_capacities_are_refused() {
    drop(InlineHashMap::<u64, u64>::with_capacity(usize::MAX));
}

#[test]
fn capacity_is_made_at_once() {
    for capacity in [0, 1, 5, 6, 100, 777, 5_000] {
        let mut map = InlineHashMap::<u64, u64>::with_capacity(capacity);
        let buckets = map.buckets();
        for i in 0..capacity as u64 {
            map.insert(i, i);
        }
        assert_eq!(map.buckets(), buckets, "{capacity}");
        map.check();
    }
}

#[test]
fn maps_are_values() {
    let map: InlineHashMap<u64, u64> = (0..100).map(|i| (i, i)).collect();
    let copy = map.clone();
    assert_eq!(map, copy);
    copy.insert(5, 6);
    assert_ne!(map, copy);
    let one: InlineHashMap<_, _> = [(1u8, 'x')].into_iter().collect();
    assert_eq!(format!("{one:?}"), "{1: 'x'}");
    map.retain(|key, _| key % 10 == 0);
    assert_eq!(map.len(), 10);
    map.clear();
    assert!(map.is_empty());
    assert_eq!(map.get_or_insert(3, 4), 4);
    assert_eq!(map.get_or_insert_with(3, || unreachable!()), 4);
    assert_eq!(map.remove_if(&3, |_, v| v == 5), Err(4));
    assert_eq!(map.remove_if(&3, |_, v| v == 4), Ok(Some(4)));
    assert_eq!(map.remove_if(&3, |_, _| true), Ok(None));
}

/// A closure that writes to the same bucket is not asked again for that.
#[test]
fn a_closure_may_change_other_entries() {
    let mut map: InlineHashMap<u64, u64, Hash<1>> = (0..6).map(|key| (key, 10)).collect();
    let mut calls = 0;
    let new = map.update(1, |n| {
        calls += 1;
        assert!(calls < 10, "it goes on for ever");
        map.update_or_insert(2, |n| n + 1, 0);
        n + 1
    });
    assert_eq!((new, map.get(&2), calls), (Some(11), Some(11), 1));
    map.retain(|key, _| {
        calls += 1;
        assert!(calls < 20, "it goes on for ever");
        map.insert(7, calls);
        !key.is_multiple_of(2)
    });
    assert!([1, 3, 5].iter().all(|key| map.contains_key(key)) && !map.contains_key(&2));
    // One that changes its own entry is asked again: what it saw is not there any more.
    let mut calls = 0;
    map.update(1, |n| {
        calls += 1;
        if calls == 1 {
            map.insert(1, 50);
        }
        n + 1
    });
    assert_eq!((map.get(&1), calls), (Some(51), 2));
    map.check();
}

thread_local! {
    /// How many hashes from now one panics; 0 for never.
    static PANICS_IN: Cell<u32> = const { Cell::new(0) };
}

/// A hasher that panics when it is told to.
#[derive(Clone, Default)]
struct Fickle(Plain);

impl Hasher for Fickle {
    fn finish(&self) -> u64 {
        let left = PANICS_IN.get();
        PANICS_IN.set(left.saturating_sub(1));
        assert!(left != 1, "on purpose");
        self.0.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
}

/// `Hash` panics in the midst of a split, and while that is walked over: nothing is lost or seen twice.
#[test]
fn hashes_may_panic_while_the_table_grows() {
    let mut map: InlineHashMap<u64, u64, BuildHasherDefault<Fickle>> = InlineHashMap::default();
    let mut in_growth = 0;
    for key in 0..500 {
        // The first is the key's own.
        PANICS_IN.set(2 + key as u32 % 7);
        let panicked = catch_unwind(|| map.insert(key, key)).is_err();
        PANICS_IN.set(0);
        // In the growth that follows it, or in a split that it found begun: then it is not there.
        in_growth += u32::from(panicked && map.contains_key(&key));
        assert!(panicked || map.contains_key(&key));
        let _ = map.try_insert(key, key);
        if panicked {
            let mut iter = map.iter();
            let mut seen = Vec::new();
            loop {
                PANICS_IN.set(1 + key as u32 % 3);
                match catch_unwind(AssertUnwindSafe(|| iter.next())) {
                    Ok(Some((key, _))) => seen.push(key),
                    Ok(None) => break,
                    Err(_) => {
                        PANICS_IN.set(0);
                        seen.extend(iter.next().map(|(key, _)| key));
                    }
                }
            }
            PANICS_IN.set(0);
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..=key), "each once");
        }
    }
    assert!(in_growth > 10, "only {in_growth} panics in growth");
    assert_eq!(map.len(), 500);
    map.reserve(2_000);
    map.check();
}
