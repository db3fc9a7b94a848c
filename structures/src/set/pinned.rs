//! The set under a guard.

use smr_core::{Guard as LocalGuard, OwnedGuard};

use super::backing::{Change, Find, KeyMap};
use super::iter::{Drain, Iter};
use super::{Difference, Intersection, Set, SymmetricDifference, Union};
use crate::guard::Guard;

/// A set under a guard of its own, with std's methods; see [`Set::pin`]. What it returns is borrowed from it.
///
/// ```
/// use structures::HashSet;
///
/// let (even, small) = (HashSet::from([2, 4, 6]), HashSet::from([1, 2, 3]));
/// let (even, small) = (even.pin(), small.pin());
/// assert_eq!(even.intersection(&small).collect::<Vec<_>>(), [&2]);
/// assert!(!even.is_subset(&small));
/// ```
pub struct SetRef<'set, M, G> {
    set: &'set Set<M>,
    /// Of the set's domain.
    guard: G,
}

impl<'set, M: KeyMap, G: Guard> SetRef<'set, M, G> {
    /// The guard is of the set's domain.
    #[inline]
    pub(super) fn new(set: &'set Set<M>, guard: G) -> Self {
        SetRef { set, guard }
    }

    #[inline]
    pub(crate) fn guard(&self) -> &G {
        &self.guard
    }

    /// The set.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1]);
    /// assert!(std::ptr::eq(set.pin().set(), &set));
    /// ```
    #[inline]
    #[must_use]
    pub fn set(&self) -> &'set Set<M> {
        self.set
    }

    /// See [`Set::len`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert_eq!(HashSet::from([1, 2]).pin().len(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// See [`Set::is_empty`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert!(HashSet::<u8>::new().pin().is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// See [`Set::iter`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert_eq!(HashSet::from([1, 2]).pin().iter().sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, M, G> {
        Iter(self.set.0.keys(&self.guard))
    }

    /// See [`Set::contains`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert!(HashSet::from(["a".to_string()]).pin().contains("a"));
    /// ```
    #[inline]
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.get(key).is_some()
    }

    /// See [`Set::get`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert_eq!(HashSet::from([1]).pin().get(&1), Some(&1));
    /// ```
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<&M::Key>
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.set.0.find(self.guard.section(), key)
    }

    /// See [`Set::remove`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert!(HashSet::from([1]).pin().remove(&1));
    /// ```
    #[inline]
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.take(key).is_some()
    }

    /// See [`Set::take`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert_eq!(HashSet::from([1]).pin().take(&1), Some(&1));
    /// ```
    #[inline]
    pub fn take<Q>(&self, key: &Q) -> Option<&M::Key>
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.set.0.take(self.guard.section(), key)
    }

    /// Whether every key is in the other set, too: exact when nobody changes them. Each key is looked for at
    /// a moment of its own. Lock-free; O(keys).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (few, more) = (HashSet::from([1]), HashSet::from([1, 2]));
    /// assert!(few.pin().is_subset(&more.pin()));
    /// ```
    pub fn is_subset<N, H>(&self, other: &SetRef<'_, N, H>) -> bool
    where
        N: Find<M::Key>,
        H: Guard,
    {
        self.iter().all(|key| other.contains(key))
    }

    /// Whether every key of the other set is in this one, too; as [`is_subset`](Self::is_subset).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (few, more) = (HashSet::from([1]), HashSet::from([1, 2]));
    /// assert!(more.pin().is_superset(&few.pin()));
    /// ```
    pub fn is_superset<N, H>(&self, other: &SetRef<'_, N, H>) -> bool
    where
        M: Find<N::Key>,
        N: KeyMap,
        H: Guard,
    {
        other.is_subset(self)
    }

    /// Whether no key is in the other set, too; as [`is_subset`](Self::is_subset).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (odd, even) = (HashSet::from([1, 3]), HashSet::from([2, 4]));
    /// assert!(odd.pin().is_disjoint(&even.pin()));
    /// ```
    pub fn is_disjoint<N, H>(&self, other: &SetRef<'_, N, H>) -> bool
    where
        N: Find<M::Key>,
        H: Guard,
    {
        !self.iter().any(|key| other.contains(key))
    }

    /// The keys that the other set does not have. They are met as by [`iter`](Set::iter), and each is looked
    /// for when it is met. Lock-free; O(keys).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (all, some) = (HashSet::from([1, 2, 3]), HashSet::from([2, 3]));
    /// assert_eq!(all.pin().difference(&some.pin()).collect::<Vec<_>>(), [&1]);
    /// ```
    pub fn difference<'r, N, H>(&'r self, other: &'r SetRef<'_, N, H>) -> Difference<'r, M, G, N, H>
    where
        N: Find<M::Key>,
        H: Guard,
    {
        Difference::new(self.iter(), other)
    }

    /// The keys that the other set has, too; as [`difference`](Self::difference). They are this set's.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (all, some) = (HashSet::from([1, 2, 3]), HashSet::from([3, 4]));
    /// assert_eq!(all.pin().intersection(&some.pin()).collect::<Vec<_>>(), [&3]);
    /// ```
    pub fn intersection<'r, N, H>(
        &'r self,
        other: &'r SetRef<'_, N, H>,
    ) -> Intersection<'r, M, G, N, H>
    where
        N: Find<M::Key>,
        H: Guard,
    {
        Intersection::new(self.iter(), other)
    }

    /// The keys, and those that only the other set has; as [`difference`](Self::difference). Beside changes
    /// a key that moves from one set to the other may come twice, or not at all.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (one, other) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(one.pin().union(&other.pin()).sum::<i32>(), 6);
    /// ```
    pub fn union<'r, N, H>(&'r self, other: &'r SetRef<'_, N, H>) -> Union<'r, M, G, N, H>
    where
        M: Find<<M as KeyMap>::Key>,
        N: KeyMap<Key = M::Key>,
        H: Guard,
    {
        Union::new(self.iter(), other.difference(self))
    }

    /// The keys that just one of the sets has; as [`union`](Self::union).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (one, other) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(one.pin().symmetric_difference(&other.pin()).sum::<i32>(), 4);
    /// ```
    pub fn symmetric_difference<'r, N, H>(
        &'r self,
        other: &'r SetRef<'_, N, H>,
    ) -> SymmetricDifference<'r, M, G, N, H>
    where
        M: Find<<M as KeyMap>::Key>,
        N: Find<M::Key> + KeyMap<Key = M::Key>,
        H: Guard,
    {
        SymmetricDifference::new(self.difference(other), other.difference(self))
    }
}

impl<M: Change, G: Guard> SetRef<'_, M, G> {
    /// See [`Set::insert`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::new();
    /// assert!(set.pin().insert(1) && !set.pin().insert(1));
    /// ```
    #[inline]
    pub fn insert(&self, key: M::Key) -> bool {
        self.set.0.insert(self.guard.section(), key)
    }

    /// See [`Set::replace`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::new();
    /// assert_eq!(set.pin().replace(1), None);
    /// assert_eq!(set.pin().replace(1), Some(&1));
    /// ```
    #[inline]
    pub fn replace(&self, key: M::Key) -> Option<&M::Key> {
        self.set.0.replace(self.guard.section(), key)
    }

    /// See [`Set::retain`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2, 3]);
    /// set.pin().retain(|n| n % 2 == 1);
    /// assert_eq!(set.len(), 2);
    /// ```
    pub fn retain<F>(&self, keep: F)
    where
        F: FnMut(&M::Key) -> bool,
    {
        self.set.0.retain(&self.guard, keep);
    }

    /// See [`Set::clear`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2, 3]);
    /// set.pin().clear();
    /// assert!(set.is_empty());
    /// ```
    pub fn clear(&self) {
        self.set.0.clear(&self.guard);
    }

    /// See [`Set::drain`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2, 3]);
    /// assert_eq!(set.pin().drain().sum::<i32>(), 6);
    /// ```
    pub fn drain(&self) -> Drain<'_, M, G> {
        Drain(self.set.0.drain(&self.guard))
    }
}

impl<M: KeyMap> SetRef<'_, M, LocalGuard<'_>> {
    /// Ends the section and opens another at once: long loops do so now and then, so as not to hold memory
    /// back. See [`smr_core::Guard::repin`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::new();
    /// let mut set = set.pin();
    /// for n in 0..100 {
    ///     set.insert(n);
    ///     set.remove(&n);
    ///     set.repin();
    /// }
    /// ```
    #[inline]
    pub fn repin(&mut self) {
        self.guard.repin();
    }
}

impl<M: KeyMap> SetRef<'_, M, OwnedGuard> {
    /// As [for the guards of a thread](Self::repin).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1]);
    /// let mut set = set.pin_owned();
    /// set.repin_owned();
    /// assert!(set.contains(&1));
    /// ```
    #[inline]
    pub fn repin_owned(&mut self) {
        self.guard.repin();
    }
}
