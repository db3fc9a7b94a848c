//! std's traits of maps.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

use smr_core::Smr;

use super::OrderedMap;
use super::engine::{Alike, Engine, Fresh, Order};

impl<K, V, E: Fresh<K, V>> Default for OrderedMap<K, V, E> {
    fn default() -> Self {
        E::fresh(Smr::global())
    }
}

impl<K: fmt::Debug, V: fmt::Debug, E: Order<K, V>> fmt::Debug for OrderedMap<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(&self.guard())).finish()
    }
}

/// A copy of what [`iter`](OrderedMap::iter) sees, in the same domain.
impl<K: Clone, V: Clone, E: Order<K, V> + Alike<K, V>> Clone for OrderedMap<K, V, E> {
    fn clone(&self) -> Self {
        let mut copy = E::alike(self);
        let guard = self.guard();
        let clone = |(key, value): (&K, &V)| (key.clone(), value.clone());
        E::fill(&mut copy.core, self.iter(&guard).map(clone).collect());
        copy
    }
}

/// Whether both have the same entries, in the same order: exact when nobody changes them.
impl<K, V, E, F> PartialEq<OrderedMap<K, V, F>> for OrderedMap<K, V, E>
where
    K: PartialEq,
    V: PartialEq,
    E: Order<K, V>,
    F: Order<K, V>,
{
    fn eq(&self, other: &OrderedMap<K, V, F>) -> bool {
        let (here, there) = (self.guard(), other.guard());
        self.len() == other.len() && self.iter(&here).eq(other.iter(&there))
    }
}

impl<K: Eq, V: Eq, E: Order<K, V>> Eq for OrderedMap<K, V, E> {}

/// The order of the sequences of entries: exact when nobody changes them.
impl<K: PartialOrd, V: PartialOrd, E: Order<K, V>> PartialOrd for OrderedMap<K, V, E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (here, there) = (self.guard(), other.guard());
        self.iter(&here).partial_cmp(other.iter(&there))
    }
}

impl<K: Ord, V: Ord, E: Order<K, V>> Ord for OrderedMap<K, V, E> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (here, there) = (self.guard(), other.guard());
        self.iter(&here).cmp(other.iter(&there))
    }
}

/// Of the entries in their order, and their number.
impl<K: Hash, V: Hash, E: Order<K, V>> Hash for OrderedMap<K, V, E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let guard = self.guard();
        let mut entries = 0_usize;
        for entry in self.iter(&guard) {
            entry.hash(state);
            entries += 1;
        }
        entries.hash(state);
    }
}

impl<K, V, E: Order<K, V>> Extend<(K, V)> for &OrderedMap<K, V, E> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            // No section is open while the iterator makes the next one: it may take its time.
            self.insert(key, value, &self.guard());
        }
    }
}

impl<K, V, E: Order<K, V>> Extend<(K, V)> for OrderedMap<K, V, E> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        (&*self).extend(entries);
    }
}

impl<'a, K: Copy, V: Copy, E: Order<K, V>> Extend<(&'a K, &'a V)> for &OrderedMap<K, V, E> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(&key, &value)| (key, value)));
    }
}

impl<'a, K: Copy, V: Copy, E: Order<K, V>> Extend<(&'a K, &'a V)> for OrderedMap<K, V, E> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        (&*self).extend(entries);
    }
}

/// The entries are sorted first, and the map is made as a whole: of ascending keys in O(n). Of entries with the
/// same key the last counts.
///
/// ```
/// # use structures::SkipMap;
/// let squares: SkipMap<u64, u64> = (0..1000).map(|n| (n, n * n)).collect();
/// assert_eq!(squares.pin().get(&30), Some(&900));
/// ```
impl<K, V, E: Order<K, V> + Fresh<K, V>> FromIterator<(K, V)> for OrderedMap<K, V, E> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        E::fill(&mut map.core, entries.into_iter().collect());
        map
    }
}

/// The entries by value, in their order. Takes eight bytes an entry meanwhile, sixteen of plain ones of a
/// [`SkipMap`](crate::SkipMap).
impl<K, V, E: Engine<K, V>> IntoIterator for OrderedMap<K, V, E> {
    type Item = (K, V);
    type IntoIter = E::IntoIter;

    fn into_iter(self) -> E::IntoIter {
        E::into_iter(self.core)
    }
}
