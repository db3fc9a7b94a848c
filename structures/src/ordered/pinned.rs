//! The map under a guard.

use core::fmt;

use smr_core::{Guard as LocalGuard, OwnedGuard};

use super::OrderedMap;
use super::engine::{Engine, Lookup, Order};
use super::handle::Entry;
use super::iter::{Drain, Iter};
use crate::answers::{Compute, OccupiedError, Operation};
use crate::guard::Guard;

/// A map under a guard of its own, with std's methods; see [`OrderedMap::pin`]. What it returns is borrowed
/// from it.
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::new();
/// let pinned = map.pin();
/// pinned.insert("a", 1);
/// let a = pinned.get("a");
/// map.pin().remove("a");
/// assert_eq!(a, Some(&1)); // until `pinned` is dropped
/// ```
pub struct OrderedMapRef<'map, K, V, E: Engine<K, V>, G> {
    map: &'map OrderedMap<K, V, E>,
    /// Of the map's domain.
    guard: G,
}

impl<'map, K, V, E: Engine<K, V>, G: Guard> OrderedMapRef<'map, K, V, E, G> {
    /// The guard is of the map's domain.
    #[inline]
    pub(super) fn new(map: &'map OrderedMap<K, V, E>, guard: G) -> Self {
        OrderedMapRef { map, guard }
    }

    #[inline]
    pub(crate) fn core(&self) -> &'map E::Core {
        &self.map.core
    }

    #[inline]
    pub(crate) fn section(&self) -> &LocalGuard<'_> {
        self.guard.section()
    }

    #[inline]
    pub(crate) fn guard(&self) -> &G {
        &self.guard
    }

    /// The map.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(std::ptr::eq(map.pin().map(), &map));
    /// ```
    #[inline]
    #[must_use]
    pub fn map(&self) -> &'map OrderedMap<K, V, E> {
        self.map
    }

    /// See [`OrderedMap::len`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().len(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// See [`OrderedMap::is_empty`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(!map.pin().is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl<K, V, E: Engine<K, V>> OrderedMapRef<'_, K, V, E, LocalGuard<'_>> {
    /// Ends the section and opens another at once: long loops do so now and then, so as not to hold memory
    /// back. See [`smr_core::Guard::repin`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
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

impl<K, V, E: Engine<K, V>> OrderedMapRef<'_, K, V, E, OwnedGuard> {
    /// As [for the guards of a thread](Self::repin).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// let mut map = map.pin_owned();
    /// map.repin_owned();
    /// assert_eq!(map.get("a"), Some(&1));
    /// ```
    #[inline]
    pub fn repin_owned(&mut self) {
        self.guard.repin();
    }
}

impl<'map, K, V, E, G> OrderedMapRef<'map, K, V, E, G>
where
    E: Order<K, V>,
    G: Guard,
{
    /// See [`OrderedMap::contains_key`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(map.pin().contains_key("a"));
    /// ```
    #[inline]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.get(key).is_some()
    }

    /// See [`OrderedMap::get`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get("a"), Some(&1));
    /// ```
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// See [`OrderedMap::get_key_value`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get_key_value("a"), Some((&"a", &1)));
    /// ```
    #[inline]
    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::get(self.core(), self.section(), key).map(E::both)
    }

    /// See [`OrderedMap::insert`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().insert("a", 2), Some(&1));
    /// ```
    #[inline]
    pub fn insert(&self, key: K, value: V) -> Option<&V> {
        E::insert(self.core(), self.section(), key, value)
    }

    /// See [`OrderedMap::try_insert`].
    ///
    /// # Errors
    /// The value that is there, and the one that was not stored.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(map.pin().try_insert("a", 2).is_err());
    /// ```
    #[inline]
    pub fn try_insert(&self, key: K, value: V) -> Result<&V, OccupiedError<'_, V>> {
        E::try_insert(self.core(), self.section(), key, value)
    }

    /// See [`OrderedMap::try_insert_with`].
    ///
    /// # Errors
    /// The value that is there.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().try_insert_with("a", || 2), Err(&1));
    /// ```
    #[inline]
    pub fn try_insert_with<F>(&self, key: K, make: F) -> Result<&V, &V>
    where
        F: FnOnce() -> V,
    {
        E::try_insert_with(self.core(), self.section(), key, |_| make())
    }

    /// See [`OrderedMap::get_or_insert`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get_or_insert("a", 2), &1);
    /// ```
    #[inline]
    pub fn get_or_insert(&self, key: K, value: V) -> &V {
        match self.try_insert(key, value) {
            Ok(inserted) => inserted,
            Err(error) => error.current,
        }
    }

    /// See [`OrderedMap::get_or_insert_with`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get_or_insert_with("b", || 2), &2);
    /// ```
    #[inline]
    pub fn get_or_insert_with<F>(&self, key: K, make: F) -> &V
    where
        F: FnOnce() -> V,
    {
        let (Ok(value) | Err(value)) = self.try_insert_with(key, make);
        value
    }

    /// See [`OrderedMap::update`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update("a", |n| n + 1), Some(&2));
    /// ```
    #[inline]
    pub fn update<F>(&self, key: K, update: F) -> Option<&V>
    where
        F: FnMut(&V) -> V,
    {
        E::update(self.core(), self.section(), key, update)
    }

    /// See [`OrderedMap::update_or_insert`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update_or_insert("b", |n| n + 1, 7), &7);
    /// ```
    #[inline]
    pub fn update_or_insert<F>(&self, key: K, update: F, value: V) -> &V
    where
        F: FnMut(&V) -> V,
    {
        self.update_or_insert_with(key, update, || value)
    }

    /// See [`OrderedMap::update_or_insert_with`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update_or_insert_with("b", |n| n + 1, || 7), &7);
    /// ```
    #[inline]
    pub fn update_or_insert_with<U, F>(&self, key: K, update: U, make: F) -> &V
    where
        F: FnOnce() -> V,
        U: FnMut(&V) -> V,
    {
        E::update_or_insert_with(self.core(), self.section(), key, update, make)
    }

    /// See [`OrderedMap::compute`].
    ///
    /// # Panics
    /// If `compute` answers that an entry shall be removed that is not there.
    ///
    /// ```
    /// use structures::{Compute, SkipMap, Operation};
    ///
    /// let map = SkipMap::from([("a", 1)]);
    /// let map = map.pin();
    /// let done = map.compute("a", |_| Operation::<i32, ()>::Remove);
    /// assert_eq!(done, Compute::Removed(&"a", &1));
    /// ```
    #[inline]
    pub fn compute<'g, F, T>(&'g self, key: K, compute: F) -> Compute<'g, K, V, T>
    where
        F: FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    {
        E::compute(self.core(), self.section(), key, compute)
    }

    /// What shall become of a key, said in steps: `entry(key).and_modify(f).or_insert(value)`. Each of its
    /// methods is one operation.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let map = map.pin();
    /// assert_eq!(map.entry("a").and_modify(|n| n + 1).or_insert(1), &1);
    /// ```
    #[inline]
    pub fn entry(&self, key: K) -> Entry<'_, 'map, K, V, E, G> {
        Entry::new(self, key)
    }

    /// See [`OrderedMap::remove`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().remove("a"), Some(&1));
    /// ```
    #[inline]
    pub fn remove<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// See [`OrderedMap::remove_entry`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.pin().remove_entry("a"), Some((&"a", &1)));
    /// ```
    #[inline]
    pub fn remove_entry<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::remove(self.core(), self.section(), key).map(E::both)
    }

    /// See [`OrderedMap::remove_if`].
    ///
    /// # Errors
    /// The entry, if the condition does not hold of it.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(map.pin().remove_if("a", |_, n| *n > 1).is_err());
    /// ```
    #[inline]
    pub fn remove_if<Q, F>(&self, key: &Q, should_remove: F) -> Result<Option<(&K, &V)>, (&K, &V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
        F: FnMut(&K, &V) -> bool,
    {
        self.map.remove_if(key, should_remove, &self.guard)
    }

    /// See [`OrderedMap::retain`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// map.pin().retain(|_, n| *n > 1);
    /// assert!(map.is_empty());
    /// ```
    pub fn retain<F>(&self, keep: F)
    where
        F: FnMut(&K, &V) -> bool,
    {
        E::retain(self.core(), self.section(), keep);
    }

    /// See [`OrderedMap::clear`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// map.pin().clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&self) {
        E::clear(self.core(), self.section());
    }

    /// See [`OrderedMap::drain`].
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(map.pin().drain().eq([(&"a", &1)]));
    /// ```
    pub fn drain(&self) -> Drain<'_, K, V, E, G> {
        Drain(self.iter())
    }
}

impl<K: fmt::Debug, V: fmt::Debug, E: Order<K, V>, G: Guard> fmt::Debug
    for OrderedMapRef<'_, K, V, E, G>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'r, K, V, E: Order<K, V>, G: Guard> IntoIterator for &'r OrderedMapRef<'_, K, V, E, G> {
    type Item = (&'r K, &'r V);
    type IntoIter = Iter<'r, K, V, E, G>;

    fn into_iter(self) -> Iter<'r, K, V, E, G> {
        self.iter()
    }
}
