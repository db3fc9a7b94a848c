//! From retire to drop in a program that goes idle, with the background reclaimer on.
//!
//! Now and then a thread retires a few items and goes to sleep; nobody else uses the zone. Only ours
//! has such a reclaimer: it is set against the bound that it is configured for.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use smr_core::{Atomic, Reclaimer, Zone};

use super::age::{self, Stamped};
use crate::measure::Window;
use crate::subjects::{Domain, Fenced, Global, Private};
use crate::suite::{Case, Reading, Subject, Tier, Unit, subjects};

/// The reclaimer's interval. It promises drops within about two of them.
const INTERVAL: Duration = Duration::from_millis(5);

/// Items that are retired at once: fewer than any bucket holds.
const ITEMS: u64 = 10;

/// From one burst of retires to the next.
const PAUSE: Duration = Duration::from_millis(13);

const BOUND: &str = "bound: 2 intervals";

pub(super) fn cases() -> Vec<Case> {
    let mut subjects = subjects![idle(); Global, Private, Fenced];
    subjects.push(Subject::new(BOUND, |_| {
        let bound = 2.0 * INTERVAL.as_secs_f64() * 1e9;
        ["p50", "p99", "p99.9", "most"]
            .map(|metric| Reading::new(metric, Unit::Nanoseconds, bound))
            .into()
    }));
    vec![Case {
        name: "retire to drop, idle, reclaimer each 5 ms".to_owned(),
        threads: 1,
        keys: 0,
        tier: Tier::Default,
        stretch: 3,
        reference: BOUND,
        subjects,
    }]
}

fn idle<D: Domain>() -> Subject {
    Subject::new(D::NAME, |window: Window| {
        let domain = D::new();
        let zone: Arc<Zone<Stamped>> = Arc::new(Zone::new_in(domain.smr()));
        let reclaimer = Reclaimer::new(INTERVAL).expect("the system has a thread to spare");
        reclaimer.watch(&zone);
        let burst = || {
            for seed in 0..ITEMS {
                let item = Atomic::new(zone.alloc(Stamped::new(seed)));
                let guard = domain.enter();
                let item = black_box(&item).load(Ordering::Acquire, &guard);
                // SAFETY: the item was just allocated, and the guard is of its zone's domain.
                unsafe { item.deref() }.retire();
                // SAFETY: of this zone, known to nobody else, and retired once.
                unsafe { zone.retire(item) };
            }
        };
        burst();
        thread::sleep(window.warm_up);
        age::open();
        let close = Instant::now() + window.time;
        // What is retired at the end still has its time, or its age at the close would flatter it.
        while Instant::now() + 4 * INTERVAL < close {
            burst();
            thread::sleep(PAUSE);
        }
        thread::sleep(close.saturating_duration_since(Instant::now()));
        age::close();
        drop(reclaimer);
        drop(zone);
        age::readings(&age::collect())
    })
}
