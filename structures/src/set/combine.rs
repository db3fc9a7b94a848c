//! Combinations of two sets, each under a guard of its own.

use core::fmt;
use core::iter::{Chain, FusedIterator};
use core::ops::{BitAnd, BitOr, BitXor, Sub};

use super::Set;
use super::backing::{Change, Find, KeyMap};
use super::iter::Iter;
use super::pinned::SetRef;
use crate::guard::Guard;

/// The keys of one set of which it holds, or not, that the other has them.
struct Chosen<'r, M: KeyMap + 'r, G: Guard + 'r, N, H, const SHARED: bool> {
    keys: Iter<'r, M, G>,
    other: &'r SetRef<'r, N, H>,
}

impl<'r, M, G, N, H, const SHARED: bool> Iterator for Chosen<'r, M, G, N, H, SHARED>
where
    M: KeyMap,
    G: Guard,
    N: Find<M::Key>,
    H: Guard,
{
    type Item = &'r M::Key;

    fn next(&mut self) -> Option<&'r M::Key> {
        let other = self.other;
        self.keys.find(|&key| other.contains(key) == SHARED)
    }
}

impl<M: KeyMap, G: Guard, N, H, const SHARED: bool> Clone for Chosen<'_, M, G, N, H, SHARED> {
    fn clone(&self) -> Self {
        Chosen {
            keys: self.keys.clone(),
            other: self.other,
        }
    }
}

/// The keys that are in one set and not in another; see [`SetRef::difference`].
///
/// ```
/// # use structures::HashSet;
/// let (one, other) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
/// assert!(one.pin().difference(&other.pin()).eq([&1]));
/// ```
pub struct Difference<'r, M: KeyMap + 'r, G: Guard + 'r, N, H>(Chosen<'r, M, G, N, H, false>);

/// The keys that are in both of two sets; see [`SetRef::intersection`].
///
/// ```
/// # use structures::HashSet;
/// let (one, other) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
/// assert!(one.pin().intersection(&other.pin()).eq([&2]));
/// ```
pub struct Intersection<'r, M: KeyMap + 'r, G: Guard + 'r, N, H>(Chosen<'r, M, G, N, H, true>);

/// The keys that are in any of two sets; see [`SetRef::union`].
///
/// ```
/// # use structures::HashSet;
/// let (one, other) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
/// assert_eq!(one.pin().union(&other.pin()).count(), 3);
/// ```
pub struct Union<'r, M, G, N, H>(Chain<Iter<'r, M, G>, Difference<'r, N, H, M, G>>)
where
    M: KeyMap + 'r,
    G: Guard + 'r,
    N: KeyMap + 'r,
    H: Guard + 'r;

/// The keys that are in just one of two sets; see [`SetRef::symmetric_difference`].
///
/// ```
/// # use structures::HashSet;
/// let (one, other) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
/// assert_eq!(one.pin().symmetric_difference(&other.pin()).count(), 2);
/// ```
pub struct SymmetricDifference<'r, M, G, N, H>
where
    M: KeyMap + 'r,
    G: Guard + 'r,
    N: KeyMap + 'r,
    H: Guard + 'r,
{
    here: Difference<'r, M, G, N, H>,
    there: Difference<'r, N, H, M, G>,
}

impl<'r, M: KeyMap, G: Guard, N, H> Difference<'r, M, G, N, H> {
    pub(super) fn new(keys: Iter<'r, M, G>, other: &'r SetRef<'_, N, H>) -> Self {
        Difference(Chosen { keys, other })
    }
}

impl<'r, M: KeyMap, G: Guard, N, H> Intersection<'r, M, G, N, H> {
    pub(super) fn new(keys: Iter<'r, M, G>, other: &'r SetRef<'_, N, H>) -> Self {
        Intersection(Chosen { keys, other })
    }
}

impl<'r, M, G, N, H> Union<'r, M, G, N, H>
where
    M: Find<<M as KeyMap>::Key>,
    G: Guard,
    N: KeyMap<Key = M::Key>,
    H: Guard,
{
    pub(super) fn new(all: Iter<'r, M, G>, more: Difference<'r, N, H, M, G>) -> Self {
        Union(all.chain(more))
    }
}

impl<'r, M, G, N, H> SymmetricDifference<'r, M, G, N, H>
where
    M: Find<<M as KeyMap>::Key>,
    G: Guard,
    N: Find<M::Key> + KeyMap<Key = M::Key>,
    H: Guard,
{
    pub(super) fn new(here: Difference<'r, M, G, N, H>, there: Difference<'r, N, H, M, G>) -> Self {
        SymmetricDifference { here, there }
    }
}

impl<'r, M, G, N, H> Iterator for Difference<'r, M, G, N, H>
where
    M: KeyMap,
    G: Guard,
    N: Find<M::Key>,
    H: Guard,
{
    type Item = &'r M::Key;

    fn next(&mut self) -> Option<&'r M::Key> {
        self.0.next()
    }
}

impl<'r, M, G, N, H> Iterator for Intersection<'r, M, G, N, H>
where
    M: KeyMap,
    G: Guard,
    N: Find<M::Key>,
    H: Guard,
{
    type Item = &'r M::Key;

    fn next(&mut self) -> Option<&'r M::Key> {
        self.0.next()
    }
}

impl<'r, M, G, N, H> Iterator for Union<'r, M, G, N, H>
where
    M: Find<<M as KeyMap>::Key>,
    G: Guard,
    N: KeyMap<Key = M::Key>,
    H: Guard,
{
    type Item = &'r M::Key;

    fn next(&mut self) -> Option<&'r M::Key> {
        self.0.next()
    }
}

impl<'r, M, G, N, H> Iterator for SymmetricDifference<'r, M, G, N, H>
where
    M: Find<<M as KeyMap>::Key>,
    G: Guard,
    N: Find<M::Key> + KeyMap<Key = M::Key>,
    H: Guard,
{
    type Item = &'r M::Key;

    fn next(&mut self) -> Option<&'r M::Key> {
        self.here.next().or_else(|| self.there.next())
    }
}

impl<M: KeyMap, G: Guard, N: Find<M::Key>, H: Guard> FusedIterator for Difference<'_, M, G, N, H> {}
impl<M: KeyMap, G: Guard, N: Find<M::Key>, H: Guard> FusedIterator
    for Intersection<'_, M, G, N, H>
{
}
impl<M, G, N, H> FusedIterator for Union<'_, M, G, N, H>
where
    M: Find<<M as KeyMap>::Key>,
    G: Guard,
    N: KeyMap<Key = M::Key>,
    H: Guard,
{
}
impl<M, G, N, H> FusedIterator for SymmetricDifference<'_, M, G, N, H>
where
    M: Find<<M as KeyMap>::Key>,
    G: Guard,
    N: Find<M::Key> + KeyMap<Key = M::Key>,
    H: Guard,
{
}

impl<M: KeyMap, G: Guard, N, H> Clone for Difference<'_, M, G, N, H> {
    fn clone(&self) -> Self {
        Difference(self.0.clone())
    }
}

impl<M: KeyMap, G: Guard, N, H> Clone for Intersection<'_, M, G, N, H> {
    fn clone(&self) -> Self {
        Intersection(self.0.clone())
    }
}

impl<M: KeyMap, G: Guard, N: KeyMap, H: Guard> Clone for Union<'_, M, G, N, H> {
    fn clone(&self) -> Self {
        Union(self.0.clone())
    }
}

impl<M: KeyMap, G: Guard, N: KeyMap, H: Guard> Clone for SymmetricDifference<'_, M, G, N, H> {
    fn clone(&self) -> Self {
        SymmetricDifference {
            here: self.here.clone(),
            there: self.there.clone(),
        }
    }
}

impl<M: KeyMap, G: Guard, N, H> fmt::Debug for Difference<'_, M, G, N, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference").finish_non_exhaustive()
    }
}

impl<M: KeyMap, G: Guard, N, H> fmt::Debug for Intersection<'_, M, G, N, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intersection").finish_non_exhaustive()
    }
}

impl<M: KeyMap, G: Guard, N: KeyMap, H: Guard> fmt::Debug for Union<'_, M, G, N, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Union").finish_non_exhaustive()
    }
}

impl<M: KeyMap, G: Guard, N: KeyMap, H: Guard> fmt::Debug for SymmetricDifference<'_, M, G, N, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymmetricDifference")
            .finish_non_exhaustive()
    }
}

/// A set of the keys of [`SetRef::union`].
impl<M> BitOr for &Set<M>
where
    M: Change + Default,
    M::Key: Clone,
{
    type Output = Set<M>;

    fn bitor(self, other: Self) -> Set<M> {
        self.pin().union(&other.pin()).cloned().collect()
    }
}

/// A set of the keys of [`SetRef::intersection`].
impl<M> BitAnd for &Set<M>
where
    M: Change + Default,
    M::Key: Clone,
{
    type Output = Set<M>;

    fn bitand(self, other: Self) -> Set<M> {
        self.pin().intersection(&other.pin()).cloned().collect()
    }
}

/// A set of the keys of [`SetRef::symmetric_difference`].
impl<M> BitXor for &Set<M>
where
    M: Change + Default,
    M::Key: Clone,
{
    type Output = Set<M>;

    fn bitxor(self, other: Self) -> Set<M> {
        let (here, there) = (self.pin(), other.pin());
        here.symmetric_difference(&there).cloned().collect()
    }
}

/// A set of the keys of [`SetRef::difference`].
impl<M> Sub for &Set<M>
where
    M: Change + Default,
    M::Key: Clone,
{
    type Output = Set<M>;

    fn sub(self, other: Self) -> Set<M> {
        self.pin().difference(&other.pin()).cloned().collect()
    }
}
