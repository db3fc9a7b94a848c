//! Spans: where pages come from in processes that have many.
//!
//! A span is as large as a huge page, and the kernel is asked to make it one, so that what is in it takes one entry
//! of the processor's address caches instead of hundreds. It is a [`Page`] whose slots are pages, of a source that
//! all zones of the process share. Pages are taken one by one, by one thread at a time; who finds another at it for
//! long takes one from the system instead, so that nobody waits for a thread that has stopped.
//!
//! Spans are mapped, not allocated: for memory that is aligned so far glibc maps twice as much, which costs two of
//! the process's mappings each, and, where every process has huge pages, one more huge page for a header.

use core::ptr::NonNull;

use super::Page;

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64",
    not(smr_loom)
))]
mod imp {
    use core::hint::spin_loop;
    use core::ptr;

    use super::super::{BITS, PAGE, Plan, Source, Taker, begin, touch, word};
    use super::{NonNull, Page};
    use crate::bucket::{Kind, Slot};
    use crate::primitive::Ordering::{Relaxed, SeqCst};
    use crate::primitive::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, fence};

    /// The environment variable that turns spans off when it is `0`.
    const OFF_SWITCH: &str = "SMR_CORE_HUGE_PAGES";
    /// A huge page of x86-64, and of arm64 with pages of 4 KiB.
    const SPAN: usize = 2 << 20;
    /// Pages that a process takes from the system before it takes spans: so that at most a fifth of what it has
    /// is a span of which nothing is used yet. Caches of addresses have entries for about as many. Suspension is
    /// to find spans in use.
    const FROM: usize = if cfg!(smr_steps) { 2 } else { 4 * SPAN / PAGE };
    /// As long as it has so many a span without use is kept: who makes and drops a small zone again and again does not
    /// map one each time.
    const KEEP: usize = FROM * 3 / 4;
    /// How often somebody tries who finds another thread at it.
    const TRIES: usize = 64;

    /// A page, as a slot of a span.
    #[repr(align(4096))]
    struct Whole {
        _bytes: [u8; PAGE],
    }

    const KIND: &Kind = &Kind::of::<Whole>();
    const PLAN: Plan = Plan {
        page: SPAN,
        size: SPAN,
        first: PAGE,
        len: SPAN / PAGE - 1,
        complete: 1,
    };

    /// Without a nursery.
    static SPANS: Source = Source {
        queue: AtomicPtr::new(ptr::null_mut()),
        unseen: AtomicPtr::new(ptr::null_mut()),
        taker: AtomicUsize::new(0),
        complete: AtomicUsize::new(0),
        trim_at: AtomicUsize::new(PLAN.complete),
        kept: AtomicUsize::new(0),
        idle: AtomicU32::new(0),
        pages: AtomicU32::new(0),
    };
    /// How many pages the process has. Relaxed, wherever it is used: a matter of policy.
    static PAGES: AtomicUsize = AtomicUsize::new(0);
    /// Relaxed: it is read before the first page is taken, and who misses that takes a page from the system.
    static SWITCH: AtomicU8 = AtomicU8::new(UNREAD);
    const UNREAD: u8 = 0;
    const ON: u8 = 1;
    const OFF: u8 = 2;

    /// Reads the switch, once: not while something is allocated, which may be in the midst of anything.
    pub(crate) fn decide() {
        if SWITCH.load(Relaxed) == UNREAD {
            let off = std::env::var_os(OFF_SWITCH).is_some_and(|v| v == "0");
            let read = if off { OFF } else { ON };
            // The first decision stands, should several threads race here.
            let _ = SWITCH.compare_exchange(UNREAD, read, Relaxed, Relaxed);
        }
    }

    /// Memory for a page; None if it is to come from the system.
    pub(in super::super) fn take() -> Option<NonNull<Page>> {
        // What is idle in a span is used again even where none would be made.
        if PAGES.load(Relaxed) < FROM && !SPANS.has_queued() || SWITCH.load(Relaxed) != ON {
            return None;
        }
        for _ in 0..TRIES {
            if let Some(taker) = Taker::claim(&SPANS) {
                let slot = take_as(&taker);
                drop(taker);
                tidy();
                KIND.open(slot?);
                return slot.map(|slot| slot.0.cast());
            }
            spin_loop();
        }
        None
    }

    /// Trims if it is time to. Who is refused, because another thread is at it, relies on that to look again.
    fn tidy() {
        // Between giving up the right to take and looking whether somebody was refused. Partner: the same fence
        // of who was, between counting a complete span and asking for the right.
        fence(SeqCst);
        let mut is_untidy = SPANS.is_untidy();
        for _ in 0..TRIES {
            if !is_untidy || !SPANS.trim_some(KIND, PLAN) {
                return;
            }
            fence(SeqCst); // As above.
            is_untidy = SPANS.has_complete();
        }
    }

    fn take_as(taker: &Taker<'_>) -> Option<Slot> {
        while let Some(span) = taker.pop() {
            let slot = SPANS.take_one(span, KIND, PLAN);
            if slot.is_some() {
                return slot;
            }
        }
        let span = map()?;
        // Relaxed: a statistic.
        SPANS.pages.fetch_add(1, Relaxed);
        // SAFETY: just mapped.
        unsafe { begin(span, PLAN, false) };
        for i in 0..PLAN.len {
            KIND.shut(PLAN.slot(span, KIND, i));
        }
        // Relaxed, here and below: the queue publishes it.
        for index in 0..PLAN.words() {
            let bits = (PLAN.len - index * BITS).min(BITS);
            let all = usize::MAX >> (BITS - bits);
            // SAFETY: made above.
            unsafe { word(span, index) }.store(all, Relaxed);
        }
        let all_idle = (PLAN.len as u32) << 1 | 1;
        // SAFETY: made above.
        unsafe { touch(span) }.state.store(all_idle, Relaxed);
        SPANS.take_one(span, KIND, PLAN)
    }

    /// One page more, wherever it is from.
    pub(in super::super) fn came() {
        PAGES.fetch_add(1, Relaxed);
    }

    /// One page less; it is to be given back after this.
    pub(in super::super) fn went() {
        if PAGES.fetch_sub(1, Relaxed) == KEEP {
            // The one that was kept does not count as complete. Relaxed: `tidy` has the fence.
            SPANS.complete.store(usize::MAX / 2, Relaxed);
            tidy();
        }
    }

    /// How many spans without use a round of trimming keeps of those that it looks at.
    pub(in super::super) fn spared() -> usize {
        usize::from(PAGES.load(Relaxed) >= KEEP)
    }

    /// Takes memory back.
    ///
    /// # Safety
    /// Of `take`, and not used again.
    pub(in super::super) unsafe fn give(page: NonNull<Page>) {
        let slot = Slot(page.cast());
        KIND.shut(slot);
        // SAFETY: the caller's contract.
        unsafe { Source::give(NonNull::from(&SPANS), KIND, PLAN, [slot].into_iter()) };
        tidy();
    }

    pub(crate) fn mapped() -> usize {
        // Relaxed: a statistic.
        SPANS.pages.load(Relaxed) as usize * SPAN
    }

    /// A span's memory; None if there is none.
    #[cfg(not(miri))]
    fn map() -> Option<NonNull<Page>> {
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
        // SAFETY: advice about memory of ours, whose content it does not change. Where it is refused all works as well.
        unsafe { libc::madvise(span.as_ptr().cast(), SPAN, libc::MADV_HUGEPAGE) };
        Some(span.cast())
    }

    /// Twice as much, and both ends back.
    #[cfg(not(miri))]
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

    #[cfg(not(miri))]
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
    #[cfg(not(miri))]
    unsafe fn unmap_some(at: NonNull<u8>, size: usize) {
        if size != 0 {
            // SAFETY: the caller's contract. It fails if the process has too many mappings: the memory is lost then.
            unsafe { libc::munmap(at.as_ptr().cast(), size) };
        }
    }

    /// # Safety
    /// Of `map`, and not used again.
    #[cfg(not(miri))]
    pub(in super::super) unsafe fn unmap(span: NonNull<Page>) {
        // SAFETY: the caller's contract.
        unsafe { unmap_some(span.cast(), SPAN) };
    }

    #[cfg(miri)]
    fn map() -> Option<NonNull<Page>> {
        super::super::allocate(PLAN)
    }

    /// # Safety
    /// Of `map`, and not used again.
    #[cfg(miri)]
    pub(in super::super) unsafe fn unmap(span: NonNull<Page>) {
        // SAFETY: the caller's contract.
        unsafe { super::super::dealloc(span, PLAN) };
    }
}

#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64",
    not(smr_loom)
)))]
mod imp {
    use super::{NonNull, Page};

    pub(crate) fn decide() {}

    pub(in super::super) fn take() -> Option<NonNull<Page>> {
        None
    }

    pub(in super::super) fn came() {}

    pub(in super::super) fn went() {}

    pub(in super::super) fn spared() -> usize {
        0
    }

    /// # Safety
    /// Never called.
    pub(in super::super) unsafe fn give(_: NonNull<Page>) {
        unreachable!("none has been taken");
    }

    /// # Safety
    /// Never called.
    pub(in super::super) unsafe fn unmap(_: NonNull<Page>) {
        unreachable!("none has been mapped");
    }

    pub(crate) fn mapped() -> usize {
        0
    }
}

pub(super) use imp::{came, give, spared, take, unmap, went};
pub(crate) use imp::{decide, mapped};
