//! Slots that hold a pointer to a node, and some bits of its hash.

use core::fmt;
use core::ptr;

use smr_core::primitive::{AtomicPtr, Ordering::Relaxed};

use super::super::bucket::{Rehash, Slots, low_bits};
use super::super::tags::{TAG_BYTES, Tags};

/// What every node begins with, whatever its key and value are.
#[repr(C)]
pub(in super::super) struct Head {
    pub(super) hash: u64,
}

/// A pointer to a node. Where addresses leave their 16 high bits free, these hold as many bits of its
/// hash, from bit `8 k` on, and the three low bits hold `k`: chosen by the depth of the bucket that the
/// node was put into, so that some eight splits or more find there which way it goes, and lookups whether
/// the node is worth a cache miss.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Word(*mut Head);

// SAFETY: an address; the map that holds it asks for `Send` of what is there.
unsafe impl Send for Word {}

/// Bits of the hash in a word. None under a sanitizer, which would take such pointers for lost memory,
/// nor where the allocator may tag the high bits itself.
const WINDOW: u32 = if cfg!(all(
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        target_arch = "powerpc64",
        target_arch = "s390x",
    ),
    not(any(target_os = "android", smr_asan, smr_tsan)),
)) {
    16
} else {
    0
};
const STEP: u32 = 8;
/// Of `k`.
const LOW: usize = 0b111;
/// Where the window is.
const SHIFT: u32 = if WINDOW == 0 { 0 } else { usize::BITS - WINDOW };

/// So far apart are nodes, at least, for the low bits to be free.
pub(super) const ALIGN: usize = LOW + 1;

impl Word {
    /// A node that goes into a bucket of this depth.
    ///
    /// # Panics
    /// If the address has bits where the window is: this crate does not know such a platform.
    #[inline]
    pub(super) fn new(node: *mut Head, hash: u64, depth: u32) -> Word {
        if WINDOW == 0 {
            return Word(node);
        }
        assert!(
            node.addr() >> SHIFT == 0,
            "addresses are of 48 bits at most"
        );
        let k = (depth / STEP) as usize;
        Word(node.map_addr(|at| at | window(hash, k) << SHIFT | k))
    }

    #[inline]
    pub(in super::super) fn node(self) -> *mut Head {
        match WINDOW {
            0 => self.0,
            _ => self.0.map_addr(|at| at & !LOW & ((1 << SHIFT) - 1)),
        }
    }

    #[inline]
    fn k(self) -> usize {
        self.0.addr() & LOW
    }

    /// Whether its node may have this hash.
    #[inline]
    pub(super) fn may_be(self, hash: u64) -> bool {
        // Sixteen bits, which are compared as such.
        WINDOW == 0 || window(hash, self.k()) as u16 == (self.0.addr() >> SHIFT) as u16
    }

    /// A bit of the hash, if it is in the window.
    #[inline]
    fn bit(self, bit: u32) -> Option<u64> {
        let at = bit.wrapping_sub(STEP * self.k() as u32);
        (at < WINDOW).then(|| (self.0.addr() >> (SHIFT + at) & 1) as u64)
    }
}

/// The bits of a hash from bit `8 k` on.
#[inline]
fn window(hash: u64, k: usize) -> usize {
    (hash >> (STEP * k as u32)) as usize & ((1 << WINDOW) - 1)
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {:#x}", self.node(), self.0.addr())
    }
}

/// The hashes that nodes carry.
pub(in super::super) struct Stored;

impl Rehash<Word> for Stored {
    #[inline]
    unsafe fn hash(&self, word: Word) -> u64 {
        // SAFETY: the word was in a bucket within the section, so its node is not reclaimed.
        unsafe { (*word.node()).hash }
    }

    #[inline]
    unsafe fn hash_for_split(&self, word: Word, depth: u32, tag: Option<u8>) -> u64 {
        if let (Some(bit), Some(tag)) = (word.bit(depth), tag) {
            return bit << depth | u64::from(tag) << 56;
        }
        // SAFETY: the caller's contract.
        unsafe { self.hash(word) }
    }
}

/// Eleven of them, which make buckets of two cache lines.
#[repr(C)]
pub(in super::super) struct Words {
    tags: Tags,
    words: [AtomicPtr<Head>; 11],
}

/// Nine more, for full buckets.
#[repr(transparent)]
pub(in super::super) struct MoreWords([AtomicPtr<Head>; 9]);

// SAFETY: zeroed, the tags are zero and the words null pointers; neither has a destructor.
unsafe impl Slots for Words {
    const COUNT: u32 = 11;
    const MORE: u32 = 9;
    const LOAD: usize = 64;
    const TAGGED: u32 = 16;
    const UNTAGGED: u32 = !low_bits(Self::TAGGED) as u32;
    #[cfg(not(smr_loom))]
    const AHEAD: usize =
        core::mem::offset_of!(Words, words) + Self::COUNT as usize * size_of::<AtomicPtr<Head>>();
    type Item = Word;
    type More = MoreWords;

    #[cfg(smr_loom)]
    fn new() -> Self {
        Words {
            tags: Tags::new(),
            words: no_words(),
        }
    }

    #[cfg(smr_loom)]
    fn more() -> MoreWords {
        MoreWords(no_words())
    }

    #[inline]
    fn load(&self, slot: u32) -> Word {
        Word(self.words[slot as usize].load(Relaxed))
    }

    #[inline]
    fn load_more(more: &MoreWords, slot: u32) -> Word {
        Word(more.0[slot as usize].load(Relaxed))
    }

    #[cfg(not(smr_loom))]
    #[inline]
    unsafe fn load_at(slots: *const Words, slot: u32) -> Word {
        // SAFETY: the caller's contract.
        let word = unsafe { &*Self::at(slots, slot) };
        Word(word.load(Relaxed))
    }

    #[cfg(not(smr_loom))]
    #[inline]
    unsafe fn store_at(slots: *const Words, slot: u32, word: Word) {
        // SAFETY: the caller's contract.
        let place = unsafe { &*Self::at(slots, slot) };
        place.store(word.0, Relaxed);
    }

    #[inline]
    fn store(&self, slot: u32, word: Word) {
        self.words[slot as usize].store(word.0, Relaxed);
    }

    #[cfg(smr_loom)]
    #[inline]
    fn store_more(more: &MoreWords, slot: u32, word: Word) {
        more.0[slot as usize].store(word.0, Relaxed);
    }

    #[inline]
    fn set_tag(&self, slot: u32, tag: u8) {
        if slot < Self::TAGGED {
            self.tags.store(slot, tag);
        }
    }

    #[inline]
    fn set_tags(&self, tags: &[u8; TAG_BYTES]) {
        self.tags.store_all(tags);
    }

    #[inline]
    fn tags(&self) -> [u8; 16] {
        self.tags.load()
    }

    #[inline]
    fn all_tagged(&self, tag: u8) -> u32 {
        self.tags.equal(tag)
    }

    /// Anywhere: the first are in the header's line, and a lookup asks for both.
    #[inline]
    fn near(_hash: u64) -> u32 {
        low_bits(Self::COUNT) as u32
    }

    #[inline]
    fn line(&self, _hash: u64) -> *const u8 {
        ptr::from_ref(&self.words[10]).cast()
    }
}

impl Words {
    /// Where a word is. Not by the field: the other slots need not be there.
    #[cfg(not(smr_loom))]
    #[inline]
    fn at(slots: *const Words, slot: u32) -> *const AtomicPtr<Head> {
        let words = slots.wrapping_byte_add(core::mem::offset_of!(Words, words));
        words.cast::<AtomicPtr<Head>>().wrapping_add(slot as usize)
    }
}

#[cfg(smr_loom)]
fn no_words<const N: usize>() -> [AtomicPtr<Head>; N] {
    core::array::from_fn(|_| AtomicPtr::new(ptr::null_mut()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_they_hold() {
        let hash = 0xFEDC_BA98_7654_3210;
        let mut head = Head { hash };
        let node = ptr::from_mut(&mut head);
        for depth in 0..40 {
            let word = Word::new(node, hash, depth);
            assert_eq!(word.node(), node);
            assert!(word.may_be(hash));
            let wrong = hash ^ 1 << (depth + 7);
            assert_eq!(word.may_be(wrong), WINDOW == 0);
            for bit in depth..(depth + 8).min(if WINDOW == 0 { 0 } else { 64 }) {
                assert_eq!(word.bit(bit), Some(hash >> bit & 1), "{depth}, {bit}");
            }
            // SAFETY: the node is there, and that is its tag.
            let part = unsafe { Stored.hash_for_split(word, depth, Some(0xFE)) };
            let all = 1 << depth | 0xFF << 56;
            assert_eq!(part & all, hash & all, "{depth}");
        }
    }
}
