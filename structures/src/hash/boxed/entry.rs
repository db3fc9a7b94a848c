//! What shall become of one key, said in steps, and done in one.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use super::pinned::HashMapRef;
use crate::guard::Guard;

/// A key, and what a map has of it; see [`HashMapRef::entry`].
///
/// It holds nothing: each of its methods is one operation on the map, which other threads may change in
/// between.
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::new();
/// let map = map.pin();
/// assert_eq!(map.entry("a").or_insert(1), &1);
/// assert_eq!(map.entry("a").or_insert(2), &1);
/// ```
#[must_use = "nothing is done with the entry before one of its methods is called"]
pub struct Entry<'r, 'map, K, V, S, G> {
    map: &'r HashMapRef<'map, K, V, S, G>,
    key: K,
}

/// An entry whose value is changed if it is there; see [`Entry::and_modify`].
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::from([("a", 1)]);
/// let map = map.pin();
/// assert_eq!(map.entry("a").and_modify(|n| n + 1).or_nothing(), Some(&2));
/// ```
#[must_use = "nothing is done with the entry before one of its methods is called"]
pub struct AndModify<'r, 'map, K, V, S, G, F> {
    entry: Entry<'r, 'map, K, V, S, G>,
    update: F,
}

impl<'r, 'map, K, V, S, G> Entry<'r, 'map, K, V, S, G>
where
    K: Hash + Eq,
    S: BuildHasher,
    G: Guard,
{
    pub(super) fn new(map: &'r HashMapRef<'map, K, V, S, G>, key: K) -> Self {
        Entry { map, key }
    }

    /// The key.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<&str, u8> = HashMap::new();
    /// assert_eq!(map.pin().entry("a").key(), &"a");
    /// ```
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// The value, if there is one now.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().entry("a").get(), Some(&1));
    /// ```
    #[must_use]
    pub fn get(&self) -> Option<&'r V> {
        self.map.get(&self.key)
    }

    /// The value; this one if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("a").or_insert(1), &1);
    /// ```
    pub fn or_insert(self, value: V) -> &'r V {
        self.map.get_or_insert(self.key, value)
    }

    /// The value; one that is made, at most once, if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("a").or_insert_with(|| 1), &1);
    /// ```
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'r V {
        self.map.get_or_insert_with(self.key, make)
    }

    /// The value; one that is made of the key, at most once, if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("abc").or_insert_with_key(|key| key.len()), &3);
    /// ```
    pub fn or_insert_with_key(self, make: impl FnOnce(&K) -> V) -> &'r V {
        let Entry { map, key } = self;
        let hash = map.hash_of(&key);
        if let Some(there) = map.get_with_hash(hash, &key) {
            return there;
        }
        let value = make(&key);
        match map.try_insert_with_hash(hash, key, value) {
            Ok(inserted) => inserted,
            Err(error) => error.current,
        }
    }

    /// The value; the default one if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<&str, u8> = HashMap::new();
    /// assert_eq!(map.pin().entry("a").or_default(), &0);
    /// ```
    pub fn or_default(self) -> &'r V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value if there is one, and not before it is said what happens else.
    ///
    /// ```
    /// use structures::HashMap;
    ///
    /// let map = HashMap::new();
    /// let map = map.pin();
    /// for word in ["one", "two", "one"] {
    ///     map.entry(word).and_modify(|n| n + 1).or_insert(1);
    /// }
    /// assert_eq!(map.get("one"), Some(&2));
    /// ```
    pub fn and_modify<F: FnMut(&V) -> V>(self, update: F) -> AndModify<'r, 'map, K, V, S, G, F> {
        let entry = self;
        AndModify { entry, update }
    }

    /// Removes it; what it was.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// assert_eq!(map.pin().entry("a").remove(), Some((&"a", &1)));
    /// ```
    pub fn remove(self) -> Option<(&'r K, &'r V)> {
        self.map.remove_entry(&self.key)
    }
}

impl<'r, K, V, S, G, F> AndModify<'r, '_, K, V, S, G, F>
where
    K: Hash + Eq,
    S: BuildHasher,
    G: Guard,
    F: FnMut(&V) -> V,
{
    /// Changes the value, or stores this one; what is there then. One atomic step.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// let map = map.pin();
    /// assert_eq!(map.entry("a").and_modify(|n| n + 1).or_insert(7), &2);
    /// assert_eq!(map.entry("b").and_modify(|n| n + 1).or_insert(7), &7);
    /// ```
    pub fn or_insert(self, value: V) -> &'r V {
        let Entry { map, key } = self.entry;
        map.update_or_insert(key, self.update, value)
    }

    /// Changes the value, or stores one that is made; what is there then. One atomic step.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("b").and_modify(|n| n + 1).or_insert_with(|| 7), &7);
    /// ```
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'r V {
        let Entry { map, key } = self.entry;
        map.update_or_insert_with(key, self.update, make)
    }

    /// Changes the value, or stores the default one; what is there then. One atomic step.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<&str, u8> = HashMap::new();
    /// assert_eq!(map.pin().entry("b").and_modify(|n| n + 1).or_default(), &0);
    /// ```
    pub fn or_default(self) -> &'r V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value, or leaves it at that; what is there then. One atomic step.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<&str, u8> = HashMap::new();
    /// assert_eq!(map.pin().entry("b").and_modify(|n| n + 1).or_nothing(), None);
    /// ```
    pub fn or_nothing(self) -> Option<&'r V> {
        let Entry { map, key } = self.entry;
        map.update(key, self.update)
    }
}

impl<K: fmt::Debug, V, S, G> fmt::Debug for Entry<'_, '_, K, V, S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V, S, G, F> fmt::Debug for AndModify<'_, '_, K, V, S, G, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndModify")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}
