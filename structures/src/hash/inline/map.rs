//! The map: how it is made, and what concerns all of it.

use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;
use std::collections::hash_map::RandomState;

use bytemuck::NoUninit;
use smr_core::Smr;

use super::super::reclaim::Pool;
use super::super::spread;
use super::super::table::Table;
use super::iter::{Iter, Keys, Values};
use super::slots::{Pair, Pairs, decode};

/// A lock-free hash map for plain keys and values of at most eight bytes each, which are stored in the
/// table itself and returned by value.
///
/// No operation allocates for an entry, waits for another thread, or stops the others if its thread is
/// suspended anywhere. The table grows one bucket at a time, in place. Use it where numbers, addresses,
/// handles or small structs map to such; [`NoUninit`] says that all their bytes are defined.
///
/// All operations on entries are linearizable. Time is O(1) on average, growth included: a single
/// insertion splits at most four buckets. Entries whose hashes agree in full are found by a linear search.
///
/// ```
/// use structures::hash_map::InlineHashMap;
///
/// let scores = InlineHashMap::new();
/// std::thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| {
///             for word in [3u32, 1, 4, 1, 5] {
///                 scores.update_or_insert(word, |n| n + 1, 1u64);
///             }
///         });
///     }
/// });
/// assert_eq!(scores.get(&1), Some(8));
/// assert_eq!(scores.len(), 4);
/// ```
///
/// # Memory
/// About 30 bytes an entry in large maps; up to 48 in one of a thousand. An empty map has allocated
/// nothing. Blocks that are replaced are reclaimed through a domain of [`smr_core`], by default the global
/// one. The table shrinks when [asked](Self::shrink_to).
///
/// # Bad keys
/// A key whose `Hash` or `Eq` lies gets wrong answers, nothing worse. Panics of `Hash`, `Eq` and closures
/// pass through, and the map stays as it was; only if `Hash` panics for another key, while the table
/// grows after an insertion, that insertion has happened. Closures, `Hash` and `Eq` may use the map. A
/// closure that changes the very entry that it is asked about makes its operation begin anew, each time.
///
/// # Precomputed hashes
/// Operations with names in `_with_hash` take a key's hash, by the map's hasher ([`hash_of`](Self::hash_of)).
/// A wrong one gives wrong answers, nothing worse.
///
/// Source: linear hashing (W. Litwin, 1980); buckets of a cache line with validated reads as in CLHT
/// (David, Guerraoui and Trigonakis, ASPLOS 2015) and DLHT (Katsarakis et al., HPDC 2024). The protocol
/// is this crate's own; `docs/hash.md` describes it.
pub struct InlineHashMap<K, V, S = RandomState> {
    pub(super) table: Table<Pairs>,
    pub(super) hasher: S,
    /// Invariant in both: entries come in and go out through shared references.
    entries: PhantomData<(*mut K, *mut V)>,
}

// SAFETY: entries are copied in and out; the hasher is shared.
unsafe impl<K: Send, V: Send, S: Send> Send for InlineHashMap<K, V, S> {}
// SAFETY: as above.
unsafe impl<K: Send + Sync, V: Send + Sync, S: Sync> Sync for InlineHashMap<K, V, S> {}

impl<K, V, S> std::panic::UnwindSafe for InlineHashMap<K, V, S> {}
impl<K, V, S> std::panic::RefUnwindSafe for InlineHashMap<K, V, S> {}

impl<K, V> InlineHashMap<K, V> {
    /// An empty map with std's hasher, in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::new();
    /// map.insert('a', 1);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_hasher(RandomState::new())
    }

    /// A map with room for `capacity` entries.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// assert!(InlineHashMap::<u8, u8>::with_capacity(100).capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self
    where
        K: NoUninit + Hash + Eq,
        V: NoUninit,
    {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<K, V, S> InlineHashMap<K, V, S> {
    /// An empty map in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    ///
    /// let map = InlineHashMap::with_hasher(BuildHasherDefault::<DefaultHasher>::new());
    /// map.insert('a', 1);
    /// ```
    #[cfg(not(smr_loom))]
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self::with_hasher_in(hasher, Smr::global())
    }

    /// An empty map whose memory is reclaimed through `smr`. Allocates nothing.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// use std::hash::RandomState;
    /// use structures::Smr;
    ///
    /// let smr = Smr::new();
    /// let map: InlineHashMap<u8, u8> = InlineHashMap::with_hasher_in(RandomState::new(), &smr);
    /// assert!(map.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn with_hasher_in(hasher: S, smr: &Smr) -> Self {
        InlineHashMap {
            table: Table::new(Pool::new(smr)),
            hasher,
            entries: PhantomData,
        }
    }

    /// The hasher.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// use std::hash::BuildHasher;
    ///
    /// let map: InlineHashMap<u8, u8> = InlineHashMap::new();
    /// assert_eq!(map.hasher().hash_one(1u8), map.hash_of(&1));
    /// ```
    pub fn hasher(&self) -> &S {
        &self.hasher
    }

    /// The domain.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// use structures::Smr;
    ///
    /// assert!(InlineHashMap::<u8, u8>::new().smr().is_same(Smr::global()));
    /// ```
    pub fn smr(&self) -> &Smr {
        self.table.pool.smr()
    }

    /// The number of entries: exact when nobody changes the map, else what it was a moment ago, more or
    /// less. O(processors).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// assert_eq!(InlineHashMap::from([(1, 'a'), (1, 'b')]).len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.table.count.get()
    }

    /// How many entries the table is made for by now. It grows by itself.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// assert_eq!(InlineHashMap::<u8, u8>::new().capacity(), 0);
    /// ```
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Frees, as far as the readers allow, what the table has replaced: see
    /// [`Zone::flush`](smr_core::Zone::flush). Returns how many pieces still wait; entries have none. Never
    /// waits; lock-free.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map: InlineHashMap<u32, u32> = (0..10_000).map(|n| (n, n)).collect();
    /// map.flush();
    /// ```
    pub fn flush(&self) -> usize {
        self.table.pool.flush()
    }

    /// How many buckets there are.
    #[doc(hidden)]
    pub fn buckets(&self) -> usize {
        self.table.size.get().buckets()
    }

    /// Whether there are none; see [`len`](Self::len).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// assert!(InlineHashMap::<u8, u8>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K, V, S> InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    /// A map with room for `capacity` entries, in the global domain.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// use std::hash::RandomState;
    ///
    /// let map = InlineHashMap::<u8, u8>::with_capacity_and_hasher(100, RandomState::new());
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        let map = Self::with_hasher(hasher);
        map.reserve(capacity);
        map
    }

    /// Makes room for `additional` entries more. Lock-free; O(additional).
    ///
    /// # Panics
    /// If that is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map: InlineHashMap<u8, u8> = InlineHashMap::new();
    /// map.reserve(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    pub fn reserve(&self, additional: usize) {
        let section = self.smr().enter();
        let entries = self.len().checked_add(additional);
        let entries = entries.expect("capacity overflow");
        self.table
            .reserve(&section, entries, &|item| self.rehash(item));
    }

    /// Gives memory back: makes the table as small as `min_capacity` and what is in the map allow. The table
    /// grows again by itself, and never shrinks by itself. O(capacity).
    ///
    /// Exclusively borrowed: lookups are in no section, so no memory that they look into is freed below them.
    /// (Of what full buckets had besides, an eighth of the table or so, nothing is freed before the map is.)
    ///
    /// # Panics
    /// If `Hash` does: some of it may be done then.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let mut map: InlineHashMap<u32, u32> = (0..10_000).map(|n| (n, n)).collect();
    /// map.retain(|_, n| n % 100 == 0);
    /// map.shrink_to(500);
    /// assert!((500..1_000).contains(&map.capacity()));
    /// assert_eq!(map.len(), 100);
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize) {
        // SAFETY: exclusively borrowed.
        unsafe {
            self.table
                .shrink_at_rest(min_capacity, &|item| self.rehash(item))
        };
        self.flush();
    }

    /// [`shrink_to`](Self::shrink_to) what is in the map.
    ///
    /// # Panics
    /// As that.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let mut map: InlineHashMap<u32, u32> = InlineHashMap::with_capacity(10_000);
    /// map.shrink_to_fit();
    /// assert!(map.capacity() < 100);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Asserts the invariants of the table.
    ///
    /// # Panics
    /// If one does not hold.
    #[doc(hidden)]
    pub fn check(&mut self) {
        let hasher = &self.hasher;
        // SAFETY: a stored key.
        let key = |item: Pair| unsafe { decode::<K>(item.key) };
        self.table.check(|item| spread(hasher.hash_one(key(item))));
    }

    /// The entries, in no order. Never waits, and stops nobody.
    ///
    /// An entry that is there all the time is seen exactly once, with a value that it has meanwhile; one
    /// that comes or goes may be seen or not. Each bucket is read at one instant. The iterator is in a
    /// section of the domain, so hold it no longer than it takes. Lock-free; O(buckets) in all.
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map: InlineHashMap<u32, u32> = (0..100).map(|i| (i, 2 * i)).collect();
    /// assert_eq!(map.iter().map(|(key, value)| value - key).sum::<u32>(), 4950);
    /// ```
    pub fn iter(&self) -> Iter<'_, K, V, S> {
        Iter::new(self)
    }

    /// The keys; see [`iter`](Self::iter).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.keys().sum::<i32>(), 3);
    /// ```
    pub fn keys(&self) -> Keys<'_, K, V, S> {
        Keys(self.iter())
    }

    /// The values; see [`iter`](Self::iter).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([('a', 1), ('b', 2)]);
    /// assert_eq!(map.values().sum::<i32>(), 3);
    /// ```
    pub fn values(&self) -> Values<'_, K, V, S> {
        Values(self.iter())
    }

    /// Removes the entries of which `keep` does not hold. Each is decided on its own, as by
    /// [`remove_if`](Self::remove_if), and entries are seen as by [`iter`](Self::iter). Lock-free;
    /// O(buckets).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map: InlineHashMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
    /// map.retain(|_, n| n % 2 == 0);
    /// assert_eq!(map.len(), 5);
    /// ```
    pub fn retain(&self, mut keep: impl FnMut(&K, V) -> bool) {
        for (key, _) in self {
            let _ = self.remove_if(&key, |key, value| !keep(key, value));
        }
    }

    /// Removes every entry, one after the other: what is inserted meanwhile may stay. The table keeps its
    /// size. Lock-free; O(buckets).
    ///
    /// ```
    /// # use structures::hash_map::InlineHashMap;
    /// let map = InlineHashMap::from([(1, 'a')]);
    /// map.clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&self) {
        for (key, _) in self {
            self.remove(&key);
        }
    }
}

impl<K, V, S> Drop for InlineHashMap<K, V, S> {
    fn drop(&mut self) {
        self.table.drain(|_| {});
    }
}
