//! The set: of the map's keys, without values.

use core::convert::Infallible;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::{Bound, RangeBounds};

use smr_core::{Guard as LocalGuard, Smr};

use super::OrderedMap;
use super::engine::{Engine, Lookup, Order};
use super::iter::{Drain, Iter, Keys, Range};
use crate::answers::{Compute, Operation};
use crate::guard::Guard;
use crate::set::{Change, Find, KeyMap, Set, SetRef};

/// A lock-free ordered set: an [`OrderedMap`] without values. What it shares with other sets is described at [`Set`].
pub type OrderedSet<K, E> = Set<OrderedMap<K, (), E>>;

/// An [`OrderedSet`] under a guard of its own; see [`SetRef`].
pub type OrderedSetRef<'set, K, E, G> = SetRef<'set, OrderedMap<K, (), E>, G>;

impl<K, E: Order<K, ()>> OrderedSet<K, E> {
    /// The least key; see [`OrderedMap::first_key_value`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.first(&set.guard()), Some(&1));
    /// ```
    pub fn first<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().first_key_value(guard))
    }

    /// The greatest key; see [`OrderedMap::last_key_value`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.last(&set.guard()), Some(&2));
    /// ```
    pub fn last<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().last_key_value(guard))
    }

    /// Removes the least key, and returns it; see [`OrderedMap::pop_first`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.pop_first(&set.guard()), Some(&1));
    /// ```
    pub fn pop_first<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().pop_first(guard))
    }

    /// Removes the greatest key, and returns it; see [`OrderedMap::pop_last`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::from([1, 2]);
    /// assert_eq!(set.pop_last(&set.guard()), Some(&2));
    /// ```
    pub fn pop_last<'g>(&'g self, guard: &'g impl Guard) -> Option<&'g K> {
        key(self.map().pop_last(guard))
    }

    /// The first key that is not below a bound; see [`OrderedMap::lower_bound`].
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
        E: Lookup<K, (), Q>,
    {
        key(self.map().lower_bound(bound, guard))
    }

    /// The last key that is not above a bound; see [`OrderedMap::upper_bound`].
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
        E: Lookup<K, (), Q>,
    {
        key(self.map().upper_bound(bound, guard))
    }

    /// The keys that are in a range; see [`OrderedMap::range`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set: SkipSet<u32> = (0..10).collect();
    /// assert!(set.range(3..6, &set.guard()).eq(&[3, 4, 5]));
    /// ```
    #[inline]
    pub fn range<'g, Q, R, G>(&'g self, range: R, guard: &'g G) -> RangeKeys<'g, K, E, G, Q, R>
    where
        Q: ?Sized,
        E: Lookup<K, (), Q>,
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

impl<K, E: Order<K, ()>, G: Guard> OrderedSetRef<'_, K, E, G> {
    /// See [`OrderedSet::first`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().first(), Some(&1));
    /// ```
    pub fn first(&self) -> Option<&K> {
        self.set().first(self.guard())
    }

    /// See [`OrderedSet::last`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().last(), Some(&2));
    /// ```
    pub fn last(&self) -> Option<&K> {
        self.set().last(self.guard())
    }

    /// See [`OrderedSet::pop_first`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().pop_first(), Some(&1));
    /// ```
    pub fn pop_first(&self) -> Option<&K> {
        self.set().pop_first(self.guard())
    }

    /// See [`OrderedSet::pop_last`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 2]).pin().pop_last(), Some(&2));
    /// ```
    pub fn pop_last(&self) -> Option<&K> {
        self.set().pop_last(self.guard())
    }

    /// See [`OrderedSet::lower_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Included;
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 3]).pin().lower_bound(Included(&2)), Some(&3));
    /// ```
    pub fn lower_bound<Q>(&self, bound: Bound<&Q>) -> Option<&K>
    where
        Q: ?Sized,
        E: Lookup<K, (), Q>,
    {
        self.set().lower_bound(bound, self.guard())
    }

    /// See [`OrderedSet::upper_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Included;
    /// # use structures::SkipSet;
    /// assert_eq!(SkipSet::from([1, 3]).pin().upper_bound(Included(&2)), Some(&1));
    /// ```
    pub fn upper_bound<Q>(&self, bound: Bound<&Q>) -> Option<&K>
    where
        Q: ?Sized,
        E: Lookup<K, (), Q>,
    {
        self.set().upper_bound(bound, self.guard())
    }

    /// See [`OrderedSet::range`].
    ///
    /// ```
    /// # use structures::SkipSet;
    /// assert!(SkipSet::from([1, 2, 3]).pin().range(2..).rev().eq(&[3, 2]));
    /// ```
    #[inline]
    pub fn range<Q, R>(&self, range: R) -> RangeKeys<'_, K, E, G, Q, R>
    where
        Q: ?Sized,
        E: Lookup<K, (), Q>,
        R: RangeBounds<Q>,
    {
        self.set().range(range, self.guard())
    }
}

/// A double-ended iterator over the keys of a set that are in a range; see [`OrderedSet::range`].
///
/// ```
/// # use structures::SkipSet;
/// let set = SkipSet::from([1, 2, 3]);
/// let set = set.pin();
/// let mut range = set.range(..3);
/// assert_eq!(range.next_back(), Some(&2));
/// assert_eq!(range.next(), Some(&1));
/// ```
pub struct RangeKeys<'g, K: 'g, E: Engine<K, ()>, G, Q: ?Sized, R>(Range<'g, K, (), E, G, Q, R>);

impl<'g, K, E, G, Q, R> Iterator for RangeKeys<'g, K, E, G, Q, R>
where
    E: Lookup<K, (), Q>,
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

impl<K, E, G, Q, R> DoubleEndedIterator for RangeKeys<'_, K, E, G, Q, R>
where
    E: Lookup<K, (), Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        key(self.0.next_back())
    }
}

impl<K, E, G, Q, R> FusedIterator for RangeKeys<'_, K, E, G, Q, R>
where
    E: Lookup<K, (), Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
}

impl<K, E: Engine<K, ()>, G, Q: ?Sized, R: Clone> Clone for RangeKeys<'_, K, E, G, Q, R> {
    fn clone(&self) -> Self {
        RangeKeys(self.0.clone())
    }
}

impl<K, E, G, Q, R> fmt::Debug for RangeKeys<'_, K, E, G, Q, R>
where
    K: fmt::Debug,
    E: Lookup<K, (), Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a, K: Copy, E: Order<K, ()>> Extend<&'a K> for &OrderedSet<K, E> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<'a, K: Copy, E: Order<K, ()>> Extend<&'a K> for OrderedSet<K, E> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        (&*self).extend(keys);
    }
}

impl<K, E: Order<K, ()>> KeyMap for OrderedMap<K, (), E> {
    type Key = K;
    type Keys<'g, G: Guard + 'g>
        = Keys<'g, K, (), E, G>
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
    fn keys<'g, G: Guard>(&'g self, guard: &'g G) -> Keys<'g, K, (), E, G> {
        Keys(Iter::new(&self.core, guard))
    }
}

impl<K, E, Q> Find<Q> for OrderedMap<K, (), E>
where
    E: Order<K, ()> + Lookup<K, (), Q>,
    Q: ?Sized,
{
    #[inline]
    fn find<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g K> {
        E::get(&self.core, section, key).map(|found| E::both(found).0)
    }

    #[inline]
    fn take<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g K> {
        E::remove(&self.core, section, key).map(|found| E::both(found).0)
    }
}

impl<K, E: Order<K, ()>> Change for OrderedMap<K, (), E> {
    type Drain<'g, G: Guard + 'g>
        = Drain<'g, K, (), E, G>
    where
        Self: 'g;

    #[inline]
    fn insert(&self, section: &LocalGuard<'_>, key: K) -> bool {
        E::try_insert(&self.core, section, key, ()).is_ok()
    }

    #[inline]
    fn replace<'g>(&'g self, section: &'g LocalGuard<'_>, key: K) -> Option<&'g K> {
        let put = |_: Option<_>| Operation::<(), Infallible>::Insert(());
        match E::compute(&self.core, section, key, put) {
            Compute::Updated { old, .. } => Some(old.0),
            _ => None,
        }
    }

    fn retain(&self, guard: &impl Guard, mut keep: impl FnMut(&K) -> bool) {
        E::retain(&self.core, guard.section(), |key, ()| keep(key));
    }

    fn clear(&self, guard: &impl Guard) {
        E::clear(&self.core, guard.section());
    }

    fn drain<'g, G: Guard>(&'g self, guard: &'g G) -> Drain<'g, K, (), E, G> {
        Drain(Iter::new(&self.core, guard))
    }

    fn expect(&self, _: &LocalGuard<'_>, _: usize) {}
}
