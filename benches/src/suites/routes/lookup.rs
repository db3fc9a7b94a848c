//! Lookups that nobody disturbs.

use super::given::Tabled;
use super::wrong;
use crate::measure::{self, Crew};
use crate::subjects::routes::Longest;
use crate::suite::Subject;
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::rate;

/// Each answer is the longest prefix's.
pub(super) fn lookup<F: Tabled, M: Longest<F>>(threads: usize) -> Subject {
    super::check_shared::<F, M>(threads);
    Subject::new(M::NAME, move |window| {
        let given = F::given();
        let (table, _) = kept(Use::Read, given.len() as u64, || given.filled::<M>());
        let crew = Crew::new(threads, |thread| {
            let table = &*table;
            let mut next = given.questions(thread, threads);
            measure::each(move || {
                let (address, expected) = next();
                let found = M::longest(&table.pin(), address);
                if found != Some(expected) {
                    wrong::<F, M>(address, found);
                }
            })
        });
        rate(measure::run_alone(window, &crew), window)
    })
}
