//! Small nodes.

use core::ops::RangeInclusive;

use smr_core::primitive::{AtomicUsize, Ordering};

use super::claim::{CLAIM, Claim, claims};
use super::content::Content;
use super::head::Head;
use super::word::Slot;

/// Bytes in a word of a node, besides their number.
const PER: usize = if cfg!(smr_loom) {
    2
} else {
    size_of::<usize>() - 1
};
const COUNT: u32 = usize::BITS - 8;
const ONES: usize = usize::MAX / 255;
const HIGHS: usize = ONES << 7;

/// Words for the bytes of so many children.
pub(super) const fn words(room: usize) -> usize {
    room.div_ceil(PER)
}

/// A node whose children's bytes are in a list, word by word; a word's number of bytes is in its highest byte.
#[repr(C, align(16))]
pub(super) struct Listed<const WORDS: usize, const ROOM: usize> {
    pub(super) head: Head,
    pub(super) bytes: [AtomicUsize; WORDS],
    pub(super) term: Slot,
    pub(super) slots: [Slot; ROOM],
}

impl<const WORDS: usize, const ROOM: usize> Listed<WORDS, ROOM> {
    pub(super) fn new(head: Head, content: &Content) -> Self {
        let mut bytes = [0; WORDS];
        for (i, &(byte, _)) in content.children.iter().enumerate() {
            bytes[i / PER] |= usize::from(byte) << (8 * (i % PER));
            bytes[i / PER] += 1 << COUNT;
        }
        Listed {
            head,
            bytes: bytes.map(AtomicUsize::new),
            term: Slot::new(content.term),
            slots: core::array::from_fn(|i| Slot::new(content.word(i))),
        }
    }

    #[inline(always)]
    pub(super) fn position(&self, byte: u8) -> Option<usize> {
        for (i, word) in self.bytes.iter().enumerate() {
            let word = claims(word);
            let at = position(word, byte);
            let count = word >> COUNT;
            // Bytes that are not claimed yet are 0, and behind all others.
            if at < count {
                return Some(i * PER + at);
            }
            if count < PER {
                return None;
            }
        }
        None
    }

    pub(super) fn claim(&self, byte: u8) -> Claim {
        for (i, word) in self.bytes.iter().enumerate() {
            let now = claims(word);
            let count = now >> COUNT;
            if position(now, byte) < count {
                return Claim::Look;
            }
            if i * PER + count == ROOM {
                return Claim::Full;
            }
            if count < PER {
                let more = (now + (1 << COUNT)) | usize::from(byte) << (8 * count);
                // Somebody else's byte may come first.
                let _ = word.compare_exchange(now, more, CLAIM, Ordering::Relaxed);
                return Claim::Look;
            }
        }
        Claim::Full
    }

    pub(super) fn for_each<'s>(&'s self, mut f: impl FnMut(u8, &'s Slot)) {
        for (i, word) in self.bytes.iter().enumerate() {
            let word = claims(word);
            for at in 0..word >> COUNT {
                f((word >> (8 * at)) as u8, &self.slots[i * PER + at]);
            }
        }
    }

    /// The least byte that is claimed, from one on, and its slot.
    pub(super) fn from(&self, least: u8) -> Option<(u8, &Slot)> {
        let mut best = None;
        self.for_each(|byte, slot| {
            if byte >= least && best.is_none_or(|(other, _)| byte < other) {
                best = Some((byte, slot));
            }
        });
        best
    }

    /// The greatest, up to one.
    pub(super) fn to(&self, most: u8) -> Option<(u8, &Slot)> {
        let mut best = None;
        self.for_each(|byte, slot| {
            if byte <= most && best.is_none_or(|(other, _)| byte > other) {
                best = Some((byte, slot));
            }
        });
        best
    }

    /// The slots of claimed bytes within a range, in order, or in the other one: without comparisons, by a set of bits.
    #[inline]
    pub(super) fn in_order<'s, const UP: bool>(
        &'s self,
        bytes: RangeInclusive<u8>,
        mut f: impl FnMut(&'s Slot),
    ) {
        let mut set = [0_u64; 4];
        let mut places = [0_u8; 256];
        for (i, word) in self.bytes.iter().enumerate() {
            let word = claims(word);
            for at in 0..word >> COUNT {
                let byte = (word >> (8 * at)) as u8;
                set[usize::from(byte / 64)] |= u64::from(bytes.contains(&byte)) << (byte % 64);
                places[usize::from(byte)] = (i * PER + at) as u8;
            }
        }
        for i in 0..4 {
            let i = if UP { i } else { 3 - i };
            while set[i] != 0 {
                let bit = match UP {
                    true => set[i].trailing_zeros(),
                    false => set[i].ilog2(),
                } as usize;
                set[i] &= !(1 << bit);
                f(&self.slots[usize::from(places[64 * i + bit])]);
            }
        }
    }
}

/// Where the byte is first among those of a word; PER or more, if it is not.
#[inline(always)]
fn position(word: usize, byte: u8) -> usize {
    let differ = word ^ (ONES * usize::from(byte));
    // The lowest byte that is 0 is found; of those above it this may be wrong.
    let zeros = differ.wrapping_sub(ONES) & !differ & HIGHS;
    let first = (zeros.trailing_zeros() / 8) as usize;
    if first < PER { first } else { usize::MAX }
}
