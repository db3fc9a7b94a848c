//! The map under a guard.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;
use smr_core::Guard as LocalGuard;
use smr_core::OwnedGuard;

use super::core::Core;
use super::handle::Entry;
use super::iter::{Drain, Iter, Keys, Values};
use super::map::HashMap;
use super::node::Node;
use crate::answers::{Compute, OccupiedError, Operation};
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

impl<'map, K, V, S, G> HashMapRef<'map, K, V, S, G>
where
    K: Hash + Eq,
    S: BuildHasher,
    G: Guard,
{
    /// See [`HashMap::contains_key`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().contains_key("a"));
    /// ```
    #[inline]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.get(key).is_some()
    }

    /// See [`HashMap::get`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get("a"), Some(&1));
    /// ```
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// See [`HashMap::get_key_value`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get_key_value("a"), Some((&"a", &1)));
    /// ```
    #[inline]
    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let core = &self.map.core;
        let found = core.get(self.guard.section(), core.hash(key), key);
        found.map(Node::pair)
    }

    /// See [`HashMap::get_many`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// let map = map.pin();
    /// let mut values = [None; 2];
    /// map.get_many(&["a", "b"], &mut values);
    /// assert_eq!(values, [Some(&1), None]);
    /// ```
    pub fn get_many<'g, Q>(&'g self, keys: &[Q], values: &mut [Option<&'g V>])
    where
        Q: Equivalent<K> + Hash,
    {
        self.map.core.get_many(self.guard.section(), keys, values);
    }

    /// See [`HashMap::insert`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().insert("a", 2), Some(&1));
    /// ```
    #[inline]
    pub fn insert(&self, key: K, value: V) -> Option<&V> {
        let hash = self.map.core.hash(&key);
        self.map
            .core
            .insert(self.guard.section(), hash, (key, value))
    }

    /// See [`HashMap::try_insert`].
    ///
    /// # Errors
    /// The value that is there, and the one that was not stored.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().try_insert("a", 2).is_err());
    /// ```
    #[inline]
    pub fn try_insert(&self, key: K, value: V) -> Result<&V, OccupiedError<'_, V>> {
        let hash = self.map.core.hash(&key);
        self.map
            .core
            .try_insert(self.guard.section(), hash, (key, value))
    }

    /// See [`HashMap::try_insert_with`].
    ///
    /// # Errors
    /// The value that is there.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().try_insert_with("a", || 2), Err(&1));
    /// ```
    #[inline]
    pub fn try_insert_with<F>(&self, key: K, make: F) -> Result<&V, &V>
    where
        F: FnOnce() -> V,
    {
        let hash = self.map.core.hash(&key);
        self.map
            .core
            .try_insert_with(self.guard.section(), hash, key, make)
    }

    /// See [`HashMap::get_or_insert`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().get_or_insert("a", 2), &1);
    /// ```
    #[inline]
    pub fn get_or_insert(&self, key: K, value: V) -> &V {
        match self.try_insert(key, value) {
            Ok(inserted) => inserted,
            Err(error) => error.current,
        }
    }

    /// See [`HashMap::get_or_insert_with`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
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

    /// See [`HashMap::update`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update("a", |n| n + 1), Some(&2));
    /// ```
    #[inline]
    pub fn update<F>(&self, key: K, update: F) -> Option<&V>
    where
        F: FnMut(&V) -> V,
    {
        let hash = self.map.core.hash(&key);
        self.map
            .core
            .update(self.guard.section(), hash, key, update)
    }

    /// See [`HashMap::update_or_insert`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update_or_insert("b", |n| n + 1, 7), &7);
    /// ```
    #[inline]
    pub fn update_or_insert<F>(&self, key: K, update: F, value: V) -> &V
    where
        F: FnMut(&V) -> V,
    {
        self.update_or_insert_with(key, update, || value)
    }

    /// See [`HashMap::update_or_insert_with`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update_or_insert_with("b", |n| n + 1, || 7), &7);
    /// ```
    #[inline]
    pub fn update_or_insert_with<U, F>(&self, key: K, update: U, make: F) -> &V
    where
        F: FnOnce() -> V,
        U: FnMut(&V) -> V,
    {
        let hash = self.map.core.hash(&key);
        self.map
            .core
            .update_or_insert_with(self.guard.section(), hash, key, update, make)
    }

    /// See [`HashMap::compute`].
    ///
    /// # Panics
    /// If `compute` answers that an entry shall be removed that is not there.
    ///
    /// ```
    /// use structures::{Compute, HashMap, Operation};
    ///
    /// let map = HashMap::from([("a", 1)]);
    /// let map = map.pin();
    /// let done = map.compute("a", |_| Operation::<i32, ()>::Remove);
    /// assert_eq!(done, Compute::Removed(&"a", &1));
    /// ```
    #[inline]
    pub fn compute<'g, F, T>(&'g self, key: K, compute: F) -> Compute<'g, K, V, T>
    where
        F: FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    {
        let hash = self.map.core.hash(&key);
        self.map
            .core
            .compute(self.guard.section(), hash, key, compute)
    }

    /// What shall become of a key, said in steps: `entry(key).and_modify(f).or_insert(value)`. Each of its
    /// methods is one operation.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// let map = map.pin();
    /// assert_eq!(map.entry("a").and_modify(|n| n + 1).or_insert(1), &1);
    /// ```
    #[inline]
    pub fn entry(&self, key: K) -> Entry<'_, 'map, K, V, S, G> {
        Entry::new(self, key)
    }

    /// See [`HashMap::remove`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().remove("a"), Some(&1));
    /// ```
    #[inline]
    pub fn remove<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// See [`HashMap::remove_entry`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().remove_entry("a"), Some((&"a", &1)));
    /// ```
    #[inline]
    pub fn remove_entry<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let core = &self.map.core;
        core.remove_entry(self.guard.section(), core.hash(key), key)
    }

    /// See [`HashMap::remove_if`].
    ///
    /// # Errors
    /// The entry, if the condition does not hold of it.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().remove_if("a", |_, n| *n > 1).is_err());
    /// ```
    #[inline]
    pub fn remove_if<Q, F>(&self, key: &Q, should_remove: F) -> Result<Option<(&K, &V)>, (&K, &V)>
    where
        Q: Equivalent<K> + Hash + ?Sized,
        F: FnMut(&K, &V) -> bool,
    {
        let core = &self.map.core;
        let hash = core.hash(key);
        core.remove_if(self.guard.section(), hash, key, should_remove)
    }

    /// See [`HashMap::retain`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// map.pin().retain(|_, n| *n > 1);
    /// assert!(map.is_empty());
    /// ```
    pub fn retain<F>(&self, keep: F)
    where
        F: FnMut(&K, &V) -> bool,
    {
        self.map.core.retain(&self.guard, keep);
    }

    /// See [`HashMap::clear`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// map.pin().clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&self) {
        self.map.core.clear(&self.guard);
    }

    /// See [`HashMap::drain`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert!(map.pin().drain().eq([(&"a", &1)]));
    /// ```
    pub fn drain(&self) -> Drain<'_, K, V, S, G> {
        Drain {
            left: self.iter(),
            core: &self.map.core,
        }
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
