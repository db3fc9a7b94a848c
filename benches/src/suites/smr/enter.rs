//! Entering, loading and leaving; the same within a section.

use std::hint::black_box;

use super::REFERENCE;
use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::{
    ArcSwap, Bare, CrossbeamEpoch, Fence, Fenced, Global, Gus, Haphazard, Kovan, Payload, Private,
    Reclaim, Sdd, Sections, Seize, Shelf,
};
use crate::suite::{Case, Reading, Subject, Tier, subjects};

pub(super) fn cases() -> Vec<Case> {
    let tier = |threads| {
        if threads == 1 {
            Tier::Default
        } else {
            Tier::Full
        }
    };
    let plain = [1, 2, 8].map(|threads| Case {
        name: "enter + load + exit".to_owned(),
        threads,
        keys: 0,
        tier: tier(threads),
        stretch: 1,
        reference: REFERENCE,
        subjects: subjects![plain(threads);
            Gus<Global>, Gus<Private>, Gus<Fenced>, CrossbeamEpoch, Seize, Haphazard, Sdd, Kovan,
            ArcSwap, Bare, Fence,
        ],
    });
    let nested = [1, 2, 8].map(|threads| Case {
        name: "enter + load + exit, nested".to_owned(),
        threads,
        keys: 0,
        tier: tier(threads),
        stretch: 1,
        reference: REFERENCE,
        subjects: subjects![nested(threads);
            Gus<Global>, Gus<Private>, Gus<Fenced>, CrossbeamEpoch, Seize, Sdd, Kovan,
        ],
    });
    plain.into_iter().chain(nested).collect()
}

/// Every thread reads the one cell; nobody writes it.
fn plain<S: Reclaim>(threads: usize) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let shelf = Shelf::new(&subject, 1, |_| Payload::default());
        let crew = Crew::new(threads, |_| {
            let mut local = subject.local();
            let (subject, cell) = (&subject, shelf.cell(0));
            measure::each(move || {
                black_box(subject.read(&mut local, black_box(cell), |item| item[0]));
            })
        });
        Reading::ns(measure::run_alone(window, &crew).ns_per_op())
    })
}

/// The same while the thread holds another section open.
fn nested<S: Sections>(threads: usize) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let shelf = Shelf::new(&subject, 1, |_| Payload::default());
        let crew = Crew::new(threads, |_| {
            let mut local = subject.local();
            let (subject, cell) = (&subject, shelf.cell(0));
            move |n, _: &Signal| {
                subject.section(|| {
                    for _ in 0..n {
                        black_box(subject.read(&mut local, black_box(cell), |item| item[0]));
                    }
                });
                n
            }
        });
        Reading::ns(measure::run_alone(window, &crew).ns_per_op())
    })
}
