//! Nodes with an index.

use smr_core::primitive::{AtomicU32, AtomicUsize, Ordering};

use super::claim::{CLAIM, Claim, claims};
use super::content::Content;
use super::head::Head;
use super::node::BYTES;
use super::word::Slot;

/// Bytes in a word of an index.
const EACH: usize = size_of::<usize>();

/// One that finds a child's slot by its byte.
#[repr(C, align(16))]
pub(super) struct Indexed<const ROOM: usize> {
    pub(super) head: Head,
    pub(super) term: Slot,
    /// Slots that have been given out. Some may have got no byte.
    used: AtomicU32,
    /// For each byte 0, or one more than a slot's place; so many a word.
    pub(super) index: [AtomicUsize; BYTES.div_ceil(EACH)],
    pub(super) slots: [Slot; ROOM],
}

impl<const ROOM: usize> Indexed<ROOM> {
    pub(super) fn new(head: Head, content: &Content) -> Self {
        let mut index = [0; BYTES.div_ceil(EACH)];
        for (i, &(byte, _)) in content.children.iter().enumerate() {
            let (word, shift) = in_index(byte);
            index[word] |= (i + 1) << shift;
        }
        Indexed {
            head,
            term: Slot::new(content.term),
            used: AtomicU32::new(content.children.len() as u32),
            index: index.map(AtomicUsize::new),
            slots: core::array::from_fn(|i| Slot::new(content.word(i))),
        }
    }

    #[inline(always)]
    pub(super) fn position(&self, byte: u8) -> Option<usize> {
        let (word, shift) = in_index(byte);
        let at = claims(&self.index[word]) >> shift & 0xff;
        at.checked_sub(1)
    }

    pub(super) fn claim(&self, byte: u8) -> Claim {
        let (word, shift) = in_index(byte);
        let word = &self.index[word];
        let mut now = claims(word);
        if now >> shift & 0xff != 0 {
            return Claim::Look;
        }
        // Relaxed: it gives each place out once.
        let room = ROOM as u32;
        if self.used.load(Ordering::Relaxed) >= room {
            return Claim::Full;
        }
        let at = self.used.fetch_add(1, Ordering::Relaxed);
        if at >= room {
            return Claim::Full;
        }
        // If the byte has got another place meanwhile, this one is lost.
        while now >> shift & 0xff == 0 {
            let more = now | (at as usize + 1) << shift;
            match word.compare_exchange(now, more, CLAIM, Ordering::Relaxed) {
                Ok(_) => break,
                Err(other) => now = other,
            }
        }
        Claim::Look
    }

    pub(super) fn for_each<'s>(&'s self, mut f: impl FnMut(u8, &'s Slot)) {
        for (i, word) in self.index.iter().enumerate() {
            let mut word = claims(word);
            while word != 0 {
                let at = word.trailing_zeros() / 8;
                let place = word >> (8 * at) & 0xff;
                f((i * EACH + at as usize) as u8, &self.slots[place - 1]);
                word &= !(0xff << (8 * at));
            }
        }
    }

    /// As of the other nodes.
    pub(super) fn from(&self, least: u8) -> Option<(u8, &Slot)> {
        let (first, shift) = in_index(least);
        for (i, word) in self.index.iter().enumerate().skip(first) {
            let mut word = claims(word);
            if i == first {
                word = word >> shift << shift;
            }
            if word != 0 {
                return Some(self.place(i, word, word.trailing_zeros() as usize / 8));
            }
        }
        None
    }

    pub(super) fn to(&self, most: u8) -> Option<(u8, &Slot)> {
        let (last, shift) = in_index(most);
        for (i, word) in self.index[..=last].iter().enumerate().rev() {
            let mut word = claims(word);
            if i == last {
                let above = usize::BITS as usize - 8 - shift;
                word = word << above >> above;
            }
            if word != 0 {
                return Some(self.place(i, word, word.ilog2() as usize / 8));
            }
        }
        None
    }

    /// The byte that is there in a word, and its slot.
    fn place(&self, i: usize, word: usize, at: usize) -> (u8, &Slot) {
        let place = word >> (8 * at) & 0xff;
        ((i * EACH + at) as u8, &self.slots[place - 1])
    }
}

/// Where an index has a byte: the word, and by how much it is shifted there.
#[inline(always)]
fn in_index(byte: u8) -> (usize, usize) {
    let byte = usize::from(byte);
    (byte / EACH, byte % EACH * 8)
}
