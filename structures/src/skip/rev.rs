//! Revisions: a header, the hints of the items, and the items.

use core::marker::PhantomData;
use core::mem::{MaybeUninit, offset_of};
use core::ops::Range;
use core::ptr;
use core::slice;

use smr_core::primitive::{AtomicU8, Ordering};

use super::chunk::{Chunk, HAS_WINDOW, Word};
use super::rules::Rule;

/// On level 0 the address of an entry, or the value of an inline one (`inline.rs`); on the others a chunk of the level
/// below.
pub(super) type Item = *mut ();

/// The sizes of revisions, in items: of the largest eight fit a page. More of them would waste less of each
/// revision, and more on stocks.
#[cfg(not(smr_loom))]
pub(super) const CLASSES: [usize; 3] = [10, 19, 30];
/// In models all chunks split, and die.
#[cfg(smr_loom)]
pub(super) const CLASSES: [usize; 1] = [2];

/// So many items a chunk has, at most.
pub(super) const CAP: usize = CLASSES[CLASSES.len() - 1];

/// The smallest class that has room for so many.
#[inline]
pub(super) fn class_of(len: usize) -> usize {
    debug_assert!(len <= CAP);
    let class = CLASSES.iter().filter(|&&class| class < len).count();
    class.min(CLASSES.len() - 1)
}

/// The head of a revision. Behind it there are, for as many items as its class has, the hints, and then the
/// items.
#[repr(C)]
pub(super) struct Rev {
    /// The next chunk, or null.
    pub(super) next: *mut Chunk,
    /// The hint of its low.
    pub(super) next_hint: u64,
    /// So many bytes all keys that the chunk covers have in common; the hints are what follows.
    pub(super) known: u16,
    /// So many items it was made with.
    len: u8,
    /// And for so many it has room.
    cap: u8,
    class: u8,
    /// So many places for items are taken: those of items, and those that somebody is about to use.
    claimed: AtomicU8,
}

/// The memory of a revision.
#[repr(C)]
pub(super) struct Sized<const N: usize> {
    head: MaybeUninit<Rev>,
    hints: [MaybeUninit<u64>; N],
    items: [MaybeUninit<Item>; N],
}

impl<const N: usize> Sized<N> {
    pub(super) fn new() -> Self {
        // Where `hints_of` and `items_of` look for them.
        const { assert!(offset_of!(Self, hints) == size_of::<Rev>()) };
        const { assert!(offset_of!(Self, items) == size_of::<Rev>() + N * size_of::<u64>()) };
        Sized {
            head: MaybeUninit::uninit(),
            hints: [MaybeUninit::uninit(); N],
            items: [MaybeUninit::uninit(); N],
        }
    }
}

/// A revision that may be looked into, through a window, with the memory behind its head.
#[derive(Clone, Copy)]
pub(super) struct View<'s> {
    at: *const Rev,
    word: Word,
    section: PhantomData<&'s Rev>,
}

impl<'s> View<'s> {
    /// # Safety
    /// Of a chunk; the revision is not reclaimed during `'s`.
    #[inline]
    pub(super) unsafe fn new(word: Word) -> Self {
        View {
            at: word.rev(),
            word,
            section: PhantomData,
        }
    }

    #[inline]
    pub(super) fn head(self) -> &'s Rev {
        // SAFETY: there, by `new`.
        unsafe { &*self.at }
    }

    #[inline]
    pub(super) fn len(self) -> usize {
        usize::from(self.head().len).wrapping_add_signed(self.word.grown())
    }

    #[inline]
    pub(super) fn known(self) -> usize {
        self.head().known.into()
    }

    #[inline]
    pub(super) fn next(self) -> *mut Chunk {
        self.head().next
    }

    #[inline]
    pub(super) fn hints(self) -> &'s [u64] {
        let hints = hints_of(self.at.cast_mut()).wrapping_add(self.word.taken());
        // SAFETY: so many have been written behind the head (S9).
        unsafe { slice::from_raw_parts(hints, self.len()) }
    }

    #[inline]
    pub(super) fn items(self) -> &'s [Item] {
        let items = items_of(self.at.cast_mut(), self.head().cap);
        let items = items.wrapping_add(self.word.taken());
        // SAFETY: so many have been written behind the hints (S9).
        unsafe { slice::from_raw_parts(items, self.len()) }
    }

    /// Asserts that the window is within what is there (S9).
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn check(self) {
        let end = self.word.taken() + self.len();
        assert!(end <= self.head().cap.into(), "S9: there is room");
        let claimed = self.head().claimed.load(Ordering::Relaxed);
        assert!(end <= claimed.into(), "S9: every place has been claimed");
    }

    /// Writes an item behind the last one, if there is room, and nobody else has claimed the place: the word that
    /// publishes it.
    #[inline]
    pub(super) fn add(self, hint: u64, item: Item) -> Option<Word> {
        let (end, cap) = (self.word.taken() + self.len(), self.head().cap);
        if !HAS_WINDOW || end >= cap.into() || !Rule::Windows.holds() {
            return None;
        }
        // Relaxed: the place has never been anybody's, and the word publishes what is there.
        let order = Ordering::Relaxed;
        let (now, then) = (end as u8, end as u8 + 1);
        let claimed = self
            .head()
            .claimed
            .compare_exchange(now, then, order, order);
        if claimed.is_err() && Rule::Claim.holds() {
            return None;
        }
        let to = hints_of(self.at.cast_mut()).wrapping_add(end);
        // SAFETY: behind all that anybody looks at, and claimed.
        unsafe { to.write(hint) };
        let to = items_of(self.at.cast_mut(), cap).wrapping_add(end);
        // SAFETY: as above.
        unsafe { to.write(item) };
        Some(self.word.with_more())
    }

    /// Asks the cache for what is behind the head: the hints, or the items as well.
    #[inline]
    pub(super) fn prefetch(self, items: bool) {
        prefetch(self.at, items);
    }
}

/// Asks the cache for a revision, which need not be there any more.
#[inline]
pub(super) fn prefetch(rev: *const Rev, items: bool) {
    let lines = if items { 8 } else { 4 };
    let start = rev.cast::<u8>();
    (0..lines).for_each(|line| crate::hash::prefetch(start.wrapping_add(64 * line)));
}

#[inline]
fn hints_of(rev: *mut Rev) -> *mut u64 {
    rev.wrapping_add(1).cast()
}

#[inline]
fn items_of(rev: *mut Rev, cap: u8) -> *mut Item {
    hints_of(rev).wrapping_add(cap.into()).cast()
}

/// The class of a revision.
///
/// # Safety
/// It is there.
#[inline]
pub(super) unsafe fn class_in(rev: *const Rev) -> usize {
    // SAFETY: the caller's contract.
    unsafe { (*rev).class }.into()
}

/// A revision that is being made, and that nobody else can reach.
pub(super) struct Draft {
    at: *mut Rev,
    class: usize,
    len: usize,
    next: (*mut Chunk, u64),
    known: usize,
}

impl Draft {
    /// Without items so far.
    ///
    /// # Safety
    /// Memory of [`Sized`] of this class, which is the caller's.
    #[inline]
    pub(super) unsafe fn new(
        at: *mut Rev,
        class: usize,
        next: (*mut Chunk, u64),
        known: usize,
    ) -> Draft {
        Draft {
            at,
            class,
            len: 0,
            next,
            known,
        }
    }

    #[inline]
    fn cap(&self) -> u8 {
        CLASSES[self.class] as u8
    }

    /// What a revision has, except that some items give way to another one, or none.
    #[inline]
    pub(super) fn splice(&mut self, view: View<'_>, out: Range<usize>, new: Option<(u64, Item)>) {
        let len = view.len() - out.len() + usize::from(new.is_some());
        assert!(self.len == 0 && len <= CLASSES[self.class], "there is room");
        let hint = new.map(|(hint, _)| hint);
        // SAFETY: there is room, and it is the draft's own.
        unsafe { splice(view.hints(), out.clone(), hint, hints_of(self.at)) };
        let item = new.map(|(_, item)| item);
        // SAFETY: as above.
        unsafe { splice(view.items(), out, item, items_of(self.at, self.cap())) };
        self.len = len;
    }

    /// One item more.
    #[inline]
    pub(super) fn push(&mut self, hint: u64, item: Item) {
        self.append(&[hint], &[item]);
    }

    /// More items.
    #[inline]
    pub(super) fn append(&mut self, hints: &[u64], items: &[Item]) {
        let n = hints.len();
        assert!(
            n == items.len() && self.len + n <= CLASSES[self.class],
            "there is room"
        );
        let to = hints_of(self.at).wrapping_add(self.len);
        // SAFETY: there is room, and it is the draft's own.
        unsafe { ptr::copy_nonoverlapping(hints.as_ptr(), to, n) };
        let to = items_of(self.at, self.cap()).wrapping_add(self.len);
        // SAFETY: as above.
        unsafe { ptr::copy_nonoverlapping(items.as_ptr(), to, n) };
        self.len += n;
    }

    /// Makes the hints anew, of what is behind so many bytes.
    pub(super) fn rehint(&mut self, known: usize, hint: impl Fn(Item) -> u64) {
        let (hints, items) = (hints_of(self.at), items_of(self.at, self.cap()));
        for i in 0..self.len {
            // SAFETY: one of those that have been written.
            let item = unsafe { items.wrapping_add(i).read() };
            // SAFETY: as above.
            unsafe { hints.wrapping_add(i).write(hint(item)) };
        }
        self.known = known;
    }

    #[inline]
    pub(super) fn finish(self) -> *mut Rev {
        let head = Rev {
            next: self.next.0,
            next_hint: self.next.1,
            known: self.known as u16,
            len: self.len as u8,
            cap: self.cap(),
            class: self.class as u8,
            claimed: AtomicU8::new(self.len as u8),
        };
        // SAFETY: `new`'s contract.
        unsafe { self.at.write(head) };
        self.at
    }
}

/// Copies a slice of which some elements give way to another one, or none.
///
/// # Safety
/// There is room for them.
#[inline]
unsafe fn splice<T: Copy>(from: &[T], out: Range<usize>, new: Option<T>, mut to: *mut T) {
    let (before, after) = (&from[..out.start], &from[out.end..]);
    for part in [before, new.as_slice(), after] {
        if !part.is_empty() {
            // SAFETY: the caller's contract.
            unsafe { ptr::copy_nonoverlapping(part.as_ptr(), to, part.len()) };
            to = to.wrapping_add(part.len());
        }
    }
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    #[test]
    fn classes_have_room() {
        for len in 0..=CAP {
            let class = class_of(len);
            assert!(CLASSES[class] >= len);
            assert!(class == 0 || CLASSES[class - 1] < len, "{len}: {class}");
        }
        assert!(CLASSES.is_sorted());
        assert!(size_of::<Sized<30>>() <= 504);
    }

    #[test]
    fn drafts_hold_what_was_put_there() {
        let mut memory = Sized::<19>::new();
        let at: *mut Rev = (&raw mut memory).cast();
        let item = |n: usize| ptr::without_provenance_mut(n * 8);
        // SAFETY: memory of this class, and this test's own.
        let mut draft = unsafe { Draft::new(at, 1, (ptr::null_mut(), 7), 3) };
        draft.push(10, item(1));
        draft.append(&[20, 30], &[item(2), item(3)]);
        // SAFETY: written, and there.
        let view = unsafe { View::new(Word::live(draft.finish())) };
        assert_eq!(view.hints(), [10, 20, 30]);
        assert_eq!(view.items(), [item(1), item(2), item(3)]);
        assert_eq!((view.len(), view.known(), view.head().next_hint), (3, 3, 7));
    }
}
