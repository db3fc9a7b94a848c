//! Maps as serde's maps, sets as its sequences.
//!
//! What is written is collected before: references for the maps with entries of their own, copies for the inline one.
//! So the length that goes ahead of the entries in many formats is right, whatever other threads do meanwhile,
//! and no writer waits. Sixteen bytes an entry are the price.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use bytemuck::NoUninit;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::guard::Guard;
use crate::hash_map::{HashMap, HashMapRef, InlineHashMap};
use crate::ordered::{Fresh, Order, OrderedMap, OrderedMapRef};
use crate::set::{Change, KeyMap, Set, SetRef};

/// For so many entries room is made at once, whatever length the input claims to have: it may lie, and
/// growing costs little.
const TRUSTED: usize = 4096;

/// The entries that [`iter`](HashMapRef::iter) meets, after their number.
impl<K, V, S, G> Serialize for HashMapRef<'_, K, V, S, G>
where
    K: Serialize,
    V: Serialize,
    G: Guard,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self.iter().collect::<Vec<_>>())
    }
}

/// The entries that [`iter`](HashMap::iter) meets, after their number.
impl<K, V, S> Serialize for HashMap<K, V, S>
where
    K: Serialize,
    V: Serialize,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.pin().serialize(serializer)
    }
}

/// The entries that [`iter`](InlineHashMap::iter) meets, after their number.
impl<K, V, S> Serialize for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq + Serialize,
    V: NoUninit + Serialize,
    S: BuildHasher,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self.iter().collect::<Vec<_>>())
    }
}

/// The entries that [`iter`](OrderedMapRef::iter) meets, in their order, after their number.
impl<K, V, E, G> Serialize for OrderedMapRef<'_, K, V, E, G>
where
    K: Serialize,
    V: Serialize,
    E: Order<K, V>,
    G: Guard,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self.iter().collect::<Vec<_>>())
    }
}

/// The entries that [`iter`](OrderedMap::iter) meets, in their order, after their number.
impl<K, V, E> Serialize for OrderedMap<K, V, E>
where
    K: Serialize,
    V: Serialize,
    E: Order<K, V>,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.pin().serialize(serializer)
    }
}

/// The keys that [`iter`](SetRef::iter) meets, after their number.
impl<M: KeyMap, G: Guard> Serialize for SetRef<'_, M, G>
where
    M::Key: Serialize,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.iter().collect::<Vec<_>>())
    }
}

/// The keys that [`iter`](Set::iter) meets, after their number.
impl<M: KeyMap> Serialize for Set<M>
where
    M::Key: Serialize,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.pin().serialize(serializer)
    }
}

/// A map in the global domain; of entries with the same key the last counts.
impl<'de, K, V, S> Deserialize<'de> for HashMap<K, V, S>
where
    K: Deserialize<'de> + Hash + Eq,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A map in the global domain; of entries with the same key the last counts.
impl<'de, K, V, S> Deserialize<'de> for InlineHashMap<K, V, S>
where
    K: NoUninit + Deserialize<'de> + Hash + Eq,
    V: NoUninit + Deserialize<'de>,
    S: BuildHasher + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A map in the global domain; of entries with the same key the last counts. They are collected before, and the
/// map is made as a whole.
impl<'de, K, V, E> Deserialize<'de> for OrderedMap<K, V, E>
where
    K: Deserialize<'de>,
    V: Deserialize<'de>,
    E: Order<K, V> + Fresh<K, V>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Collected(entries) = deserializer.deserialize_map(Entries(PhantomData))?;
        Ok(entries.into_iter().collect())
    }
}

/// A set in the global domain.
impl<'de, M> Deserialize<'de> for Set<M>
where
    M: Change + Default,
    M::Key: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Keys(PhantomData))
    }
}

/// An empty map that is to be filled. No section is open while the next entry is read.
trait Fill: Default {
    type Key;
    type Value;

    fn expect(&mut self, entries: usize);

    fn put(&mut self, key: Self::Key, value: Self::Value);
}

/// What a map is made of.
struct Collected<K, V>(Vec<(K, V)>);

impl<K, V> Default for Collected<K, V> {
    fn default() -> Self {
        Collected(Vec::new())
    }
}

impl<K, V> Fill for Collected<K, V> {
    type Key = K;
    type Value = V;

    fn expect(&mut self, entries: usize) {
        self.0.reserve(entries);
    }

    fn put(&mut self, key: K, value: V) {
        self.0.push((key, value));
    }
}

impl<K: Hash + Eq, V, S: BuildHasher + Default> Fill for HashMap<K, V, S> {
    type Key = K;
    type Value = V;

    fn expect(&mut self, entries: usize) {
        self.reserve(entries, &self.guard());
    }

    fn put(&mut self, key: K, value: V) {
        self.insert(key, value, &self.guard());
    }
}

impl<K, V, S> Fill for InlineHashMap<K, V, S>
where
    K: NoUninit + Hash + Eq,
    V: NoUninit,
    S: BuildHasher + Default,
{
    type Key = K;
    type Value = V;

    fn expect(&mut self, entries: usize) {
        self.reserve(entries);
    }

    fn put(&mut self, key: K, value: V) {
        self.insert(key, value);
    }
}

struct Entries<M>(PhantomData<fn() -> M>);

impl<'de, M> Visitor<'de> for Entries<M>
where
    M: Fill,
    M::Key: Deserialize<'de>,
    M::Value: Deserialize<'de>,
{
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<M, A::Error> {
        let mut map = M::default();
        map.expect(entries.size_hint().unwrap_or(0).min(TRUSTED));
        while let Some((key, value)) = entries.next_entry()? {
            map.put(key, value);
        }
        Ok(map)
    }
}

struct Keys<M>(PhantomData<fn() -> M>);

impl<'de, M> Visitor<'de> for Keys<M>
where
    M: Change + Default,
    M::Key: Deserialize<'de>,
{
    type Value = Set<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut keys: A) -> Result<Set<M>, A::Error> {
        let set = Set::<M>::default();
        let expected = keys.size_hint().unwrap_or(0).min(TRUSTED);
        set.map().expect(&set.guard(), expected);
        while let Some(key) = keys.next_element()? {
            set.insert(key, &set.guard());
        }
        Ok(set)
    }
}
