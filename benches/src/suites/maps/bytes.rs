//! What a map asks of the allocator for each of its entries.

use std::cell::OnceCell;

use super::keys::{key, value};
use crate::alloc::Count;
use crate::subjects::points::Points;
use crate::suite::{Reading, Subject, Unit};

/// The smallest map that is looked at.
const LEAST: f64 = 1000.0;

/// Twice the size, so many times: to 8 million. Whole doublings only, as most maps double theirs.
const DOUBLINGS: i32 = 13;

/// Sizes of each doubling.
const STEPS: i32 = 20;

/// One map that grows, looked at in all sizes.
pub(in crate::suites) fn bytes<M: Points<u64>>() -> Subject {
    let known: OnceCell<Vec<Reading>> = OnceCell::new();
    // Nothing in it is up to chance: later rounds would find the same.
    Subject::new(M::NAME, move |_| known.get_or_init(look::<M>).clone())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // far below 2^52
fn sizes() -> impl Iterator<Item = u64> {
    (0..DOUBLINGS * STEPS).map(|i| {
        let doublings = f64::from(i) / f64::from(STEPS);
        (LEAST * doublings.exp2()) as u64
    })
}

#[allow(clippy::cast_precision_loss)] // bytes far below 2^52
fn look<M: Points<u64>>() -> Vec<Reading> {
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
    vec![
        Reading::new("mean of all sizes", Unit::Bytes, steady / samples),
        Reading::new("at the worst size", Unit::Bytes, worst),
        Reading::new("peak on the way, mean", Unit::Bytes, most / samples),
    ]
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
