//! The map: how it is made, and what concerns all of it, with explicit guards.

use std::collections::hash_map::RandomState;

use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

use super::super::builder::Builder;
use super::builder::HashMapBuilder;
use super::core::Core;
use super::iter::{Iter, Keys, Values};
use super::pinned::HashMapRef;
use crate::guard::Guard;

/// A lock-free hash map: lookups return references that stay good as long as a guard, whatever happens to
/// the map meanwhile.
///
/// No operation waits for another thread, growth and iteration included, or stops the others if its thread
/// is suspended anywhere. Lookups write to nothing that is shared. The table grows one bucket at a time, in
/// place; there is no pause, no second table, and nothing that is left behind by removals.
///
/// ```
/// use structures::HashMap;
///
/// let map = HashMap::new();
/// std::thread::scope(|s| {
///     for t in 0..4 {
///         let map = &map;
///         s.spawn(move || {
///             let map = map.pin();
///             for i in 0..100 {
///                 map.insert(format!("{i} of {t}"), i);
///             }
///         });
///     }
/// });
/// assert_eq!(map.len(), 400);
/// assert_eq!(map.pin().get("7 of 2"), Some(&7));
/// ```
///
/// # Guards
/// [`pin`](Self::pin) gives a handle whose methods are those of std's maps. What they return is borrowed from
/// it. Each method is also there with an explicit [`Guard`], which several maps of a domain can share.
/// Guards nest, cost about a nanosecond, and cannot deadlock; but what is removed while one is open is not
/// reclaimed before it is dropped, so do not hold one for longer than it takes.
///
/// A guard of another domain than the map's is refused with a panic, in every method that takes one.
///
/// # Consistency
/// Operations on one entry are linearizable, the closures' included: [`update`](Self::update),
/// [`compute`](Self::compute) and their like change just the entry that they were asked about. Replacing a
/// value is one step: the key is never absent, never there twice. What several entries are involved in
/// ([`iter`](Self::iter), [`retain`](Self::retain), [`clear`](Self::clear), `clone`, `eq`) is one operation
/// for each of them, and an entry that is there all the time is met exactly once.
/// [`len`](Self::len) is exact when nobody changes the map.
///
/// # Costs
/// Time is O(1) on average, growth included: an insertion splits at most four buckets. A lookup touches two
/// adjacent cache lines of the table, and the entry. Memory: an entry is an allocation of its own, with eight
/// bytes for its hash, out of a [`Zone`](smr_core::Zone) that reuses what was removed; the table takes some
/// 18 bytes an entry, at every size, and shrinks when [asked](Self::shrink_to). An empty map has allocated
/// nothing.
///
/// # Bad keys
/// A key whose `Hash` or `Eq` lies, or whose `Equivalent` does not agree with them, gets wrong answers,
/// nothing worse. `Hash`, `Eq`, `Drop` and closures may panic, and may use the map. A panic passes through
/// and leaves the map as it was. `Hash` is called once for an operation, never for growth. Entries whose
/// hashes agree in full are found by a linear search.
///
/// # Precomputed hashes
/// Operations with names in `_with_hash` take a key's hash, by the map's hasher ([`hash_of`](Self::hash_of)):
/// for keys that are costly to hash, and looked for more than once, or in several maps of the same hasher. A
/// wrong hash gives wrong answers, nothing worse.
///
/// # Differences from papaya's
/// Code for papaya 0.2 compiles after a change of `use`, except that
/// - what operations return is borrowed from the map as well as from the guard, so it cannot outlive the map.
///   In exchange maps whose keys and values are not `'static` can share a domain, and its guards;
/// - [`OwnedGuard`] has no lifetime parameter, and [`Guard`] no methods: seize's `refresh` is
///   [`repin`](HashMapRef::repin);
/// - collectors are [domains](Smr): the builder has [`domain`](HashMapBuilder::domain), and neither `collector`
///   nor `shared_collector`. All maps are in the global domain unless they are given another;
/// - there is no resize mode: growth never blocks;
/// - iterators are named in [`hash_map`](crate::hash_map) and [`set`](crate::set), not at the top.
///
/// [`HashSet::insert`](crate::HashSet::insert) keeps a key that is there, as std's does and papaya's is said
/// to. Bounds are weaker in places: closures may be `FnMut` where papaya asks for `Fn`, and iteration asks
/// for neither `Hash` nor `Eq`. One is stronger: threads that share a set share its duty to drop keys, so these
/// must be `Send`.
///
/// Source: linear hashing (W. Litwin, 1980) over cache-line buckets; the protocol is this crate's own, and
/// `docs/hash.md` describes it.
pub struct HashMap<K, V, S = RandomState> {
    pub(super) core: Core<K, V, S>,
}

impl<K, V, S> std::panic::UnwindSafe for HashMap<K, V, S> {}
impl<K, V, S> std::panic::RefUnwindSafe for HashMap<K, V, S> {}

impl<K, V> HashMap<K, V> {
    /// An empty map with std's hasher, in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// map.pin().insert("a", 1);
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
    /// # use structures::HashMap;
    /// assert!(HashMap::<u8, u8>::with_capacity(100).capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }

    /// A map with other settings.
    ///
    /// ```
    /// use structures::{HashMap, Smr};
    ///
    /// let smr = Smr::new();
    /// let map: HashMap<u32, String> = HashMap::builder().capacity(100).domain(&smr).build();
    /// assert!(map.smr().is_same(&smr) && map.capacity() >= 100);
    /// ```
    pub fn builder() -> HashMapBuilder<K, V> {
        Builder::new()
    }
}

impl<K, V, S> HashMap<K, V, S> {
    /// An empty map in the global domain. Allocates nothing.
    ///
    /// With a hasher whose seed is known to others they can choose keys whose hashes collide.
    ///
    /// ```
    /// # use structures::HashMap;
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    ///
    /// let map = HashMap::with_hasher(BuildHasherDefault::<DefaultHasher>::new());
    /// map.pin().insert("a", 1);
    /// ```
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self::with_hasher_in(hasher, Smr::global())
    }

    /// An empty map whose entries are reclaimed through `smr`. Allocates nothing.
    ///
    /// ```
    /// # use structures::{HashMap, Smr};
    /// use std::hash::RandomState;
    ///
    /// let smr = Smr::new();
    /// let map: HashMap<u8, u8> = HashMap::with_hasher_in(RandomState::new(), &smr);
    /// assert!(map.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn with_hasher_in(hasher: S, smr: &Smr) -> Self {
        let core = Core::new(hasher, smr);
        HashMap { core }
    }

    /// A map with room for `capacity` entries, in the global domain.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::HashMap;
    /// use std::hash::RandomState;
    ///
    /// let map: HashMap<u8, u8> = HashMap::with_capacity_and_hasher(100, RandomState::new());
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        let map = Self::with_hasher(hasher);
        map.core.reserve(&map.guard(), capacity);
        map
    }

    /// The map under a guard of the calling thread: a handle with std's methods.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::new();
    /// let map = map.pin();
    /// map.insert("a", 1);
    /// assert_eq!(map.get("a"), Some(&1));
    /// ```
    #[inline]
    pub fn pin(&self) -> HashMapRef<'_, K, V, S, LocalGuard<'_>> {
        HashMapRef::new(self, self.guard())
    }

    /// The map under an owned guard: a handle that may be sent, and held across `.await`. Costs an atomic
    /// operation or two more.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// let pinned = map.pin_owned();
    /// std::thread::scope(|s| {
    ///     s.spawn(move || assert_eq!(pinned.get("a"), Some(&1)));
    /// });
    /// ```
    #[inline]
    pub fn pin_owned(&self) -> HashMapRef<'_, K, V, S, OwnedGuard> {
        HashMapRef::new(self, self.owned_guard())
    }

    /// Opens a section of the map's domain. Any other of the domain does as well.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let (here, there) = (HashMap::from([(1, 'a')]), HashMap::from([('a', 2)]));
    /// let guard = here.guard(); // both are in the global domain
    /// let found = here.get(&1, &guard).and_then(|key| there.get(key, &guard));
    /// assert_eq!(found, Some(&2));
    /// ```
    #[inline]
    pub fn guard(&self) -> LocalGuard<'_> {
        self.smr().enter()
    }

    /// Opens a section that may be sent.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([("a", 1)]);
    /// let guard = map.owned_guard();
    /// assert_eq!(map.get("a", &guard), Some(&1));
    /// ```
    #[inline]
    pub fn owned_guard(&self) -> OwnedGuard {
        self.smr().enter_owned()
    }

    /// The hasher.
    ///
    /// ```
    /// # use structures::HashMap;
    /// use std::hash::BuildHasher;
    ///
    /// let map: HashMap<u8, u8> = HashMap::new();
    /// assert_eq!(map.hasher().hash_one(1u8), map.hash_of(&1));
    /// ```
    pub fn hasher(&self) -> &S {
        &self.core.hasher
    }

    /// The domain.
    ///
    /// ```
    /// # use structures::{HashMap, Smr};
    /// assert!(HashMap::<u8, u8>::new().smr().is_same(Smr::global()));
    /// ```
    #[inline]
    pub fn smr(&self) -> &Smr {
        self.core.nodes.smr()
    }

    /// The number of entries: exact when nobody changes the map, else what it was a moment ago, more or
    /// less. O(processors).
    ///
    /// ```
    /// # use structures::HashMap;
    /// assert_eq!(HashMap::from([(1, 'a'), (1, 'b')]).len(), 1);
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.core.table.count.get()
    }

    /// Whether there are none; see [`len`](Self::len).
    ///
    /// ```
    /// # use structures::HashMap;
    /// assert!(HashMap::<u8, u8>::new().is_empty());
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries the table is made for by now. It grows by itself.
    ///
    /// ```
    /// # use structures::HashMap;
    /// assert_eq!(HashMap::<u8, u8>::new().capacity(), 0);
    /// ```
    pub fn capacity(&self) -> usize {
        self.core.table.capacity()
    }

    /// Drops, as far as the readers allow, what was removed: see [`Zone::flush`](smr_core::Zone::flush).
    /// Returns how many entries still wait. Never waits; lock-free.
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::{HashMap, Smr};
    /// let map = HashMap::builder().domain(&Smr::new()).build();
    /// let pinned = map.pin();
    /// pinned.insert("a", 1);
    /// let removed = pinned.remove("a");
    /// assert_eq!(map.flush(), 1); // we still have it
    /// assert_eq!(removed, Some(&1));
    /// drop(pinned);
    /// assert_eq!(map.flush(), 0);
    /// ```
    pub fn flush(&self) -> usize {
        self.core.nodes.flush()
    }

    /// Gives memory back: makes the table as small as `min_capacity` and what is in the map allow, one bucket
    /// after the other, beside all other operations, and [`flush`](Self::flush)es. The table grows again by
    /// itself, and never shrinks by itself.
    ///
    /// The buckets' memory is freed if no guard of the domain is in the way for longer than a moment, the
    /// calling thread's own included; else it is kept for later growth, or for another call to free: in lazy
    /// and deferred domains ([`Mode`](smr_core::Mode)) for one after the clock has moved. (Of what
    /// full buckets had besides, an eighth of the table or so, nothing is freed before the map is.) Lock-free;
    /// O(capacity).
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<u32, u32> = (0..10_000).map(|n| (n, n)).collect();
    /// map.pin().retain(|_, n| n % 100 == 0);
    /// map.shrink_to(500);
    /// assert!((500..1_000).contains(&map.capacity()));
    /// assert_eq!(map.len(), 100);
    /// ```
    pub fn shrink_to(&self, min_capacity: usize) {
        self.core.shrink_to(min_capacity);
    }

    /// [`shrink_to`](Self::shrink_to) what is in the map.
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<u32, u32> = HashMap::with_capacity(10_000);
    /// map.shrink_to_fit();
    /// assert!(map.capacity() < 100);
    /// ```
    pub fn shrink_to_fit(&self) {
        self.core.shrink_to(0);
    }

    /// # Panics
    /// If the guard is of another domain.
    #[inline]
    #[track_caller]
    pub(super) fn verify<'g>(&self, guard: &'g impl Guard) -> &'g LocalGuard<'g> {
        let section = guard.section();
        section.assert_of(self.smr());
        section
    }

    /// Asserts the invariants of the table.
    ///
    /// # Panics
    /// If one does not hold.
    #[doc(hidden)]
    pub fn check(&mut self) {
        self.core.check();
    }

    /// The entries, in no order. Never waits, and stops nobody.
    ///
    /// An entry that is there all the time is seen exactly once, with a value that it has meanwhile; one that
    /// comes or goes may be seen or not. Each bucket is read at one instant. Lock-free; O(buckets) in all.
    ///
    /// ```
    /// use structures::HashMap;
    ///
    /// let map = HashMap::from([("a", 1), ("b", 2), ("c", 3)]);
    /// let guard = map.guard();
    /// assert_eq!(map.iter(&guard).map(|(_, n)| n).sum::<i32>(), 6);
    /// ```
    #[inline]
    pub fn iter<'g, G: Guard>(&'g self, guard: &'g G) -> Iter<'g, K, V, G> {
        self.verify(guard);
        Iter::new(&self.core, guard)
    }

    /// The keys; see [`iter`](Self::iter).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.keys(&map.guard()).sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn keys<'g, G: Guard>(&'g self, guard: &'g G) -> Keys<'g, K, V, G> {
        Keys(self.iter(guard))
    }

    /// The values; see [`iter`](Self::iter).
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map = HashMap::from([('a', 1), ('b', 2)]);
    /// assert_eq!(map.values(&map.guard()).sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn values<'g, G: Guard>(&'g self, guard: &'g G) -> Values<'g, K, V, G> {
        Values(self.iter(guard))
    }

    /// Makes room for `additional` entries more. Lock-free; O(additional).
    ///
    /// # Panics
    /// If that is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<u8, u8> = HashMap::new();
    /// map.reserve(100, &map.guard());
    /// assert!(map.capacity() >= 100);
    /// ```
    pub fn reserve(&self, additional: usize, guard: &impl Guard) {
        self.core.reserve(self.verify(guard), additional);
    }
}
