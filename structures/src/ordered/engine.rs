//! What ordered maps are made of.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::{Bound, RangeBounds};

use smr_core::{Guard as LocalGuard, Smr};

use super::OrderedMap;
use crate::answers::{Compute, OccupiedError, Operation};
use crate::gap::Gap;

/// Nobody else makes engines: their parts are the crate's own. Cores are given to nobody: what is done with one takes
/// it for granted that the section is of its domain.
pub trait Sealed {}

/// The same of orders.
pub trait SealedOrder<K, V> {}

/// The same of lookups.
pub trait SealedLookup<K, V, Q: ?Sized> {}

/// How an ordered map keeps its entries: [`Skip`](crate::skip_map::Skip) or [`Radix`](crate::radix_map::Radix).
///
/// ```
/// use structures::ordered::{Order, OrderedMap};
/// use structures::{RadixMap, SkipMap};
///
/// fn span<E: Order<u32, ()>>(map: &OrderedMap<u32, (), E>) -> Option<u32> {
///     let map = map.pin();
///     let (first, last) = (map.first_key_value()?, map.last_key_value()?);
///     Some(last.0 - first.0)
/// }
///
/// assert_eq!(span(&SkipMap::from([(1, ()), (5, ())])), Some(4));
/// assert_eq!(span(&RadixMap::from([(1, ()), (5, ())])), Some(4));
/// ```
pub trait Engine<K, V>: Sealed + Sized {
    #[doc(hidden)]
    type Core;

    /// An entry that was found.
    #[doc(hidden)]
    type Found<'g>: Copy
    where
        K: 'g,
        V: 'g;

    /// What an iteration has met, from either end.
    #[doc(hidden)]
    type Walk<'g>: Clone
    where
        K: 'g,
        V: 'g;

    /// Where a cursor is.
    #[doc(hidden)]
    type Place<'g>: Clone
    where
        K: 'g,
        V: 'g;

    /// The entries by value, in their order.
    type IntoIter: DoubleEndedIterator<Item = (K, V)>
        + ExactSizeIterator
        + FusedIterator
        + fmt::Debug;

    #[doc(hidden)]
    fn smr(core: &Self::Core) -> &Smr;

    #[doc(hidden)]
    fn len(core: &Self::Core) -> usize;

    #[doc(hidden)]
    fn flush(core: &Self::Core) -> usize;

    #[doc(hidden)]
    fn both<'g>(found: Self::Found<'g>) -> (&'g K, &'g V)
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn walk<'g>() -> Self::Walk<'g>
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn place<'g>() -> Self::Place<'g>
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn gap<'g>(place: &Self::Place<'g>) -> Gap<&'g K>
    where
        K: 'g,
        V: 'g;

    /// Before the first entry, or behind the last.
    #[doc(hidden)]
    fn go<'g>(place: &mut Self::Place<'g>, to_end: bool)
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn into_iter(core: Self::Core) -> Self::IntoIter;
}

/// An [`Engine`] that knows keys of such a type.
pub trait Order<K, V>: Lookup<K, V, K> + SealedOrder<K, V> {
    #[doc(hidden)]
    fn insert<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: K,
        value: V,
    ) -> Option<&'g V>
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn try_insert<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: K,
        value: V,
    ) -> Result<&'g V, OccupiedError<'g, V>>
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn update<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: K,
        update: impl FnMut(&V) -> V,
    ) -> Option<&'g V>
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn update_or_insert_with<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: K,
        update: impl FnMut(&V) -> V,
        make: impl FnOnce() -> V,
    ) -> &'g V
    where
        K: 'g,
        V: 'g;

    #[doc(hidden)]
    fn compute<'g, T>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: K,
        compute: impl FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    ) -> Compute<'g, K, V, T>
    where
        K: 'g,
        V: 'g;

    /// Stores a value that is made if there is none, outside of everything: making it may use the map, this very
    /// key included.
    #[doc(hidden)]
    #[inline]
    fn try_insert_with<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: K,
        make: impl FnOnce(&K) -> V,
    ) -> Result<&'g V, &'g V>
    where
        K: 'g,
        V: 'g,
    {
        if let Some(there) = Self::get(core, section, &key) {
            return Err(Self::both(there).1);
        }
        let value = make(&key);
        let inserted = Self::try_insert(core, section, key, value);
        inserted.map_err(|error| error.current)
    }

    /// Removes just this entry, if it is still there.
    #[doc(hidden)]
    fn remove_this<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        found: Self::Found<'g>,
    ) -> bool;

    /// Removes the entries of which `keep` does not hold.
    #[doc(hidden)]
    fn retain(core: &Self::Core, section: &LocalGuard<'_>, keep: impl FnMut(&K, &V) -> bool);

    /// Removes all entries; how is up to the engine.
    #[doc(hidden)]
    fn clear(core: &Self::Core, section: &LocalGuard<'_>);

    #[doc(hidden)]
    fn pop_first<'g>(core: &'g Self::Core, section: &'g LocalGuard<'_>) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn pop_last<'g>(core: &'g Self::Core, section: &'g LocalGuard<'_>) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn go_next<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        place: &mut Self::Place<'g>,
    ) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn go_prev<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        place: &mut Self::Place<'g>,
    ) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn peek_next<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        place: &mut Self::Place<'g>,
    ) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn peek_prev<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        place: &mut Self::Place<'g>,
    ) -> Option<Self::Found<'g>>;

    /// Stores entries in a map that is empty, and that nobody else has: of those with the same key the last.
    #[doc(hidden)]
    fn fill(core: &mut Self::Core, entries: Vec<(K, V)>);

    /// Asserts the invariants.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    fn check(core: &mut Self::Core);
}

/// An [`Engine`] that finds keys by another type: one that they can be borrowed as, or that the order compares with
/// them.
pub trait Lookup<K, V, Q: ?Sized>: Engine<K, V> + SealedLookup<K, V, Q> {
    #[doc(hidden)]
    fn get<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: &Q,
    ) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn remove<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: &Q,
    ) -> Option<Self::Found<'g>>;

    /// Removes an entry, if it is there and `condition` holds: what was removed; or what was not.
    #[doc(hidden)]
    fn remove_if<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        key: &Q,
        condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<Self::Found<'g>>, Self::Found<'g>>;

    #[doc(hidden)]
    fn at_or_above<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        bound: Bound<&Q>,
    ) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn at_or_below<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        bound: Bound<&Q>,
    ) -> Option<Self::Found<'g>>;

    /// The next entry within a range.
    #[doc(hidden)]
    fn next<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        walk: &mut Self::Walk<'g>,
        range: &impl RangeBounds<Q>,
    ) -> Option<Self::Found<'g>>;

    /// The next one from the back.
    #[doc(hidden)]
    fn next_back<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        walk: &mut Self::Walk<'g>,
        range: &impl RangeBounds<Q>,
    ) -> Option<Self::Found<'g>>;

    #[doc(hidden)]
    fn seek<'g>(
        core: &'g Self::Core,
        section: &'g LocalGuard<'_>,
        place: &mut Self::Place<'g>,
        bound: Bound<&Q>,
    ) -> Option<Self::Found<'g>>;
}

/// An [`Engine`] whose maps are made without being told anything.
pub trait Fresh<K, V>: Engine<K, V> {
    /// An empty map in a domain.
    fn fresh(smr: &Smr) -> OrderedMap<K, V, Self>;
}

/// An [`Engine`] whose maps can be made like others.
pub trait Alike<K, V>: Engine<K, V> {
    /// An empty map in the same order and domain.
    fn alike(map: &OrderedMap<K, V, Self>) -> OrderedMap<K, V, Self>;
}

/// The operations of [`Order`] that may store an entry, by the core's [`Writing`](crate::entries::Writing).
macro_rules! writes {
    ($core:ty) => {
        #[inline]
        fn insert<'g>(
            core: &'g $core,
            section: &'g LocalGuard<'_>,
            key: K,
            value: V,
        ) -> Option<&'g V>
        where
            K: 'g,
            V: 'g,
        {
            core.writing(section, key, Some(value)).insert()
        }

        #[inline]
        fn try_insert<'g>(
            core: &'g $core,
            section: &'g LocalGuard<'_>,
            key: K,
            value: V,
        ) -> Result<&'g V, OccupiedError<'g, V>>
        where
            K: 'g,
            V: 'g,
        {
            core.writing(section, key, Some(value)).try_insert()
        }

        #[inline]
        fn update<'g>(
            core: &'g $core,
            section: &'g LocalGuard<'_>,
            key: K,
            update: impl FnMut(&V) -> V,
        ) -> Option<&'g V>
        where
            K: 'g,
            V: 'g,
        {
            core.writing(section, key, None).update(update)
        }

        #[inline]
        fn update_or_insert_with<'g>(
            core: &'g $core,
            section: &'g LocalGuard<'_>,
            key: K,
            update: impl FnMut(&V) -> V,
            make: impl FnOnce() -> V,
        ) -> &'g V
        where
            K: 'g,
            V: 'g,
        {
            let writing = core.writing(section, key, None);
            writing.update_or_insert_with(update, make)
        }

        #[inline]
        fn compute<'g, T>(
            core: &'g $core,
            section: &'g LocalGuard<'_>,
            key: K,
            compute: impl FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
        ) -> Compute<'g, K, V, T>
        where
            K: 'g,
            V: 'g,
        {
            core.writing(section, key, None).compute(compute)
        }
    };
}
pub(crate) use writes;
