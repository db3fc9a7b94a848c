//! Iteration that takes entries out.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::marker::PhantomData;

use bytemuck::NoUninit;

use super::iter::Iter;
use super::map::InlineHashMap;
use super::slots::{Pair, decode};

/// An iterator that removes what it yields; see [`InlineHashMap::drain`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// let map = InlineHashMap::from([(1, 'a'), (2, 'b')]);
/// assert!(map.drain().next().is_some());
/// assert_eq!(map.len(), 1);
/// ```
pub struct Drain<'m, K, V, S>(Iter<'m, K, V, S>);

impl<K, V, S> InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    /// Removes every entry, as [`clear`](Self::clear) does, and yields those that it has removed, with the
    /// values that they had then. If it is dropped early, what it has not come to stays. It is in a section
    /// of the domain, as [`iter`](Self::iter). Lock-free; O(buckets) in all.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map: InlineHashMap<u32, u32> = (0..10).map(|i| (i, i)).collect();
    /// assert_eq!(map.drain().map(|(_, n)| n).sum::<u32>(), 45);
    /// assert!(map.is_empty());
    /// ```
    pub fn drain(&self) -> Drain<'_, K, V, S> {
        Drain(self.iter())
    }
}

impl<K, V, S> Iterator for Drain<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        loop {
            let (key, _) = self.0.next()?;
            if let Some(value) = self.0.map.remove(&key) {
                return Some((key, value));
            }
        }
    }
}

impl<K, V, S> FusedIterator for Drain<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> fmt::Debug for Drain<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}

/// An iterator over the entries of a map that was given up.
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// let map = InlineHashMap::from([(1, 'a')]);
/// assert_eq!(map.into_iter().collect::<Vec<_>>(), [(1, 'a')]);
/// ```
pub struct IntoIter<K, V> {
    left: std::vec::IntoIter<Pair>,
    entries: PhantomData<(K, V)>,
}

impl<K: NoUninit, V: NoUninit> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let item = self.left.next()?;
        // SAFETY: a stored key.
        let key = unsafe { decode(item.key) };
        // SAFETY: a stored value.
        Some((key, unsafe { decode(item.value) }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<K: NoUninit, V: NoUninit> ExactSizeIterator for IntoIter<K, V> {}
impl<K: NoUninit, V: NoUninit> FusedIterator for IntoIter<K, V> {}

impl<K, V> fmt::Debug for IntoIter<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("left", &self.left.len())
            .finish_non_exhaustive()
    }
}

/// The entries, in no order. Takes sixteen bytes an entry meanwhile.
impl<K: NoUninit, V: NoUninit, S> IntoIterator for InlineHashMap<K, V, S> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(mut self) -> IntoIter<K, V> {
        let mut items = Vec::with_capacity(self.len());
        self.table.drain(|item| items.push(item));
        IntoIter {
            left: items.into_iter(),
            entries: PhantomData,
        }
    }
}
