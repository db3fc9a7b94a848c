//! Suite `hash`: concurrent hash maps.

mod bytes;
mod grow;
mod kept;
mod keys;
pub mod list;
mod verdict;
mod words;
mod work;

use std::time::Duration;

use crate::measure::{Tally, Window};
use crate::subjects::maps::{
    Boxed, Dashmap, Flurry, Inline, Key, KovanMap, Leapfrog, MANY, Map, Papaya, RwLockStd, Scc,
    SccIndex, Std,
};
use crate::suite::{Case, Reading, Subject, Suite, Tier, Unit, subjects};
use bytes::bytes;
use grow::{grow, latency};
use keys::Skew;
use work::{Work, iterate, many, work};

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
            Inline, Boxed<u64>, Papaya<u64>, Dashmap<u64>, Scc<u64>, SccIndex<u64>, Leapfrog<u64>,
        ];
        // These take longer to be filled than all the others together.
        let slow = subjects![$make($($arg),*); Flurry<u64>, KovanMap<u64>, RwLockStd<u64>];
        all.extend(slow.into_iter().map(Subject::slow));
        if $threads == 1 {
            all.extend(subjects![$make($($arg),*); Std<u64>]);
        }
        all
    }};
}

/// All the maps whose keys are words.
macro_rules! word_maps {
    ($make:path, $threads:expr) => {{
        use $make as make;
        let mut all = subjects![make($threads);
            Boxed<String>, Papaya<String>, Dashmap<String>, Scc<String>, SccIndex<String>, Flurry<String>,
            KovanMap<String>, RwLockStd<String>,
        ];
        if $threads == 1 {
            all.extend(subjects![make($threads); Std<String>]);
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
    cases.push(case(
        "latency of inserts while growing to 10M keys",
        2,
        10_000_000,
        Tier::Full,
        maps![latency(10_000_000, 2), 2],
    ));
    cases.push(case(
        "bytes an entry, 1k to 8M keys",
        1,
        0,
        Tier::Full,
        maps![bytes(), 1],
    ));
    for n in [100_000, 1_000_000] {
        let name = format!("iterate, {} keys", short(n));
        cases.push(case(&name, 1, n, Tier::Full, maps![iterate(n), 1]));
    }
    for n in [1_000_000, 10_000_000] {
        let name = format!("get {MANY} at once, hits, {} keys", short(n));
        cases.push(case(&name, 1, n, Tier::Full, many_maps(n)));
    }
    cases.extend(word_cases());
    cases
}

/// Ours, with many keys at once and one by one; the reference one by one.
fn many_maps(n: u64) -> Vec<Subject> {
    vec![
        many::<Inline>(n, MANY, "InlineHashMap"),
        many::<Inline>(n, 1, "InlineHashMap/one by one"),
        many::<Boxed<u64>>(n, MANY, "HashMap"),
        many::<Boxed<u64>>(n, 1, "HashMap/one by one"),
        many::<Dashmap<u64>>(n, 1, "dashmap"),
    ]
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
                let name = format!("{}{zipf}, {} keys", kind.name(), short(n));
                let mut maps = maps![work(kind, skew, n, threads), threads];
                if kind == Work::Churn {
                    // Not fit for it: see its `RELIABLE`.
                    maps.retain(|map| map.name != Leapfrog::<u64>::NAME);
                }
                cases.push(case(&name, threads, n, tier(usual && wanted), maps));
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
            let name = format!("grow to {} keys", short(n));
            let tier = tier(n == 1_000_000 && threads <= 2);
            cases.push(case(
                &name,
                threads,
                n,
                tier,
                maps![grow(n, threads), threads],
            ));
        }
    }
    cases
}

fn word_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let n = words::number() as u64;
    for threads in [1, 2, 8] {
        let mut add = |name: &str, maps| cases.push(case(name, threads, n, Tier::Full, maps));
        add("words: get, hits", word_maps![words::get, threads]);
        let name = "words: 50/25/25 get/insert/remove";
        add(name, word_maps![words::mix, threads]);
        let name = "words: count those of a text";
        add(name, word_maps![words::count, threads]);
    }
    cases
}

fn case(name: &str, threads: usize, n: u64, tier: Tier, subjects: Vec<Subject>) -> Case {
    Case {
        name: name.to_owned(),
        threads,
        keys: usize::try_from(n).unwrap_or(usize::MAX),
        tier,
        stretch: 1,
        reference: REFERENCE,
        subjects,
    }
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
/// several. Of more threads than processors some may come to run only when the window has closed;
/// they count as if they had been there.
#[allow(clippy::cast_precision_loss)] // far below 2^52
fn rate(tally: Tally, window: Window) -> Vec<Reading> {
    if tally.threads == 1 {
        return Reading::ns(tally.ns_per_op());
    }
    let whole = tally.ops as f64 / window.time.as_secs_f64();
    let value = tally.per_second().min(whole);
    vec![Reading::new("", Unit::PerSecond, value)]
}

/// The same of a job that all threads did together.
#[allow(clippy::cast_precision_loss)] // far below 2^52
fn pace(ops: u64, time: Duration, threads: usize) -> Vec<Reading> {
    let (ops, seconds) = (ops as f64, time.as_secs_f64());
    match threads {
        1 => Reading::ns(seconds * 1e9 / ops),
        _ => vec![Reading::new("", Unit::PerSecond, ops / seconds)],
    }
}
