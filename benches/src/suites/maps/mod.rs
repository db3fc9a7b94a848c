//! What the suites of maps share: keys, kept maps, and all that is measured of single entries.

pub(crate) mod bytes;
pub(super) mod grow;
pub(super) mod kept;
pub(super) mod keys;
pub mod list;
pub(super) mod verdict;
pub(super) mod words;
pub(super) mod work;

use std::time::Duration;

use crate::measure::{Tally, Window};
use crate::subjects::points::{Key, Points};
use crate::suite::{Case, Reading, Subject, Tier, Unit};

/// A case whose subjects are set against one of them.
pub(super) fn case(
    reference: &'static str,
    name: &str,
    threads: usize,
    n: u64,
    tier: Tier,
    subjects: Vec<Subject>,
) -> Case {
    Case {
        name: name.to_owned(),
        threads,
        keys: usize::try_from(n).unwrap_or(usize::MAX),
        tier,
        stretch: 1,
        reference,
        subjects,
    }
}

/// In every run, or only in those that ask for it.
pub(super) fn tier(wanted: bool) -> Tier {
    if wanted { Tier::Default } else { Tier::Full }
}

/// `1k`, `10M`.
pub(super) fn short(n: u64) -> String {
    match n {
        1_000_000.. => format!("{}M", n / 1_000_000),
        _ => format!("{}k", n / 1_000),
    }
}

/// # Panics
/// If the map is for one thread and the case is not.
pub(super) fn check_shared<K: Key, M: Points<K>>(threads: usize) {
    assert!(threads == 1 || M::SHARED, "{} is not shared", M::NAME);
}

/// The only figure of a measurement: nanoseconds an operation of one thread, operations a second of
/// several.
pub(super) fn rate(tally: Tally, window: Window) -> Vec<Reading> {
    if tally.threads == 1 {
        return Reading::ns(tally.ns_per_op());
    }
    vec![Reading::new("", Unit::PerSecond, per_second(tally, window))]
}

/// Operations of all threads together in a second. Of more threads than processors some may come to
/// run only when the window has closed; they count as if they had been there.
#[allow(clippy::cast_precision_loss)] // far below 2^52
pub(super) fn per_second(tally: Tally, window: Window) -> f64 {
    let whole = tally.ops as f64 / window.time.as_secs_f64();
    tally.per_second().min(whole)
}

/// The same of a job that all threads did together.
#[allow(clippy::cast_precision_loss)] // far below 2^52
pub(super) fn pace(ops: u64, time: Duration, threads: usize) -> Vec<Reading> {
    let (ops, seconds) = (ops as f64, time.as_secs_f64());
    match threads {
        1 => Reading::ns(seconds * 1e9 / ops),
        _ => vec![Reading::new("", Unit::PerSecond, ops / seconds)],
    }
}
