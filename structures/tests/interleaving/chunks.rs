//! Merges and splits of chunks, against everything else.

use std::ops::Bound;

use structures::testing::ordered::{ALL, Ask, Asks, Recorded, Shape};
use structures::testing::payload::Counted;
use structures::testing::sorted::{Key, Skip};
use structures::testing::{Call, Mix, Op, Session, Subject, suspension};

use crate::{apply, stride};

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
