//! Suite `table`: a real table of IPv4 prefixes behind one atomic pointer. Readers look random
//! addresses up, each in a section of its own, while one writer publishes a new version as soon as
//! the last one is out. Every answer is checked.

mod fib;

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::measure::{self, Crew, Signal, Window};
use crate::meter;
use crate::subjects::{
    ArcSwap, CrossbeamEpoch, Fenced, Global, Gus, Haphazard, Kovan, Private, Reclaim, RwLockArc,
    Sdd, Seize, Shelf, settle,
};
use crate::suite::{Case, Reading, Subject, Suite, Tier, Unit, subjects};
use crate::suites::prefixes::{self, Route};
use fib::{NOBODY, Table};

pub(super) const SUITE: Suite = Suite {
    name: "table",
    about: "IPv4 address to origin AS: lookups beside a writer that publishes new versions",
    cases,
};

/// The time between two samples of the memory.
const SAMPLE: Duration = Duration::from_millis(1);

/// Addresses that a reader goes through, over and over.
const ADDRESSES: usize = 1 << 16;

static ROUTES: LazyLock<Vec<Route<u32>>> = LazyLock::new(prefixes::ip4);

fn cases() -> Vec<Case> {
    [2, 7]
        .into_iter()
        .map(|readers| Case {
            name: format!("IPv4 to origin AS, {readers} readers and a writer"),
            threads: readers + 1,
            keys: ROUTES.len(),
            tier: if readers == 2 {
                Tier::Default
            } else {
                Tier::Full
            },
            stretch: 3,
            reference: "crossbeam-epoch",
            subjects: subjects![table(readers);
                Gus<Global>, Gus<Private>, Gus<Fenced>, CrossbeamEpoch, Seize, Haphazard, Sdd,
                Kovan, ArcSwap, RwLockArc,
            ],
        })
        .collect()
}

/// Random addresses and whom they belong to: most within a route, some anywhere.
fn questions(seed: u64) -> Vec<(u32, u32)> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let answer = |address: u32| {
        let after = ROUTES.partition_point(|r| r.first() <= address);
        let route = after.checked_sub(1).map(|i| ROUTES[i]);
        route
            .filter(|r| r.last() >= address)
            .map_or(NOBODY, Route::origin)
    };
    (0..ADDRESSES)
        .map(|i| {
            let address = if i % 8 == 0 {
                rng.random()
            } else {
                let route = ROUTES[rng.random_range(0..ROUTES.len())];
                rng.random_range(route.first()..=route.last())
            };
            (address, answer(address))
        })
        .collect()
}

fn table<S: Reclaim>(readers: usize) -> Subject {
    Subject::new(S::NAME, move |window: Window| {
        let subject = S::new();
        let before = meter::alive();
        let shelf = Shelf::new(&subject, 1, |_| Table::new(&ROUTES));
        let one_version = meter::alive() - before;
        let reading = Crew::new(readers, |i| {
            let mut local = subject.local();
            let (subject, cell) = (&subject, shelf.cell(0));
            let questions = questions(i as u64);
            let (mut at, mut newest) = (0, 0);
            measure::each(move || {
                let (address, expected) = questions[at % ADDRESSES];
                at += 1;
                let (version, origin) =
                    subject.read(&mut local, cell, |t| (t.version(), t.origin(address)));
                assert_eq!(
                    origin,
                    expected,
                    "{} answers wrong for {address:#010x}",
                    S::NAME
                );
                assert!(version >= newest, "{} went back in time", S::NAME);
                newest = version;
            })
        });
        let writing = Crew::new(1, |_| {
            let mut local = subject.local();
            let (subject, pool, cell) = (&subject, shelf.pool(), shelf.cell(0));
            // A step is one publish: 256 of them would outlast the end of the window by far.
            move |_, _: &Signal| {
                let next = subject.read(&mut local, cell, Table::next);
                subject.overwrite(&mut local, pool, cell, next);
                1
            }
        });
        let watch = |close: Instant| {
            let mut most = 0;
            while Instant::now() < close {
                thread::sleep(SAMPLE);
                most = most.max(meter::alive().saturating_sub(before));
            }
            most
        };
        let (lookups, publishes, most, ()) = measure::run(window, &reading, &writing, watch, || ());
        drop(shelf);
        settle(&subject);
        readings(
            lookups.per_second(),
            publishes.per_second(),
            most,
            one_version,
        )
    })
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn readings(lookups: f64, publishes: f64, most: u64, one_version: u64) -> Vec<Reading> {
    vec![
        Reading::new("lookups", Unit::PerSecond, lookups),
        Reading::new("publishes", Unit::PerSecond, publishes),
        Reading::new("most memory", Unit::Bytes, most as f64),
        Reading::new(
            "most memory beyond one version",
            Unit::Bytes,
            most.saturating_sub(one_version) as f64,
        ),
    ]
}
