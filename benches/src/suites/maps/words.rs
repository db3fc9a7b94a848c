//! Words as keys: lookups, a mixture, and words that come and go.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::kept::{Use, kept};
use super::keys::{Draw, Skew};
use super::verdict::{Half, Verdict};
use super::work::Churning;
use super::{list, rate};
use crate::measure::{self, Crew, Signal};
use crate::subjects::points::Points;
use crate::suite::Subject;

/// The list in an order of its own, the same in every run.
pub(in crate::suites) static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words = list::words();
    words.shuffle(&mut SmallRng::seed_from_u64(1));
    words
});

/// How many there are.
pub(in crate::suites) fn number() -> usize {
    WORDS.len()
}

/// A map with each `step`-th word and its number.
pub(in crate::suites) fn filled<M: Points<String>>(step: usize) -> M {
    let map = M::new();
    let local = map.local(1);
    for (number, word) in (0..).zip(&*WORDS).step_by(step) {
        assert!(M::insert(&local.pin(), word.clone(), number));
    }
    drop(local);
    map
}

/// Lookups of words that are there.
pub(in crate::suites) fn get<M: Points<String>>(threads: usize) -> Subject {
    super::check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let n = WORDS.len() as u64;
        let (map, run) = kept(Use::Read, n, || filled::<M>(1));
        let verdict = Verdict::new::<String, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (map.local(threads), &verdict);
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            measure::each(move || {
                let (number, _) = draw.next();
                let found = M::get(&map.pin(), &WORDS[number as usize]);
                verdict.check(found == Some(number), number);
            })
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}

/// Half look up, a quarter add, a quarter remove; any word may be there or not.
pub(in crate::suites) fn mix<M: Points<String>>(threads: usize) -> Subject {
    super::check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let n = WORDS.len() as u64;
        let (map, run) = kept(Use::Mix, n, || filled::<M>(2));
        let verdict = Verdict::new::<String, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (map.local(threads), &verdict);
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            let mut half = Half::new(M::NAME);
            measure::each(move || {
                let (number, percentage) = draw.next();
                let word = &WORDS[number as usize];
                let pin = map.pin();
                half.note(match percentage {
                    0..50 => {
                        let found = M::get(&pin, word);
                        verdict.check(found.is_none_or(|v| v == number), number);
                        found.is_some()
                    }
                    50..75 => M::insert(&pin, word.clone(), number),
                    _ => M::remove(&pin, word),
                });
            })
        });
        let readings = verdict.on(rate(measure::run_alone(window, &crew), window));
        M::settle();
        readings
    })
}

/// Each thread removes its oldest word and adds the one that was away for longest; half of all are
/// there.
pub(in crate::suites) fn churn<M: Points<String>>(threads: usize) -> Subject {
    super::check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let n = WORDS.len() as u64;
        // Of the words whose numbers leave the same rest, the thread has `own` in the map.
        let each = n / threads as u64;
        let own = each / 2;
        let all = threads as u64;
        let number = move |thread: usize, i: u64| (i % each) * all + thread as u64;
        let (churning, _) = kept(Use::Churn(threads), n, || {
            let map = M::new();
            let local = map.local(1);
            for i in 0..own {
                for number in (0..threads).map(|thread| number(thread, i)) {
                    let word = WORDS[number as usize].clone();
                    assert!(M::insert(&local.pin(), word, number));
                }
            }
            drop(local);
            Churning::new(map, threads)
        });
        let verdict = Verdict::new::<String, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (churning.map.local(threads), &verdict);
            let added: &CachePadded<AtomicU64> = &churning.added[thread];
            move |count, _: &Signal| {
                // No one else writes it.
                let from = added.load(Ordering::Relaxed);
                let pairs = count / 2;
                for i in from..from + pairs {
                    let (oldest, new) = (number(thread, i), number(thread, i + own));
                    verdict.check(M::remove(&map.pin(), &WORDS[oldest as usize]), oldest);
                    let word = WORDS[new as usize].clone();
                    verdict.check(M::insert(&map.pin(), word, new), new);
                }
                added.store(from + pairs, Ordering::Relaxed);
                2 * pairs
            }
        });
        let readings = verdict.on(rate(measure::run_alone(window, &crew), window));
        M::settle();
        readings
    })
}
