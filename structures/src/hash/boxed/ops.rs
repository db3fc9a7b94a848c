//! The operations on one entry, of a key and its hash.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;
use smr_core::Guard as Section;

use super::core::Core;
use super::node::{Node, Wanted};
use crate::entries::Writing;
use crate::guard::Guard;

/// So many keys are looked for at once.
const BATCH: usize = 32;

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq,
    S: BuildHasher,
{
    pub(super) fn get_many<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        keys: &[Q],
        values: &mut [Option<&'g V>],
    ) where
        Q: Equivalent<K> + Hash,
    {
        let same = keys.len() == values.len();
        assert!(same, "a place for the value of each key");
        for (keys, values) in keys.chunks(BATCH).zip(values.chunks_mut(BATCH)) {
            let mut hashes = [0; BATCH];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = self.hash(key);
                self.table.prefetch(*hash);
            }
            for (&hash, key) in hashes.iter().zip(keys) {
                let wanted = Wanted::<Q, K, V>::new(hash, key);
                self.table
                    .prefetch_items(hash, |word| wanted.prefetch(word));
            }
            for ((value, key), &hash) in values.iter_mut().zip(keys).zip(&hashes) {
                let found = self.get(section, hash, key);
                *value = found.map(|node| &node.value);
            }
        }
    }

    /// Stores a value that is made if there is none, outside of everything: making it may use the map, this very
    /// key included.
    #[inline]
    pub(super) fn try_insert_with<'g>(
        &'g self,
        section: &'g Section<'g>,
        hash: u64,
        key: K,
        make: impl FnOnce(&K) -> V,
    ) -> Result<&'g V, &'g V> {
        if let Some(there) = self.get(section, hash, &key) {
            return Err(&there.value);
        }
        let value = make(&key);
        let inserted = self.writing(section, hash, key, Some(value)).try_insert();
        inserted.map_err(|error| error.current)
    }

    #[inline]
    pub(super) fn remove_entry<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: &Q,
    ) -> Option<(&'g K, &'g V)>
    where
        Q: Equivalent<K> + ?Sized,
    {
        let removed = self.remove(section, hash, key, |_, _| true);
        removed.ok().flatten().map(Node::pair)
    }

    #[inline]
    pub(super) fn remove_if<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: &Q,
        condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<(&'g K, &'g V)>, (&'g K, &'g V)>
    where
        Q: Equivalent<K> + ?Sized,
    {
        match self.remove(section, hash, key, condition) {
            Ok(removed) => Ok(removed.map(Node::pair)),
            Err(kept) => Err(kept.pair()),
        }
    }

    pub(super) fn retain(&self, guard: &impl Guard, mut keep: impl FnMut(&K, &V) -> bool) {
        let section = guard.section();
        self.each(guard, |mut entry| {
            while !keep(&entry.key, &entry.value) && !self.remove_this(section, entry) {
                // Replaced meanwhile, or removed.
                match self.get(section, entry.hash(), &entry.key) {
                    Some(now) => entry = now,
                    None => break,
                }
            }
        });
    }

    pub(super) fn clear(&self, guard: &impl Guard) {
        // Each as itself, not by its key: some keys do not equal themselves.
        self.retain(guard, |_, _| false);
    }
}
