//! Ordered maps against the shared tests: operations on keys, and those that depend on the order; for skip maps, with
//! hints that are the whole key, a part of it, and none.

use std::collections::BTreeMap;
use std::ops::Bound::{self, Excluded, Included};
use std::panic::catch_unwind;

use structures::testing::history::{Clock, Log, in_one_order};
use structures::testing::ordered::{self, ALL, Ask, Found, Gap, Ordered, Steps};
use structures::testing::payload::Counted;
use structures::testing::sorted::{Hesitant, Radix, Skip};
use structures::testing::spec::{Oracle, Spec};
use structures::testing::{Call, Mix, Op, Session, Subject, conformance};

fn agrees<S: Ordered>() {
    for seed in 0..3 {
        conformance::agrees_with_the_oracle::<S>(seed, Mix::EVEN, 40, 3_000);
        conformance::agrees_with_the_oracle::<S>(seed, Mix::CHURN, 2_000, 10_000);
        for shape in &ALL {
            ordered::agrees_with_the_oracle::<S>(seed, shape, 500);
        }
    }
}

#[test]
fn it_agrees_with_the_oracle() {
    agrees::<Skip<u64>>();
    agrees::<Radix<u64>>();
    agrees::<Skip<u32>>();
    agrees::<Skip<String>>();
    agrees::<Radix<String>>();
    agrees::<Skip<Counted>>();
    agrees::<Radix<Counted>>();
    agrees::<Radix<Vec<u8>>>();
}

fn own_keys<S: Subject>() {
    for seed in 0..3 {
        conformance::threads_with_their_own_keys_agree::<S>(seed, 4, 10, 2_000);
        conformance::threads_with_their_own_keys_agree::<S>(seed, 3, 500, 3_000);
    }
}

#[test]
fn threads_with_their_own_keys_agree() {
    own_keys::<Skip<u64>>();
    own_keys::<Radix<u64>>();
    own_keys::<Skip<u32>>();
    own_keys::<Skip<String>>();
    own_keys::<Radix<String>>();
    own_keys::<Skip<Counted>>();
    own_keys::<Radix<Counted>>();
}

#[test]
fn histories_of_keys_are_linearizable() {
    for seed in 0..3 {
        conformance::histories_are_linearizable::<Skip<u64>>(seed, 3, 3, 100);
        conformance::histories_are_linearizable::<Radix<u64>>(seed, 3, 3, 100);
        conformance::histories_are_linearizable::<Skip<u64>>(seed, 3, 40, 100);
        conformance::histories_are_linearizable::<Radix<u64>>(seed, 3, 40, 100);
        conformance::histories_are_linearizable::<Skip<u32>>(seed, 3, 3, 100);
        conformance::histories_are_linearizable::<Skip<u32>>(seed, 3, 40, 100);
        conformance::histories_are_linearizable::<Skip<Counted>>(seed, 3, 40, 100);
        conformance::histories_are_linearizable::<Radix<Counted>>(seed, 3, 40, 100);
    }
}

fn histories<S: Ordered>(rounds: u64) {
    for shape in &ALL {
        ordered::histories_are_linearizable::<S>(1, 3, shape, rounds);
    }
}

#[test]
fn histories_in_order_are_linearizable() {
    histories::<Skip<u64>>(150);
    histories::<Radix<u64>>(150);
    histories::<Skip<u32>>(150);
}

#[test]
fn histories_in_order_are_linearizable_without_hints() {
    histories::<Skip<String>>(50);
    histories::<Radix<String>>(50);
    histories::<Radix<Vec<u8>>>(50);
    histories::<Skip<Counted>>(50);
    histories::<Radix<Counted>>(50);
    histories::<Skip<Hesitant>>(60);
    histories::<Radix<Hesitant>>(60);
}

/// Whether an order explains these, each of which overlaps those that have the same number.
fn explained(initial: &[u64], events: &[(u32, Ask, Found)]) -> bool {
    let clock = Clock::default();
    let mut oracle = Oracle::default();
    for &key in initial {
        oracle.apply(ordered::insert(key));
    }
    let mut all = Vec::new();
    for at in 0..4 {
        let now: Vec<_> = events.iter().filter(|event| event.0 == at).collect();
        nested(&now, &clock, &mut all);
    }
    in_one_order(oracle, all).is_ok()
}

fn nested(
    events: &[&(u32, Ask, Found)],
    clock: &Clock,
    all: &mut Vec<structures::testing::Event<Ask, Found>>,
) {
    let Some((&&(_, ask, found), rest)) = events.split_first() else {
        return;
    };
    let mut log = Log::new(clock);
    log.record(ask, |_| {
        nested(rest, clock, all);
        found
    });
    all.extend(log.into_events());
}

fn of(key: u64, op: Op) -> Ask {
    Ask::Of(Call { key, op })
}

fn same(key: u64) -> Found {
    Some((key, key))
}

#[test]
fn wrong_histories_are_noticed() {
    // In sequence.
    assert!(explained(&[2, 4], &[(0, Ask::First, same(2))]));
    assert!(!explained(&[2, 4], &[(0, Ask::First, same(4))]));
    assert!(!explained(&[2], &[(0, Ask::Last, Some((2, 3)))]));
    assert!(!explained(&[2], &[(0, Ask::Above(Excluded(2)), same(2))]));
    assert!(explained(&[2], &[(0, Ask::Below(Included(2)), same(2))]));
    let popped = [(0, Ask::PopLast, same(4)), (1, Ask::PopLast, same(2))];
    assert!(explained(&[2, 4], &popped) && !explained(&[2], &popped));
    // One entry popped twice, and one that is removed and popped.
    let twice = [(0, Ask::PopFirst, same(2)), (0, Ask::PopFirst, same(2))];
    assert!(!explained(&[2, 4], &twice));
    let removed = [(0, Ask::PopFirst, same(2)), (0, of(2, Op::Remove), same(2))];
    assert!(!explained(&[2, 4], &removed));
    // 1 comes before 4 goes: at no instant was 6 the first.
    let change = [
        (0, of(1, Op::Insert(1)), None),
        (0, of(4, Op::Remove), same(4)),
    ];
    let first = |found| [change[0], change[1], (0, Ask::First, found)];
    assert!(
        [1, 4]
            .iter()
            .all(|&key| explained(&[4, 6], &first(same(key))))
    );
    assert!(!explained(&[4, 6], &first(None)));
    // They overlap: 4 may go first.
    assert!(explained(&[4, 6], &first(same(6))));
    let in_turn = [
        (1, of(1, Op::Insert(1)), None),
        (2, of(4, Op::Remove), same(4)),
        (3, Ask::First, same(6)),
    ];
    assert!(!explained(&[4, 6], &in_turn));
    // Two that have seen the insertions in different orders.
    let independent = [
        (0, of(2, Op::Insert(2)), None),
        (0, of(4, Op::Insert(4)), None),
        (0, Ask::First, same(4)),
        (0, Ask::Last, same(2)),
    ];
    assert!(!explained(&[], &independent));
    assert!(explained(&[], &independent[..3]));
}

/// A right map behind a lock, except that `first` looks at the entries one by one.
struct Careless(std::sync::Mutex<Oracle>);

impl Subject for Careless {
    const NAME: &'static str = "a careless map";

    type Session<'s> = &'s Careless;

    fn new() -> Self {
        Careless(std::sync::Mutex::default())
    }

    fn session(&self) -> &Careless {
        self
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().entries().len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        let map: BTreeMap<_, _> = self.0.lock().unwrap().entries().clone();
        map.into_iter().collect()
    }

    fn check(&mut self) {}
}

impl Session for &Careless {
    fn apply(&mut self, call: Call) -> Option<u64> {
        self.0.lock().unwrap().apply(call)
    }
}

impl Ordered for Careless {
    fn ask(&self, ask: Ask) -> Found {
        if ask != Ask::First {
            return self.0.lock().unwrap().answer(ask);
        }
        (0..180).find_map(|key| {
            std::thread::yield_now();
            self.ask(of(key, Op::Get))
        })
    }

    fn with_cursor<R>(&self, f: impl FnOnce(&mut dyn Steps) -> R) -> R {
        f(&mut Place(self, Gap::Start))
    }
}

/// A cursor of it.
struct Place<'m>(&'m Careless, Gap);

impl Steps for Place<'_> {
    fn next(&mut self) -> Found {
        let found = self.peek_next();
        self.1 = found.map_or(self.1, |(key, _)| Gap::After(key));
        found
    }

    fn prev(&mut self) -> Found {
        let found = self.peek_prev();
        self.1 = found.map_or(self.1, |(key, _)| Gap::Before(key));
        found
    }

    fn peek_next(&mut self) -> Found {
        self.0.ask(self.1.next()?)
    }

    fn peek_prev(&mut self) -> Found {
        self.0.ask(self.1.prev()?)
    }

    fn seek(&mut self, bound: Bound<u64>) -> Found {
        let found = self.0.ask(Ask::Above(bound));
        self.1 = found.map_or(Gap::End, |(key, _)| Gap::Before(key));
        found
    }

    fn to_start(&mut self) {
        self.1 = Gap::Start;
    }

    fn to_end(&mut self) {
        self.1 = Gap::End;
    }
}

#[test]
fn a_careless_map_is_noticed() {
    // One thread alone sees nothing of it.
    for shape in &ALL {
        ordered::agrees_with_the_oracle::<Careless>(1, shape, 300);
    }
    let wrong = || {
        for shape in &ALL {
            ordered::histories_are_linearizable::<Careless>(1, 3, shape, 300);
        }
    };
    assert!(catch_unwind(wrong).is_err());
}
