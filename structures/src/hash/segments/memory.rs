//! Where segments come from: zeroed memory; in models, buckets that are made one by one.

use crate::hash::bucket::Zeroed;

#[cfg(not(smr_loom))]
mod imp {
    use super::Zeroed;
    use core::alloc::Layout;
    use core::ptr;
    use std::alloc::{alloc_zeroed, dealloc};

    /// Of all that is asked for here.
    const ALIGN: usize = 128;
    /// From here on memory is asked for with an alignment that lets the allocator map zeroed pages
    /// rather than clear them, and aligned here.
    const LARGE: usize = 1 << 14;

    fn layout<T: Zeroed>(count: usize) -> Option<Layout> {
        let buckets = Layout::array::<T>(count).ok()?;
        if buckets.size() < LARGE {
            return Some(buckets);
        }
        Layout::from_size_align(buckets.size().checked_add(ALIGN)?, 16).ok()
    }

    /// Zeroed buckets; none if there is no memory.
    pub(in super::super) fn alloc<T: Zeroed>(count: usize) -> Option<*mut T> {
        let layout = layout::<T>(count)?;
        // SAFETY: the size is not 0.
        let at = unsafe { alloc_zeroed(layout) };
        if at.is_null() {
            return None;
        }
        if layout.align() >= ALIGN {
            return Some(at.cast());
        }
        // At least 16 bytes, where the way back is noted.
        let first = at.wrapping_add(ALIGN - at.addr() % ALIGN);
        let note = first.cast::<*mut u8>().wrapping_sub(1);
        // SAFETY: within the allocation, before the buckets, aligned to 8.
        unsafe { note.write(at) };
        Some(first.cast())
    }

    /// What `alloc` has taken.
    pub(in super::super::super) struct Memory {
        at: *mut u8,
        layout: Layout,
    }

    // SAFETY: memory.
    unsafe impl Send for Memory {}

    impl Memory {
        /// # Safety
        /// Of `alloc`, with this count, and not freed yet.
        pub(in super::super) unsafe fn of<T: Zeroed>(first: *mut T, count: usize) -> Memory {
            let layout = layout::<T>(count).expect("it was a layout before");
            let mut at: *mut u8 = first.cast();
            if layout.align() < ALIGN {
                let note = first.cast::<*mut u8>().wrapping_sub(1);
                // SAFETY: written by `alloc`.
                at = unsafe { ptr::read(note) };
            }
            Memory { at, layout }
        }

        /// # Safety
        /// Nobody has it any more. Buckets have no destructor.
        pub(in super::super::super) unsafe fn free(self) {
            // SAFETY: of this layout; freed once, as this is no copy.
            unsafe { dealloc(self.at, self.layout) };
        }
    }
}

#[cfg(smr_loom)]
mod imp {
    use super::Zeroed;

    pub(in super::super) fn alloc<T: Zeroed>(count: usize) -> Option<*mut T> {
        let buckets: Box<[T]> = (0..count).map(|_| T::new()).collect();
        Some(Box::into_raw(buckets).cast())
    }

    /// What `alloc` has made.
    pub(in super::super::super) struct Memory {
        first: usize,
        count: usize,
        free: unsafe fn(usize, usize),
    }

    impl Memory {
        /// # Safety
        /// Of `alloc`, with this count, and not freed yet.
        pub(in super::super) unsafe fn of<T: Zeroed>(first: *mut T, count: usize) -> Memory {
            Memory {
                first: first.expose_provenance(),
                count,
                free: free::<T>,
            }
        }

        /// # Safety
        /// Nobody has it any more.
        pub(in super::super::super) unsafe fn free(self) {
            // SAFETY: the caller's contract; freed once, as this is no copy.
            unsafe { (self.free)(self.first, self.count) };
        }
    }

    /// # Safety
    /// Exposed buckets of `alloc`, with this count, once.
    unsafe fn free<T: Zeroed>(first: usize, count: usize) {
        let first: *mut T = core::ptr::with_exposed_provenance_mut(first);
        let buckets = core::ptr::slice_from_raw_parts_mut(first, count);
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(buckets) });
    }
}

pub(in super::super) use imp::Memory;
pub(super) use imp::alloc;
