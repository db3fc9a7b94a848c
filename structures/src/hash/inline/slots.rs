//! Slots that hold keys and values themselves.

use core::hint::select_unpredictable;
use core::mem::MaybeUninit;

use bytemuck::NoUninit;
use smr_core::primitive::{AtomicU64, Ordering::Relaxed};

use super::super::bucket::{Probe, Slots};
use super::super::tags::{TAG_BYTES, Tags, bytes_equal, set_byte, tag_of, word_at};

/// A key's and a value's bytes.
#[derive(Clone, Copy, PartialEq)]
pub(in super::super) struct Pair {
    pub(super) key: u64,
    pub(super) value: u64,
}

/// Thirteen of them, which make buckets of four cache lines: the tags are in the first, with the header;
/// a hit touches one more.
#[repr(C)]
pub(in super::super) struct Pairs {
    tags: Tags,
    /// Of the extension's last four slots.
    more_tags: AtomicU64,
    pairs: [[AtomicU64; 2]; 13],
}

/// Seven pairs more, for full buckets.
#[repr(transparent)]
pub(in super::super) struct MorePairs([[AtomicU64; 2]; 7]);

// SAFETY: atomics, for which zeroed memory is a value.
unsafe impl Slots for Pairs {
    const COUNT: u32 = 13;
    const MORE: u32 = 7;
    const LOAD: usize = 82;
    #[cfg(not(smr_loom))]
    const AHEAD: usize =
        core::mem::offset_of!(Pairs, pairs) + Self::COUNT as usize * size_of::<[AtomicU64; 2]>();
    type Item = Pair;
    type More = MorePairs;

    #[cfg(smr_loom)]
    fn new() -> Self {
        Pairs {
            tags: Tags::new(),
            more_tags: AtomicU64::new(0),
            pairs: no_pairs(),
        }
    }

    #[cfg(smr_loom)]
    fn more() -> MorePairs {
        MorePairs(no_pairs())
    }

    #[inline]
    fn load(&self, slot: u32) -> Pair {
        Pair::load(&self.pairs[slot as usize])
    }

    fn load_more(more: &MorePairs, slot: u32) -> Pair {
        Pair::load(&more.0[slot as usize])
    }

    #[inline]
    fn store(&self, slot: u32, item: Pair) {
        item.store(&self.pairs[slot as usize]);
    }

    #[cfg(not(smr_loom))]
    #[inline]
    unsafe fn load_at(slots: *const Pairs, slot: u32) -> Pair {
        // SAFETY: the caller's contract.
        Pair::load(unsafe { &*Self::at(slots, slot) })
    }

    #[cfg(not(smr_loom))]
    #[inline]
    unsafe fn store_at(slots: *const Pairs, slot: u32, item: Pair) {
        // SAFETY: the caller's contract.
        item.store(unsafe { &*Self::at(slots, slot) });
    }

    #[cfg(smr_loom)]
    fn store_more(more: &MorePairs, slot: u32, item: Pair) {
        item.store(&more.0[slot as usize]);
    }

    #[inline]
    fn set_tag(&self, slot: u32, tag: u8) {
        let word = select_unpredictable(slot < 16, self.tags.word(slot), &self.more_tags);
        set_byte(word, slot % 8, tag);
    }

    #[inline]
    fn set_tags(&self, tags: &[u8; TAG_BYTES]) {
        self.tags.store_all(tags);
        self.more_tags.store(word_at(tags, 16), Relaxed);
    }

    #[inline]
    fn all_tagged(&self, tag: u8) -> u32 {
        self.tags.equal(tag) | bytes_equal(self.more_tags.load(Relaxed), 0, tag) << 16
    }

    #[inline]
    fn near(hash: u64) -> u32 {
        0b1111 << (4 * line(hash) - 3)
    }

    #[inline]
    fn line(&self, hash: u64) -> *const u8 {
        let start = core::ptr::from_ref(self).cast::<u8>();
        start.wrapping_add(64 * line(hash) as usize - 24)
    }
}

impl Pairs {
    /// Where a pair is. Not by the field: the other slots need not be there.
    #[cfg(not(smr_loom))]
    #[inline]
    fn at(slots: *const Pairs, slot: u32) -> *const [AtomicU64; 2] {
        let pairs = slots.wrapping_byte_add(core::mem::offset_of!(Pairs, pairs));
        pairs.cast::<[AtomicU64; 2]>().wrapping_add(slot as usize)
    }
}

impl Pair {
    #[inline]
    fn load([key, value]: &[AtomicU64; 2]) -> Pair {
        Pair {
            key: key.load(Relaxed),
            value: value.load(Relaxed),
        }
    }

    #[inline]
    fn store(self, [key, value]: &[AtomicU64; 2]) {
        key.store(self.key, Relaxed);
        value.store(self.value, Relaxed);
    }
}

#[cfg(smr_loom)]
fn no_pairs<const N: usize>() -> [[AtomicU64; 2]; N] {
    core::array::from_fn(|_| [AtomicU64::new(0), AtomicU64::new(0)])
}

/// One of the lines that hold nothing but pairs: 1 to 3. The first, with one, is where others go if there
/// is no room: it is always read.
///
/// Of the tag, which lookups need as well. So those that agree are in the same line, which is read once.
#[inline]
fn line(hash: u64) -> u32 {
    ((u32::from(tag_of(hash)) * 3) >> 8) + 1
}

/// The bytes of a value of at most eight, the rest zero.
#[inline]
pub(super) fn encode<T: NoUninit>(value: T) -> u64 {
    const { assert!(size_of::<T>() <= 8, "keys and values have at most 8 bytes") };
    let mut bytes = [0; 8];
    bytes[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&value));
    u64::from_ne_bytes(bytes)
}

/// The value again.
///
/// # Safety
/// The word is of [`encode`], for the same type.
#[inline]
pub(super) unsafe fn decode<T: NoUninit>(word: u64) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: `T` has at most 8 bytes (`encode`), and these are a value's.
    unsafe {
        core::ptr::copy_nonoverlapping(
            (&raw const word).cast(),
            value.as_mut_ptr().cast::<u8>(),
            size_of::<T>(),
        );
    }
    // SAFETY: as above.
    unsafe { value.assume_init() }
}

/// A key that is looked for.
pub(super) struct Wanted<'k, K>(pub(super) &'k K);

impl<K: NoUninit + Eq> Probe<Pair> for Wanted<'_, K> {
    #[inline]
    unsafe fn is(&self, item: Pair) -> bool {
        // SAFETY: a stored key.
        let key: K = unsafe { decode(item.key) };
        key == *self.0
    }
}
