//! What threads do with the entries of a filled map, over and over.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use super::kept::{Use, kept};
use super::keys::{Draw, Skew, key, value};
use super::rate;
use super::verdict::{Half, Verdict};
use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::points::Points;
use crate::suite::{Reading, Subject};

/// A mixture of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::suites) enum Work {
    /// Lookups of keys that are there.
    Hits,
    /// Lookups of keys that are not.
    Misses,
    /// So many of a hundred operations look up, the others add or remove; any key may be there or
    /// not, so that half of them succeed.
    Gets(u64),
    /// Each thread removes its oldest entry and adds a new one, two operations.
    Churn,
}

impl Work {
    /// The name in that of the case.
    pub(in crate::suites) fn name(self) -> String {
        match self {
            Work::Hits => "get, hits".to_owned(),
            Work::Misses => "get, misses".to_owned(),
            Work::Gets(gets) => {
                let writes = (100 - gets) / 2;
                format!("{gets}/{writes}/{writes} get/insert/remove")
            }
            Work::Churn => "remove oldest, insert new".to_owned(),
        }
    }

    /// Whether it asks for keys at random.
    pub(in crate::suites) fn draws(self) -> bool {
        self != Work::Churn
    }
}

/// A map of `n` entries at work.
pub(in crate::suites) fn work<M: Points<u64>>(
    work: Work,
    skew: Skew,
    n: u64,
    threads: usize,
) -> Subject {
    super::check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let readings = match work {
            Work::Hits => get::<M>(window, skew, n, threads, true),
            Work::Misses => get::<M>(window, skew, n, threads, false),
            Work::Gets(gets) => mix::<M>(window, skew, n, threads, gets),
            Work::Churn => churn::<M>(window, n, threads),
        };
        M::settle();
        readings
    })
}

/// A map of the `n` even keys.
pub(in crate::suites) fn filled<M: Points<u64>>(n: u64) -> M {
    let map = M::new();
    let local = map.local(1);
    for i in 0..n {
        let key = key(2 * i);
        assert!(M::insert(&local.pin(), key, value(key)));
    }
    drop(local);
    map
}

/// The same after a million and more of writes, so that what a map put off when it grew is done.
pub(in crate::suites) fn seasoned<M: Points<u64>>(n: u64) -> M {
    let map = filled::<M>(n);
    let local = map.local(1);
    let rounds = 1_000_000u64.div_ceil(2 * n);
    for i in (0..rounds).flat_map(|_| 0..n) {
        let key = key(2 * i);
        assert!(M::remove(&local.pin(), &key));
        assert!(M::insert(&local.pin(), key, value(key)));
    }
    drop(local);
    map
}

fn get<M: Points<u64>>(
    window: Window,
    skew: Skew,
    n: u64,
    threads: usize,
    hits: bool,
) -> Vec<Reading> {
    let (map, run) = kept(Use::Read, n, || filled::<M>(n));
    let verdict = Verdict::new::<u64, M>();
    let crew = Crew::new(threads, |thread| {
        let (map, verdict) = (map.local(threads), &verdict);
        let mut draw = Draw::new(skew, n, (run, thread), threads);
        let odd = u64::from(!hits);
        measure::each(move || {
            let key = key(2 * draw.next().0 + odd);
            let found = M::get(&map.pin(), &key);
            verdict.check(found == hits.then(|| value(key)), key);
        })
    });
    verdict.on(rate(measure::run_alone(window, &crew), window))
}

fn mix<M: Points<u64>>(
    window: Window,
    skew: Skew,
    n: u64,
    threads: usize,
    gets: u64,
) -> Vec<Reading> {
    let (map, run) = kept(Use::Mix, n, || seasoned::<M>(n));
    let inserts = gets + (100 - gets) / 2;
    let verdict = Verdict::new::<u64, M>();
    let crew = Crew::new(threads, |thread| {
        let (map, verdict) = (map.local(threads), &verdict);
        let mut draw = Draw::new(skew, 2 * n, (run, thread), threads);
        let mut half = Half::new(M::NAME);
        measure::each(move || {
            let (number, percentage) = draw.next();
            let key = key(number);
            let pin = map.pin();
            half.note(if percentage < gets {
                let found = M::get(&pin, &key);
                verdict.check(found.is_none_or(|v| v == value(key)), key);
                found.is_some()
            } else if percentage < inserts {
                M::insert(&pin, key, value(key))
            } else {
                M::remove(&pin, &key)
            });
        })
    });
    verdict.on(rate(measure::run_alone(window, &crew), window))
}

/// A map, and how many entries each thread has added to it since it was filled.
pub(super) struct Churning<M> {
    pub(super) map: M,
    pub(super) added: Vec<CachePadded<AtomicU64>>,
}

impl<M> Churning<M> {
    /// Nothing was added.
    pub(super) fn new(map: M, threads: usize) -> Self {
        let added = (0..threads).map(|_| CachePadded::default()).collect();
        Churning { map, added }
    }
}

fn churn<M: Points<u64>>(window: Window, n: u64, threads: usize) -> Vec<Reading> {
    let (churning, _) = kept(Use::Churn(threads), n, || {
        // As many for each thread: what is left over would be in the way of new ones.
        let all = n / threads as u64 * threads as u64;
        Churning::new(seasoned::<M>(all), threads)
    });
    let verdict = Verdict::new::<u64, M>();
    let crew = Crew::new(threads, |thread| {
        let (map, verdict) = (churning.map.local(threads), &verdict);
        // Of the numbers that leave the same rest, the thread has `own` in the map at all times.
        let (own, threads) = (n / threads as u64, threads as u64);
        let number = move |i: u64| 2 * (i * threads + thread as u64);
        let added: &CachePadded<AtomicU64> = &churning.added[thread];
        move |count, _: &Signal| {
            // No one else writes it.
            let from = added.load(Ordering::Relaxed);
            let pairs = count / 2;
            for i in from..from + pairs {
                let (oldest, new) = (key(number(i)), key(number(i + own)));
                verdict.check(M::remove(&map.pin(), &oldest), oldest);
                verdict.check(M::insert(&map.pin(), new, value(new)), new);
            }
            added.store(from + pairs, Ordering::Relaxed);
            2 * pairs
        }
    });
    verdict.on(rate(measure::run_alone(window, &crew), window))
}
