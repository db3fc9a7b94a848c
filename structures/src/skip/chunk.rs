//! Chunks, and their words.

use core::marker::PhantomData;
use core::ops::Deref;

use smr_core::primitive::{AtomicPtr, AtomicU32, Ordering, interruptible};

use super::rev::{Item, Rev, prefetch};
use super::rules::Rule;
use crate::reclaim::{Section, see};

/// Where a chunk begins.
#[derive(Clone, Copy)]
pub(super) union Low {
    /// Where hints are whole keys.
    pub(super) hint: u64,
    /// Elsewhere: the entry whose key it is, which counts it (S7).
    pub(super) entry: Item,
}

/// A part of a level.
pub(super) struct Chunk {
    word: AtomicPtr<Rev>,
    pub(super) low: Low,
    links: AtomicU32,
    pub(super) level: u16,
    /// The first of its level, whose low is below all keys.
    pub(super) is_head: bool,
}

/// A chunk that is there as long as a section, by the pointer by which it is given back: a reference may be
/// used for less.
#[derive(Clone, Copy)]
pub(super) struct At<'s> {
    chunk: *mut Chunk,
    section: PhantomData<&'s Chunk>,
}

// SAFETY: what is in a chunk is atomic, or does not change; and what it leads to is given out by a map only, whose
// threads share keys and values.
unsafe impl Send for At<'_> {}
// SAFETY: as above.
unsafe impl Sync for At<'_> {}

impl<'s> At<'s> {
    /// # Safety
    /// As for [`see`].
    #[inline]
    pub(super) unsafe fn new(chunk: *mut Chunk, section: &'s Section<'_>) -> At<'s> {
        // SAFETY: the caller's contract.
        unsafe { see(chunk, section) };
        At {
            chunk,
            section: PhantomData,
        }
    }

    #[inline]
    pub(super) fn as_ptr(self) -> *mut Chunk {
        self.chunk
    }
}

impl Deref for At<'_> {
    type Target = Chunk;

    #[inline]
    fn deref(&self) -> &Chunk {
        // SAFETY: there, by `new`.
        unsafe { &*self.chunk }
    }
}

impl PartialEq for At<'_> {
    fn eq(&self, other: &At<'_>) -> bool {
        self.chunk == other.chunk
    }
}

/// What a chunk's word says: its revision, whether it is frozen, and its *window*: how many of the revision's
/// items have been taken out from the front since it was made, and how many more there are than then (S9).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(*mut Rev);

// SAFETY: an address; what is there is looked into by a map only.
unsafe impl Send for Word {}
// SAFETY: as above.
unsafe impl Sync for Word {}

const FROZEN: usize = 1;
/// Where addresses have room for windows: 48 bits are theirs. On Android the allocator may tag the high bits itself.
pub(super) const HAS_WINDOW: bool = usize::BITS == 64 && cfg!(not(target_os = "android"));
const TAKEN: u32 = 48;
const GROWN: u32 = 56;
const ADDRESS: usize = if HAS_WINDOW {
    ((1u64 << TAKEN) - 1) as usize & !FROZEN
} else {
    !FROZEN
};

impl Word {
    /// # Panics
    /// If the address has bits where the window is: this crate does not know such a platform.
    #[inline]
    pub(super) fn live(rev: *mut Rev) -> Word {
        assert!(
            rev.addr() & !ADDRESS == 0,
            "addresses are of 48 bits at most"
        );
        Word(rev)
    }

    #[inline]
    pub(super) fn is_frozen(self) -> bool {
        self.0.addr() & FROZEN != 0
    }

    #[inline]
    fn frozen(self) -> Word {
        Word(self.0.map_addr(|at| at | FROZEN))
    }

    #[inline]
    pub(super) fn rev(self) -> *mut Rev {
        self.0.map_addr(|at| at & ADDRESS)
    }

    /// How many items there are no more.
    #[inline]
    pub(super) fn taken(self) -> usize {
        match HAS_WINDOW {
            true => (self.0.addr() as u64 >> TAKEN) as usize & 0xff,
            false => 0,
        }
    }

    /// How many more there are than at first.
    #[inline]
    pub(super) fn grown(self) -> isize {
        match HAS_WINDOW {
            true => (self.0.addr() as i64 >> GROWN) as isize,
            false => 0,
        }
    }

    /// Without the first item. None if there is no room for windows.
    #[inline]
    pub(super) fn without_first(self) -> Option<Word> {
        let moved = (1u64 << TAKEN).wrapping_sub(1 << GROWN);
        HAS_WINDOW.then(|| Word(self.0.map_addr(|at| at.wrapping_add(moved as usize))))
    }

    /// With one item more at the end, which has been written there.
    #[inline]
    pub(super) fn with_more(self) -> Word {
        let moved = 1u64 << GROWN;
        Word(self.0.map_addr(|at| at.wrapping_add(moved as usize)))
    }
}

impl Chunk {
    pub(super) fn new(rev: *mut Rev, low: Low, level: u16) -> Chunk {
        Chunk {
            word: AtomicPtr::new(rev),
            low,
            links: AtomicU32::new(2),
            level,
            is_head: false,
        }
    }

    pub(super) fn head(rev: *mut Rev, level: u16) -> Chunk {
        Chunk {
            word: AtomicPtr::new(rev),
            low: Low { hint: 0 },
            links: AtomicU32::new(0),
            level,
            is_head: true,
        }
    }

    /// SeqCst, like every change: what is found in different chunks has one order.
    #[inline]
    pub(super) fn load(&self) -> Word {
        #[cfg(all(test, smr_loom))]
        if super::rules::SWITCHES.is_strict() {
            return Word(super::rules::latest(&self.word));
        }
        let word = Word(self.word.load(Rule::Load.order(Ordering::SeqCst)));
        interruptible();
        word
    }

    /// Asks the cache for what is there now.
    #[inline]
    pub(super) fn prefetch(&self) {
        // Models have no caches, and would take it for an access. Relaxed: nobody looks there by this.
        if cfg!(not(smr_loom)) {
            prefetch(Word(self.word.load(Ordering::Relaxed)).rev(), true);
        }
    }

    /// SeqCst: every change of content linearizes here.
    #[inline]
    pub(super) fn change(&self, from: Word, to: Word) -> bool {
        let order = (Rule::Change.order(Ordering::SeqCst), Ordering::Relaxed);
        self.word
            .compare_exchange(from.0, to.0, order.0, order.1)
            .is_ok()
    }

    /// S4: for good.
    pub(super) fn freeze(&self, word: Word) -> bool {
        debug_assert!(!self.is_head, "S2: heads are live");
        self.change(word, word.frozen())
    }

    /// Gives a link up; whether it was the last. AcqRel: what was done by way of the others comes before the
    /// chunk is retired.
    pub(super) fn unlink(&self) -> bool {
        let links = self.links.fetch_sub(1, Rule::Links.order(Ordering::AcqRel));
        debug_assert_ne!(links, 0, "S6: no more are given up than there are");
        links == 1
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn links(&self) -> u32 {
        self.links.load(Ordering::Relaxed)
    }
}
