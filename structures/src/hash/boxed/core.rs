//! What the map's operations are made of: a table of words, a zone of nodes, a hasher. Sections are taken
//! to be of the map's domain; the public types see to that.

use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use equivalent::Equivalent;
use smr_core::{Guard as Section, Shared, Smr, Zone};

use super::super::bucket::{Probe, Rehash};
use super::super::reclaim::Pool;
use super::super::spread;
use super::super::table::{self, Decided, Decision, Table};
use super::node::{Drafted, Making, Node, Wanted};
use super::word::{Stored, Word, Words};
use crate::entries::{self, Draft, Writing, Written};
use crate::first_panic::FirstPanic;

pub(super) struct Core<K, V, S> {
    pub(super) table: Table<Words>,
    pub(super) nodes: Zone<Node<K, V>>,
    pub(super) hasher: S,
    /// Invariant, and neither `Send` nor `Sync` by itself.
    entries: PhantomData<*mut (K, V)>,
}

// SAFETY: nodes, and the hasher, are owned; what is retired is dropped by any thread that has the map.
unsafe impl<K: Send, V: Send, S: Send> Send for Core<K, V, S> {}
// SAFETY: as above; and threads that share the map share keys and values.
unsafe impl<K: Send + Sync, V: Send + Sync, S: Sync> Sync for Core<K, V, S> {}

impl<K, V, S> Core<K, V, S> {
    pub(super) fn new(hasher: S, smr: &Smr) -> Self {
        Core {
            table: Table::new(Pool::new(smr)),
            nodes: Zone::new_in(smr),
            hasher,
            entries: PhantomData,
        }
    }

    /// # Safety
    /// The word was in the table within the section.
    #[inline]
    unsafe fn entry<'g>(&'g self, word: Word, _section: &'g Section<'_>) -> &'g Node<K, V> {
        // SAFETY: of this map; it is retired no earlier than within the section, and the map outlives it.
        unsafe { word.entry() }
    }

    /// Retires a node that an operation of the caller's has taken out.
    ///
    /// # Safety
    /// The table's answer to an operation that replaced or removed the word, within this section; once.
    #[inline]
    unsafe fn retire<'g>(&'g self, word: Word, section: &'g Section<'_>) -> &'g Node<K, V> {
        // SAFETY: it was in the table until this section's operation took it out.
        let node = unsafe { self.entry(word, section) };
        let shared = Shared::from_raw(word.node().cast::<Node<K, V>>());
        // SAFETY: of this zone; unlinked by the header's change, which one thread only has done.
        unsafe { self.nodes.retire(shared) };
        node
    }
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq,
    S: BuildHasher,
{
    #[inline]
    pub(super) fn hash<Q: ?Sized + Hash>(&self, key: &Q) -> u64 {
        spread(self.hasher.hash_one(key))
    }

    #[inline]
    pub(super) fn get<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: &Q,
    ) -> Option<&'g Node<K, V>>
    where
        Q: ?Sized + Equivalent<K>,
    {
        let wanted = Wanted::<Q, K, V>::new(hash, key);
        let found = match self.table.glance(Some(section), hash, &wanted) {
            Some(glance) => glance.found,
            None => return self.look_closely(section, hash, key),
        };
        // SAFETY: it was in the table a moment ago.
        found.map(|word| unsafe { self.entry(word, section) })
    }

    /// Not with what [`get`](Self::get) looks for, which need not be in memory then.
    #[cold]
    #[inline(never)]
    fn look_closely<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: &Q,
    ) -> Option<&'g Node<K, V>>
    where
        Q: ?Sized + Equivalent<K>,
    {
        let wanted = Wanted::<Q, K, V>::new(hash, key);
        let found = self.table.find(section, hash, &wanted);
        // SAFETY: it was in the table a moment ago.
        found.map(|word| unsafe { self.entry(word, section) })
    }

    /// All changes, where nothing is unusual: what was there. See [`Table::write_at_once`].
    ///
    /// What does not get on starts again in a function of its own, and gives it all that the decision is made
    /// of: so nothing of that need be in memory here.
    #[inline(always)]
    fn write_at_once<P: Probe<Word>>(
        &self,
        section: &Section<'_>,
        hash: u64,
        probe: &P,
        decide: impl FnMut(Option<Word>) -> Decision<Word>,
    ) -> Result<Option<Word>, Option<Decided<Word>>> {
        let tidy = |bucket: &_| self.table.curtail(section, bucket);
        self.table
            .write_at_once(Some(section), hash, probe, decide, tidy)
    }

    #[cold]
    #[inline(never)]
    fn write_closely<P: Probe<Word>>(
        &self,
        section: &Section<'_>,
        hash: u64,
        probe: &P,
        decide: &mut dyn FnMut(Option<Word>) -> Decision<Word>,
        last: Option<Decided<Word>>,
    ) -> Option<Word> {
        let mut decide = table::stable(decide, last);
        self.table.write(section, hash, probe, &Stored, &mut decide)
    }

    /// Removes an entry, if it is there and `condition` holds.
    #[inline]
    pub(super) fn remove<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: &Q,
        mut condition: impl FnMut(&K, &V) -> bool,
    ) -> Result<Option<&'g Node<K, V>>, &'g Node<K, V>>
    where
        Q: ?Sized + Equivalent<K>,
    {
        let wanted = Wanted::<Q, K, V>::new(hash, key);
        let mut decision = Decision::Keep;
        let done = self.write_at_once(section, hash, &wanted, |old| {
            decision = self.decide_removal(section, old, &mut condition);
            decision
        });
        match done {
            // SAFETY: the table's answer, and what was decided last.
            Ok(old) => unsafe { self.conclude_removal(section, old, decision) },
            Err(seen) => self.remove_closely(section, hash, key, condition, seen),
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_closely<'g, Q>(
        &'g self,
        section: &'g Section<'_>,
        hash: u64,
        key: &Q,
        mut condition: impl FnMut(&K, &V) -> bool,
        seen: Option<Decided<Word>>,
    ) -> Result<Option<&'g Node<K, V>>, &'g Node<K, V>>
    where
        Q: ?Sized + Equivalent<K>,
    {
        let wanted = Wanted::<Q, K, V>::new(hash, key);
        let mut last = seen.map_or(Decision::Keep, |(_, decision)| decision);
        let mut decide = |old: Option<Word>| {
            last = self.decide_removal(section, old, &mut condition);
            last
        };
        let old = self.write_closely(section, hash, &wanted, &mut decide, seen);
        // SAFETY: the table's answer, and what was decided last.
        unsafe { self.conclude_removal(section, old, last) }
    }

    #[inline]
    fn decide_removal(
        &self,
        section: &Section<'_>,
        old: Option<Word>,
        condition: &mut impl FnMut(&K, &V) -> bool,
    ) -> Decision<Word> {
        let remove = old.is_none_or(|word| {
            // SAFETY: found in the table within the section.
            let entry = unsafe { self.entry(word, section) };
            condition(&entry.key, &entry.value)
        });
        match remove {
            true => Decision::Remove,
            false => Decision::Keep,
        }
    }

    /// # Safety
    /// The table's answer to an operation of this section, and what it was told to do. Once.
    #[inline]
    unsafe fn conclude_removal<'g>(
        &'g self,
        section: &'g Section<'_>,
        old: Option<Word>,
        decision: Decision<Word>,
    ) -> Result<Option<&'g Node<K, V>>, &'g Node<K, V>> {
        match old {
            None => Ok(None),
            // SAFETY: found in the table within the section.
            Some(word) if decision == Decision::Keep => Err(unsafe { self.entry(word, section) }),
            // SAFETY: the operation has taken it out.
            Some(word) => Ok(Some(unsafe { self.retire(word, section) })),
        }
    }

    /// Removes just this entry, if it is still there.
    pub(super) fn remove_this(&self, section: &Section<'_>, entry: &Node<K, V>) -> bool {
        struct This(*const ());
        impl Probe<Word> for This {
            unsafe fn is(&self, word: Word) -> bool {
                core::ptr::eq(word.node().cast(), self.0)
            }
        }
        let this = This(core::ptr::from_ref(entry).cast());
        let mut decide = |_| Decision::Remove;
        let done = self.write_at_once(section, entry.hash(), &this, &mut decide);
        let old = done.unwrap_or_else(|seen| {
            self.write_closely(section, entry.hash(), &this, &mut decide, seen)
        });
        // SAFETY: the operation has taken it out.
        old.map(|word| unsafe { self.retire(word, section) })
            .is_some()
    }
}

/// An operation that may store an entry.
pub(super) struct Write<'g, K, V, S> {
    core: &'g Core<K, V, S>,
    section: &'g Section<'g>,
    draft: Drafted<'g, K, V>,
}

impl<'g, K, V, S> Writing<'g, K, V> for Write<'g, K, V, S>
where
    K: Hash + Eq,
    S: BuildHasher,
{
    type Nodes = Making<'g, K, V>;
    type Found = &'g Node<K, V>;

    #[inline]
    fn pair(found: &'g Node<K, V>) -> (&'g K, &'g V) {
        found.pair()
    }

    #[inline(always)]
    fn write(
        self,
        mut decide: impl FnMut(Option<&'g Node<K, V>>, &Drafted<'g, K, V>) -> entries::Decision,
    ) -> Written<&'g Node<K, V>, Making<'g, K, V>, K, V> {
        let Write {
            core,
            section,
            draft,
        } = self;
        let mut last = Decision::Keep;
        let done = core.write_at_once(section, draft.nodes().hash(), &draft, |old| {
            last = core.decide_writing(section, old, &draft, &mut decide);
            last
        });
        match done {
            // SAFETY: the table's answer, and what was decided last.
            Ok(old) => unsafe { core.conclude_writing(section, draft, old, last) },
            Err(seen) => core.write_draft_closely(section, draft, decide, seen),
        }
    }
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq,
    S: BuildHasher,
{
    /// Something is to be done with the entry of a key, which may be stored.
    #[inline(always)]
    pub(super) fn writing<'g>(
        &'g self,
        section: &'g Section<'g>,
        hash: u64,
        key: K,
        value: Option<V>,
    ) -> Write<'g, K, V, S> {
        let nodes = Making::new(&self.nodes, section, hash, self.table.depth());
        Write {
            core: self,
            section,
            draft: Draft::new(nodes, key, value),
        }
    }

    #[cold]
    #[inline(never)]
    fn write_draft_closely<'g>(
        &'g self,
        section: &'g Section<'g>,
        draft: Drafted<'g, K, V>,
        mut decide: impl FnMut(Option<&'g Node<K, V>>, &Drafted<'g, K, V>) -> entries::Decision,
        seen: Option<Decided<Word>>,
    ) -> Written<&'g Node<K, V>, Making<'g, K, V>, K, V> {
        let mut last = seen.map_or(Decision::Keep, |(_, decision)| decision);
        let mut decide = |old: Option<Word>| {
            last = self.decide_writing(section, old, &draft, &mut decide);
            last
        };
        let hash = draft.nodes().hash();
        let old = self.write_closely(section, hash, &draft, &mut decide, seen);
        // SAFETY: the table's answer, and what was decided last.
        unsafe { self.conclude_writing(section, draft, old, last) }
    }

    #[inline(always)]
    fn decide_writing<'g>(
        &'g self,
        section: &'g Section<'g>,
        old: Option<Word>,
        draft: &Drafted<'g, K, V>,
        decide: &mut impl FnMut(Option<&'g Node<K, V>>, &Drafted<'g, K, V>) -> entries::Decision,
    ) -> Decision<Word> {
        // SAFETY: found in the table within the section.
        let entry = old.map(|word| unsafe { self.entry(word, section) });
        match decide(entry, draft) {
            entries::Decision::Keep => Decision::Keep,
            entries::Decision::Remove => Decision::Remove,
            entries::Decision::Put => Decision::Put(draft.nodes().word(draft.node())),
        }
    }

    /// What has been done with a draft.
    ///
    /// # Safety
    /// The table's answer to an operation of this section, by which the draft was put if it was decided so;
    /// and that decision. Once.
    #[inline(always)]
    unsafe fn conclude_writing<'g>(
        &'g self,
        section: &'g Section<'g>,
        draft: Drafted<'g, K, V>,
        old: Option<Word>,
        decision: Decision<Word>,
    ) -> Written<&'g Node<K, V>, Making<'g, K, V>, K, V> {
        // SAFETY: for those that the operation has taken out.
        let retire = |word| unsafe { self.retire(word, section) };
        match decision {
            Decision::Keep => {
                // SAFETY: found in the table within the section.
                let there = old.map(|word| unsafe { self.entry(word, section) });
                Written::Kept(there, draft)
            }
            Decision::Put(new) => {
                // First of all: the draft is the map's.
                draft.publish();
                // SAFETY: of the map; if it has been retired since, then within this section.
                let new = unsafe { self.entry(new, section) };
                Written::Put(old.map(retire), new)
            }
            Decision::Remove => Written::Removed(old.map(retire)),
        }
    }
}

impl<K, V, S> Core<K, V, S> {
    /// Asserts what must hold at rest.
    pub(super) fn check(&mut self) {
        // SAFETY: exclusively borrowed, so what is in the table is not reclaimed.
        self.table.check(|word| unsafe { Stored.hash(word) });
        self.nodes.check();
    }

    pub(super) fn reserve(&self, section: &Section<'_>, additional: usize) {
        let entries = self.table.count.get().checked_add(additional);
        let entries = entries.expect("capacity overflow");
        self.table.reserve(section, entries, &Stored);
    }

    pub(super) fn shrink_to(&self, entries: usize) {
        // SAFETY: all operations of this map are in sections.
        unsafe { self.table.shrink_to(entries, &Stored) };
        self.table.pool.flush();
        self.nodes.flush();
    }
}

/// Drops nodes, whatever panics: what is left when a map goes.
pub(super) struct Disposal<'z, K, V> {
    nodes: &'z Zone<Node<K, V>>,
    panic: FirstPanic,
}

impl<'z, K, V> Disposal<'z, K, V> {
    pub(super) fn new(nodes: &'z Zone<Node<K, V>>) -> Self {
        let panic = FirstPanic::default();
        Disposal { nodes, panic }
    }

    /// # Safety
    /// Of this zone, out of the table, and nobody else's; once.
    pub(super) unsafe fn dispose(&mut self, word: Word) {
        let node = Shared::from_raw(word.node().cast::<Node<K, V>>());
        // SAFETY: the caller's contract.
        self.panic.catch(|| unsafe { self.nodes.dispose(node) });
    }

    /// Goes on with the first panic, unless the thread panics already.
    pub(super) fn finish(self) {
        self.panic.finish();
    }
}

impl<K, V, S> Drop for Core<K, V, S> {
    fn drop(&mut self) {
        let mut disposal = Disposal::new(&self.nodes);
        // SAFETY: in the table once, and nobody else has the map.
        self.table.drain(|word| unsafe { disposal.dispose(word) });
        disposal.finish();
    }
}
