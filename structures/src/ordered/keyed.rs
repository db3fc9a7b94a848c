//! Operations on the entry of one key, and on all one after the other, with explicit guards.

use super::OrderedMap;
use super::engine::{Lookup, Order};
use super::iter::Drain;
use crate::answers::{Compute, OccupiedError, Operation};
use crate::guard::Guard;

impl<K, V, E: Order<K, V>> OrderedMap<K, V, E> {
    /// Whether the key is there. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert!(map.contains_key("a", &map.guard()));
    /// ```
    #[inline]
    pub fn contains_key<Q>(&self, key: &Q, guard: &impl Guard) -> bool
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.get(key, guard).is_some()
    }

    /// The value of a key. Lock-free, and it writes to nothing that is shared; O(log n).
    ///
    /// ```
    /// use structures::SkipMap;
    ///
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// map.insert("one".to_string(), 1, &guard);
    /// assert_eq!(map.get("one", &guard), Some(&1));
    /// assert_eq!(map.get("two", &guard), None);
    /// ```
    #[inline]
    pub fn get<'g, Q>(&'g self, key: &Q, guard: &'g impl Guard) -> Option<&'g V>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.get_key_value(key, guard).map(|(_, value)| value)
    }

    /// The entry of a key. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.get_key_value("a", &map.guard()), Some((&"a", &1)));
    /// ```
    #[inline]
    pub fn get_key_value<'g, Q>(&'g self, key: &Q, guard: &'g impl Guard) -> Option<(&'g K, &'g V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::get(&self.core, self.verify(guard), key).map(E::both)
    }

    /// Stores a value, and returns the one before. The key is stored anew, too. Lock-free; O(log n).
    ///
    /// Linearizes at one change of a word; the key is never absent in between.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.insert("a", 1, &guard), None);
    /// assert_eq!(map.insert("a", 2, &guard), Some(&1));
    /// ```
    #[inline]
    pub fn insert<'g>(&'g self, key: K, value: V, guard: &'g impl Guard) -> Option<&'g V> {
        let section = self.verify(guard);
        E::insert(&self.core, section, key, value)
    }

    /// Stores a value where there is none, and returns it. Lock-free; O(log n).
    ///
    /// # Errors
    /// The value that is there, and the one that was not stored.
    ///
    /// ```
    /// use structures::SkipMap;
    ///
    /// let map = SkipMap::new();
    /// let map = map.pin();
    /// assert_eq!(map.try_insert(37, "a"), Ok(&"a"));
    /// let error = map.try_insert(37, "b").unwrap_err();
    /// assert_eq!((error.current, error.not_inserted), (&"a", "b"));
    /// ```
    #[inline]
    pub fn try_insert<'g>(
        &'g self,
        key: K,
        value: V,
        guard: &'g impl Guard,
    ) -> Result<&'g V, OccupiedError<'g, V>> {
        let section = self.verify(guard);
        E::try_insert(&self.core, section, key, value)
    }

    /// Stores a value that is made if there is none, and returns it. Lock-free; O(log n).
    ///
    /// `make` is called at most once; its value is dropped if another thread has stored one meanwhile.
    ///
    /// # Errors
    /// The value that is there.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.try_insert_with("a", || 1, &guard), Ok(&1));
    /// assert_eq!(map.try_insert_with("a", || 2, &guard), Err(&1));
    /// ```
    pub fn try_insert_with<'g, F>(
        &'g self,
        key: K,
        make: F,
        guard: &'g impl Guard,
    ) -> Result<&'g V, &'g V>
    where
        F: FnOnce() -> V,
        K: 'g,
    {
        let section = self.verify(guard);
        E::try_insert_with(&self.core, section, key, |_| make())
    }

    /// The value of a key, which is stored if there is none. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.get_or_insert("a", 1, &guard), &1);
    /// assert_eq!(map.get_or_insert("a", 2, &guard), &1);
    /// ```
    #[inline]
    pub fn get_or_insert<'g>(&'g self, key: K, value: V, guard: &'g impl Guard) -> &'g V {
        match self.try_insert(key, value, guard) {
            Ok(inserted) => inserted,
            Err(error) => error.current,
        }
    }

    /// The value of a key, which is made and stored if there is none. Lock-free; O(log n).
    ///
    /// `make` is called at most once; its value is dropped if another thread has stored one meanwhile.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.get_or_insert_with("a", || 1, &guard), &1);
    /// assert_eq!(map.get_or_insert_with("a", || 2, &guard), &1);
    /// ```
    #[inline]
    pub fn get_or_insert_with<'g, F>(&'g self, key: K, make: F, guard: &'g impl Guard) -> &'g V
    where
        F: FnOnce() -> V,
        K: 'g,
    {
        let (Ok(value) | Err(value)) = self.try_insert_with(key, make, guard);
        value
    }

    /// Changes the value of a key, and returns the new one; none if there is no such key. Lock-free; O(log n).
    ///
    /// `update` may be called more than once, if other threads change the entry at the same time. If it changes this
    /// very entry itself it is called again, each time. A plain entry (see *Costs* of [`SkipMap`](crate::SkipMap)) has
    /// no identity but its value: `update` is also called again if entries beside it have changed. After four calls in
    /// all the entry counts as the same if it has the same value.
    ///
    /// ```
    /// use structures::SkipMap;
    ///
    /// let map = SkipMap::from([("a", 1)]);
    /// let map = map.pin();
    /// assert_eq!(map.update("a", |n| n + 1), Some(&2));
    /// assert_eq!(map.update("b", |n| n + 1), None);
    /// ```
    #[inline]
    pub fn update<'g, F>(&'g self, key: K, update: F, guard: &'g impl Guard) -> Option<&'g V>
    where
        F: FnMut(&V) -> V,
        K: 'g,
    {
        let section = self.verify(guard);
        E::update(&self.core, section, key, update)
    }

    /// Changes the value of a key, or stores one; returns what is there then. Lock-free; O(log n).
    ///
    /// `update` may be called more than once; see [`update`](Self::update).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.update_or_insert("a", |n| n + 1, 1, &guard), &1);
    /// assert_eq!(map.update_or_insert("a", |n| n + 1, 1, &guard), &2);
    /// ```
    #[inline]
    pub fn update_or_insert<'g, F>(
        &'g self,
        key: K,
        update: F,
        value: V,
        guard: &'g impl Guard,
    ) -> &'g V
    where
        F: FnMut(&V) -> V,
        K: 'g,
    {
        self.update_or_insert_with(key, update, || value, guard)
    }

    /// Changes the value of a key, or stores one that is made; returns what is there then. Lock-free; O(log n).
    ///
    /// `update` may be called more than once; see [`update`](Self::update). `make` is called at most once.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let guard = map.guard();
    /// let add = |more| {
    ///     let grown = |all: &Vec<u32>| [all.as_slice(), &[more]].concat();
    ///     map.update_or_insert_with("a", grown, || vec![more], &guard)
    /// };
    /// assert_eq!(add(1), &[1]);
    /// assert_eq!(add(2), &[1, 2]);
    /// ```
    #[inline]
    pub fn update_or_insert_with<'g, U, F>(
        &'g self,
        key: K,
        update: U,
        make: F,
        guard: &'g impl Guard,
    ) -> &'g V
    where
        F: FnOnce() -> V,
        U: FnMut(&V) -> V,
        K: 'g,
    {
        E::update_or_insert_with(&self.core, self.verify(guard), key, update, make)
    }

    /// Inserts, changes or removes an entry, or does nothing, in one atomic step. Lock-free; O(log n).
    ///
    /// `compute` is given the entry; it may be called more than once, as in [`update`](Self::update).
    ///
    /// ```
    /// use structures::{Compute, SkipMap, Operation};
    ///
    /// let stock = SkipMap::from([("apples", 2)]);
    /// let stock = stock.pin();
    /// let take = |entry: Option<(&&str, &u32)>| match entry {
    ///     None => Operation::Abort("sold out"),
    ///     Some((_, 1)) => Operation::Remove,
    ///     Some((_, n)) => Operation::Insert(n - 1),
    /// };
    /// let apples = "apples";
    /// let (old, new) = ((&apples, &2), (&apples, &1));
    /// assert_eq!(stock.compute(apples, take), Compute::Updated { old, new });
    /// assert_eq!(stock.compute(apples, take), Compute::Removed(&apples, &1));
    /// assert_eq!(stock.compute(apples, take), Compute::Aborted("sold out"));
    /// ```
    ///
    /// # Panics
    /// If `compute` answers that an entry shall be removed that is not there.
    #[inline]
    pub fn compute<'g, F, T>(
        &'g self,
        key: K,
        compute: F,
        guard: &'g impl Guard,
    ) -> Compute<'g, K, V, T>
    where
        F: FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    {
        let section = self.verify(guard);
        E::compute(&self.core, section, key, compute)
    }

    /// Removes an entry, and returns its value. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// let guard = map.guard();
    /// assert_eq!(map.remove("a", &guard), Some(&1));
    /// assert_eq!(map.remove("a", &guard), None);
    /// ```
    #[inline]
    pub fn remove<'g, Q>(&'g self, key: &Q, guard: &'g impl Guard) -> Option<&'g V>
    where
        K: 'g,
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.remove_entry(key, guard).map(|(_, value)| value)
    }

    /// Removes an entry, and returns it. Lock-free; O(log n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// assert_eq!(map.remove_entry("a", &map.guard()), Some((&"a", &1)));
    /// ```
    #[inline]
    pub fn remove_entry<'g, Q>(&'g self, key: &Q, guard: &'g impl Guard) -> Option<(&'g K, &'g V)>
    where
        K: 'g,
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        E::remove(&self.core, self.verify(guard), key).map(E::both)
    }

    /// Removes an entry if `should_remove` holds of it, and returns it. Lock-free; O(log n).
    ///
    /// What is removed is the entry of which it held. It may be asked more than once, as in [`update`](Self::update).
    ///
    /// # Errors
    /// The entry, if it does not hold.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// let guard = map.guard();
    /// assert_eq!(map.remove_if("a", |_, n| *n > 1, &guard), Err((&"a", &1)));
    /// assert_eq!(map.remove_if("a", |_, n| *n == 1, &guard), Ok(Some((&"a", &1))));
    /// assert_eq!(map.remove_if("a", |_, _| true, &guard), Ok(None));
    /// ```
    #[inline]
    pub fn remove_if<'g, Q, F>(
        &'g self,
        key: &Q,
        should_remove: F,
        guard: &'g impl Guard,
    ) -> Result<Option<(&'g K, &'g V)>, (&'g K, &'g V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
        F: FnMut(&K, &V) -> bool,
    {
        match E::remove_if(&self.core, self.verify(guard), key, should_remove) {
            Ok(removed) => Ok(removed.map(E::both)),
            Err(kept) => Err(E::both(kept)),
        }
    }

    /// Removes the entries of which `keep` does not hold. Each is decided on its own, and removed only as it was asked
    /// about (a plain one, if it has the same value: see [`update`](Self::update)); entries are met as by
    /// [`iter`](Self::iter). Lock-free; O(n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map: SkipMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
    /// map.retain(|_, n| n % 2 == 0, &map.guard());
    /// assert_eq!(map.len(), 5);
    /// ```
    pub fn retain<F>(&self, keep: F, guard: &impl Guard)
    where
        F: FnMut(&K, &V) -> bool,
    {
        E::retain(&self.core, self.verify(guard), keep);
    }

    /// Removes every entry: a skip map's one after the other, so that what is inserted meanwhile may stay; a radix
    /// map's in one step. Lock-free; O(n).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// map.clear(&map.guard());
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&self, guard: &impl Guard) {
        E::clear(&self.core, self.verify(guard));
    }

    /// Removes every entry, one after the other, and yields those that it has removed, in their order. If it is dropped
    /// early, what it has not come to stays.
    ///
    /// ```
    /// use structures::SkipMap;
    ///
    /// let map: SkipMap<u32, u32> = (0..10).map(|i| (i, i)).collect();
    /// let guard = map.guard();
    /// assert_eq!(map.drain(&guard).map(|(_, n)| n).sum::<u32>(), 45);
    /// assert!(map.is_empty());
    /// ```
    pub fn drain<'g, G: Guard>(&'g self, guard: &'g G) -> Drain<'g, K, V, E, G> {
        Drain(self.iter(guard))
    }
}
