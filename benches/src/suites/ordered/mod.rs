//! Suite `ordered`: concurrent ordered maps.

mod queue;
mod replace;
mod scan;
mod starts;

use super::maps::bytes::{self, bytes_ascending, bytes_of};
use super::maps::grow::{grow, latency};
use super::maps::keys::{Skew, ascending, key};
use super::maps::work::{Work, work};
use super::maps::{self, short, tier, words};
use crate::subjects::ordered::{
    Art, Base, Concurrent, Crossbeam, Masstree, OwnBTree, Radix, RwLockBTree, SccTree, Skip,
};
use crate::subjects::points::Points;
use crate::suite::{Case, Subject, Suite, Tier, subjects};
use queue::queue;
use replace::replace;
use scan::{Down, Up, iterate, scan, scan_words};
use starts::begin_alike;

pub(super) const SUITE: Suite = Suite {
    name: "ordered",
    about: "concurrent ordered maps: lookups, mixtures, scans, queues, growth, memory, words",
    cases,
};

/// The subject that the others are set against.
const REFERENCE: &str = "crossbeam-skiplist";

/// Entries. Those of the default run are the second: more than the caches hold.
const SIZES: [u64; 3] = [1_000, 1_000_000, 10_000_000];

const THREADS: [usize; 3] = [1, 2, 8];

/// Entries of a scan.
const LENGTHS: [usize; 3] = [10, 100, 1000];

/// What is told of latencies.
const QUANTILES: &[(&str, f64)] = &[("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// Some of the maps, each measured by the same generic function; one more for one thread.
macro_rules! some {
    ($make:ident $args:tt, $threads:expr; $($map:ty),+; slow: $($slow:ty),+; alone: $alone:ty) => {{
        let mut all = subjects![$make $args; $($map),+];
        // Close kin of others.
        all.extend(subjects![$make $args; $($slow),+].into_iter().map(Subject::slow));
        if $threads == 1 {
            all.extend(subjects![$make $args; $alone]);
        }
        all
    }};
}

/// All the maps whose keys are numbers.
macro_rules! maps {
    ($make:ident $args:tt, $threads:expr) => {
        some![$make $args, $threads;
            Skip<u64>, Radix<u64>, Crossbeam<u64>, SccTree<u64>, Art, Masstree<u64>, Concurrent<u64>;
            slow: Base<u64>, RwLockBTree<u64>; alone: OwnBTree<u64>]
    };
}

/// Those that can be visited in descending order.
macro_rules! reversible {
    ($make:ident $args:tt, $threads:expr) => {
        some![$make $args, $threads;
            Skip<u64>, Radix<u64>, Crossbeam<u64>, SccTree<u64>, Masstree<u64>, Concurrent<u64>;
            slow: Base<u64>, RwLockBTree<u64>; alone: OwnBTree<u64>]
    };
}

/// Those that can be popped from.
macro_rules! queues {
    ($make:ident $args:tt, $threads:expr) => {
        some![$make $args, $threads;
            Skip<u64>, Radix<u64>, Crossbeam<u64>, Concurrent<u64>;
            slow: Base<u64>, RwLockBTree<u64>; alone: OwnBTree<u64>]
    };
}

/// All the maps whose keys are words.
macro_rules! word_maps {
    ($make:path, $threads:expr) => {{
        use $make as make;
        some![make($threads), $threads;
            Skip<String>, Radix<String>, Crossbeam<String>, SccTree<String>, Masstree<String>, Concurrent<String>;
            slow: Base<String>, RwLockBTree<String>; alone: OwnBTree<String>]
    }};
}

/// Those whose scans of words are right: not masstree, see its `RELIABLE`.
macro_rules! word_scans {
    ($make:ident, $threads:expr) => {
        some![$make($threads), $threads;
            Skip<String>, Radix<String>, Crossbeam<String>, SccTree<String>, Concurrent<String>;
            slow: Base<String>, RwLockBTree<String>; alone: OwnBTree<String>]
    };
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [
        Work::Hits,
        Work::Misses,
        Work::Gets(98),
        Work::Gets(50),
        Work::Churn,
    ] {
        cases.extend(work_cases(kind));
    }
    cases.extend(replace_cases());
    cases.extend(scan_cases());
    cases.extend(queue_cases());
    cases.extend(grow_cases());
    for (name, maps) in [
        (bytes::NAME, maps![bytes_of("ordered"), 1]),
        (bytes::NAME_ASCENDING, maps![bytes_ascending("ordered"), 1]),
    ] {
        cases.push(case(name, 1, 0, Tier::Full, maps));
    }
    cases.extend(word_cases());
    cases
}

/// A case of every size and number of threads; fewer of the largest, which take long to fill.
fn work_cases(kind: Work) -> Vec<Case> {
    let mut cases = Vec::new();
    for n in SIZES {
        for threads in THREADS {
            if n > 1_000_000 && !matches!(kind, Work::Hits | Work::Gets(50)) {
                continue;
            }
            let wanted = match kind {
                Work::Hits => threads <= 2,
                Work::Gets(50) => threads == 2,
                _ => false,
            };
            let name = format!("{}, {} keys", kind.name(), short(n));
            let maps = maps![work(kind, Skew::Uniform, n, threads), threads];
            cases.push(case(
                &name,
                threads,
                n,
                tier(wanted && n == 1_000_000),
                maps,
            ));
        }
    }
    cases
}

/// One hot key; a thread of two writes, and two of eight.
fn replace_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for n in [1_000, 1_000_000] {
        for (threads, writers) in [(2, 1), (8, 2)] {
            let name = format!(
                "replace one key in {} of {threads} threads, get it in others, {} keys",
                writers,
                short(n)
            );
            let maps = maps![replace(n, threads, writers), threads];
            cases.push(case(&name, threads, n, Tier::Full, maps));
        }
    }
    cases
}

fn scan_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for n in SIZES {
        for length in LENGTHS {
            for threads in THREADS {
                if n > 1_000_000 && (length, threads) != (100, 1) {
                    continue;
                }
                let wanted = n == 1_000_000 && length == 100 && threads == 1;
                let name = format!("scan of {length}, {} keys", short(n));
                let maps = maps![scan(Up, n, length, threads), threads];
                cases.push(case(&name, threads, n, tier(wanted), maps));
                let name = format!("scan of {length} backward, {} keys", short(n));
                let maps = reversible![scan(Down, n, length, threads), threads];
                cases.push(case(&name, threads, n, Tier::Full, maps));
            }
        }
        let name = format!("iterate, {} keys", short(n));
        cases.push(case(&name, 1, n, Tier::Full, maps![iterate(n), 1]));
    }
    cases
}

fn queue_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for n in [1_000, 1_000_000] {
        for threads in THREADS {
            let name = format!("pop first, insert a greater, {} keys", short(n));
            let maps = queues![queue(n, threads), threads];
            cases.push(case(&name, threads, n, Tier::Full, maps));
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
            let wanted = n == 1_000_000 && threads == 1;
            let name = format!("grow to {} keys", short(n));
            let maps = maps![grow(n, threads, key), threads];
            cases.push(case(&name, threads, n, tier(wanted), maps));
            let name = format!("grow to {} ascending keys", short(n));
            let maps = maps![grow(n, threads, ascending), threads];
            cases.push(case(&name, threads, n, Tier::Full, maps));
        }
    }
    for n in [1_000_000, 10_000_000] {
        let name = format!("latency of inserts while growing to {} keys", short(n));
        let maps = maps![latency(n, 8, QUANTILES), 8];
        cases.push(case(&name, 8, n, Tier::Full, maps));
    }
    cases
}

fn word_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let n = words::number() as u64;
    for threads in THREADS {
        let mut add = |name: &str, maps| cases.push(case(name, threads, n, Tier::Full, maps));
        add("words: get, hits", word_maps![words::get, threads]);
        let name = "words: 50/25/25 get/insert/remove";
        add(name, word_maps![words::mix, threads]);
        let name = "words: remove oldest, insert new";
        add(name, word_maps![words::churn, threads]);
        add("words: scan of 100", word_scans![scan_words, threads]);
        let name = "words: all with a prefix";
        add(name, word_scans![begin_alike, threads]);
        if threads == 1 {
            add(bytes::NAME_WORDS, word_maps![bytes_of_words, threads]);
        }
    }
    cases
}

fn bytes_of_words<M: Points<String>>(_: usize) -> Subject {
    bytes::bytes_of_words::<M>("ordered")
}

fn case(name: &str, threads: usize, n: u64, tier: Tier, subjects: Vec<Subject>) -> Case {
    maps::case(REFERENCE, name, threads, n, tier, subjects)
}
