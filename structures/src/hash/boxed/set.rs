//! The set: of the map's keys, without values.

use core::convert::Infallible;
use core::hash::{BuildHasher, Hash};
use std::collections::hash_map::RandomState;

use equivalent::Equivalent;
use smr_core::{Guard as LocalGuard, Smr};

use super::super::builder::{Builder, Make, Settings};
use super::iter::{Drain, Iter, Keys};
use super::map::HashMap;
use crate::answers::{Compute, Operation};
use crate::entries::Writing;
use crate::guard::Guard;
use crate::set::{Change, Find, KeyMap, Set, SetRef};

/// A lock-free hash set: a [`HashMap`] without values. What it shares with sets of other maps is described
/// at [`Set`]; time, memory and bad keys at [`HashMap`].
///
/// ```
/// use structures::HashSet;
///
/// let seen = HashSet::new();
/// std::thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| {
///             let seen = seen.pin();
///             (0..100).filter(|&n| seen.insert(n)).count()
///         });
///     }
/// });
/// assert_eq!(seen.len(), 100);
/// assert!(seen.pin().contains(&42));
/// ```
pub type HashSet<K, S = RandomState> = Set<HashMap<K, (), S>>;

/// A [`HashSet`] under a guard of its own; see [`SetRef`].
///
/// ```
/// use structures::{Guard, HashSet, HashSetRef};
///
/// fn sum<S>(set: &HashSetRef<'_, u32, S, impl Guard>) -> u32 {
///     set.iter().sum()
/// }
///
/// assert_eq!(sum(&HashSet::from([1, 2]).pin()), 3);
/// ```
pub type HashSetRef<'set, K, S, G> = SetRef<'set, HashMap<K, (), S>, G>;

/// Settings of a [`HashSet`] that is to be made; see [`HashSet::builder`].
///
/// ```
/// use structures::{HashSet, HashSetBuilder};
///
/// let settings: HashSetBuilder<u8> = HashSet::builder().capacity(100);
/// assert!(settings.build().capacity() >= 100);
/// ```
pub type HashSetBuilder<K, S = RandomState> = Builder<HashSet<K, S>>;

impl<K> HashSet<K> {
    /// An empty set with std's hasher, in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set: HashSet<u8> = HashSet::new();
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Set::new_of(HashMap::new())
    }

    /// A set with room for `capacity` keys.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert!(HashSet::<u8>::with_capacity(100).capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Set::new_of(HashMap::with_capacity(capacity))
    }

    /// A set with other settings.
    ///
    /// ```
    /// use structures::{HashSet, Smr};
    ///
    /// let smr = Smr::new();
    /// let set: HashSet<u32> = HashSet::builder().capacity(100).domain(&smr).build();
    /// assert!(set.smr().is_same(&smr) && set.capacity() >= 100);
    /// ```
    pub fn builder() -> HashSetBuilder<K> {
        Builder::new()
    }
}

impl<K, S> HashSet<K, S> {
    /// An empty set in the global domain. Allocates nothing.
    ///
    /// With a hasher whose seed is known to others they can choose keys whose hashes collide.
    ///
    /// ```
    /// # use structures::HashSet;
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    ///
    /// let set = HashSet::with_hasher(BuildHasherDefault::<DefaultHasher>::new());
    /// assert!(set.pin().insert(1));
    /// ```
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Set::new_of(HashMap::with_hasher(hasher))
    }

    /// An empty set whose keys are reclaimed through `smr`. Allocates nothing.
    ///
    /// ```
    /// # use structures::{HashSet, Smr};
    /// use std::hash::RandomState;
    ///
    /// let smr = Smr::new();
    /// let set: HashSet<u8> = HashSet::with_hasher_in(RandomState::new(), &smr);
    /// assert!(set.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn with_hasher_in(hasher: S, smr: &Smr) -> Self {
        Set::new_of(HashMap::with_hasher_in(hasher, smr))
    }

    /// A set with room for `capacity` keys, in the global domain.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::HashSet;
    /// use std::hash::RandomState;
    ///
    /// let set: HashSet<u8> = HashSet::with_capacity_and_hasher(100, RandomState::new());
    /// assert!(set.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Set::new_of(HashMap::with_capacity_and_hasher(capacity, hasher))
    }

    /// The hasher.
    ///
    /// ```
    /// # use structures::HashSet;
    /// use std::hash::BuildHasher;
    ///
    /// let set: HashSet<u8> = HashSet::new();
    /// let _hash = set.hasher().hash_one(1u8);
    /// ```
    pub fn hasher(&self) -> &S {
        self.map().hasher()
    }

    /// How many keys the table is made for by now. It grows by itself.
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert_eq!(HashSet::<u8>::new().capacity(), 0);
    /// ```
    pub fn capacity(&self) -> usize {
        self.map().capacity()
    }

    /// Makes room for `additional` keys more. Lock-free; O(additional).
    ///
    /// # Panics
    /// If that is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set: HashSet<u8> = HashSet::new();
    /// set.reserve(100, &set.guard());
    /// assert!(set.capacity() >= 100);
    /// ```
    pub fn reserve(&self, additional: usize, guard: &impl Guard) {
        self.map().reserve(additional, guard);
    }

    /// Gives memory back; see [`HashMap::shrink_to`](crate::HashMap::shrink_to).
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set: HashSet<u32> = HashSet::with_capacity(10_000);
    /// set.shrink_to(500);
    /// assert!((500..1_000).contains(&set.capacity()));
    /// ```
    pub fn shrink_to(&self, min_capacity: usize) {
        self.map().shrink_to(min_capacity);
    }

    /// [`shrink_to`](Self::shrink_to) what is in the set.
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set: HashSet<u32> = HashSet::with_capacity(10_000);
    /// set.shrink_to_fit();
    /// assert!(set.capacity() < 100);
    /// ```
    pub fn shrink_to_fit(&self) {
        self.map().shrink_to_fit();
    }

    /// Asserts the invariants of the table.
    ///
    /// # Panics
    /// If one does not hold.
    #[doc(hidden)]
    pub fn check(&mut self) {
        self.map_mut().check();
    }
}

impl<K, S, G: Guard> HashSetRef<'_, K, S, G> {
    /// See [`HashSet::reserve`].
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set: HashSet<u8> = HashSet::new();
    /// set.pin().reserve(100);
    /// assert!(set.capacity() >= 100);
    /// ```
    pub fn reserve(&self, additional: usize) {
        self.set().reserve(additional, self.guard());
    }
}

impl<K: Hash + Eq, const N: usize> From<[K; N]> for HashSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<'a, K: Copy + Hash + Eq, S: BuildHasher> Extend<&'a K> for &HashSet<K, S> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<'a, K: Copy + Hash + Eq, S: BuildHasher> Extend<&'a K> for HashSet<K, S> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        (&*self).extend(keys);
    }
}

impl<K, S> Settings for HashSet<K, S> {
    type Hasher = S;
    type With<T> = HashSet<K, T>;
}

impl<K, S> Make for HashSet<K, S> {
    fn make(hasher: S, capacity: usize, domain: &Smr) -> Self {
        Set::new_of(HashMap::make(hasher, capacity, domain))
    }
}

impl<K, S> KeyMap for HashMap<K, (), S> {
    type Key = K;
    type Keys<'g, G: Guard + 'g>
        = Keys<'g, K, (), G>
    where
        Self: 'g;

    #[inline]
    fn smr(&self) -> &Smr {
        self.smr()
    }

    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    fn flush(&self) -> usize {
        self.flush()
    }

    #[inline]
    fn keys<'g, G: Guard>(&'g self, guard: &'g G) -> Keys<'g, K, (), G> {
        Keys(Iter::new(&self.core, guard))
    }
}

impl<K, S, Q> Find<Q> for HashMap<K, (), S>
where
    K: Hash + Eq,
    S: BuildHasher,
    Q: Equivalent<K> + Hash + ?Sized,
{
    #[inline]
    fn find<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g K> {
        let found = self.core.get(section, self.core.hash(key), key);
        found.map(|node| &node.key)
    }

    #[inline]
    fn take<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g K> {
        let hash = self.core.hash(key);
        let removed = self.core.remove_entry(section, hash, key);
        removed.map(|(key, ())| key)
    }
}

impl<K, S> Change for HashMap<K, (), S>
where
    K: Hash + Eq,
    S: BuildHasher,
{
    type Drain<'g, G: Guard + 'g>
        = Drain<'g, K, (), S, G>
    where
        Self: 'g;

    #[inline]
    fn insert(&self, section: &LocalGuard<'_>, key: K) -> bool {
        let hash = self.core.hash(&key);
        let writing = self.core.writing(section, hash, key, Some(()));
        writing.try_insert().is_ok()
    }

    #[inline]
    fn replace<'g>(&'g self, section: &'g LocalGuard<'_>, key: K) -> Option<&'g K> {
        let hash = self.core.hash(&key);
        let put = |_: Option<_>| Operation::<(), Infallible>::Insert(());
        match self.core.writing(section, hash, key, None).compute(put) {
            Compute::Updated { old, .. } => Some(old.0),
            _ => None,
        }
    }

    fn retain(&self, guard: &impl Guard, mut keep: impl FnMut(&K) -> bool) {
        self.core.retain(guard, |key, ()| keep(key));
    }

    fn clear(&self, guard: &impl Guard) {
        self.core.clear(guard);
    }

    fn drain<'g, G: Guard>(&'g self, guard: &'g G) -> Drain<'g, K, (), S, G> {
        Drain {
            left: Iter::new(&self.core, guard),
            core: &self.core,
        }
    }

    fn expect(&self, section: &LocalGuard<'_>, additional: usize) {
        self.core.reserve(section, additional);
    }
}
