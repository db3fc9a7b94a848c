//! What a map asks of the allocator, or maps, for each of its entries.
//!
//! Each in a process of its own: others that are kept may have idle memory, which is used again.

use std::cell::OnceCell;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use super::keys::{key, value};
use crate::alloc::Count;
use crate::measure::Window;
use crate::subjects::points::Points;
use crate::suite::{Reading, Subject, Suite, Unit};

/// The smallest map that is looked at.
const LEAST: f64 = 1000.0;

/// Twice the size, so many times: to 8 million. Whole doublings only, as most maps double theirs.
const DOUBLINGS: i32 = 13;

/// Sizes of each doubling.
const STEPS: i32 = 20;

/// The case.
pub(in crate::suites) const NAME: &str = "bytes an entry, 1k to 8M keys";

/// What is looked at.
const METRICS: [&str; 3] = [
    "mean of all sizes",
    "at the worst size",
    "peak on the way, mean",
];

/// Whether this process is one of a map's own. Relaxed: set before the one thread that asks does so.
static ALONE: AtomicBool = AtomicBool::new(false);

/// One map that grows, looked at in all sizes; a subject of the case of that suite.
pub(in crate::suites) fn bytes_of<M: Points<u64>>(suite: &'static str) -> Subject {
    let known: OnceCell<Vec<Reading>> = OnceCell::new();
    // Nothing in it is up to chance: later rounds would find the same.
    Subject::new(M::NAME, move |_| {
        let values = || {
            if ALONE.load(Relaxed) {
                look::<M>()
            } else {
                elsewhere(suite, M::NAME)
            }
        };
        known.get_or_init(|| readings(values())).clone()
    })
}

fn readings(values: [f64; 3]) -> Vec<Reading> {
    let both = METRICS.into_iter().zip(values);
    both.map(|(metric, value)| Reading::new(metric, Unit::Bytes, value))
        .collect()
}

/// Has another process look, by `--alone`.
fn elsewhere(suite: &str, subject: &str) -> [f64; 3] {
    let this = std::env::current_exe().expect("the program's file");
    let output = Command::new(this)
        .args(["--suite", suite, "--alone", subject])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{subject}: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("three numbers")
}

/// What that process does: the figures of one subject, as text.
pub(crate) fn alone(suites: &[&Suite], subject: &str) -> Result<String, String> {
    ALONE.store(true, Relaxed);
    let cases = suites.iter().flat_map(|suite| (suite.cases)());
    let subjects = cases
        .filter(|case| case.name == NAME)
        .flat_map(|case| case.subjects);
    let subject = subjects
        .into_iter()
        .find(|s| s.name == subject)
        .ok_or_else(|| format!("nobody counts the bytes of `{subject}`"))?;
    let values = (subject.run)(Window::new(Duration::ZERO)).into_iter();
    let values: Vec<f64> = values.map(|reading| reading.value).collect();
    serde_json::to_string(&values).map_err(|e| e.to_string())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // far below 2^52
fn sizes() -> impl Iterator<Item = u64> {
    (0..DOUBLINGS * STEPS).map(|i| {
        let doublings = f64::from(i) / f64::from(STEPS);
        (LEAST * doublings.exp2()) as u64
    })
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn look<M: Points<u64>>() -> [f64; 3] {
    M::settle();
    let count = Count::start();
    let map = M::new();
    let map = map.local(1);
    let (mut steady, mut worst, mut most) = (0.0, 0.0, 0.0);
    let mut filled = 0;
    for size in sizes() {
        for number in filled..size {
            let key = key(number);
            assert!(M::insert(&map.pin(), key, value(key)));
        }
        filled = size;
        M::settle();
        let of_each = |bytes: i64| bytes as f64 / size as f64;
        steady += of_each(count.live());
        worst = f64::max(worst, of_each(count.live()));
        most += of_each(count.most());
    }
    let samples = f64::from(DOUBLINGS * STEPS);
    [steady / samples, worst, most / samples]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_of_whole_doublings() {
        let sizes: Vec<u64> = sizes().collect();
        assert_eq!((sizes[0], sizes[20], sizes[40]), (1000, 2000, 4000));
        assert_eq!(sizes.len(), 260);
        assert!(sizes.is_sorted());
    }
}
