//! From an empty map to a full one, with all the growing in between.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::keys::{key, value};
use super::verdict::Verdict;
use crate::subjects::points::Points;
use crate::suite::{Reading, Subject, Unit};

/// Threads that add the keys of `n` numbers to an empty map, again and again until the window's time
/// is up.
pub(in crate::suites) fn grow<M: Points<u64>>(
    n: u64,
    threads: usize,
    key: impl Fn(u64) -> u64 + Copy + Sync + 'static,
) -> Subject {
    super::check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let verdict = Verdict::new::<u64, M>();
        let mut time = Duration::ZERO;
        let mut inserts = 0;
        while time < window.time {
            time += build::<M, Unwatched>(&verdict, n, threads, key).0;
            inserts += n;
        }
        M::settle();
        verdict.on(super::pace(inserts, time, threads))
    })
}

/// The same once, with a look at the clock before and after each insert.
pub(in crate::suites) fn latency<M: Points<u64>>(
    n: u64,
    threads: usize,
    quantiles: &'static [(&'static str, f64)],
) -> Subject {
    super::check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |_| {
        let verdict = Verdict::new::<u64, M>();
        let mut all = Times::default().0;
        for Times(own) in build::<M, Times>(&verdict, n, threads, key).1 {
            all.add(own).expect("they have the same bounds");
        }
        M::settle();
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        let ns = |metric, time: u64| Reading::new(metric, Unit::Nanoseconds, time as f64);
        let mut readings: Vec<_> = quantiles
            .iter()
            .map(|&(name, quantile)| ns(name, all.value_at_quantile(quantile)))
            .collect();
        readings.push(ns("longest", all.max()));
        verdict.on(readings)
    })
}

/// What is noted of each insert.
trait Watch: Default + Send {
    /// Runs it.
    fn watch(&mut self, insert: impl FnOnce());
}

/// Nothing.
#[derive(Default)]
struct Unwatched;

impl Watch for Unwatched {
    #[inline]
    fn watch(&mut self, insert: impl FnOnce()) {
        insert();
    }
}

/// How long it took: nanoseconds up to a minute, to three digits.
struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Times {
        let bounds = Histogram::new_with_bounds(1, 60_000_000_000, 3);
        Times(bounds.expect("the bounds are valid"))
    }
}

impl Watch for Times {
    #[inline]
    fn watch(&mut self, insert: impl FnOnce()) {
        let start = Instant::now();
        insert();
        let time = start.elapsed().as_nanos();
        self.0
            .saturating_record(u64::try_from(time).unwrap_or(u64::MAX));
    }
}

/// Builds one and looks some of it up; the time from the first insert to the last, and what was noted of them.
fn build<M: Points<u64>, W: Watch>(
    verdict: &Verdict,
    n: u64,
    threads: usize,
    key: impl Fn(u64) -> u64 + Sync,
) -> (Duration, Vec<W>) {
    let map = M::new();
    let gate = Barrier::new(threads);
    let work = |thread: usize| {
        let mut notes = W::default();
        let map = map.local(threads);
        gate.wait();
        let start = Instant::now();
        for number in (thread as u64..n).step_by(threads) {
            let key = key(number);
            notes.watch(|| verdict.check(M::insert(&map.pin(), key, value(key)), key));
        }
        (start, Instant::now(), notes)
    };
    let done: Vec<_> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        handles
            .into_iter()
            .map(|h| h.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
            .collect()
    });
    let map = map.local(1);
    for number in (0..n).step_by(101) {
        let key = key(number);
        verdict.check(M::get(&map.pin(), &key) == Some(value(key)), key);
    }
    let start = done.iter().map(|d| d.0).min();
    let end = done.iter().map(|d| d.1).max();
    let time = end.zip(start).map_or(Duration::ZERO, |(e, s)| e - s);
    (time, done.into_iter().map(|d| d.2).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subjects::maps::Dashmap;

    #[test]
    fn every_insert_is_watched() {
        let verdict = Verdict::new::<u64, Dashmap<u64>>();
        let (time, notes) = build::<Dashmap<u64>, Times>(&verdict, 1001, 3, key);
        assert!(time > Duration::ZERO);
        let counts: Vec<u64> = notes.iter().map(|n| n.0.len()).collect();
        assert_eq!(counts, [334, 334, 333]);
    }
}
