//! The hash maps that are compared: ours and the peers', behind one trait.
//!
//! Values are `u64`. All maps hash with [`Hashes`], all start empty and grow, and each is used as its
//! own documentation says it is used fastest.

mod dashmap;
mod flurry;
mod kovan_map;
mod leapfrog;
mod ours;
mod papaya;
mod scc;
mod std;
#[cfg(test)]
mod tests;

use ::std::hash::BuildHasher;

use ahash::{AHasher, RandomState};

pub(crate) use super::points::{Key, Points};
pub(crate) use dashmap::Dashmap;
pub(crate) use flurry::Flurry;
pub(crate) use kovan_map::KovanMap;
pub(crate) use leapfrog::Leapfrog;
pub(crate) use ours::{Boxed, Inline};
pub(crate) use papaya::Papaya;
pub(crate) use scc::{Scc, SccIndex};
pub(crate) use std::{RwLockStd, Std};

/// So many keys are looked up at once, where they are.
pub(crate) const MANY: usize = 32;

/// A hash map from `K` to `u64`.
pub(crate) trait Map<K: Key>: Points<K> {
    /// Whether a lookup finds a key that is there while another thread updates its value.
    const FINDS_UPDATED: bool = true;

    /// Replaces the value by one computed from it, with no other write in between; whether the key
    /// was there.
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool;

    /// Adds 1 to the value, from 0 where the key is not there.
    fn count(pin: &Self::Pin<'_>, key: &K::Query);

    /// Visits every entry.
    fn each(pin: &Self::Pin<'_>, f: impl FnMut(&K, u64));

    /// Copies of the values of at most [`MANY`] keys.
    fn get_many(pin: &Self::Pin<'_>, keys: &[K], values: &mut [Option<u64>]) {
        for (key, value) in keys.iter().zip(values) {
            *value = Self::get(pin, key.borrow());
        }
    }
}

/// The hashes of every map: aHash, with seeds that are the same in every run.
#[derive(Clone, Debug)]
pub(crate) struct Hashes(RandomState);

impl Default for Hashes {
    fn default() -> Hashes {
        Hashes(RandomState::with_seeds(
            0x243f_6a88_85a3_08d3,
            0x1319_8a2e_0370_7344,
            0xa409_3822_299f_31d0,
            0x082e_fa98_ec4e_6c89,
        ))
    }
}

impl BuildHasher for Hashes {
    type Hasher = AHasher;

    #[inline]
    fn build_hasher(&self) -> AHasher {
        self.0.build_hasher()
    }
}
