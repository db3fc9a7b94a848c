//! The handle's operations on an entry, said in steps.

use super::engine::Order;
use super::pinned::OrderedMapRef;
use crate::entries::{self, Handle};
use crate::guard::Guard;

/// A key, and what a [`SkipMap`](crate::SkipMap) has of it; see [`OrderedMapRef::entry`].
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::new();
/// let map = map.pin();
/// assert_eq!(map.entry("a").or_insert(1), &1);
/// assert_eq!(map.entry("a").or_insert(2), &1);
/// ```
pub type Entry<'r, 'map, K, V, E, G> = entries::Entry<'r, OrderedMapRef<'map, K, V, E, G>>;

/// An entry whose value is changed if it is there; see [`and_modify`](entries::Entry::and_modify).
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([("a", 1)]);
/// let map = map.pin();
/// assert_eq!(map.entry("a").and_modify(|n| n + 1).or_nothing(), Some(&2));
/// ```
pub type AndModify<'r, 'map, K, V, E, G, F> =
    entries::AndModify<'r, OrderedMapRef<'map, K, V, E, G>, F>;

impl<K, V, E, G> Handle for OrderedMapRef<'_, K, V, E, G>
where
    E: Order<K, V>,
    G: Guard,
{
    type Key = K;
    type Value = V;

    #[inline]
    fn get(&self, key: &K) -> Option<&V> {
        self.get(key)
    }

    #[inline]
    fn get_or_insert(&self, key: K, value: V) -> &V {
        self.get_or_insert(key, value)
    }

    #[inline]
    fn get_or_insert_with(&self, key: K, make: impl FnOnce(&K) -> V) -> &V {
        let (section, core) = (self.section(), self.core());
        let (Ok(value) | Err(value)) = E::try_insert_with(core, section, key, make);
        value
    }

    #[inline]
    fn update(&self, key: K, update: impl FnMut(&V) -> V) -> Option<&V> {
        self.update(key, update)
    }

    #[inline]
    fn update_or_insert_with(
        &self,
        key: K,
        update: impl FnMut(&V) -> V,
        make: impl FnOnce() -> V,
    ) -> &V {
        self.update_or_insert_with(key, update, make)
    }

    #[inline]
    fn remove_entry(&self, key: &K) -> Option<(&K, &V)> {
        self.remove_entry(key)
    }
}
