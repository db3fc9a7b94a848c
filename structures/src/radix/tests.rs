//! The core, without threads and with some.

mod looks;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::iter::{repeat, repeat_with};
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::SeqCst;

use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use smr_core::Smr;

use super::change::{Changed, Decision};
use super::core::Core;
use super::exact::{Cut, Side};
use super::key::RadixKey;
use super::memory::Entry;
use super::walk::Walk;
use super::word::{Kind, Tag, Word};

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
        let found = self.core.get(&section, key.key_bytes().as_ref());
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
            .change(&section, bytes.key_bytes().as_ref(), put, |is_put| {
                assert!(is_put);
            });
        match changed {
            Changed::Put(old, _) => old.map(|entry| entry.value),
            _ => unreachable!(),
        }
    }

    fn remove(&self, key: &K) -> Option<u64> {
        let section = self.smr.enter();
        let remove = |_: Option<&Entry<K, u64>>| Decision::Remove;
        let changed = self
            .core
            .change(&section, key.key_bytes().as_ref(), remove, |is_put| {
                assert!(!is_put);
            });
        match changed {
            Changed::Removed(old) => old.map(|entry| entry.value),
            _ => unreachable!(),
        }
    }

    fn nearest(&self, side: Side, key: &K, is_in: bool) -> Option<(K, u64)> {
        let section = self.smr.enter();
        let bytes = key.key_bytes();
        let key = bytes.as_ref();
        let found = self.core.nearest(&section, side, Some(Cut { key, is_in }));
        found.map(both)
    }

    fn end(&self, side: Side) -> Option<(K, u64)> {
        self.core.nearest(&self.smr.enter(), side, None).map(both)
    }

    fn pop(&self, side: Side) -> Option<(K, u64)> {
        self.core.pop(&self.smr.enter(), side).map(both)
    }

    fn range(
        &self,
        bounds: (Bound<&K>, Bound<&K>),
        turns: &mut impl Iterator<Item = Side>,
    ) -> Vec<(K, u64)> {
        let section = self.smr.enter();
        let (low, high) = (bounds.0.map(K::key_bytes), bounds.1.map(K::key_bytes));
        let (low, high) = (
            low.as_ref().map(AsRef::as_ref),
            high.as_ref().map(AsRef::as_ref),
        );
        let mut walk = Walk::new();
        let (mut front, mut back) = (Vec::new(), Vec::new());
        loop {
            let (next, list) = match turns.next().expect("endless") {
                Side::First => (walk.next(&self.core, &section, (low, high)), &mut front),
                Side::Last => (walk.next_back(&self.core, &section, (low, high)), &mut back),
            };
            let Some(next) = next else {
                assert!(
                    walk.next(&self.core, &section, (low, high)).is_none(),
                    "over"
                );
                assert!(
                    walk.next_back(&self.core, &section, (low, high)).is_none(),
                    "over"
                );
                break;
            };
            list.push(both(next));
        }
        front.extend(back.into_iter().rev());
        front
    }

    fn check(&self) {
        self.core.check(&self.smr.enter());
    }
}

fn both<K: Clone>(entry: &Entry<K, u64>) -> (K, u64) {
    (entry.key.clone(), entry.value)
}

/// What depends on the order of keys has the answers of std's map.
fn agree_in_order<K: RadixKey + Clone + Ord + Debug>(
    map: &Map<K>,
    std: &BTreeMap<K, u64>,
    rng: &mut SmallRng,
    key: &impl Fn(u64) -> K,
) {
    let owned = |(key, value): (&K, &u64)| (key.clone(), *value);
    assert_eq!(map.end(Side::First), std.first_key_value().map(owned));
    assert_eq!(map.end(Side::Last), std.last_key_value().map(owned));
    let (a, b) = (key(rng.next_u64()), key(rng.next_u64()));
    let (a, b) = (a.clone().min(b.clone()), a.max(b));
    let after = |bound| std.range((bound, Unbounded)).next().map(owned);
    let before = |bound| std.range((Unbounded, bound)).next_back().map(owned);
    assert_eq!(
        map.nearest(Side::First, &a, true),
        after(Included(&a)),
        "{a:?}"
    );
    assert_eq!(
        map.nearest(Side::First, &a, false),
        after(Excluded(&a)),
        "{a:?}"
    );
    assert_eq!(
        map.nearest(Side::Last, &a, true),
        before(Included(&a)),
        "{a:?}"
    );
    assert_eq!(
        map.nearest(Side::Last, &a, false),
        before(Excluded(&a)),
        "{a:?}"
    );
    for bounds in [
        (Unbounded, Unbounded),
        (Included(&a), Included(&b)),
        (Excluded(&a), Included(&b)),
        (Included(&a), Unbounded),
        (Unbounded, Excluded(&b)),
    ] {
        let wanted: Vec<_> = std.range(bounds).map(owned).collect();
        let mut forward = repeat(Side::First);
        assert_eq!(map.range(bounds, &mut forward), wanted, "{bounds:?}");
        let mut backward = repeat(Side::Last);
        assert_eq!(map.range(bounds, &mut backward), wanted, "{bounds:?}");
        let mut turns = repeat_with(|| match rng.random_range(0..2) {
            0 => Side::First,
            _ => Side::Last,
        });
        assert_eq!(map.range(bounds, &mut turns), wanted, "{bounds:?}");
    }
    let section = map.smr.enter();
    let bytes = a.key_bytes();
    let is_prefix = |other: &&K| bytes.as_ref().starts_with(other.key_bytes().as_ref());
    let wanted: Vec<_> = std.keys().filter(is_prefix).cloned().collect();
    for found in [
        map.core.matches(&section, bytes.as_ref()),
        map.core.matches_at_once(&section, bytes.as_ref()),
    ] {
        let found: Vec<_> = found.iter().map(|entry| entry.key.clone()).collect();
        assert_eq!(found, wanted, "prefixes of {a:?}");
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
            agree_in_order(&map, &std, &mut rng, &key);
        }
        if step % 97 == 0 {
            assert_eq!(map.pop(Side::First), std.pop_first());
            assert_eq!(map.pop(Side::Last), std.pop_last());
        }
        if step % 1201 == 0 {
            let key = key(rng.next_u64());
            let bytes = key.key_bytes();
            let bytes = bytes.as_ref();
            let prefix = &bytes[..rng.random_range(0..=bytes.len())];
            let is_of_it = |key: &K| key.key_bytes().as_ref().starts_with(prefix);
            let before = std.len();
            std.retain(|key, _| !is_of_it(key));
            let removed = map.core.cut(&map.smr.enter(), prefix);
            assert_eq!(removed, before - std.len(), "{prefix:?}");
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
    agree_in_order(&map, &std, &mut rng, &key);
    for (key, value) in &std {
        match rng.random_range(0..3) {
            0 => assert_eq!(map.pop(Side::First), Some((key.clone(), *value))),
            _ => assert_eq!(map.remove(key), Some(*value), "{key:?}"),
        }
    }
    assert_eq!(map.pop(Side::First), None);
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
    map.check();
    let section = map.smr.enter();
    assert_eq!(map.core.matches_at_once(&section, &longest).len(), 1_500);
    drop(section);
    let forward = map.range((Unbounded, Unbounded), &mut repeat(Side::First));
    assert!(
        forward
            .into_iter()
            .map(|(_, n)| n)
            .eq((1..3_000).step_by(2))
    );
    assert_eq!(
        map.end(Side::Last),
        Some((longest[..2_999].to_vec(), 2_999))
    );
    assert_eq!(map.core.cut(&map.smr.enter(), &longest[..1_500]), 750);
    assert_eq!(map.core.count.get(), 750);
    map.check();
}

#[test]
fn threads_meet() {
    for round in 0..30 {
        let map = Map::new();
        let total = AtomicI64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (map, total) = (&map, &total);
                scope.spawn(move || {
                    let mut rng = SmallRng::seed_from_u64(round * 8 + thread);
                    let mut change = 0;
                    for _ in 0..4_000 {
                        let key = string(rng.next_u64() % 60, 2 + round % 3, 5);
                        match rng.random_range(0..100) {
                            0..50 => change += i64::from(map.insert(&key, thread).is_none()),
                            50..90 => change -= i64::from(map.remove(&key).is_some()),
                            90..93 => change -= i64::from(map.pop(Side::First).is_some()),
                            93..96 => change -= i64::from(map.pop(Side::Last).is_some()),
                            96 => {
                                let section = map.smr.enter();
                                change -= map.core.cut(&section, &key) as i64;
                            }
                            97 => {
                                let all = (Unbounded, Unbounded);
                                let found = map.range(all, &mut repeat(Side::First));
                                assert!(found.is_sorted_by(|(a, _), (b, _)| a < b));
                                let found = map.range(all, &mut repeat(Side::Last));
                                assert!(found.is_sorted_by(|(a, _), (b, _)| a < b));
                            }
                            98 => {
                                let least = map.nearest(Side::First, &key, true);
                                assert!(least.is_none_or(|(least, _)| least >= key));
                            }
                            _ => {
                                let section = map.smr.enter();
                                let found = map.core.matches_at_once(&section, &key);
                                assert!(found.iter().all(|entry| key.starts_with(&entry.key)));
                            }
                        }
                    }
                    total.fetch_add(change, SeqCst);
                });
            }
        });
        assert_eq!(map.core.count.get() as i64, total.into_inner());
        map.check();
        for n in 0..60 {
            map.remove(&string(n, 2 + round % 3, 5));
        }
        assert_eq!(map.core.count.get(), 0);
        map.check();
        assert!(map.core.root.load().is_empty());
    }
}

/// Entries are dropped once, whoever takes them out; one that panics harms no other.
#[test]
fn entries_are_dropped_once() {
    static LIVE: AtomicI64 = AtomicI64::new(0);
    struct Value(bool);
    impl Drop for Value {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, SeqCst);
            assert!(!self.0, "a drop that panics");
        }
    }
    let smr = Smr::new();
    let core = Core::<Vec<u8>, Value>::new(&smr);
    let insert = |key: Vec<u8>, panics: bool| {
        let section = smr.enter();
        let bytes = key.clone();
        LIVE.fetch_add(1, SeqCst);
        let value = Value(panics);
        let new = core.memory.entry(Entry { key, value }, &section);
        let put = |_: Option<&Entry<_, _>>| Decision::Put(Word::new(Tag::Entry, new));
        core.change(&section, &bytes, put, |_| {});
    };
    for n in 0..2_000 {
        insert(string(n, 3, 7), false);
    }
    core.pop(&smr.enter(), Side::First);
    core.pop(&smr.enter(), Side::Last);
    core.cut(&smr.enter(), &[1]);
    smr.synchronize();
    while core.memory.flush() > 0 {}
    assert_eq!(
        LIVE.load(SeqCst),
        core.count.get() as i64,
        "the others are there"
    );
    insert(vec![9, 9], true);
    insert(vec![9, 8], true);
    let ended = catch_unwind(AssertUnwindSafe(|| drop(core)));
    assert!(ended.is_err(), "the panic comes through");
    assert_eq!(LIVE.load(SeqCst), 0);
}

#[test]
fn nodes_that_have_become_too_large_give_way() {
    let map = Map::new();
    let kind = |map: &Map<u8>| map.core.root.load().tag();
    for key in 0..=255 {
        map.insert(&key, 1);
    }
    assert_eq!(kind(&map), Tag::Node(Kind::N256));
    for key in 0..=245 {
        match key % 2 {
            0 => assert_eq!(map.remove(&key), Some(1)),
            _ => assert_eq!(map.pop(Side::First), Some((key, 1))),
        }
    }
    // One in 32 looks.
    for _ in 0..32 {
        map.insert(&0, 1);
        map.remove(&0);
    }
    assert!(matches!(kind(&map), Tag::Node(kind) if kind <= Kind::N25));
    map.check();
    for key in 246..=255 {
        assert_eq!(map.remove(&key), Some(1));
    }
    assert!(map.core.root.load().is_empty());
}
