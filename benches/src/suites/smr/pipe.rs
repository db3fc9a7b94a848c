//! Producer and consumer: one thread allocates and publishes, another takes and retires.
//!
//! The slots are a ring; which of them are full is told by two counters beside it, the same for
//! every subject. Each side reads the other's only when it has used up what it knew, and moves its own
//! once for several items: moved for each, the counters' way between two processors would take longer
//! than anything that is compared here.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{hint, thread};

use crossbeam_utils::CachePadded;

use super::REFERENCE;
use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::{
    Bare, CrossbeamEpoch, Fenced, Global, Gus, Handoff, Haphazard, Kovan, Payload, Private, Sdd,
    Seize, settle,
};
use crate::suite::{Case, Reading, Subject, Tier, subjects};

/// Slots of a ring.
const SLOTS: usize = 1024;

/// Items for which a counter moves once.
const STRIDE: usize = 32;

pub(super) fn cases() -> Vec<Case> {
    [1, 4]
        .into_iter()
        .map(|pairs| Case {
            name: "producer and consumer, 48 bytes".to_owned(),
            threads: 2 * pairs,
            keys: 0,
            tier: if pairs == 1 {
                Tier::Default
            } else {
                Tier::Full
            },
            stretch: 2,
            reference: REFERENCE,
            subjects: subjects![pipe(pairs);
                Gus<Global>, Gus<Private>, Gus<Fenced>, CrossbeamEpoch, Seize, Haphazard, Sdd,
                Kovan, Bare,
            ],
        })
        .collect()
}

/// Slots of which those from `taken` to `published` are full.
struct Ring<S: Handoff> {
    slots: Vec<S::Slot<Payload>>,
    published: CachePadded<AtomicUsize>,
    taken: CachePadded<AtomicUsize>,
}

impl<S: Handoff> Ring<S> {
    fn new(subject: &S) -> Self {
        Ring {
            slots: (0..SLOTS).map(|_| subject.slot()).collect(),
            published: CachePadded::default(),
            taken: CachePadded::default(),
        }
    }

    fn slot(&self, i: usize) -> &S::Slot<Payload> {
        &self.slots[i % SLOTS]
    }
}

/// Waits until `counter` differs from `known`; none if the window closes first.
// Acquire, paired with the other side's Release: its slot's change comes with its count.
fn wait(counter: &AtomicUsize, known: usize, signal: &Signal) -> Option<usize> {
    for spins in 0u32.. {
        let now = counter.load(Ordering::Acquire);
        if now != known {
            return Some(now);
        }
        if signal.is_over() {
            break;
        }
        if spins < 100 {
            hint::spin_loop()
        } else {
            thread::yield_now()
        }
    }
    None
}

/// The time of a pair for one item.
fn pipe<S: Handoff>(pairs: usize) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let pool = subject.pool();
        let rings: Vec<_> = (0..pairs).map(|_| Ring::new(&subject)).collect();
        let producers = Crew::new(pairs, |i| producer(&subject, &pool, &rings[i]));
        let consumers = Crew::new(pairs, |i| consumer(&subject, &pool, &rings[i]));
        let (_, tally, ..) = measure::run(window, &producers, &consumers, |_| (), || ());
        let mut local = subject.local();
        for ring in rings {
            let taken = ring.taken.load(Ordering::Acquire);
            for i in taken..ring.published.load(Ordering::Acquire) {
                subject.take(&mut local, &pool, ring.slot(i), |_| ());
            }
        }
        drop(local);
        drop(pool);
        settle(&subject);
        Reading::ns(tally.ns_per_op())
    })
}

fn producer<'a, S: Handoff>(
    subject: &'a S,
    pool: &'a S::Pool<Payload>,
    ring: &'a Ring<S>,
) -> impl FnMut(u64, &Signal) -> u64 + use<'a, S> {
    let (mut published, mut taken) = (0, 0);
    move |n, signal: &Signal| {
        for done in 0..n {
            if published - taken == SLOTS {
                // Release, paired with the Acquire in `wait`.
                ring.published.store(published, Ordering::Release);
                let Some(now) = wait(&ring.taken, taken, signal) else {
                    return done;
                };
                taken = now;
            }
            subject.publish(pool, ring.slot(published), black_box([done; 6]));
            published += 1;
            if published % STRIDE == 0 {
                ring.published.store(published, Ordering::Release); // as above
            }
        }
        ring.published.store(published, Ordering::Release); // as above
        n
    }
}

fn consumer<'a, S: Handoff>(
    subject: &'a S,
    pool: &'a S::Pool<Payload>,
    ring: &'a Ring<S>,
) -> impl FnMut(u64, &Signal) -> u64 + use<'a, S> {
    let mut local = subject.local();
    let (mut published, mut taken) = (0, 0);
    move |n, signal: &Signal| {
        for done in 0..n {
            if published == taken {
                // Release, paired with the Acquire in `wait`.
                ring.taken.store(taken, Ordering::Release);
                let Some(now) = wait(&ring.published, published, signal) else {
                    return done;
                };
                published = now;
            }
            black_box(subject.take(&mut local, pool, ring.slot(taken), |item| item[0]));
            taken += 1;
            if taken % STRIDE == 0 {
                ring.taken.store(taken, Ordering::Release); // as above
            }
        }
        ring.taken.store(taken, Ordering::Release); // as above
        n
    }
}
