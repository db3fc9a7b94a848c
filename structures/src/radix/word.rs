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
    /// An entry which may be about to go (`pop.rs`).
    Pop,
}

impl Tag {
    pub(super) const fn bits(self) -> usize {
        2 * match self {
            Tag::Empty => 0,
            Tag::Entry => 1,
            Tag::Node(kind) => 2 + kind as usize,
            Tag::Pop => 7,
        }
    }
}

/// The bits of nodes, to tell what is there in one step (`with_node`).
pub(super) const N4: usize = Tag::Node(Kind::N4).bits();
pub(super) const N11: usize = Tag::Node(Kind::N11).bits();
pub(super) const N25: usize = Tag::Node(Kind::N25).bits();
pub(super) const N48: usize = Tag::Node(Kind::N48).bits();
pub(super) const N256: usize = Tag::Node(Kind::N256).bits();

/// The content of a slot: an address, or of an empty one a number (`stamp.rs`), and what the low bits say of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word(*mut ());

impl Word {
    /// Nothing has been there.
    pub(super) const EMPTY: Word = Word(ptr::null_mut());

    /// Nothing is there. As many bits of the number count as there are.
    pub(super) fn empty(stamp: usize) -> Word {
        Word(ptr::without_provenance_mut(stamp.wrapping_mul(ALIGN)))
    }

    /// Of an empty one: whether it is the turn of its number, which comes once in so many.
    pub(super) fn is_turn(self, every: usize) -> bool {
        (self.0.addr() / ALIGN).is_multiple_of(every)
    }

    /// What is not empty.
    #[inline]
    pub(super) fn new<T>(tag: Tag, piece: *mut T) -> Word {
        debug_assert!(piece.addr() & BITS == 0, "aligned");
        Word(piece.cast::<()>().map_addr(|at| at | tag.bits()))
    }

    /// The bits of the tag.
    #[inline(always)]
    pub(super) fn bits(self) -> usize {
        self.0.addr() & TAG
    }

    #[inline(always)]
    pub(super) fn tag(self) -> Tag {
        match self.bits() {
            0b0000 => Tag::Empty,
            0b0010 => Tag::Entry,
            0b0100 => Tag::Node(Kind::N4),
            0b0110 => Tag::Node(Kind::N11),
            0b1000 => Tag::Node(Kind::N25),
            0b1010 => Tag::Node(Kind::N48),
            0b1100 => Tag::Node(Kind::N256),
            _ => Tag::Pop,
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

    /// The address of what is there, if it is not empty.
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
        let order = Rule::Load.order(Ordering::SeqCst);
        Word(self.0.load(order))
    }

    /// What was there is replaced, unless it has changed or is frozen.
    #[inline]
    pub(super) fn change(&self, from: Word, to: Word) -> bool {
        debug_assert!(
            !from.is_frozen() && !to.is_frozen(),
            "frozen by `freeze` only"
        );
        // SeqCst: as of `load`; it publishes what the word leads to.
        let order = Rule::Change.order(Ordering::SeqCst);
        // Relaxed on failure: the slot is looked at again.
        let changed = self
            .0
            .compare_exchange(from.0, to.0, order, Ordering::Relaxed);
        changed.is_ok()
    }

    /// It does not change any more.
    pub(super) fn freeze(&self) {
        let mut now = self.load();
        while !now.is_frozen() {
            // Acquire: what the node had claimed when this was put there is copied with it; partner: the change. It
            // publishes nothing, and continues the release sequence of the change.
            let order = Rule::Freeze.order(Ordering::Acquire);
            let frozen = self
                .0
                .compare_exchange(now.0, now.frozen().0, order, Ordering::Relaxed);
            match frozen {
                Ok(_) => return,
                Err(other) => now = Word(other),
            }
        }
    }
}
