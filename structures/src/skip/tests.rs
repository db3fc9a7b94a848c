//! The engine itself: what it answers, and what it drops.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use smr_core::Smr;

use super::compare::{Comparator, Natural};
use super::core::Core;
use super::pair::Pair;
use super::probe::{Cut, Wanted};
use super::walk::Walk;
use crate::entries::Writing;

struct Map<K, V> {
    core: Core<K, V, Natural>,
    smr: Smr,
}

impl<K: Ord + Clone + Debug, V: Clone + PartialEq + Debug> Map<K, V> {
    fn new() -> Self {
        let smr = Smr::new();
        Map {
            core: Core::new(Natural, &smr),
            smr,
        }
    }

    fn get<Q: ?Sized + Ord>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Natural: Comparator<K, Q>,
    {
        let section = self.smr.enter();
        let found = self.core.get(&section, &Wanted::new(key, &Natural));
        found.map(|entry| entry.value.clone())
    }

    fn insert(&self, key: K, value: V) -> Option<V> {
        let section = self.smr.enter();
        let old = self.core.writing(&section, key, Some(value)).insert();
        old.cloned()
    }

    fn remove(&self, key: &K) -> Option<V> {
        let section = self.smr.enter();
        let wanted = Wanted::<K, K, Natural>::new(key, &Natural);
        let old = self.core.remove(&section, &wanted);
        old.map(|entry| entry.value.clone())
    }

    fn forward(&self) -> Vec<(K, V)> {
        let section = self.smr.enter();
        let mut found = Vec::new();
        let mut walk = Walk::new();
        while let Some(entry) = self.core.met(&section, &mut walk) {
            found.push((entry.key.clone(), entry.value.clone()));
        }
        found
    }

    fn backward(&self) -> Vec<(K, V)> {
        let section = self.smr.enter();
        let mut found = Vec::new();
        let mut walk = Walk::new();
        while let Some(entry) = self.core.met_back(&section, &mut walk) {
            found.push((entry.key.clone(), entry.value.clone()));
        }
        found
    }
}

/// Everything against std's map.
fn compare<K: Ord + Clone + Debug>(seed: u64, steps: u32, key: impl Fn(u32) -> K, keys: u32) {
    let map = Map::new();
    let mut expected = BTreeMap::new();
    let mut rng = SmallRng::seed_from_u64(seed);
    let pair = |entry: Pair<'_, K, u32>| (entry.key.clone(), *entry.value);
    for step in 0..steps {
        // Waves, so that there are many, and few.
        let grows = (step / (steps / 6 + 1)).is_multiple_of(2);
        let at = key(rng.random_range(0..keys));
        match rng.random_range(0..10) {
            0..5 if grows => assert_eq!(map.insert(at.clone(), step), expected.insert(at, step)),
            0..5 => assert_eq!(map.remove(&at), expected.remove(&at)),
            5 => assert_eq!(map.insert(at.clone(), step), expected.insert(at, step)),
            6 => assert_eq!(map.get(&at), expected.get(&at).copied()),
            7 => {
                let section = map.smr.enter();
                let wanted = Wanted::<K, K, Natural>::new(&at, &Natural);
                let found = map.core.above(&section, Cut::Below(&wanted)).map(pair);
                let above = expected.range(at.clone()..).next();
                assert_eq!(found, above.map(|(k, v)| (k.clone(), *v)));
                let found = map.core.below(&section, Cut::To(&wanted)).map(pair);
                let below = expected.range(..=at).next_back();
                assert_eq!(found, below.map(|(k, v)| (k.clone(), *v)));
            }
            8 => {
                let section = map.smr.enter();
                let first = expected.first_key_value().map(|(k, v)| (k.clone(), *v));
                assert_eq!(map.core.first(&section).map(pair), first);
            }
            _ if grows && step % 4 != 0 => {}
            _ => {
                let section = map.smr.enter();
                if step % 2 == 0 {
                    assert_eq!(map.core.pop_first(&section).map(pair), expected.pop_first());
                } else {
                    assert_eq!(map.core.pop_last(&section).map(pair), expected.pop_last());
                }
            }
        }
        if step % 1000 == 0 {
            map.core.check(&map.smr.enter());
            let all: Vec<_> = expected.iter().map(|(k, v)| (k.clone(), *v)).collect();
            assert_eq!(map.forward(), all);
            assert_eq!(map.backward().into_iter().rev().collect::<Vec<_>>(), all);
        }
    }
    for at in 0..keys {
        assert_eq!(map.remove(&key(at)), expected.remove(&key(at)));
    }
    assert_eq!(map.forward(), []);
    let section = map.smr.enter();
    assert!(map.core.first(&section).is_none());
}

#[test]
fn answers_are_those_of_stds_map() {
    compare(1, 60_000, u64::from, 3000);
    compare(2, 60_000, |n| n as i8, 256);
    compare(3, 60_000, |n| (n % 7, n), 2000);
    compare(4, 60_000, |n| format!("user:{n:016x}"), 3000);
    compare(5, 60_000, |n| format!("{:b}", n * 37), 3000);
    compare(6, 60_000, |n| vec![0; n as usize % 40], 40);
    compare(7, 60_000, |n| u128::from(n) << 60, 3000);
    compare(8, 20_000, |n| n, 20);
}

#[test]
fn what_is_borrowed_is_found() {
    let map = Map::new();
    for n in 0..1000u32 {
        map.insert(format!("user:{n:05}"), n);
    }
    for n in 0..1000 {
        assert_eq!(map.get(format!("user:{n:05}").as_str()), Some(n));
        assert_eq!(map.get(format!("user:{n:05}!").as_str()), None);
    }
    assert_eq!(
        (map.get("user:"), map.get(""), map.get("v")),
        (None, None, None)
    );
}

#[test]
fn entries_are_dropped_once() {
    /// Its count shows who has it.
    type Counted = Arc<()>;
    let all = Counted::default();
    fn fill<K: Ord + Clone + Debug>(all: &Counted, key: impl Fn(u32) -> K) {
        let map = Map::new();
        for round in 0..4 {
            for n in 0..3000 {
                map.insert(key(n), Arc::clone(all));
            }
            for n in (0..3000).filter(|n| n % 3 != round % 3) {
                map.remove(&key(n));
            }
        }
        drop(map);
        assert_eq!(Arc::strong_count(all), 1);
    }
    fill(&all, |n| n);
    fill(&all, |n| format!("a long enough prefix, {n:06}"));
    // Keys as well.
    let key = |n: u32| (n, Arc::clone(&all));
    fill(&Counted::default(), key);
    assert_eq!(Arc::strong_count(&all), 1);
}

#[test]
fn threads_meet() {
    for strings in [false, true] {
        let key = |n: u32| {
            if strings {
                format!("key:{n:012}")
            } else {
                format!("{n:03}")
            }
        };
        let map = Map::new();
        std::thread::scope(|s| {
            for thread in 0..4u32 {
                let map = &map;
                s.spawn(move || {
                    let mut rng = SmallRng::seed_from_u64(thread.into());
                    for step in 0..30_000u32 {
                        let n = rng.random_range(0..400) * 4 + thread;
                        // Each thread has keys of its own, beside the others'.
                        if step / 5000 % 2 == 0 {
                            map.insert(key(n), n);
                            assert_eq!(map.get(&key(n)), Some(n));
                        } else {
                            map.remove(&key(n));
                            assert_eq!(map.get(&key(n)), None);
                        }
                        if step % 64 == 0 {
                            let all = map.forward();
                            assert!(all.is_sorted_by(|a, b| a.0 < b.0));
                            let all = map.backward();
                            assert!(all.is_sorted_by(|a, b| a.0 > b.0));
                            let section = map.smr.enter();
                            map.core.first(&section);
                        }
                    }
                });
            }
        });
        map.core.check(&map.smr.enter());
    }
}
