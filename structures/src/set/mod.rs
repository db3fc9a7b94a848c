//! Sets: maps without values.
//!
//! There is one type, [`Set`], whatever the map that it is made of: [`HashSet`](crate::HashSet) is its
//! instance for [`HashMap`](crate::HashMap).

mod backing;
mod combine;
mod iter;
mod pinned;
mod traits;

pub(crate) use backing::{Change, Find, KeyMap};
pub use combine::{Difference, Intersection, SymmetricDifference, Union};
pub use iter::{Drain, IntoIter, Iter};
pub use pinned::SetRef;

use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

use crate::guard::Guard;

/// A lock-free set of keys: those of the map `M`.
///
/// Named [`HashSet`](crate::HashSet) for [`HashMap`](crate::HashMap), whose page has what is particular to
/// it. What is here is the same for every map: progress, consistency and costs are the map's, and so are the
/// bounds. `M: Find<Q>` says that keys can be looked for by a `Q`, `M: Change` that keys can come and go; for
/// `HashMap` these are `Q: Equivalent<K> + Hash` and `K: Hash + Eq, S: BuildHasher`.
///
/// Methods take a [`Guard`], which several sets and maps of a domain can share, or are called on the handle
/// that [`pin`](Self::pin) gives. What they return stays good as long as the guard. A guard of another domain
/// than the set's is refused with a panic, in every method that takes one.
///
/// Operations on one key are linearizable. What several keys are involved in ([`iter`](Self::iter),
/// [`retain`](Self::retain), [`clear`](Self::clear), comparisons and combinations) is one operation for each
/// of them, and a key that is there all the time is met exactly once.
///
/// ```
/// use structures::HashSet;
///
/// let (one, other) = (HashSet::from([1, 2, 3]), HashSet::from([3, 4]));
/// assert_eq!(&one & &other, HashSet::from([3]));
/// ```
pub struct Set<M>(M);

impl<M> Set<M> {
    pub(crate) fn new_of(map: M) -> Self {
        Set(map)
    }

    pub(crate) fn map(&self) -> &M {
        &self.0
    }

    pub(crate) fn map_mut(&mut self) -> &mut M {
        &mut self.0
    }
}

impl<M: KeyMap> Set<M> {
    /// The set under a guard of the calling thread: a handle with std's methods.
    ///
    /// ```
    /// use structures::HashSet;
    ///
    /// let set = HashSet::new();
    /// let pinned = set.pin();
    /// assert!(pinned.insert("a"));
    /// assert_eq!(pinned.get("a"), Some(&"a"));
    /// ```
    #[inline]
    pub fn pin(&self) -> SetRef<'_, M, LocalGuard<'_>> {
        SetRef::new(self, self.guard())
    }

    /// The set under an owned guard: a handle that may be sent, and held across `.await`. Costs an atomic
    /// operation or two more.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2]);
    /// let pinned = set.pin_owned();
    /// std::thread::scope(|s| {
    ///     s.spawn(move || assert!(pinned.contains(&1)));
    /// });
    /// ```
    #[inline]
    pub fn pin_owned(&self) -> SetRef<'_, M, OwnedGuard> {
        SetRef::new(self, self.owned_guard())
    }

    /// Opens a section of the set's domain. Any other of the domain does as well.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let (here, there) = (HashSet::from([1]), HashSet::from([2]));
    /// let guard = here.guard(); // both are in the global domain
    /// assert!(here.contains(&1, &guard) && there.contains(&2, &guard));
    /// ```
    #[inline]
    pub fn guard(&self) -> LocalGuard<'_> {
        self.smr().enter()
    }

    /// Opens a section that may be sent.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1]);
    /// let guard = set.owned_guard();
    /// assert!(set.contains(&1, &guard));
    /// ```
    #[inline]
    pub fn owned_guard(&self) -> OwnedGuard {
        self.smr().enter_owned()
    }

    /// The domain.
    ///
    /// ```
    /// # use structures::{HashSet, Smr};
    /// assert!(HashSet::<u8>::new().smr().is_same(Smr::global()));
    /// ```
    #[inline]
    pub fn smr(&self) -> &Smr {
        self.0.smr()
    }

    /// The number of keys: exact when nobody changes the set, else what it was a moment ago, more or less.
    /// O(processors).
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert_eq!(HashSet::from([1, 2, 1]).len(), 2);
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none; see [`len`](Self::len).
    ///
    /// ```
    /// # use structures::HashSet;
    /// assert!(HashSet::<u8>::new().is_empty());
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops, as far as the readers allow, what was removed: see [`Zone::flush`](smr_core::Zone::flush).
    /// Returns how many keys still wait. Never waits; lock-free.
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::{HashSet, Smr};
    /// let set = HashSet::builder().domain(&Smr::new()).build();
    /// let pinned = set.pin();
    /// pinned.insert(1);
    /// pinned.remove(&1);
    /// assert_eq!(set.flush(), 1); // we might still look at it
    /// drop(pinned);
    /// assert_eq!(set.flush(), 0);
    /// ```
    pub fn flush(&self) -> usize {
        self.0.flush()
    }

    /// # Panics
    /// If the guard is of another domain.
    #[inline]
    #[track_caller]
    fn verify<'g>(&self, guard: &'g impl Guard) -> &'g LocalGuard<'g> {
        let section = guard.section();
        section.assert_of(self.smr());
        section
    }

    /// The keys. Never waits, and stops nobody.
    ///
    /// A key that is there all the time is met exactly once; one that comes or goes may be met or not.
    /// Lock-free; O(keys) in all.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2, 3]);
    /// let guard = set.guard();
    /// assert_eq!(set.iter(&guard).sum::<i32>(), 6);
    /// ```
    #[inline]
    pub fn iter<'g, G: Guard>(&'g self, guard: &'g G) -> Iter<'g, M, G> {
        self.verify(guard);
        Iter(self.0.keys(guard))
    }

    /// Whether the key is there. Lock-free.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from(["a".to_string()]);
    /// let guard = set.guard();
    /// assert!(set.contains("a", &guard) && !set.contains("b", &guard));
    /// ```
    #[inline]
    pub fn contains<Q>(&self, key: &Q, guard: &impl Guard) -> bool
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.get(key, guard).is_some()
    }

    /// The key that is there. Lock-free.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from(["a".to_string()]);
    /// let guard = set.guard();
    /// assert_eq!(set.get("a", &guard), Some(&"a".to_string()));
    /// ```
    #[inline]
    pub fn get<'g, Q>(&'g self, key: &Q, guard: &'g impl Guard) -> Option<&'g M::Key>
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.0.find(self.verify(guard), key)
    }

    /// Removes a key; whether it was there. Lock-free.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1]);
    /// let guard = set.guard();
    /// assert!(set.remove(&1, &guard));
    /// assert!(!set.remove(&1, &guard));
    /// ```
    #[inline]
    pub fn remove<Q>(&self, key: &Q, guard: &impl Guard) -> bool
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.take(key, guard).is_some()
    }

    /// Removes a key, and returns it. Lock-free.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from(["a".to_string()]);
    /// let guard = set.guard();
    /// assert_eq!(set.take("a", &guard), Some(&"a".to_string()));
    /// assert_eq!(set.take("a", &guard), None);
    /// ```
    #[inline]
    pub fn take<'g, Q>(&'g self, key: &Q, guard: &'g impl Guard) -> Option<&'g M::Key>
    where
        Q: ?Sized,
        M: Find<Q>,
    {
        self.0.take(self.verify(guard), key)
    }
}

impl<M: Change> Set<M> {
    /// Adds a key, if it is not there; whether it was not. A key that is there is kept as it is. Lock-free.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::new();
    /// let guard = set.guard();
    /// assert!(set.insert(1, &guard));
    /// assert!(!set.insert(1, &guard));
    /// ```
    #[inline]
    pub fn insert(&self, key: M::Key, guard: &impl Guard) -> bool {
        self.0.insert(self.verify(guard), key)
    }

    /// Adds a key, in the place of an equal one, which it returns. The key is never absent in between.
    /// Lock-free.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([String::with_capacity(1)]);
    /// let guard = set.guard();
    /// let old = set.replace(String::with_capacity(100), &guard);
    /// assert!(old.is_some_and(|old| old.capacity() < 100));
    /// assert!(set.get("", &guard).is_some_and(|new| new.capacity() >= 100));
    /// ```
    #[inline]
    pub fn replace<'g>(&'g self, key: M::Key, guard: &'g impl Guard) -> Option<&'g M::Key> {
        self.0.replace(self.verify(guard), key)
    }

    /// Removes the keys of which `keep` does not hold. Each is decided on its own; keys are met as by
    /// [`iter`](Self::iter). Lock-free; O(keys).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set: HashSet<u32> = (0..10).collect();
    /// set.retain(|n| n % 2 == 0, &set.guard());
    /// assert_eq!(set.len(), 5);
    /// ```
    pub fn retain<F>(&self, keep: F, guard: &impl Guard)
    where
        F: FnMut(&M::Key) -> bool,
    {
        self.verify(guard);
        self.0.retain(guard, keep);
    }

    /// Removes every key, one after the other: what is inserted meanwhile may stay. Lock-free; O(keys).
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2]);
    /// set.clear(&set.guard());
    /// assert!(set.is_empty());
    /// ```
    pub fn clear(&self, guard: &impl Guard) {
        self.verify(guard);
        self.0.clear(guard);
    }

    /// Removes every key, as [`clear`](Self::clear) does, and yields those that it has removed. If it is
    /// dropped early, what it has not come to stays.
    ///
    /// ```
    /// # use structures::HashSet;
    /// let set = HashSet::from([1, 2]);
    /// let guard = set.guard();
    /// assert_eq!(set.drain(&guard).sum::<i32>(), 3);
    /// assert!(set.is_empty());
    /// ```
    pub fn drain<'g, G: Guard>(&'g self, guard: &'g G) -> Drain<'g, M, G> {
        self.verify(guard);
        Drain(self.0.drain(guard))
    }
}

/// Keys stay good as long as their guard only:
///
/// ```compile_fail
/// let set = structures::HashSet::from([1]);
/// let pinned = set.pin();
/// let key = pinned.get(&1);
/// drop(pinned);
/// assert_eq!(key, Some(&1));
/// ```
///
/// A set under a thread's guard stays with its thread:
///
/// ```compile_fail
/// let set = structures::HashSet::from([1]);
/// let pinned = set.pin();
/// std::thread::scope(|s| {
///     s.spawn(|| pinned.contains(&1));
/// });
/// ```
///
/// What cannot be shared cannot be shared by means of a set:
///
/// ```compile_fail
/// let set = structures::HashSet::from([std::rc::Rc::new(1)]);
/// std::thread::scope(|s| {
///     s.spawn(|| set.len());
/// });
/// ```
///
/// Sets are invariant:
///
/// ```compile_fail
/// fn shorter<'a, 's>(
///     set: &'a structures::HashSet<&'static str>,
/// ) -> &'a structures::HashSet<&'s str> {
///     set
/// }
/// ```
#[cfg(doctest)]
struct CompileFail;
