//! The core, without threads and with some.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use smr_core::Smr;

use super::change::{Changed, Decision};
use super::core::Core;
use super::key::RadixKey;
use super::memory::Entry;
use super::word::{Tag, Word};

struct Map<K> {
    core: Core<K, u64>,
    smr: Smr,
}

impl<K: RadixKey + Clone + Ord + Debug> Map<K> {
    fn new() -> Self {
        let smr = Smr::new();
        let core = Core::new(&smr);
        Map { core, smr }
    }

    fn get(&self, key: &K) -> Option<u64> {
        let section = self.smr.enter();
        let found = self.core.get(&section, key.bytes().as_ref());
        found.map(|entry| entry.value)
    }

    fn insert(&self, key: &K, value: u64) -> Option<u64> {
        let section = self.smr.enter();
        let key = key.clone();
        let bytes = key.clone();
        let new = self.core.memory.entry(Entry { key, value }, &section);
        let new = Word::new(Tag::Entry, new);
        let put = |_: Option<&Entry<K, u64>>| Decision::Put(new);
        let changed = self
            .core
            .change(&section, bytes.bytes().as_ref(), put, |is_put| {
                assert!(is_put);
            });
        match changed {
            Changed::Put(old) => old.map(|entry| entry.value),
            _ => unreachable!(),
        }
    }

    fn remove(&self, key: &K) -> Option<u64> {
        let section = self.smr.enter();
        let remove = |_: Option<&Entry<K, u64>>| Decision::Remove;
        let changed = self
            .core
            .change(&section, key.bytes().as_ref(), remove, |is_put| {
                assert!(!is_put);
            });
        match changed {
            Changed::Removed(old) => old.map(|entry| entry.value),
            _ => unreachable!(),
        }
    }

    fn check(&self) {
        self.core.check(&self.smr.enter());
    }
}

/// Random operations have the answers of std's map.
fn agrees<K: RadixKey + Clone + Ord + Debug>(seed: u64, steps: usize, key: impl Fn(u64) -> K) {
    let map = Map::new();
    let mut std = BTreeMap::new();
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut removals = 30;
    for step in 0..steps {
        if step % 500 == 0 {
            removals = rng.random_range(10..90);
            map.check();
            assert_eq!(map.core.count.get(), std.len());
        }
        let key = key(rng.next_u64());
        let value = rng.next_u64();
        if rng.random_range(0..100) < removals {
            assert_eq!(map.remove(&key), std.remove(&key), "{key:?}");
        } else {
            assert_eq!(
                map.insert(&key, value),
                std.insert(key.clone(), value),
                "{key:?}"
            );
        }
        assert_eq!(map.get(&key), std.get(&key).copied(), "{key:?}");
    }
    for (key, value) in &std {
        assert_eq!(map.get(key), Some(*value), "{key:?}");
    }
    map.check();
    for (key, value) in &std {
        assert_eq!(map.remove(key), Some(*value), "{key:?}");
    }
    map.check();
    assert!(map.core.root.load().is_empty(), "nothing is left");
}

fn string(random: u64, letters: u64, longest: u64) -> Vec<u8> {
    let mut rng = SmallRng::seed_from_u64(random);
    let len = rng.random_range(0..=longest);
    (0..len)
        .map(|_| rng.random_range(0..letters) as u8)
        .collect()
}

#[test]
fn answers_are_those_of_stds_map() {
    agrees(1, 20_000, |n| n % 300);
    agrees(2, 20_000, |n| n % 100_000);
    agrees(3, 20_000, |n| (n % 1000) << 30);
    agrees(4, 20_000, |n| (n % 2000) as i16 - 1000);
    agrees(5, 20_000, |n| string(n % 500, 2, 6));
    agrees(6, 20_000, |n| string(n % 5_000, 3, 8));
    agrees(7, 20_000, |n| string(n % 3_000, 256, 2));
    // One a prefix of the other, and long parts that are the same.
    agrees(8, 10_000, |n| vec![b'a'; (n % 60) as usize]);
    agrees(9, 10_000, |n| {
        let mut key = vec![7; 20 * (n % 3) as usize];
        key.push((n >> 8) as u8 % 3);
        key.extend(vec![9; 15 * ((n >> 16) % 3) as usize]);
        key.push((n >> 24) as u8 % 3);
        key
    });
    agrees(10, 10_000, |n| (n as u8 % 4, string((n >> 8) % 50, 2, 4)));
    agrees(11, 2_000, |_| ());
}

#[test]
fn long_chains_do_not_take_the_stack() {
    let map = Map::new();
    let longest = vec![1u8; 3_000];
    for len in 0..longest.len() {
        map.insert(&longest[..len].to_vec(), len as u64);
    }
    for len in (0..longest.len()).step_by(97) {
        assert_eq!(map.get(&longest[..len].to_vec()), Some(len as u64));
    }
    for len in 0..longest.len() {
        if len % 2 == 0 {
            assert_eq!(map.remove(&longest[..len].to_vec()), Some(len as u64));
        }
    }
    assert_eq!(map.get(&longest[..77].to_vec()), Some(77));
}

#[test]
fn threads_meet() {
    for round in 0..30 {
        let map = Map::new();
        let total = std::sync::atomic::AtomicI64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (map, total) = (&map, &total);
                scope.spawn(move || {
                    let mut rng = SmallRng::seed_from_u64(round * 8 + thread);
                    let mut change = 0;
                    for _ in 0..4_000 {
                        let key = string(rng.next_u64() % 60, 2 + round % 3, 5);
                        if rng.random_range(0..2) == 0 {
                            change += i64::from(map.insert(&key, thread).is_none());
                        } else {
                            change -= i64::from(map.remove(&key).is_some());
                        }
                    }
                    total.fetch_add(change, std::sync::atomic::Ordering::SeqCst);
                });
            }
        });
        assert_eq!(map.core.count.get() as i64, total.into_inner());
        map.check();
        for n in 0..60 {
            map.remove(&string(n, 2 + round % 3, 5));
        }
        assert_eq!(map.core.count.get(), 0);
    }
}
