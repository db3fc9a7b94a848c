//! The operations that store entries and remove them, of keys and drafts.

use core::cmp::Ordering;

use super::compare::Comparator;
use super::core::Core;
use super::hint::{self, Kind};
use super::inline;
use super::memory::{Entry, Memory};
use super::pair::Pair;
use super::probe::{Probe, Wanted, kind_of};
use super::update::{self, Changed};
use super::walk::Walk;
use crate::entries::{Decision, Draft, Nodes, Writing, Written};
use crate::reclaim::Section;

/// The map's memory.
pub(super) struct Making<'g, K, V> {
    memory: &'g Memory<K, V>,
    section: &'g Section<'g>,
    /// Whether entries are inline; see [`Core::is_inline`].
    is_inline: bool,
}

// SAFETY: made of them.
unsafe impl<'g, K, V> Nodes<K, V> for Making<'g, K, V> {
    type Node = Entry<K, V>;
    type Pool = &'g Memory<K, V>;

    #[inline(always)]
    fn are_copied(&self) -> bool {
        self.is_inline
    }

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
        Pair::of(node).both()
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
    type Found = Pair<'g, K, V>;

    #[inline]
    fn pair(found: Pair<'g, K, V>) -> (&'g K, &'g V) {
        found.both()
    }

    #[inline(always)]
    fn write(
        self,
        mut decide: impl FnMut(Option<Pair<'g, K, V>>, &Drafted<'g, K, V>) -> Decision,
    ) -> Written<Pair<'g, K, V>, Making<'g, K, V>, K, V> {
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
        let decide = |old: Option<Pair<'g, K, V>>| match decide(old, &draft) {
            Decision::Keep => update::Decision::Keep,
            Decision::Remove => update::Decision::Remove,
            Decision::Put => update::Decision::Put(match Core::<K, V, C>::is_inline() {
                true => inline::item(draft.value()),
                false => draft.node().cast(),
            }),
        };
        // Of a removal the draft stays its own.
        let done = |is_put: bool| {
            if is_put {
                draft.publish();
            }
        };
        match core.change(section, &sought, decide, done) {
            Changed::Put(old, new) => Written::Put(old, new),
            Changed::Removed(old) => Written::Removed(old),
            Changed::Kept(old) => Written::Kept(old, draft),
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
        let making = Making {
            memory: &self.memory,
            section,
            is_inline: Self::is_inline(),
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
        probe: &impl Probe<K>,
        mut condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<Pair<'g, K, V>>, Pair<'g, K, V>> {
        let decide = |old: Option<Pair<'_, K, V>>| match old {
            Some(entry) if !condition(entry.key, entry.value) => update::Decision::Keep,
            _ => update::Decision::Remove,
        };
        match self.change(section, probe, decide, |_| ()) {
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
        probe: &impl Probe<K>,
    ) -> Option<Pair<'g, K, V>> {
        let remove = |_: Option<Pair<'_, K, V>>| update::Decision::Remove;
        match self.change(section, probe, remove, |_| ()) {
            Changed::Removed(removed) => removed,
            _ => unreachable!("it was told to remove"),
        }
    }

    /// Removes just this entry, if it is still there.
    pub(super) fn remove_this(&self, section: &Section<'_>, entry: Pair<'_, K, V>) -> bool {
        let wanted = Wanted::<K, K, C>::new(entry.key, &self.comparator);
        let is_this = |old: Option<Pair<'_, K, V>>| match old {
            Some(other) if Self::is_same(other, entry) => update::Decision::Remove,
            _ => update::Decision::Keep,
        };
        let changed = self.change(section, &wanted, is_this, |_| ());
        matches!(changed, Changed::Removed(_))
    }

    /// Removes the entries of which `keep` does not hold.
    pub(super) fn retain(&self, section: &Section<'_>, mut keep: impl FnMut(&K, &V) -> bool) {
        let mut walk = Walk::new();
        while let Some(mut entry) = self.met(section, &mut walk) {
            while !keep(entry.key, entry.value) && !self.remove_this(section, entry) {
                // Replaced meanwhile, or removed.
                let wanted = Wanted::<K, K, C>::new(entry.key, &self.comparator);
                match self.get(section, &wanted) {
                    // Inline, it may be the same again that was another meanwhile.
                    Some(now) if Self::is_inline() || !Self::is_same(now, entry) => entry = now,
                    _ => break,
                }
            }
        }
    }
}
