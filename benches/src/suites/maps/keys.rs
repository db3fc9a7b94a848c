//! The keys, and the orders in which they are asked for.
//!
//! A map of `n` entries holds the keys of the even numbers below `2 n`, the odd ones are missing, so
//! that hits, misses and mixtures of both have the same key space.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// How uneven the skewed draws are: the r-th of the keys comes up 1/r^0.99 times as often as the first.
const EXPONENT: f64 = 0.99;

/// Draws that are made in advance; more than a thread gets through in a window of the usual length.
const DRAWS: usize = 1 << 22;

/// The key with a number: 64 bits that look random, no two alike.
#[inline]
pub(in crate::suites) fn key(number: u64) -> u64 {
    // Each of the steps can be undone.
    let x = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ x >> 29
}

/// The same in ascending order.
#[inline]
pub(in crate::suites) fn ascending(number: u64) -> u64 {
    number << 16
}

/// The value that a key is added with. The high bits are left to those who update it.
#[inline]
pub(in crate::suites) fn value(key: u64) -> u64 {
    key >> 16
}

/// What an update makes of a value.
#[inline]
pub(in crate::suites) fn updated(value: u64) -> u64 {
    value.wrapping_add(1 << 48)
}

/// Whether the value belongs to the key, whoever has updated it.
#[inline]
pub(in crate::suites) fn belongs(value: u64, key: u64) -> bool {
    value << 16 == key >> 16 << 16
}

/// How often each key is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::suites) enum Skew {
    /// All as often.
    Uniform,
    /// After Zipf, with [`EXPONENT`]; the frequent ones are anywhere among the others.
    Zipf,
}

/// A thread's draws of numbers below `n`, and of percentages that go with them.
pub(in crate::suites) enum Draw {
    /// Made as they are needed: that is cheaper than to read them from memory.
    Uniform { rng: SmallRng, n: u64 },
    /// Numbers made in advance; only the percentages are fresh, so that what is done with a number
    /// differs each time that it comes round.
    Zipf {
        rng: SmallRng,
        numbers: Arc<[u32]>,
        at: usize,
    },
}

impl Draw {
    /// The draws of one of `threads` threads in one of a map's runs.
    pub(in crate::suites) fn new(
        skew: Skew,
        n: u64,
        (run, thread): (u64, usize),
        threads: usize,
    ) -> Draw {
        let rng = SmallRng::seed_from_u64(run << 16 | thread as u64);
        match skew {
            Skew::Uniform => Draw::Uniform { rng, n },
            Skew::Zipf => Draw::Zipf {
                rng,
                numbers: zipf(n),
                at: DRAWS / threads * thread,
            },
        }
    }

    /// A number, and a percentage: 0 to 99.
    #[inline]
    pub(in crate::suites) fn next(&mut self) -> (u64, u64) {
        match self {
            Draw::Uniform { rng, n } => {
                let bits: u64 = rng.random();
                (((bits >> 32) * *n) >> 32, percentage(bits))
            }
            Draw::Zipf { rng, numbers, at } => {
                let number = numbers[*at % DRAWS];
                *at += 1;
                (number.into(), percentage(rng.random()))
            }
        }
    }
}

/// Made of the low 32 bits.
#[inline]
fn percentage(bits: u64) -> u64 {
    ((bits & 0xffff_ffff) * 100) >> 32
}

/// Skewed numbers below `n`, the same for all threads and subjects.
fn zipf(n: u64) -> Arc<[u32]> {
    static MADE: Mutex<Option<HashMap<u64, Arc<[u32]>>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let numbers = made.get_or_insert_default().entry(n).or_insert_with(|| {
        let mut rng = SmallRng::seed_from_u64(n);
        let mut places: Vec<u32> = (0..u32::try_from(n).expect("fewer than 2^32 keys")).collect();
        places.shuffle(&mut rng);
        (0..DRAWS).map(|_| places[rank(&mut rng, n)]).collect()
    });
    Arc::clone(numbers)
}

/// A rank from 0, drawn after Zipf: x is drawn with the density min(1, x^-s) on (0, n] and rounded up
/// to the rank, which lowers the density to rank^-s; what lies in between is refused.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // ranks
fn rank(rng: &mut SmallRng, n: u64) -> usize {
    // The area below the density up to x is x at first, and 1 + (x^t - 1)/t from 1 on.
    let t = 1.0 - EXPONENT;
    let whole = 1.0 + ((n as f64).powf(t) - 1.0) / t;
    loop {
        let area = rng.random::<f64>() * whole;
        if area < 1.0 {
            return 0;
        }
        let x = (1.0 + (area - 1.0) * t).powf(1.0 / t).min(n as f64);
        let rank = x.ceil().max(2.0);
        if rng.random::<f64>() < (x / rank).powf(EXPONENT) {
            return rank as usize - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_differ_and_know_their_values() {
        let keys: HashSet<u64> = (0..10_000).map(key).collect();
        assert_eq!(keys.len(), 10_000);
        for k in keys {
            assert!(belongs(value(k), k));
            assert!(belongs(updated(updated(value(k))), k));
            assert!(!belongs(value(k) + 1, k));
        }
    }

    #[test]
    fn draws_are_below_n_and_skewed_as_told() {
        const N: u64 = 1000;
        let mut counts = vec![0u64; N as usize];
        let mut draw = Draw::new(Skew::Zipf, N, (0, 1), 2);
        for _ in 0..200_000 {
            let (number, percentage) = draw.next();
            assert!(percentage < 100);
            counts[number as usize] += 1;
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // The harmonic number of 1000 and 0.99 is 7.73.
        let expected = |rank: f64| 200_000.0 / 7.73 / rank.powf(EXPONENT);
        for rank in [1usize, 2, 10] {
            let ratio = counts[rank - 1] as f64 / expected(rank as f64);
            assert!((0.9..1.1).contains(&ratio), "rank {rank}: {ratio}");
        }

        let mut counts = vec![0u64; N as usize];
        let mut draw = Draw::new(Skew::Uniform, N, (0, 0), 1);
        (0..100_000).for_each(|_| counts[draw.next().0 as usize] += 1);
        assert!(counts.iter().all(|c| (40..200).contains(c)));
    }
}
