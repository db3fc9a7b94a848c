//! This workspace's maps.

use std::ops::Bound::{Included, Unbounded};

use structures::ordered::{Engine, Fresh, Lookup, Order, OrderedMap, OrderedMapRef};
use structures::{LocalGuard, radix_map, skip_map};

use super::{Key, Ordered, Points, Queue, Reverse, Words};

/// A map of one kind, pinned for each operation, in the global domain.
pub(crate) struct Ours<K, E: Engine<K, u64>>(OrderedMap<K, u64, E>);

pub(crate) type Skip<K> = Ours<K, skip_map::Skip>;
pub(crate) type Radix<K> = Ours<K, radix_map::Radix>;

pub(crate) trait Named {
    const NAME: &'static str;
}

impl Named for skip_map::Skip {
    const NAME: &'static str = "SkipMap";
}

impl Named for radix_map::Radix {
    const NAME: &'static str = "RadixMap";
}

/// What such maps have.
pub(crate) trait Kind<K: Key>:
    Named
    + Order<K, u64>
    + Lookup<K, u64, K::Query>
    + Fresh<K, u64>
    + Engine<K, u64, Core: Send + Sync>
    + 'static
{
}

impl<K: Key, E> Kind<K> for E where
    E: Named
        + Order<K, u64>
        + Lookup<K, u64, K::Query>
        + Fresh<K, u64>
        + Engine<K, u64, Core: Send + Sync>
        + 'static
{
}

impl<K: Key, E: Kind<K>> Points<K> for Ours<K, E> {
    const NAME: &'static str = E::NAME;

    type Pin<'a> = OrderedMapRef<'a, K, u64, E, LocalGuard<'a>>;

    fn new() -> Self {
        Ours(OrderedMap::default())
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self.0.pin()
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key).copied()
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.try_insert(key, value).is_ok()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }

    fn settle() {
        structures::Smr::global().flush();
    }
}

impl<K: Key, E: Kind<K>> Ordered<K> for Ours<K, E> {
    #[inline]
    fn replace(pin: &Self::Pin<'_>, key: K, value: u64) {
        pin.insert(key, value);
    }

    #[inline]
    fn scan(pin: &Self::Pin<'_>, from: &K::Query, count: usize, mut f: impl FnMut(&K::Query, u64)) {
        let range = pin.range::<K::Query, _>((Included(from), Unbounded));
        range.take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K::Query, u64)) {
        pin.iter().for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl Words for Skip<String> {
    #[inline]
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        let range = pin.range::<str, _>((Included(prefix), Unbounded));
        let words = range.take_while(|(k, _)| k.starts_with(prefix));
        words.for_each(|(k, &v)| f(k, v));
    }
}

impl Words for Radix<String> {
    #[inline]
    fn begin_with(pin: &Self::Pin<'_>, prefix: &str, mut f: impl FnMut(&str, u64)) {
        pin.prefix(prefix).for_each(|(k, &v)| f(k, v));
    }
}

impl<K: Key, E: Kind<K>> Reverse<K> for Ours<K, E> {
    #[inline]
    fn scan_back(
        pin: &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        mut f: impl FnMut(&K::Query, u64),
    ) {
        let range = pin.range::<K::Query, _>((Unbounded, Included(from)));
        range.rev().take(count).for_each(|(k, &v)| f(k.borrow(), v));
    }
}

impl<K: Key, E: Kind<K>> Queue<K> for Ours<K, E> {
    #[inline]
    fn pop_first(pin: &Self::Pin<'_>) -> Option<(K, u64)> {
        pin.pop_first().map(|(k, &v)| (k.clone(), v))
    }
}
