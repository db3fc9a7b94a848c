//! Bugs that other tries had beside other threads, which `RadixMap` must not have: one test each, named after what must
//! hold.

use std::collections::BTreeMap;
use std::ops::Bound::Included;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::testing::payload::{Counted, Tally};
use structures::{RadixMap, Smr};

use crate::prefixes::Over;

type Map<V = u64> = RadixMap<Vec<u8>, V>;
type Std = BTreeMap<Vec<u8>, u64>;

fn map<V>() -> Map<V> {
    Map::new_in(&Smr::new())
}

/// ARTSync#6: a scan that met a node which had been replaced looked at it again and again.
#[test]
fn scans_end_beside_writers_and_miss_nothing() {
    let map: RadixMap<u32, u32> = RadixMap::new_in(&Smr::new());
    // Those that stay, at both ends of each node and between them.
    let stays = |n: &u32| n.is_multiple_of(64) || n % 256 == 255;
    (0..4_096).filter(stays).for_each(|n| {
        map.pin().insert(n, n);
    });
    let is_over = AtomicBool::new(false);
    std::thread::scope(|s| {
        for t in 0..2 {
            let (map, is_over) = (&map, &is_over);
            s.spawn(move || {
                // Nodes grow and shrink.
                for round in (0..4_096).map(|n| n * 16).cycle() {
                    let own = |n: &u32| n % 2 == t && !stays(n);
                    let some = || (round % 4_096..round % 4_096 + 200).filter(own);
                    some().for_each(|n| _ = map.pin().insert(n, n));
                    some().for_each(|n| _ = map.pin().remove(&n));
                    if is_over.load(SeqCst) {
                        return;
                    }
                }
            });
        }
        let _over = Over(&is_over);
        for round in 0..150 {
            let pinned = map.pin();
            let met: Vec<u32> = match round % 2 {
                0 => pinned.keys().copied().collect(),
                _ => pinned.keys().rev().copied().collect(),
            };
            let is_next = |a: &u32, b: &u32| if round % 2 == 0 { a < b } else { a > b };
            assert!(met.is_sorted_by(is_next));
            let there = met.iter().filter(|n| stays(n)).count();
            assert_eq!(there, (0..4_096).filter(stays).count());
        }
    });
}

/// unodb#878: a value was changed in place while others read it.
#[test]
fn a_value_does_not_change_under_its_readers() {
    let map: RadixMap<u8, [u64; 16]> = RadixMap::new_in(&Smr::new());
    (0..20).for_each(|key| _ = map.pin().insert(key, [0; 16]));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            let _over = Over(&is_over);
            for n in 1..4_000 {
                let more = |old: &[u64; 16]| old.map(|n| n + 1);
                match n % 3 {
                    0 => _ = map.pin().update((n % 20) as u8, more),
                    1 => _ = map.pin().update_or_insert((n % 20) as u8, more, [n; 16]),
                    _ => _ = map.pin().insert((n % 20) as u8, [n; 16]),
                }
            }
        });
        while !is_over.load(SeqCst) {
            let map = map.pin();
            let found: Vec<_> = map.values().map(|value| (value, *value)).collect();
            assert!(found.iter().all(|(_, then)| *then == [then[0]; 16]));
            std::thread::yield_now();
            assert!(found.iter().all(|(now, then)| *now == then));
        }
    });
}

/// scc#22, and of masstree-rs' KNOWN_BUGS: two that inserted took the same slot; what was inserted into a node while it
/// was split, or was obsolete, was lost.
#[test]
fn what_is_inserted_at_one_place_at_once_is_all_there() {
    const THREADS: u64 = 4;
    let base = b"they have more in common than nodes note/";
    for round in 0..60 {
        let mut map = map();
        let start = Barrier::new(THREADS as usize);
        let keys = move |t: u64| {
            let key = move |i: u64| match (round + i) % 3 {
                // One more byte of a node, which grows.
                0 => [&base[..], &[(i * THREADS + t) as u8]].concat(),
                // Nodes above it.
                1 => [&base[..i as usize % base.len()], &[t as u8], b"/"].concat(),
                // Nodes in place of entries.
                _ => [&base[..], &[i as u8 / 3, t as u8 + 1]].concat(),
            };
            (0..60).map(key)
        };
        let inserted = AtomicUsize::new(0);
        std::thread::scope(|s| {
            for t in 0..THREADS {
                let (map, start, inserted) = (&map, &start, &inserted);
                s.spawn(move || {
                    start.wait();
                    for key in keys(t) {
                        let is_new = map.pin().insert(key.clone(), t).is_none();
                        inserted.fetch_add(usize::from(is_new), SeqCst);
                        assert_eq!(map.pin().get(&key), Some(&t));
                    }
                });
            }
        });
        for t in 0..THREADS {
            assert!(keys(t).all(|key| map.pin().get(&key) == Some(&t)));
        }
        let all: Std = (0..THREADS)
            .flat_map(|t| keys(t).map(move |key| (key, t)))
            .collect();
        assert!(map.pin().iter().eq(&all));
        assert_eq!((map.len(), inserted.into_inner()), (all.len(), all.len()));
        map.check();
    }
}

/// akvorado#2433: what had been remembered of memory was taken for true when that had been given to something else.
#[test]
fn memory_that_is_used_again_gives_no_stale_answers() {
    let map: RadixMap<Vec<u8>, Vec<u8>> = RadixMap::new_in(&Smr::new());
    let is_over = AtomicBool::new(false);
    let key = |n: u32| format!("{:b}/{}", n % 61, "x".repeat(n as usize % 23)).into_bytes();
    std::thread::scope(|s| {
        let reader = || {
            let mut n = 0;
            while !is_over.load(SeqCst) {
                n += 1;
                let map = map.pin();
                let key = key(n);
                assert!(map.get(&key).is_none_or(|value| *value == key));
                let longest = map.longest_match_strict(&key);
                assert!(longest.is_none_or(|(k, v)| key.starts_with(k) && k == v));
                let next = map.lower_bound(Included(&key));
                assert!(next.is_none_or(|(k, v)| *k >= key && k == v));
                assert!(
                    map.prefix(&key[..2])
                        .all(|(k, v)| k == v && k[..2] == key[..2])
                );
            }
        };
        s.spawn(reader);
        let _over = Over(&is_over);
        // What is removed is soon something else, of the same size and of others.
        let mut std = BTreeMap::new();
        for n in 0..20_000u32 {
            let new = key(n * 7);
            map.pin().insert(new.clone(), new.clone());
            std.insert(new.clone(), new);
            let gone = key(n.wrapping_mul(0x9E37_79B1) >> 8);
            let removed = map.pin().remove(&gone).cloned();
            assert_eq!(removed, std.remove(&gone));
            if n % 32 == 0 {
                map.flush();
            }
            if n % 500 == 0 {
                map.pin().remove_prefix("1");
                std.retain(|key, _| key[0] != b'1');
                assert!(map.pin().iter().eq(&std));
            }
        }
    });
}

/// What is inserted below a prefix that another thread removes is there, or was removed, and counted by one of them.
#[test]
fn a_prefix_is_removed_beside_those_who_insert() {
    let tally = Tally::default();
    let mut map: Map<Counted> = map();
    for round in 0..20 {
        let balance = AtomicUsize::new(0);
        std::thread::scope(|s| {
            for t in 0..3 {
                let (map, balance, tally) = (&map, &balance, &tally);
                s.spawn(move || {
                    let mut random = SmallRng::seed_from_u64(round * 3 + t);
                    for n in 0..600 {
                        let len = random.random_range(0..5);
                        let key: Vec<u8> = (0..len).map(|_| random.random_range(0..3)).collect();
                        let map = map.pin();
                        if t == 0 && n % 8 == 0 {
                            let count = map.remove_prefix(&key[..key.len().min(2)]);
                            balance.fetch_sub(count, SeqCst);
                        } else if map.insert(key, tally.item(n)).is_none() {
                            balance.fetch_add(1, SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(map.len(), balance.into_inner());
        map.check();
        assert_eq!((map.flush(), tally.alive()), (0, map.len()));
        map.pin().clear();
    }
    drop(map);
    assert_eq!(tally.alive(), 0);
}
