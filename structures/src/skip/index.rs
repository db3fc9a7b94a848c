//! What the index is told of chunks that are born and that die.

use core::ptr;

use super::change::{Born, retry, unlink};
use super::chunk::At;
use super::compare::Comparator;
use super::core::Core;
use super::find::Trail;
use super::probe::{Cut, WantedLow};
use super::rev::Item;
use super::rules::Rule;
use crate::reclaim::Section;

/// From so many levels above the entries on, their count has stripes: there are hundreds of them.
pub(super) const STRIPED: u16 = 2;

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// Gives a chunk that was born its place in the index.
    pub(super) fn index<'s>(
        &'s self,
        born: Option<Born<'s, K, V>>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) {
        let mut next = born;
        while let Some(born) = next {
            next = self.index_one(born, section, trail);
        }
    }

    /// The same; the chunk that was born by this.
    fn index_one<'s>(
        &'s self,
        new: Born<'s, K, V>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) -> Option<Born<'s, K, V>> {
        let born = new.chunk;
        let comparator = &self.comparator;
        let level = born.level + 1;
        let item: Item = born.as_ptr().cast();
        let above = loop {
            let top = self.top(section).expect("there is a level");
            if top.level < level {
                if self.raise_with(top, born, section) {
                    break None;
                }
                continue;
            }
            let early = !Rule::IndexFirst.holds() && born.load().is_frozen();
            let low = Self::low(&born, section);
            let wanted = WantedLow { low, comparator };
            let found = self.find(section, Cut::To(&wanted), level, trail);
            let seen = found.expect("there is a level");
            // The revision first: then no chunk of the same low has come into it since this one died.
            let is_dead = match Rule::IndexFirst.holds() {
                true => born.load().is_frozen(),
                false => early,
            };
            if is_dead {
                return None;
            }
            if seen.is_frozen() {
                self.absorb(seen.chunk, section, trail);
                retry();
                continue;
            }
            let view = seen.view(section);
            let (at, found) = Self::locate(view, level, &wanted, section);
            // The head below is an item as well, which no chunk replaces.
            let is_low = |at: usize| at > 0 || !seen.chunk.is_head;
            let (out, replaced) = match found {
                true if is_low(at) && Rule::Replace.holds() => (at..at + 1, Some(view.items()[at])),
                true => (at + 1..at + 1, None),
                false => {
                    let at = at.max(usize::from(seen.chunk.is_head));
                    (at..at, None)
                }
            };
            let hint = Self::hint_of(item, level, view.known(), section);
            if let Some(done) = self.replace_one(seen, out, Some((hint, item)), section) {
                if let Some(replaced) = replaced {
                    let replaced = Self::child(replaced, section);
                    unlink(&self.memory, replaced);
                }
                break done.born;
            }
        };
        core::mem::forget(new);
        // Pairs with the fence of `deindex`.
        Rule::IndexFence.fence();
        if Rule::Recheck.holds() && born.load().is_frozen() {
            self.deindex(born, section, trail);
        }
        above
    }

    /// Another level on top, which begins with this chunk.
    fn raise_with(&self, top: At<'_>, born: At<'_>, section: &Section<'_>) -> bool {
        let items = [top, born].map(|chunk| -> Item { chunk.as_ptr().cast() });
        let level = top.level + 1;
        let mut draft = self.memory.draft(2, (ptr::null_mut(), 0), 0, section);
        for item in items {
            draft.push(Self::hint_of(item, level, 0, section), item);
        }
        let rev = draft.finish();
        let head = self.memory.head(rev, level, section);
        if self.raise(top.as_ptr(), head) {
            if level == STRIPED {
                self.count.spread();
            }
            return true;
        }
        // SAFETY: made here, and not published.
        unsafe { self.memory.dispose_rev(rev) };
        // SAFETY: as above.
        unsafe { self.memory.dispose_chunk(head) };
        retry();
        false
    }

    /// Takes a frozen chunk out of the index, if it is there.
    pub(super) fn deindex<'s>(
        &'s self,
        dead: At<'s>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) {
        let comparator = &self.comparator;
        let level = dead.level + 1;
        // Pairs with the fence of `index`: here the chunk is seen in the index, or there that it is frozen.
        Rule::DeadFence.fence();
        loop {
            if self.top(section).is_none_or(|top| top.level < level) {
                return;
            }
            let low = Self::low(&dead, section);
            let wanted = WantedLow { low, comparator };
            let found = self.find(section, Cut::To(&wanted), level, trail);
            let seen = found.expect("there is a level");
            let view = seen.view(section);
            let is_dead = |item: &Item| item.cast() == dead.as_ptr();
            let Some(at) = view.items().iter().position(is_dead) else {
                return;
            };
            if seen.is_frozen() {
                self.absorb(seen.chunk, section, trail);
                retry();
                continue;
            }
            if let Some(now) = self.replace_one(seen, at..at + 1, None, section) {
                unlink(&self.memory, dead);
                self.tidy(seen.chunk, &now, section, trail);
                return;
            }
        }
    }
}
