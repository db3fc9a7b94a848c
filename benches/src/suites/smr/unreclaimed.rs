//! Bytes that were retired and not yet dropped, over time, at the same pace for every subject; with
//! one section held open for a tenth of a second, closed as long, and so on; and what remains after
//! a flush when all threads have come to rest.
//!
//! The payload counts itself, 48 bytes a piece, when it is made and when it is dropped; what a
//! subject needs around it is not counted, nor are slots that it keeps for reuse.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::REFERENCE;
use super::pace::{self, Pacer};
use crate::measure::{self, Crew, Signal, Window};
use crate::meter::{self, Counted};
use crate::stat;
use crate::subjects::{
    CrossbeamEpoch, Deferring, Fenced, Global, Gus, Haphazard, Kovan, Private, Reclaim, Sdd, Seize,
    Shelf, Ticking, settle,
};
use crate::suite::{Case, Reading, Subject, Tier, Unit, subjects};

/// The time between two samples.
const SAMPLE: Duration = Duration::from_millis(5);

/// How long the section is held, and how long it is not.
const HOLD: Duration = Duration::from_millis(100);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for held in [false, true] {
        for threads in [2, 8] {
            let name = "unreclaimed, 1 M retires/s";
            cases.push(Case {
                name: if held {
                    format!("{name}, a section held")
                } else {
                    name.to_owned()
                },
                threads,
                keys: 0,
                tier: Tier::Default,
                stretch: 3,
                reference: REFERENCE,
                subjects: subjects![unreclaimed(threads, held);
                    Gus<Global>, Gus<Private>, Gus<Fenced>, Gus<Deferring>, Gus<Ticking>, CrossbeamEpoch, Seize, Haphazard, Sdd,
                    Kovan,
                ],
            });
        }
    }
    cases
}

/// Unreclaimed bytes, and whether the section was held open.
type Sample = (f64, bool);

/// Each writer has a cell of its own, and the holder too.
fn unreclaimed<S: Reclaim>(threads: usize, held: bool) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let shelf = Shelf::new(&subject, threads + 1, |_| Counted::new(0));
        let linked = meter::alive();
        let holding = AtomicBool::new(false);
        let writers = Crew::new(threads, |i| {
            let mut local = subject.local();
            let (subject, pool, cell) = (&subject, shelf.pool(), shelf.cell(i));
            let mut pacer = Pacer::new(threads);
            move |n, _: &Signal| {
                let due = pacer.due(n);
                for seed in 0..due {
                    subject.overwrite(&mut local, pool, cell, Counted::new(seed));
                }
                due
            }
        });
        let holder = Crew::new(usize::from(held), |_| {
            let mut local = subject.local();
            let (subject, cell, holding) = (&subject, shelf.cell(threads), &holding);
            move |_, signal: &Signal| {
                subject.read(&mut local, cell, |_| {
                    holding.store(true, Ordering::Relaxed);
                    doze(HOLD, signal);
                    holding.store(false, Ordering::Relaxed);
                });
                doze(HOLD, signal);
                1
            }
        });
        let (tally, _, samples, flushed) = measure::run(
            window,
            &writers,
            &holder,
            |close| sample(close, linked, &holding),
            || {
                subject
                    .flush(shelf.pool())
                    .then(|| meter::alive().saturating_sub(linked))
            },
        );
        drop(shelf);
        settle(&subject);
        readings(&samples, held, flushed, tally.per_second())
    })
}

/// Sleeps, in pieces short enough to notice that the window has closed.
fn doze(time: Duration, signal: &Signal) {
    let end = Instant::now() + time;
    while Instant::now() < end && !signal.is_over() {
        thread::sleep(SAMPLE.min(end.saturating_duration_since(Instant::now())));
    }
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn sample(close: Instant, linked: u64, holding: &AtomicBool) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut next = Instant::now() + SAMPLE;
    while next < close {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        let bytes = meter::alive().saturating_sub(linked);
        samples.push((bytes as f64, holding.load(Ordering::Relaxed)));
        next += SAMPLE;
    }
    samples
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn readings(samples: &[Sample], held: bool, flushed: Option<u64>, rate: f64) -> Vec<Reading> {
    let all = || samples.iter().map(|s| s.0);
    let median_while =
        |holding| stat::median(samples.iter().filter(|s| s.1 == holding).map(|s| s.0));
    let most = all().fold(0.0, f64::max);
    let mut readings = Vec::new();
    if held {
        let bytes = |metric, value| Reading::new(metric, Unit::Bytes, value);
        readings.push(bytes("median while held", median_while(true)));
        readings.push(bytes("median between", median_while(false)));
        readings.push(bytes("most", most));
    } else {
        readings.push(Reading::new("median", Unit::Bytes, stat::median(all())));
        readings.push(Reading::new("most", Unit::Bytes, most));
    }
    if let Some(bytes) = flushed {
        readings.push(Reading::new(
            "after flush at rest",
            Unit::Bytes,
            bytes as f64,
        ));
    }
    readings.extend(pace::missed(rate));
    readings
}
