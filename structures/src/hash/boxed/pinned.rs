//! The map under a guard.

mod keyed;

use core::fmt;
use core::hash::{BuildHasher, Hash};

use smr_core::Guard as LocalGuard;
use smr_core::OwnedGuard;

use super::core::{Core, Write};
use super::iter::{Iter, Keys, Values};
use super::map::HashMap;
use crate::guard::Guard;

/// A map under a guard of its own, with std's methods; see [`HashMap::pin`]. What it returns is borrowed
/// from it.
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::new();
/// let pinned = map.pin();
/// pinned.insert("a", 1);
/// let a = pinned.get("a");
/// map.pin().remove("a");
/// assert_eq!(a, Some(&1)); // until `pinned` is dropped
/// ```
pub struct HashMapRef<'map, K, V, S, G> {
    map: &'map HashMap<K, V, S>,
    /// Of the map's domain.
    guard: G,
}

impl<'map, K, V, S, G: Guard> HashMapRef<'map, K, V, S, G> {
    /// The guard is of the map's domain.
    #[inline]
    pub(super) fn new(map: &'map HashMap<K, V, S>, guard: G) -> Self {
        HashMapRef { map, guard }
    }

    #[inline]
    pub(super) fn core(&self) -> &'map Core<K, V, S> {
        &self.map.core
    }

    #[inline]
    pub(super) fn section(&self) -> &LocalGuard<'_> {
        self.guard.section()
    }

    /// Something is to be done with the entry of a key, which may be stored.
    #[inline(always)]
    pub(super) fn writing(&self, hash: u64, key: K, value: Option<V>) -> Write<'_, K, V, S>
    where
        K: Hash + Eq,
        S: BuildHasher,
    {
        self.map.core.writing(self.section(), hash, key, value)
    }

    /// The map.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(std::ptr::eq(map.pin().map(), &map));
    /// ```
    #[inline]
    #[must_use]
    pub fn map(&self) -> &'map HashMap<K, V, S> {
        self.map
    }

    /// See [`HashMap::len`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().len(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// See [`HashMap::is_empty`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(!map.pin().is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// See [`HashMap::reserve`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<u8, u8> = HashMap::new();
    /// map.pin().reserve(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    pub fn reserve(&self, additional: usize) {
        self.map.core.reserve(self.guard.section(), additional);
    }

    /// See [`HashMap::iter`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().iter().eq([(&"a", &1)]));
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V, G> {
        Iter::new(&self.map.core, &self.guard)
    }

    /// See [`HashMap::keys`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().keys().eq([&"a"]));
    /// ```
    #[inline]
    pub fn keys(&self) -> Keys<'_, K, V, G> {
        Keys(self.iter())
    }

    /// See [`HashMap::values`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().values().eq([&1]));
    /// ```
    #[inline]
    pub fn values(&self) -> Values<'_, K, V, G> {
        Values(self.iter())
    }
}

impl<K, V, S> HashMapRef<'_, K, V, S, LocalGuard<'_>> {
    /// Ends the section and opens another at once: long loops do so now and then, so as not to hold memory
    /// back. See [`smr_core::Guard::repin`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// let mut map = map.pin();
    /// for n in 0..100 {
    ///     map.insert("last", n);
    ///     map.repin();
    /// }
    /// ```
    #[inline]
    pub fn repin(&mut self) {
        self.guard.repin();
    }
}

impl<K, V, S> HashMapRef<'_, K, V, S, OwnedGuard> {
    /// As [for the guards of a thread](Self::repin).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// let mut map = map.pin_owned();
    /// map.repin_owned();
    /// assert_eq!(map.get("a"), Some(&1));
    /// ```
    #[inline]
    pub fn repin_owned(&mut self) {
        self.guard.repin();
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, G: Guard> fmt::Debug for HashMapRef<'_, K, V, S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'r, K, V, S, G: Guard> IntoIterator for &'r HashMapRef<'_, K, V, S, G> {
    type Item = (&'r K, &'r V);
    type IntoIter = Iter<'r, K, V, G>;

    fn into_iter(self) -> Iter<'r, K, V, G> {
        self.iter()
    }
}
