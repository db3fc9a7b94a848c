//! From retire to drop, at the same pace for every subject.
//!
//! The payload knows when it was retired and records its age when it is dropped. What is dropped
//! after the window has closed is recorded with its age at the close, so that a subject that drops
//! nothing looks no better for it.

use std::thread;
use std::time::Instant;

use super::REFERENCE;
use super::age::{self, Stamped};
use super::pace::{self, Pacer};
use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::{
    ArcSwap, CrossbeamEpoch, Deferring, Fenced, Global, Gus, Haphazard, Kovan, Private, Reclaim,
    Sdd, Seize, Shelf, Ticking, settle,
};
use crate::suite::{Case, Subject, Tier, subjects};

pub(super) fn cases() -> Vec<Case> {
    [2, 8]
        .into_iter()
        .map(|threads| Case {
            name: "retire to drop, 1 M retires/s".to_owned(),
            threads,
            keys: 0,
            tier: if threads == 2 {
                Tier::Default
            } else {
                Tier::Full
            },
            stretch: 3,
            reference: REFERENCE,
            subjects: subjects![latency(threads);
                Gus<Global>, Gus<Private>, Gus<Fenced>, Gus<Deferring>, Gus<Ticking>, CrossbeamEpoch, Seize, Haphazard, Sdd,
                Kovan, ArcSwap,
            ],
        })
        .collect()
}

fn latency<S: Reclaim>(threads: usize) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let shelf = Shelf::new(&subject, threads, |_| Stamped::new(0));
        let writers = Crew::new(threads, |i| {
            let mut local = subject.local();
            let (subject, pool, cell) = (&subject, shelf.pool(), shelf.cell(i));
            let mut pacer = Pacer::new(threads);
            move |n, _: &Signal| {
                let due = pacer.due(n);
                for seed in 0..due {
                    subject.replace(&mut local, pool, cell, Stamped::new(seed), Stamped::retire);
                }
                due
            }
        });
        let watch = |close: Instant| {
            age::open();
            thread::sleep(close.saturating_duration_since(Instant::now()));
            age::close();
        };
        let (tally, ..) = measure::run(window, &writers, &measure::nobody(), watch, || ());
        drop(shelf);
        settle(&subject);
        drop(subject);
        let mut readings = age::readings(&age::collect());
        readings.extend(pace::missed(tally.per_second()));
        readings
    })
}
