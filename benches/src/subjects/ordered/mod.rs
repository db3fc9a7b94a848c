//! The ordered maps that are compared, behind one trait.
//!
//! Values are `u64`. All start empty, and each is used as its own documentation says it is used
//! fastest.

mod btree;
mod concurrent_map;
mod congee;
mod crossbeam;
mod masstree;
mod ours;
mod scc;
#[cfg(test)]
mod tests;

pub(crate) use super::points::{Key, Points};
pub(crate) use btree::{OwnBTree, RwLockBTree};
pub(crate) use concurrent_map::Concurrent;
pub(crate) use congee::Art;
pub(crate) use crossbeam::{Base, Crossbeam};
pub(crate) use masstree::Masstree;
pub(crate) use ours::{Radix, Skip};
pub(crate) use scc::SccTree;

/// An ordered map from `K` to `u64`.
pub(crate) trait Ordered<K: Key>: Points<K> {
    /// Whether a lookup finds a key that is there while another thread replaces its value.
    const FINDS_REPLACED: bool = true;

    /// Gives a key, which is there, another value.
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64);

    /// Visits `count` entries in ascending order, fewer if there are no more, from the first whose
    /// key is not less than `from`.
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, f: impl FnMut(&K::Query, u64));

    /// Visits every entry in ascending order.
    fn each(pin: &Self::Pin<'_>, f: impl FnMut(&K::Query, u64));
}

/// One that visits words, as it does it fastest.
pub(crate) trait Words: Ordered<String> {
    /// Visits all the words that begin with a prefix, in ascending order.
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, f: impl FnMut(&str, u64));
}

/// One that can be visited in descending order too.
pub(crate) trait Reverse<K: Key>: Ordered<K> {
    /// Visits `count` entries, fewer if there are no more, from the last whose key is not greater
    /// than `from`.
    fn scan_back(pin: &Self::Pin<'_>, from: &K::Query, count: usize, f: impl FnMut(&K::Query, u64));
}

/// One that can give up its least entry in a single operation.
pub(crate) trait Queue<K: Key>: Ordered<K> {
    /// Removes the entry with the least key; what it was.
    fn pop_first(pin: &Self::Pin<'_>) -> Option<(K, u64)>;
}
