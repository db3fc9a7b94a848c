//! Routes that go and come back: alone, and beside lookups.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::given::Tabled;
use super::wrong;
use crate::measure::{self, Crew, Signal, Tally, Window};
use crate::subjects::routes::{Prefix, Routes};
use crate::suite::{Reading, Subject, Unit};
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::{per_second, rate};

/// So many prefixes are away at any time.
const AWAY: u64 = 64;

/// A table, some of whose prefixes go and come back in their order, round and round.
struct Flapping<M> {
    table: M,
    /// How many have come back so far.
    back: AtomicU64,
}

impl<M> Flapping<M> {
    /// The whole table but the first ones in the order.
    fn new<F: Tabled>(order: &[(Prefix<F>, u32)]) -> Self
    where
        M: Routes<F>,
    {
        let table: M = F::given().filled();
        for &(prefix, _) in &order[..AWAY as usize] {
            assert!(M::withdraw(&table.pin(), prefix), "{prefix:?} is there");
        }
        Flapping {
            table,
            back: AtomicU64::new(0),
        }
    }

    /// The step of the only thread that writes: a prefix goes, and the one comes back that has been
    /// away for longest, two operations.
    fn writer<F: Tabled>(
        &self,
        order: &'static [(Prefix<F>, u32)],
    ) -> impl FnMut(u64, &Signal) -> u64
    where
        M: Routes<F>,
    {
        let at = move |i: u64| order[(i % order.len() as u64) as usize];
        move |count, _| {
            // No one else writes it.
            let from = self.back.load(Ordering::Relaxed);
            let pairs = count / 2;
            for i in from..from + pairs {
                let (prefix, _) = at(i + AWAY);
                let gone = M::withdraw(&self.table.pin(), prefix);
                assert!(gone, "{} has lost {prefix:?}", M::NAME);
                let (prefix, number) = at(i);
                let added = M::announce(&self.table.pin(), prefix, number);
                assert!(added, "{} has kept {prefix:?}", M::NAME);
            }
            self.back.store(from + pairs, Ordering::Relaxed);
            2 * pairs
        }
    }
}

/// The table that is kept for this.
fn flapping<F: Tabled, M: Routes<F>>(order: &[(Prefix<F>, u32)]) -> Arc<Flapping<M>> {
    let purpose = Use::Flap(order.len());
    let n = F::given().len() as u64;
    kept(purpose, n, || Flapping::new(order)).0
}

/// All prefixes go and come back, by one thread alone; each of both is an operation.
pub(super) fn update<F: Tabled, M: Routes<F>>() -> Subject {
    Subject::new(M::NAME, move |window| {
        let order = F::given().shuffled();
        let table = flapping::<F, M>(order);
        let crew = Crew::new(1, |_| table.writer(order));
        let readings = rate(measure::run_alone(window, &crew), window);
        M::settle();
        readings
    })
}

/// So many threads look up, and one more has some prefixes go and come back as fast as it can.
pub(super) fn beside<F: Tabled, M: Routes<F>>(readers: usize) -> Subject {
    super::check_shared::<F, M>(readers + 1);
    Subject::new(M::NAME, move |window| {
        let (lookups, updates) = look_up_beside::<F, M>(window, readers, 1);
        let rate = |name, tally| Reading::new(name, Unit::PerSecond, per_second(tally, window));
        vec![rate("lookups", lookups), rate("updates", updates)]
    })
}

/// The same, and the writer does nothing.
pub(super) fn idle<F: Tabled, M: Routes<F>>(readers: usize) -> Subject {
    super::check_shared::<F, M>(readers + 1);
    // As long as the program runs: names are few.
    let name = format!("{}, writer idle", M::NAME).leak();
    Subject::new(name, move |window| {
        let (lookups, _) = look_up_beside::<F, M>(window, readers, 0);
        let lookups = per_second(lookups, window);
        vec![Reading::new("lookups", Unit::PerSecond, lookups)]
    })
}

/// What the readers did, and what the writers.
fn look_up_beside<F: Tabled, M: Routes<F>>(
    window: Window,
    readers: usize,
    writers: usize,
) -> (Tally, Tally) {
    let given = F::given();
    let flapping = flapping::<F, M>(given.flapping());
    let reading = Crew::new(readers, |thread| {
        let table = &flapping.table;
        let mut next = given.questions(thread, readers);
        measure::each(move || {
            let (address, expected) = next();
            let found = M::longest(&table.pin(), address);
            if found != Some(expected) && !given.allows(expected, found) {
                wrong::<F, M>(address, found);
            }
        })
    });
    let writing = Crew::new(writers, |_| flapping.writer(given.flapping()));
    let (lookups, updates, ..) = measure::run(window, &reading, &writing, |_| (), || ());
    M::settle();
    (lookups, updates)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::subjects::routes::{Ip6, Longest, Prefixes};

    #[test]
    fn as_many_are_away_after_any_run() {
        let order = Ip6::given().flapping();
        for subject in [
            beside::<Ip6, Prefixes<Ip6>>(2),
            idle::<Ip6, Prefixes<Ip6>>(2),
        ] {
            let readings = (subject.run)(Window::new(Duration::from_millis(50)));
            assert!(readings.iter().all(|reading| reading.value > 0.0));
        }
        let flapping = flapping::<Ip6, Prefixes<Ip6>>(order);
        assert!(flapping.back.load(Ordering::Relaxed) > 0);
        let gone = |&&(prefix, _): &&(Prefix<Ip6>, u32)| {
            !Prefixes::withdraw(&flapping.table.pin(), prefix)
        };
        assert_eq!(order.iter().filter(gone).count(), AWAY as usize);
    }
}
