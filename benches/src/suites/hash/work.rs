//! What threads do with a filled map, over and over.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use super::kept::{Use, kept};
use super::keys::{Draw, Skew, belongs, key, updated, value};
use super::rate;
use super::verdict::{Half, Verdict};
use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::maps::Map;
use crate::suite::{Reading, Subject};

/// A mixture of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Lookups of keys that are there.
    Hits,
    /// Lookups of keys that are not.
    Misses,
    /// So many of a hundred operations look up, the others add or remove; any key may be there or
    /// not, so that half of them succeed.
    Gets(u64),
    /// Half look up, half update; every key is there.
    Update,
    /// Each thread removes its oldest entry and adds a new one, two operations.
    Churn,
}

impl Work {
    /// The name in that of the case.
    pub(super) fn name(self) -> String {
        match self {
            Work::Hits => "get, hits".to_owned(),
            Work::Misses => "get, misses".to_owned(),
            Work::Gets(gets) => {
                let writes = (100 - gets) / 2;
                format!("{gets}/{writes}/{writes} get/insert/remove")
            }
            Work::Update => "50/50 get/update".to_owned(),
            Work::Churn => "remove oldest, insert new".to_owned(),
        }
    }

    /// Whether it asks for keys at random.
    pub(super) fn draws(self) -> bool {
        self != Work::Churn
    }
}

/// A map of `n` entries at work.
pub(super) fn work<M: Map<u64>>(work: Work, skew: Skew, n: u64, threads: usize) -> Subject {
    super::check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let readings = match work {
            Work::Hits => get::<M>(window, skew, n, threads, true),
            Work::Misses => get::<M>(window, skew, n, threads, false),
            Work::Gets(gets) => mix::<M>(window, skew, n, threads, gets),
            Work::Update => update::<M>(window, skew, n, threads),
            Work::Churn => churn::<M>(window, n, threads),
        };
        M::settle();
        readings
    })
}

/// A map of the `n` even keys.
pub(super) fn filled<M: Map<u64>>(n: u64) -> M {
    let map = M::new();
    for i in 0..n {
        let key = key(2 * i);
        assert!(M::insert(&map.pin(), key, value(key)));
    }
    map
}

/// The same after a million and more of writes, so that what a map put off when it grew is done.
fn seasoned<M: Map<u64>>(n: u64) -> M {
    let map = filled::<M>(n);
    let rounds = 1_000_000u64.div_ceil(2 * n);
    for i in (0..rounds).flat_map(|_| 0..n) {
        let key = key(2 * i);
        assert!(M::remove(&map.pin(), &key));
        assert!(M::insert(&map.pin(), key, value(key)));
    }
    map
}

fn get<M: Map<u64>>(
    window: Window,
    skew: Skew,
    n: u64,
    threads: usize,
    hits: bool,
) -> Vec<Reading> {
    let (map, run) = kept(Use::Read, n, || filled::<M>(n));
    let verdict = Verdict::new::<M>();
    let crew = Crew::new(threads, |thread| {
        let (map, verdict) = (&*map, &verdict);
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

/// Lookups of keys that are there, so many at once, by one thread; each key is an operation.
pub(super) fn many<M: Map<u64>>(n: u64, at_once: usize, name: &'static str) -> Subject {
    Subject::new(name, move |window| {
        let (map, run) = kept(Use::Read, n, || filled::<M>(n));
        let verdict = Verdict::new::<M>();
        let crew = Crew::new(1, |thread| {
            let (map, verdict) = (&*map, &verdict);
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), 1);
            let mut keys = vec![0; at_once];
            let mut values = vec![None; at_once];
            move |count: u64, _: &Signal| {
                let batches = count.div_ceil(at_once as u64);
                for _ in 0..batches {
                    keys.fill_with(|| key(2 * draw.next().0));
                    match (keys.as_slice(), values.as_mut_slice()) {
                        ([one], [found]) => *found = M::get(&map.pin(), one),
                        (keys, values) => M::get_many(&map.pin(), keys, values),
                    }
                    for (&key, found) in keys.iter().zip(&values) {
                        verdict.check(*found == Some(value(key)), key);
                    }
                }
                batches * at_once as u64
            }
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}

/// Whole visits of `n` entries by one thread, each entry an operation.
pub(super) fn iterate<M: Map<u64>>(n: u64) -> Subject {
    Subject::new(M::NAME, move |window| {
        let (map, _) = kept(Use::Read, n, || filled::<M>(n));
        let expected = (0..n).fold(0, |sum: u64, i| sum.wrapping_add(value(key(2 * i))));
        let verdict = Verdict::new::<M>();
        let crew = Crew::new(1, |_| {
            let (map, verdict) = (&*map, &verdict);
            move |_, _: &Signal| {
                let mut sum = 0u64;
                M::each(&map.pin(), |_, v| sum = sum.wrapping_add(v));
                verdict.check(sum == expected, sum);
                n
            }
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}

fn mix<M: Map<u64>>(window: Window, skew: Skew, n: u64, threads: usize, gets: u64) -> Vec<Reading> {
    let (map, run) = kept(Use::Mix, n, || seasoned::<M>(n));
    let inserts = gets + (100 - gets) / 2;
    let verdict = Verdict::new::<M>();
    let crew = Crew::new(threads, |thread| {
        let (map, verdict) = (&*map, &verdict);
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

fn update<M: Map<u64>>(window: Window, skew: Skew, n: u64, threads: usize) -> Vec<Reading> {
    let (map, run) = kept(Use::Update, n, || seasoned::<M>(n));
    let verdict = Verdict::new::<M>();
    let crew = Crew::new(threads, |thread| {
        let (map, verdict) = (&*map, &verdict);
        let mut draw = Draw::new(skew, n, (run, thread), threads);
        measure::each(move || {
            let (number, percentage) = draw.next();
            let key = key(2 * number);
            let pin = map.pin();
            if percentage < 50 {
                let right = match M::get(&pin, &key) {
                    Some(v) => belongs(v, key),
                    None => !M::FINDS_UPDATED,
                };
                verdict.check(right, key);
            } else {
                verdict.check(M::update(&pin, &key, updated), key);
            }
        })
    });
    verdict.on(rate(measure::run_alone(window, &crew), window))
}

/// A map, and how many entries each thread has added to it since it was filled.
struct Churning<M> {
    map: M,
    added: Vec<CachePadded<AtomicU64>>,
}

fn churn<M: Map<u64>>(window: Window, n: u64, threads: usize) -> Vec<Reading> {
    let (churning, _) = kept(Use::Churn(threads), n, || Churning {
        // As many for each thread: what is left over would be in the way of new ones.
        map: seasoned::<M>(n / threads as u64 * threads as u64),
        added: (0..threads).map(|_| CachePadded::default()).collect(),
    });
    let verdict = Verdict::new::<M>();
    let crew = Crew::new(threads, |thread| {
        let (Churning { map, added }, verdict) = (&*churning, &verdict);
        // Of the numbers that leave the same rest, the thread has `own` in the map at all times.
        let (own, threads) = (n / threads as u64, threads as u64);
        let number = move |i: u64| 2 * (i * threads + thread as u64);
        let added: &CachePadded<AtomicU64> = &added[thread];
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
