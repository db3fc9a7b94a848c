//! Maps and sets made of, and extended by, parallel iterators. Of entries with the same key any one stays.

use core::hash::{BuildHasher, Hash};

use bytemuck::NoUninit;
use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use crate::hash_map::{HashMap, InlineHashMap};
use crate::ordered::{Engine, Fresh, Order, OrderedMap};
use crate::set::{Change, Set};

/// For so many more items there should be room, as std's maps reckon: keys may be there already, or come
/// twice.
fn expected(items: &impl ParallelIterator, empty: bool) -> usize {
    match (items.opt_len().unwrap_or(0), empty) {
        (all, true) => all,
        (all, false) => all.div_ceil(2),
    }
}

/// Of entries with the same key any one stays.
impl<K, V, S> ParallelExtend<(K, V)> for &HashMap<K, V, S>
where
    K: Hash + Eq + Send + Sync,
    V: Send + Sync,
    S: BuildHasher + Sync,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        let map = *self;
        let entries = entries.into_par_iter();
        map.reserve(expected(&entries, map.is_empty()), &map.guard());
        entries.for_each(|(key, value)| {
            map.insert(key, value, &map.guard());
        });
    }
}

/// Of entries with the same key any one stays.
impl<K, V, S> ParallelExtend<(K, V)> for HashMap<K, V, S>
where
    K: Hash + Eq + Send + Sync,
    V: Send + Sync,
    S: BuildHasher + Sync,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        (&*self).par_extend(entries);
    }
}

/// Of entries with the same key any one stays.
impl<K, V, S> FromParallelIterator<(K, V)> for HashMap<K, V, S>
where
    K: Hash + Eq + Send + Sync,
    V: Send + Sync,
    S: BuildHasher + Default + Sync,
{
    fn from_par_iter<I: IntoParallelIterator<Item = (K, V)>>(entries: I) -> Self {
        let map = Self::default();
        (&map).par_extend(entries);
        map
    }
}

/// Of entries with the same key any one stays.
impl<K, V, S> ParallelExtend<(K, V)> for &InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq + Send + Sync,
    V: NoUninit + Send + Sync,
    S: BuildHasher + Sync,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        let map = *self;
        let entries = entries.into_par_iter();
        map.reserve(expected(&entries, map.is_empty()));
        entries.for_each(|(key, value)| {
            map.insert(key, value);
        });
    }
}

/// Of entries with the same key any one stays.
impl<K, V, S> ParallelExtend<(K, V)> for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq + Send + Sync,
    V: NoUninit + Send + Sync,
    S: BuildHasher + Sync,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        (&*self).par_extend(entries);
    }
}

/// Of entries with the same key any one stays.
impl<K, V, S> FromParallelIterator<(K, V)> for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq + Send + Sync,
    V: NoUninit + Send + Sync,
    S: BuildHasher + Default + Sync,
{
    fn from_par_iter<I: IntoParallelIterator<Item = (K, V)>>(entries: I) -> Self {
        let map = Self::default();
        (&map).par_extend(entries);
        map
    }
}

/// Of entries with the same key any one stays.
impl<K, V, E> ParallelExtend<(K, V)> for &OrderedMap<K, V, E>
where
    K: Send + Sync,
    V: Send + Sync,
    E: Order<K, V>,
    E::Core: Sync,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        let map = *self;
        entries.into_par_iter().for_each(|(key, value)| {
            map.insert(key, value, &map.guard());
        });
    }
}

/// Of entries with the same key any one stays.
impl<K, V, E> ParallelExtend<(K, V)> for OrderedMap<K, V, E>
where
    K: Send + Sync,
    V: Send + Sync,
    E: Order<K, V>,
    E::Core: Sync,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        (&*self).par_extend(entries);
    }
}

/// The entries are collected, and the map is made as a whole: of those with the same key the last counts.
impl<K, V, E> FromParallelIterator<(K, V)> for OrderedMap<K, V, E>
where
    K: Send,
    V: Send,
    E: Order<K, V> + Fresh<K, V>,
{
    fn from_par_iter<I: IntoParallelIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries: Vec<_> = entries.into_par_iter().collect();
        entries.into_iter().collect()
    }
}

/// The entries by value, in their order. They are taken out of the map by the calling thread.
impl<K: Send, V: Send, E: Engine<K, V>> IntoParallelIterator for OrderedMap<K, V, E> {
    type Item = (K, V);
    type Iter = rayon::vec::IntoIter<(K, V)>;

    fn into_par_iter(self) -> Self::Iter {
        self.into_iter().collect::<Vec<_>>().into_par_iter()
    }
}

/// Keys that are there are kept as they are; of equal ones any one stays.
impl<M: Change + Sync> ParallelExtend<M::Key> for &Set<M>
where
    M::Key: Send,
{
    fn par_extend<I: IntoParallelIterator<Item = M::Key>>(&mut self, keys: I) {
        let set = *self;
        let keys = keys.into_par_iter();
        set.map()
            .expect(&set.guard(), expected(&keys, set.is_empty()));
        keys.for_each(|key| {
            set.insert(key, &set.guard());
        });
    }
}

/// Keys that are there are kept as they are; of equal ones any one stays.
impl<M: Change + Sync> ParallelExtend<M::Key> for Set<M>
where
    M::Key: Send,
{
    fn par_extend<I: IntoParallelIterator<Item = M::Key>>(&mut self, keys: I) {
        (&*self).par_extend(keys);
    }
}

/// Of equal keys any one stays.
impl<M: Change + Default + Sync> FromParallelIterator<M::Key> for Set<M>
where
    M::Key: Send,
{
    fn from_par_iter<I: IntoParallelIterator<Item = M::Key>>(keys: I) -> Self {
        let set = Self::default();
        (&set).par_extend(keys);
        set
    }
}

/// The keys by value. They are taken out of the set by the calling thread.
impl<K: Send, M: IntoIterator<Item = (K, ())>> IntoParallelIterator for Set<M> {
    type Item = K;
    type Iter = rayon::vec::IntoIter<K>;

    fn into_par_iter(self) -> Self::Iter {
        self.into_iter().collect::<Vec<_>>().into_par_iter()
    }
}
