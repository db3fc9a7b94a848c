//! Which pages are of spans, and where they come from.

use core::hint::spin_loop;
use core::ops::Range;
use core::ptr::{self, NonNull};

use super::super::queue::Chain;
use super::super::{BITS, HEAD, PAGE, Page, Plan, Source, Taker, begin, touch, word};
use super::mapping::{self, SPAN};
use crate::bucket::{Kind, Slot};
use crate::primitive::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::primitive::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, fence};
use crate::threads;

/// The environment variable that turns spans off when it is `0`.
const OFF_SWITCH: &str = "SMR_CORE_HUGE_PAGES";
/// Pages that a process takes from the system before it takes spans: for so few none is mapped. Suspension is to
/// find spans in use.
const FEW: usize = if cfg!(smr_steps) { 2 } else { 128 };
/// Pages that it has before it asks for huge ones: so that at most a fifth of its memory is a span of which nothing
/// is used yet. Caches of addresses have entries for about as many.
const HUGE_FROM: usize = if cfg!(smr_steps) { 4 } else { 4 * SPAN / PAGE };
/// As long as it has so many a span without use is kept: who makes and drops a small zone again and again does not
/// map one each time.
const KEEP: usize = HUGE_FROM * 3 / 4;
/// As long as it has no more, a flush gives back the memory of idle pages; later that is little beside the rest.
const SHED_UP_TO: usize = 2 * HUGE_FROM;
/// Pages that are brought in at once: a sixteenth of what the process has, between these.
const AHEAD: usize = 16;
const LEAST_AHEAD: usize = 16;
const MOST_AHEAD: usize = 256;
/// Pages in a row, at least, whose memory is given back while others of their span are used.
const LEAST_SHED: usize = 4;
/// How often somebody tries who finds another thread at it, and how often `tidy` goes on.
const TRIES: usize = 64;
/// Spans that a thread looks at at once when it trims: 128 MiB of them. `tidy` goes on while there may be complete
/// ones.
const LOOK_SPANS: usize = 64;

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
    look: LOOK_SPANS,
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
/// How many bytes of spans are in memory, as far as is known here. Relaxed: a statistic.
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// 0, or the number of the process's generation in which a thread makes a huge one. Relaxed: a hint, that not all
/// are at it.
static MAKER: AtomicUsize = AtomicUsize::new(0);
/// Relaxed: it is read before the first page is taken, and who misses that takes a page from the system.
static SWITCH: AtomicU8 = AtomicU8::new(UNREAD);
const UNREAD: u8 = 0;
const ON: u8 = 1;
const OFF: u8 = 2;
/// Whether the kernel's pages are as large as ours. Of larger ones it would forget what lies behind a range, too.
/// Relaxed: it says no until it is known.
static IS_EXACT: AtomicBool = AtomicBool::new(false);

/// Reads the switch, once: not while something is allocated, which may be in the midst of anything.
pub(crate) fn decide() {
    if SWITCH.load(Relaxed) == UNREAD {
        IS_EXACT.store(mapping::page() == PAGE, Relaxed);
        let off = std::env::var_os(OFF_SWITCH).is_some_and(|v| v == "0");
        let read = if off { OFF } else { ON };
        // The first decision stands, should several threads race here.
        let _ = SWITCH.compare_exchange(UNREAD, read, Relaxed, Relaxed);
    }
}

/// What a span is, besides a page; in the header, behind the words.
struct Extent {
    is_huge: bool,
    /// Which of its pages are in memory, or about to be, as bits. Relaxed: the taker's, and before that the maker's.
    present: [AtomicUsize; WORDS],
}

const WORDS: usize = PLAN.words();
const EXTENT: usize = PAGE / 2;

fn extent_of(span: NonNull<Page>) -> *mut Extent {
    span.as_ptr().wrapping_byte_add(EXTENT).cast()
}

/// # Safety
/// A span, for as long as it may be touched.
unsafe fn extent<'p>(span: NonNull<Page>) -> &'p Extent {
    // SAFETY: made by `begin_span`.
    unsafe { &*extent_of(span) }
}

impl Extent {
    fn new(is_huge: bool) -> Self {
        let counted = if is_huge { SPAN } else { PAGE };
        BYTES.fetch_add(counted, Relaxed);
        Extent {
            is_huge,
            present: [const { AtomicUsize::new(0) }; WORDS],
        }
    }

    fn has(&self, i: usize) -> bool {
        self.present[i / BITS].load(Relaxed) & 1 << (i % BITS) != 0
    }

    fn turn(&self, pages: Range<usize>, is_present: bool) {
        let bytes = pages.len() * PAGE;
        for i in pages {
            let (word, bit) = (&self.present[i / BITS], 1 << (i % BITS));
            let now = word.load(Relaxed);
            word.store(if is_present { now | bit } else { now & !bit }, Relaxed);
        }
        match (self.is_huge, is_present) {
            (true, _) => {}
            (_, true) => _ = BYTES.fetch_add(bytes, Relaxed),
            (_, false) => _ = BYTES.fetch_sub(bytes, Relaxed),
        }
    }

    /// Which pages are to be brought in before the `i`th is used: none, or that and some more.
    fn reach(&self, i: usize) -> Range<usize> {
        let more = (PAGES.load(Relaxed) / AHEAD).clamp(LEAST_AHEAD, MOST_AHEAD);
        let most = (i + more).min(PLAN.len);
        let end = (i..most).find(|&i| self.has(i)).unwrap_or(most);
        self.turn(i..end, true);
        i..end
    }

    /// Gives the memory of idle pages back, if there are some in a row.
    fn shed(&self, span: NonNull<Page>) {
        let idle = |i: usize| {
            // SAFETY: the span is out of the queue, by this thread. Acquire: pairs with the Release of `give`.
            let bits = unsafe { word(span, i / BITS) }.load(Acquire);
            bits & 1 << (i % BITS) != 0 && self.has(i)
        };
        let mut i = 0;
        while i < PLAN.len {
            let end = (i..PLAN.len).find(|&i| !idle(i)).unwrap_or(PLAN.len);
            if end - i >= LEAST_SHED {
                let (at, len) = memory(span, i..end);
                // SAFETY: idle pages, which are nobody's, and stay so: only the taker, this thread, takes them.
                if unsafe { mapping::forget(at, len) } {
                    self.turn(i..end, false);
                }
            }
            i = end + 1;
        }
    }

    /// How much of it is counted in `BYTES`.
    fn counted(&self) -> usize {
        let present = self
            .present
            .iter()
            .map(|word| word.load(Relaxed).count_ones());
        match self.is_huge {
            true => SPAN,
            // And the header.
            false => (1 + present.sum::<u32>() as usize) * PAGE,
        }
    }
}

/// Where pages of a span lie, and how many bytes they have.
fn memory(span: NonNull<Page>, pages: Range<usize>) -> (NonNull<u8>, usize) {
    let first = PLAN.slot(span, KIND, pages.start);
    (first.0, pages.len() * PAGE)
}

/// Memory for a page; None if it is to come from the system.
pub(in super::super) fn take() -> Option<NonNull<Page>> {
    // What is idle in a span is used again even where none would be made.
    let has_few = PAGES.load(Relaxed) < FEW;
    if has_few && !SPANS.has_queued() || SWITCH.load(Relaxed) != ON {
        return None;
    }
    let found = match take_idle() {
        Ok(None) if !has_few => make(),
        Ok(found) => found,
        Err(Busy) => return None,
    };
    tidy(); // if somebody has been refused, whatever was found
    let (slot, reach) = found?;
    // After the right to take has been given up: it takes its time. Who takes one of these pages meanwhile does
    // without.
    if !reach.is_empty() {
        let (at, len) = memory(PLAN.page_of(slot), reach);
        mapping::bring_in(at, len);
    }
    KIND.open(slot);
    Some(slot.0.cast())
}

/// Other threads have the right to take, again and again, or one that has stopped.
struct Busy;

/// An idle page of a span, and which pages are to be brought in; none if there is none.
fn take_idle() -> Result<Option<(Slot, Range<usize>)>, Busy> {
    for _ in 0..TRIES {
        if let Some(taker) = Taker::claim(&SPANS) {
            while let Some(span) = taker.pop() {
                if let Some(slot) = SPANS.take_one(span, KIND, PLAN) {
                    // SAFETY: as long as it has a page in use it is there.
                    let extent = unsafe { extent(span) };
                    return Ok(Some((slot, extent.reach(PLAN.index_of(slot, KIND)))));
                }
            }
            return Ok(None);
        }
        spin_loop();
    }
    Err(Busy)
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

/// The first page of a fresh span, and which are to be brought in; None if there is no memory.
fn make() -> Option<(Slot, Range<usize>)> {
    let me = threads::generation() + 1;
    let maker = MAKER.load(Relaxed);
    let is_huge = PAGES.load(Relaxed) >= HUGE_FROM
        && maker != me
        && MAKER.compare_exchange(maker, me, Relaxed, Relaxed).is_ok();
    let made = mapping::map(is_huge).and_then(|span| begin_span(span.cast(), is_huge));
    if is_huge {
        MAKER.store(0, Relaxed);
    }
    made
}

fn begin_span(span: NonNull<Page>, is_huge: bool) -> Option<(Slot, Range<usize>)> {
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
    let extent = Extent::new(is_huge);
    let reach = extent.reach(0);
    const {
        assert!(HEAD + PLAN.words() * size_of::<usize>() <= EXTENT);
        assert!(EXTENT.is_multiple_of(align_of::<Extent>()));
        assert!(EXTENT + size_of::<Extent>() <= PAGE);
    }
    // SAFETY: just mapped; aligned, between the words and the first page.
    unsafe { extent_of(span).write(extent) };
    Some((SPANS.take_one(span, KIND, PLAN)?, reach))
}

/// One page more, wherever it is from.
pub(in super::super) fn came() {
    PAGES.fetch_add(1, Relaxed);
}

/// One page less; it is to be given back after this.
pub(in super::super) fn went() {
    if PAGES.fetch_sub(1, Relaxed) == KEEP {
        // The one that was kept does not count as complete. Release: if a round that begins overwrites it, that has
        // seen how many pages are left; partner: the swap in `Taker::begin`. `tidy` has the fence for the other case.
        SPANS.complete.swap(usize::MAX / 2, Release);
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
    BYTES.load(Relaxed)
}

/// Gives memory of idle pages back to the system, unless another thread takes pages just now. In a process that has
/// many it is left, as little beside the rest.
pub(crate) fn shed() {
    let has_many = PAGES.load(Relaxed) > SHED_UP_TO;
    if BYTES.load(Relaxed) == 0 || has_many || !IS_EXACT.load(Relaxed) {
        return;
    }
    let Some(taker) = Taker::claim(&SPANS) else {
        return;
    };
    while taker.look(KIND, PLAN) {} // a round under way
    let mut seen = Chain::new();
    while let Some(span) = taker.pop() {
        // SAFETY: out of the queue, by this thread.
        let extent = unsafe { extent(span) };
        if !extent.is_huge {
            extent.shed(span);
        }
        seen.push(span);
    }
    seen.put_back(&SPANS);
    drop(taker);
    tidy();
}

/// # Safety
/// A span that nobody else has, whole; it is not used again.
pub(in super::super) unsafe fn unmap(span: NonNull<Page>) {
    // SAFETY: the caller's contract.
    BYTES.fetch_sub(unsafe { extent(span) }.counted(), Relaxed);
    // SAFETY: the caller's contract.
    unsafe { mapping::unmap(span.cast()) };
}
