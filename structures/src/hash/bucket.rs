//! Buckets: a few cache lines of header, link and slots.

#[cfg(not(smr_loom))]
use core::hint::select_unpredictable;
use core::mem::MaybeUninit;
#[cfg(not(smr_loom))]
use core::mem::offset_of;
use core::ptr;

use smr_core::primitive::{AtomicPtr, AtomicU64, Ordering};

use super::block::{Block, Link};
use super::header::{Header, MOST_SLOTS};
use super::steps::Step;
use super::tags::{TAG_BYTES, tag_of};

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
/// slots keep what is stored in them. Where slots would begin [`AHEAD`](Self::AHEAD) bytes before a `More`, the
/// slots from `COUNT` on, `MORE` of them, are those of that `More`.
pub(super) unsafe trait Slots: Sync + Sized {
    /// How many are in the bucket.
    const COUNT: u32;
    /// How many more an extension has; [`MOST_SLOTS`] in all, at most.
    const MORE: u32;
    /// Entries a bucket should hold on average, in eighths: what growth aims at.
    const LOAD: usize;
    /// So many slots, not more than 16, have tags that can be loaded: it is of use to splits where items do
    /// not tell their hashes.
    const TAGGED: u32 = 0;
    /// One bit for each slot that has no tag.
    const UNTAGGED: u32 = 0;
    /// In bytes: so long before an extension slots would begin whose `COUNT`th were the extension's first.
    #[cfg(not(smr_loom))]
    const AHEAD: usize;
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

    /// The same of any slot, of slots of which only some may be there.
    ///
    /// # Safety
    /// The slot is there.
    #[cfg(not(smr_loom))]
    unsafe fn load_at(slots: *const Self, slot: u32) -> Self::Item;

    /// Only for the thread that set `filling`, and slots that are not valid.
    fn store(&self, slot: u32, item: Self::Item);

    /// The same for an extension's slot.
    #[cfg(smr_loom)]
    fn store_more(more: &Self::More, slot: u32, item: Self::Item);

    /// The same of any slot, as [`load_at`](Self::load_at).
    ///
    /// # Safety
    /// The slot is there.
    #[cfg(not(smr_loom))]
    unsafe fn store_at(slots: *const Self, slot: u32, item: Self::Item);

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

    /// One bit for each slot with this tag, and none for one that has no tag.
    fn all_tagged(&self, tag: u8) -> u32;

    /// The slots where an entry of this hash is looked for first: one cache line's. Entries are put
    /// there if there is room.
    fn near(hash: u64) -> u32;

    /// What [`near`](Self::near) slots are in.
    fn line(&self, hash: u64) -> *const u8;
}

/// Where a bucket would begin of whose slots the last are an extension's: an address by which these are found
/// as a bucket's own are. Null if there is no extension.
pub(super) struct Ahead<S: Slots>(*mut Bucket<S>);

impl<S: Slots> Clone for Ahead<S> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Slots> Copy for Ahead<S> {}

impl<S: Slots> Ahead<S> {
    #[cfg(not(smr_loom))]
    const BYTES: usize = offset_of!(Bucket<S>, slots) + S::AHEAD;
    /// Models do not count bytes.
    #[cfg(smr_loom)]
    const BYTES: usize = 0;

    #[inline]
    fn of(more: *mut S::More) -> Self {
        Ahead(more.wrapping_byte_sub(Self::BYTES).cast())
    }

    #[inline]
    pub(super) fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// The extension itself, or null.
    #[inline]
    pub(super) fn extension(self) -> *mut S::More {
        let there = self.0.wrapping_byte_add(Self::BYTES).cast();
        if self.is_null() {
            ptr::null_mut()
        } else {
            there
        }
    }
}

/// So many bits, fewer than 64.
#[inline]
pub(super) const fn low_bits(bits: u32) -> u64 {
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

/// What is looked for.
pub(super) trait Probe<I> {
    /// Whether the item is it.
    ///
    /// # Safety
    /// The item was in a bucket, by a header that was the same after it was read, within the section.
    unsafe fn is(&self, item: I) -> bool;

    /// The same of one whose tag is known to agree with what is looked for, if `tagged`: of these most are it.
    ///
    /// # Safety
    /// As for [`is`](Self::is).
    #[inline]
    unsafe fn is_likely(&self, item: I, _tagged: bool) -> bool {
        // SAFETY: the caller's contract.
        unsafe { self.is(item) }
    }
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

/// One bucket. Zeroed memory is one that is not initialized, without a block.
#[repr(C, align(128))]
pub(super) struct Bucket<S: Slots> {
    header: AtomicU64,
    link: AtomicPtr<Block<S::Item>>,
    /// An [`Ahead`].
    more: AtomicPtr<Bucket<S>>,
    pub(super) slots: S,
}

// SAFETY: atomics, and slots, of which `Slots` says it; aligned so.
unsafe impl<S: Slots> Zeroed for Bucket<S> {
    #[cfg(smr_loom)]
    fn new() -> Self {
        Bucket {
            header: AtomicU64::new(0),
            link: AtomicPtr::new(ptr::null_mut()),
            more: AtomicPtr::new(ptr::null_mut()),
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

    /// [`still`](Self::still) in less time, and false as well if a thread has begun or ended to fill.
    #[inline]
    pub(super) fn same(&self, header: Header) -> bool {
        Step::Still.fence(Ordering::Acquire);
        self.header.load(Ordering::Relaxed) == header.0
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
            // Pairs with the acquire fence in `still` and `same`.
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

    /// The extension. Acquire: pairs with [`extend`](Self::extend).
    #[inline]
    pub(super) fn more(&self) -> Ahead<S> {
        Ahead(self.more.load(Step::Follow.order(Ordering::Acquire)))
    }

    /// Gives it an extension, if it has none. Release: publishes it.
    pub(super) fn extend(&self, more: *mut S::More) -> bool {
        self.replace_more(ptr::null_mut(), Ahead::<S>::of(more).0)
    }

    /// Takes its extension away. Only for the thread that set `filling`, under a header by which none of
    /// the extension's slots is valid.
    pub(super) fn curtail(&self, more: Ahead<S>) -> bool {
        self.replace_more(more.0, ptr::null_mut())
    }

    fn replace_more(&self, from: *mut Self, to: *mut Self) -> bool {
        let order = (Step::Publish.order(Ordering::AcqRel), Ordering::Relaxed);
        self.more
            .compare_exchange(from, to, order.0, order.1)
            .is_ok()
    }

    /// What is in a slot; none if it is in an extension, and there is none, so that the slot cannot be
    /// valid any more.
    #[cfg(not(smr_loom))]
    #[inline]
    pub(super) fn load(&self, slot: u32) -> Option<S::Item> {
        let slots = self.slots_with(slot)?;
        // SAFETY: there, or in an extension, which lives as long as the table.
        Some(unsafe { S::load_at(slots, slot) })
    }

    #[cfg(smr_loom)]
    pub(super) fn load(&self, slot: u32) -> Option<S::Item> {
        if slot < S::COUNT {
            return Some(self.slots.load(slot));
        }
        // SAFETY: null, or an extension, which lives as long as the table.
        let more = unsafe { self.more().extension().as_ref() }?;
        Some(S::load_more(more, slot - S::COUNT))
    }

    /// Slots where this one is: the bucket's, or those that seem to end in its extension. Without a branch
    /// that depends on the slot: nobody can guess it.
    #[cfg(not(smr_loom))]
    #[inline]
    fn slots_with(&self, slot: u32) -> Option<*const S> {
        debug_assert!(slot < S::COUNT + S::MORE);
        let here = ptr::from_ref(self);
        let bucket = select_unpredictable(slot < S::COUNT, here, self.more().0.cast_const());
        (!bucket.is_null()).then(|| bucket.wrapping_byte_add(offset_of!(Self, slots)).cast())
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
            let more = unsafe { self.more().extension().as_ref() }?;
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
        let stored = self.store_untagged(slot, item);
        self.slots.set_tag(slot, tag_of(hash));
        stored
    }

    /// The same, without a tag.
    #[cfg(not(smr_loom))]
    #[inline]
    pub(super) fn store_untagged(&self, slot: u32, item: S::Item) -> bool {
        let Some(slots) = self.slots_with(slot) else {
            return false;
        };
        // SAFETY: there, or in an extension, which lives as long as the table; while this thread fills it is not
        // taken away.
        unsafe { S::store_at(slots, slot, item) };
        true
    }

    #[cfg(smr_loom)]
    pub(super) fn store_untagged(&self, slot: u32, item: S::Item) -> bool {
        if slot < S::COUNT {
            self.slots.store(slot, item);
            return true;
        }
        // SAFETY: null, or an extension, which lives as long as the table.
        let more = unsafe { self.more().extension().as_ref() };
        more.inspect(|more| S::store_more(more, slot - S::COUNT, item))
            .is_some()
    }

    /// For a bucket that nobody else can reach: no list.
    pub(super) fn init(&self, header: Header) {
        self.header.store(header.0, Ordering::Relaxed);
        self.link.store(ptr::null_mut(), Ordering::Relaxed);
    }
}
