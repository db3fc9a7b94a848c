//! From an empty table to the whole one: how long it takes, and what memory it has then.

use std::time::{Duration, Instant};

use super::given::Tabled;
use super::wrong;
use crate::alloc::Count;
use crate::alone::Alone;
use crate::subjects::routes::Longest;
use crate::suite::Subject;
use crate::suites::maps::pace;

/// The whole table is announced to an empty one, again and again until the window's time is up.
pub(super) fn load<F: Tabled, M: Longest<F>>() -> Subject {
    Subject::new(M::NAME, move |window| {
        let given = F::given();
        let mut time = Duration::ZERO;
        let mut announced = 0;
        while time < window.time {
            let start = Instant::now();
            let table: M = given.filled();
            time += start.elapsed();
            announced += given.len() as u64;
            check::<F, M>(&table);
        }
        M::settle();
        pace(announced, time, 1)
    })
}

/// # Panics
/// If the table does not find what is the longest prefix of the first address of any.
fn check<F: Tabled, M: Longest<F>>(table: &M) {
    let longest = &F::given().table;
    for &(prefix, number) in F::given().shuffled() {
        let expected = longest.longest(longest.prefix(number).0);
        let found = M::longest(&table.pin(), prefix.first);
        if found != expected {
            wrong::<F, M>(prefix.first, found);
        }
    }
}

/// The name of the case.
pub(super) fn bytes_name<F: Tabled>() -> String {
    format!("{}: bytes a prefix", F::NAME)
}

/// What the whole table asks of the allocator, or maps, for each of its prefixes; and the most that
/// it had on the way.
pub(super) fn bytes<F: Tabled, M: Longest<F>>() -> Subject {
    let alone = Alone {
        suite: super::SUITE.name,
        case: bytes_name::<F>(),
        metrics: &["", "peak on the way"],
    };
    alone.subject(M::NAME, look::<F, M>)
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn look<F: Tabled, M: Longest<F>>() -> Vec<f64> {
    let given = F::given();
    let prefixes = given.shuffled().len() as f64;
    M::settle();
    let count = Count::start();
    let table: M = given.filled();
    M::settle();
    let bytes = [count.live(), count.most()];
    check::<F, M>(&table);
    bytes.map(|bytes| bytes as f64 / prefixes).into()
}
