//! Buckets: a few cache lines of header, link and slots.

use core::mem::MaybeUninit;

use smr_core::primitive::{AtomicPtr, AtomicU64, Ordering};

use super::block::{Block, Link};
use super::header::{Header, MOST_SLOTS};
use super::steps::Step;

/// What [segments](super::segments) hold.
///
/// # Safety
/// Zeroed memory is a value of the type, which is aligned to 128 bytes and has no destructor.
pub(super) unsafe trait Zeroed {
    /// In models, whose atomics are not plain memory.
    #[cfg(smr_loom)]
    fn new() -> Self;
}

/// The slots of a bucket: atomic words, so that a torn or overtaken read is a wrong value, never a race.
/// Accesses are relaxed; the header orders them. Each slot has a tag, some bits of its entry's hash.
///
/// The first are in the bucket; more are in an extension, which only full buckets have.
///
/// # Safety
/// Zeroed memory is a value of the type, and of [`More`](Self::More), neither of which has a destructor;
/// slots keep what is stored in them.
pub(super) unsafe trait Slots: Sync {
    /// How many are in the bucket.
    const COUNT: u32;
    /// How many more an extension has; [`MOST_SLOTS`](super::header::MOST_SLOTS) in all, at most.
    const MORE: u32;
    /// Entries a bucket should hold on average, in eighths: what growth aims at.
    const LOAD: usize;
    /// Whether items refer to what [`Probe::is`] looks at, so that it may be asked only of those that are
    /// known to be the bucket's. Else they hold all of it.
    const REFER: bool;
    /// So many slots, not more than 16, have tags that can be loaded: it is of use to splits where items do
    /// not tell their hashes.
    const TAGGED: u32 = 0;
    /// What a slot holds; equal if it is the same in every bit.
    type Item: Copy + PartialEq + Send;
    /// An extension.
    type More: Send + Sync;

    /// Free ones. In models, whose atomics are not plain memory.
    #[cfg(smr_loom)]
    fn new() -> Self;

    /// The same of an extension's.
    #[cfg(smr_loom)]
    fn more() -> Self::More;

    /// What is in a slot: what was stored there last, or earlier; nothing that was not stored there if
    /// it was valid under a header read before.
    fn load(&self, slot: u32) -> Self::Item;

    /// The same of an extension's slot, counted from its first.
    fn load_more(more: &Self::More, slot: u32) -> Self::Item;

    /// The same of any slot; none if it is an extension's, and there is none. If possible without a branch
    /// that depends on the slot: nobody can guess it.
    ///
    /// # Safety
    /// `more` is null or an extension.
    #[inline]
    unsafe fn load_any(&self, more: *const Self::More, slot: u32) -> Option<Self::Item> {
        if slot < Self::COUNT {
            return Some(self.load(slot));
        }
        // SAFETY: the caller's contract.
        let more = unsafe { more.as_ref() };
        more.map(|more| Self::load_more(more, slot - Self::COUNT))
    }

    /// Only for the thread that set `filling`, and slots that are not valid.
    fn store(&self, slot: u32, item: Self::Item);

    /// The same for an extension's slot.
    fn store_more(more: &Self::More, slot: u32, item: Self::Item);

    /// The same of any slot; false if it is an extension's, and there is none. As
    /// [`load_any`](Self::load_any).
    ///
    /// # Safety
    /// `more` is null or an extension.
    #[inline]
    unsafe fn store_any(&self, more: *const Self::More, slot: u32, item: Self::Item) -> bool {
        if slot < Self::COUNT {
            self.store(slot, item);
            return true;
        }
        // SAFETY: the caller's contract.
        let more = unsafe { more.as_ref() };
        more.inspect(|more| Self::store_more(more, slot - Self::COUNT, item))
            .is_some()
    }

    /// Only for the thread that set `filling`, and slots that are not valid; of any slot.
    fn set_tag(&self, slot: u32, tag: u8);

    /// The same of all slots, none of which is valid.
    #[inline]
    fn set_tags(&self, tags: &[u8; TAG_BYTES]) {
        for slot in 0..Self::COUNT + Self::MORE {
            self.set_tag(slot, tags[slot as usize]);
        }
    }

    /// The tags of the first slots, [`TAGGED`](Self::TAGGED) of them; as of [`load`](Self::load).
    #[inline]
    fn tags(&self) -> [u8; 16] {
        [0; 16]
    }

    /// One bit for each slot with this tag. Others may be set besides.
    fn all_tagged(&self, tag: u8) -> u32;

    /// The slots where an entry of this hash is looked for first: one cache line's. Entries are put
    /// there if there is room.
    fn near(hash: u64) -> u32;

    /// What [`near`](Self::near) slots are in.
    fn line(&self, hash: u64) -> *const u8;
}

/// A byte for each slot that there may be, in words.
pub(super) const TAG_BYTES: usize = MOST_SLOTS.next_multiple_of(8);

/// So many bits, fewer than 64.
#[inline]
pub(super) fn low_bits(bits: u32) -> u64 {
    !(u64::MAX << bits)
}

/// The numbers of the bits that are set, from the lowest on.
#[inline]
pub(super) fn ones(mut bits: u32) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let lowest = bits.trailing_zeros();
        bits &= bits - 1;
        Some(lowest)
    })
}

/// The best of some slots, at least one, for an entry of this hash.
#[inline]
pub(super) fn choose<S: Slots>(free: u32, hash: u64) -> u32 {
    let near = free & S::near(hash);
    let among = if near == 0 { free } else { near };
    among.trailing_zeros()
}

/// The bits of a hash that slots note. The low ones, which choose the bucket, tell nothing there.
#[inline]
pub(super) fn tag_of(hash: u64) -> u8 {
    (hash >> 56) as u8
}

/// What is looked for.
pub(super) trait Probe<I> {
    /// Whether the item is it.
    ///
    /// # Safety
    /// The item was in a bucket, by a header that was the same after it was read, within the section.
    unsafe fn is(&self, item: I) -> bool;
}

/// The hashes of the items in a table. Closures are those whose items say all of them.
pub(super) trait Rehash<I> {
    /// # Safety
    /// As for [`Probe::is`].
    unsafe fn hash(&self, item: I) -> u64;

    /// As much of the hash as a split of a bucket of this depth needs: the bit that comes next, and those of
    /// the tag and of [`near`](Slots::near).
    ///
    /// # Safety
    /// As for [`Probe::is`]; and the tag is the item's, if it is known.
    #[inline]
    unsafe fn hash_for_split(&self, item: I, _depth: u32, _tag: Option<u8>) -> u64 {
        // SAFETY: the caller's contract.
        unsafe { self.hash(item) }
    }
}

impl<I, F: Fn(I) -> u64> Rehash<I> for F {
    #[inline]
    unsafe fn hash(&self, item: I) -> u64 {
        self(item)
    }
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
        let [low, high] = [0, 1].map(|i| self.0[i].load(Ordering::Relaxed));
        bytes_equal(low, high, tag)
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
        // By a multiplication: less than to spread the byte within the register.
        let four = (u32::from(byte) * 0x0101_0101).cast_signed();
        // SAFETY: as above.
        let wanted = unsafe { x86::_mm_set1_epi32(four) };
        // SAFETY: as above.
        let equal = unsafe { x86::_mm_cmpeq_epi8(bytes, wanted) };
        // SAFETY: as above.
        unsafe { x86::_mm_movemask_epi8(equal) }.cast_unsigned()
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

/// One bucket. Zeroed memory is one that is not initialized, without a block.
#[repr(C, align(128))]
pub(super) struct Bucket<S: Slots> {
    header: AtomicU64,
    link: AtomicPtr<Block<S::Item>>,
    more: AtomicPtr<S::More>,
    pub(super) slots: S,
}

// SAFETY: atomics, and slots, of which `Slots` says it; aligned so.
unsafe impl<S: Slots> Zeroed for Bucket<S> {
    #[cfg(smr_loom)]
    fn new() -> Self {
        Bucket {
            header: AtomicU64::new(0),
            link: AtomicPtr::new(core::ptr::null_mut()),
            more: AtomicPtr::new(core::ptr::null_mut()),
            slots: S::new(),
        }
    }
}

impl<S: Slots> Bucket<S> {
    /// SeqCst, like every change: what is found in different buckets has one order.
    #[inline]
    pub(super) fn header(&self) -> Header {
        Header(self.header.load(Step::Header.order(Ordering::SeqCst)))
    }

    /// Whether what was read since `header` was read belongs to it. Acquire fence: pairs with the
    /// release fence between a `filling` and the stores into slots, so that whoever read such a store
    /// finds the header changed.
    #[inline]
    pub(super) fn still(&self, header: Header) -> bool {
        Step::Still.fence(Ordering::Acquire);
        Header(self.header.load(Ordering::Relaxed)).agrees(header)
    }

    /// SeqCst: every change of content linearizes here.
    #[inline]
    pub(super) fn change(&self, from: Header, to: Header) -> bool {
        let order = (Step::Change.order(Ordering::SeqCst), Ordering::Relaxed);
        self.header
            .compare_exchange(from.0, to.0, order.0, order.1)
            .is_ok()
    }

    /// Takes the right to write to free slots; what the thread stores into them comes after.
    #[inline]
    pub(super) fn begin_filling(&self, header: Header) -> bool {
        let begun = !header.filling() && self.change(header, header.with_filling());
        if begun {
            // Pairs with the acquire fence in `still`.
            Step::Fill.fence(Ordering::Release);
        }
        begun
    }

    /// Gives the right back, of which nothing has come.
    pub(super) fn end_filling(&self) {
        loop {
            let now = self.header();
            debug_assert!(now.filling(), "B1: the right is its owner's to give back");
            if self.change(now, now.without_filling()) {
                return;
            }
        }
    }

    /// Acquire: pairs with the publication of a block.
    #[inline]
    pub(super) fn link(&self) -> Link<S::Item> {
        Link::from_raw(self.link.load(Step::Follow.order(Ordering::Acquire)))
    }

    /// AcqRel: publishes the block, and what was written into the slots and fates before; and whoever
    /// takes a block out has seen it whole.
    #[inline]
    pub(super) fn relink(&self, from: Link<S::Item>, to: Link<S::Item>) -> bool {
        let order = (Step::Publish.order(Ordering::AcqRel), Ordering::Acquire);
        self.link
            .compare_exchange(from.as_raw(), to.as_raw(), order.0, order.1)
            .is_ok()
    }

    /// The extension, or null. Acquire: pairs with [`extend`](Self::extend).
    #[inline]
    pub(super) fn more(&self) -> *mut S::More {
        self.more.load(Step::Follow.order(Ordering::Acquire))
    }

    /// Gives it an extension, if it has none. Release: publishes it.
    pub(super) fn extend(&self, more: *mut S::More) -> bool {
        self.replace_more(core::ptr::null_mut(), more)
    }

    /// Takes its extension away. Only for the thread that set `filling`, under a header by which none of
    /// the extension's slots is valid.
    pub(super) fn curtail(&self, more: *mut S::More) -> bool {
        self.replace_more(more, core::ptr::null_mut())
    }

    fn replace_more(&self, from: *mut S::More, to: *mut S::More) -> bool {
        let order = (Step::Publish.order(Ordering::AcqRel), Ordering::Relaxed);
        self.more
            .compare_exchange(from, to, order.0, order.1)
            .is_ok()
    }

    /// What is in a slot; none if it is in an extension, and there is none, so that the slot cannot be
    /// valid any more.
    #[inline]
    pub(super) fn load(&self, slot: u32) -> Option<S::Item> {
        // SAFETY: an extension lives as long as the table.
        unsafe { self.slots.load_any(self.more(), slot) }
    }

    /// What is in the slots: in those that are valid by `header`. None if some are an extension's, and there
    /// is none.
    ///
    /// Of the others as well, where no branch need tell them apart.
    #[inline]
    pub(super) fn load_all(
        &self,
        header: Header,
        items: &mut [MaybeUninit<S::Item>; MOST_SLOTS],
    ) -> Option<()> {
        let (inside, outside) = items.split_at_mut(S::COUNT as usize);
        for (slot, item) in (0..).zip(inside) {
            item.write(self.slots.load(slot));
        }
        if header.valid() >> S::COUNT != 0 {
            // SAFETY: null, or an extension, which lives as long as the table.
            let more = unsafe { self.more().as_ref() }?;
            for (slot, item) in (0..S::MORE).zip(outside) {
                item.write(S::load_more(more, slot));
            }
        }
        Some(())
    }

    /// Stores into a slot that is not valid. Only for the thread that set `filling`. False if the slot
    /// is not there.
    #[inline]
    pub(super) fn store(&self, slot: u32, item: S::Item, hash: u64) -> bool {
        // SAFETY: an extension lives as long as the table; while this thread fills it is not taken away.
        let stored = unsafe { self.slots.store_any(self.more(), slot, item) };
        self.slots.set_tag(slot, tag_of(hash));
        stored
    }

    /// For a bucket that nobody else can reach: no list.
    pub(super) fn init(&self, header: Header) {
        self.header.store(header.0, Ordering::Relaxed);
        self.link.store(core::ptr::null_mut(), Ordering::Relaxed);
    }
}
