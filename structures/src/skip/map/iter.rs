//! Iteration.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ops::{Bound, RangeBounds, RangeFull};
use std::vec;

use super::super::compare::Comparator;
use super::super::core::Core;
use super::super::inline;
use super::super::memory::Entry;
use super::super::pair::Pair;
use super::super::probe::{Cut, Wanted};
use super::super::rev::Item;
use super::super::walk::{Bounds, Walk};
use crate::first_panic::FirstPanic;
use crate::guard::Guard;

/// A double-ended iterator over the entries whose keys are in a range; see
/// [`SkipMap::range`](super::SkipMap::range).
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(1, 'a'), (2, 'b'), (3, 'c')]);
/// let map = map.pin();
/// let range = map.range(2..);
/// assert!(range.clone().rev().eq([(&3, &'c'), (&2, &'b')]));
/// ```
pub struct Range<'g, K, V, C, G, Q: ?Sized, R> {
    core: &'g Core<K, V, C>,
    guard: &'g G,
    walk: Walk<'g, K, V>,
    range: R,
    wanted: PhantomData<fn(&Q)>,
}

/// The cuts of a range.
#[inline]
fn cuts<'r, K, Q: ?Sized, C>(
    lower: Option<&'r Wanted<'r, K, Q, C>>,
    upper: Option<&'r Wanted<'r, K, Q, C>>,
    range: &impl RangeBounds<Q>,
) -> Bounds<'r, Wanted<'r, K, Q, C>> {
    let lower = match (range.start_bound(), lower) {
        (Bound::Included(_), Some(probe)) => Cut::Below(probe),
        (Bound::Excluded(_), Some(probe)) => Cut::To(probe),
        _ => Cut::Start,
    };
    let upper = match (range.end_bound(), upper) {
        (Bound::Included(_), Some(probe)) => Cut::To(probe),
        (Bound::Excluded(_), Some(probe)) => Cut::Below(probe),
        _ => Cut::End,
    };
    (lower, upper)
}

/// What a bound says is looked for.
#[inline]
pub(super) fn wanted<'r, K, Q: ?Sized, C>(
    bound: Bound<&'r Q>,
    comparator: &'r C,
) -> Option<Wanted<'r, K, Q, C>> {
    match bound {
        Bound::Included(key) | Bound::Excluded(key) => Some(Wanted::new(key, comparator)),
        Bound::Unbounded => None,
    }
}

impl<'g, K, V, C, G, Q, R> Range<'g, K, V, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    /// The guard is of the map's domain.
    #[inline]
    pub(super) fn new(core: &'g Core<K, V, C>, guard: &'g G, range: R) -> Self {
        Range {
            core,
            guard,
            walk: Walk::new(),
            range,
            wanted: PhantomData,
        }
    }

    #[inline]
    fn step(&mut self) -> Option<Pair<'g, K, V>> {
        loop {
            let (core, section) = (self.core, self.guard.section());
            let entry = core.step(section, &mut self.walk);
            if entry.is_some() || !self.refill::<true>() {
                return entry;
            }
        }
    }

    #[inline]
    fn step_back(&mut self) -> Option<Pair<'g, K, V>> {
        loop {
            let (core, section) = (self.core, self.guard.section());
            let entry = core.step_back(section, &mut self.walk);
            if entry.is_some() || !self.refill::<false>() {
                return entry;
            }
        }
    }

    /// Reads a chunk at the front, or at the back; whether there is one.
    #[inline(never)]
    fn refill<const FRONT: bool>(&mut self) -> bool {
        let Range { core, range, .. } = self;
        let lower = wanted(range.start_bound(), &core.comparator);
        let upper = wanted(range.end_bound(), &core.comparator);
        let bounds = cuts(lower.as_ref(), upper.as_ref(), range);
        let section = self.guard.section();
        match FRONT {
            true => core.refill_front(section, &mut self.walk, bounds),
            false => core.refill_back(section, &mut self.walk, bounds),
        }
    }
}

impl<'g, K, V, C, G, Q, R> Iterator for Range<'g, K, V, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    type Item = (&'g K, &'g V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.step().map(Pair::both)
    }
}

impl<K, V, C, G, Q, R> DoubleEndedIterator for Range<'_, K, V, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step_back().map(Pair::both)
    }
}

impl<K, V, C, G, Q, R> FusedIterator for Range<'_, K, V, C, G, Q, R>
where
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q>,
{
}

impl<K, V, C, G, Q: ?Sized, R: Clone> Clone for Range<'_, K, V, C, G, Q, R> {
    fn clone(&self) -> Self {
        Range {
            walk: self.walk.clone(),
            range: self.range.clone(),
            ..*self
        }
    }
}

impl<K, V, C, G, Q, R> fmt::Debug for Range<'_, K, V, C, G, Q, R>
where
    K: fmt::Debug,
    V: fmt::Debug,
    C: Comparator<K> + Comparator<K, Q>,
    G: Guard,
    Q: ?Sized,
    R: RangeBounds<Q> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A double-ended iterator over a map's entries, in their order; see [`SkipMap::iter`](super::SkipMap::iter).
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
pub struct Iter<'g, K, V, C, G>(Range<'g, K, V, C, G, K, RangeFull>);

impl<'g, K, V, C: Comparator<K>, G: Guard> Iter<'g, K, V, C, G> {
    #[inline]
    pub(super) fn new(core: &'g Core<K, V, C>, guard: &'g G) -> Self {
        Iter(Range::new(core, guard, ..))
    }
}

impl<'g, K, V, C: Comparator<K>, G: Guard> Iterator for Iter<'g, K, V, C, G> {
    type Item = (&'g K, &'g V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<K, V, C: Comparator<K>, G: Guard> DoubleEndedIterator for Iter<'_, K, V, C, G> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl<K, V, C: Comparator<K>, G: Guard> FusedIterator for Iter<'_, K, V, C, G> {}

impl<K, V, C, G> Clone for Iter<'_, K, V, C, G> {
    fn clone(&self) -> Self {
        Iter(self.0.clone())
    }
}

impl<K, V, C, G> fmt::Debug for Iter<'_, K, V, C, G>
where
    K: fmt::Debug,
    V: fmt::Debug,
    C: Comparator<K>,
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
        pub struct $name<'g, K, V, C, G>(pub(super) Iter<'g, K, V, C, G>);

        impl<'g, K, V, C: Comparator<K>, G: Guard> Iterator for $name<'g, K, V, C, G> {
            type Item = &'g $part;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                self.0.next().map(|entry| entry.$index)
            }
        }

        impl<K, V, C: Comparator<K>, G: Guard> DoubleEndedIterator for $name<'_, K, V, C, G> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                self.0.next_back().map(|entry| entry.$index)
            }
        }

        impl<K, V, C: Comparator<K>, G: Guard> FusedIterator for $name<'_, K, V, C, G> {}

        impl<K, V, C, G> Clone for $name<'_, K, V, C, G> {
            fn clone(&self) -> Self {
                $name(self.0.clone())
            }
        }

        impl<K, V, C, G> fmt::Debug for $name<'_, K, V, C, G>
        where
            $part: fmt::Debug,
            C: Comparator<K>,
            G: Guard,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

parts! {
    /// A double-ended iterator over a map's keys; see [`SkipMap::keys`](super::SkipMap::keys).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
    /// assert!(map.pin().keys().rev().eq([&2, &1]));
    /// ```
    Keys, K, 0
}

parts! {
    /// A double-ended iterator over a map's values; see [`SkipMap::values`](super::SkipMap::values).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(2, 'b'), (1, 'a')]);
    /// assert_eq!(map.pin().values().collect::<String>(), "ab");
    /// ```
    Values, V, 1
}

/// An iterator that removes what it yields; see [`SkipMap::drain`](super::SkipMap::drain).
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(1, 'a'), (2, 'b'), (3, 'c')]);
/// assert_eq!(map.pin().drain().next(), Some((&1, &'a')));
/// assert_eq!(map.len(), 2);
/// ```
pub struct Drain<'g, K, V, C, G>(pub(super) Iter<'g, K, V, C, G>);

impl<'g, K, V, C: Comparator<K>, G: Guard> Drain<'g, K, V, C, G> {
    fn take(
        &mut self,
        step: impl Fn(&mut Range<'g, K, V, C, G, K, RangeFull>) -> Option<Pair<'g, K, V>>,
    ) -> Option<(&'g K, &'g V)> {
        let walk = &mut self.0.0;
        loop {
            let entry = step(walk)?;
            if walk.core.remove_this(walk.guard.section(), entry) {
                return Some(entry.both());
            }
        }
    }
}

impl<'g, K, V, C: Comparator<K>, G: Guard> Iterator for Drain<'g, K, V, C, G> {
    type Item = (&'g K, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        self.take(Range::step)
    }
}

impl<K, V, C: Comparator<K>, G: Guard> DoubleEndedIterator for Drain<'_, K, V, C, G> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.take(Range::step_back)
    }
}

impl<K, V, C: Comparator<K>, G: Guard> FusedIterator for Drain<'_, K, V, C, G> {}

impl<K, V, C, G> fmt::Debug for Drain<'_, K, V, C, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}

/// A double-ended iterator over the entries of a map that was given up, by value.
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(2, "b".to_string()), (1, "a".to_string())]);
/// let all: Vec<(i32, String)> = map.into_iter().collect();
/// assert_eq!(all, [(1, "a".to_string()), (2, "b".to_string())]);
/// ```
pub struct IntoIter<K, V, C> {
    /// Empty, and owns the memory that the entries are of, if they are not inline.
    core: Core<K, V, C>,
    left: vec::IntoIter<Item>,
    /// The hints of those, if entries are inline.
    hints: vec::IntoIter<u64>,
}

// SAFETY: owns keys and values, and a map.
unsafe impl<K: Send, V: Send, C: Send> Send for IntoIter<K, V, C> {}
// SAFETY: a shared reference gives access to neither.
unsafe impl<K: Sync, V: Sync, C: Sync> Sync for IntoIter<K, V, C> {}

impl<K, V, C> IntoIter<K, V, C> {
    pub(super) fn new(core: Core<K, V, C>) -> Self {
        let len = core.count.get();
        let mut left = Vec::with_capacity(len);
        let is_inline = Core::<K, V, C>::is_inline();
        let mut hints = Vec::with_capacity(if is_inline { len } else { 0 });
        let mut panic = FirstPanic::default();
        // SAFETY: owned.
        panic.catch(|| unsafe {
            core.take_apart(|hint, item| {
                left.push(item);
                hints.extend(is_inline.then_some(hint));
            });
        });
        // SAFETY: as above.
        panic.catch(|| unsafe { core.memory.settle() });
        let (left, hints) = (left.into_iter(), hints.into_iter());
        let iter = IntoIter { core, left, hints };
        // Drops them, if it goes on with one.
        panic.finish();
        iter
    }

    /// # Safety
    /// It was in `left`, with that hint, and is not any more. Once.
    unsafe fn open(&self, item: Item, hint: Option<u64>) -> (K, V) {
        if Core::<K, V, C>::is_inline() {
            let hint = hint.expect("there are as many");
            // SAFETY: the caller's contract: what such maps have.
            return unsafe { inline::parts(hint, item) };
        }
        // SAFETY: the caller's contract.
        let Entry { key, value } = unsafe { self.core.memory.take(item.cast()) };
        (key, value)
    }
}

impl<K, V, C> Iterator for IntoIter<K, V, C> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let (item, hint) = (self.left.next()?, self.hints.next());
        // SAFETY: just taken out.
        Some(unsafe { self.open(item, hint) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<K, V, C> DoubleEndedIterator for IntoIter<K, V, C> {
    fn next_back(&mut self) -> Option<(K, V)> {
        let (item, hint) = (self.left.next_back()?, self.hints.next_back());
        // SAFETY: just taken out.
        Some(unsafe { self.open(item, hint) })
    }
}

impl<K, V, C> ExactSizeIterator for IntoIter<K, V, C> {}
impl<K, V, C> FusedIterator for IntoIter<K, V, C> {}

impl<K, V, C> Drop for IntoIter<K, V, C> {
    /// Drops what is left, even if some of it panics.
    fn drop(&mut self) {
        let mut panic = FirstPanic::default();
        while let Some(item) = self.left.next() {
            let hint = self.hints.next();
            // SAFETY: just taken out.
            panic.catch(|| drop(unsafe { self.open(item, hint) }));
        }
        panic.finish();
    }
}

impl<K, V, C> fmt::Debug for IntoIter<K, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("left", &self.left.len())
            .finish_non_exhaustive()
    }
}
