//! A map's settings.

use core::fmt;
use core::marker::PhantomData;
use std::collections::hash_map::RandomState;

use smr_core::Smr;

use super::map::HashMap;

/// Settings of a map that is to be made; see [`HashMap::builder`].
#[must_use = "nothing is made before `build`"]
pub struct HashMapBuilder<K, V, S = RandomState> {
    hasher: S,
    capacity: usize,
    domain: Smr,
    entries: PhantomData<fn() -> (K, V)>,
}

impl<K, V> HashMapBuilder<K, V> {
    pub(super) fn new() -> Self {
        HashMapBuilder {
            hasher: RandomState::new(),
            capacity: 0,
            domain: Smr::global().clone(),
            entries: PhantomData,
        }
    }

    /// Hashes by this. By default: std's, with seeds of its own.
    pub fn hasher<S>(self, hasher: S) -> HashMapBuilder<K, V, S> {
        let HashMapBuilder {
            capacity, domain, ..
        } = self;
        HashMapBuilder {
            hasher,
            capacity,
            domain,
            entries: PhantomData,
        }
    }
}

impl<K, V, S> HashMapBuilder<K, V, S> {
    /// Makes room for so many entries at once. By default: none.
    pub fn capacity(self, capacity: usize) -> Self {
        HashMapBuilder { capacity, ..self }
    }

    /// Reclaims through this domain. By default: the global one. Maps with slow readers may want their own,
    /// lest they hold back the memory of others.
    pub fn domain(self, domain: &Smr) -> Self {
        let domain = domain.clone();
        HashMapBuilder { domain, ..self }
    }

    /// The map.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    #[must_use]
    pub fn build(self) -> HashMap<K, V, S> {
        let map = HashMap::with_hasher_in(self.hasher, &self.domain);
        map.reserve(self.capacity, &map.guard());
        map
    }
}

impl<K, V, S> fmt::Debug for HashMapBuilder<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashMapBuilder")
            .field("capacity", &self.capacity)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}
