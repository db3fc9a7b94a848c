//! Changes of one entry.

use super::change::retry;
use super::compare::Comparator;
use super::core::Core;
use super::find::Trail;
use super::inline;
use super::pair::Pair;
use super::probe::{Cut, Probe};
use super::rev::Item;
use crate::reclaim::Section;

/// What shall be done with an entry, or its place.
#[derive(Clone, Copy)]
pub(super) enum Decision {
    /// Nothing.
    Keep,
    /// If there is an entry.
    Remove,
    /// Instead of the entry, if there is one. Of the map's memory, and the map's if it is put there; or inline.
    Put(Item),
}

/// What has been done.
pub(super) enum Changed<'s, K, V> {
    /// Nothing: what is there.
    Kept(Option<Pair<'s, K, V>>),
    /// What was there.
    Removed(Option<Pair<'s, K, V>>),
    /// What was there, and what is there instead.
    Put(Option<Pair<'s, K, V>>, Pair<'s, K, V>),
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// A lookup. Lock-free; linearizes at the load of the word of the chunk that covers the key.
    #[inline]
    pub(super) fn get<'s>(
        &'s self,
        section: &'s Section<'_>,
        probe: &impl Probe<K>,
    ) -> Option<Pair<'s, K, V>> {
        let seen = self.find(section, Cut::To(probe), 0, &mut Trail::new())?;
        let view = seen.view(section);
        let (at, found) = Self::locate(view, 0, probe, section);
        found.then(|| Self::at(view, at, section))
    }

    /// Does with an entry what `decide` says, in one atomic step; it is asked again when there has come another
    /// entry meanwhile; of an inline one, some times, when the chunk has changed (`inline`). Nothing is held while it
    /// runs. `done` is told as soon as a change has happened whether something was put: what follows may panic.
    /// Lock-free.
    pub(super) fn change<'s>(
        &'s self,
        section: &'s Section<'_>,
        probe: &impl Probe<K>,
        mut decide: impl FnMut(Option<Pair<'s, K, V>>) -> Decision,
        done: impl FnOnce(bool),
    ) -> Changed<'s, K, V> {
        let mut trail = Trail::new();
        // What was there, what was decided, and how often it has been decided.
        let mut last: Option<(Option<Item>, Decision)> = None;
        let mut asked = 0;
        let mut decide = |item: Option<Item>, old: Option<Pair<'s, K, V>>| match last {
            Some((before, decision))
                if before == item
                    && (item.is_none() || !Self::is_inline() || asked >= inline::ASKED) =>
            {
                decision
            }
            _ => {
                let decision = decide(old);
                asked += 1;
                last = Some((item, decision));
                decision
            }
        };
        loop {
            let Some(seen) = self.find(section, Cut::To(probe), 0, &mut trail) else {
                match decide(None, None) {
                    Decision::Put(_) => self.begin(section),
                    Decision::Keep => return Changed::Kept(None),
                    Decision::Remove => return Changed::Removed(None),
                }
                continue;
            };
            let view = seen.view(section);
            let (at, found) = Self::locate(view, 0, probe, section);
            let item = found.then(|| view.items()[at]);
            let old = found.then(|| Self::at(view, at, section));
            let new = match decide(item, old) {
                Decision::Put(new) if Self::is_inline() => {
                    debug_assert!(probe.is_hinted(), "what is put is a key of the map's");
                    Some((probe.hint(0), new))
                }
                Decision::Put(new) => {
                    let hint = Self::hint_of(new, 0, view.known(), section);
                    Some((hint, new))
                }
                Decision::Remove if found => None,
                Decision::Remove => return Changed::Removed(None),
                Decision::Keep => return Changed::Kept(old),
            };
            if seen.is_frozen() {
                self.absorb(seen.chunk, section, &mut trail);
                retry();
                continue;
            }
            let out = at..at + usize::from(found);
            let Some(now) = self.replace_one(seen, out, new, section) else {
                continue;
            };
            done(new.is_some());
            match item {
                // SAFETY: S5: this thread has replaced it.
                Some(item) => unsafe { self.retire(item, section) },
                None => self.count.add(1),
            }
            let changed = if new.is_some() {
                let (seen, at) = now.place(seen.chunk, at);
                Changed::Put(old, Self::at(seen.view(section), at, section))
            } else {
                self.count.add(-1);
                self.tidy(seen.chunk, &now, section, &mut trail);
                Changed::Removed(old)
            };
            self.index(now.born, section, &mut trail);
            // Whoever should may have stopped.
            if let Some(dead) = trail.dead {
                self.deindex(dead, section, &mut trail);
            }
            return changed;
        }
    }

    /// Retires an entry that has been taken out. An inline one goes with its revision (S5).
    ///
    /// # Safety
    /// The caller has replaced it; once.
    #[inline]
    pub(super) unsafe fn retire(&self, item: Item, section: &Section<'_>) {
        if !Self::is_inline() {
            // SAFETY: the caller's contract.
            unsafe { self.memory.retire(item.cast(), section) };
        }
    }
}
