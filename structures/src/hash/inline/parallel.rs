//! Parallel iteration: over disjoint ranges of the order in which a table is walked.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use bytemuck::NoUninit;
use rayon::iter::plumbing::{Folder, UnindexedConsumer, UnindexedProducer, bridge_unindexed};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::super::batch::Batch;
use super::super::walk::Cursor;
use super::map::InlineHashMap;
use super::slots::decode;

/// A parallel iterator over a map's entries; see [`InlineHashMap::par_iter`].
///
/// ```
/// use rayon::prelude::*;
/// # use structures::hash_map::InlineHashMap;
/// let map = InlineHashMap::from([(1, 'a'), (2, 'b')]);
/// assert_eq!(map.par_iter().map(|(n, _)| n).sum::<i32>(), 3);
/// ```
pub struct ParIter<'m, K, V, S>(&'m InlineHashMap<K, V, S>);

impl<K, V, S> InlineHashMap<K, V, S> {
    /// The entries, by several threads: as [`iter`](InlineHashMap::iter), but no section is open while an
    /// entry is looked at. With the feature `rayon`.
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use structures::hash_map::InlineHashMap;
    ///
    /// let map: InlineHashMap<u32, u32> = (0..1_000).map(|n| (n, 2 * n)).collect();
    /// assert_eq!(map.par_iter().map(|(k, v)| v - k).sum::<u32>(), 499_500);
    /// ```
    pub fn par_iter(&self) -> ParIter<'_, K, V, S> {
        ParIter(self)
    }
}

impl<K, V, S> ParallelIterator for ParIter<'_, K, V, S>
where
    K: NoUninit + Hash + Eq + Send + Sync,
    V: NoUninit + Send + Sync,
    S: BuildHasher + Sync,
{
    type Item = (K, V);

    fn drive_unindexed<C: UnindexedConsumer<(K, V)>>(self, consumer: C) -> C::Result {
        let all = Range {
            map: self.0,
            cursor: self.0.table.start(),
        };
        bridge_unindexed(all, consumer)
    }
}

/// A part of a map.
struct Range<'m, K, V, S> {
    map: &'m InlineHashMap<K, V, S>,
    cursor: Cursor,
}

impl<K, V, S> UnindexedProducer for Range<'_, K, V, S>
where
    K: NoUninit + Hash + Eq + Send + Sync,
    V: NoUninit + Send + Sync,
    S: BuildHasher + Sync,
{
    type Item = (K, V);

    fn split(mut self) -> (Self, Option<Self>) {
        let map = self.map;
        let rest = self.cursor.split(map.table.depth());
        (self, rest.map(|cursor| Range { map, cursor }))
    }

    fn fold_with<F: Folder<(K, V)>>(mut self, mut folder: F) -> F {
        let map = self.map;
        while !self.cursor.is_at_end() && !folder.full() {
            let rehash = |item| map.rehash(item);
            let mut batch = Batch::<_>::new();
            let section = map.smr().enter();
            map.table
                .step(&section, &mut self.cursor, &rehash, &mut batch);
            drop(section);
            folder = folder.consume_iter(batch.map(|item| {
                // SAFETY: a stored key.
                let key = unsafe { decode(item.key) };
                (key, InlineHashMap::<K, V, S>::value(item))
            }));
        }
        folder
    }
}

impl<'m, K, V, S> IntoParallelIterator for &'m InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq + Send + Sync,
    V: NoUninit + Send + Sync,
    S: BuildHasher + Sync,
{
    type Item = (K, V);
    type Iter = ParIter<'m, K, V, S>;

    fn into_par_iter(self) -> ParIter<'m, K, V, S> {
        self.par_iter()
    }
}

/// The entries. They are taken out of the map by the calling thread.
impl<K: NoUninit + Send, V: NoUninit + Send, S> IntoParallelIterator for InlineHashMap<K, V, S> {
    type Item = (K, V);
    type Iter = rayon::vec::IntoIter<(K, V)>;

    fn into_par_iter(self) -> Self::Iter {
        self.into_iter().collect::<Vec<_>>().into_par_iter()
    }
}

impl<K, V, S> Clone for ParIter<'_, K, V, S> {
    fn clone(&self) -> Self {
        ParIter(self.0)
    }
}

impl<K, V, S> fmt::Debug for ParIter<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParIter").finish_non_exhaustive()
    }
}
