//! A map as a priority queue.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::measure::{self, Crew};
use crate::subjects::ordered::Queue;
use crate::suite::Subject;
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::keys::{key, value};
use crate::suites::maps::verdict::Verdict;
use crate::suites::maps::{check_shared, rate};

/// The keys at first are below 2 to so many. In each of them fits the queue's whole span, and the span
/// moves up by about half of itself for each operation on each of its entries: there is room for
/// days.
const BITS: u32 = 44;

/// Pops the least of `n` entries and adds a greater one, as far above it as drawn; both are one
/// operation.
pub(super) fn queue<M: Queue<u64>>(n: u64, threads: usize) -> Subject {
    check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let (map, run) = kept(Use::Queue, n, || {
            let map = M::new();
            let local = map.local(1);
            for key in (0..n).map(|i| key(i) >> (64 - BITS)) {
                M::insert(&local.pin(), key, value(key));
            }
            drop(local);
            map
        });
        let verdict = Verdict::new::<u64, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (map.local(threads), &verdict);
            let mut rng = SmallRng::seed_from_u64(run << 16 | thread as u64);
            let mut last = 0;
            measure::each(move || {
                let pin = map.pin();
                let Some((key, found)) = M::pop_first(&pin) else {
                    return verdict.check(false, last);
                };
                // Others may add lesser ones than the last, as they have popped lesser ones.
                let ordered = threads > 1 || key > last;
                verdict.check(ordered && found == value(key), key);
                last = key;
                let greater = key + 1 + (rng.random::<u64>() >> (64 - BITS));
                M::insert(&pin, greater, value(greater));
            })
        });
        let readings = verdict.on(rate(measure::run_alone(window, &crew), window));
        M::settle();
        readings
    })
}
