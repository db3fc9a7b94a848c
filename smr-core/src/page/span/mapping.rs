//! Spans' memory, as the kernel gives it, and takes it back; under Miri, as the allocator does.

pub(super) use imp::{bring_in, forget, map, page, unmap};

/// A huge page of x86-64, and of arm64 with pages of 4 KiB.
pub(super) const SPAN: usize = 2 << 20;

#[cfg(not(miri))]
mod imp {
    use core::ptr::{self, NonNull};

    use super::SPAN;

    /// The size of the kernel's pages.
    pub(in super::super) fn page() -> usize {
        // SAFETY: it only asks.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(size).unwrap_or(0)
    }

    /// Has memory of a span brought in at once. Old kernels refuse, and others where their pages are larger; then it
    /// comes in as it is used.
    pub(in super::super) fn bring_in(at: NonNull<u8>, len: usize) {
        // SAFETY: advice that changes nothing of what is in memory.
        unsafe { libc::madvise(at.as_ptr().cast(), len, libc::MADV_POPULATE_WRITE) };
    }

    /// Gives memory of a span back; it is zeros then. False if the kernel refuses.
    ///
    /// # Safety
    /// Whole pages of the kernel, of [`map`], in which there is nothing.
    pub(in super::super) unsafe fn forget(at: NonNull<u8>, len: usize) -> bool {
        // SAFETY: the caller's contract.
        unsafe { libc::madvise(at.as_ptr().cast(), len, libc::MADV_DONTNEED) == 0 }
    }

    /// A span's memory; None if there is none.
    pub(in super::super) fn map(is_huge: bool) -> Option<NonNull<u8>> {
        let span = match map_some(SPAN) {
            // Most lie below the last one; and new kernels align what is as large as a huge page.
            Some(at) if at.addr().get() % SPAN == 0 => at,
            Some(at) => {
                // SAFETY: of `map_some`, and nobody's.
                unsafe { unmap_some(at, SPAN) };
                map_aligned()?
            }
            None => return None,
        };
        let advice = match is_huge {
            true => libc::MADV_HUGEPAGE,
            false => libc::MADV_NOHUGEPAGE,
        };
        // SAFETY: advice about memory of ours, whose content it does not change. Where it is refused all works as well.
        unsafe { libc::madvise(span.as_ptr().cast(), SPAN, advice) };
        Some(span)
    }

    /// Twice as much, and both ends back.
    fn map_aligned() -> Option<NonNull<u8>> {
        let at = map_some(2 * SPAN)?;
        let before = at.addr().get().wrapping_neg() % SPAN;
        let span = at.map_addr(|at| at.saturating_add(before));
        let behind = at.map_addr(|at| at.saturating_add(before + SPAN));
        // SAFETY: a part of what was mapped, and nobody's.
        unsafe { unmap_some(at, before) };
        // SAFETY: as above.
        unsafe { unmap_some(behind, SPAN - before) };
        Some(span)
    }

    fn map_some(size: usize) -> Option<NonNull<u8>> {
        // SAFETY: a mapping of its own.
        let at = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if at == libc::MAP_FAILED {
            None
        } else {
            NonNull::new(at.cast())
        }
    }

    /// # Safety
    /// Of `map_some`, or a part of that, and not used again.
    unsafe fn unmap_some(at: NonNull<u8>, size: usize) {
        if size != 0 {
            // SAFETY: the caller's contract. It fails if the process has too many mappings: the memory is lost then.
            unsafe { libc::munmap(at.as_ptr().cast(), size) };
        }
    }

    /// # Safety
    /// Of [`map`], and not used again.
    pub(in super::super) unsafe fn unmap(span: NonNull<u8>) {
        // SAFETY: the caller's contract.
        unsafe { unmap_some(span, SPAN) };
    }
}

#[cfg(miri)]
mod imp {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    use super::SPAN;

    const LAYOUT: Layout = match Layout::from_size_align(SPAN, SPAN) {
        Ok(layout) => layout,
        Err(_) => unreachable!(),
    };

    /// None that is known.
    pub(in super::super) fn page() -> usize {
        0
    }

    pub(in super::super) fn bring_in(_: NonNull<u8>, _: usize) {}

    /// # Safety
    /// As of the other.
    pub(in super::super) unsafe fn forget(_: NonNull<u8>, _: usize) -> bool {
        false
    }

    pub(in super::super) fn map(_: bool) -> Option<NonNull<u8>> {
        // SAFETY: the size is not 0.
        NonNull::new(unsafe { std::alloc::alloc(LAYOUT) })
    }

    /// # Safety
    /// As of the other.
    pub(in super::super) unsafe fn unmap(span: NonNull<u8>) {
        // SAFETY: the caller's contract.
        unsafe { std::alloc::dealloc(span.as_ptr(), LAYOUT) };
    }
}
