//! One key whose value is replaced all the time.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::measure::{self, Crew};
use crate::subjects::ordered::Ordered;
use crate::suite::{Reading, Subject, Unit};
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::keys::{belongs, key, updated, value};
use crate::suites::maps::verdict::Verdict;
use crate::suites::maps::work::filled;
use crate::suites::maps::{check_shared, per_second};

/// Lookups of a reader, and those that did not find the key; added to the sums when it is done.
struct Lookups<'a> {
    all: u64,
    lost: u64,
    sums: &'a [AtomicU64; 2],
}

impl Lookups<'_> {
    #[inline]
    fn note(&mut self, found: bool) {
        self.all += 1;
        self.lost += u64::from(!found);
    }
}

impl Drop for Lookups<'_> {
    fn drop(&mut self) {
        // Relaxed: the readers are joined before anyone looks.
        self.sums[0].fetch_add(self.all, Ordering::Relaxed);
        self.sums[1].fetch_add(self.lost, Ordering::Relaxed);
    }
}

/// Some of the threads replace the value of one of `n` keys over and over; the others look it up.
pub(super) fn replace<M: Ordered<u64>>(n: u64, threads: usize, writers: usize) -> Subject {
    check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let (map, _) = kept(Use::Update, n, || filled::<M>(n));
        let key = key(n / 2 * 2);
        let verdict = Verdict::new::<u64, M>();
        let sums = [AtomicU64::new(0), AtomicU64::new(0)];
        let readers = Crew::new(threads - writers, |_| {
            let (map, verdict) = (map.local(threads), &verdict);
            let mut lookups = Lookups {
                all: 0,
                lost: 0,
                sums: &sums,
            };
            measure::each(move || {
                let found = M::get(&map.pin(), &key);
                lookups.note(found.is_some());
                let right = found.map_or(!M::FINDS_REPLACED, |v| belongs(v, key));
                verdict.check(right, key);
            })
        });
        let writers = Crew::new(writers, |_| {
            let map = map.local(threads);
            let mut next = value(key);
            measure::each(move || {
                next = updated(next);
                M::replace(&map.pin(), key, next);
            })
        });
        let (gets, replacements, ..) = measure::run(window, &readers, &writers, |_| (), || ());
        M::settle();
        let [all, lost] = sums.map(AtomicU64::into_inner);
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        let lost = lost as f64 * 1e6 / all as f64;
        let rate = |name, tally| Reading::new(name, Unit::PerSecond, per_second(tally, window));
        verdict.on(vec![
            rate("gets", gets),
            rate("replacements", replacements),
            Reading::new("gets that do not find it", Unit::PerMillion, lost),
        ])
    })
}
