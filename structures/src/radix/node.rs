//! Nodes: what they test, and how they find their children.
//!
//! A node tests the byte at its *depth*, which is the same for all keys; before it, all keys below the node are the
//! same. So a node may get another one above it, or lose that, and stays as it is. It notes up to eight of the bytes
//! before its depth, which are true for as long as it is there. Besides the children that go on by a byte there is one
//! slot, the *term*, for a key that ends at the depth.
//!
//! A child's byte is *claimed* by a compare-and-swap before there is anything in its slot, and stays claimed as long as
//! the node is there: so no two slots have the same byte.

use smallvec::SmallVec;
use smr_core::primitive::AtomicUsize;

use super::claim::Claim;
use super::content::{Content, kind_for};
use super::exact::Side;
use super::head::Head;
use super::indexed::Indexed;
use super::listed::{Listed, words};
use super::rules::Rule;
use super::word::{Kind, Slot, Word};
use crate::hash::prefetch;

/// What bytes there are. Models have fewer.
pub(super) const BYTES: usize = if cfg!(smr_loom) { 5 } else { 256 };

/// Children that there is room for.
pub(super) const ROOM: [usize; 5] = if cfg!(smr_loom) {
    [2, 3, 3, 4, BYTES]
} else {
    [4, 11, 25, 48, BYTES]
};

/// One with a slot for each byte.
#[repr(C, align(16))]
pub(super) struct Full {
    head: Head,
    term: Slot,
    slots: [Slot; BYTES],
}

pub(super) type N4 = Listed<{ words(ROOM[0]) }, { ROOM[0] }>;
pub(super) type N11 = Listed<{ words(ROOM[1]) }, { ROOM[1] }>;
pub(super) type N25 = Listed<{ words(ROOM[2]) }, { ROOM[2] }>;
pub(super) type N48 = Indexed<{ ROOM[3] }>;
pub(super) type N256 = Full;

#[cfg(all(target_pointer_width = "64", not(smr_loom)))]
const _: () = {
    assert!(size_of::<N4>() == 64 && size_of::<N11>() == 128 && size_of::<N25>() == 256);
    assert!(size_of::<N48>() == 672 && size_of::<N256>() == 2080);
};

impl Full {
    pub(super) fn new(head: Head, content: &Content) -> Self {
        let mut words = [Word::EMPTY; BYTES];
        for &(byte, word) in &content.children {
            words[usize::from(byte)] = word;
        }
        Full {
            head,
            term: Slot::new(content.term),
            slots: words.map(Slot::new),
        }
    }
}

/// What lookups want of a node.
pub(super) trait Finds {
    fn depth(&self) -> usize;
    fn term(&self) -> &Slot;
    /// The slot of a byte, if it has been claimed.
    fn find(&self, byte: u8) -> Option<&Slot>;

    /// Asks the cache for where that of a byte is likely to be: it comes along with the head, which has to be looked at
    /// first.
    fn prefetch(&self, byte: u8);
}

/// A line of the cache.
const LINE: usize = 64;

/// Asks for a place behind an address.
#[inline(always)]
fn prefetch_at<T>(node: &T, behind: usize) {
    prefetch(core::ptr::from_ref(node).cast::<u8>().wrapping_add(behind));
}

impl<const WORDS: usize, const ROOM: usize> Finds for Listed<WORDS, ROOM> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.head.depth()
    }

    #[inline(always)]
    fn term(&self) -> &Slot {
        &self.term
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> Option<&Slot> {
        self.position(byte).map(|at| &self.slots[at])
    }

    #[inline(always)]
    fn prefetch(&self, _: u8) {
        // All of it: it is small.
        for line in 1..size_of::<Self>() / LINE {
            prefetch_at(self, line * LINE);
        }
    }
}

impl<const ROOM: usize> Finds for Indexed<ROOM> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.head.depth()
    }

    #[inline(always)]
    fn term(&self) -> &Slot {
        &self.term
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> Option<&Slot> {
        self.position(byte).map(|at| &self.slots[at])
    }

    #[inline(always)]
    fn prefetch(&self, byte: u8) {
        prefetch_at(self, core::mem::offset_of!(Self, index) + usize::from(byte));
    }
}

impl Finds for Full {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.head.depth()
    }

    #[inline(always)]
    fn term(&self) -> &Slot {
        &self.term
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> Option<&Slot> {
        Some(&self.slots[usize::from(byte)])
    }

    #[inline(always)]
    fn prefetch(&self, byte: u8) {
        // Models have fewer.
        let slot = usize::from(byte) % BYTES * size_of::<Slot>();
        prefetch_at(self, core::mem::offset_of!(Self, slots) + slot);
    }
}

/// Some of what is done with a node, if there is one in a word that was found within the section. What the word leads to
/// is told by one jump: there are many on the way of a lookup, and they are not foreseen.
macro_rules! with_node {
    ($word:expr, $section:expr, $node:ident => $do:expr) => {{
        macro_rules! seen {
            ($kind:ty) => {{
                // SAFETY: found within the section; of this kind.
                let $node = unsafe { $crate::reclaim::see($word.piece::<$kind>(), $section) };
                Some($do)
            }};
        }
        use $crate::radix::{node, word};
        match $word.bits() {
            word::N4 => seen!(node::N4),
            word::N11 => seen!(node::N11),
            word::N25 => seen!(node::N25),
            word::N48 => seen!(node::N48),
            word::N256 => seen!(node::N256),
            _ => None,
        }
    }};
}
pub(super) use with_node;

/// A node, whichever it is.
#[derive(Clone, Copy)]
pub(super) enum Node<'s> {
    N4(&'s N4),
    N11(&'s N11),
    N25(&'s N25),
    N48(&'s N48),
    N256(&'s N256),
}

macro_rules! each {
    ($node:expr, $found:ident => $do:expr) => {
        match $node {
            Node::N4($found) => $do,
            Node::N11($found) => $do,
            Node::N25($found) => $do,
            Node::N48($found) => $do,
            Node::N256($found) => $do,
        }
    };
}

impl<'s> Node<'s> {
    #[inline(always)]
    pub(super) fn head(self) -> &'s Head {
        each!(self, node => &node.head)
    }

    #[inline(always)]
    pub(super) fn term(self) -> &'s Slot {
        each!(self, node => &node.term)
    }

    /// The slot of a byte, if it has been claimed.
    #[inline(always)]
    pub(super) fn find(self, byte: u8) -> Option<&'s Slot> {
        each!(self, node => Finds::find(node, byte))
    }

    /// See [`Finds::prefetch`].
    #[inline(always)]
    pub(super) fn prefetch(self, byte: u8) {
        each!(self, node => Finds::prefetch(node, byte));
    }

    /// Where a key goes on whose bytes before the depth are the same.
    #[inline(always)]
    pub(super) fn next(self, key: &[u8]) -> Option<&'s Slot> {
        match key.get(self.head().depth()) {
            None => Some(self.term()),
            Some(&byte) => self.find(byte),
        }
    }

    /// Asks for a slot of the byte.
    pub(super) fn claim(self, byte: u8) -> Claim {
        match self {
            Node::N4(node) => node.claim(byte),
            Node::N11(node) => node.claim(byte),
            Node::N25(node) => node.claim(byte),
            Node::N48(node) => node.claim(byte),
            Node::N256(_) => Claim::Look,
        }
    }

    /// The slots, whether their bytes are claimed or not, but for the term.
    pub(super) fn slots(self) -> &'s [Slot] {
        each!(self, node => &node.slots)
    }

    /// The words that say which bytes are claimed. They only grow.
    pub(super) fn claims(self) -> &'s [AtomicUsize] {
        match self {
            Node::N4(node) => &node.bytes,
            Node::N11(node) => &node.bytes,
            Node::N25(node) => &node.bytes,
            Node::N48(node) => &node.index,
            Node::N256(_) => &[],
        }
    }

    /// The slots whose bytes are claimed, in no order.
    pub(super) fn for_each(self, mut f: impl FnMut(u8, &'s Slot)) {
        match self {
            Node::N4(node) => node.for_each(f),
            Node::N11(node) => node.for_each(f),
            Node::N25(node) => node.for_each(f),
            Node::N48(node) => node.for_each(f),
            Node::N256(node) => {
                for (byte, slot) in node.slots.iter().enumerate() {
                    f(byte as u8, slot);
                }
            }
        }
    }

    /// The first place from one on, and its slot. Places are in the order of keys: that of the term is 0, that of a
    /// byte one more than it.
    #[inline]
    pub(super) fn place_from(self, place: usize) -> Option<(usize, &'s Slot)> {
        let Some(byte) = place.checked_sub(1) else {
            return Some((0, self.term()));
        };
        if byte >= BYTES {
            return None;
        }
        let least = byte as u8;
        let found = match self {
            Node::N4(node) => node.from(least),
            Node::N11(node) => node.from(least),
            Node::N25(node) => node.from(least),
            Node::N48(node) => node.from(least),
            Node::N256(node) => Some((least, &node.slots[byte])),
        };
        found.map(|(byte, slot)| (usize::from(byte) + 1, slot))
    }

    /// The last place before one, and its slot.
    #[inline]
    pub(super) fn place_before(self, place: usize) -> Option<(usize, &'s Slot)> {
        let before = place.checked_sub(1)?;
        let Some(byte) = before.checked_sub(1) else {
            return Some((0, self.term()));
        };
        let most = byte as u8;
        let found = match self {
            Node::N4(node) => node.to(most),
            Node::N11(node) => node.to(most),
            Node::N25(node) => node.to(most),
            Node::N48(node) => node.to(most),
            Node::N256(node) => Some((most, &node.slots[byte])),
        };
        let (place, slot) = found.map_or((0, self.term()), |(byte, slot)| {
            (usize::from(byte) + 1, slot)
        });
        Some((place, slot))
    }

    /// The slots of a small node from a place on, or before it, the farthest first.
    #[inline]
    pub(super) fn far_to_near(self, side: Side, place: usize, f: &mut impl FnMut(&'s Slot)) {
        // Of bytes; the term is before them.
        let (bytes, has_term) = match side {
            Side::First if place > BYTES => return,
            Side::First => (Some(place.saturating_sub(1) as u8..=u8::MAX), place == 0),
            Side::Last if place < 2 => (None, place == 1),
            Side::Last => (Some(0..=(place - 2) as u8), true),
        };
        if has_term && side == Side::Last {
            f(self.term());
        }
        macro_rules! go {
            ($node:expr, $bytes:expr) => {
                match side {
                    Side::First => $node.in_order::<false>($bytes, &mut *f),
                    Side::Last => $node.in_order::<true>($bytes, &mut *f),
                }
            };
        }
        if let Some(bytes) = bytes {
            match self {
                Node::N4(node) => go!(node, bytes),
                Node::N11(node) => go!(node, bytes),
                Node::N25(node) => go!(node, bytes),
                Node::N48(_) | Node::N256(_) => unreachable!("it is large"),
            }
        }
        if has_term && side == Side::First {
            f(self.term());
        }
    }

    /// Freezes all slots: nothing in the node changes any more that counts. What is there then; with `edit`, what is in
    /// a slot is replaced.
    pub(super) fn freeze(self, edit: Option<(&Slot, Word)>) -> Content {
        let mut early: SmallVec<[u8; 8]> = SmallVec::new();
        if !Rule::BytesLast.holds() {
            self.for_each(|byte, _| early.push(byte));
        }
        self.term().freeze();
        let first = usize::from(!Rule::FreezeAll.holds());
        self.slots()[first..].iter().for_each(Slot::freeze);
        let word = |slot: &Slot| match edit {
            Some((edited, new)) if core::ptr::eq(edited, slot) => new,
            _ => slot.load().thawed(),
        };
        let mut content = Content::new(word(self.term()));
        // Bytes are read last (T4).
        self.for_each(|byte, slot| {
            let word = word(slot);
            let is_known = Rule::BytesLast.holds() || early.contains(&byte);
            if !word.is_empty() && is_known {
                content.add(Some(byte), word);
            }
        });
        content
    }

    /// Whether a smaller node would have room for its children, and for half as many more: so that nodes do not grow and
    /// shrink in turns.
    pub(super) fn is_thin(self, kind: Kind) -> bool {
        let live = self.slots().iter().filter(|slot| !slot.load().is_empty());
        let live = live.count();
        kind_for(live + live / 2) < kind
    }

    /// Whether so many slots, at least, are not empty.
    pub(super) fn has(self, least: usize) -> bool {
        let slots = self.slots().iter().chain([self.term()]);
        let live = slots.filter(|slot| !slot.load().is_empty());
        live.take(least).count() == least
    }
}

/// Makes a node of a kind.
macro_rules! make_node {
    ($kind:expr, $head:expr, $content:expr, $make:ident) => {
        match $kind {
            Kind::N4 => $make!(n4, N4::new($head, $content)),
            Kind::N11 => $make!(n11, N11::new($head, $content)),
            Kind::N25 => $make!(n25, N25::new($head, $content)),
            Kind::N48 => $make!(n48, N48::new($head, $content)),
            Kind::N256 => $make!(n256, N256::new($head, $content)),
        }
    };
}
pub(super) use make_node;
