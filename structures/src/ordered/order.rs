//! What depends on the order: the ends, the neighbours of a place, ranges. With explicit guards, and of the
//! handle.

use core::ops::{Bound, RangeBounds};

use super::engine::{Lookup, Order};
use super::iter::{Iter, Keys, Range, Values};
use super::{Cursor, OrderedMap, OrderedMapRef};
use crate::guard::Guard;

impl<K, V, E: Order<K, V>> OrderedMap<K, V, E> {
    /// The entry with the least key. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.first_key_value(&map.guard()), Some((&1, &'a')));
    /// ```
    pub fn first_key_value<'g>(&'g self, guard: &'g impl Guard) -> Option<(&'g K, &'g V)> {
        E::at_or_above(&self.core, self.verify(guard), Bound::<&K>::Unbounded).map(E::both)
    }

    /// The entry with the greatest key. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.last_key_value(&map.guard()), Some((&2, &'b')));
    /// ```
    pub fn last_key_value<'g>(&'g self, guard: &'g impl Guard) -> Option<(&'g K, &'g V)> {
        E::at_or_below(&self.core, self.verify(guard), Bound::<&K>::Unbounded).map(E::both)
    }

    /// Removes the entry with the least key, and returns it: the least of all that are there at that instant.
    /// Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// let guard = map.guard();
    /// assert_eq!(map.pop_first(&guard), Some((&1, &'a')));
    /// assert_eq!(map.pop_first(&guard), Some((&2, &'b')));
    /// assert_eq!(map.pop_first(&guard), None);
    /// ```
    pub fn pop_first<'g>(&'g self, guard: &'g impl Guard) -> Option<(&'g K, &'g V)> {
        E::pop_first(&self.core, self.verify(guard)).map(E::both)
    }

    /// Removes the entry with the greatest key, and returns it: the greatest of all that are there at that
    /// instant. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pop_last(&map.guard()), Some((&2, &'b')));
    /// ```
    pub fn pop_last<'g>(&'g self, guard: &'g impl Guard) -> Option<(&'g K, &'g V)> {
        E::pop_last(&self.core, self.verify(guard)).map(E::both)
    }

    /// The first entry that is not below a bound: at a key or behind it (`Included`), behind it (`Excluded`), or
    /// the first of all. What it answers was so at one instant. Lock-free; O(log n).
    ///
    /// ```
    /// use std::ops::Bound::{Excluded, Included};
    /// use structures::SkipMap;
    ///
    /// let map = SkipMap::from([(10, 'a'), (20, 'b')]);
    /// let guard = map.guard();
    /// assert_eq!(map.lower_bound(Included(&10), &guard), Some((&10, &'a')));
    /// assert_eq!(map.lower_bound(Excluded(&10), &guard), Some((&20, &'b')));
    /// assert_eq!(map.lower_bound(Included(&21), &guard), None);
    /// ```
    pub fn lower_bound<'g, Q>(
        &'g self,
        bound: Bound<&Q>,
        guard: &'g impl Guard,
    ) -> Option<(&'g K, &'g V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::at_or_above(&self.core, self.verify(guard), bound).map(E::both)
    }

    /// The last entry that is not above a bound: at a key or before it (`Included`), before it (`Excluded`), or
    /// the last of all. What it answers was so at one instant. Lock-free; O(log n).
    ///
    /// ```
    /// use std::ops::Bound::{Excluded, Included};
    /// use structures::SkipMap;
    ///
    /// let map = SkipMap::from([(10, 'a'), (20, 'b')]);
    /// let guard = map.guard();
    /// assert_eq!(map.upper_bound(Included(&20), &guard), Some((&20, &'b')));
    /// assert_eq!(map.upper_bound(Excluded(&20), &guard), Some((&10, &'a')));
    /// assert_eq!(map.upper_bound(Included(&9), &guard), None);
    /// ```
    pub fn upper_bound<'g, Q>(
        &'g self,
        bound: Bound<&Q>,
        guard: &'g impl Guard,
    ) -> Option<(&'g K, &'g V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::at_or_below(&self.core, self.verify(guard), bound).map(E::both)
    }

    /// The entries in their order, from both ends. Never waits, and stops nobody.
    ///
    /// Keys ascend strictly from the front, and descend from the back. An entry that is there all the time is
    /// met exactly once, with a value that it has meanwhile; one that comes or goes may be met or not. Lock-free;
    /// O(n) forward, O(n + n / 30 log n) backward in all.
    ///
    /// ```
    /// use structures::SkipMap;
    ///
    /// let map = SkipMap::from([("c", 3), ("a", 1), ("b", 2)]);
    /// let guard = map.guard();
    /// assert!(map.iter(&guard).map(|(_, n)| *n).eq([1, 2, 3]));
    /// assert!(map.iter(&guard).rev().map(|(key, _)| *key).eq(["c", "b", "a"]));
    /// ```
    #[inline]
    pub fn iter<'g, G: Guard>(&'g self, guard: &'g G) -> Iter<'g, K, V, E, G> {
        self.verify(guard);
        Iter::new(&self.core, guard)
    }

    /// The keys in their order; see [`iter`](Self::iter).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
    /// assert!(map.keys(&map.guard()).eq(&[1, 2]));
    /// ```
    #[inline]
    pub fn keys<'g, G: Guard>(&'g self, guard: &'g G) -> Keys<'g, K, V, E, G> {
        Keys(self.iter(guard))
    }

    /// The values in the order of their keys; see [`iter`](Self::iter).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
    /// assert!(map.values(&map.guard()).eq(&['a', 'b']));
    /// ```
    #[inline]
    pub fn values<'g, G: Guard>(&'g self, guard: &'g G) -> Values<'g, K, V, E, G> {
        Values(self.iter(guard))
    }

    /// The entries whose keys are in a range, in their order, from both ends; as [`iter`](Self::iter). A range
    /// that ends before it begins has none. Lock-free; O(log n), and what is met.
    ///
    /// ```
    /// use std::ops::Bound::{Excluded, Unbounded};
    /// use structures::SkipMap;
    ///
    /// let map: SkipMap<u32, u32> = (0..10).map(|n| (n, n * n)).collect();
    /// let guard = map.guard();
    /// assert!(map.range(3..=5, &guard).map(|(_, n)| *n).eq([9, 16, 25]));
    /// let above = (Excluded(7), Unbounded);
    /// assert!(map.range(above, &guard).rev().map(|(_, n)| *n).eq([81, 64]));
    /// ```
    ///
    /// Of strings, by slices of them:
    ///
    /// ```
    /// use std::ops::Bound::{Excluded, Included};
    /// # use structures::SkipMap;
    /// let map: SkipMap<String, u32> = ["ant", "bee", "cat"].map(|name| (name.into(), 1)).into();
    /// let range = (Included("b"), Excluded("c"));
    /// assert_eq!(map.range::<str, _, _>(range, &map.guard()).count(), 1);
    /// ```
    #[inline]
    pub fn range<'g, Q, R, G>(&'g self, range: R, guard: &'g G) -> Range<'g, K, V, E, G, Q, R>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
        R: RangeBounds<Q>,
        G: Guard,
    {
        self.verify(guard);
        Range::new(&self.core, guard, range)
    }

    /// A place in the map, before the first entry; see [`Cursor`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// let guard = map.guard();
    /// let mut cursor = map.cursor(&guard);
    /// assert_eq!(cursor.next(), Some((&1, &'a')));
    /// assert_eq!(cursor.next(), Some((&2, &'b')));
    /// assert_eq!(cursor.prev(), Some((&2, &'b'))); // back over it
    /// ```
    pub fn cursor<'g, G: Guard>(&'g self, guard: &'g G) -> Cursor<'g, K, V, E, G> {
        self.verify(guard);
        Cursor::new(&self.core, guard)
    }
}

impl<K, V, E: Order<K, V>, G: Guard> OrderedMapRef<'_, K, V, E, G> {
    /// See [`OrderedMap::first_key_value`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pin().first_key_value(), Some((&1, &'a')));
    /// ```
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        E::at_or_above(self.core(), self.section(), Bound::<&K>::Unbounded).map(E::both)
    }

    /// See [`OrderedMap::last_key_value`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pin().last_key_value(), Some((&2, &'b')));
    /// ```
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        E::at_or_below(self.core(), self.section(), Bound::<&K>::Unbounded).map(E::both)
    }

    /// See [`OrderedMap::pop_first`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pin().pop_first(), Some((&1, &'a')));
    /// ```
    pub fn pop_first(&self) -> Option<(&K, &V)> {
        E::pop_first(self.core(), self.section()).map(E::both)
    }

    /// See [`OrderedMap::pop_last`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pin().pop_last(), Some((&2, &'b')));
    /// ```
    pub fn pop_last(&self) -> Option<(&K, &V)> {
        E::pop_last(self.core(), self.section()).map(E::both)
    }

    /// See [`OrderedMap::lower_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Excluded;
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pin().lower_bound(Excluded(&1)), Some((&2, &'b')));
    /// ```
    pub fn lower_bound<Q>(&self, bound: Bound<&Q>) -> Option<(&K, &V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::at_or_above(self.core(), self.section(), bound).map(E::both)
    }

    /// See [`OrderedMap::upper_bound`].
    ///
    /// ```
    /// use std::ops::Bound::Excluded;
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.pin().upper_bound(Excluded(&2)), Some((&1, &'a')));
    /// ```
    pub fn upper_bound<Q>(&self, bound: Bound<&Q>) -> Option<(&K, &V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::at_or_below(self.core(), self.section(), bound).map(E::both)
    }

    /// See [`OrderedMap::iter`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("b", 2), ("a", 1)]);
    /// assert!(map.pin().iter().eq([(&"a", &1), (&"b", &2)]));
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V, E, G> {
        Iter::new(self.core(), self.guard())
    }

    /// See [`OrderedMap::keys`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("b", 2), ("a", 1)]);
    /// assert!(map.pin().keys().eq(&["a", "b"]));
    /// ```
    #[inline]
    pub fn keys(&self) -> Keys<'_, K, V, E, G> {
        Keys(self.iter())
    }

    /// See [`OrderedMap::values`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("b", 2), ("a", 1)]);
    /// assert!(map.pin().values().eq(&[1, 2]));
    /// ```
    #[inline]
    pub fn values(&self) -> Values<'_, K, V, E, G> {
        Values(self.iter())
    }

    /// See [`OrderedMap::range`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b'), (3, 'c')]);
    /// assert!(map.pin().range(2..).map(|(key, _)| *key).eq([2, 3]));
    /// ```
    #[inline]
    pub fn range<Q, R>(&self, range: R) -> Range<'_, K, V, E, G, Q, R>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
        R: RangeBounds<Q>,
    {
        Range::new(self.core(), self.guard(), range)
    }

    /// See [`OrderedMap::cursor`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// assert_eq!(cursor.seek(&2), Some((&2, &'b')));
    /// ```
    pub fn cursor(&self) -> Cursor<'_, K, V, E, G> {
        Cursor::new(self.core(), self.guard())
    }
}
