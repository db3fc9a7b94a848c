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
mod rw_lock;
mod scc;
mod std;
#[cfg(test)]
mod tests;

use ::std::borrow::Borrow;
use ::std::hash::{BuildHasher, Hash};

use ahash::{AHasher, RandomState};

pub(crate) use dashmap::Dashmap;
pub(crate) use flurry::Flurry;
pub(crate) use kovan_map::KovanMap;
pub(crate) use leapfrog::Leapfrog;
pub(crate) use ours::{Boxed, Inline};
pub(crate) use papaya::Papaya;
pub(crate) use rw_lock::RwLockStd;
pub(crate) use scc::{Scc, SccIndex};
pub(crate) use std::Std;

/// A key, and what it is looked up by.
pub(crate) trait Key:
    Hash + Ord + Clone + Send + Sync + Borrow<Self::Query> + 'static
{
    /// The borrowed form.
    type Query: ?Sized + Hash + Ord + ToOwned<Owned = Self>;
}

impl Key for u64 {
    type Query = u64;
}

impl Key for String {
    type Query = str;
}

/// So many keys are looked up at once, where they are.
pub(crate) const MANY: usize = 32;

/// A map from `K` to `u64`.
///
/// An operation takes a pin, not the map, so that whatever has to be entered first is entered for
/// each operation, as where an application answers one request at a time.
pub(crate) trait Map<K: Key>: Sized + Send + Sync + 'static {
    /// The name in every report: that of the crate, and of the type where there are several.
    const NAME: &'static str;

    /// Whether several threads may use it at once. Cases of more than one thread refuse one that
    /// is not.
    const SHARED: bool = true;

    /// Whether all of its answers are right. Of one that is known for others, measurements in which
    /// there was a wrong answer have no figure; of all others, a wrong answer ends the run.
    const RELIABLE: bool = true;

    /// Whether a lookup finds a key that is there while another thread updates its value.
    const FINDS_UPDATED: bool = true;

    /// The map, entered: a guard and the map, or the map alone.
    type Pin<'a>
    where
        Self: 'a;

    /// An empty map, as small as they come.
    fn new() -> Self;

    /// Enters.
    fn pin(&self) -> Self::Pin<'_>;

    /// A copy of the value.
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64>;

    /// Adds the key unless it is there; whether it was added.
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool;

    /// Removes the key; whether it was there.
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool;

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

    /// Drains what maps that were dropped left in global state.
    fn settle() {}
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
