//! What every map must pass, whatever is in it.

use std::collections::BTreeMap;
use std::sync::Barrier;

use super::history::{self, Clock, Event, Log};
use super::spec::{Call, Op, Oracle};
use super::subject::{Session, Subject};
use super::workload::{Mix, Workload};

/// One thread does `calls` random operations on `keys` keys; every answer, and the entries in the end,
/// are those of the oracle.
///
/// # Panics
/// If one is not.
pub fn agrees_with_the_oracle<S: Subject>(seed: u64, mix: Mix, keys: u64, calls: usize) {
    let mut subject = S::new();
    let mut oracle = Oracle::default();
    let mut session = subject.session();
    for (i, call) in Workload::new(seed, mix, keys).take(calls).enumerate() {
        let answer = session.apply(call);
        let expected = oracle.apply(call);
        assert_eq!(answer, expected, "{}, seed {seed}, {i}: {call:?}", S::NAME);
    }
    drop(session);
    holds(&mut subject, oracle.entries());
}

/// The subject, at rest, holds just these.
fn holds<S: Subject>(subject: &mut S, entries: &BTreeMap<u64, u64>) {
    let mut found = subject.entries();
    found.sort_unstable();
    let expected: Vec<_> = entries.iter().map(|(&k, &v)| (k, v)).collect();
    assert_eq!(found, expected, "{}: what is in it", S::NAME);
    assert_eq!(subject.count(), expected.len(), "{}: its length", S::NAME);
    subject.check();
}

/// Threads with keys of their own do not notice each other, however the keys are mixed in the structure.
///
/// # Panics
/// If one does.
pub fn threads_with_their_own_keys_agree<S: Subject>(
    seed: u64,
    threads: u64,
    keys: u64,
    calls: usize,
) {
    let mut subject = S::new();
    let oracles: Vec<Oracle> = std::thread::scope(|s| {
        let work = |t: u64| {
            let subject = &subject;
            move || {
                let mut oracle = Oracle::default();
                let mut session = subject.session();
                let workload = Workload::new(seed * threads + t, Mix::EVEN, keys);
                for call in workload.take(calls) {
                    let call = Call {
                        key: call.key * threads + t,
                        ..call
                    };
                    let answer = session.apply(call);
                    assert_eq!(answer, oracle.apply(call), "{}: {call:?}", S::NAME);
                }
                oracle
            }
        };
        let running: Vec<_> = (0..threads).map(|t| s.spawn(work(t))).collect();
        let done = running.into_iter().map(|thread| thread.join());
        done.map(|oracle| oracle.expect("no answer was wrong"))
            .collect()
    });
    let all = oracles.iter().flat_map(|oracle| oracle.entries().clone());
    holds(&mut subject, &all.collect());
}

/// Histories of several threads on few keys are linearizable; what is in it in the end belongs to them.
///
/// # Panics
/// If one is not, with the history.
pub fn histories_are_linearizable<S: Subject>(seed: u64, threads: u64, keys: u64, rounds: u64) {
    const CALLS: usize = 24;
    for round in 0..rounds {
        let mut subject = S::new();
        let mut events = concurrent_history(&subject, seed + round, threads, keys, CALLS);
        let clock = Clock::after(&events);
        let mut last = Log::new(&clock);
        let mut session = subject.session();
        for key in 0..keys {
            last.record(Call { key, op: Op::Get }, |call| session.apply(call));
        }
        drop(session);
        events.extend(last.into_events());
        if let Err(events) = history::linearizable(&BTreeMap::new(), events) {
            let history = history::show(&events);
            panic!("{}, round {round}: no order explains\n{history}", S::NAME);
        }
        subject.check();
    }
}

fn concurrent_history<S: Subject>(
    subject: &S,
    seed: u64,
    threads: u64,
    keys: u64,
    calls: usize,
) -> Vec<Event> {
    let clock = Clock::default();
    let start = Barrier::new(threads as usize);
    std::thread::scope(|s| {
        let work = |t: u64| {
            let (clock, start) = (&clock, &start);
            move || {
                let mix = if t.is_multiple_of(2) {
                    Mix::CHURN
                } else {
                    Mix::EVEN
                };
                let workload = Workload::new(seed * threads + t + 1, mix, keys);
                let mut session = subject.session();
                let mut log = Log::new(clock);
                start.wait();
                for call in workload.take(calls) {
                    log.record(call, |call| session.apply(call));
                }
                log.into_events()
            }
        };
        let running: Vec<_> = (0..threads).map(|t| s.spawn(work(t))).collect();
        let done = running.into_iter().map(|thread| thread.join());
        done.flat_map(|events| events.expect("no operation panics"))
            .collect()
    })
}
