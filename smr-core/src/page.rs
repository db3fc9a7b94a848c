//! Where small slots come from, and where they go back to: pages.
//!
//! A page is found by the address of any of its slots. It notes which of them are *idle*, given back by the
//! zone. Pages with idle slots are in the source's *queue*, from which they are allocated again; one whose
//! slots are all idle goes back to where it came from when the queue is trimmed: the system, or a *span*, which
//! is a large page whose slots are pages. Larger slots are allocations of their own.
//!
//! # Who may touch a page
//! Whoever owns a slot that is not counted idle: the page cannot be complete. Giving slots back is two
//! steps: their bits, then one compare-and-swap that counts them and marks the page *queued*; after that the
//! page is not touched again, save by the thread that has marked it, which puts it into the queue. Whoever
//! takes a page out of the queue has it alone, but for those who give slots back, until it clears the mark.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use crate::bucket::{Kind, Slot};
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::primitive::{AtomicPtr, AtomicU32, AtomicUsize, MODEL};
use crate::step::{Step, order};

mod queue;
mod span;
use queue::Taker;
pub(crate) use span::{decide, mapped, shed};

/// What pages are aligned to.
const PAGE: usize = 4096;
/// A page's size. The rest is for what allocators put before it, so that they can lay one page behind the
/// other.
const SIZE: usize = PAGE - 16;
/// Pages have so many slots, at least.
const LEAST: usize = 8;
/// Slots in the nursery, at most: those of a source itself, so that a small zone needs no page.
const NURSERY: usize = 16;
/// Complete pages that the queue is trimmed for, at least.
const COMPLETE: usize = 16;
/// Pages that an operation looks at when it trims: it may miss the caches for each.
const LOOK: usize = 8;

const BITS: usize = usize::BITS as usize;

/// How a page is divided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The page's alignment, and size.
    page: usize,
    size: usize,
    /// The first slot's place.
    first: usize,
    len: usize,
    /// Complete pages that the queue is trimmed for, at least.
    complete: usize,
    /// Pages that one operation looks at when it trims.
    look: usize,
}

/// At a page's start; behind it, a bit for each slot, set if it is idle.
#[derive(Debug)]
#[repr(C)]
struct Page {
    /// Twice the number of idle slots, as far as they are counted, and 1 if the page is queued. Slots may be
    /// taken before they are counted, so that the number is negative for a moment.
    state: AtomicU32,
    /// Whether it is a span's slot.
    is_of_span: bool,
    next: AtomicPtr<Page>,
    /// Whether it has been freed: the models keep its memory, to look at this.
    #[cfg(all(test, smr_loom))]
    freed: models::Freed,
}

const HEAD: usize = size_of::<Page>();

impl Plan {
    /// None for slots that are too large.
    pub(crate) const fn of(slot: Layout) -> Option<Plan> {
        if MODEL || slot.align() > PAGE / 4 || slot.size() > SIZE / LEAST {
            return None;
        }
        let mut len = (SIZE - HEAD) / slot.size();
        loop {
            let first =
                (HEAD + len.div_ceil(BITS) * size_of::<usize>()).next_multiple_of(slot.align());
            if first + LEAST * slot.size() > SIZE {
                return None;
            }
            let fit = (SIZE - first) / slot.size();
            if fit >= len {
                return Some(Plan {
                    page: PAGE,
                    size: SIZE,
                    first,
                    len,
                    complete: COMPLETE,
                    look: LOOK,
                });
            }
            len = fit;
        }
    }

    /// Complete pages that a round of trimming keeps of those that it looks at.
    fn spared(self) -> usize {
        if self.page == PAGE { 0 } else { span::spared() }
    }

    const fn words(self) -> usize {
        self.len.div_ceil(BITS)
    }

    fn layout(self) -> Layout {
        Layout::from_size_align(self.size, self.page).expect("a page's")
    }

    /// The page of a slot.
    fn page_of(self, slot: Slot) -> NonNull<Page> {
        let page = slot.0.as_ptr().map_addr(|at| at & !(self.page - 1));
        NonNull::new(page.cast()).expect("pages are not at 0")
    }

    /// Which of its page's slots one is.
    fn index_of(self, slot: Slot, kind: &Kind) -> usize {
        (slot.0.addr().get() % self.page - self.first) / kind.size()
    }

    fn slot(self, page: NonNull<Page>, kind: &Kind, i: usize) -> Slot {
        let place = self.first + i * kind.size();
        Slot(page.cast::<u8>().map_addr(|at| at | place))
    }
}

/// # Safety
/// A page, for as long as it may be touched.
unsafe fn touch<'p>(page: NonNull<Page>) -> &'p Page {
    // SAFETY: made by `begin`.
    let head = unsafe { page.as_ref() };
    #[cfg(all(test, smr_loom))]
    head.freed.is_not();
    head
}

/// # Safety
/// As of `touch`, and one of the page's words of bits.
unsafe fn word<'p>(page: NonNull<Page>, index: usize) -> &'p AtomicUsize {
    // SAFETY: the caller's contract.
    let _ = unsafe { touch(page) };
    // SAFETY: made by `begin`.
    unsafe { &*word_at(page, index) }
}

/// The words lie behind the head.
fn word_at(page: NonNull<Page>, index: usize) -> *mut AtomicUsize {
    let first: *mut AtomicUsize = page.as_ptr().wrapping_add(1).cast();
    first.wrapping_add(index)
}

/// The slots of a zone that it does not have.
#[derive(Debug)]
#[repr(C, align(16))]
pub(crate) struct Source {
    /// The queue of pages that have idle slots: a stack from which one thread takes at a time, so that what
    /// it finds there is not taken and put back meanwhile.
    queue: AtomicPtr<Page>,
    /// What the present round of trimming has yet to look at; the taker's.
    unseen: AtomicPtr<Page>,
    /// 0, or the number of the process's generation in which a thread takes. Who finds one at it does
    /// without: a thread that stops there costs memory, not progress.
    taker: AtomicUsize,
    /// About how many of them are complete, and how many there must be for the queue to be trimmed.
    complete: AtomicUsize,
    trim_at: AtomicUsize,
    /// Pages that the present round has kept; the taker's.
    kept: AtomicUsize,
    /// The idle slots of the nursery, which lies behind.
    idle: AtomicU32,
    /// How many pages it has.
    pages: AtomicU32,
}

// SAFETY: atomics; pages are touched as the module says.
unsafe impl Send for Source {}
// SAFETY: as above.
unsafe impl Sync for Source {}

impl Source {
    /// Slots in the nursery: it takes half a page at most.
    fn nursery(kind: &Kind) -> u32 {
        (SIZE / 2 / kind.size()).min(NURSERY) as u32
    }

    /// Where the nursery begins.
    fn first(kind: &Kind) -> usize {
        size_of::<Source>().next_multiple_of(kind.align())
    }

    fn layout(kind: &Kind) -> Layout {
        let size = Source::first(kind) + Source::nursery(kind) as usize * kind.size();
        let align = kind.align().max(align_of::<Source>());
        Layout::from_size_align(size, align).expect("a few small slots")
    }

    /// All of the nursery's slots, as bits.
    fn all(kind: &Kind) -> u32 {
        (1 << Source::nursery(kind)) - 1
    }

    /// A source with a nursery; None if there is no memory.
    pub(crate) fn make(kind: &Kind) -> Option<NonNull<Source>> {
        // SAFETY: the size is not 0.
        let at = NonNull::new(unsafe { std::alloc::alloc(Source::layout(kind)) })?.cast();
        let source = Source {
            queue: AtomicPtr::new(ptr::null_mut()),
            unseen: AtomicPtr::new(ptr::null_mut()),
            taker: AtomicUsize::new(0),
            complete: AtomicUsize::new(0),
            trim_at: AtomicUsize::new(COMPLETE),
            kept: AtomicUsize::new(0),
            idle: AtomicU32::new(Source::all(kind)),
            pages: AtomicU32::new(0),
        };
        // SAFETY: fresh memory, which it fits.
        unsafe { at.write(source) };
        for i in 0..Source::nursery(kind) {
            kind.shut(Source::nursed(at, kind, i));
        }
        Some(at)
    }

    fn nursed(this: NonNull<Source>, kind: &Kind, i: u32) -> Slot {
        let place = Source::first(kind) + i as usize * kind.size();
        Slot(this.cast::<u8>().map_addr(|at| at.saturating_add(place)))
    }

    /// How many slots its pages have.
    pub(crate) fn slots(&self, plan: Plan) -> usize {
        // Relaxed: for policy.
        self.pages.load(Relaxed) as usize * plan.len
    }

    /// An idle slot of the nursery.
    ///
    /// # Safety
    /// Of [`make`](Self::make), for the same kind.
    pub(crate) unsafe fn nurse(this: NonNull<Source>, kind: &Kind) -> Option<Slot> {
        // SAFETY: the caller's contract.
        let idle = &unsafe { this.as_ref() }.idle;
        // Acquire: pairs with the Release of `give`: what was done with the slot came before.
        let mut now = idle.load(Relaxed);
        while now != 0 {
            match idle.compare_exchange_weak(now, now & (now - 1), Acquire, Relaxed) {
                Ok(_) => return Some(Source::nursed(this, kind, now.trailing_zeros())),
                Err(other) => now = other,
            }
        }
        None
    }

    /// The idle slots of a page, or those of a fresh one; None if there is no memory.
    pub(crate) fn take(&self, kind: &Kind, plan: Plan) -> Option<Vec<Slot>> {
        while self.has_queued() {
            let Some(page) = Taker::claim(self).and_then(|taker| taker.pop()) else {
                break;
            };
            let mut slots = Vec::new();
            if slots.try_reserve_exact(plan.len).is_err() {
                self.push(page, page);
                return None;
            }
            for index in (0..plan.words()).rev() {
                // SAFETY: out of the queue, by this thread. Acquire: pairs with the Release of `give`.
                let mut bits = unsafe { word(page, index) }.swap(0, order(Step::PageTake, Acquire));
                while bits != 0 {
                    let bit = BITS - 1 - bits.leading_zeros() as usize;
                    bits ^= 1 << bit;
                    slots.push(plan.slot(page, kind, index * BITS + bit));
                }
            }
            self.release(page, slots.len() as u32, plan);
            if !slots.is_empty() {
                return Some(slots);
            }
        }
        self.fresh(kind, plan)
    }

    /// One idle slot of a page that is out of the queue, by this thread, and goes back there if it has more.
    #[allow(dead_code, reason = "there are no spans on some platforms")]
    fn take_one(&self, page: NonNull<Page>, kind: &Kind, plan: Plan) -> Option<Slot> {
        for index in 0..plan.words() {
            // SAFETY: out of the queue, by this thread.
            let bits = unsafe { word(page, index) };
            // Relaxed: only this thread clears bits.
            let now = bits.load(Relaxed);
            if now != 0 {
                let lowest = now & now.wrapping_neg();
                // Acquire: pairs with the Release of `give`.
                bits.fetch_and(!lowest, order(Step::PageTake, Acquire));
                self.release(page, 1, plan);
                let i = index * BITS + lowest.trailing_zeros() as usize;
                return Some(plan.slot(page, kind, i));
            }
        }
        self.release(page, 0, plan);
        None
    }

    /// Counts slots taken out of a page that was taken out of the queue; it stays queued if there are more.
    fn release(&self, page: NonNull<Page>, taken: u32, plan: Plan) {
        // SAFETY: out of the queue, by this thread.
        let state = &unsafe { touch(page) }.state;
        let mut now = state.load(Relaxed);
        loop {
            let left = (now >> 1).wrapping_sub(taken) & (u32::MAX >> 1);
            // Negative, for the moment, if some were taken before they were counted.
            let more = left != 0 && left <= plan.len as u32;
            // Release: what was read of the page comes before whoever queues it next.
            let new = left << 1 | u32::from(more);
            match state.compare_exchange_weak(now, new, order(Step::PageRelease, AcqRel), Relaxed) {
                Ok(_) if more => return self.push(page, page),
                Ok(_) => return,
                Err(other) => now = other,
            }
        }
    }

    /// A fresh page's slots, those with the lowest addresses last.
    fn fresh(&self, kind: &Kind, plan: Plan) -> Option<Vec<Slot>> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(plan.len).ok()?;
        let (page, is_of_span) = match span::take() {
            Some(page) => (page, true),
            None => (allocate(plan)?, false),
        };
        // Relaxed: for the quota, which is a matter of policy.
        self.pages.fetch_add(1, Relaxed);
        span::came();
        // SAFETY: fresh memory, large enough, and aligned.
        unsafe { begin(page, plan, is_of_span) };
        for i in (0..plan.len).rev() {
            let slot = plan.slot(page, kind, i);
            kind.shut(slot);
            slots.push(slot);
        }
        Some(slots)
    }

    /// Takes raw slots back.
    ///
    /// # Safety
    /// Of `nurse` or `take` of this source; they hold no items, and are not used again.
    pub(crate) unsafe fn give(
        this: NonNull<Source>,
        kind: &Kind,
        plan: Plan,
        slots: impl Iterator<Item = Slot>,
    ) {
        // SAFETY: the caller's contract.
        let source = unsafe { this.as_ref() };
        let nursery = Source::nursed(this, kind, 0).0.addr().get();
        let nursery_size = Source::nursery(kind) as usize * kind.size();
        // Slots of one page that follow each other are counted at once.
        let mut run: Option<(NonNull<Page>, u32)> = None;
        for slot in slots {
            let place = slot.0.addr().get().wrapping_sub(nursery);
            if place < nursery_size {
                // Release: pairs with the Acquire of `nurse`.
                source.idle.fetch_or(1 << (place / kind.size()), Release);
                continue;
            }
            let page = plan.page_of(slot);
            let count = match run {
                Some((last, count)) if last == page => count,
                Some((last, count)) => {
                    // SAFETY: their bits are set.
                    unsafe { source.count(last, count, plan) };
                    0
                }
                None => 0,
            };
            let place = plan.index_of(slot, kind);
            // SAFETY: the slot is not counted idle yet. Release: pairs with the Acquire of `take`, `take_one` and
            // `Extent::shed`.
            unsafe { word(page, place / BITS) }
                .fetch_or(1 << (place % BITS), order(Step::PageGive, Release));
            run = Some((page, count + 1));
        }
        if let Some((page, count)) = run {
            // SAFETY: their bits are set.
            unsafe { source.count(page, count, plan) };
        }
    }

    /// Counts slots of a page idle.
    ///
    /// # Safety
    /// Their bits have been set by this thread, and they are not counted yet.
    unsafe fn count(&self, page: NonNull<Page>, count: u32, plan: Plan) {
        // SAFETY: as long as they are not counted the page is there.
        let state = &unsafe { touch(page) }.state;
        let mut now = state.load(Relaxed);
        loop {
            let idle = (now >> 1).wrapping_add(count) & (u32::MAX >> 1);
            // Release: what was done with the slots comes before the page is freed, in `look`.
            let new = idle << 1 | 1;
            match state.compare_exchange_weak(now, new, order(Step::PageCount, AcqRel), Relaxed) {
                Ok(_) => {
                    if now & 1 == 0 {
                        self.push(page, page);
                    }
                    if idle == plan.len as u32 {
                        self.complete.fetch_add(1, Relaxed);
                    }
                    return;
                }
                Err(other) => now = other,
            }
        }
    }

    /// Frees the source and its complete pages. A page of which an item is left is leaked with it, and so is
    /// the nursery.
    ///
    /// # Safety
    /// Of [`make`](Self::make), for the same kind, once; nobody else uses it.
    pub(crate) unsafe fn free(this: NonNull<Source>, kind: &Kind, plan: Plan) {
        // SAFETY: the caller's contract.
        let source = unsafe { this.as_ref() };
        source.trim(kind, plan);
        if source.idle.load(Relaxed) == Source::all(kind) {
            (0..Source::nursery(kind)).for_each(|i| kind.open(Source::nursed(this, kind, i)));
            // SAFETY: of `make`; atomics have no destructors.
            unsafe { std::alloc::dealloc(this.as_ptr().cast(), Source::layout(kind)) };
        }
    }
}

/// The memory of a page, of the system.
fn allocate(plan: Plan) -> Option<NonNull<Page>> {
    // SAFETY: the size is not 0.
    NonNull::new(unsafe { std::alloc::alloc(plan.layout()) }).map(NonNull::cast)
}

/// Makes a page of memory; none of its slots is idle.
///
/// # Safety
/// Memory as of `allocate`, or a span's, and nobody else's.
unsafe fn begin(page: NonNull<Page>, plan: Plan, is_of_span: bool) {
    let head = Page {
        state: AtomicU32::new(0),
        is_of_span,
        next: AtomicPtr::new(ptr::null_mut()),
        #[cfg(all(test, smr_loom))]
        freed: models::Freed::new(),
    };
    // SAFETY: the caller's contract.
    unsafe { page.write(head) };
    for index in 0..plan.words() {
        // SAFETY: before the first slot (`Plan::of`).
        unsafe { word_at(page, index).write(AtomicUsize::new(0)) };
    }
}

/// # Safety
/// The page, or span, is the caller's alone, with all its slots.
unsafe fn free(page: NonNull<Page>, kind: &Kind, plan: Plan) {
    (0..plan.len).for_each(|i| kind.open(plan.slot(page, kind, i)));
    // SAFETY: it is there, and the caller's.
    let is_of_span = unsafe { touch(page) }.is_of_span;
    if plan.page != PAGE {
        // SAFETY: a span, and whole.
        return unsafe { span::unmap(page) };
    }
    span::went();
    if is_of_span {
        // SAFETY: of `span::take`, and whole.
        unsafe { span::give(page) };
    } else {
        // SAFETY: of `allocate`, and whole.
        unsafe { dealloc(page, plan) };
    }
}

/// # Safety
/// Of `allocate`, for this plan, and not used again.
#[cfg(not(all(test, smr_loom)))]
unsafe fn dealloc(page: NonNull<Page>, plan: Plan) {
    // SAFETY: the caller's contract; atomics have no destructors.
    unsafe { std::alloc::dealloc(page.as_ptr().cast(), plan.layout()) };
}

#[cfg(all(test, smr_loom))]
use models::bury as dealloc;

#[cfg(all(test, smr_loom))]
mod models;
#[cfg(all(test, not(smr_loom)))]
mod tests;
