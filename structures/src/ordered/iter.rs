//! Iteration.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ops::{RangeBounds, RangeFull};

use super::engine::{Engine, Lookup, Order};
use crate::guard::Guard;

/// A double-ended iterator over the entries whose keys are in a range; see
/// [`OrderedMap::range`](super::OrderedMap::range).
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(1, 'a'), (2, 'b'), (3, 'c')]);
/// let map = map.pin();
/// let range = map.range(2..);
/// assert!(range.clone().rev().eq([(&3, &'c'), (&2, &'b')]));
/// ```
pub struct Range<'g, K: 'g, V: 'g, E: Engine<K, V>, G, Q: ?Sized, R> {
    core: &'g E::Core,
    guard: &'g G,
    walk: E::Walk<'g>,
    range: R,
    wanted: PhantomData<fn(&Q)>,
}

impl<'g, K, V, E, G, Q, R> Range<'g, K, V, E, G, Q, R>
where
    E: Lookup<K, V, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    /// The guard is of the map's domain.
    #[inline]
    pub(super) fn new(core: &'g E::Core, guard: &'g G, range: R) -> Self {
        Range {
            core,
            guard,
            walk: E::walk(),
            range,
            wanted: PhantomData,
        }
    }

    #[inline]
    fn step(&mut self) -> Option<E::Found<'g>> {
        let section = self.guard.section();
        E::next(self.core, section, &mut self.walk, &self.range)
    }

    #[inline]
    fn step_back(&mut self) -> Option<E::Found<'g>> {
        let section = self.guard.section();
        E::next_back(self.core, section, &mut self.walk, &self.range)
    }
}

impl<'g, K, V, E, G, Q, R> Iterator for Range<'g, K, V, E, G, Q, R>
where
    E: Lookup<K, V, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    type Item = (&'g K, &'g V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(E::both)
    }
}

impl<K, V, E, G, Q, R> DoubleEndedIterator for Range<'_, K, V, E, G, Q, R>
where
    E: Lookup<K, V, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step_back().map(E::both)
    }
}

impl<K, V, E, G, Q, R> FusedIterator for Range<'_, K, V, E, G, Q, R>
where
    E: Lookup<K, V, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
}

impl<K, V, E: Engine<K, V>, G, Q: ?Sized, R: Clone> Clone for Range<'_, K, V, E, G, Q, R> {
    fn clone(&self) -> Self {
        Range {
            walk: self.walk.clone(),
            range: self.range.clone(),
            ..*self
        }
    }
}

impl<K, V, E, G, Q, R> fmt::Debug for Range<'_, K, V, E, G, Q, R>
where
    K: fmt::Debug,
    V: fmt::Debug,
    E: Lookup<K, V, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A double-ended iterator over a map's entries, in their order; see [`OrderedMap::iter`](super::OrderedMap::iter).
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
/// let map = map.pin();
/// let mut entries = map.iter();
/// assert_eq!(entries.next_back(), Some((&2, &'b')));
/// assert_eq!(entries.next(), Some((&1, &'a')));
/// assert_eq!(entries.next(), None);
/// ```
pub struct Iter<'g, K: 'g, V: 'g, E: Engine<K, V>, G>(Range<'g, K, V, E, G, K, RangeFull>);

impl<'g, K, V, E: Order<K, V>, G: Guard> Iter<'g, K, V, E, G> {
    #[inline]
    pub(super) fn new(core: &'g E::Core, guard: &'g G) -> Self {
        Iter(Range::new(core, guard, ..))
    }
}

impl<'g, K, V, E: Order<K, V>, G: Guard> Iterator for Iter<'g, K, V, E, G> {
    type Item = (&'g K, &'g V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<K, V, E: Order<K, V>, G: Guard> DoubleEndedIterator for Iter<'_, K, V, E, G> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl<K, V, E: Order<K, V>, G: Guard> FusedIterator for Iter<'_, K, V, E, G> {}

impl<K, V, E: Engine<K, V>, G> Clone for Iter<'_, K, V, E, G> {
    fn clone(&self) -> Self {
        Iter(self.0.clone())
    }
}

impl<K, V, E, G> fmt::Debug for Iter<'_, K, V, E, G>
where
    K: fmt::Debug,
    V: fmt::Debug,
    E: Order<K, V>,
    G: Guard,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An iterator over one part of each entry.
macro_rules! parts {
    ($(#[$doc:meta])* $name:ident, $part:ident, $index:tt) => {
        $(#[$doc])*
        pub struct $name<'g, K: 'g, V: 'g, E: Engine<K, V>, G>(pub(super) Iter<'g, K, V, E, G>);

        impl<'g, K, V, E: Order<K, V>, G: Guard> Iterator for $name<'g, K, V, E, G> {
            type Item = &'g $part;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                self.0.next().map(|entry| entry.$index)
            }
        }

        impl<K, V, E: Order<K, V>, G: Guard> DoubleEndedIterator for $name<'_, K, V, E, G> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                self.0.next_back().map(|entry| entry.$index)
            }
        }

        impl<K, V, E: Order<K, V>, G: Guard> FusedIterator for $name<'_, K, V, E, G> {}

        impl<K, V, E: Engine<K, V>, G> Clone for $name<'_, K, V, E, G> {
            fn clone(&self) -> Self {
                $name(self.0.clone())
            }
        }

        impl<K, V, E, G> fmt::Debug for $name<'_, K, V, E, G>
        where
            $part: fmt::Debug,
            E: Order<K, V>,
            G: Guard,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

parts! {
    /// A double-ended iterator over a map's keys; see [`OrderedMap::keys`](super::OrderedMap::keys).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
    /// assert!(map.pin().keys().rev().eq([&2, &1]));
    /// ```
    Keys, K, 0
}

parts! {
    /// A double-ended iterator over a map's values; see [`OrderedMap::values`](super::OrderedMap::values).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
    /// assert_eq!(map.pin().values().collect::<String>(), "ab");
    /// ```
    Values, V, 1
}

/// An iterator that removes what it yields; see [`OrderedMap::drain`](super::OrderedMap::drain).
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(1, 'a'), (2, 'b'), (3, 'c')]);
/// assert_eq!(map.pin().drain().next(), Some((&1, &'a')));
/// assert_eq!(map.len(), 2);
/// ```
pub struct Drain<'g, K: 'g, V: 'g, E: Engine<K, V>, G>(pub(super) Iter<'g, K, V, E, G>);

impl<'g, K, V, E: Order<K, V>, G: Guard> Drain<'g, K, V, E, G> {
    fn take(
        &mut self,
        step: impl Fn(&mut Range<'g, K, V, E, G, K, RangeFull>) -> Option<E::Found<'g>>,
    ) -> Option<(&'g K, &'g V)> {
        let walk = &mut self.0.0;
        loop {
            let entry = step(walk)?;
            if E::remove_this(walk.core, walk.guard.section(), entry) {
                return Some(E::both(entry));
            }
        }
    }
}

impl<'g, K, V, E: Order<K, V>, G: Guard> Iterator for Drain<'g, K, V, E, G> {
    type Item = (&'g K, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        self.take(Range::step)
    }
}

impl<K, V, E: Order<K, V>, G: Guard> DoubleEndedIterator for Drain<'_, K, V, E, G> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.take(Range::step_back)
    }
}

impl<K, V, E: Order<K, V>, G: Guard> FusedIterator for Drain<'_, K, V, E, G> {}

impl<K, V, E: Engine<K, V>, G> fmt::Debug for Drain<'_, K, V, E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}
