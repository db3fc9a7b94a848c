//! Two operations, suspended at every pair of their steps (`--cfg smr_steps`): merges and splits of buckets, and of
//! chunks, against everything else.
#![cfg(smr_steps)]

use std::hash::BuildHasher;
use std::ops::Bound;

use structures::hash_map::InlineHashMap;
use structures::testing::maps::{Boxed, Hash, Inline};
use structures::testing::ordered::{ALL, Ask, Asks, Recorded, Shape};
use structures::testing::payload::Counted;
use structures::testing::sorted::{Key, Skip};
use structures::testing::{Call, Mix, Op};
use structures::testing::{Session, Subject, suspension};

const KEYS: u64 = 4;

/// Every ninth pair, or each if `STEPS=all`.
fn stride() -> u64 {
    match std::env::var("STEPS") {
        Ok(steps) if steps == "all" => 1,
        _ => 9,
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

/// Two threads that ask a map in order: one order explains what they hear.
fn asked<K: Key>(shape: &Shape, first: &[Ask], second: &[Ask]) -> u64 {
    suspension::pairs::<Recorded<Skip<K>>>(
        stride(),
        |map| map.prepare(shape),
        |map| map.record(first.iter().copied()),
        |map| map.record(second.iter().copied()),
    )
}

/// Questions beside changes, whose middle may be where they are answered, and beside who looks at what is there.
fn questions<K: Key>(shapes: &[Shape]) {
    for shape in shapes {
        let mut pairs = 0;
        let middle = shape.keys[shape.keys.len() / 2];
        let questions = [
            Ask::First,
            Ask::Last,
            Ask::PopFirst,
            Ask::PopLast,
            Ask::Above(Bound::Excluded(shape.keys[0])),
            Ask::Above(Bound::Included(middle)),
            Ask::Below(Bound::Excluded(shape.keys[shape.keys.len() - 1])),
            Ask::Below(Bound::Included(middle)),
        ];
        for (question, seed) in questions.into_iter().zip(1..) {
            let asks = || Asks::new(seed, Mix::CHURN, shape.keys);
            let changes: Vec<_> = asks().filter(is_change).take(2).collect();
            pairs += asked::<K>(shape, &[question], &changes);
            pairs += asked::<K>(shape, &changes, &[question]);
        }
        println!("{}, {}: {pairs} pairs", K::NAME, shape.name);
        assert!(pairs > 100, "{}: {pairs} pairs", shape.name);
    }
}

fn is_change(ask: &Ask) -> bool {
    match ask {
        Ask::PopFirst | Ask::PopLast => true,
        Ask::Of(call) => call.op != Op::Get,
        _ => false,
    }
}

#[test]
fn questions_beside_changes() {
    questions::<u64>(&ALL);
    questions::<u32>(&ALL[2..5]);
    questions::<Counted>(&ALL[3..]);
}

/// An entry is handed over from one chunk to its neighbour, beside who looks for the first of them, and what is seen
/// meanwhile binds.
#[test]
fn questions_beside_who_hands_over() {
    let call = |key, op| Ask::Of(Call { key, op });
    let stride = stride().div_ceil(2);
    let beside = |shape: &Shape, questions: &[Ask], seconds: &[&[Ask]]| {
        for (question, second) in questions
            .iter()
            .flat_map(|q| seconds.iter().map(move |s| (q, s)))
        {
            let pairs = suspension::pairs::<Recorded<Skip<u64>>>(
                stride,
                |map| {
                    map.prepare(shape);
                    // A pop leaves the last chunk empty.
                    if shape.name == ALL[2].name {
                        map.record([Ask::PopLast]);
                    }
                },
                |map| map.record([*question]),
                |map| map.record(second.iter().copied()),
            );
            assert!(pairs > 10, "{pairs} pairs");
        }
    };
    let (insert, remove, get) = (Op::Insert(1), Op::Remove, Op::Get);
    // 60 is the first, behind an empty head.
    beside(
        &ALL[3],
        &[Ask::First, Ask::PopFirst, Ask::Above(Bound::Included(3))],
        &[
            &[call(57, insert), call(60, remove)],
            &[call(57, insert), call(60, get)],
            &[call(57, insert), call(57, remove), call(60, get)],
        ],
    );
    // 58 is the last, before an empty chunk.
    beside(
        &ALL[2],
        &[Ask::Last, Ask::PopLast, Ask::Below(Bound::Included(80))],
        &[
            &[call(61, insert), call(58, remove)],
            &[call(61, insert), call(58, get)],
            &[call(61, insert), call(61, remove), call(58, get)],
        ],
    );
}

/// Changes beside changes.
fn changes<K: Key>(shapes: &[Shape], seeds: u64) {
    for shape in shapes {
        let mut pairs = 0;
        for seed in 1..=seeds {
            let changes = |seed, count| -> Vec<_> {
                let asks = Asks::new(seed, Mix::CHURN, shape.keys);
                asks.filter(is_change).take(count).collect()
            };
            pairs += asked::<K>(shape, &changes(seed, 2), &changes(seed + 1_000, 2));
        }
        println!("{}, {}: {pairs} pairs", K::NAME, shape.name);
    }
}

#[test]
fn changes_of_chunks_beside_each_other() {
    changes::<u64>(&ALL, 6);
    changes::<u32>(&ALL[1..4], 6);
    changes::<Counted>(&ALL[2..], 2);
}

/// What stays is met once, both ways, whatever happens to its chunk.
fn walks<K: Key>(shape: &Shape) {
    let prepare = |map: &Skip<K>| {
        let mut session = map.session();
        for call in shape.calls() {
            session.apply(call);
        }
    };
    // These come, and go.
    let (first, last) = (shape.keys[0] | 1, shape.keys[shape.keys.len() - 1] | 1);
    let oracle = shape.oracle();
    let stays: Vec<u64> = oracle
        .entries()
        .keys()
        .copied()
        .filter(|k| k % 4 == 0)
        .collect();
    let walk = |map: &Skip<K>| {
        let map = map.map().pin();
        let is_whole = |keys: Vec<u64>| {
            assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
            assert!(keys.iter().filter(|&k| k % 4 == 0).eq(&stays), "{keys:?}");
        };
        is_whole(map.keys().map(K::number).collect());
        let mut keys: Vec<_> = map.keys().rev().map(K::number).collect();
        keys.reverse();
        is_whole(keys);
        let mut all = map.iter();
        let (mut front, mut back) = (Vec::new(), Vec::new());
        while let Some((key, _)) = all.next() {
            front.push(key.number());
            back.extend(all.next_back().map(|(key, _)| key.number()));
        }
        front.extend(back.into_iter().rev());
        is_whole(front);
    };
    let change = |map: &Skip<K>| {
        let ask = |key, op| apply(map, key, op);
        ask(first, Op::Insert(1));
        ask(last, Op::Insert(1));
        for key in oracle.entries().keys().filter(|&k| k % 4 != 0) {
            ask(*key, Op::Remove);
        }
        ask(first, Op::Remove);
        ask(last, Op::Remove);
    };
    let pairs = [
        suspension::pairs(2 * stride(), prepare, walk, change),
        suspension::pairs(2 * stride(), prepare, change, walk),
    ];
    println!("{}: {pairs:?} pairs", shape.name);
    assert!(pairs.iter().all(|&pairs| pairs > 100));
}

#[test]
fn walks_beside_changes_of_chunks() {
    for shape in &ALL[3..] {
        walks::<u64>(shape);
    }
    walks::<Counted>(&ALL[4]);
}
