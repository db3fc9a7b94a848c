//! Visits of many entries in order.

use std::hint::black_box;

use crate::measure::{self, Crew, Signal};
use crate::subjects::ordered::{Key, Ordered, Points, Reverse};
use crate::suite::Subject;
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::keys::{Draw, Skew, key, value};
use crate::suites::maps::verdict::Verdict;
use crate::suites::maps::words::WORDS;
use crate::suites::maps::work::filled;
use crate::suites::maps::{check_shared, rate, words};

/// In which direction.
pub(super) trait Way<K: Key, M: Points<K>>: Copy + Sync + 'static {
    /// Visits `count` entries, the first of them that of `from`.
    fn visit(self, pin: &M::Pin<'_>, from: &K::Query, count: usize, f: impl FnMut(&K::Query, u64));
}

/// Ascending.
#[derive(Clone, Copy)]
pub(super) struct Up;

impl<K: Key, M: Ordered<K>> Way<K, M> for Up {
    #[inline]
    fn visit(self, pin: &M::Pin<'_>, from: &K::Query, count: usize, f: impl FnMut(&K::Query, u64)) {
        M::scan(pin, from, count, f);
    }
}

/// Descending.
#[derive(Clone, Copy)]
pub(super) struct Down;

impl<K: Key, M: Reverse<K>> Way<K, M> for Down {
    #[inline]
    fn visit(self, pin: &M::Pin<'_>, from: &K::Query, count: usize, f: impl FnMut(&K::Query, u64)) {
        M::scan_back(pin, from, count, f);
    }
}

/// Scans of `count` entries from a key that is there, drawn at random, in a map of `n`; each scan is an
/// operation, and adds up keys and values. Fewer entries where the map ends.
pub(super) fn scan<M: Points<u64>>(
    way: impl Way<u64, M>,
    n: u64,
    count: usize,
    threads: usize,
) -> Subject {
    check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let (map, run) = kept(Use::Read, n, || filled::<M>(n));
        let verdict = Verdict::new::<u64, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (map.local(threads), &verdict);
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            measure::each(move || {
                let from = key(2 * draw.next().0);
                let (mut first, mut keys, mut sum, mut expected) = (None, 0u64, 0u64, 0u64);
                way.visit(&map.pin(), &from, count, |&k, v| {
                    first = first.or(Some(k));
                    keys = keys.wrapping_add(k);
                    sum = sum.wrapping_add(v);
                    expected = expected.wrapping_add(value(k));
                });
                black_box(keys);
                verdict.check(first == Some(from) && sum == expected, from);
            })
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}

/// Scans of 100 words from one drawn at random.
pub(super) fn scan_words<M: Ordered<String>>(threads: usize) -> Subject {
    check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let n = WORDS.len() as u64;
        let (map, run) = kept(Use::Read, n, || words::filled::<M>(1));
        let verdict = Verdict::new::<String, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (map.local(threads), &verdict);
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            measure::each(move || {
                let number = draw.next().0;
                let (mut first, mut sum) = (None, 0u64);
                M::scan(&map.pin(), &WORDS[number as usize], 100, |word, v| {
                    first = first.or(Some(v));
                    let letter = word.as_bytes().last().copied();
                    sum = sum.wrapping_add(v).wrapping_add(letter.unwrap_or(0).into());
                });
                black_box(sum);
                verdict.check(first == Some(number), number);
            })
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}

/// Whole visits of `n` entries by one thread, each entry an operation.
pub(super) fn iterate<M: Ordered<u64>>(n: u64) -> Subject {
    Subject::new(M::NAME, move |window| {
        let (map, _) = kept(Use::Read, n, || filled::<M>(n));
        let sums = |sum: (u64, u64), k: u64, v: u64| (sum.0.wrapping_add(k), sum.1.wrapping_add(v));
        let expected = (0..n)
            .map(|i| key(2 * i))
            .fold((0, 0), |sum, k| sums(sum, k, value(k)));
        let verdict = Verdict::new::<u64, M>();
        let crew = Crew::new(1, |_| {
            let (map, verdict) = (map.local(1), &verdict);
            move |_, _: &Signal| {
                let mut sum = (0, 0);
                M::each(&map.pin(), |&k, v| sum = sums(sum, k, v));
                verdict.check(sum == expected, sum.0);
                n
            }
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}
