//! Iteration.

use core::fmt;
use core::iter::FusedIterator;

use super::backing::{Change, KeyMap};
use crate::guard::Guard;

/// An iterator over a set's keys; see [`Set::iter`](super::Set::iter).
///
/// ```
/// # use structures::HashSet;
/// let set = HashSet::from([1, 2]);
/// let set = set.pin();
/// let keys = set.iter();
/// assert_eq!(keys.clone().count() + keys.count(), 4);
/// ```
pub struct Iter<'g, M: KeyMap + 'g, G: Guard + 'g>(pub(super) M::Keys<'g, G>);

impl<'g, M: KeyMap, G: Guard> Iterator for Iter<'g, M, G> {
    type Item = &'g M::Key;

    #[inline]
    fn next(&mut self) -> Option<&'g M::Key> {
        self.0.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<M: KeyMap, G: Guard> FusedIterator for Iter<'_, M, G> {}

impl<M: KeyMap, G: Guard> Clone for Iter<'_, M, G> {
    fn clone(&self) -> Self {
        Iter(self.0.clone())
    }
}

impl<M: KeyMap, G: Guard> fmt::Debug for Iter<'_, M, G>
where
    M::Key: fmt::Debug,
{
    /// What is still to come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An iterator that removes what it yields; see [`Set::drain`](super::Set::drain).
///
/// ```
/// # use structures::HashSet;
/// let set = HashSet::from([1, 2]);
/// assert!(set.pin().drain().next().is_some());
/// assert_eq!(set.len(), 1);
/// ```
pub struct Drain<'g, M: Change + 'g, G: Guard + 'g>(pub(super) M::Drain<'g, G>);

impl<'g, M: Change, G: Guard> Iterator for Drain<'g, M, G> {
    type Item = &'g M::Key;

    fn next(&mut self) -> Option<&'g M::Key> {
        self.0.next().map(|(key, ())| key)
    }
}

impl<M: Change, G: Guard> FusedIterator for Drain<'_, M, G> {}

impl<M: Change, G: Guard> fmt::Debug for Drain<'_, M, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}

/// An iterator over the keys of a set that was given up, by value.
///
/// ```
/// # use structures::HashSet;
/// assert_eq!(HashSet::from([1, 2]).into_iter().sum::<i32>(), 3);
/// ```
pub struct IntoIter<M: IntoIterator>(pub(super) M::IntoIter);

impl<K, M: IntoIterator<Item = (K, ())>> Iterator for IntoIter<M> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.0.next().map(|(key, ())| key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K, M> ExactSizeIterator for IntoIter<M> where
    M: IntoIterator<Item = (K, ()), IntoIter: ExactSizeIterator>
{
}

impl<K, M> FusedIterator for IntoIter<M> where
    M: IntoIterator<Item = (K, ()), IntoIter: FusedIterator>
{
}

impl<M: IntoIterator<IntoIter: fmt::Debug>> fmt::Debug for IntoIter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntoIter").field(&self.0).finish()
    }
}
