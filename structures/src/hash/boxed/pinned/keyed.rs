//! Operations on the entry of one key, and on all one after the other, under a guard.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::HashMapRef;
use crate::answers::{Compute, OccupiedError, Operation};
use crate::entries::Writing;
use crate::guard::Guard;
use crate::hash::boxed::handle::Entry;
use crate::hash::boxed::iter::Drain;
#[cfg(doc)]
use crate::hash::boxed::map::HashMap;
use crate::hash::boxed::node::Node;

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
        let hash = self.core().hash(&key);
        let writing = self.writing(hash, key, Some(value));
        writing.insert()
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
        let hash = self.core().hash(&key);
        let writing = self.writing(hash, key, Some(value));
        writing.try_insert()
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
        let hash = self.core().hash(&key);
        let core = self.core();
        core.try_insert_with(self.section(), hash, key, |_| make())
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
        let hash = self.core().hash(&key);
        self.writing(hash, key, None).update(update)
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
        let hash = self.core().hash(&key);
        let writing = self.writing(hash, key, None);
        writing.update_or_insert_with(update, make)
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
        let hash = self.core().hash(&key);
        self.writing(hash, key, None).compute(compute)
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
