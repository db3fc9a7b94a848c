//! Operations on the entry of one key, and what they are made of.

use core::hash::{BuildHasher, Hash};

use bytemuck::NoUninit;

use super::super::spread;
use super::super::table::{self, Decided, Decision};
use super::map::InlineHashMap;
use super::slots::{Pair, Wanted, decode, encode};
use crate::answers::{Computed, Operation};

impl<K, V, S> InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    #[inline]
    pub(super) fn hash(&self, key: &K) -> u64 {
        spread(self.hasher.hash_one(key))
    }

    pub(super) fn rehash(&self, item: Pair) -> u64 {
        // SAFETY: a stored key.
        self.hash(&unsafe { decode(item.key) })
    }

    #[inline]
    pub(super) fn value(item: Pair) -> V {
        // SAFETY: a stored value.
        unsafe { decode(item.value) }
    }

    /// The value of a key. Lock-free; O(1).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// map.insert('a', 1u8);
    /// assert_eq!(map.get(&'a'), Some(1));
    /// assert_eq!(map.get(&'b'), None);
    /// ```
    #[inline]
    pub fn get(&self, key: &K) -> Option<V> {
        self.look_up(self.hash(key), key)
    }

    #[inline]
    pub(super) fn look_up(&self, hash: u64, key: &K) -> Option<V> {
        let found = match self.table.glance(None, hash, &Wanted(key)) {
            Some(glance) => glance.found,
            None => self.look_closely(hash, key),
        };
        found.map(Self::value)
    }

    #[cold]
    #[inline(never)]
    fn look_closely(&self, hash: u64, key: &K) -> Option<Pair> {
        let section = self.smr().enter();
        self.table.find(&section, hash, &Wanted(key))
    }

    /// Whether the key is there. Lock-free; O(1).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// assert!(InlineHashMap::from([(1, 'a')]).contains_key(&1));
    /// ```
    #[inline]
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// The values of many keys, each as of its own moment: faster than one by one if the table is larger
    /// than the caches, for their misses overlap. Lock-free; O(keys).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map: InlineHashMap<u32, u32> = (0..10).map(|i| (i, i * i)).collect();
    /// let mut squares = [None; 3];
    /// map.get_many(&[2, 3, 50], &mut squares);
    /// assert_eq!(squares, [Some(4), Some(9), None]);
    /// ```
    ///
    /// # Panics
    /// If the slices' lengths differ.
    pub fn get_many(&self, keys: &[K], values: &mut [Option<V>]) {
        const BATCH: usize = 32;
        assert_eq!(
            keys.len(),
            values.len(),
            "a place for the value of each key"
        );
        for (keys, values) in keys.chunks(BATCH).zip(values.chunks_mut(BATCH)) {
            let mut hashes = [0; BATCH];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = self.hash(key);
                self.table.prefetch(*hash);
            }
            for ((value, key), &hash) in values.iter_mut().zip(keys).zip(&hashes) {
                *value = self.look_up(hash, key);
            }
        }
    }

    /// What all changes are made of; `decide` may be asked more than once.
    #[inline]
    pub(super) fn write(
        &self,
        hash: u64,
        key: &K,
        mut decide: impl FnMut(Option<V>) -> Decision<V>,
    ) -> Option<V> {
        let mut decide = |old: Option<Pair>| match decide(old.map(Self::value)) {
            Decision::Keep => Decision::Keep,
            Decision::Remove => Decision::Remove,
            Decision::Put(value) => Decision::Put(Pair {
                key: encode(*key),
                value: encode(value),
            }),
        };
        let tidy = |bucket: &_| self.table.curtail(&self.smr().enter(), bucket);
        let old = match self
            .table
            .write_at_once(None, hash, &Wanted(key), &mut decide, tidy)
        {
            Ok(old) => old,
            Err(last) => self.write_closely(hash, key, decide, last),
        };
        old.map(Self::value)
    }

    #[cold]
    #[inline(never)]
    fn write_closely(
        &self,
        hash: u64,
        key: &K,
        mut decide: impl FnMut(Option<Pair>) -> Decision<Pair>,
        last: Option<Decided<Pair>>,
    ) -> Option<Pair> {
        let section = self.smr().enter();
        let mut decide = table::stable(&mut decide, last);
        let rehash = |item| self.rehash(item);
        self.table
            .write(&section, hash, &Wanted(key), &rehash, &mut decide)
    }

    /// Stores a value, and returns the one before. The key is stored anew, too. Lock-free; O(1).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.insert(1u64, 10u64), None);
    /// assert_eq!(map.insert(1, 11), Some(10));
    /// ```
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        self.insert_with_hash(self.hash_of(&key), key, value)
    }

    /// Stores a value where there is none. Lock-free; O(1).
    ///
    /// # Errors
    /// The value that is there.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.try_insert(1, 'a'), Ok(()));
    /// assert_eq!(map.try_insert(1, 'b'), Err('a'));
    /// ```
    pub fn try_insert(&self, key: K, value: V) -> Result<(), V> {
        self.try_insert_with_hash(self.hash_of(&key), key, value)
    }

    /// Stores a value that is made if there is none, and returns it. Lock-free; O(1).
    ///
    /// `make` is called at most once, and its value is lost if another thread has stored one meanwhile.
    ///
    /// # Errors
    /// The value that is there.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.try_insert_with(1, || 'a'), Ok('a'));
    /// assert_eq!(map.try_insert_with(1, || 'b'), Err('a'));
    /// ```
    pub fn try_insert_with(&self, key: K, make: impl FnOnce() -> V) -> Result<V, V> {
        let hash = self.hash_of(&key);
        if let Some(there) = self.get_with_hash(hash, &key) {
            return Err(there);
        }
        let value = make();
        self.try_insert_with_hash(hash, key, value).map(|()| value)
    }

    /// The value of a key, which is stored if there is none. Lock-free; O(1).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.get_or_insert(1, 'a'), 'a');
    /// assert_eq!(map.get_or_insert(1, 'b'), 'a');
    /// ```
    pub fn get_or_insert(&self, key: K, value: V) -> V {
        self.try_insert(key, value).err().unwrap_or(value)
    }

    /// The value of a key, which is made if there is none. Lock-free; O(1).
    ///
    /// `make` is called at most once, and its value is lost if another thread has stored one meanwhile.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.get_or_insert_with(1, || 'a'), 'a');
    /// assert_eq!(map.get_or_insert_with(1, || 'b'), 'a');
    /// ```
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> V {
        let (Ok(value) | Err(value)) = self.try_insert_with(key, make);
        value
    }

    /// Changes the value of a key, and returns the new one; none if there is no such key. Lock-free; O(1).
    ///
    /// `f` may be called more than once, if other threads change the entry at the same time.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.update(1u64, |n: u64| n + 1), None);
    /// map.insert(1, 10);
    /// assert_eq!(map.update(1, |n| n + 1), Some(11));
    /// ```
    pub fn update(&self, key: K, f: impl FnMut(V) -> V) -> Option<V> {
        self.update_with_hash(self.hash_of(&key), key, f)
    }

    /// Changes the value of a key, or stores one; returns what is there then. Lock-free; O(1).
    ///
    /// `f` may be called more than once, if other threads change the entry at the same time.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.update_or_insert('a', |n| n + 1, 1), 1);
    /// assert_eq!(map.update_or_insert('a', |n| n + 1, 1), 2);
    /// ```
    pub fn update_or_insert(&self, key: K, f: impl FnMut(V) -> V, value: V) -> V {
        self.update_or_insert_with(key, f, || value)
    }

    /// Changes the value of a key, or stores one that is made; returns what is there then. Lock-free; O(1).
    ///
    /// `f` may be called more than once, if other threads change the entry at the same time; `make` at most
    /// once.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// assert_eq!(map.update_or_insert_with('a', |n| n + 1, || 1), 1);
    /// assert_eq!(map.update_or_insert_with('a', |n| n + 1, || 1), 2);
    /// ```
    pub fn update_or_insert_with(
        &self,
        key: K,
        f: impl FnMut(V) -> V,
        make: impl FnOnce() -> V,
    ) -> V {
        self.update_or_insert_with_hash(self.hash_of(&key), key, f, make)
    }

    /// Inserts, changes or removes an entry, or does nothing, in one atomic step. Lock-free; O(1).
    ///
    /// `f` is given the value; it may be called more than once, if other threads change the entry at the
    /// same time.
    ///
    /// ```
    /// use structures::hash_map::{Computed, InlineHashMap, Operation};
    ///
    /// let stock: InlineHashMap<u32, u32> = [(1, 2)].into_iter().collect();
    /// let take = |old| match old {
    ///     None => Operation::Abort("sold out"),
    ///     Some(1) => Operation::Remove,
    ///     Some(n) => Operation::Insert(n - 1),
    /// };
    /// assert_eq!(stock.compute(1, take), Computed::Updated { old: 2, new: 1 });
    /// assert_eq!(stock.compute(1, take), Computed::Removed(1));
    /// assert_eq!(stock.compute(1, take), Computed::Aborted("sold out"));
    /// ```
    ///
    /// # Panics
    /// If `f` answers that an entry shall be removed that is not there.
    pub fn compute<T>(
        &self,
        key: K,
        f: impl FnMut(Option<V>) -> Operation<V, T>,
    ) -> Computed<V, T> {
        self.compute_with_hash(self.hash_of(&key), key, f)
    }

    /// Removes an entry, and returns its value. Lock-free; O(1).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// assert_eq!(map.remove(&1), Some('a'));
    /// assert_eq!(map.remove(&1), None);
    /// ```
    pub fn remove(&self, key: &K) -> Option<V> {
        self.remove_with_hash(self.hash_of(key), key)
    }

    /// Removes an entry if `condition` holds of its value, and returns that. Lock-free; O(1).
    ///
    /// `condition` may be asked more than once, if other threads change the entry at the same time.
    ///
    /// # Errors
    /// The value, if the condition does not hold.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([('a', 1)]);
    /// assert_eq!(map.remove_if(&'a', |_, n| n > 1), Err(1));
    /// assert_eq!(map.remove_if(&'a', |_, n| n == 1), Ok(Some(1)));
    /// assert_eq!(map.remove_if(&'a', |_, _| true), Ok(None));
    /// ```
    pub fn remove_if(&self, key: &K, condition: impl FnMut(&K, V) -> bool) -> Result<Option<V>, V> {
        self.remove_if_with_hash(self.hash_of(key), key, condition)
    }
}
