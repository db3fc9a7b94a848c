//! What only hash maps are asked for: updates, many keys at once, visits of all entries.

use crate::measure::{self, Crew, Signal, Window};
use crate::subjects::maps::Map;
use crate::suite::{Reading, Subject};
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::keys::{Draw, Skew, belongs, key, updated, value};
use crate::suites::maps::verdict::Verdict;
use crate::suites::maps::work::{filled, seasoned};
use crate::suites::maps::{check_shared, rate};

/// Half look up, half update; every key is there.
pub(super) fn update<M: Map<u64>>(skew: Skew, n: u64, threads: usize) -> Subject {
    check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let readings = run_updates::<M>(window, skew, n, threads);
        M::settle();
        readings
    })
}

fn run_updates<M: Map<u64>>(window: Window, skew: Skew, n: u64, threads: usize) -> Vec<Reading> {
    let (map, run) = kept(Use::Update, n, || seasoned::<M>(n));
    let verdict = Verdict::new::<u64, M>();
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

/// Lookups of keys that are there, so many at once, by one thread; each key is an operation.
pub(super) fn many<M: Map<u64>>(n: u64, at_once: usize, name: &'static str) -> Subject {
    Subject::new(name, move |window| {
        let (map, run) = kept(Use::Read, n, || filled::<M>(n));
        let verdict = Verdict::new::<u64, M>();
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
        let verdict = Verdict::new::<u64, M>();
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
