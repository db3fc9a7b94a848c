//! How revisions are replaced, chunks born and absorbed, and what the index is told.

use core::ptr;

use super::compare::Comparator;
use super::core::{Core, Seen};
use super::find::Trail;
use super::hint::{self, Kind};
use super::memory::Memory;
use super::probe::{Cut, LowKey, WantedLow, kind_of};
use super::reclaim::{Section, see};
use super::rev::{CAP, Chunk, Draft, Item, Low, Rev, View, Word};
use super::rules::Rule;

/// A chunk with fewer items takes the next one's, if both have not more than `ENOUGH`.
const FEW: usize = CAP / 4;
const ENOUGH: usize = CAP * 2 / 3;

/// Some of the items that a revision is made of.
#[derive(Clone, Copy)]
pub(super) struct Part<'p> {
    hints: &'p [u64],
    items: &'p [Item],
    /// So many bytes of the keys are before what the hints say.
    known: usize,
}

impl<'p> Part<'p> {
    pub(super) const NONE: Part<'static> = Part {
        hints: &[],
        items: &[],
        known: 0,
    };

    #[inline]
    pub(super) fn of(view: View<'p>, range: core::ops::Range<usize>) -> Self {
        Part {
            hints: &view.hints()[range.clone()],
            items: &view.items()[range],
            known: view.known(),
        }
    }

    #[inline]
    pub(super) fn one(hint: &'p u64, item: &'p Item, known: usize) -> Self {
        Part {
            hints: core::slice::from_ref(hint),
            items: core::slice::from_ref(item),
            known,
        }
    }

    #[inline]
    fn len(&self) -> usize {
        self.items.len()
    }
}

/// A chunk's new content.
pub(super) struct Content<'p> {
    pub(super) parts: [Part<'p>; 3],
    /// The next chunk, and the hint of its low.
    pub(super) next: (*mut Chunk, u64),
}

impl<'p> Content<'p> {
    /// That of a revision, of which some items give way to others.
    #[inline]
    pub(super) fn with(view: View<'p>, out: core::ops::Range<usize>, new: Part<'p>) -> Self {
        let before = Part::of(view, 0..out.start);
        let after = Part::of(view, out.end..view.len());
        Content {
            parts: [before, new, after],
            next: (view.next(), view.head().next_hint),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// One of the items.
    fn item(&self, mut at: usize) -> Item {
        for part in &self.parts {
            match part.items.get(at) {
                Some(&item) => return item,
                None => at -= part.len(),
            }
        }
        unreachable!("there are so many")
    }
}

/// What a replacement has done.
pub(super) struct Replaced<'s, K, V> {
    pub(super) word: Word,
    pub(super) len: usize,
    pub(super) born: Option<Born<'s, K, V>>,
}

/// A chunk that was born, and that the index does not know yet. It never will, if a comparison panics: then the
/// link is given up that its place there would be.
pub(super) struct Born<'s, K, V> {
    chunk: &'s Chunk,
    memory: &'s Memory<K, V>,
}

impl<K, V> Drop for Born<'_, K, V> {
    fn drop(&mut self) {
        unlink(self.memory, self.chunk);
    }
}

/// Gives up a link of a chunk.
fn unlink<K, V>(memory: &Memory<K, V>, chunk: &Chunk) {
    if chunk.unlink() {
        let chunk = ptr::from_ref(chunk).cast_mut();
        // SAFETY: S6: the last link.
        unsafe { memory.retire_chunk(chunk) };
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// The first level. Aborts if there is no memory.
    #[cold]
    pub(super) fn begin(&self, section: &Section<'_>) {
        let none = (ptr::null_mut(), 0);
        let rev = self.memory.draft(0, none, 0, section).finish();
        let head = self.memory.head(rev, 0, section);
        if !self.raise(ptr::null(), head) {
            // SAFETY: made here, and not published.
            unsafe { self.memory.dispose_rev(rev) };
            // SAFETY: as above.
            unsafe { self.memory.dispose_chunk(head) };
        }
    }

    /// How many bytes all keys have in common that are covered from a low to the next chunk's.
    fn known(low: &LowKey<'_, K>, next: *mut Chunk, section: &Section<'_>) -> usize {
        if kind_of::<K, C, K>() != Kind::Bytes || next.is_null() {
            return 0;
        }
        // SAFETY: S6: it was linked within the section, or is about to be.
        let next = unsafe { see(next, section) };
        match (low, Self::low(next, section)) {
            (LowKey::Key(low), LowKey::Key(next)) => hint::common(*low, next),
            _ => 0,
        }
    }

    /// A revision with some of the items.
    fn compose(
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
        let low = Self::low(chunk, section);
        let (mut lower, mut next) = (len, content.next);
        let mut known = seen.view(section).known();
        let mut upper = None;
        if len > CAP {
            lower = Self::middle(content);
            let (born, hint) = self.bear(content, lower..len, level, section)?;
            next = (born, hint);
            known = Self::known(&low, born, section);
            upper = Some(born);
        } else if content.next.0 != seen.view(section).next() {
            known = Self::known(&low, content.next.0, section);
        }
        let rev = self.compose(content, 0..lower, next, (level, known), section);
        if chunk.change(word, rev) {
            // SAFETY: S5.
            unsafe { self.memory.retire_rev(word.rev()) };
            return Some(Replaced {
                word: Word::live(rev),
                len: lower,
                born: upper.map(|born| Born {
                    // SAFETY: S6: it has a link that its place in the index will be.
                    chunk: unsafe { see(born, section) },
                    memory: &self.memory,
                }),
            });
        }
        // SAFETY: made here, and not published.
        unsafe { self.memory.dispose_rev(rev) };
        if let Some(born) = upper {
            // SAFETY: as above.
            let rev = unsafe { see(born, section) }.load().rev();
            // SAFETY: as above.
            unsafe { self.memory.dispose_rev(rev) };
            // SAFETY: as above.
            unsafe { self.memory.dispose_chunk(born) };
        }
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
    fn bear(
        &self,
        content: &Content<'_>,
        range: core::ops::Range<usize>,
        level: u16,
        section: &Section<'_>,
    ) -> Option<(*mut Chunk, u64)> {
        let first = content.item(range.start);
        let hint = Self::hint_of(first, level, 0, section);
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
        chunk: &'s Chunk,
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

    /// Moves a frozen chunk's items into the one before it, unless somebody has.
    pub(super) fn absorb<'s>(
        &'s self,
        dead: &'s Chunk,
        section: &'s Section<'_>,
        trail: &mut Trail<'s>,
    ) {
        let comparator = &self.comparator;
        loop {
            let low = Self::low(dead, section);
            let wanted = WantedLow { low, comparator };
            let found = self.find(section, Cut::Below(&wanted), dead.level, trail);
            let mut before = found.expect("there is a level");
            if !ptr::eq(before.view(section).next(), dead) {
                if !ptr::eq(trail.vain, dead) {
                    trail.vain = dead;
                    return;
                }
                // An order that contradicts itself, or somebody absorbs it just now.
                match self.before(dead, section) {
                    Some(seen) => before = seen,
                    None => return,
                }
            }
            if before.is_frozen() && Rule::AbsorbIntoLive.holds() {
                self.absorb(before.chunk, section, trail);
                retry();
                continue;
            }
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
            if let Some(done) = self.replace(before, &content, section) {
                // SAFETY: S5: its items are in the other one by now.
                unsafe { self.memory.retire_rev(last.word.rev()) };
                unlink(&self.memory, dead);
                self.deindex(dead, section, trail);
                self.index(done.born, section, trail);
                return;
            }
        }
    }

    /// The chunk before one, whatever the order of the lows is.
    #[cold]
    fn before<'s>(&self, chunk: &Chunk, section: &'s Section<'_>) -> Option<Seen<'s>> {
        let mut seen = Seen::now(self.head(chunk.level, section)?);
        loop {
            let next = Self::next(seen.view(section), section)?;
            if ptr::eq(next, chunk) {
                return Some(seen);
            }
            seen = Seen::now(next);
        }
    }

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
        let item: Item = ptr::from_ref(born).cast_mut().cast();
        let above = loop {
            let top = self.top(section).expect("there is a level");
            if top.level < level {
                if self.raise_with(top, born, section) {
                    break None;
                }
                continue;
            }
            let early = !Rule::IndexFirst.holds() && born.load().is_frozen();
            let low = Self::low(born, section);
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
            let new = Part::one(&hint, &item, view.known());
            let content = Content::with(view, out, new);
            if let Some(done) = self.replace(seen, &content, section) {
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
    fn raise_with(&self, top: &Chunk, born: &Chunk, section: &Section<'_>) -> bool {
        let items = [top, born].map(|chunk| -> Item { ptr::from_ref(chunk).cast_mut().cast() });
        let level = top.level + 1;
        let mut draft = self.memory.draft(2, (ptr::null_mut(), 0), 0, section);
        for item in items {
            draft.push(Self::hint_of(item, level, 0, section), item);
        }
        let rev = draft.finish();
        let head = self.memory.head(rev, level, section);
        if self.raise(top, head) {
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
        dead: &'s Chunk,
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
            let low = Self::low(dead, section);
            let wanted = WantedLow { low, comparator };
            let found = self.find(section, Cut::To(&wanted), level, trail);
            let seen = found.expect("there is a level");
            let view = seen.view(section);
            let is_dead = |item: &Item| ptr::eq(item.cast::<Chunk>(), dead);
            let Some(at) = view.items().iter().position(is_dead) else {
                return;
            };
            if seen.is_frozen() {
                self.absorb(seen.chunk, section, trail);
                retry();
                continue;
            }
            let content = Content::with(view, at..at + 1, Part::NONE);
            if let Some(now) = self.replace(seen, &content, section) {
                unlink(&self.memory, dead);
                self.tidy(seen.chunk, &now, section, trail);
                return;
            }
        }
    }
}

/// Another attempt.
#[inline]
pub(super) fn retry() {
    #[cfg(all(test, smr_loom))]
    loom::thread::yield_now();
}
