//! What closures answer, and what operations on one entry have done.

#[cfg(doc)]
use crate::hash_map::HashMap;
#[cfg(doc)]
use crate::hash_map::InlineHashMap;

/// What [`HashMap::compute`] or [`InlineHashMap::compute`] shall do.
///
/// ```
/// use structures::hash_map::{InlineHashMap, Operation};
///
/// let left = InlineHashMap::from([('a', 2)]);
/// let take = |n: Option<u32>| match n {
///     None => Operation::Abort(()),
///     Some(1) => Operation::Remove,
///     Some(n) => Operation::Insert(n - 1),
/// };
/// left.compute('a', take);
/// left.compute('a', take);
/// assert!(left.is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation<V, T> {
    /// Store this value.
    Insert(V),
    /// Remove the entry, which must be there.
    Remove,
    /// Leave everything as it is, and return this.
    Abort(T),
}

/// What a [`HashMap::compute`] has done.
///
/// ```
/// use structures::{Compute, HashMap, Operation};
///
/// let map = HashMap::new();
/// let map = map.pin();
/// match map.compute("a", |_| Operation::<_, ()>::Insert(1)) {
///     Compute::Inserted(key, value) => assert_eq!((*key, *value), ("a", 1)),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum Compute<'g, K, V, T> {
    /// There was no entry; now there is this one.
    Inserted(&'g K, &'g V),
    /// An entry has taken the place of another.
    Updated {
        /// What was there.
        old: (&'g K, &'g V),
        /// What is there now.
        new: (&'g K, &'g V),
    },
    /// This entry was removed.
    Removed(&'g K, &'g V),
    /// Nothing, as the closure said.
    Aborted(T),
}

/// The key was there: what [`try_insert`](HashMap::try_insert) found, and what it did not store.
///
/// ```
/// use structures::{HashMap, OccupiedError};
///
/// let map = HashMap::from([("a", 1)]);
/// let (current, not_inserted) = (&1, 2);
/// assert_eq!(map.pin().try_insert("a", 2), Err(OccupiedError { current, not_inserted }));
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct OccupiedError<'a, V: 'a> {
    /// The value that is there.
    pub current: &'a V,
    /// The value that was not stored.
    pub not_inserted: V,
}

impl<V: core::fmt::Debug> core::fmt::Display for OccupiedError<'_, V> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let OccupiedError {
            current,
            not_inserted,
        } = self;
        write!(f, "{not_inserted:?} was not inserted: {current:?} is there")
    }
}

impl<V: core::fmt::Debug> std::error::Error for OccupiedError<'_, V> {}

/// What [`InlineHashMap::compute`] has done.
///
/// ```
/// use structures::hash_map::{Computed, InlineHashMap, Operation};
///
/// let map = InlineHashMap::new();
/// let done = map.compute('a', |_| Operation::<_, ()>::Insert(1));
/// assert_eq!(done, Computed::Inserted(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Computed<V, T> {
    /// There was none; now there is this value.
    Inserted(V),
    /// The value was changed.
    Updated {
        /// What it was.
        old: V,
        /// What it is.
        new: V,
    },
    /// The entry, with this value, was removed.
    Removed(V),
    /// Nothing, as the closure said.
    Aborted(T),
}
