//! Operations with a hash that the caller has computed.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::super::spread;
use super::map::HashMap;
use super::node::Node;
use super::pinned::HashMapRef;
use crate::answers::{Compute, OccupiedError, Operation};
use crate::entries::Writing;
use crate::guard::Guard;

/// Operations with a precomputed hash; see [`hash_of`](Self::hash_of).
impl<K, V, S> HashMap<K, V, S>
where
    K: Hash + Eq,
    S: BuildHasher,
{
    /// The hash of a key, by the map's hasher, for the operations with `_with_hash` in their names.
    ///
    /// Any hash will do, as long as it is the same for the same key: with another one an operation misses the
    /// entry, or stores a second one of the same key. Nothing worse happens. O(key).
    ///
    /// ```
    /// use structures::HashMap;
    ///
    /// let map = HashMap::from([("one".to_string(), 1)]);
    /// let guard = map.guard();
    /// let hash = map.hash_of("one");
    /// assert_eq!(map.get_with_hash(hash, "one", &guard), Some(&1));
    /// assert_eq!(map.remove_with_hash(hash, "one", &guard), Some(&1));
    /// ```
    #[inline]
    pub fn hash_of<Q>(&self, key: &Q) -> u64
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.hasher().hash_one(key)
    }

    /// As [`contains_key`](Self::contains_key), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert!(map.contains_key_with_hash(map.hash_of(&1), &1, &map.guard()));
    /// ```
    #[inline]
    pub fn contains_key_with_hash<Q>(&self, hash: u64, key: &Q, guard: &impl Guard) -> bool
    where
        Q: Equivalent<K> + ?Sized,
    {
        self.get_key_value_with_hash(hash, key, guard).is_some()
    }

    /// As [`get`](Self::get), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.get_with_hash(map.hash_of(&1), &1, &map.guard()), Some(&"a"));
    /// ```
    #[inline]
    pub fn get_with_hash<'g, Q>(
        &'g self,
        hash: u64,
        key: &Q,
        guard: &'g impl Guard,
    ) -> Option<&'g V>
    where
        Q: Equivalent<K> + ?Sized,
    {
        let entry = self.get_key_value_with_hash(hash, key, guard);
        entry.map(|(_, value)| value)
    }

    /// As [`get_key_value`](Self::get_key_value), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// let guard = map.guard();
    /// assert_eq!(map.get_key_value_with_hash(map.hash_of(&1), &1, &guard), Some((&1, &"a")));
    /// ```
    #[inline]
    pub fn get_key_value_with_hash<'g, Q>(
        &'g self,
        hash: u64,
        key: &Q,
        guard: &'g impl Guard,
    ) -> Option<(&'g K, &'g V)>
    where
        Q: Equivalent<K> + ?Sized,
    {
        let found = self.core.get(self.verify(guard), spread(hash), key);
        found.map(Node::pair)
    }

    /// As [`insert`](Self::insert), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.insert_with_hash(map.hash_of(&1), 1, "a", &guard), None);
    /// assert_eq!(map.get(&1, &guard), Some(&"a"));
    /// ```
    #[inline]
    pub fn insert_with_hash<'g>(
        &'g self,
        hash: u64,
        key: K,
        value: V,
        guard: &'g impl Guard,
    ) -> Option<&'g V> {
        let section = self.verify(guard);
        let writing = self.core.writing(section, spread(hash), key, Some(value));
        writing.insert()
    }

    /// As [`try_insert`](Self::try_insert), with the key's [hash](Self::hash_of).
    ///
    /// # Errors
    /// The value that is there, and the one that was not stored.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// let guard = map.guard();
    /// let error = map.try_insert_with_hash(map.hash_of(&1), 1, "b", &guard).unwrap_err();
    /// assert_eq!((error.current, error.not_inserted), (&"a", "b"));
    /// ```
    #[inline]
    pub fn try_insert_with_hash<'g>(
        &'g self,
        hash: u64,
        key: K,
        value: V,
        guard: &'g impl Guard,
    ) -> Result<&'g V, OccupiedError<'g, V>> {
        let section = self.verify(guard);
        let writing = self.core.writing(section, spread(hash), key, Some(value));
        writing.try_insert()
    }

    /// As [`update`](Self::update), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// let guard = map.guard();
    /// assert_eq!(map.update_with_hash(map.hash_of("a"), "a", |n| n + 1, &guard), Some(&2));
    /// ```
    #[inline]
    pub fn update_with_hash<'g, F>(
        &'g self,
        hash: u64,
        key: K,
        update: F,
        guard: &'g impl Guard,
    ) -> Option<&'g V>
    where
        F: FnMut(&V) -> V,
        K: 'g,
    {
        let section = self.verify(guard);
        let writing = self.core.writing(section, spread(hash), key, None);
        writing.update(update)
    }

    /// As [`compute`](Self::compute), with the key's [hash](Self::hash_of). All else can be said by it.
    ///
    /// # Panics
    /// If `compute` answers that an entry shall be removed that is not there.
    ///
    /// ```
    /// # use structures::{Compute, HashMap, Operation};
    /// let map = HashMap::new();
    /// let (guard, hash) = (map.guard(), map.hash_of(&1));
    /// let put = |_: Option<_>| Operation::<_, ()>::Insert("a");
    /// assert_eq!(map.compute_with_hash(hash, 1, put, &guard), Compute::Inserted(&1, &"a"));
    /// ```
    #[inline]
    pub fn compute_with_hash<'g, F, T>(
        &'g self,
        hash: u64,
        key: K,
        compute: F,
        guard: &'g impl Guard,
    ) -> Compute<'g, K, V, T>
    where
        F: FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    {
        let section = self.verify(guard);
        let writing = self.core.writing(section, spread(hash), key, None);
        writing.compute(compute)
    }

    /// As [`remove`](Self::remove), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.remove_with_hash(map.hash_of(&1), &1, &map.guard()), Some(&"a"));
    /// ```
    #[inline]
    pub fn remove_with_hash<'g, Q>(
        &'g self,
        hash: u64,
        key: &Q,
        guard: &'g impl Guard,
    ) -> Option<&'g V>
    where
        K: 'g,
        Q: Equivalent<K> + ?Sized,
    {
        let entry = self.remove_entry_with_hash(hash, key, guard);
        entry.map(|(_, value)| value)
    }

    /// As [`remove_entry`](Self::remove_entry), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// let guard = map.guard();
    /// assert_eq!(map.remove_entry_with_hash(map.hash_of(&1), &1, &guard), Some((&1, &"a")));
    /// ```
    #[inline]
    pub fn remove_entry_with_hash<'g, Q>(
        &'g self,
        hash: u64,
        key: &Q,
        guard: &'g impl Guard,
    ) -> Option<(&'g K, &'g V)>
    where
        K: 'g,
        Q: Equivalent<K> + ?Sized,
    {
        let section = self.verify(guard);
        self.core.remove_entry(section, spread(hash), key)
    }

    /// As [`remove_if`](Self::remove_if), with the key's [hash](Self::hash_of).
    ///
    /// # Errors
    /// The entry, if the condition does not hold of it.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// let (guard, hash) = (map.guard(), map.hash_of(&1));
    /// let kept = map.remove_if_with_hash(hash, &1, |_, v| *v == "b", &guard);
    /// assert_eq!(kept, Err((&1, &"a")));
    /// ```
    #[inline]
    pub fn remove_if_with_hash<'g, Q, F>(
        &'g self,
        hash: u64,
        key: &Q,
        should_remove: F,
        guard: &'g impl Guard,
    ) -> Result<Option<(&'g K, &'g V)>, (&'g K, &'g V)>
    where
        Q: Equivalent<K> + ?Sized,
        F: FnMut(&K, &V) -> bool,
    {
        let section = self.verify(guard);
        self.core
            .remove_if(section, spread(hash), key, should_remove)
    }
}

/// Operations with a precomputed hash; see [`HashMap::hash_of`].
impl<K, V, S, G> HashMapRef<'_, K, V, S, G>
where
    K: Hash + Eq,
    S: BuildHasher,
    G: Guard,
{
    /// See [`HashMap::hash_of`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("one".to_string(), 1)]);
    /// let map = map.pin();
    /// let hash = map.hash_of("one");
    /// assert_eq!(map.get_with_hash(hash, "one"), Some(&1));
    /// ```
    #[inline]
    pub fn hash_of<Q>(&self, key: &Q) -> u64
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.map().hash_of(key)
    }

    /// See [`HashMap::contains_key_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert!(map.pin().contains_key_with_hash(map.hash_of(&1), &1));
    /// ```
    #[inline]
    pub fn contains_key_with_hash<Q>(&self, hash: u64, key: &Q) -> bool
    where
        Q: Equivalent<K> + ?Sized,
    {
        self.get_key_value_with_hash(hash, key).is_some()
    }

    /// See [`HashMap::get_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.pin().get_with_hash(map.hash_of(&1), &1), Some(&"a"));
    /// ```
    #[inline]
    pub fn get_with_hash<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        Q: Equivalent<K> + ?Sized,
    {
        let entry = self.get_key_value_with_hash(hash, key);
        entry.map(|(_, value)| value)
    }

    /// See [`HashMap::get_key_value_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.pin().get_key_value_with_hash(map.hash_of(&1), &1), Some((&1, &"a")));
    /// ```
    #[inline]
    pub fn get_key_value_with_hash<Q>(&self, hash: u64, key: &Q) -> Option<(&K, &V)>
    where
        Q: Equivalent<K> + ?Sized,
    {
        let found = self.core().get(self.section(), spread(hash), key);
        found.map(Node::pair)
    }

    /// See [`HashMap::insert_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.pin().insert_with_hash(map.hash_of(&1), 1, "b"), Some(&"a"));
    /// ```
    #[inline]
    pub fn insert_with_hash(&self, hash: u64, key: K, value: V) -> Option<&V> {
        self.writing(spread(hash), key, Some(value)).insert()
    }

    /// See [`HashMap::try_insert_with_hash`].
    ///
    /// # Errors
    /// The value that is there, and the one that was not stored.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().try_insert_with_hash(map.hash_of(&1), 1, "a"), Ok(&"a"));
    /// ```
    #[inline]
    pub fn try_insert_with_hash(
        &self,
        hash: u64,
        key: K,
        value: V,
    ) -> Result<&V, OccupiedError<'_, V>> {
        self.writing(spread(hash), key, Some(value)).try_insert()
    }

    /// See [`HashMap::update_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().update_with_hash(map.hash_of("a"), "a", |n| n + 1), Some(&2));
    /// ```
    #[inline]
    pub fn update_with_hash<F>(&self, hash: u64, key: K, update: F) -> Option<&V>
    where
        F: FnMut(&V) -> V,
    {
        self.writing(spread(hash), key, None).update(update)
    }

    /// See [`HashMap::compute_with_hash`].
    ///
    /// # Panics
    /// If `compute` answers that an entry shall be removed that is not there.
    ///
    /// ```
    /// # use structures::{Compute, HashMap, Operation};
    /// let map = HashMap::new();
    /// let (pinned, hash) = (map.pin(), map.hash_of(&1));
    /// let put = |_: Option<_>| Operation::<_, ()>::Insert("a");
    /// assert_eq!(pinned.compute_with_hash(hash, 1, put), Compute::Inserted(&1, &"a"));
    /// ```
    #[inline]
    pub fn compute_with_hash<'g, F, T>(
        &'g self,
        hash: u64,
        key: K,
        compute: F,
    ) -> Compute<'g, K, V, T>
    where
        F: FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    {
        self.writing(spread(hash), key, None).compute(compute)
    }

    /// See [`HashMap::remove_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.pin().remove_with_hash(map.hash_of(&1), &1), Some(&"a"));
    /// ```
    #[inline]
    pub fn remove_with_hash<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        Q: Equivalent<K> + ?Sized,
    {
        let entry = self.remove_entry_with_hash(hash, key);
        entry.map(|(_, value)| value)
    }

    /// See [`HashMap::remove_entry_with_hash`].
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// assert_eq!(map.pin().remove_entry_with_hash(map.hash_of(&1), &1), Some((&1, &"a")));
    /// ```
    #[inline]
    pub fn remove_entry_with_hash<Q>(&self, hash: u64, key: &Q) -> Option<(&K, &V)>
    where
        Q: Equivalent<K> + ?Sized,
    {
        self.core().remove_entry(self.section(), spread(hash), key)
    }

    /// See [`HashMap::remove_if_with_hash`].
    ///
    /// # Errors
    /// The entry, if the condition does not hold of it.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, "a")]);
    /// let (pinned, hash) = (map.pin(), map.hash_of(&1));
    /// assert_eq!(pinned.remove_if_with_hash(hash, &1, |_, v| *v == "b"), Err((&1, &"a")));
    /// ```
    #[inline]
    pub fn remove_if_with_hash<Q, F>(
        &self,
        hash: u64,
        key: &Q,
        should_remove: F,
    ) -> Result<Option<(&K, &V)>, (&K, &V)>
    where
        Q: Equivalent<K> + ?Sized,
        F: FnMut(&K, &V) -> bool,
    {
        self.core()
            .remove_if(self.section(), spread(hash), key, should_remove)
    }
}
