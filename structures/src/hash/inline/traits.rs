//! std's traits of maps.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use std::collections::hash_map::RandomState;

use bytemuck::NoUninit;

use super::iter::Iter;
use super::map::InlineHashMap;

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
