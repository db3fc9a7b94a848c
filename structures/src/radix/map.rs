//! The map, and the set.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::Bound;

use smallvec::SmallVec;
use smr_core::{Guard as LocalGuard, Smr};

use super::core::Core;
use super::engine::Radix;
use super::key::RadixKey;
use super::memory::Entry;
use super::walk::Walk;
use crate::guard::Guard;
use crate::ordered::{OrderedMap, OrderedMapRef, OrderedSet, OrderedSetRef};
use crate::set::Set;

/// A lock-free ordered map of byte strings, and of keys that have such an order: a trie.
///
/// ```
/// use structures::RadixMap;
///
/// let map = RadixMap::new();
/// std::thread::scope(|s| {
///     for t in 0..4 {
///         let map = &map;
///         s.spawn(move || {
///             let map = map.pin();
///             for i in 0..100 {
///                 map.insert(format!("{t}/{i}"), i);
///             }
///         });
///     }
/// });
/// let map = map.pin();
/// assert_eq!(map.len(), 400);
/// assert_eq!(map.prefix("1/2").count(), 11);
/// assert_eq!(map.remove_prefix("1/"), 100);
/// assert_eq!(map.longest_match("2/99/x").unwrap().0, "2/99");
/// ```
///
/// Its operations, and what they promise, are those of [`OrderedMap`]. [`clear`](OrderedMap::clear) is one step.
///
/// # Keys
/// Whatever is a [`RadixKey`]: strings and byte strings, numbers, and tuples of numbers with one of these at the end.
/// Any bytes are a key; that one is a prefix of another matters to nothing but its place in the order. What is looked
/// for is a key, or what a key can be borrowed as.
///
/// # Costs
/// Lookups are wait-free, all else is lock-free. Time is O(bytes of the key), whatever the number of entries: each byte
/// by which keys differ may cost a cache line or two, bytes that all keys below have in common cost nothing. Each entry
/// is an allocation of its own, out of a [`Zone`](smr_core::Zone) that reuses what was removed.
///
/// # Bad keys
/// Keys whose bytes change while they are in the map get wrong answers, or operations that do not end, nothing worse.
/// [`RadixKey::key_bytes`], `Drop` and closures may panic, and may use the map. A panic passes through: that of a
/// closure leaves the map as it was, that of `key_bytes` leaves it as it was or with the operation done.
///
/// Source: the adaptive radix tree (V. Leis, A. Kemper and T. Neumann, 2013), and FreeBSD's `sys/kern/subr_pctrie.c`.
/// The protocol is this crate's own; `docs/radix.md` describes it.
pub type RadixMap<K, V> = OrderedMap<K, V, Radix>;

/// A [`RadixMap`] under a guard of its own; see [`OrderedMapRef`].
///
/// ```
/// use structures::radix_map::RadixMapRef;
/// use structures::{Guard, RadixMap};
///
/// fn least(map: &RadixMapRef<'_, u32, char, impl Guard>) -> Option<char> {
///     map.first_key_value().map(|(_, value)| *value)
/// }
///
/// assert_eq!(least(&RadixMap::from([(2, 'b'), (1, 'a')]).pin()), Some('a'));
/// ```
pub type RadixMapRef<'map, K, V, G> = OrderedMapRef<'map, K, V, Radix, G>;

impl<K, V> RadixMap<K, V> {
    /// An empty map in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::new();
    /// map.pin().insert("a", 1);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Smr::global())
    }

    /// The same in a domain of one's own: maps with slow readers may want that, lest they hold back the memory of
    /// others.
    ///
    /// ```
    /// # use structures::{RadixMap, Smr};
    /// let smr = Smr::new();
    /// let map: RadixMap<u32, u32> = RadixMap::new_in(&smr);
    /// assert!(map.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn new_in(smr: &Smr) -> Self {
        OrderedMap::of(Core::new(smr))
    }
}

impl<K: RadixKey, V, const N: usize> From<[(K, V); N]> for RadixMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: RadixKey, V> RadixMap<K, V> {
    /// The entries whose keys begin with these bytes, in their order, from both ends; as
    /// [`iter`](OrderedMap::iter). Lock-free; O(bytes of the prefix), and what is met.
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("ant", 1), ("bee", 2), ("beetle", 3), ("cat", 4)]);
    /// let guard = map.guard();
    /// assert!(map.prefix("bee", &guard).map(|(_, n)| *n).eq([2, 3]));
    /// assert_eq!(map.prefix("", &guard).next_back(), Some((&"cat", &4)));
    /// ```
    pub fn prefix<'g, P, G>(&'g self, prefix: &P, guard: &'g G) -> Prefix<'g, K, V, G>
    where
        P: RadixKey + ?Sized,
        G: Guard,
    {
        guard.section().assert_of(self.smr());
        Prefix::new(&self.core, guard, prefix.key_bytes().as_ref())
    }

    /// Removes the entries whose keys begin with these bytes, in one step, and answers how many there were: at one
    /// instant all of them are there, at the next none. (An iteration that is under way may still meet some.)
    /// Lock-free; O(bytes of the prefix), and what is removed.
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("ant", 1), ("bee", 2), ("beetle", 3), ("cat", 4)]);
    /// assert_eq!(map.remove_prefix("bee", &map.guard()), 2);
    /// assert_eq!(map.len(), 2);
    /// ```
    pub fn remove_prefix<P>(&self, prefix: &P, guard: &impl Guard) -> usize
    where
        P: RadixKey + ?Sized,
    {
        let section = guard.section();
        section.assert_of(self.smr());
        self.core.cut(section, prefix.key_bytes().as_ref())
    }

    /// The entry with the longest key that is a prefix of these bytes. It was there at some time during the call, and
    /// no longer one all the time. Wait-free; O(bytes).
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("", 0), ("/usr", 1), ("/usr/lib", 2)]);
    /// let guard = map.guard();
    /// assert_eq!(map.longest_match("/usr/lib/x", &guard), Some((&"/usr/lib", &2)));
    /// assert_eq!(map.longest_match("/usr/bin", &guard), Some((&"/usr", &1)));
    /// assert_eq!(map.longest_match("/var", &guard), Some((&"", &0)));
    /// ```
    pub fn longest_match<'g, P>(
        &'g self,
        bytes: &P,
        guard: &'g impl Guard,
    ) -> Option<(&'g K, &'g V)>
    where
        P: RadixKey + ?Sized,
    {
        let section = guard.section();
        section.assert_of(self.smr());
        let bytes = bytes.key_bytes();
        let bytes = bytes.as_ref();
        self.core.longest(section, bytes, |entry| {
            let is_prefix = bytes.starts_with(entry.key.key_bytes().as_ref());
            is_prefix.then_some((&entry.key, &entry.value))
        })
    }

    /// The same, and it was the longest at one instant. Lock-free: begins again when keys on the way change.
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("/usr", 1), ("/usr/lib", 2)]);
    /// let guard = map.guard();
    /// let found = map.longest_match_strict("/usr/lib/x", &guard);
    /// assert_eq!(found, Some((&"/usr/lib", &2)));
    /// ```
    pub fn longest_match_strict<'g, P>(
        &'g self,
        bytes: &P,
        guard: &'g impl Guard,
    ) -> Option<(&'g K, &'g V)>
    where
        P: RadixKey + ?Sized,
    {
        let section = guard.section();
        section.assert_of(self.smr());
        let found = self
            .core
            .matches_at_once(section, bytes.key_bytes().as_ref());
        found.last().map(|entry| (&entry.key, &entry.value))
    }

    /// The entries whose keys are prefixes of these bytes, the shortest first. Each was there at some time during the
    /// call. Wait-free; O(bytes).
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("", 0), ("/usr", 1), ("/usr/lib", 2), ("/var", 3)]);
    /// let guard = map.guard();
    /// assert!(map.ancestors("/usr/lib/x", &guard).map(|(_, n)| *n).eq([0, 1, 2]));
    /// ```
    pub fn ancestors<'g, P>(&'g self, bytes: &P, guard: &'g impl Guard) -> Ancestors<'g, K, V>
    where
        P: RadixKey + ?Sized,
    {
        let section = guard.section();
        section.assert_of(self.smr());
        Ancestors::new(&self.core, section, bytes.key_bytes().as_ref())
    }
}

impl<K: RadixKey, V, G: Guard> RadixMapRef<'_, K, V, G> {
    /// See [`RadixMap::prefix`].
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("ant", 1), ("bee", 2)]);
    /// assert!(map.pin().prefix("b").eq([(&"bee", &2)]));
    /// ```
    pub fn prefix<P: RadixKey + ?Sized>(&self, prefix: &P) -> Prefix<'_, K, V, G> {
        Prefix::new(self.core(), self.guard(), prefix.key_bytes().as_ref())
    }

    /// See [`RadixMap::remove_prefix`].
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("ant", 1), ("bee", 2)]);
    /// assert_eq!(map.pin().remove_prefix("b"), 1);
    /// ```
    pub fn remove_prefix<P: RadixKey + ?Sized>(&self, prefix: &P) -> usize {
        self.core().cut(self.section(), prefix.key_bytes().as_ref())
    }

    /// See [`RadixMap::longest_match`].
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("/usr", 1)]);
    /// assert_eq!(map.pin().longest_match("/usr/lib"), Some((&"/usr", &1)));
    /// ```
    pub fn longest_match<P: RadixKey + ?Sized>(&self, bytes: &P) -> Option<(&K, &V)> {
        self.ancestors(bytes).next_back()
    }

    /// See [`RadixMap::longest_match_strict`].
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("/usr", 1)]);
    /// assert_eq!(map.pin().longest_match_strict("/usr/lib"), Some((&"/usr", &1)));
    /// ```
    pub fn longest_match_strict<P: RadixKey + ?Sized>(&self, bytes: &P) -> Option<(&K, &V)> {
        self.map().longest_match_strict(bytes, self.guard())
    }

    /// See [`RadixMap::ancestors`].
    ///
    /// ```
    /// # use structures::RadixMap;
    /// let map = RadixMap::from([("", 0), ("/usr", 1)]);
    /// assert_eq!(map.pin().ancestors("/usr/lib").count(), 2);
    /// ```
    pub fn ancestors<P: RadixKey + ?Sized>(&self, bytes: &P) -> Ancestors<'_, K, V> {
        Ancestors::new(self.core(), self.section(), bytes.key_bytes().as_ref())
    }
}

/// The bytes of a prefix, or of what is behind all keys that begin with it.
type Bytes = SmallVec<[u8; 24]>;

/// A double-ended iterator over the entries whose keys begin with a prefix; see [`RadixMap::prefix`].
///
/// ```
/// # use structures::RadixMap;
/// let map = RadixMap::from([("a", 1), ("ab", 2), ("b", 3)]);
/// let map = map.pin();
/// assert!(map.prefix("a").rev().eq([(&"ab", &2), (&"a", &1)]));
/// ```
pub struct Prefix<'g, K, V, G> {
    core: &'g Core<K, V>,
    guard: &'g G,
    walk: Walk<'g, K, V>,
    low: Bytes,
    /// None if nothing is behind them.
    high: Option<Bytes>,
}

impl<'g, K: RadixKey, V, G: Guard> Prefix<'g, K, V, G> {
    /// The guard is of the map's domain.
    fn new(core: &'g Core<K, V>, guard: &'g G, prefix: &[u8]) -> Self {
        let mut high = Bytes::from_slice(prefix);
        while high.last() == Some(&u8::MAX) {
            high.pop();
        }
        let high = high.last_mut().map(|last| *last += 1).map(|()| high);
        Prefix {
            core,
            guard,
            walk: Walk::new(),
            low: Bytes::from_slice(prefix),
            high,
        }
    }
}

impl<'g, K: RadixKey, V, G: Guard> Iterator for Prefix<'g, K, V, G> {
    type Item = (&'g K, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        let high = self
            .high
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let bounds = (Bound::Included(&self.low[..]), high);
        let next = self.walk.next(self.core, self.guard.section(), bounds);
        next.map(|entry| (&entry.key, &entry.value))
    }
}

impl<K: RadixKey, V, G: Guard> DoubleEndedIterator for Prefix<'_, K, V, G> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let high = self
            .high
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let bounds = (Bound::Included(&self.low[..]), high);
        let next = self.walk.next_back(self.core, self.guard.section(), bounds);
        next.map(|entry| (&entry.key, &entry.value))
    }
}

impl<K: RadixKey, V, G: Guard> FusedIterator for Prefix<'_, K, V, G> {}

impl<K, V, G> Clone for Prefix<'_, K, V, G> {
    fn clone(&self) -> Self {
        Prefix {
            walk: self.walk.clone(),
            low: self.low.clone(),
            high: self.high.clone(),
            ..*self
        }
    }
}

impl<K: RadixKey + fmt::Debug, V: fmt::Debug, G: Guard> fmt::Debug for Prefix<'_, K, V, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A double-ended iterator over the entries whose keys are prefixes of some bytes, the shortest first; see
/// [`RadixMap::ancestors`].
///
/// ```
/// # use structures::RadixMap;
/// let map = RadixMap::from([("a", 1), ("ab", 2)]);
/// let map = map.pin();
/// assert!(map.ancestors("abc").rev().map(|(_, n)| *n).eq([2, 1]));
/// ```
pub struct Ancestors<'g, K, V>(smallvec::IntoIter<[&'g Entry<K, V>; 8]>);

impl<'g, K: RadixKey, V> Ancestors<'g, K, V> {
    fn new(core: &'g Core<K, V>, section: &'g LocalGuard<'_>, bytes: &[u8]) -> Self {
        Ancestors(core.matches(section, bytes).into_iter())
    }
}

impl<'g, K, V> Iterator for Ancestors<'g, K, V> {
    type Item = (&'g K, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|entry| (&entry.key, &entry.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K, V> DoubleEndedIterator for Ancestors<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|entry| (&entry.key, &entry.value))
    }
}

impl<K, V> ExactSizeIterator for Ancestors<'_, K, V> {}
impl<K, V> FusedIterator for Ancestors<'_, K, V> {}

impl<K, V> Clone for Ancestors<'_, K, V> {
    fn clone(&self) -> Self {
        Ancestors(self.0.clone())
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Ancestors<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A lock-free ordered set: a [`RadixMap`] without values. What it shares with sets of other maps is described at
/// [`Set`]; order, time, memory and bad keys at [`RadixMap`].
///
/// ```
/// use structures::RadixSet;
///
/// let set = RadixSet::from(["bee", "ant", "cat"]);
/// let set = set.pin();
/// assert!(set.iter().eq(&["ant", "bee", "cat"]));
/// assert_eq!(set.first(), Some(&"ant"));
/// ```
pub type RadixSet<K> = OrderedSet<K, Radix>;

/// A [`RadixSet`] under a guard of its own; see [`SetRef`](crate::set::SetRef).
///
/// ```
/// use structures::radix_set::RadixSetRef;
/// use structures::{Guard, RadixSet};
///
/// fn least(set: &RadixSetRef<'_, u32, impl Guard>) -> Option<u32> {
///     set.first().copied()
/// }
///
/// assert_eq!(least(&RadixSet::from([2, 1]).pin()), Some(1));
/// ```
pub type RadixSetRef<'set, K, G> = OrderedSetRef<'set, K, Radix, G>;

impl<K: RadixKey> RadixSet<K> {
    /// An empty set in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::RadixSet;
    /// let set: RadixSet<u8> = RadixSet::new();
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Set::new_of(RadixMap::new())
    }

    /// The same in a domain of one's own.
    ///
    /// ```
    /// # use structures::{RadixSet, Smr};
    /// let smr = Smr::new();
    /// let set: RadixSet<u32> = RadixSet::new_in(&smr);
    /// assert!(set.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn new_in(smr: &Smr) -> Self {
        Set::new_of(RadixMap::new_in(smr))
    }
}

impl<K: RadixKey, const N: usize> From<[K; N]> for RadixSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}
