//! What a map asks of the allocator, or maps, for each of its entries.

use super::keys::{ascending, key, value};
use super::words::WORDS;
use crate::alloc::Count;
use crate::alone::Alone;
use crate::subjects::points::Points;
use crate::suite::Subject;

/// The smallest map that is looked at.
const LEAST: f64 = 1000.0;

/// Twice the size, so many times: to 8 million. Whole doublings only, as most maps double theirs.
const DOUBLINGS: i32 = 13;

/// Sizes of each doubling.
const STEPS: i32 = 20;

/// The case.
pub(in crate::suites) const NAME: &str = "bytes an entry, 1k to 8M keys";

/// The same of keys that are dense.
pub(in crate::suites) const NAME_ASCENDING: &str = "bytes an entry, 1k to 8M ascending keys";

/// The same of words, all of them.
pub(in crate::suites) const NAME_WORDS: &str = "words: bytes an entry";

/// What is looked at.
const METRICS: &[&str] = &[
    "mean of all sizes",
    "at the worst size",
    "peak on the way, mean",
];

/// One map that grows, looked at in all sizes; a subject of the case of that suite.
pub(in crate::suites) fn bytes_of<M: Points<u64>>(suite: &'static str) -> Subject {
    alone(suite, NAME, METRICS).subject(M::NAME, || look::<M>(key))
}

/// The same, of keys from 0 on.
pub(in crate::suites) fn bytes_ascending<M: Points<u64>>(suite: &'static str) -> Subject {
    alone(suite, NAME_ASCENDING, METRICS).subject(M::NAME, || look::<M>(ascending))
}

/// A map of all words, theirs included.
pub(in crate::suites) fn bytes_of_words<M: Points<String>>(suite: &'static str) -> Subject {
    alone(suite, NAME_WORDS, &[""]).subject(M::NAME, || {
        let words = WORDS.len();
        M::settle();
        let count = Count::start();
        let _map = super::words::filled::<M>(1);
        M::settle();
        #[allow(clippy::cast_precision_loss)] // bytes far below 2^52
        let bytes = count.live() as f64 / words as f64;
        vec![bytes]
    })
}

fn alone(suite: &'static str, case: &str, metrics: &'static [&'static str]) -> Alone {
    let case = case.to_owned();
    Alone {
        suite,
        case,
        metrics,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // far below 2^52
fn sizes() -> impl Iterator<Item = u64> {
    (0..DOUBLINGS * STEPS).map(|i| {
        let doublings = f64::from(i) / f64::from(STEPS);
        (LEAST * doublings.exp2()) as u64
    })
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn look<M: Points<u64>>(key: impl Fn(u64) -> u64) -> Vec<f64> {
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
    vec![steady / samples, worst, most / samples]
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
