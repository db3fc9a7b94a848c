//! Iteration.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;

use bytemuck::NoUninit;

use super::super::batch::Batch;
use super::super::reclaim::Section;
use super::super::walk::Cursor;
use super::map::InlineHashMap;
use super::slots::{Pair, decode};

impl<'m, K, V, S> Iter<'m, K, V, S> {
    pub(super) fn new(map: &'m InlineHashMap<K, V, S>) -> Self {
        Iter {
            map,
            section: map.smr().enter(),
            cursor: map.table.start(),
            batch: Batch::new(),
        }
    }
}

impl<K, V, S> Iter<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    #[inline]
    fn entry(item: Pair) -> (K, V) {
        // SAFETY: a stored key.
        let key = unsafe { decode(item.key) };
        (key, InlineHashMap::<K, V, S>::value(item))
    }

    /// Reads another bucket, for the batch is empty.
    #[inline(never)]
    fn read(&mut self) -> Option<Pair> {
        let (table, map) = (&self.map.table, self.map);
        while !self.cursor.is_at_end() {
            self.batch.compact();
            let rehash = |item| map.rehash(item);
            table.step(&self.section, &mut self.cursor, &rehash, &mut self.batch);
            if let Some(item) = self.batch.pop() {
                return Some(item);
            }
        }
        None
    }
}

/// Iterates over a map's entries; see [`InlineHashMap::iter`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// let map = InlineHashMap::from([(1, 'a')]);
/// let entries = map.iter();
/// assert!(entries.clone().eq(entries));
/// ```
pub struct Iter<'m, K, V, S> {
    pub(super) map: &'m InlineHashMap<K, V, S>,
    section: Section<'m>,
    cursor: Cursor,
    batch: Batch<Pair>,
}

impl<K, V, S> Iterator for Iter<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        let item = match self.batch.pop() {
            Some(item) => item,
            None => self.read()?,
        };
        Some(Self::entry(item))
    }
}

impl<K, V, S> FusedIterator for Iter<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> Clone for Iter<'_, K, V, S> {
    fn clone(&self) -> Self {
        Iter {
            map: self.map,
            section: self.map.smr().enter(),
            cursor: self.cursor,
            batch: self.batch.clone(),
        }
    }
}

impl<K, V, S> fmt::Debug for Iter<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

/// An iterator over a map's keys; see [`InlineHashMap::keys`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// assert!(InlineHashMap::from([(1, 'a')]).keys().eq([1]));
/// ```
#[derive(Debug)]
pub struct Keys<'m, K, V, S>(pub(super) Iter<'m, K, V, S>);

impl<K, V, S> Iterator for Keys<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.0.next().map(|(key, _)| key)
    }
}

impl<K, V, S> FusedIterator for Keys<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> Clone for Keys<'_, K, V, S> {
    fn clone(&self) -> Self {
        Keys(self.0.clone())
    }
}

/// An iterator over a map's values; see [`InlineHashMap::values`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// assert!(InlineHashMap::from([(1, 'a')]).values().eq(['a']));
/// ```
#[derive(Debug)]
pub struct Values<'m, K, V, S>(pub(super) Iter<'m, K, V, S>);

impl<K, V, S> Iterator for Values<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = V;

    fn next(&mut self) -> Option<V> {
        self.0.next().map(|(_, value)| value)
    }
}

impl<K, V, S> FusedIterator for Values<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> Clone for Values<'_, K, V, S> {
    fn clone(&self) -> Self {
        Values(self.0.clone())
    }
}
