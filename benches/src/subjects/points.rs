//! What every map does, hashed or ordered: single entries. What is measured of them alone is
//! measured by the same loops.

use std::borrow::Borrow;
use std::hash::Hash;
use std::ops::Deref;

use structures::RadixKey;

/// A key, and what it is looked up by.
pub(crate) trait Key:
    Hash + Ord + RadixKey + Clone + Send + Sync + Borrow<Self::Query> + 'static
{
    /// The borrowed form.
    type Query: ?Sized + Hash + Ord + RadixKey + ToOwned<Owned = Self>;
}

impl Key for u64 {
    type Query = u64;
}

impl Key for String {
    type Query = str;
}

/// A map from `K` to `u64`.
///
/// An operation takes a pin, not the map, so that whatever has to be entered first is entered for
/// each operation, as where an application answers one request at a time.
pub(crate) trait Points<K: Key>: Sized + Send + Sync + 'static {
    /// The name in every report: that of the crate, and of the type where there are several.
    const NAME: &'static str;

    /// Whether several threads may use it at once. Cases of more than one thread refuse one that
    /// is not.
    const SHARED: bool = true;

    /// Whether all of its answers are right. Of one that is known for others, measurements in which
    /// there was a wrong answer have no figure; of all others, a wrong answer ends the run.
    const RELIABLE: bool = true;

    /// The map, entered: a guard and the map, or the map alone.
    type Pin<'a>
    where
        Self: 'a;

    /// An empty map, as small as they come.
    fn new() -> Self;

    /// What one of so many threads keeps to use the map: the map, unless each needs its own handle.
    /// Whoever does without it is the map's only user.
    fn local(&self, threads: usize) -> impl Deref<Target = Self> {
        let _ = threads;
        self
    }

    /// Enters.
    fn pin(&self) -> Self::Pin<'_>;

    /// A copy of the value.
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64>;

    /// Adds the key unless it is there; whether it was added. Ordered maps may replace the value of
    /// one that is, if they have no cheaper way: those who call this add a key with one value only.
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool;

    /// Removes the key; whether it was there.
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool;

    /// Drains what maps that were dropped left in global state.
    fn settle() {}
}
