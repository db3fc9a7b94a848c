//! Polling a goal with many idle readers registered. Only ours has readers without threads, goals
//! and polls, so that these cases compare its readers' numbers, not crates.

use std::hint::black_box;
use std::time::Instant;

use smr_core::{Reader, Smr};

use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::{Domain, Fenced, Gus, Private, Reclaim};
use crate::suite::{Case, Reading, Subject, Tier, Unit, subjects};

/// Fewer would let a single interrupt show, more would let the figure without readers age.
const TURN: u64 = 64;

pub(super) fn cases() -> Vec<Case> {
    let sizes = [10, 100, 1_000, 10_000];
    let scans = sizes.map(|readers| Case {
        name: format!("advance + poll that scans, {readers} idle readers"),
        threads: 1,
        keys: readers,
        tier: Tier::Default,
        stretch: 1,
        reference: Private::NAME,
        subjects: subjects![scan(readers); Private, Fenced],
    });
    let answered = sizes.map(|readers| Case {
        name: format!("poll that was answered before, {readers} idle readers"),
        threads: 1,
        keys: readers,
        tier: if readers == 10_000 {
            Tier::Default
        } else {
            Tier::Full
        },
        stretch: 1,
        reference: Private::NAME,
        subjects: subjects![answered(readers); Private, Fenced],
    });
    scans.into_iter().chain(answered).collect()
}

/// Readers that have been used, and are idle.
fn idle_readers(smr: &Smr, count: usize) -> Vec<Reader> {
    let mut readers: Vec<_> = (0..count).map(|_| smr.reader()).collect();
    for reader in &mut readers {
        drop(reader.enter());
    }
    readers
}

fn advance_and_poll(smr: &Smr) {
    let goal = smr.advance();
    assert!(black_box(smr.poll(goal)), "every reader is idle");
}

/// Two figures: the whole of an advance and its poll, and what each reader adds to it, that is the
/// difference to a domain without readers, polled in turn with this one.
#[allow(clippy::cast_precision_loss)] // counts far below 2^52
fn scan<D: Domain>(readers: usize) -> Subject {
    Subject::new(D::NAME, move |window: Window| {
        let (empty, full) = (Gus::<D>::new(), Gus::<D>::new());
        let _readers = idle_readers(full.smr(), readers);
        let times = std::sync::Mutex::new([0.0; 2]);
        let crew = Crew::new(1, |_| {
            let (empty, full, times) = (&empty, &full, &times);
            move |_, _: &Signal| {
                let mut spent = [0.0; 2];
                for (smr, spent) in [empty.smr(), full.smr()].iter().zip(&mut spent) {
                    let start = Instant::now();
                    for _ in 0..TURN {
                        advance_and_poll(smr);
                    }
                    *spent = start.elapsed().as_nanos() as f64 / TURN as f64;
                }
                *times.lock().expect("not poisoned") = spent;
                TURN
            }
        });
        // Sampled rather than averaged, so that the two figures of a sample are neighbours.
        let sample = |close: Instant| {
            let mut samples = Vec::new();
            while Instant::now() < close {
                std::thread::sleep(std::time::Duration::from_millis(1));
                samples.push(*times.lock().expect("not poisoned"));
            }
            samples
        };
        let (_, _, samples, ()) = measure::run(window, &crew, &measure::nobody(), sample, || ());
        let median = |f: &dyn Fn(&[f64; 2]) -> f64| crate::stat::median(samples.iter().map(f));
        let added = median(&|[empty, full]| (full - empty) / readers as f64);
        vec![
            Reading::new("all", Unit::Nanoseconds, median(&|[_, full]| *full)),
            Reading::new("for each reader", Unit::Nanoseconds, added.max(0.0)),
        ]
    })
}

fn answered<D: Domain>(readers: usize) -> Subject {
    Subject::new(D::NAME, move |window: Window| {
        let gus = Gus::<D>::new();
        let _readers = idle_readers(gus.smr(), readers);
        let goal = gus.smr().advance();
        assert!(gus.smr().poll(goal), "every reader is idle");
        let crew = Crew::new(1, |_| {
            let smr = gus.smr();
            measure::each(move || {
                black_box(black_box(smr).poll(black_box(goal)));
            })
        });
        Reading::ns(measure::run_alone(window, &crew).ns_per_op())
    })
}
