//! What every map in order must pass.

use std::sync::Barrier;

use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::super::past::Past;
use super::super::spec::{Call, Oracle, Spec};
use super::super::subject::{Session, Subject};
use super::super::workload::Mix;
use super::{Ask, Asks, Gap, Ordered, Shape, all};

/// One thread does `calls` random operations, half of them by a cursor; every answer, and the entries in the end,
/// are those of the oracle.
///
/// # Panics
/// If one is not.
pub fn agrees_with_the_oracle<S: Ordered>(seed: u64, shape: &Shape, calls: usize) {
    let recorded = Recorded::<S>::new();
    recorded.prepare(shape);
    let mut subject = recorded.subject;
    let mut oracle = shape.oracle();
    let wrong = |ask| format!("{}, {}, seed {seed}: {ask:?}", S::NAME, shape.name);
    let mut random = SmallRng::seed_from_u64(seed);
    subject.with_cursor(|cursor| {
        let mut gap = Gap::Start;
        for ask in Asks::new(seed, Mix::EVEN, shape.keys).take(calls) {
            let expected = oracle.answer(ask);
            assert_eq!(subject.ask(ask), expected, "{}", wrong(ask));
            gap.step(cursor, &mut random, key_of(ask), |ask, step| {
                let found = step();
                assert_eq!(found, oracle.answer(ask), "by a cursor, {}", wrong(ask));
                found
            });
        }
    });
    holds(&mut subject, &oracle, shape);
}

fn key_of(ask: Ask) -> u64 {
    match ask {
        Ask::Of(Call { key, .. }) => key,
        _ => 1,
    }
}

fn holds<S: Ordered>(subject: &mut S, oracle: &Oracle, shape: &Shape) {
    let expected: Vec<_> = oracle.entries().iter().map(|(&k, &v)| (k, v)).collect();
    let name = (S::NAME, shape.name);
    assert_eq!(subject.entries(), expected, "{name:?}: what is in it");
    assert_eq!(subject.count(), expected.len(), "{name:?}: its length");
    subject.check();
}

/// A map whose operations are recorded: they are checked as soon as the invariants are.
#[derive(Debug)]
pub struct Recorded<S> {
    /// The map itself.
    pub subject: S,
    past: Past<Oracle>,
}

impl<S: Ordered> Recorded<S> {
    /// Makes an empty one what a shape says.
    pub fn prepare(&self, shape: &Shape) {
        let mut session = self.subject.session();
        for call in shape.calls() {
            session.apply(call);
        }
        self.past.begin(shape.oracle());
    }

    /// Does them, one after the other, and records it.
    pub fn record(&self, asks: impl IntoIterator<Item = Ask>) {
        self.past.record(asks, |ask| self.subject.ask(ask));
    }

    /// Takes random steps with a cursor, does something else after every other step, and records it all. Calls `start`
    /// when it has the cursor.
    pub fn record_walk(&self, seed: u64, steps: usize, shape: &Shape, start: impl FnOnce()) {
        let mut log = self.past.log();
        let mut random = SmallRng::seed_from_u64(seed);
        let mut gap = Gap::Start;
        let keys = shape.keys.iter().cycle().skip(seed as usize % 7);
        let mut asks = Asks::new(!seed, Mix::CHURN, shape.keys);
        self.subject.with_cursor(|cursor| {
            start();
            for (n, &key) in keys.take(steps).enumerate() {
                gap.step(cursor, &mut random, key, |ask, step| {
                    log.record(ask, |_| step())
                });
                if let Some(ask) = asks.next().filter(|_| n % 2 == 0) {
                    log.record(ask, |ask| self.subject.ask(ask));
                }
            }
        });
        self.past.add(log);
    }
}

impl<S: Ordered> Subject for Recorded<S> {
    const NAME: &'static str = S::NAME;

    type Session<'s>
        = S::Session<'s>
    where
        S: 's;

    fn new() -> Self {
        Recorded {
            subject: S::new(),
            past: Past::default(),
        }
    }

    /// Nobody records what it does.
    fn session(&self) -> S::Session<'_> {
        self.subject.session()
    }

    fn count(&self) -> usize {
        self.subject.count()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        self.subject.entries()
    }

    fn check(&mut self) {
        let entries = self.entries();
        assert_eq!(entries.len(), self.count(), "{}: its length", S::NAME);
        let all = all(entries.iter().copied());
        let now = entries.into_iter().collect();
        self.past.check(S::NAME, Ask::All, all, now);
        self.subject.check();
    }
}

/// Histories of several threads are linearizable, one of which has a cursor; what is in it in the end belongs to
/// them.
///
/// # Panics
/// If one is not, with the history.
pub fn histories_are_linearizable<S: Ordered>(seed: u64, threads: u64, shape: &Shape, rounds: u64) {
    for round in 0..rounds {
        let mut subject = Recorded::<S>::new();
        subject.prepare(shape);
        let start = Barrier::new(threads as usize);
        std::thread::scope(|s| {
            for t in 0..threads {
                let (subject, start) = (&subject, &start);
                let seed = (seed + round) * threads + t + 1;
                s.spawn(move || match t {
                    0 => subject.record_walk(seed, 12, shape, || _ = start.wait()),
                    _ => {
                        let mix = if t == 1 { Mix::CHURN } else { Mix::EVEN };
                        let asks = Asks::new(seed, mix, shape.keys).take(12);
                        start.wait();
                        subject.record(asks);
                    }
                });
            }
        });
        subject.check();
    }
}
