//! Allocating, swapping and retiring 48 bytes; the same beside a thread that reads all the time.

use std::hint::black_box;

use super::REFERENCE;
use crate::measure::{self, Crew, Window};
use crate::subjects::{
    ArcSwap, Bare, CrossbeamEpoch, Deferring, Fenced, Global, Gus, Haphazard, Kovan, Payload,
    Private, Reclaim, Sdd, Seize, Shelf, Ticking, settle,
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
    let alone = [1, 2, 8].map(|threads| Case {
        name: "alloc + swap + retire 48 bytes".to_owned(),
        threads,
        keys: 0,
        tier: tier(threads),
        stretch: 1,
        reference: REFERENCE,
        subjects: subjects![churn(threads, 0);
            Gus<Global>, Gus<Private>, Gus<Fenced>, Gus<Deferring>, Gus<Ticking>, CrossbeamEpoch, Seize, Haphazard, Sdd, Kovan,
            ArcSwap, Bare,
        ],
    });
    let beside = [1, 7].map(|writers| Case {
        name: "alloc + swap + retire 48 bytes, beside a reader".to_owned(),
        threads: writers + 1,
        keys: 0,
        tier: tier(writers),
        stretch: 1,
        reference: REFERENCE,
        subjects: subjects![churn(writers, 1);
            Gus<Global>, Gus<Private>, Gus<Fenced>, Gus<Deferring>, Gus<Ticking>, CrossbeamEpoch, Seize, Haphazard, Sdd, Kovan,
            ArcSwap,
        ],
    });
    alone.into_iter().chain(beside).collect()
}

/// Each writer has a cell of its own; the readers read one that nobody writes, so that what they
/// have in common with the writers is the reclaimer and nothing else.
fn churn<S: Reclaim>(writers: usize, readers: usize) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let shelf = Shelf::new(&subject, writers + 1, |_| Payload::default());
        let writing = Crew::new(writers, |i| {
            let mut local = subject.local();
            let (pool, cell) = (shelf.pool(), shelf.cell(i));
            let mut next = 0;
            let subject = &subject;
            measure::each(move || {
                next += 1;
                let value = black_box([next; 6]);
                subject.overwrite(&mut local, pool, black_box(cell), value);
            })
        });
        let reading = Crew::new(readers, |_| {
            let mut local = subject.local();
            let cell = shelf.cell(writers);
            let subject = &subject;
            measure::each(move || {
                black_box(subject.read(&mut local, black_box(cell), |item| item[0]));
            })
        });
        let (tally, ..) = measure::run(window, &writing, &reading, |_| (), || ());
        drop(shelf);
        settle(&subject);
        Reading::ns(tally.ns_per_op())
    })
}
