//! std's traits of maps.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

use smr_core::Smr;

use super::super::compare::{Comparator, Natural};
use super::SkipMap;
use super::iter::IntoIter;

impl<K, V, C: Default> Default for SkipMap<K, V, C> {
    fn default() -> Self {
        Self::with_order_in(C::default(), Smr::global())
    }
}

impl<K: fmt::Debug, V: fmt::Debug, C: Comparator<K>> fmt::Debug for SkipMap<K, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(&self.guard())).finish()
    }
}

/// A copy of what [`iter`](SkipMap::iter) sees, in the same domain.
impl<K: Clone, V: Clone, C: Comparator<K> + Clone> Clone for SkipMap<K, V, C> {
    fn clone(&self) -> Self {
        let mut copy = Self::with_order_in(self.comparator().clone(), self.smr());
        let guard = self.guard();
        let clone = |(key, value): (&K, &V)| (key.clone(), value.clone());
        copy.core.fill(self.iter(&guard).map(clone).collect());
        copy
    }
}

/// Whether both have the same entries, in the same order: exact when nobody changes them.
impl<K, V, C, D> PartialEq<SkipMap<K, V, D>> for SkipMap<K, V, C>
where
    K: PartialEq,
    V: PartialEq,
    C: Comparator<K>,
    D: Comparator<K>,
{
    fn eq(&self, other: &SkipMap<K, V, D>) -> bool {
        let (here, there) = (self.guard(), other.guard());
        self.len() == other.len() && self.iter(&here).eq(other.iter(&there))
    }
}

impl<K: Eq, V: Eq, C: Comparator<K>> Eq for SkipMap<K, V, C> {}

/// The order of the sequences of entries: exact when nobody changes them.
impl<K: PartialOrd, V: PartialOrd, C: Comparator<K>> PartialOrd for SkipMap<K, V, C> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (here, there) = (self.guard(), other.guard());
        self.iter(&here).partial_cmp(other.iter(&there))
    }
}

impl<K: Ord, V: Ord, C: Comparator<K>> Ord for SkipMap<K, V, C> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (here, there) = (self.guard(), other.guard());
        self.iter(&here).cmp(other.iter(&there))
    }
}

/// Of the entries in their order, and their number.
impl<K: Hash, V: Hash, C: Comparator<K>> Hash for SkipMap<K, V, C> {
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

impl<K, V, C: Comparator<K>> Extend<(K, V)> for &SkipMap<K, V, C> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            // No section is open while the iterator makes the next one: it may take its time.
            self.insert(key, value, &self.guard());
        }
    }
}

impl<K, V, C: Comparator<K>> Extend<(K, V)> for SkipMap<K, V, C> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        (&*self).extend(entries);
    }
}

impl<'a, K: Copy, V: Copy, C: Comparator<K>> Extend<(&'a K, &'a V)> for &SkipMap<K, V, C> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(&key, &value)| (key, value)));
    }
}

impl<'a, K: Copy, V: Copy, C: Comparator<K>> Extend<(&'a K, &'a V)> for SkipMap<K, V, C> {
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
impl<K, V, C: Comparator<K> + Default> FromIterator<(K, V)> for SkipMap<K, V, C> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.core.fill(entries.into_iter().collect());
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for SkipMap<K, V, Natural> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

/// The entries by value, in their order. Takes eight bytes an entry meanwhile, sixteen of those that have no memory of
/// their own.
impl<K, V, C> IntoIterator for SkipMap<K, V, C> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V, C>;

    fn into_iter(self) -> IntoIter<K, V, C> {
        IntoIter::new(self.core)
    }
}
