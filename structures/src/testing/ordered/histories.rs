//! What every map in order must pass.

use std::sync::Barrier;

use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::super::history::{self, Clock, Event, Log};
use super::super::spec::{Call, Oracle, Spec};
use super::super::subject::Session;
use super::super::workload::Mix;
use super::{Ask, Asks, Found, Gap, Ordered, Shape, Steps};

fn prepared<S: Ordered>(shape: &Shape) -> S {
    let subject = S::new();
    let mut session = subject.session();
    for call in shape.calls() {
        session.apply(call);
    }
    drop(session);
    subject
}

/// One thread does `calls` random operations, half of them by a cursor; every answer, and the entries in the end,
/// are those of the oracle.
///
/// # Panics
/// If one is not.
pub fn agrees_with_the_oracle<S: Ordered>(seed: u64, shape: &Shape, calls: usize) {
    let mut subject = prepared::<S>(shape);
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

/// Histories of several threads are linearizable, one of which has a cursor; what is in it in the end belongs to
/// them.
///
/// # Panics
/// If one is not, with the history.
pub fn histories_are_linearizable<S: Ordered>(seed: u64, threads: u64, shape: &Shape, rounds: u64) {
    for round in 0..rounds {
        let mut subject = prepared::<S>(shape);
        let clock = Clock::default();
        let start = Barrier::new(threads as usize);
        let mut events: Vec<_> = std::thread::scope(|s| {
            let work = |t: u64| {
                let (subject, clock, start) = (&subject, &clock, &start);
                let seed = (seed + round) * threads + t + 1;
                move || {
                    let mut log = Log::new(clock);
                    if t > 0 {
                        let mix = if t == 1 { Mix::CHURN } else { Mix::EVEN };
                        let asks = Asks::new(seed, mix, shape.keys).take(12);
                        start.wait();
                        record(subject, asks, &mut log);
                    } else {
                        subject.with_cursor(|cursor| {
                            start.wait();
                            walk(cursor, seed, shape, &mut log);
                        });
                    }
                    log.into_events()
                }
            };
            let running: Vec<_> = (0..threads).map(|t| s.spawn(work(t))).collect();
            let done = running.into_iter().map(|thread| thread.join());
            done.flat_map(|events| events.expect("no operation panics"))
                .collect()
        });
        ends(&mut subject, &mut events);
        if let Err(events) = history::in_one_order(shape.oracle(), events) {
            let (name, history) = ((S::NAME, shape.name), history::show(&events));
            panic!("{name:?}, round {round}: no order explains\n{history}");
        }
        subject.check();
    }
}

/// Does them, one after the other, and records it.
pub fn record<S: Ordered>(
    subject: &S,
    asks: impl IntoIterator<Item = Ask>,
    log: &mut Log<'_, Ask, Found>,
) {
    for ask in asks {
        log.record(ask, |ask| subject.ask(ask));
    }
}

fn walk(cursor: &mut dyn Steps, seed: u64, shape: &Shape, log: &mut Log<'_, Ask, Found>) {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut gap = Gap::Start;
    let keys = shape.keys.iter().cycle().skip(seed as usize % 7);
    for &key in keys.take(16) {
        gap.step(cursor, &mut random, key, |ask, step| {
            log.record(ask, |_| step())
        });
    }
}

/// What is in it in the end, as if somebody had taken it out.
fn ends<S: Ordered>(subject: &mut S, events: &mut Vec<Event<Ask, Found>>) {
    let clock = Clock::after(events);
    let mut log = Log::new(&clock);
    let entries = subject.entries();
    assert_eq!(entries.len(), subject.count(), "{}: its length", S::NAME);
    for entry in entries.into_iter().map(Some).chain([None]) {
        log.record(Ask::PopFirst, |_| entry);
    }
    events.extend(log.into_events());
}
