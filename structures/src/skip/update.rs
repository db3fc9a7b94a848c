//! Changes of one entry.

use core::ptr;

use super::change::{Content, Part, retry};
use super::compare::Comparator;
use super::core::Core;
use super::find::Trail;
use super::memory::Entry;
use super::probe::{Cut, Probe};
use super::reclaim::Section;
use super::rev::Item;

/// What shall be done with an entry, or its place.
pub(super) enum Decision<K, V> {
    /// Nothing.
    Keep,
    /// If there is an entry.
    Remove,
    /// Instead of the entry, if there is one. Of the map's memory; it is the map's if it is put there.
    Put(*mut Entry<K, V>),
}

/// What was there, or null, and what was decided.
type Decided<K, V> = (*const Entry<K, V>, Decision<K, V>);

impl<K, V> Clone for Decision<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Decision<K, V> {}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// A lookup. Lock-free; linearizes at the load of the word of the chunk that covers the key.
    #[inline]
    pub(super) fn get<'s>(
        &'s self,
        section: &'s Section<'_>,
        probe: &impl Probe<K>,
    ) -> Option<&'s Entry<K, V>> {
        let seen = self.find(section, Cut::To(probe), 0, &mut Trail::new())?;
        let view = seen.view(section);
        let (at, found) = Self::locate(view, 0, probe, section);
        found.then(|| Self::entry(view.items()[at], section))
    }

    /// Does with an entry what `decide` says, in one atomic step; it is asked again when there has come another
    /// entry meanwhile. Nothing is held while it runs. `done` is told as soon as a change has happened
    /// whether something was put: what follows may panic. Lock-free.
    ///
    /// Answers what was there, and what was decided.
    pub(super) fn change<'s>(
        &'s self,
        section: &'s Section<'_>,
        probe: &impl Probe<K>,
        mut decide: impl FnMut(Option<&'s Entry<K, V>>) -> Decision<K, V>,
        done: impl FnOnce(bool),
    ) -> (Option<&'s Entry<K, V>>, Decision<K, V>) {
        let mut trail = Trail::new();
        let mut last: Option<Decided<K, V>> = None;
        let mut decide = |old: Option<&'s Entry<K, V>>| {
            let at = old.map_or(ptr::null(), ptr::from_ref);
            match last {
                Some((before, decision)) if ptr::eq(before, at) => decision,
                _ => {
                    let decision = decide(old);
                    last = Some((at, decision));
                    decision
                }
            }
        };
        loop {
            let Some(seen) = self.find(section, Cut::To(probe), 0, &mut trail) else {
                match decide(None) {
                    Decision::Put(_) => self.begin(section),
                    decision => return (None, decision),
                }
                continue;
            };
            let view = seen.view(section);
            let (at, found) = Self::locate(view, 0, probe, section);
            let item = found.then(|| view.items()[at]);
            let old = item.map(|item| Self::entry(item, section));
            let decision = decide(old);
            let new: Item = match decision {
                Decision::Put(new) => new.cast(),
                Decision::Remove if found => ptr::null_mut(),
                _ => return (old, decision),
            };
            if seen.is_frozen() {
                self.absorb(seen.chunk, section, &mut trail);
                retry();
                continue;
            }
            let known = view.known();
            let hint;
            let part = if new.is_null() {
                Part::NONE
            } else {
                hint = Self::hint_of(new, 0, known, section);
                Part::one(&hint, &new, known)
            };
            let content = Content::with(view, at..at + usize::from(found), part);
            let Some(now) = self.replace(seen, &content, section) else {
                continue;
            };
            done(!new.is_null());
            match item {
                // SAFETY: S5: this thread has replaced it.
                Some(item) => unsafe { self.memory.retire(item.cast(), section) },
                None => self.count.add(1),
            }
            if new.is_null() {
                self.count.add(-1);
                self.tidy(seen.chunk, &now, section, &mut trail);
            }
            self.index(now.born, section, &mut trail);
            // Whoever should may have stopped.
            if let Some(dead) = trail.dead {
                self.deindex(dead, section, &mut trail);
            }
            return (old, decision);
        }
    }
}
