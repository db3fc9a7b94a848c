//! Spans: where pages come from in processes that have many.
//!
//! A span is as large as a huge page, and the kernel is asked to make it one, so that what is in it takes one entry
//! of the processor's address caches instead of hundreds. It is a [`Page`] whose slots are pages, of a source that
//! all zones of the process share. Pages are taken one by one, by one thread at a time; who finds another at it for
//! long takes one from the system instead, so that nobody waits for a thread that has stopped.

use core::ptr::NonNull;

use super::Page;

/// The environment variable that turns spans off when it is `0`.
#[cfg(not(smr_loom))]
const OFF_SWITCH: &str = "SMR_CORE_HUGE_PAGES";

#[cfg(not(smr_loom))]
mod imp {
    use core::hint::spin_loop;
    use core::ptr;

    use super::super::{BITS, PAGE, Plan, Source, Taker, allocate, begin, touch, word};
    use super::{NonNull, OFF_SWITCH, Page};
    use crate::bucket::{Kind, Slot};
    use crate::primitive::Ordering::Relaxed;
    use crate::primitive::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};

    /// A huge page of x86-64, and of arm64 with pages of 4 KiB.
    const SPAN: usize = 2 << 20;
    /// The rest is for what allocators put before it, so that they can lay one span behind the other.
    const SIZE: usize = SPAN - PAGE;
    /// Pages that a process takes from the system before it takes spans: so that at most a fifth of what it has
    /// is a span of which nothing is used yet. Caches of addresses have entries for about as many.
    const FROM: usize = 4 * SPAN / PAGE;
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
        size: SIZE,
        first: PAGE,
        len: SIZE / PAGE - 1,
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
    /// How many pages the process has.
    static PAGES: AtomicUsize = AtomicUsize::new(0);
    static SWITCH: AtomicU8 = AtomicU8::new(UNREAD);
    const UNREAD: u8 = 0;
    const ON: u8 = 1;
    const OFF: u8 = 2;

    fn is_on() -> bool {
        match SWITCH.load(Relaxed) {
            UNREAD => {
                let off = std::env::var_os(OFF_SWITCH).is_some_and(|v| v == "0");
                // Whoever comes at the same time reads the same.
                SWITCH.store(if off { OFF } else { ON }, Relaxed);
                !off
            }
            switch => switch == ON,
        }
    }

    /// Memory for a page; None if it is to come from the system.
    pub(in super::super) fn take() -> Option<NonNull<Page>> {
        // Relaxed: hints. What is idle in a span is used again even where none would be made.
        if PAGES.load(Relaxed) < FROM && !SPANS.has_queued() || !is_on() {
            return None;
        }
        for _ in 0..TRIES {
            if let Some(taker) = Taker::claim(&SPANS) {
                let slot = take_as(&taker)?;
                KIND.open(slot);
                return Some(slot.0.cast());
            }
            spin_loop();
        }
        None
    }

    fn take_as(taker: &Taker<'_>) -> Option<Slot> {
        while let Some(span) = taker.pop() {
            let slot = SPANS.take_one(span, KIND, PLAN);
            if slot.is_some() {
                return slot;
            }
        }
        let span = allocate(PLAN)?;
        SPANS.pages.fetch_add(1, Relaxed);
        advise(span);
        // SAFETY: just allocated.
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

    /// So many pages more, wherever they are from.
    pub(in super::super) fn count(more: isize) {
        PAGES.fetch_add(more.cast_unsigned(), Relaxed);
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
        if SPANS.is_untidy() {
            SPANS.trim_some(KIND, PLAN);
        }
    }

    /// Asks for a huge page. Without it all works as well.
    #[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
    fn advise(span: NonNull<Page>) {
        // SAFETY: advice about memory of ours, and about what is behind it up to the next span, whose content it
        // does not change.
        unsafe { libc::madvise(span.as_ptr().cast(), SPAN, libc::MADV_HUGEPAGE) };
    }

    #[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
    fn advise(_: NonNull<Page>) {}
}

#[cfg(smr_loom)]
mod imp {
    use super::{NonNull, Page};

    pub(in super::super) fn take() -> Option<NonNull<Page>> {
        None
    }

    /// # Safety
    /// Never called.
    pub(in super::super) unsafe fn give(_: NonNull<Page>) {
        unreachable!("none has been taken");
    }

    pub(in super::super) fn count(_: isize) {}
}

pub(super) use imp::{count, give, take};
