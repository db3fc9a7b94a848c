//! The set: of the map's keys, without values.

use core::convert::Infallible;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::{Bound, RangeBounds};

use smr_core::{Guard as LocalGuard, Smr};

use super::super::compare::{Comparator, Natural};
use super::super::probe::Wanted;
use super::SkipMap;
use super::iter::{Drain, Iter, Keys, Range};
use crate::answers::{Compute, Operation};
use crate::entries::Writing;
use crate::guard::Guard;
use crate::set::{Change, Find, KeyMap, Set, SetRef};

/// A lock-free ordered set: a [`SkipMap`] without values. What it shares with sets of other maps is described
/// at [`Set`]; order, time, memory and bad keys at [`SkipMap`].
///
/// ```
/// use structures::SkipSet;
///
/// let set = SkipSet::new();
/// std::thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| {
///             let set = set.pin();
///             (0..100).rev().filter(|&n| set.insert(n)).count()
///         });
///     }
/// });
/// assert_eq!(set.len(), 100);
/// assert!(set.pin().iter().copied().eq(0..100));
/// ```
pub type SkipSet<K, C = Natural> = Set<SkipMap<K, (), C>>;

/// A [`SkipSet`] under a guard of its own; see [`SetRef`].
///
/// ```
/// use structures::skip_set::SkipSetRef;
/// use structures::skip_map::Natural;
/// use structures::{Guard, SkipSet};
///
/// fn least(set: &SkipSetRef<'_, u32, Natural, impl Guard>) -> Option<u32> {
///     set.first().copied()
/// }
///
/// assert_eq!(least(&SkipSet::from([2, 1]).pin()), Some(1));
/// ```
pub type SkipSetRef<'set, K, C, G> = SetRef<'set, SkipMap<K, (), C>, G>;

impl<K> SkipSet<K> {
    /// An empty set in the global domain, in the order of the keys. Allocates nothing.
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set: SkipSet<u8> = SkipSet::new();
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Set::new_of(SkipMap::new())
    }
}

impl<K, C: Comparator<K>> SkipSet<K, C> {
    /// An empty set in the global domain, in the order of a comparator: a function, for instance. Allocates
    /// nothing.
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::with_comparator(|a: &u32, b: &u32| b.cmp(a));
    /// let set = set.pin();
    /// assert!(set.insert(1) && set.insert(2));
    /// assert!(set.iter().eq(&[2, 1]));
    /// ```
    #[must_use]
    pub fn with_comparator(comparator: C) -> Self {
        Set::new_of(SkipMap::with_comparator(comparator))
    }

    /// The same in a domain of one's own.
    ///
    /// ```
    /// # use structures::{SkipSet, Smr};
    /// use structures::skip_map::Natural;
    ///
    /// let smr = Smr::new();
    /// let set: SkipSet<u32> = SkipSet::with_comparator_in(Natural, &smr);
    /// assert!(set.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn with_comparator_in(comparator: C, smr: &Smr) -> Self {
        Set::new_of(SkipMap::with_comparator_in(comparator, smr))
    }

    /// The order.
    ///
    /// ```
    /// # use structures::SkipSet;
    /// use structures::skip_map::Natural;
    ///
    /// assert_eq!(SkipSet::<u8>::new().comparator(), &Natural);
    /// ```
    pub fn comparator(&self) -> &C {
        self.map().comparator()
    }

    /// The least key; see [`SkipMap::first_key_value`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.first(&set.guard()), Some(&1));
    /// ```
    pub fn first<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().first_key_value(guard))
    }

    /// The greatest key; see [`SkipMap::last_key_value`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.last(&set.guard()), Some(&2));
    /// ```
    pub fn last<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().last_key_value(guard))
    }

    /// Removes the least key, and returns it; see [`SkipMap::pop_first`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.pop_first(&set.guard()), Some(&1));
    /// ```
    pub fn pop_first<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().pop_first(guard))
    }

    /// Removes the greatest key, and returns it; see [`SkipMap::pop_last`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.pop_last(&set.guard()), Some(&2));
    /// ```
    pub fn pop_last<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().pop_last(guard))
    }

    /// The first key that is not below a bound; see [`SkipMap::lower_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Excluded;
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.lower_bound(Excluded(&1), &set.guard()), Some(&2));
    /// ```
    pub fn lower_bound<'g, Q>(&'g self, bound: Bound<&Q>, guard: &'g impl Guard) -> Option<&'g K>
    where
        Q: ?Sized,
        C: Comparator<K, Q>,
    {
        key(self.map().lower_bound(bound, guard))
    }

    /// The last key that is not above a bound; see [`SkipMap::upper_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Excluded;
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.upper_bound(Excluded(&2), &set.guard()), Some(&1));
    /// ```
    pub fn upper_bound<'g, Q>(&'g self, bound: Bound<&Q>, guard: &'g impl Guard) -> Option<&'g K>
    where
        Q: ?Sized,
        C: Comparator<K, Q>,
    {
        key(self.map().upper_bound(bound, guard))
    }

    /// The keys that are in a range; see [`SkipMap::range`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set: SkipSet<u32> = (0..10).collect();
    /// assert!(set.range(3..6, &set.guard()).eq(&[3, 4, 5]));
    /// ```
    #[inline]
    pub fn range<'g, Q, R, G>(&'g self, range: R, guard: &'g G) -> RangeKeys<'g, K, C, G, Q, R>
    where
        Q: ?Sized,
        C: Comparator<K, Q>,
        R: RangeBounds<Q>,
        G: Guard,
    {
        RangeKeys(self.map().range(range, guard))
    }

    /// Asserts the invariants.
    ///
    /// # Panics
    /// If one does not hold.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn check(&mut self) {
        self.map_mut().check();
    }
}

fn key<'g, K>(entry: Option<(&'g K, &'g ())>) -> Option<&'g K> {
    entry.map(|(key, ())| key)
}

impl<K, C: Comparator<K>, G: Guard> SkipSetRef<'_, K, C, G> {
    /// See [`SkipSet::first`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().first(), Some(&1));
    /// ```
    pub fn first(&self) -> Option<&K> {
        self.set().first(self.guard())
    }

    /// See [`SkipSet::last`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().last(), Some(&2));
    /// ```
    pub fn last(&self) -> Option<&K> {
        self.set().last(self.guard())
    }

    /// See [`SkipSet::pop_first`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().pop_first(), Some(&1));
    /// ```
    pub fn pop_first(&self) -> Option<&K> {
        self.set().pop_first(self.guard())
    }

    /// See [`SkipSet::pop_last`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().pop_last(), Some(&2));
    /// ```
    pub fn pop_last(&self) -> Option<&K> {
        self.set().pop_last(self.guard())
    }

    /// See [`SkipSet::lower_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Included;
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 3]).pin().lower_bound(Included(&2)), Some(&3));
    /// ```
    pub fn lower_bound<Q>(&self, bound: Bound<&Q>) -> Option<&K>
    where
        Q: ?Sized,
        C: Comparator<K, Q>,
    {
        self.set().lower_bound(bound, self.guard())
    }

    /// See [`SkipSet::upper_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Included;
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 3]).pin().upper_bound(Included(&2)), Some(&1));
    /// ```
    pub fn upper_bound<Q>(&self, bound: Bound<&Q>) -> Option<&K>
    where
        Q: ?Sized,
        C: Comparator<K, Q>,
    {
        self.set().upper_bound(bound, self.guard())
    }

    /// See [`SkipSet::range`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert!(SkipSet::from([1, 2, 3]).pin().range(2..).rev().eq(&[3, 2]));
    /// ```
    #[inline]
    pub fn range<Q, R>(&self, range: R) -> RangeKeys<'_, K, C, G, Q, R>
    where
        Q: ?Sized,
        C: Comparator<K, Q>,
        R: RangeBounds<Q>,
    {
        self.set().range(range, self.guard())
    }
}

/// A double-ended iterator over the keys of a set that are in a range; see [`SkipSet::range`].
///
/// ```
/// # use structures::SkipSet;
/// let set = SkipSet::from([1, 2, 3]);
/// let set = set.pin();
/// let mut range = set.range(..3);
/// assert_eq!(range.next_back(), Some(&2));
/// assert_eq!(range.next(), Some(&1));
/// ```
pub struct RangeKeys<'g, K, C, G, Q: ?Sized, R>(Range<'g, K, (), C, G, Q, R>);

impl<'g, K, C, G, Q, R> Iterator for RangeKeys<'g, K, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    type Item = &'g K;

    #[inline]
    fn next(&mut self) -> Option<&'g K> {
        key(self.0.next())
    }
}

impl<K, C, G, Q, R> DoubleEndedIterator for RangeKeys<'_, K, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        key(self.0.next_back())
    }
}

impl<K, C, G, Q, R> FusedIterator for RangeKeys<'_, K, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
}

impl<K, C, G, Q: ?Sized, R: Clone> Clone for RangeKeys<'_, K, C, G, Q, R> {
    fn clone(&self) -> Self {
        RangeKeys(self.0.clone())
    }
}

impl<K, C, G, Q, R> fmt::Debug for RangeKeys<'_, K, C, G, Q, R>
where
    K: fmt::Debug,
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for SkipSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<'a, K: Copy, C: Comparator<K>> Extend<&'a K> for &SkipSet<K, C> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<'a, K: Copy, C: Comparator<K>> Extend<&'a K> for SkipSet<K, C> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        (&*self).extend(keys);
    }
}

impl<K, C: Comparator<K>> KeyMap for SkipMap<K, (), C> {
    type Key = K;
    type Keys<'g, G: Guard + 'g>
        = Keys<'g, K, (), C, G>
    where
        Self: 'g;

    #[inline]
    fn smr(&self) -> &Smr {
        self.smr()
    }

    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    fn flush(&self) -> usize {
        self.flush()
    }

    #[inline]
    fn keys<'g, G: Guard>(&'g self, guard: &'g G) -> Keys<'g, K, (), C, G> {
        Keys(Iter::new(&self.core, guard))
    }
}

impl<K, C, Q> Find<Q> for SkipMap<K, (), C>
where
    C: Comparator<K> + Comparator<K, Q>,
    Q: ?Sized,
{
    #[inline]
    fn find<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g K> {
        let wanted = Wanted::new(key, &self.core.comparator);
        self.core.get(section, &wanted).map(|entry| entry.key)
    }

    #[inline]
    fn take<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g K> {
        let wanted = Wanted::new(key, &self.core.comparator);
        self.core.remove(section, &wanted).map(|entry| entry.key)
    }
}

impl<K, C: Comparator<K>> Change for SkipMap<K, (), C> {
    type Drain<'g, G: Guard + 'g>
        = Drain<'g, K, (), C, G>
    where
        Self: 'g;

    #[inline]
    fn insert(&self, section: &LocalGuard<'_>, key: K) -> bool {
        let writing = self.core.writing(section, key, Some(()));
        writing.try_insert().is_ok()
    }

    #[inline]
    fn replace<'g>(&'g self, section: &'g LocalGuard<'_>, key: K) -> Option<&'g K> {
        let put = |_: Option<_>| Operation::<(), Infallible>::Insert(());
        match self.core.writing(section, key, None).compute(put) {
            Compute::Updated { old, .. } => Some(old.0),
            _ => None,
        }
    }

    fn retain(&self, guard: &impl Guard, mut keep: impl FnMut(&K) -> bool) {
        self.core.retain(guard.section(), |key, ()| keep(key));
    }

    fn clear(&self, guard: &impl Guard) {
        self.core.retain(guard.section(), |_, ()| false);
    }

    fn drain<'g, G: Guard>(&'g self, guard: &'g G) -> Drain<'g, K, (), C, G> {
        Drain(Iter::new(&self.core, guard))
    }

    fn expect(&self, _: &LocalGuard<'_>, _: usize) {}
}
