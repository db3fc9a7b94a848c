//! What a slot holds, and slots.

use core::ptr;

use smr_core::primitive::{AtomicPtr, Ordering};

use super::rules::Rule;

/// The low bits of an address: whether the slot is frozen, and what is there.
const FROZEN: usize = 1;
const TAG: usize = 0b1110;
const BITS: usize = FROZEN | TAG;
/// What entries and nodes are aligned to, so that there are as many bits.
pub(super) const ALIGN: usize = BITS + 1;

/// Which node it is: how many children it has room for, and how it finds them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    N4,
    N11,
    N25,
    N48,
    N256,
}

impl Kind {
    pub(super) const ALL: [Kind; 5] = [Kind::N4, Kind::N11, Kind::N25, Kind::N48, Kind::N256];
}

/// What is in a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tag {
    Empty,
    Entry,
    Node(Kind),
}

impl Tag {
    fn bits(self) -> usize {
        2 * match self {
            Tag::Empty => 0,
            Tag::Entry => 1,
            Tag::Node(kind) => 2 + kind as usize,
        }
    }
}

/// The content of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word(*mut ());

impl Word {
    pub(super) const EMPTY: Word = Word(ptr::null_mut());

    /// An entry's, or a node's.
    #[inline]
    pub(super) fn new<T>(tag: Tag, piece: *mut T) -> Word {
        debug_assert!(piece.addr() & BITS == 0, "aligned");
        Word(piece.cast::<()>().map_addr(|at| at | tag.bits()))
    }

    #[inline(always)]
    pub(super) fn tag(self) -> Tag {
        match self.0.addr() & TAG {
            0b0000 => Tag::Empty,
            0b0010 => Tag::Entry,
            0b0100 => Tag::Node(Kind::N4),
            0b0110 => Tag::Node(Kind::N11),
            0b1000 => Tag::Node(Kind::N25),
            0b1010 => Tag::Node(Kind::N48),
            _ => Tag::Node(Kind::N256),
        }
    }

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0.addr() & TAG == 0
    }

    #[inline]
    pub(super) fn is_node(self) -> bool {
        matches!(self.tag(), Tag::Node(_))
    }

    #[inline]
    pub(super) fn is_frozen(self) -> bool {
        self.0.addr() & FROZEN != 0
    }

    /// The same in a slot that may change.
    #[inline(always)]
    pub(super) fn thawed(self) -> Word {
        Word(self.0.map_addr(|at| at & !FROZEN))
    }

    #[inline]
    pub(super) fn frozen(self) -> Word {
        Word(self.0.map_addr(|at| at | FROZEN))
    }

    /// The address of what is there.
    #[inline(always)]
    pub(super) fn piece<T>(self) -> *mut T {
        self.0.map_addr(|at| at & !BITS).cast()
    }
}

/// A place for an entry or a node.
#[repr(transparent)]
pub(super) struct Slot(AtomicPtr<()>);

impl Slot {
    pub(super) fn new(word: Word) -> Slot {
        Slot(AtomicPtr::new(word.0))
    }

    #[inline(always)]
    pub(super) fn load(&self) -> Word {
        #[cfg(all(test, smr_loom))]
        if super::rules::SWITCHES.is_strict() {
            return Word(super::rules::latest(&self.0));
        }
        // SeqCst: what is decided by several slots, as whether a key is in one of two, must be in one order with
        // everybody's changes. Its partners are the changes.
        let order = Rule::Load.or_relaxed(Ordering::SeqCst);
        Word(self.0.load(order))
    }

    /// T1 to T8: what was there is replaced, unless it has changed or is frozen.
    #[inline]
    pub(super) fn change(&self, from: Word, to: Word) -> bool {
        debug_assert!(!from.is_frozen() && !to.is_frozen(), "T9 is `freeze`");
        // SeqCst: as of `load`; it publishes what the word leads to.
        let order = Rule::Change.or_relaxed(Ordering::SeqCst);
        let changed = self.0.compare_exchange(from.0, to.0, order, order);
        changed.is_ok()
    }

    /// T9: it does not change any more.
    pub(super) fn freeze(&self) {
        let mut now = self.load();
        while !now.is_frozen() {
            // Relaxed: what is there has been published by who has put it there, and this continues its release
            // sequence. It is loaded again when it is copied.
            let order = Ordering::Relaxed;
            let frozen = self.0.compare_exchange(now.0, now.frozen().0, order, order);
            match frozen {
                Ok(_) => return,
                Err(other) => now = Word(other),
            }
        }
    }
}
