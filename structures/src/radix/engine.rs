//! The core, as an ordered map sees it.

use core::borrow::Borrow;
use core::convert::Infallible;
use core::ops::{Bound, RangeBounds};

use smr_core::{Guard as LocalGuard, Smr};

use super::core::Core;
use super::exact::{Cut, Side};
use super::into_iter::IntoIter;
use super::key::RadixKey;
use super::memory::Entry;
use super::place::Place;
use super::walk::Walk;
use crate::answers::{Compute, OccupiedError, Operation};
use crate::entries::Writing;
use crate::gap::Gap;
use crate::ordered::engine::{Sealed, SealedLookup, SealedOrder, writes};
use crate::ordered::{Alike, Engine, Fresh, Lookup, Order, OrderedMap};

/// A trie of the keys' bytes: what makes a [`RadixMap`](super::map::RadixMap).
#[derive(Debug)]
pub struct Radix(Infallible);

impl Sealed for Radix {}
impl<K: RadixKey, V> SealedOrder<K, V> for Radix {}
impl<K, V, Q> SealedLookup<K, V, Q> for Radix
where
    K: RadixKey + Borrow<Q>,
    Q: RadixKey + ?Sized,
{
}

impl<K, V> Engine<K, V> for Radix {
    type Core = Core<K, V>;
    type Found<'g>
        = &'g Entry<K, V>
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
    type IntoIter = IntoIter<K, V>;

    #[inline]
    fn smr(core: &Core<K, V>) -> &Smr {
        core.memory.domain()
    }

    #[inline]
    fn len(core: &Core<K, V>) -> usize {
        core.count.get()
    }

    fn flush(core: &Core<K, V>) -> usize {
        core.memory.flush()
    }

    #[inline(always)]
    fn both<'g>(found: &'g Entry<K, V>) -> (&'g K, &'g V)
    where
        K: 'g,
        V: 'g,
    {
        (&found.key, &found.value)
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
        place.gap.map(|entry| &entry.key)
    }

    fn go<'g>(place: &mut Place<'g, K, V>, to_end: bool)
    where
        K: 'g,
        V: 'g,
    {
        place.gap = match to_end {
            true => Gap::End,
            false => Gap::Start,
        };
    }

    fn into_iter(core: Core<K, V>) -> IntoIter<K, V> {
        IntoIter::new(core)
    }
}

impl<K: RadixKey, V> Order<K, V> for Radix {
    writes! { Core<K, V> }

    fn remove_this<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        found: &'g Entry<K, V>,
    ) -> bool {
        core.remove_this(section, found)
    }

    fn retain(core: &Core<K, V>, section: &LocalGuard<'_>, keep: impl FnMut(&K, &V) -> bool) {
        core.retain(section, keep);
    }

    fn clear(core: &Core<K, V>, section: &LocalGuard<'_>) {
        core.cut(section, &[]);
    }

    fn pop_first<'g>(core: &'g Core<K, V>, section: &'g LocalGuard<'_>) -> Option<&'g Entry<K, V>> {
        core.pop(section, Side::First)
    }

    fn pop_last<'g>(core: &'g Core<K, V>, section: &'g LocalGuard<'_>) -> Option<&'g Entry<K, V>> {
        core.pop(section, Side::Last)
    }

    fn go_next<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<&'g Entry<K, V>> {
        let over = core.peek_next(section, place)?;
        place.gap = Gap::After(over);
        Some(over)
    }

    fn go_prev<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<&'g Entry<K, V>> {
        let over = core.peek_prev(section, place)?;
        place.gap = Gap::Before(over);
        Some(over)
    }

    fn peek_next<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<&'g Entry<K, V>> {
        core.peek_next(section, place)
    }

    fn peek_prev<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
    ) -> Option<&'g Entry<K, V>> {
        core.peek_prev(section, place)
    }

    fn fill(core: &mut Core<K, V>, entries: Vec<(K, V)>) {
        core.fill(entries);
    }

    #[cfg(any(test, feature = "testing"))]
    fn check(core: &mut Core<K, V>) {
        core.check(&core.memory.domain().enter());
    }
}

/// The bytes of a bound's key.
fn bytes<Q: RadixKey + ?Sized>(bound: Bound<&Q>) -> Bound<Q::Bytes<'_>> {
    bound.map(Q::key_bytes)
}

fn slice<B: AsRef<[u8]>>(bound: &Bound<B>) -> Bound<&[u8]> {
    bound.as_ref().map(AsRef::as_ref)
}

impl<K, V, Q> Lookup<K, V, Q> for Radix
where
    K: RadixKey + Borrow<Q>,
    Q: RadixKey + ?Sized,
{
    #[inline]
    fn get<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        key: &Q,
    ) -> Option<&'g Entry<K, V>> {
        core.get(section, key.key_bytes().as_ref())
    }

    #[inline]
    fn remove<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        key: &Q,
    ) -> Option<&'g Entry<K, V>> {
        core.remove(section, key)
    }

    #[inline]
    fn remove_if<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        key: &Q,
        condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<&'g Entry<K, V>>, &'g Entry<K, V>> {
        core.remove_if(section, key, condition)
    }

    fn at_or_above<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        bound: Bound<&Q>,
    ) -> Option<&'g Entry<K, V>> {
        let bytes = bytes(bound);
        core.nearest(section, Side::First, Cut::of(slice(&bytes)))
    }

    fn at_or_below<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        bound: Bound<&Q>,
    ) -> Option<&'g Entry<K, V>> {
        let bytes = bytes(bound);
        core.nearest(section, Side::Last, Cut::of(slice(&bytes)))
    }

    #[inline]
    fn next<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        walk: &mut Walk<'g, K, V>,
        range: &impl RangeBounds<Q>,
    ) -> Option<&'g Entry<K, V>> {
        let (low, high) = (bytes(range.start_bound()), bytes(range.end_bound()));
        walk.next(core, section, (slice(&low), slice(&high)))
    }

    #[inline]
    fn next_back<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        walk: &mut Walk<'g, K, V>,
        range: &impl RangeBounds<Q>,
    ) -> Option<&'g Entry<K, V>> {
        let (low, high) = (bytes(range.start_bound()), bytes(range.end_bound()));
        walk.next_back(core, section, (slice(&low), slice(&high)))
    }

    fn seek<'g>(
        core: &'g Core<K, V>,
        section: &'g LocalGuard<'_>,
        place: &mut Place<'g, K, V>,
        bound: Bound<&Q>,
    ) -> Option<&'g Entry<K, V>> {
        let bytes = bytes(bound);
        let next = core.nearest(section, Side::First, Cut::of(slice(&bytes)));
        place.gap = next.map_or(Gap::End, Gap::Before);
        next
    }
}

impl<K, V> Fresh<K, V> for Radix {
    fn fresh(smr: &Smr) -> OrderedMap<K, V, Self> {
        OrderedMap::new_in(smr)
    }
}

impl<K, V> Alike<K, V> for Radix {
    fn alike(map: &OrderedMap<K, V, Self>) -> OrderedMap<K, V, Self> {
        OrderedMap::new_in(map.smr())
    }
}
