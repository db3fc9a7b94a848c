//! What shall become of one key, said in steps, and done in one.

use core::fmt;

#[cfg(doc)]
use crate::HashMapRef;

/// A map under a guard, on which an entry's methods are operations. The methods are the map's own of the same
/// names.
pub trait Handle {
    type Key;
    type Value;

    fn get(&self, key: &Self::Key) -> Option<&Self::Value>;

    fn get_or_insert(&self, key: Self::Key, value: Self::Value) -> &Self::Value;

    fn get_or_insert_with(
        &self,
        key: Self::Key,
        make: impl FnOnce(&Self::Key) -> Self::Value,
    ) -> &Self::Value;

    fn update(
        &self,
        key: Self::Key,
        update: impl FnMut(&Self::Value) -> Self::Value,
    ) -> Option<&Self::Value>;

    fn update_or_insert_with(
        &self,
        key: Self::Key,
        update: impl FnMut(&Self::Value) -> Self::Value,
        make: impl FnOnce() -> Self::Value,
    ) -> &Self::Value;

    fn remove_entry(&self, key: &Self::Key) -> Option<(&Self::Key, &Self::Value)>;
}

/// A key, and what a map has of it; see [`HashMapRef::entry`].
///
/// It holds nothing: each of its methods is one operation on the map, which other threads may change in
/// between. `H` is the map under a guard.
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::new();
/// let map = map.pin();
/// assert_eq!(map.entry("a").or_insert(1), &1);
/// assert_eq!(map.entry("a").or_insert(2), &1);
/// ```
#[must_use = "nothing is done with the entry before one of its methods is called"]
pub struct Entry<'r, H: Handle> {
    map: &'r H,
    key: H::Key,
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
pub struct AndModify<'r, H: Handle, F> {
    entry: Entry<'r, H>,
    update: F,
}

impl<'r, H: Handle> Entry<'r, H> {
    pub(crate) fn new(map: &'r H, key: H::Key) -> Self {
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
    pub fn key(&self) -> &H::Key {
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
    pub fn get(&self) -> Option<&'r H::Value> {
        self.map.get(&self.key)
    }

    /// The value; this one if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("a").or_insert(1), &1);
    /// ```
    pub fn or_insert(self, value: H::Value) -> &'r H::Value {
        self.map.get_or_insert(self.key, value)
    }

    /// The value; one that is made, at most once, if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("a").or_insert_with(|| 1), &1);
    /// ```
    pub fn or_insert_with(self, make: impl FnOnce() -> H::Value) -> &'r H::Value {
        self.map.get_or_insert_with(self.key, |_| make())
    }

    /// The value; one that is made of the key, at most once, if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("abc").or_insert_with_key(|key| key.len()), &3);
    /// ```
    pub fn or_insert_with_key(self, make: impl FnOnce(&H::Key) -> H::Value) -> &'r H::Value {
        self.map.get_or_insert_with(self.key, make)
    }

    /// The value; the default one if there is none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<&str, u8> = HashMap::new();
    /// assert_eq!(map.pin().entry("a").or_default(), &0);
    /// ```
    pub fn or_default(self) -> &'r H::Value
    where
        H::Value: Default,
    {
        self.or_insert_with(Default::default)
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
    pub fn and_modify<F>(self, update: F) -> AndModify<'r, H, F>
    where
        F: FnMut(&H::Value) -> H::Value,
    {
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
    pub fn remove(self) -> Option<(&'r H::Key, &'r H::Value)> {
        self.map.remove_entry(&self.key)
    }
}

impl<'r, H, F> AndModify<'r, H, F>
where
    H: Handle,
    F: FnMut(&H::Value) -> H::Value,
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
    pub fn or_insert(self, value: H::Value) -> &'r H::Value {
        let Entry { map, key } = self.entry;
        map.update_or_insert_with(key, self.update, || value)
    }

    /// Changes the value, or stores one that is made; what is there then. One atomic step.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// assert_eq!(map.pin().entry("b").and_modify(|n| n + 1).or_insert_with(|| 7), &7);
    /// ```
    pub fn or_insert_with(self, make: impl FnOnce() -> H::Value) -> &'r H::Value {
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
    pub fn or_default(self) -> &'r H::Value
    where
        H::Value: Default,
    {
        self.or_insert_with(Default::default)
    }

    /// Changes the value, or leaves it at that; what is there then. One atomic step.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<&str, u8> = HashMap::new();
    /// assert_eq!(map.pin().entry("b").and_modify(|n| n + 1).or_nothing(), None);
    /// ```
    pub fn or_nothing(self) -> Option<&'r H::Value> {
        let Entry { map, key } = self.entry;
        map.update(key, self.update)
    }
}

impl<H: Handle<Key: fmt::Debug>> fmt::Debug for Entry<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<H: Handle<Key: fmt::Debug>, F> fmt::Debug for AndModify<'_, H, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndModify")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}
