//! Slots of memory, and buckets of them: what is retired together, numbered together, and then
//! allocated from.
//!
//! Invariant **B1**: every slot of a bucket was unlinked before the bucket took its number.

use core::alloc::Layout;
use core::ptr::NonNull;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::barrier::Ticket;
use crate::page::{self, Plan};
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

    /// Whether slots are allocated many at a time.
    pub(crate) fn has_pages(&self) -> bool {
        self.plan.is_some()
    }

    /// Fresh memory of a kind without pages; None if there is none.
    pub(crate) fn allocate(&self) -> Option<Slot> {
        debug_assert!(self.plan.is_none());
        // SAFETY: the layout's size is not zero (`of`).
        NonNull::new(unsafe { std::alloc::alloc(self.layout) }).map(Slot)
    }

    /// A page of raw slots; None if there is no memory, or there are no pages of this kind.
    pub(crate) fn page(&self) -> Option<Vec<Slot>> {
        let plan = self.plan?;
        let mut slots = Vec::new();
        slots.try_reserve_exact(plan.len()).ok()?;
        let made = plan.make(self.size(), |slot| {
            self.shut(slot);
            slots.push(slot);
        });
        made.then_some(slots)
    }

    /// Slots for the first items of a zone, in one allocation; None if there is no memory. They are freed by
    /// [`free_nursery`](Self::free_nursery) only.
    pub(crate) fn nursery(&self, len: u16) -> Option<NonNull<u8>> {
        // SAFETY: neither the layout's size nor `len` is zero.
        let nursery = NonNull::new(unsafe { std::alloc::alloc(self.nursery_layout(len)) })?;
        for i in 0..len {
            self.shut(self.in_nursery(nursery, i));
        }
        Some(nursery)
    }

    fn nursery_layout(&self, len: u16) -> Layout {
        let size = self.size() * usize::from(len);
        Layout::from_size_align(size, self.layout.align()).expect("a few small slots")
    }

    pub(crate) fn in_nursery(&self, nursery: NonNull<u8>, i: u16) -> Slot {
        Slot(nursery.map_addr(|at| at.saturating_add(usize::from(i) * self.size())))
    }

    /// Whether the slot is of the nursery.
    pub(crate) fn is_of_nursery(&self, nursery: *mut u8, len: u16, slot: Slot) -> bool {
        let place = slot.0.addr().get().wrapping_sub(nursery.addr());
        place < self.size() * usize::from(len)
    }

    /// # Safety
    /// Of `nursery`, with the same `len`, once; none of its slots is used again.
    pub(crate) unsafe fn free_nursery(&self, nursery: NonNull<u8>, len: u16) {
        for i in 0..len {
            self.open(self.in_nursery(nursery, i));
        }
        // SAFETY: the caller's contract.
        unsafe { std::alloc::dealloc(nursery.as_ptr(), self.nursery_layout(len)) };
    }

    /// Returns the memory of slots to the system's allocator, for a page all at once.
    ///
    /// # Safety
    /// The slots came from `allocate` or `page` of the same kind, hold no items, and are not used again.
    pub(crate) unsafe fn free(&self, slots: impl Iterator<Item = Slot>) {
        if self.plan.is_none() {
            for slot in slots {
                self.open(slot);
                // SAFETY: the caller's contract.
                unsafe { std::alloc::dealloc(slot.0.as_ptr(), self.layout) };
            }
            return;
        }
        let mut run: Option<(Slot, usize)> = None;
        for slot in slots {
            self.open(slot);
            run = match run {
                Some((first, count)) if page::same(first, slot) => Some((first, count + 1)),
                Some((first, count)) => {
                    // SAFETY: the caller's contract.
                    unsafe { page::give_back(first, count) };
                    Some((slot, 1))
                }
                None => Some((slot, 1)),
            };
        }
        if let Some((first, count)) = run {
            // SAFETY: the caller's contract.
            unsafe { page::give_back(first, count) };
        }
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

    pub(super) fn shut(slot: Slot, layout: Layout) {
        // SAFETY: the region is a live allocation of this size, which the pool owns.
        unsafe { __asan_poison_memory_region(slot.0.as_ptr().cast(), layout.size()) }
    }

    pub(super) fn open(slot: Slot, layout: Layout) {
        // SAFETY: as above.
        unsafe { __asan_unpoison_memory_region(slot.0.as_ptr().cast(), layout.size()) }
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
