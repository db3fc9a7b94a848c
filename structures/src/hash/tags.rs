//! Tags: bits of hashes, a byte for each slot, many of which are compared at once.

use smr_core::primitive::{AtomicU64, Ordering};

use super::header::MOST_SLOTS;

/// A byte for each slot that there may be, in words.
pub(super) const TAG_BYTES: usize = MOST_SLOTS.next_multiple_of(8);

/// The bits of a hash that slots note. The low ones, which choose the bucket, tell nothing there.
#[inline]
pub(super) fn tag_of(hash: u64) -> u8 {
    (hash >> 56) as u8
}

/// The tags of 16 slots, a byte each.
pub(super) struct Tags([AtomicU64; 2]);

impl Tags {
    #[cfg(smr_loom)]
    pub(super) fn new() -> Self {
        Tags([AtomicU64::new(0), AtomicU64::new(0)])
    }

    /// Only for the thread that set `filling`: it alone writes here, and the other bytes stay the same.
    #[cfg_attr(not(smr_loom), allow(dead_code, reason = "for those with no others"))]
    #[inline]
    pub(super) fn store(&self, slot: u32, tag: u8) {
        set_byte(self.word(slot), slot % 8, tag);
    }

    /// The word with the tag of a slot below 16.
    #[inline]
    pub(super) fn word(&self, slot: u32) -> &AtomicU64 {
        &self.0[slot as usize / 8 % 2]
    }

    #[cfg_attr(smr_loom, allow(dead_code, reason = "models have no tags"))]
    #[inline]
    pub(super) fn load(&self) -> [u8; 16] {
        let words = [0, 1].map(|i| self.0[i].load(Ordering::Relaxed).to_le_bytes());
        let mut tags = [0; 16];
        tags[..8].copy_from_slice(&words[0]);
        tags[8..].copy_from_slice(&words[1]);
        tags
    }

    /// Sets all of them. Only for the thread that set `filling`, and no slot is valid.
    #[cfg_attr(smr_loom, allow(dead_code, reason = "models have no tags"))]
    #[inline]
    pub(super) fn store_all(&self, tags: &[u8; TAG_BYTES]) {
        let [low, high] = [0, 8].map(|at| word_at(tags, at));
        self.0[0].store(low, Ordering::Relaxed);
        self.0[1].store(high, Ordering::Relaxed);
    }

    /// One bit for each slot with this tag.
    #[inline]
    pub(super) fn equal(&self, tag: u8) -> u32 {
        #[cfg(all(
            target_arch = "x86_64",
            target_pointer_width = "64",
            not(any(miri, smr_loom, smr_steps, smr_tsan))
        ))]
        {
            use core::arch::x86_64 as x86;
            // Counted from the bucket, whose address is at hand: it saves an instruction.
            const AT: usize = 3 * size_of::<u64>();
            let bucket = (&raw const self.0).wrapping_byte_sub(AT);
            let bytes: x86::__m128i;
            // SAFETY: the two words. Each byte is one that was there at some time, which is all that is asked:
            // they are compared one by one.
            unsafe {
                core::arch::asm!(
                    "movdqu {}, [{} + {}]",
                    out(xmm_reg) bytes, in(reg) bucket, const AT,
                    options(pure, readonly, nostack, preserves_flags)
                );
            }
            equal_to(bytes, tag)
        }
        #[cfg(not(all(
            target_arch = "x86_64",
            target_pointer_width = "64",
            not(any(miri, smr_loom, smr_steps, smr_tsan))
        )))]
        {
            let [low, high] = [0, 1].map(|i| self.0[i].load(Ordering::Relaxed));
            bytes_equal(low, high, tag)
        }
    }
}

/// One bit for each byte of two words that is this one.
#[inline]
pub(super) fn bytes_equal(low: u64, high: u64, byte: u8) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64 as x86;
        // SAFETY: SSE2 is part of the architecture.
        let bytes = unsafe { x86::_mm_set_epi64x(high.cast_signed(), low.cast_signed()) };
        equal_to(bytes, byte)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let bytes = low.to_le_bytes().into_iter().chain(high.to_le_bytes());
        (0..)
            .zip(bytes)
            .map(|(i, other)| u32::from(other == byte) << i)
            .sum()
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn equal_to(bytes: core::arch::x86_64::__m128i, byte: u8) -> u32 {
    use core::arch::x86_64 as x86;
    // By a multiplication: less than to spread the byte within the register.
    let four = (u32::from(byte) * 0x0101_0101).cast_signed();
    // SAFETY: SSE2 is part of the architecture.
    let wanted = unsafe { x86::_mm_set1_epi32(four) };
    // SAFETY: as above.
    let equal = unsafe { x86::_mm_cmpeq_epi8(bytes, wanted) };
    // SAFETY: as above.
    unsafe { x86::_mm_movemask_epi8(equal) }.cast_unsigned()
}

/// Eight bytes, the first lowest.
#[inline]
pub(super) fn word_at(bytes: &[u8; TAG_BYTES], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// Sets a byte of a word to which nobody else writes.
#[inline]
pub(super) fn set_byte(word: &AtomicU64, byte: u32, value: u8) {
    let shift = 8 * byte;
    let others = word.load(Ordering::Relaxed) & !(0xFF << shift);
    word.store(others | u64::from(value) << shift, Ordering::Relaxed);
}
