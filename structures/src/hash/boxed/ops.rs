//! The operations on one entry, of a key and its hash.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;
use smr_core::Guard as Section;

use super::super::table::Decision;
use super::core::{Core, Put};
use super::node::{Node, Wanted};
use crate::answers::{Compute, OccupiedError, Operation};
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

    #[inline]
    pub(super) fn insert<'g>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        (key, value): (K, V),
    ) -> Option<&'g V> {
        let draft = self.draft(section, (key, Some(value)), hash);
        match self.put(section, draft, |_, draft| Decision::Put(draft.whole())) {
            Put::Done(old, _) => old.map(|node| &node.value),
            _ => unreachable!("it was told to put"),
        }
    }

    /// What is there now, or what is there instead and the value.
    #[inline]
    pub(super) fn try_insert<'g>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        (key, value): (K, V),
    ) -> Result<&'g V, OccupiedError<'g, V>> {
        let draft = self.draft(section, (key, Some(value)), hash);
        let put = self.put(section, draft, |old, draft| match old {
            Some(_) => Decision::Keep,
            None => Decision::Put(draft.whole()),
        });
        match put {
            Put::Kept(Some(there), draft) => Err(OccupiedError {
                current: &there.value,
                not_inserted: draft.into_value().expect("the draft has it"),
            }),
            Put::Done(_, new) => Ok(&new.value),
            _ => unreachable!("it was told to keep what is there, or to put"),
        }
    }

    #[inline]
    pub(super) fn try_insert_with<'g>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: K,
        make: impl FnOnce() -> V,
    ) -> Result<&'g V, &'g V> {
        if let Some(there) = self.get(section, hash, &key) {
            return Err(&there.value);
        }
        // Outside of everything: it may use the map, this very key included.
        let entry = (key, make());
        let inserted = self.try_insert(section, hash, entry);
        inserted.map_err(|error| error.current)
    }

    #[inline]
    pub(super) fn update<'g>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: K,
        mut f: impl FnMut(&V) -> V,
    ) -> Option<&'g V> {
        let draft = self.draft(section, (key, None), hash);
        let put = self.put(section, draft, |old, draft| match old {
            Some(old) => Decision::Put(draft.with(f(&old.value))),
            None => Decision::Keep,
        });
        match put {
            Put::Done(_, new) => Some(&new.value),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn update_or_insert_with<'g>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: K,
        mut f: impl FnMut(&V) -> V,
        make: impl FnOnce() -> V,
    ) -> &'g V {
        let mut make = Some(make);
        // What was made: in the draft, or here while an updated value is in the draft.
        let (mut made_in_draft, mut made) = (false, None);
        let draft = self.draft(section, (key, None), hash);
        let put = self.put(section, draft, |old, draft| {
            let word = match old {
                Some(old) => {
                    let new = f(&old.value);
                    if core::mem::take(&mut made_in_draft) {
                        let (word, displaced) = draft.exchange(new);
                        made = Some(displaced);
                        word
                    } else {
                        draft.with(new)
                    }
                }
                None => {
                    let value = made.take().or_else(|| make.take().map(|make| make()));
                    made_in_draft = true;
                    value.map_or_else(|| draft.again(), |value| draft.with(value))
                }
            };
            Decision::Put(word)
        });
        match put {
            Put::Done(_, new) => &new.value,
            _ => unreachable!("it was told to put"),
        }
    }

    #[inline]
    pub(super) fn compute<'g, T>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: K,
        mut f: impl FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    ) -> Compute<'g, K, V, T> {
        let mut aborted = None;
        let draft = self.draft(section, (key, None), hash);
        let put = self.put(section, draft, |old, draft| match f(old.map(Node::pair)) {
            Operation::Insert(value) => Decision::Put(draft.with(value)),
            Operation::Remove => {
                assert!(old.is_some(), "there is no entry that could be removed");
                Decision::Remove
            }
            Operation::Abort(answer) => {
                aborted = Some(answer);
                Decision::Keep
            }
        });
        match (put, aborted) {
            (Put::Done(None, new), _) => Compute::Inserted(&new.key, &new.value),
            (Put::Done(Some(old), new), _) => Compute::Updated {
                old: old.pair(),
                new: new.pair(),
            },
            (Put::Removed(Some(old)), _) => Compute::Removed(&old.key, &old.value),
            (_, Some(answer)) => Compute::Aborted(answer),
            _ => unreachable!("an entry that is not there is not removed"),
        }
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
