//! A map's settings.

use core::hash::{BuildHasher, Hash};
use std::collections::hash_map::RandomState;

use bytemuck::NoUninit;
use smr_core::Smr;

use super::super::builder::{Builder, Make, Settings};
use super::map::InlineHashMap;

/// Settings of an [`InlineHashMap`] that is to be made; see [`InlineHashMap::builder`].
///
/// ```
/// use structures::hash_map::{InlineHashMap, InlineHashMapBuilder};
///
/// let settings: InlineHashMapBuilder<u8, u8> = InlineHashMap::builder().capacity(100);
/// assert!(settings.build().capacity() >= 100);
/// ```
pub type InlineHashMapBuilder<K, V, S = RandomState> = Builder<InlineHashMap<K, V, S>>;

impl<K, V> InlineHashMap<K, V> {
    /// A map with other settings.
    ///
    /// ```
    /// use structures::Smr;
    /// use structures::hash_map::InlineHashMap;
    ///
    /// let smr = Smr::new();
    /// let map: InlineHashMap<u32, u32> =
    ///     InlineHashMap::builder().capacity(100).domain(&smr).build();
    /// assert!(map.smr().is_same(&smr) && map.capacity() >= 100);
    /// ```
    pub fn builder() -> InlineHashMapBuilder<K, V> {
        Builder::new()
    }
}

impl<K, V, S> Settings for InlineHashMap<K, V, S> {
    type Hasher = S;
    type With<T> = InlineHashMap<K, V, T>;
}

impl<K, V, S> Make for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    fn make(hasher: S, capacity: usize, domain: &Smr) -> Self {
        let map = Self::with_hasher_in(hasher, domain);
        map.reserve(capacity);
        map
    }
}
