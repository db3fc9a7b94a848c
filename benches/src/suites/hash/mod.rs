//! Suite `hash`: concurrent hash maps.

mod grow;
mod kept;
mod keys;
mod work;

use crate::measure::Tally;
use crate::subjects::maps::{
    Dashmap, Flurry, Key, KovanMap, Leapfrog, Map, Papaya, RwLockStd, Scc, SccIndex, Std,
};
use crate::suite::{Case, Reading, Suite, Tier, Unit, subjects};
use grow::grow;
use keys::Skew;
use work::{Work, work};

pub(super) const SUITE: Suite = Suite {
    name: "hash",
    about: "concurrent hash maps: lookups, mixtures, growth, memory, words",
    cases,
};

/// The subject that the others are set against.
const REFERENCE: &str = "dashmap";

/// Entries. Those of the default run are the third: far more than the caches hold.
const SIZES: [u64; 4] = [1_000, 100_000, 1_000_000, 10_000_000];

const THREADS: [usize; 4] = [1, 2, 8, 64];

/// All the maps whose keys are numbers, each measured by the same generic function.
macro_rules! maps {
    ($make:ident($($arg:expr),*), $threads:expr) => {{
        let mut all = subjects![$make($($arg),*);
            Papaya<u64>, Dashmap<u64>, Scc<u64>, SccIndex<u64>, Flurry<u64>, KovanMap<u64>,
            Leapfrog<u64>, RwLockStd<u64>,
        ];
        if $threads == 1 {
            all.extend(subjects![$make($($arg),*); Std<u64>]);
        }
        all
    }};
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [
        Work::Hits,
        Work::Misses,
        Work::Gets(98),
        Work::Gets(50),
        Work::Update,
        Work::Churn,
    ] {
        cases.extend(work_cases(kind));
    }
    cases.extend(grow_cases());
    cases
}

/// A case of every size and number of threads; fewer of the largest, which take long to fill.
fn work_cases(kind: Work) -> Vec<Case> {
    let mut cases = Vec::new();
    for skew in [Skew::Uniform, Skew::Zipf] {
        for n in SIZES {
            for threads in THREADS {
                let large = n > 1_000_000;
                let drawn = skew == Skew::Uniform || kind.draws();
                let few = threads < 64 && matches!(kind, Work::Hits | Work::Gets(50));
                if !drawn || large && !few {
                    continue;
                }
                let usual = n == 1_000_000 && skew == Skew::Uniform;
                let zipf = if skew == Skew::Zipf { ", zipf" } else { "" };
                let wanted = match kind {
                    Work::Hits | Work::Gets(50) => threads <= 2,
                    Work::Update | Work::Churn => threads == 2,
                    _ => false,
                };
                cases.push(Case {
                    name: format!("{}{zipf}, {} keys", kind.name(), short(n)),
                    threads,
                    keys: usize::try_from(n).unwrap_or(usize::MAX),
                    tier: tier(usual && wanted),
                    stretch: 1,
                    reference: REFERENCE,
                    subjects: maps![work(kind, skew, n, threads), threads],
                });
            }
        }
    }
    cases
}

fn grow_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for n in SIZES {
        for threads in THREADS {
            // Of a few keys, the threads' start would take longer than the rest.
            if n < 100_000 && threads > 1 {
                continue;
            }
            cases.push(Case {
                name: format!("grow to {} keys", short(n)),
                threads,
                keys: usize::try_from(n).unwrap_or(usize::MAX),
                tier: tier(n == 1_000_000 && threads <= 2),
                stretch: 1,
                reference: REFERENCE,
                subjects: maps![grow(n, threads), threads],
            });
        }
    }
    cases
}

fn tier(wanted: bool) -> Tier {
    if wanted { Tier::Default } else { Tier::Full }
}

/// `1k`, `10M`.
fn short(n: u64) -> String {
    match n {
        1_000_000.. => format!("{}M", n / 1_000_000),
        _ => format!("{}k", n / 1_000),
    }
}

/// # Panics
/// If the map is for one thread and the case is not.
fn check_shared<K: Key, M: Map<K>>(threads: usize) {
    assert!(threads == 1 || M::SHARED, "{} is not shared", M::NAME);
}

/// The only figure of a measurement: nanoseconds an operation of one thread, operations a second of
/// several.
fn rate(tally: Tally) -> Vec<Reading> {
    match tally.threads {
        1 => Reading::ns(tally.ns_per_op()),
        _ => vec![Reading::new("", Unit::PerSecond, tally.per_second())],
    }
}
