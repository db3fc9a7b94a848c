//! Every map does what `std`'s does.

use ::std::collections::BTreeMap;
use ::std::thread;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// Random operations on few keys, each answer compared with that of a model.
fn agrees<K: Key, M: Map<K>>(key: impl Fn(u64) -> K) {
    const KEYS: u64 = 2000;
    let mut rng = SmallRng::seed_from_u64(7);
    let mut model: BTreeMap<K, u64> = BTreeMap::new();
    let map = M::new();
    for step in 0..40_000 {
        let pin = map.pin();
        let k = key(rng.random_range(0..KEYS));
        let q = k.borrow();
        match rng.random_range(0..6) {
            0 => assert_eq!(M::get(&pin, q), model.get(q).copied(), "{}", M::NAME),
            1 | 2 => {
                let added = M::insert(&pin, k.clone(), step);
                assert_eq!(added, !model.contains_key(q), "{}", M::NAME);
                model.entry(k.clone()).or_insert(step);
            }
            3 => assert_eq!(M::remove(&pin, q), model.remove(q).is_some()),
            4 => {
                let old = model.get_mut(q).map(|v| *v += 3);
                assert_eq!(M::update(&pin, q, |v| v + 3), old.is_some());
            }
            _ => {
                M::count(&pin, q);
                *model.entry(k.clone()).or_insert(0) += 1;
            }
        }
    }
    let mut all = BTreeMap::new();
    M::each(&map.pin(), |k, v| {
        assert!(all.insert(k.clone(), v).is_none())
    });
    assert!(all == model, "{}", M::NAME);
    drop(map);
    M::settle();
}

/// Counts are exact while several threads count and others add and remove.
fn counts<K: Key, M: Map<K>>(key: impl Fn(u64) -> K + Sync) {
    let map = M::new();
    let threads = if M::SHARED && M::RELIABLE { 4 } else { 1 };
    thread::scope(|scope| {
        for t in 0..threads {
            let (map, key) = (&map, &key);
            scope.spawn(move || {
                for i in 0..5000 {
                    M::count(&map.pin(), key(i % 100).borrow());
                    let own = key(1000 + i * threads + t);
                    assert!(M::insert(&map.pin(), own.clone(), 1), "{}", M::NAME);
                    assert!(i % 2 == 0 || M::remove(&map.pin(), own.borrow()));
                }
            });
        }
    });
    let pin = map.pin();
    for i in 0..100 {
        assert_eq!(
            M::get(&pin, key(i).borrow()),
            Some(50 * threads),
            "{}",
            M::NAME
        );
    }
    let mut entries = 0;
    M::each(&pin, |_, _| entries += 1);
    assert_eq!(entries, 100 + 2500 * threads, "{}", M::NAME);
}

fn check<K: Key, M: Map<K>>(key: impl Fn(u64) -> K + Sync) {
    agrees::<K, M>(&key);
    counts::<K, M>(key);
}

#[test]
fn of_numbers() {
    let key = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    check::<u64, Inline>(key);
    check::<u64, Boxed<u64>>(key);
    check::<u64, Papaya<u64>>(key);
    check::<u64, Dashmap<u64>>(key);
    check::<u64, Scc<u64>>(key);
    check::<u64, SccIndex<u64>>(key);
    check::<u64, Flurry<u64>>(key);
    check::<u64, KovanMap<u64>>(key);
    check::<u64, Leapfrog<u64>>(key);
    check::<u64, RwLockStd<u64>>(key);
    check::<u64, Std<u64>>(key);
}

#[test]
fn of_words() {
    let key = |i: u64| format!("word {i}");
    check::<String, Boxed<String>>(key);
    check::<String, Papaya<String>>(key);
    check::<String, Dashmap<String>>(key);
    check::<String, Scc<String>>(key);
    check::<String, SccIndex<String>>(key);
    check::<String, Flurry<String>>(key);
    check::<String, KovanMap<String>>(key);
    check::<String, RwLockStd<String>>(key);
    check::<String, Std<String>>(key);
}
