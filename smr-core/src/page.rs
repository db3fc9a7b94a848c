//! Pages: where small slots come from, many at a time.
//!
//! A page is found by the address of any of its slots, and counts those that the zone has not given back.
//! When all have been, the page is. Larger slots are allocations of their own.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::bucket::Slot;
use crate::primitive::MODEL;
use crate::primitive::Ordering::AcqRel;
use crate::primitive::plain::AtomicUsize;

/// What pages are aligned to.
const PAGE: usize = 4096;
/// A page's size. The rest is for what allocators put before it, so that they can lay one page behind the
/// other.
const SIZE: usize = PAGE - 16;
/// Pages have so many slots, at least.
const LEAST: usize = 8;

/// How a page is divided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The first slot's place.
    first: usize,
    len: usize,
}

/// At a page's start. Not part of the protocols' models: it is touched by whoever owns a slot.
struct Header {
    /// Slots that have not been given back.
    live: AtomicUsize,
}

const LAYOUT: Layout = match Layout::from_size_align(SIZE, PAGE) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

impl Plan {
    /// None for slots that are too large.
    pub(crate) const fn of(slot: Layout) -> Option<Plan> {
        let first = size_of::<Header>().next_multiple_of(slot.align());
        if MODEL || first + LEAST * slot.size() > SIZE {
            return None;
        }
        let len = (SIZE - first) / slot.size();
        Some(Plan { first, len })
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// Makes a page, and hands over its slots, of `size` bytes each, those with the lowest addresses last.
    /// False if there is no memory.
    pub(crate) fn make(self, size: usize, mut take: impl FnMut(Slot)) -> bool {
        // SAFETY: the size is not 0.
        let Some(page) = NonNull::new(unsafe { std::alloc::alloc(LAYOUT) }) else {
            return false;
        };
        let live = AtomicUsize::new(self.len);
        // SAFETY: it has room for it, and is aligned to more.
        unsafe { page.cast().write(Header { live }) };
        for i in (0..self.len).rev() {
            // SAFETY: within the page (`of`).
            take(Slot(unsafe { page.add(self.first + i * size) }));
        }
        true
    }
}

/// Gives `count` slots of a page back.
///
/// # Safety
/// They are slots of one page, `slot` among them; raw, and not used again.
pub(crate) unsafe fn give_back(slot: Slot, count: usize) {
    let page = slot.0.as_ptr().map_addr(|at| at & !(PAGE - 1));
    // SAFETY: the page of a slot that has not been given back, so it is there.
    let header = unsafe { &*page.cast::<Header>() };
    // Release: what was done with the slots comes before the page is freed; Acquire: by whoever is last.
    if header.live.fetch_sub(count, AcqRel) == count {
        // SAFETY: of `make`; nobody has a slot of it any more.
        unsafe { std::alloc::dealloc(page, LAYOUT) };
    }
}

/// Whether two slots are of one page.
pub(crate) fn same(a: Slot, b: Slot) -> bool {
    (a.0.addr().get() ^ b.0.addr().get()) < PAGE
}
