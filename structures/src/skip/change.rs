//! How revisions are replaced, and chunks born and absorbed.

use core::ptr;

use super::chunk::{At, Chunk, Low, Word};
use super::compare::Comparator;
use super::content::{Content, Part};
use super::core::{Core, Seen};
use super::find::Trail;
use super::hint::{self, Kind};
use super::memory::Memory;
use super::probe::{Cut, LowKey, WantedLow, kind_of};
use super::rev::{CAP, Draft, Item, Rev};
use super::rules::Rule;
use crate::reclaim::{Section, see};

/// A chunk with fewer items takes the next one's, if both have not more than `ENOUGH`.
const FEW: usize = CAP / 4;
const ENOUGH: usize = CAP * 2 / 3;

/// What a replacement has done.
pub(super) struct Replaced<'s, K, V> {
    pub(super) word: Word,
    /// How many items the chunk has now; those behind are in `born`.
    pub(super) len: usize,
    pub(super) born: Option<Born<'s, K, V>>,
}

/// A chunk that was born, and that the index does not know yet. It never will, if a comparison panics: then the
/// link is given up that its place there would be.
pub(super) struct Born<'s, K, V> {
    pub(super) chunk: At<'s>,
    /// What it was born with.
    word: Word,
    memory: &'s Memory<K, V>,
}

impl<K, V> Drop for Born<'_, K, V> {
    fn drop(&mut self) {
        unlink(self.memory, self.chunk);
    }
}

impl<'s, K, V> Replaced<'s, K, V> {
    /// Where an item is that has been put at `at` of the new content: in the chunk, or in the one that was born.
    pub(super) fn place(&self, chunk: At<'s>, at: usize) -> (Seen<'s>, usize) {
        match &self.born {
            Some(born) if at >= self.len => {
                let (chunk, word) = (born.chunk, born.word);
                (Seen { chunk, word }, at - self.len)
            }
            _ => {
                let word = self.word;
                (Seen { chunk, word }, at)
            }
        }
    }
}

/// Gives up a link of a chunk.
pub(super) fn unlink<K, V>(memory: &Memory<K, V>, chunk: At<'_>) {
    if chunk.unlink() {
        // SAFETY: S6: the last link.
        unsafe { memory.retire_chunk(chunk.as_ptr()) };
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// The first level. Aborts if there is no memory.
    #[cold]
    pub(super) fn begin(&self, section: &Section<'_>) {
        let none = (ptr::null_mut(), 0);
        let rev = self.memory.draft(0, none, 0, section).finish();
        let head = self.memory.head(rev, 0, section);
        if !self.raise(ptr::null_mut(), head) {
            // SAFETY: made here, and not published.
            unsafe { self.memory.dispose_rev(rev) };
            // SAFETY: as above.
            unsafe { self.memory.dispose_chunk(head) };
        }
    }

    /// How many bytes all keys have in common that are covered from a low to the next chunk's.
    pub(super) fn known(low: &LowKey<'_, K>, next: *mut Chunk, section: &Section<'_>) -> usize {
        if kind_of::<K, C>() != Kind::Bytes || next.is_null() {
            return 0;
        }
        // SAFETY: S6: it was linked within the section, or is about to be.
        let next = unsafe { see(next, section) };
        match (low, Self::low(next, section)) {
            // Fewer are true as well, and there is room for so many.
            (LowKey::Key(low), LowKey::Key(next)) => hint::common(*low, next).min(u16::MAX.into()),
            _ => 0,
        }
    }

    /// A revision with some of the items.
    pub(super) fn compose(
        &self,
        content: &Content<'_>,
        range: core::ops::Range<usize>,
        next: (*mut Chunk, u64),
        (level, known): (u16, usize),
        section: &Section<'_>,
    ) -> *mut Rev {
        let mut draft: Draft = self.memory.draft(range.len(), next, known, section);
        let mut start = 0;
        let mut agree = true;
        for part in &content.parts {
            let end = start + part.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                let (from, to) = (from - start, to - start);
                draft.append(&part.hints[from..to], &part.items[from..to]);
                agree &= part.known == known;
            }
            start = end;
        }
        if !agree {
            // Of whole keys nothing is known beforehand; and inline items could not be asked for their keys.
            debug_assert!(!Self::is_whole());
            draft.rehint(known, |item| Self::hint_of(item, level, known, section));
        }
        draft.finish()
    }

    /// Puts a revision with this content into force, in two chunks if it is too much. None if the chunk has
    /// changed. Linearizes what it does at the change. Aborts if there is no memory.
    pub(super) fn replace<'s>(
        &'s self,
        seen: Seen<'s>,
        content: &Content<'_>,
        section: &'s Section<'_>,
    ) -> Option<Replaced<'s, K, V>> {
        let Seen { chunk, word } = seen;
        debug_assert!(!word.is_frozen() || !Rule::AbsorbIntoLive.holds(), "S4");
        let level = chunk.level;
        let len = content.len();
        let low = Self::low(&chunk, section);
        let (mut lower, mut next) = (len, content.next);
        let mut known = seen.view(section).known();
        let mut upper = None;
        if len > CAP {
            lower = Self::middle(content);
            let (born, hint) = self.bear(content, lower..len, level, section)?;
            next = (born, hint);
            known = Self::known(&low, born, section);
            // SAFETY: made here, and not published.
            upper = Some((born, unsafe { see(born, section) }.load()));
        } else if content.next.0 != seen.view(section).next() {
            known = Self::known(&low, content.next.0, section);
        }
        let rev = self.compose(content, 0..lower, next, (level, known), section);
        if chunk.change(word, Word::live(rev)) {
            // SAFETY: S5.
            unsafe { self.memory.retire_rev(word.rev()) };
            return Some(Replaced {
                word: Word::live(rev),
                len: lower,
                born: upper.map(|(born, word)| Born {
                    // SAFETY: S6: it has a link that its place in the index will be.
                    chunk: unsafe { At::new(born, section) },
                    word,
                    memory: &self.memory,
                }),
            });
        }
        // SAFETY: made here, and not published.
        unsafe { self.memory.dispose_rev(rev) };
        if let Some((born, word)) = upper {
            // SAFETY: as above.
            unsafe { self.memory.dispose_rev(word.rev()) };
            // SAFETY: as above.
            unsafe { self.memory.dispose_chunk(born) };
        }
        retry();
        None
    }

    /// [`replace`](Self::replace)s one item, or none, by another one and its hint behind what is known, or none.
    #[inline]
    pub(super) fn replace_one<'s>(
        &'s self,
        seen: Seen<'s>,
        out: core::ops::Range<usize>,
        new: Option<(u64, Item)>,
        section: &'s Section<'_>,
    ) -> Option<Replaced<'s, K, V>> {
        let Seen { chunk, word } = seen;
        let view = seen.view(section);
        let known = view.known();
        let len = view.len() - out.len() + usize::from(new.is_some());
        if len > CAP {
            let (hint, new) = new?;
            let new = Part::one(&hint, &new, known);
            return self.replace(seen, &Content::with(view, out, new), section);
        }
        debug_assert!(!word.is_frozen(), "S4");
        // S9: neither copied.
        let to = match new {
            None if out == (0..1) && Rule::Windows.holds() => word.without_first(),
            Some((hint, item)) if out == (view.len()..view.len()) => view.add(hint, item),
            _ => None,
        };
        if let Some(to) = to {
            if chunk.change(word, to) {
                let (word, born) = (to, None);
                return Some(Replaced { word, len, born });
            }
            retry();
            return None;
        }
        let next = (view.next(), view.head().next_hint);
        let mut draft: Draft = self.memory.draft(len, next, known, section);
        draft.splice(view, out, new);
        let rev = draft.finish();
        if chunk.change(word, Word::live(rev)) {
            // SAFETY: S5.
            unsafe { self.memory.retire_rev(word.rev()) };
            let word = Word::live(rev);
            let born = None;
            return Some(Replaced { word, len, born });
        }
        // SAFETY: made here, and not published.
        unsafe { self.memory.dispose_rev(rev) };
        retry();
        None
    }

    /// How much of what is too much stays: all that was there, if more comes at the end of everything.
    fn middle(content: &Content<'_>) -> usize {
        let [before, new, after] = &content.parts;
        let ascends = content.next.0.is_null() && after.len() == 0 && new.len() == 1;
        // In models chunks have the same shape whatever comes.
        if ascends && !cfg!(smr_loom) {
            before.len()
        } else {
            content.len() / 2
        }
    }

    /// A chunk with the upper items, and the hint of its low. None if the entry that the low would be is gone.
    pub(super) fn bear(
        &self,
        content: &Content<'_>,
        range: core::ops::Range<usize>,
        level: u16,
        section: &Section<'_>,
    ) -> Option<(*mut Chunk, u64)> {
        let first = content.item(range.start);
        let hint = match level {
            0 if Self::is_whole() => content.hint(range.start),
            _ => Self::hint_of(first, level, 0, section),
        };
        let low = match level {
            _ if Self::is_whole() => Low { hint },
            0 => Low { entry: first },
            _ => Self::child(first, section).low,
        };
        // The bytes that its keys have in common depend on its low, which is there as long as the section.
        let key = match Self::is_whole() {
            true => LowKey::Hint(hint),
            // SAFETY: those have an entry.
            false => LowKey::Key(Self::key(unsafe { low.entry }, section)),
        };
        let known = Self::known(&key, content.next.0, section);
        let rev = self.compose(content, range, content.next, (level, known), section);
        // SAFETY: an entry that was in the map within the section, or counted by a chunk that was.
        let born = unsafe { self.memory.chunk(rev, low, level, section) };
        if born.is_none() {
            // SAFETY: made here, and not published.
            unsafe { self.memory.dispose_rev(rev) };
        }
        Some((born?, hint))
    }

    /// After a removal: a chunk without items is absorbed, and one with few takes the next one's.
    pub(super) fn tidy<'s>(
        &'s self,
        chunk: At<'s>,
        now: &Replaced<'s, K, V>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) {
        if now.len == 0 {
            if !chunk.is_head && chunk.freeze(now.word) {
                self.absorb(chunk, section, trail);
            }
            return;
        }
        if now.len >= FEW {
            return;
        }
        let seen = Seen {
            chunk,
            word: now.word,
        };
        let Some(next) = Self::next(seen.view(section), section) else {
            return;
        };
        let next = Seen::now(next);
        let fits = now.len + next.view(section).len() <= ENOUGH;
        if next.is_frozen() || fits && next.chunk.freeze(next.word) {
            self.absorb(next.chunk, section, trail);
        }
    }

    /// Moves a frozen chunk's items into the one before it, unless somebody has. Those before it that are frozen
    /// go first, from the left to the right: there is a live one on their left, the head if no other.
    pub(super) fn absorb<'s>(
        &'s self,
        wanted: At<'s>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) {
        let mut dead = wanted;
        loop {
            let Some(before) = self.before(dead, section, trail) else {
                if dead == wanted {
                    return;
                }
                dead = wanted;
                retry();
                continue;
            };
            if before.is_frozen() && Rule::AbsorbIntoLive.holds() {
                dead = before.chunk;
                continue;
            }
            let Some(next) = self.absorb_into(before, dead, section, trail) else {
                continue;
            };
            if dead == wanted {
                return;
            }
            // To the right again.
            dead = next
                .filter(|next| next.load().is_frozen())
                .unwrap_or(wanted);
        }
    }

    /// The chunk before a frozen one; none if it is not found the first time, or not linked any more.
    fn before<'s>(
        &'s self,
        dead: At<'s>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) -> Option<Seen<'s>> {
        let (low, comparator) = (Self::low(&dead, section), &self.comparator);
        let wanted = WantedLow { low, comparator };
        let found = self.find(section, Cut::Below(&wanted), dead.level, trail);
        let before = found.expect("there is a level");
        if before.view(section).next() == dead.as_ptr() {
            return Some(before);
        }
        if trail.vain != Some(dead) {
            trail.vain = Some(dead);
            return None;
        }
        // An order that contradicts itself, or somebody absorbs it just now.
        self.before_by_address(dead, section)
    }

    /// Moves a frozen chunk's items into a live one before it. None if that has changed, else the next one, if
    /// there is one.
    fn absorb_into<'s>(
        &'s self,
        before: Seen<'s>,
        dead: At<'s>,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) -> Option<Option<At<'s>>> {
        let last = Seen::now(dead);
        debug_assert!(last.is_frozen(), "S4");
        let (view, more) = (before.view(section), last.view(section));
        let content = Content {
            parts: [
                Part::of(view, 0..view.len()),
                Part::of(more, 0..more.len()),
                Part::NONE,
            ],
            next: (more.next(), more.head().next_hint),
        };
        let next = Self::next(more, section);
        let done = self.replace(before, &content, section)?;
        // SAFETY: S5: its items are in the other one by now.
        unsafe { self.memory.retire_rev(last.word.rev()) };
        unlink(&self.memory, dead);
        self.deindex(dead, section, trail);
        self.index(done.born, section, trail);
        Some(next)
    }

    /// The chunk before one, whatever the order of the lows is.
    #[cold]
    pub(super) fn before_by_address<'s>(
        &self,
        chunk: At<'s>,
        section: &'s Section<'_>,
    ) -> Option<Seen<'s>> {
        let mut seen = Seen::now(self.head(chunk.level, section)?);
        loop {
            let next = Self::next(seen.view(section), section)?;
            if next == chunk {
                return Some(seen);
            }
            seen = Seen::now(next);
        }
    }
}

/// Another attempt.
#[inline]
pub(super) fn retry() {
    #[cfg(smr_loom)]
    smr_core::primitive::yield_now();
}
