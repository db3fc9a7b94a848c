//! The core, as an ordered map sees it.

use core::convert::Infallible;
use core::marker::PhantomData;
use core::ops::{Bound, RangeBounds};

use smr_core::{Guard as LocalGuard, Smr};

use super::compare::{Comparator, Natural};
use super::core::Core;
use super::ends::Nowhere;
use super::into_iter::IntoIter;
use super::pair::Pair;
use super::place::Place;
use super::probe::{Cut, Wanted};
use super::walk::{Bounds, Walk};
use crate::answers::{Compute, OccupiedError, Operation};
use crate::entries::Writing;
use crate::gap::Gap;
use crate::ordered::engine::{Sealed, SealedLookup, SealedOrder, writes};
use crate::ordered::{Alike, Engine, Fresh, Lookup, Order, OrderedMap};

/// Chunks of entries in a list, with an index of lists: what makes a [`SkipMap`](super::map::SkipMap).
#[derive(Debug)]
pub struct Skip<C = Natural>(Infallible, PhantomData<C>);

impl<C> Sealed for Skip<C> {}
impl<K, V, C: Comparator<K>> SealedOrder<K, V> for Skip<C> {}
impl<K, V, C, Q> SealedLookup<K, V, Q> for Skip<C>
where
    C: Comparator<K> + Comparator<K, Q>,
    Q: ?Sized,
{
}

impl<K, V, C> Engine<K, V> for Skip<C> {
    type Core = Core<K, V, C>;
    type Found<'g>
        = Pair<'g, K, V>
    where
        K: 'g,
        V: 'g;
    type Walk<'g>
        = Walk<'g, K, V>
    where
        K: 'g,
        V: 'g;
    type Place<'g>
        = Place<'g, K, V>
    where
        K: 'g,
        V: 'g;
    type IntoIter = IntoIter<K, V, C>;

    #[inline]
    fn smr(core: &Core<K, V, C>) -> &Smr {
        core.memory.domain()
    }

    #[inline]
    fn len(core: &Core<K, V, C>) -> usize {
        core.count.get()
    }

    fn flush(core: &Core<K, V, C>) -> usize {
        core.memory.flush()
    }

    #[inline(always)]
    fn both<'g>(found: Pair<'g, K, V>) -> (&'g K, &'g V)
    where
        K: 'g,
        V: 'g,
    {
        found.both()
    }

    #[inline]
    fn walk<'g>() -> Walk<'g, K, V>
    where
        K: 'g,
        V: 'g,
    {
        Walk::new()
    }

    fn place<'g>() -> Place<'g, K, V>
    where
        K: 'g,
        V: 'g,
    {
        Place::new()
    }

    fn gap<'g>(place: &Place<'g, K, V>) -> Gap<&'g K>
    where
        K: 'g,
        V: 'g,
    {
        place.gap().map(|entry| entry.key)
    }

    fn go<'g>(place: &mut Place<'g, K, V>, to_end: bool)
    where
        K: 'g,
        V: 'g,
    {
        place.go(match to_end {
            true => Gap::End,
            false => Gap::Start,
        });
    }

    fn into_iter(core: Core<K, V, C>) -> IntoIter<K, V, C> {
        IntoIter::new(core)
    }
}

impl<K, V, C: Comparator<K>> Order<K, V> for Skip<C> {
    writes! { Core<K, V, C> }

    fn remove_this<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        found: Pair<'g, K, V>,
    ) -> bool {
        core.remove_this(section, found)
    }

    fn retain(core: &Core<K, V, C>, section: &LocalGuard<'_>, keep: impl FnMut(&K, &V) -> bool) {
        core.retain(section, keep);
    }

    fn clear(core: &Core<K, V, C>, section: &LocalGuard<'_>) {
        core.retain(section, |_, _| false);
    }

    fn pop_first<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
    ) -> Option<Pair<'g, K, V>> {
        core.pop_first(section)
    }

    fn pop_last<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
    ) -> Option<Pair<'g, K, V>> {
        core.pop_last(section)
    }

    fn go_next<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<Pair<'g, K, V>> {
        core.go_next(section, place)
    }

    fn go_prev<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<Pair<'g, K, V>> {
        core.go_prev(section, place)
    }

    fn peek_next<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<Pair<'g, K, V>> {
        let spot = core.peek_next(section, place)?;
        Some(Core::<K, V, C>::entry_at(spot, section))
    }

    fn peek_prev<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<Pair<'g, K, V>> {
        let spot = core.peek_prev(section, place)?;
        Some(Core::<K, V, C>::entry_at(spot, section))
    }

    fn fill(core: &mut Core<K, V, C>, entries: Vec<(K, V)>) {
        core.fill(entries);
    }

    #[cfg(any(test, feature = "testing"))]
    fn check(core: &mut Core<K, V, C>) {
        core.check(&core.memory.domain().enter());
    }
}

/// What a bound says is looked for.
#[inline]
fn wanted<'r, K, Q: ?Sized, C>(
    bound: Bound<&'r Q>,
    comparator: &'r C,
) -> Option<Wanted<'r, K, Q, C>> {
    match bound {
        Bound::Included(key) | Bound::Excluded(key) => Some(Wanted::new(key, comparator)),
        Bound::Unbounded => None,
    }
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

/// Reads a chunk at the front, or at the back; whether there is one.
#[inline(never)]
fn refill<'g, K, V, C, Q, const FRONT: bool>(
    core: &'g Core<K, V, C>,
    section: &'g LocalGuard<'_>,
    walk: &mut Walk<'g, K, V>,
    range: &impl RangeBounds<Q>,
) -> bool
where
    C: Comparator<K> + Comparator<K, Q>,
    Q: ?Sized,
{
    let lower = wanted(range.start_bound(), &core.comparator);
    let upper = wanted(range.end_bound(), &core.comparator);
    let bounds = cuts(lower.as_ref(), upper.as_ref(), range);
    match FRONT {
        true => core.refill_front(section, walk, bounds),
        false => core.refill_back(section, walk, bounds),
    }
}

impl<K, V, C, Q> Lookup<K, V, Q> for Skip<C>
where
    C: Comparator<K> + Comparator<K, Q>,
    Q: ?Sized,
{
    #[inline]
    fn get<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        key: &Q,
    ) -> Option<Pair<'g, K, V>> {
        core.get(section, &Wanted::new(key, &core.comparator))
    }

    #[inline]
    fn remove<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        key: &Q,
    ) -> Option<Pair<'g, K, V>> {
        core.remove(section, &Wanted::new(key, &core.comparator))
    }

    #[inline]
    fn remove_if<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        key: &Q,
        condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<Pair<'g, K, V>>, Pair<'g, K, V>> {
        core.remove_if(section, &Wanted::new(key, &core.comparator), condition)
    }

    fn at_or_above<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        bound: Bound<&Q>,
    ) -> Option<Pair<'g, K, V>> {
        let wanted = |key| Wanted::new(key, &core.comparator);
        match bound {
            Bound::Included(key) => core.above(section, Cut::Below(&wanted(key))),
            Bound::Excluded(key) => core.above(section, Cut::To(&wanted(key))),
            Bound::Unbounded => core.first(section),
        }
    }

    fn at_or_below<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        bound: Bound<&Q>,
    ) -> Option<Pair<'g, K, V>> {
        let wanted = |key| Wanted::new(key, &core.comparator);
        match bound {
            Bound::Included(key) => core.below(section, Cut::To(&wanted(key))),
            Bound::Excluded(key) => core.below(section, Cut::Below(&wanted(key))),
            Bound::Unbounded => core.below(section, Cut::<Nowhere>::End),
        }
    }

    #[inline]
    fn next<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        walk: &mut Walk<'g, K, V>,
        range: &impl RangeBounds<Q>,
    ) -> Option<Pair<'g, K, V>> {
        loop {
            let entry = core.step(section, walk);
            if entry.is_some() || !refill::<_, _, _, _, true>(core, section, walk, range) {
                return entry;
            }
        }
    }

    #[inline]
    fn next_back<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        walk: &mut Walk<'g, K, V>,
        range: &impl RangeBounds<Q>,
    ) -> Option<Pair<'g, K, V>> {
        loop {
            let entry = core.step_back(section, walk);
            if entry.is_some() || !refill::<_, _, _, _, false>(core, section, walk, range) {
                return entry;
            }
        }
    }

    fn seek<'g>(
        core: &'g Core<K, V, C>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
        bound: Bound<&Q>,
    ) -> Option<Pair<'g, K, V>> {
        let wanted = |key| Wanted::new(key, &core.comparator);
        match bound {
            Bound::Included(key) => core.seek(section, place, Cut::Below(&wanted(key))),
            Bound::Excluded(key) => core.seek(section, place, Cut::To(&wanted(key))),
            Bound::Unbounded => core.seek(section, place, Cut::<Nowhere>::Start),
        }
    }
}

impl<K, V, C: Default> Fresh<K, V> for Skip<C> {
    fn fresh(smr: &Smr) -> OrderedMap<K, V, Self> {
        OrderedMap::of(Core::new(C::default(), smr))
    }
}

impl<K, V, C: Clone> Alike<K, V> for Skip<C> {
    fn alike(map: &OrderedMap<K, V, Self>) -> OrderedMap<K, V, Self> {
        OrderedMap::of(Core::new(map.core.comparator.clone(), map.smr()))
    }
}
