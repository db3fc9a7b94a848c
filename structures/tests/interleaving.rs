//! Two operations, suspended at every pair of their steps (`--cfg smr_steps`): merges and splits of buckets
//! against everything else.
#![cfg(smr_steps)]

use structures::testing::maps::{Boxed, Inline};
use structures::testing::{Call, Op};
use structures::testing::{Session, Subject, suspension};

const KEYS: u64 = 4;

/// Every pair, if `STEPS=all`.
fn stride() -> u64 {
    match std::env::var("STEPS") {
        Ok(steps) if steps == "all" => 1,
        _ => 6,
    }
}

fn apply<S: Subject>(subject: &S, key: u64, op: Op) -> Option<u64> {
    subject.session().apply(Call { key, op })
}

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
