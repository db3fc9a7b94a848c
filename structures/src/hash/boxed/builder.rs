//! A map's settings.

use std::collections::hash_map::RandomState;

use smr_core::Smr;

use super::super::builder::{Builder, Make, Settings};
use super::map::HashMap;

/// Settings of a [`HashMap`] that is to be made; see [`HashMap::builder`].
///
/// ```
/// use structures::{HashMap, HashMapBuilder};
///
/// let settings: HashMapBuilder<u8, u8> = HashMap::builder().capacity(100);
/// assert!(settings.build().capacity() >= 100);
/// ```
pub type HashMapBuilder<K, V, S = RandomState> = Builder<HashMap<K, V, S>>;

impl<K, V, S> Settings for HashMap<K, V, S> {
    type Hasher = S;
    type With<T> = HashMap<K, V, T>;
}

impl<K, V, S> Make for HashMap<K, V, S> {
    fn make(hasher: S, capacity: usize, domain: &Smr) -> Self {
        let map = Self::with_hasher_in(hasher, domain);
        map.core.reserve(&map.guard(), capacity);
        map
    }
}
