//! The operations that store entries and remove them, of keys and drafts.

use super::change::{self, Changed};
use super::core::Core;
use super::key::RadixKey;
use super::memory::{Entry, Memory};
use super::walk::Walk;
use super::word::{Tag, Word};
use crate::entries::{Decision, Draft, Nodes, Writing, Written};
use crate::reclaim::Section;

/// The map's memory.
pub(crate) struct Making<'g, K, V> {
    memory: &'g Memory<K, V>,
    section: &'g Section<'g>,
}

// SAFETY: made of them.
unsafe impl<'g, K, V> Nodes<K, V> for Making<'g, K, V> {
    type Node = Entry<K, V>;
    type Pool = &'g Memory<K, V>;

    #[inline]
    fn pool(&self) -> Self::Pool {
        self.memory
    }

    #[inline]
    fn make(&self, key: K, value: V) -> *mut Entry<K, V> {
        self.memory.entry(Entry { key, value }, self.section)
    }

    #[inline]
    fn pair(node: &Entry<K, V>) -> (&K, &V) {
        (&node.key, &node.value)
    }

    #[inline]
    fn value(node: &mut Entry<K, V>) -> &mut V {
        &mut node.value
    }

    unsafe fn take(memory: Self::Pool, node: *mut Entry<K, V>) -> (K, V) {
        // SAFETY: the caller's contract.
        let Entry { key, value } = unsafe { memory.take(node) };
        (key, value)
    }
}

type Drafted<'g, K, V> = Draft<Making<'g, K, V>, K, V>;

/// The key of a draft, wherever that has it.
struct Sought<'d, 'g, K, V>(&'d Drafted<'g, K, V>);

impl<K: RadixKey, V> RadixKey for Sought<'_, '_, K, V> {
    type Bytes<'k>
        = K::Bytes<'k>
    where
        Self: 'k;

    #[inline]
    fn key_bytes(&self) -> K::Bytes<'_> {
        self.0.key().key_bytes()
    }
}

/// An operation that may store an entry.
pub(crate) struct Write<'g, K, V> {
    core: &'g Core<K, V>,
    section: &'g Section<'g>,
    draft: Drafted<'g, K, V>,
}

impl<'g, K: RadixKey + 'g, V: 'g> Writing<'g, K, V> for Write<'g, K, V> {
    type Nodes = Making<'g, K, V>;
    type Found = &'g Entry<K, V>;

    #[inline]
    fn pair(found: &'g Entry<K, V>) -> (&'g K, &'g V) {
        (&found.key, &found.value)
    }

    #[inline(always)]
    fn write(
        self,
        mut decide: impl FnMut(Option<&'g Entry<K, V>>, &Drafted<'g, K, V>) -> Decision,
    ) -> Written<&'g Entry<K, V>, Making<'g, K, V>, K, V> {
        let Write {
            core,
            section,
            draft,
        } = self;
        let decide = |old: Option<&'g Entry<K, V>>| match decide(old, &draft) {
            Decision::Keep => change::Decision::Keep,
            Decision::Remove => change::Decision::Remove,
            Decision::Put => change::Decision::Put(Word::new(Tag::Entry, draft.node())),
        };
        // Of a removal the draft stays its own.
        let done = |is_put: bool| {
            if is_put {
                draft.publish();
            }
        };
        match core.change(section, &Sought(&draft), decide, done) {
            Changed::Put(old, new) => Written::Put(old, new),
            Changed::Removed(old) => Written::Removed(old),
            Changed::Kept(old) => Written::Kept(old, draft),
        }
    }
}

impl<K: RadixKey, V> Core<K, V> {
    /// Something is to be done with the entry of a key, which may be stored.
    #[inline]
    pub(crate) fn writing<'g>(
        &'g self,
        section: &'g Section<'g>,
        key: K,
        value: Option<V>,
    ) -> Write<'g, K, V> {
        let making = Making {
            memory: &self.memory,
            section,
        };
        Write {
            core: self,
            section,
            draft: Draft::new(making, key, value),
        }
    }

    /// Removes an entry, if it is there and `condition` holds: what was removed; or what was not.
    #[inline]
    pub(super) fn remove_if<'g>(
        &'g self,
        section: &'g Section<'_>,
        key: &(impl RadixKey + ?Sized),
        mut condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<&'g Entry<K, V>>, &'g Entry<K, V>> {
        let decide = |old: Option<&Entry<K, V>>| match old {
            Some(entry) if !condition(&entry.key, &entry.value) => change::Decision::Keep,
            _ => change::Decision::Remove,
        };
        match self.change(section, key, decide, |_| ()) {
            Changed::Kept(Some(kept)) => Err(kept),
            Changed::Kept(None) => Ok(None),
            Changed::Removed(removed) | Changed::Put(removed, _) => Ok(removed),
        }
    }

    /// Removes an entry, if it is there.
    #[inline]
    pub(super) fn remove<'g>(
        &'g self,
        section: &'g Section<'_>,
        key: &(impl RadixKey + ?Sized),
    ) -> Option<&'g Entry<K, V>> {
        let remove = |_: Option<&Entry<K, V>>| change::Decision::Remove;
        match self.change(section, key, remove, |_| ()) {
            Changed::Removed(removed) => removed,
            _ => unreachable!("it was told to remove"),
        }
    }

    /// Removes just this entry, if it is still there.
    pub(super) fn remove_this(&self, section: &Section<'_>, entry: &Entry<K, V>) -> bool {
        let is_this = |old: Option<&Entry<K, V>>| match old {
            Some(other) if core::ptr::eq(other, entry) => change::Decision::Remove,
            _ => change::Decision::Keep,
        };
        let changed = self.change(section, &entry.key, is_this, |_| ());
        matches!(changed, Changed::Removed(_))
    }

    /// Removes the entries of which `keep` does not hold.
    pub(super) fn retain(&self, section: &Section<'_>, mut keep: impl FnMut(&K, &V) -> bool) {
        use core::ops::Bound::Unbounded;
        let mut walk = Walk::new();
        while let Some(mut entry) = walk.next(self, section, (Unbounded, Unbounded)) {
            while !keep(&entry.key, &entry.value) && !self.remove_this(section, entry) {
                // Replaced meanwhile, or removed.
                match self.get(section, entry.key.key_bytes().as_ref()) {
                    Some(now) if !core::ptr::eq(now, entry) => entry = now,
                    _ => break,
                }
            }
        }
    }

    /// Stores entries in a map that nobody else has: of those with the same key the last.
    pub(super) fn fill(&mut self, entries: Vec<(K, V)>) {
        let domain = self.memory.domain().clone();
        let section = domain.enter();
        for (key, value) in entries {
            self.writing(&section, key, Some(value)).insert();
        }
    }
}
