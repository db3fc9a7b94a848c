//! The operations that store entries and remove them, of keys and drafts.

use core::cmp::Ordering;

use super::compare::Comparator;
use super::core::Core;
use super::hint::{self, Kind};
use super::memory::{Entry, Memory};
use super::probe::{Probe, Wanted, kind_of};
use super::reclaim::Section;
use super::update;
use super::walk::Walk;
use crate::entries::{Decision, Draft, Nodes, Writing, Written};

impl<K, V> Entry<K, V> {
    #[inline]
    pub(super) fn pair(&self) -> (&K, &V) {
        (&self.key, &self.value)
    }
}

/// The map's memory.
pub(super) struct Making<'g, K, V> {
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
        node.pair()
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
struct Sought<'d, 'g, K, V, C> {
    draft: &'d Drafted<'g, K, V>,
    /// The key's, which is the key where hints are whole keys.
    hint: u64,
    comparator: &'d C,
}

impl<K, V, C: Comparator<K>> Probe<K> for Sought<'_, '_, K, V, C> {
    #[inline(always)]
    fn is_hinted(&self) -> bool {
        true
    }

    #[inline(always)]
    fn hint(&self, known: usize) -> u64 {
        match kind_of::<K, C>() {
            Kind::None => 0,
            Kind::Whole => self.hint,
            Kind::Bytes => hint::of(self.draft.key(), known),
        }
    }

    #[inline(always)]
    fn compare(&self, key: &K) -> Ordering {
        self.comparator.compare(key, self.draft.key())
    }
}

/// An operation that may store an entry.
pub(super) struct Write<'g, K, V, C> {
    core: &'g Core<K, V, C>,
    section: &'g Section<'g>,
    draft: Drafted<'g, K, V>,
}

impl<'g, K, V, C: Comparator<K>> Writing<'g, K, V> for Write<'g, K, V, C> {
    type Nodes = Making<'g, K, V>;

    #[inline(always)]
    fn write(
        self,
        mut decide: impl FnMut(Option<&'g Entry<K, V>>, &Drafted<'g, K, V>) -> Decision,
    ) -> Written<'g, Making<'g, K, V>, K, V> {
        let Write {
            core,
            section,
            draft,
        } = self;
        let sought = Sought {
            draft: &draft,
            hint: Core::<K, V, C>::hint(draft.key(), 0),
            comparator: &core.comparator,
        };
        let decide = |old: Option<&'g Entry<K, V>>| match decide(old, &draft) {
            Decision::Keep => update::Decision::Keep,
            Decision::Remove => update::Decision::Remove,
            Decision::Put => update::Decision::Put(draft.node()),
        };
        // Of a removal the draft stays its own.
        let done = |is_put: bool| {
            if is_put {
                draft.publish();
            }
        };
        let (old, decision) = core.change(section, &sought, decide, done);
        match decision {
            update::Decision::Put(_) => {
                let new = Core::<K, V, C>::entry(draft.published().cast(), section);
                Written::Put(old, new)
            }
            update::Decision::Remove => Written::Removed(old),
            update::Decision::Keep => Written::Kept(old, draft),
        }
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// Something is to be done with the entry of a key, which may be stored.
    #[inline]
    pub(super) fn writing<'g>(
        &'g self,
        section: &'g Section<'g>,
        key: K,
        value: Option<V>,
    ) -> Write<'g, K, V, C> {
        let memory = &self.memory;
        Write {
            core: self,
            section,
            draft: Draft::new(Making { memory, section }, key, value),
        }
    }

    /// Stores a value that is made if there is none, outside of everything: making it may use the map, this very
    /// key included.
    #[inline]
    pub(super) fn try_insert_with<'g>(
        &'g self,
        section: &'g Section<'g>,
        key: K,
        make: impl FnOnce(&K) -> V,
    ) -> Result<&'g V, &'g V> {
        let wanted = Wanted::<K, K, C>::new(&key, &self.comparator);
        if let Some(there) = self.get(section, &wanted) {
            return Err(&there.value);
        }
        let value = make(&key);
        let inserted = self.writing(section, key, Some(value)).try_insert();
        inserted.map_err(|error| error.current)
    }

    /// Removes an entry, if it is there and `condition` holds: what was removed; or what was not.
    #[inline]
    pub(super) fn remove_if<'g>(
        &'g self,
        section: &'g Section<'_>,
        probe: &impl Probe<K>,
        mut condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<&'g Entry<K, V>>, &'g Entry<K, V>> {
        let decide = |old: Option<&Entry<K, V>>| match old {
            Some(entry) if !condition(&entry.key, &entry.value) => update::Decision::Keep,
            _ => update::Decision::Remove,
        };
        match self.change(section, probe, decide, |_| ()) {
            (Some(kept), update::Decision::Keep) => Err(kept),
            (removed, _) => Ok(removed),
        }
    }

    /// Removes an entry, if it is there.
    #[inline]
    pub(super) fn remove<'g>(
        &'g self,
        section: &'g Section<'_>,
        probe: &impl Probe<K>,
    ) -> Option<&'g Entry<K, V>> {
        let remove = |_: Option<&Entry<K, V>>| update::Decision::Remove;
        self.change(section, probe, remove, |_| ()).0
    }

    /// Removes just this entry, if it is still there.
    pub(super) fn remove_this(&self, section: &Section<'_>, entry: &Entry<K, V>) -> bool {
        let wanted = Wanted::<K, K, C>::new(&entry.key, &self.comparator);
        let is_this = |old: Option<&Entry<K, V>>| match old {
            Some(other) if core::ptr::eq(other, entry) => update::Decision::Remove,
            _ => update::Decision::Keep,
        };
        let (_, decision) = self.change(section, &wanted, is_this, |_| ());
        matches!(decision, update::Decision::Remove)
    }
    /// Removes the entries of which `keep` does not hold.
    pub(super) fn retain(&self, section: &Section<'_>, mut keep: impl FnMut(&K, &V) -> bool) {
        let mut walk = Walk::new();
        while let Some(mut entry) = self.met(section, &mut walk) {
            while !keep(&entry.key, &entry.value) && !self.remove_this(section, entry) {
                // Replaced meanwhile, or removed.
                let wanted = Wanted::<K, K, C>::new(&entry.key, &self.comparator);
                match self.get(section, &wanted) {
                    Some(now) if !core::ptr::eq(now, entry) => entry = now,
                    _ => break,
                }
            }
        }
    }
}
