//! Small keys and values, in the buckets themselves.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use std::collections::hash_map::RandomState;

use bytemuck::NoUninit;
use smr_core::Smr;
use smr_core::primitive::{AtomicU64, Ordering::Relaxed};

use super::bucket::{Probe, Slots, Tags, set_byte};
use super::reclaim::{Pool, Section};
use super::spread;
use super::table::{self, Decided, Decision, Table};
use super::walk::{Batch, Cursor};

mod builder;
mod drain;
mod hashed;
#[cfg(feature = "rayon")]
mod parallel;

pub use builder::InlineHashMapBuilder;
pub use drain::{Drain, IntoIter};
#[cfg(feature = "rayon")]
pub use parallel::ParIter;

/// A key's and a value's bytes.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Pair {
    key: u64,
    value: u64,
}

/// Thirteen of them, which make buckets of four cache lines: the tags are in the first, with the header;
/// a hit touches one more.
#[repr(C)]
pub(super) struct Pairs {
    tags: Tags,
    /// Of the extension's last four slots.
    more_tags: AtomicU64,
    pairs: [[AtomicU64; 2]; 13],
}

/// Seven pairs more, for full buckets.
pub(super) struct MorePairs([[AtomicU64; 2]; 7]);

// SAFETY: atomics, for which zeroed memory is a value.
unsafe impl Slots for Pairs {
    const COUNT: u32 = 13;
    const MORE: u32 = 7;
    const LOAD: usize = 82;
    const REFER: bool = false;
    type Item = Pair;
    type More = MorePairs;

    #[cfg(smr_loom)]
    fn new() -> Self {
        Pairs {
            tags: Tags::new(),
            more_tags: AtomicU64::new(0),
            pairs: no_pairs(),
        }
    }

    fn more() -> MorePairs {
        MorePairs(no_pairs())
    }

    #[inline]
    fn load(&self, slot: u32) -> Pair {
        Pair::load(&self.pairs[slot as usize])
    }

    fn load_more(more: &MorePairs, slot: u32) -> Pair {
        Pair::load(&more.0[slot as usize])
    }

    #[inline]
    fn store(&self, slot: u32, item: Pair) {
        item.store(&self.pairs[slot as usize]);
    }

    fn store_more(more: &MorePairs, slot: u32, item: Pair) {
        item.store(&more.0[slot as usize]);
    }

    #[inline]
    fn set_tag(&self, slot: u32, tag: u8) {
        if slot < 16 {
            self.tags.store(slot, tag);
        } else {
            set_byte(&self.more_tags, slot - 16, tag);
        }
    }

    fn tag(&self, _slot: u32) -> Option<u8> {
        None // not asked for: a pair's key is at hand
    }

    #[inline]
    fn tagged(&self, tag: u8) -> u32 {
        self.tags.equal(tag)
    }

    #[inline]
    fn all_tagged(&self, tag: u8) -> u32 {
        let last = self.more_tags.load(Relaxed).to_le_bytes();
        let equal = |at: usize| u32::from(last[at] == tag) << (16 + at);
        self.tags.equal(tag) | equal(0) | equal(1) | equal(2) | equal(3)
    }

    #[inline]
    fn near(hash: u64) -> u32 {
        0b1111 << (4 * line(hash) - 3)
    }

    #[inline]
    fn line(&self, hash: u64) -> *const u8 {
        let start = core::ptr::from_ref(self).cast::<u8>();
        start.wrapping_add(64 * line(hash) as usize - 24)
    }
}

impl Pair {
    #[inline]
    fn load([key, value]: &[AtomicU64; 2]) -> Pair {
        Pair {
            key: key.load(Relaxed),
            value: value.load(Relaxed),
        }
    }

    #[inline]
    fn store(self, [key, value]: &[AtomicU64; 2]) {
        key.store(self.key, Relaxed);
        value.store(self.value, Relaxed);
    }
}

fn no_pairs<const N: usize>() -> [[AtomicU64; 2]; N] {
    core::array::from_fn(|_| [AtomicU64::new(0), AtomicU64::new(0)])
}

/// One of the lines that hold nothing but pairs: 1 to 3. The first, with one, is where others go if there
/// is no room: it is always read.
#[inline]
fn line(hash: u64) -> u32 {
    (((hash >> 48 & 0xFF) as u32 * 3) >> 8) + 1
}

/// The bytes of a value of at most eight, the rest zero.
#[inline]
fn encode<T: NoUninit>(value: T) -> u64 {
    const { assert!(size_of::<T>() <= 8, "keys and values have at most 8 bytes") };
    let mut bytes = [0; 8];
    bytes[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&value));
    u64::from_ne_bytes(bytes)
}

/// The value again.
///
/// # Safety
/// The word is of [`encode`], for the same type.
#[inline]
unsafe fn decode<T: NoUninit>(word: u64) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: `T` has at most 8 bytes (`encode`), and these are a value's.
    unsafe {
        core::ptr::copy_nonoverlapping(
            (&raw const word).cast(),
            value.as_mut_ptr().cast::<u8>(),
            size_of::<T>(),
        );
    }
    // SAFETY: as above.
    unsafe { value.assume_init() }
}

/// A key that is looked for.
struct Wanted<'k, K>(&'k K);

impl<K: NoUninit + Eq> Probe<Pair> for Wanted<'_, K> {
    #[inline]
    unsafe fn is(&self, item: Pair) -> bool {
        // SAFETY: a stored key.
        let key: K = unsafe { decode(item.key) };
        key == *self.0
    }
}

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
/// About 28 bytes an entry, at every size. An empty map has allocated nothing. Blocks that are replaced
/// are reclaimed through a domain of [`smr_core`], by default the global one; the table itself does not
/// shrink yet.
///
/// # Bad keys
/// A key whose `Hash` or `Eq` lies gets wrong answers, nothing worse. Panics of `Hash`, `Eq` and closures
/// pass through, and the map stays as it was; only if `Hash` panics for another key, while the table
/// grows after an insertion, that insertion has happened. Closures, `Hash` and `Eq` may use the map. A
/// closure that changes the very entry that it is asked about makes its operation begin anew, each time.
///
/// Source: linear hashing (W. Litwin, 1980); buckets of a cache line with validated reads as in CLHT
/// (David, Guerraoui and Trigonakis, ASPLOS 2015) and DLHT (Katsarakis et al., HPDC 2024). The protocol
/// is this crate's own; `docs/hash.md` describes it.
pub struct InlineHashMap<K, V, S = RandomState> {
    table: Table<Pairs>,
    hasher: S,
    /// Invariant in both: entries come in and go out through shared references.
    entries: PhantomData<(*mut K, *mut V)>,
}

// SAFETY: entries are copied in and out; the hasher is shared.
unsafe impl<K: Send, V: Send, S: Send> Send for InlineHashMap<K, V, S> {}
// SAFETY: as above.
unsafe impl<K: Send + Sync, V: Send + Sync, S: Sync> Sync for InlineHashMap<K, V, S> {}

impl<K, V, S> std::panic::UnwindSafe for InlineHashMap<K, V, S> {}
impl<K, V, S> std::panic::RefUnwindSafe for InlineHashMap<K, V, S> {}

/// What [`HashMap::compute`](crate::HashMap::compute) or [`InlineHashMap::compute`] shall do.
///
/// ```
/// use structures::hash_map::{InlineHashMap, Operation};
///
/// let left = InlineHashMap::from([('a', 2)]);
/// let take = |n: Option<u32>| match n {
///     None => Operation::Abort(()),
///     Some(1) => Operation::Remove,
///     Some(n) => Operation::Insert(n - 1),
/// };
/// left.compute('a', take);
/// left.compute('a', take);
/// assert!(left.is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation<V, T> {
    /// Store this value.
    Insert(V),
    /// Remove the entry, which must be there.
    Remove,
    /// Leave everything as it is, and return this.
    Abort(T),
}

/// What [`InlineHashMap::compute`] has done.
///
/// ```
/// use structures::hash_map::{Computed, InlineHashMap, Operation};
///
/// let map = InlineHashMap::new();
/// let done = map.compute('a', |_| Operation::<_, ()>::Insert(1));
/// assert_eq!(done, Computed::Inserted(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Computed<V, T> {
    /// There was none; now there is this value.
    Inserted(V),
    /// The value was changed.
    Updated {
        /// What it was.
        old: V,
        /// What it is.
        new: V,
    },
    /// The entry, with this value, was removed.
    Removed(V),
    /// Nothing, as the closure said.
    Aborted(T),
}

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
        self.table.buckets.load(Relaxed)
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

    #[inline]
    fn hash(&self, key: &K) -> u64 {
        spread(self.hasher.hash_one(key))
    }

    fn rehash(&self, item: Pair) -> u64 {
        // SAFETY: a stored key.
        self.hash(&unsafe { decode(item.key) })
    }

    #[inline]
    fn value(item: Pair) -> V {
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
    fn look_up(&self, hash: u64, key: &K) -> Option<V> {
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
        match self.table.glance(Some(&section), hash, &Wanted(key)) {
            Some(glance) => glance.found,
            None => self.table.find(&section, hash, &Wanted(key)),
        }
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
    fn write(
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
        let probe = &Wanted(key);
        let mut decide = table::stable(&mut decide, last);
        let tidy = |bucket: &_| self.table.curtail(&section, bucket);
        let done = self
            .table
            .write_at_once(Some(&section), hash, probe, &mut decide, tidy);
        done.unwrap_or_else(|_| {
            let rehash = |item| self.rehash(item);
            self.table
                .write(&section, hash, probe, &rehash, &mut decide)
        })
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
        Iter {
            map: self,
            section: self.smr().enter(),
            cursor: Cursor::start(),
            batch: Batch::new(),
        }
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

/// Iterates over a map's entries; see [`InlineHashMap::iter`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// let map = InlineHashMap::from([(1, 'a')]);
/// let entries = map.iter();
/// assert!(entries.clone().eq(entries));
/// ```
pub struct Iter<'m, K, V, S> {
    map: &'m InlineHashMap<K, V, S>,
    section: Section<'m>,
    cursor: Cursor,
    batch: Batch<Pair>,
}

impl<K, V, S> Iterator for Iter<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let (table, map) = (&self.map.table, self.map);
        while self.batch.is_empty() && !self.cursor.is_at_end() {
            let rehash = |item| map.rehash(item);
            table.step(&self.section, &mut self.cursor, &rehash, &mut self.batch);
        }
        let item = self.batch.pop()?;
        // SAFETY: a stored key.
        Some((
            unsafe { decode(item.key) },
            InlineHashMap::<K, V, S>::value(item),
        ))
    }
}

impl<K, V, S> FusedIterator for Iter<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> Clone for Iter<'_, K, V, S> {
    fn clone(&self) -> Self {
        Iter {
            map: self.map,
            section: self.map.smr().enter(),
            cursor: self.cursor,
            batch: self.batch.clone(),
        }
    }
}

impl<K, V, S> fmt::Debug for Iter<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

/// An iterator over a map's keys; see [`InlineHashMap::keys`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// assert!(InlineHashMap::from([(1, 'a')]).keys().eq([1]));
/// ```
#[derive(Debug)]
pub struct Keys<'m, K, V, S>(Iter<'m, K, V, S>);

impl<K, V, S> Iterator for Keys<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.0.next().map(|(key, _)| key)
    }
}

impl<K, V, S> FusedIterator for Keys<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> Clone for Keys<'_, K, V, S> {
    fn clone(&self) -> Self {
        Keys(self.0.clone())
    }
}

/// An iterator over a map's values; see [`InlineHashMap::values`].
///
/// ```
/// # use structures::hash_map::InlineHashMap;
/// assert!(InlineHashMap::from([(1, 'a')]).values().eq(['a']));
/// ```
#[derive(Debug)]
pub struct Values<'m, K, V, S>(Iter<'m, K, V, S>);

impl<K, V, S> Iterator for Values<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = V;

    fn next(&mut self) -> Option<V> {
        self.0.next().map(|(_, value)| value)
    }
}

impl<K, V, S> FusedIterator for Values<'_, K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
}

impl<K, V, S> Clone for Values<'_, K, V, S> {
    fn clone(&self) -> Self {
        Values(self.0.clone())
    }
}

impl<'m, K, V, S> IntoIterator for &'m InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    type Item = (K, V);
    type IntoIter = Iter<'m, K, V, S>;

    fn into_iter(self) -> Iter<'m, K, V, S> {
        self.iter()
    }
}

impl<K, V, S> Default for InlineHashMap<K, V, S>
where
    S: Default,
{
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

impl<K, V, S> FromIterator<(K, V)> for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher + Default,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K, V, S> Extend<(K, V)> for &InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        // As std's: keys may be there already, or come twice.
        let expected = match (entries.size_hint().0, self.is_empty()) {
            (least, true) => least,
            (least, false) => least.div_ceil(2),
        };
        self.reserve(expected);
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K, V, S> Extend<(K, V)> for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        (&*self).extend(entries);
    }
}

impl<'a, K, V, S> Extend<(&'a K, &'a V)> for &InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(&key, &value)| (key, value)));
    }
}

impl<'a, K, V, S> Extend<(&'a K, &'a V)> for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        (&*self).extend(entries);
    }
}

impl<K, V, const N: usize> From<[(K, V); N]> for InlineHashMap<K, V, RandomState>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
{
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V, S> fmt::Debug for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq + fmt::Debug,
    V: NoUninit + fmt::Debug,
    S: BuildHasher,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// A copy of what [`iter`](InlineHashMap::iter) sees.
impl<K, V, S> Clone for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher + Clone,
{
    fn clone(&self) -> Self {
        let mut copy = Self::with_hasher_in(self.hasher.clone(), self.smr());
        copy.reserve(self.len());
        copy.extend(self);
        copy
    }
}

/// Whether both have the same entries: exact when nobody changes them.
impl<K, V, S> PartialEq for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit + PartialEq,
    S: BuildHasher,
{
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(k, v)| other.get(&k) == Some(v))
    }
}

impl<K, V, S> Eq for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit + Eq,
    S: BuildHasher,
{
}

impl<K, V, S> Drop for InlineHashMap<K, V, S> {
    fn drop(&mut self) {
        self.table.drain(|_| {});
    }
}
