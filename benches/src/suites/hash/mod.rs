//! Suite `hash`: concurrent hash maps.

mod words;
mod work;

use super::maps::bytes::{self, bytes_of};
use super::maps::grow::{grow, latency};
use super::maps::keys::{Skew, key};
use super::maps::work::{Work, work};
use super::maps::{self, short, tier};
use crate::subjects::maps::{
    Boxed, Dashmap, Flurry, Inline, KovanMap, Leapfrog, MANY, Papaya, Points, RwLockStd, Scc,
    SccIndex, Std,
};
use crate::suite::{Case, Subject, Suite, Tier, subjects};
use work::{iterate, many, update};

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

/// What is told of latencies.
const QUANTILES: &[(&str, f64)] = &[("p50", 0.5), ("p99.999", 0.99999)];

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
    for points in [
        Some(Work::Hits),
        Some(Work::Misses),
        Some(Work::Gets(98)),
        Some(Work::Gets(50)),
        None,
        Some(Work::Churn),
    ] {
        cases.extend(work_cases(points));
    }
    cases.extend(grow_cases());
    cases.push(case(
        "latency of inserts while growing to 10M keys",
        2,
        10_000_000,
        Tier::Full,
        maps![latency(10_000_000, 2, QUANTILES), 2],
    ));
    cases.push(case(
        bytes::NAME,
        1,
        0,
        Tier::Full,
        maps![bytes_of("hash"), 1],
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

/// A case of every size and number of threads, of work with single entries or of updates; fewer of the
/// largest, which take long to fill.
fn work_cases(points: Option<Work>) -> Vec<Case> {
    let mut cases = Vec::new();
    for skew in [Skew::Uniform, Skew::Zipf] {
        for n in SIZES {
            for threads in THREADS {
                let large = n > 1_000_000;
                let drawn = skew == Skew::Uniform || points.is_none_or(Work::draws);
                let main = matches!(points, Some(Work::Hits | Work::Gets(50)));
                let few = threads < 64 && main;
                if !drawn || large && !few {
                    continue;
                }
                let usual = n == 1_000_000 && skew == Skew::Uniform;
                let zipf = if skew == Skew::Zipf { ", zipf" } else { "" };
                let wanted = match points {
                    Some(Work::Hits) => threads <= 2,
                    None | Some(Work::Gets(50) | Work::Churn) => threads == 2,
                    _ => false,
                };
                let name = points.map_or("50/50 get/update".to_owned(), Work::name);
                let name = format!("{name}{zipf}, {} keys", short(n));
                let mut maps = match points {
                    Some(points) => maps![work(points, skew, n, threads), threads],
                    None => maps![update(skew, n, threads), threads],
                };
                if points == Some(Work::Churn) {
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
            let tier = tier(n == 1_000_000 && threads == 1);
            cases.push(case(
                &name,
                threads,
                n,
                tier,
                maps![grow(n, threads, key), threads],
            ));
        }
    }
    cases
}

fn word_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let n = maps::words::number() as u64;
    for threads in [1, 2, 8] {
        let mut add = |name: &str, maps| cases.push(case(name, threads, n, Tier::Full, maps));
        add("words: get, hits", word_maps![maps::words::get, threads]);
        let name = "words: 50/25/25 get/insert/remove";
        add(name, word_maps![maps::words::mix, threads]);
        let name = "words: count those of a text";
        add(name, word_maps![words::count, threads]);
    }
    cases
}

fn case(name: &str, threads: usize, n: u64, tier: Tier, subjects: Vec<Subject>) -> Case {
    maps::case(REFERENCE, name, threads, n, tier, subjects)
}
