//! Parallel iteration: over disjoint ranges of the order in which a table is walked.

use core::fmt;

use rayon::iter::plumbing::{Folder, UnindexedConsumer, UnindexedProducer, bridge_unindexed};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use smr_core::OwnedGuard;

use super::iter::Iter;
use super::map::HashMap;
use super::pinned::HashMapRef;
use super::set::HashSetRef;

/// A parallel iterator over a map's entries; see [`HashMapRef::par_iter`].
///
/// ```
/// use rayon::prelude::*;
/// # use structures::HashMap;
/// let map = HashMap::from([(1, 'a'), (2, 'b')]);
/// assert_eq!(map.pin_owned().par_iter().map(|(n, _)| n).sum::<i32>(), 3);
/// ```
pub struct ParIter<'r, K, V>(Iter<'r, K, V, OwnedGuard>);

/// A parallel iterator over a set's keys; see [`HashSetRef::par_iter`].
///
/// ```
/// use rayon::prelude::*;
/// # use structures::HashSet;
/// assert_eq!(HashSet::from([1, 2]).pin_owned().par_iter().sum::<i32>(), 3);
/// ```
pub struct ParKeys<'r, K>(Iter<'r, K, (), OwnedGuard>);

impl<K, V, S> HashMapRef<'_, K, V, S, OwnedGuard> {
    /// The entries, by several threads: as [`iter`](HashMap::iter). With the feature `rayon`.
    ///
    /// Of handles with an [`OwnedGuard`] only, which threads may share. The section stays open until the
    /// handle is dropped.
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use structures::HashMap;
    ///
    /// let map: HashMap<u32, u32> = (0..1_000).map(|n| (n, 2 * n)).collect();
    /// let map = map.pin_owned();
    /// assert_eq!(map.par_iter().map(|(k, v)| v - k).sum::<u32>(), 499_500);
    /// ```
    pub fn par_iter(&self) -> ParIter<'_, K, V> {
        ParIter(self.iter())
    }
}

impl<K, S> HashSetRef<'_, K, S, OwnedGuard> {
    /// The keys, by several threads: as [`iter`](crate::HashSet::iter), and otherwise as
    /// [`HashMapRef::par_iter`].
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use structures::HashSet;
    ///
    /// let set: HashSet<u32> = (0..1_000).collect();
    /// assert_eq!(set.pin_owned().par_iter().sum::<u32>(), 499_500);
    /// ```
    pub fn par_iter(&self) -> ParKeys<'_, K> {
        ParKeys(Iter::new(&self.set().map().core, self.guard()))
    }
}

impl<'r, K: Sync, V: Sync> ParallelIterator for ParIter<'r, K, V> {
    type Item = (&'r K, &'r V);

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge_unindexed(Range(self.0), consumer)
    }
}

impl<'r, K: Sync> ParallelIterator for ParKeys<'r, K> {
    type Item = &'r K;

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        let entries = ParIter(self.0).map(|(key, ())| key);
        entries.drive_unindexed(consumer)
    }
}

/// A part of a table.
struct Range<'r, K, V>(Iter<'r, K, V, OwnedGuard>);

impl<'r, K: Sync, V: Sync> UnindexedProducer for Range<'r, K, V> {
    type Item = (&'r K, &'r V);

    fn split(mut self) -> (Self, Option<Self>) {
        let rest = self.0.split();
        (self, rest.map(Range))
    }

    fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
        folder.consume_iter(self.0)
    }
}

impl<'r, K, V, S> IntoParallelIterator for &'r HashMapRef<'_, K, V, S, OwnedGuard>
where
    K: Sync,
    V: Sync,
{
    type Item = (&'r K, &'r V);
    type Iter = ParIter<'r, K, V>;

    fn into_par_iter(self) -> ParIter<'r, K, V> {
        self.par_iter()
    }
}

impl<'r, K: Sync, S> IntoParallelIterator for &'r HashSetRef<'_, K, S, OwnedGuard> {
    type Item = &'r K;
    type Iter = ParKeys<'r, K>;

    fn into_par_iter(self) -> ParKeys<'r, K> {
        self.par_iter()
    }
}

/// The entries by value. They are taken out of the map by the calling thread.
impl<K: Send, V: Send, S> IntoParallelIterator for HashMap<K, V, S> {
    type Item = (K, V);
    type Iter = rayon::vec::IntoIter<(K, V)>;

    fn into_par_iter(self) -> Self::Iter {
        self.into_iter().collect::<Vec<_>>().into_par_iter()
    }
}

impl<K, V> Clone for ParIter<'_, K, V> {
    fn clone(&self) -> Self {
        ParIter(self.0.clone())
    }
}

impl<K> Clone for ParKeys<'_, K> {
    fn clone(&self) -> Self {
        ParKeys(self.0.clone())
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for ParIter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K: fmt::Debug> fmt::Debug for ParKeys<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::Keys(self.0.clone()).fmt(f)
    }
}
