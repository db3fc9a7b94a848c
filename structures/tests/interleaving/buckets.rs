//! Merges and splits of buckets, against everything else.

use std::hash::BuildHasher;

use structures::hash_map::InlineHashMap;
use structures::testing::maps::{Boxed, Hash, Inline};
use structures::testing::{Call, Op, Session, Subject, suspension};

use crate::{apply, stride};

const KEYS: u64 = 4;

fn fill(map: &Boxed<0>) {
    for key in 0..KEYS {
        apply(map, key, Op::Insert(key));
    }
}

/// Two buckets.
fn halved(map: &Boxed<0>) {
    fill(map);
    map.map().pin().reserve(10);
}

fn shrink(map: &Boxed<0>) {
    map.map().shrink_to_fit();
}

fn grow(map: &Boxed<0>) {
    map.map().pin().reserve(10);
}

/// What is there is found with its value, and nothing else.
fn read(map: &Boxed<0>) {
    for key in 0..KEYS {
        assert_eq!(apply(map, key, Op::Get), Some(key), "{key}");
    }
    assert_eq!(apply(map, KEYS, Op::Get), None);
}

fn walk(map: &Boxed<0>) {
    let mut all = map.entries();
    all.sort_unstable();
    assert_eq!(all, (0..KEYS).map(|key| (key, key)).collect::<Vec<_>>());
}

fn write(map: &Boxed<0>) {
    for key in 1..2 {
        assert_eq!(apply(map, key, Op::Remove), Some(key));
        assert_eq!(apply(map, key, Op::Insert(key)), None);
        assert_eq!(apply(map, key, Op::Update(0)), Some(key));
    }
}

fn all_pairs(prepare: fn(&Boxed<0>), change: fn(&Boxed<0>)) {
    type Act = (&'static str, fn(&Boxed<0>));
    let acts: [Act; 5] = [
        ("read", read),
        ("walk", walk),
        ("write", write),
        ("shrink", shrink),
        ("grow", grow),
    ];
    for (name, act) in acts {
        for (first, second) in [(act, change), (change, act)] {
            let pairs = suspension::pairs(stride(), prepare, first, second);
            println!("{name}: {pairs} pairs");
            assert!(pairs > 100, "{name}: {pairs} pairs");
        }
    }
}

#[test]
fn merges_beside_everything() {
    all_pairs(halved, shrink);
}

#[test]
fn splits_beside_everything() {
    all_pairs(fill, grow);
}

/// The plain pairs split by other code, and cannot shrink while they are shared.
#[test]
fn splits_of_plain_pairs() {
    let prepare = |map: &Inline<0>| {
        for key in 0..KEYS {
            apply(map, key, Op::Insert(key));
        }
    };
    let grow = |map: &Inline<0>| map.0.reserve(30);
    let read = |map: &Inline<0>| {
        for key in 0..KEYS {
            assert_eq!(apply(map, key, Op::Get), Some(key), "{key}");
        }
    };
    assert!(suspension::pairs(stride(), prepare, read, grow) > 100);
    assert!(suspension::pairs(stride(), prepare, grow, read) > 100);
    assert!(suspension::pairs(stride(), prepare, grow, grow) > 100);
}

/// The first insertion, beside who finds the map empty.
#[test]
fn the_first_insertion_beside_shrinking() {
    let insert = |map: &Boxed<0>| assert_eq!(apply(map, 0, Op::Insert(0)), None);
    assert!(suspension::pairs(1, |_| (), shrink, insert) > 10);
    assert!(suspension::pairs(1, |_| (), insert, shrink) > 10);
}

/// A key of which zeroed memory is none.
#[derive(Clone, Copy, std::hash::Hash)]
#[repr(transparent)]
struct Stored(u64);

// SAFETY: a number.
unsafe impl bytemuck::NoUninit for Stored {}

impl PartialEq for Stored {
    fn eq(&self, other: &Stored) -> bool {
        assert!(self.0 != 0 && other.0 != 0, "nobody has stored this key");
        self.0 == other.0
    }
}

impl Eq for Stored {}

/// Two hashes, and so two buckets that hold everything.
struct Crowded(InlineHashMap<Stored, u64, Hash<2>>);

struct Idle;

impl Session for Idle {
    fn apply(&mut self, _: Call) -> Option<u64> {
        unreachable!("the map is used as it is")
    }
}

impl Subject for Crowded {
    const NAME: &'static str = "InlineHashMap of two hashes";

    type Session<'s> = Idle;

    fn new() -> Self {
        Crowded(InlineHashMap::with_capacity_and_hasher(
            200,
            Hash::default(),
        ))
    }

    fn session(&self) -> Idle {
        Idle
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        self.0.iter().map(|(key, value)| (key.0, value)).collect()
    }

    fn check(&mut self) {
        self.0.check();
    }
}

/// Keys of one of the hashes, behind so many others of it.
fn keys(hash: u64, from: usize, count: usize) -> impl Iterator<Item = Stored> {
    let of_hash = move |key: &Stored| Hash::<2>::default().hash_one(key) == hash;
    (1..).map(Stored).filter(of_hash).skip(from).take(count)
}

/// An extension that changes hands: what a late reader finds in the next one was not stored there.
#[test]
fn extensions_that_change_hands() {
    let fill = |map: &Crowded, hash, from, count| {
        for key in keys(hash, from, count) {
            map.0.insert(key, key.0);
        }
    };
    let prepare = |map: &Crowded| fill(map, 0, 0, 16);
    let read = |map: &Crowded| {
        for key in keys(0, 15, 1) {
            assert!(map.0.get(&key).is_none_or(|value| value == key.0));
        }
    };
    let change = |map: &Crowded| {
        for key in keys(0, 0, 16) {
            assert_eq!(map.0.remove(&key), Some(key.0));
        }
        fill(map, 1, 0, 16);
        fill(map, 0, 16, 15);
    };
    assert!(suspension::pairs(stride(), prepare, read, change) > 100);
}
