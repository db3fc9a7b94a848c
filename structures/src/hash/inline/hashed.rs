//! Operations with a hash that the caller has computed: all others are made of them.

use core::hash::{BuildHasher, Hash};

use bytemuck::NoUninit;

use super::super::spread;
use super::super::table::Decision;
use super::map::InlineHashMap;
use crate::answers::{Computed, Operation};

/// Operations with a precomputed hash; see [`hash_of`](Self::hash_of).
impl<K, V, S> InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    /// The hash of a key, by the map's hasher, for the operations with `_with_hash` in their names.
    ///
    /// With another hash an operation misses the entry, or stores a second one of the same key, which may be
    /// out of reach once the table has grown. Nothing worse happens. O(key).
    ///
    /// ```
    /// use structures::hash_map::InlineHashMap;
    ///
    /// let map: InlineHashMap<u32, u32> = [(1, 10)].into_iter().collect();
    /// let hash = map.hash_of(&1);
    /// assert_eq!(map.get_with_hash(hash, &1), Some(10));
    /// assert_eq!(map.remove_with_hash(hash, &1), Some(10));
    /// ```
    #[inline]
    pub fn hash_of(&self, key: &K) -> u64 {
        self.hasher.hash_one(key)
    }

    /// As [`get`](Self::get), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// assert_eq!(map.get_with_hash(map.hash_of(&1), &1), Some('a'));
    /// ```
    #[inline]
    pub fn get_with_hash(&self, hash: u64, key: &K) -> Option<V> {
        self.look_up(spread(hash), key)
    }

    /// As [`contains_key`](Self::contains_key), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// assert!(map.contains_key_with_hash(map.hash_of(&1), &1));
    /// ```
    #[inline]
    pub fn contains_key_with_hash(&self, hash: u64, key: &K) -> bool {
        self.get_with_hash(hash, key).is_some()
    }

    /// As [`insert`](Self::insert), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// assert_eq!(map.insert_with_hash(map.hash_of(&1), 1, 'b'), Some('a'));
    /// ```
    #[inline]
    pub fn insert_with_hash(&self, hash: u64, key: K, value: V) -> Option<V> {
        self.write(spread(hash), &key, |_| Decision::Put(value))
    }

    /// As [`try_insert`](Self::try_insert), with the key's [hash](Self::hash_of).
    ///
    /// # Errors
    /// The value that is there.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// assert_eq!(map.try_insert_with_hash(map.hash_of(&1), 1, 'b'), Err('a'));
    /// ```
    #[inline]
    pub fn try_insert_with_hash(&self, hash: u64, key: K, value: V) -> Result<(), V> {
        match self.write(spread(hash), &key, |old| {
            old.map_or(Decision::Put(value), |_| Decision::Keep)
        }) {
            None => Ok(()),
            Some(there) => Err(there),
        }
    }

    /// As [`update`](Self::update), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([('a', 1)]);
    /// assert_eq!(map.update_with_hash(map.hash_of(&'a'), 'a', |n| n + 1), Some(2));
    /// ```
    #[inline]
    pub fn update_with_hash(&self, hash: u64, key: K, mut f: impl FnMut(V) -> V) -> Option<V> {
        let mut new = None;
        self.write(spread(hash), &key, |old| {
            new = old.map(&mut f);
            new.map_or(Decision::Keep, Decision::Put)
        })?;
        new
    }

    /// As [`update_or_insert_with`](Self::update_or_insert_with), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// let count = || map.update_or_insert_with_hash(map.hash_of(&'a'), 'a', |n| n + 1, || 1);
    /// assert_eq!((count(), count()), (1, 2));
    /// ```
    pub fn update_or_insert_with_hash(
        &self,
        hash: u64,
        key: K,
        mut f: impl FnMut(V) -> V,
        make: impl FnOnce() -> V,
    ) -> V {
        let (mut make, mut made, mut new) = (Some(make), None, None);
        self.write(spread(hash), &key, |old| {
            let value = match old {
                Some(old) => f(old),
                None => {
                    made = made.or_else(|| make.take().map(|make| make()));
                    made.expect("it was made, and is kept")
                }
            };
            Decision::Put(*new.insert(value))
        });
        new.expect("it was put")
    }

    /// As [`compute`](Self::compute), with the key's [hash](Self::hash_of).
    ///
    /// # Panics
    /// If `f` answers that an entry shall be removed that is not there.
    ///
    /// ```
    /// # use structures::hash_map::{Computed, InlineHashMap, Operation};
    /// let map = InlineHashMap::new();
    /// let put = |_: Option<_>| Operation::<_, ()>::Insert('a');
    /// assert_eq!(map.compute_with_hash(map.hash_of(&1), 1, put), Computed::Inserted('a'));
    /// ```
    pub fn compute_with_hash<T>(
        &self,
        hash: u64,
        key: K,
        mut f: impl FnMut(Option<V>) -> Operation<V, T>,
    ) -> Computed<V, T> {
        let mut last = None;
        let old = self.write(spread(hash), &key, |old| match last.insert(f(old)) {
            Operation::Insert(value) => Decision::Put(*value),
            Operation::Remove => {
                assert!(old.is_some(), "there is no entry that could be removed");
                Decision::Remove
            }
            Operation::Abort(_) => Decision::Keep,
        });
        match (last, old) {
            (Some(Operation::Insert(new)), None) => Computed::Inserted(new),
            (Some(Operation::Insert(new)), Some(old)) => Computed::Updated { old, new },
            (Some(Operation::Remove), Some(old)) => Computed::Removed(old),
            (Some(Operation::Abort(it)), _) => Computed::Aborted(it),
            _ => unreachable!("it was asked, and an entry that is not there is not removed"),
        }
    }

    /// As [`remove`](Self::remove), with the key's [hash](Self::hash_of).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// assert_eq!(map.remove_with_hash(map.hash_of(&1), &1), Some('a'));
    /// ```
    #[inline]
    pub fn remove_with_hash(&self, hash: u64, key: &K) -> Option<V> {
        self.write(spread(hash), key, |_| Decision::Remove)
    }

    /// As [`remove_if`](Self::remove_if), with the key's [hash](Self::hash_of).
    ///
    /// # Errors
    /// The value, if the condition does not hold.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// let hash = map.hash_of(&1);
    /// assert_eq!(map.remove_if_with_hash(hash, &1, |_, v| v == 'b'), Err('a'));
    /// ```
    pub fn remove_if_with_hash(
        &self,
        hash: u64,
        key: &K,
        mut condition: impl FnMut(&K, V) -> bool,
    ) -> Result<Option<V>, V> {
        let mut kept = false;
        let old = self.write(spread(hash), key, |old| {
            kept = old.is_some_and(|value| !condition(key, value));
            if kept {
                Decision::Keep
            } else {
                Decision::Remove
            }
        });
        match old {
            Some(value) if kept => Err(value),
            old => Ok(old),
        }
    }
}
