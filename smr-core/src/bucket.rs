//! Slots of memory, and buckets of them: what is retired together, numbered together, and then
//! allocated from.
//!
//! Invariant **B1**: every slot of a bucket was unlinked before the bucket took its number.

use core::alloc::Layout;
use core::ptr::NonNull;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::barrier::Ticket;
use crate::page::Plan;
use crate::seq::Seq;

/// Memory for one item, of its zone's layout. Whether it holds an item depends on where it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Slot(pub(crate) NonNull<u8>);

// SAFETY: a slot is an address; its zone requires `T: Send` of what is dropped on other threads.
unsafe impl Send for Slot {}

impl Slot {
    /// No slot: fills arrays.
    pub(crate) const DANGLING: Slot = Slot(NonNull::dangling());
}

/// What a panicking drop left behind.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Gets rid of a panic's payload, whose own drop may panic too, with a payload of its own, and so on. If
/// there is no end to it the last is leaked.
pub(crate) fn discard(mut panic: Panic) {
    for _ in 0..8 {
        match catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            Ok(()) => return,
            Err(again) => panic = again,
        }
    }
    std::mem::forget(panic);
}

/// Keeps the first of several panics.
pub(crate) fn keep_first(first: &mut Option<Panic>, panic: Panic) {
    match first {
        None => *first = Some(panic),
        Some(_) => discard(panic),
    }
}

/// Goes on with a drop's panic, unless the thread is panicking already.
pub(crate) fn resume(panic: Option<Panic>) {
    match panic {
        Some(panic) if std::thread::panicking() => discard(panic),
        Some(panic) => std::panic::resume_unwind(panic),
        None => {}
    }
}

/// What a zone knows of its items: their layout, and how to drop one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    layout: Layout,
    drop: Option<unsafe fn(NonNull<u8>)>,
    /// How slots share pages, if they do.
    plan: Option<Plan>,
}

impl Kind {
    pub(crate) const fn of<T>() -> Kind {
        const fn layout<T>() -> Layout {
            let layout = Layout::new::<T>();
            if layout.size() > 0 {
                return layout;
            }
            // Items without a size still need addresses of their own.
            match Layout::from_size_align(layout.align(), layout.align()) {
                Ok(padded) => padded,
                Err(_) => unreachable!(),
            }
        }
        /// # Safety
        /// `item` points to a `T` that is owned and not used again.
        unsafe fn drop_item<T>(item: NonNull<u8>) {
            // SAFETY: the caller's contract.
            unsafe { item.cast::<T>().drop_in_place() }
        }
        Kind {
            plan: Plan::of(layout::<T>()),
            layout: layout::<T>(),
            drop: if core::mem::needs_drop::<T>() {
                Some(drop_item::<T>)
            } else {
                None
            },
        }
    }

    #[inline]
    pub(crate) fn needs_drop(&self) -> bool {
        self.drop.is_some()
    }

    /// The bytes of a slot.
    pub(crate) fn size(&self) -> usize {
        self.layout.size()
    }

    /// How slots share pages; None if each is allocated by itself.
    #[inline]
    pub(crate) fn plan(&self) -> Option<Plan> {
        self.plan
    }

    pub(crate) fn align(&self) -> usize {
        self.layout.align()
    }

    /// Fresh memory of a kind without pages; None if there is none.
    pub(crate) fn allocate(&self) -> Option<Slot> {
        debug_assert!(self.plan.is_none());
        // SAFETY: the layout's size is not zero (`of`).
        NonNull::new(unsafe { std::alloc::alloc(self.layout) }).map(Slot)
    }

    /// Returns the memory of a slot that was allocated by itself to the system's allocator.
    ///
    /// # Safety
    /// The slot came from `allocate` of the same kind, holds no item, and is not used again.
    pub(crate) unsafe fn free(&self, slot: Slot) {
        self.open(slot);
        // SAFETY: the caller's contract.
        unsafe { std::alloc::dealloc(slot.0.as_ptr(), self.layout) };
    }

    /// Forbids access to a slot that waits to be allocated again (under AddressSanitizer).
    #[inline]
    pub(crate) fn shut(&self, slot: Slot) {
        poison::shut(slot, self.layout);
    }

    /// Allows access to a slot that has been allocated again.
    #[inline]
    pub(crate) fn open(&self, slot: Slot) {
        poison::open(slot, self.layout);
    }

    /// Drops the item in the slot; a panic is caught and returned.
    ///
    /// # Safety
    /// The slot holds an item that nobody else uses or will use.
    pub(crate) unsafe fn drop_item(&self, slot: Slot) -> Result<(), Panic> {
        match self.drop {
            None => Ok(()),
            // SAFETY: the caller's contract.
            Some(drop) => catch_unwind(AssertUnwindSafe(|| unsafe { drop(slot.0) })),
        }
    }
}

/// A bucket in limbo: retired slots, and the goal from which on they may be reused.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) goal: Seq,
    pub(crate) ticket: Ticket,
    pub(crate) slots: Vec<Slot>,
}

#[cfg(smr_asan)]
mod poison {
    use super::Slot;
    use core::alloc::Layout;
    use core::ffi::c_void;

    unsafe extern "C" {
        fn __asan_poison_memory_region(address: *const c_void, size: usize);
        fn __asan_unpoison_memory_region(address: *const c_void, size: usize);
    }

    /// Bytes of memory for each byte of the map.
    const GRAIN: usize = 8;

    /// The grains that lie in the slot as a whole. The others may be a neighbour's as well, whose owner
    /// writes the map at the same time.
    fn whole(slot: Slot, layout: Layout) -> (*const c_void, usize) {
        let at = slot.0.addr().get();
        let first = at.next_multiple_of(GRAIN);
        let end = (at + layout.size()) & !(GRAIN - 1);
        let place = slot.0.as_ptr().with_addr(first);
        (place.cast(), end.saturating_sub(first))
    }

    pub(super) fn shut(slot: Slot, layout: Layout) {
        let (at, size) = whole(slot, layout);
        // SAFETY: part of a live allocation, which the pool owns.
        unsafe { __asan_poison_memory_region(at, size) }
    }

    pub(super) fn open(slot: Slot, layout: Layout) {
        let (at, size) = whole(slot, layout);
        // SAFETY: as above.
        unsafe { __asan_unpoison_memory_region(at, size) }
    }
}

#[cfg(not(smr_asan))]
mod poison {
    use super::Slot;
    use core::alloc::Layout;

    #[inline]
    pub(super) fn shut(_: Slot, _: Layout) {}

    #[inline]
    pub(super) fn open(_: Slot, _: Layout) {}
}
