//! A domain: one clock, its records, and what reads and moves them. The handle is [`Smr`](crate::Smr).

use core::ops::Deref;
use core::ptr::NonNull;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::barrier::{self, BarrierKind};
use crate::clock::Clock;
use crate::guard::Guard;
use crate::poll::ScanState;
use crate::primitive::Ordering::Relaxed;
use crate::primitive::counter::Counter;
use crate::primitive::plain::AtomicBool;
use crate::primitive::{Arc, MODEL, uptime_nanos};
use crate::record::{Counters, Record, TEMPORARY};
use crate::registry::Registry;
use crate::threads;
use crate::wait::WaitList;

/// When the write sequence of a domain moves; see [`Builder::mode`](crate::Builder::mode).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Mode {
    /// At every [`advance`](crate::Smr::advance).
    #[default]
    Eager,
    /// At every `every`-th advance of a thread. Fewer writes to the shared clock, later reclamation.
    Deferred {
        /// How many advances share one number; at least 1.
        every: u32,
    },
    /// At polls, at most once a tick; no advance writes to the clock at all. Polls pass at most one heavy
    /// barrier a tick (sweeps of zones, and threads that go to sleep in a wait, pass their own), and
    /// memory comes back after two ticks or so.
    Lazy {
        /// The least time between two polls that move the clock.
        tick: Duration,
    },
}

/// Which barrier a domain's readers rely on; see [`Builder::barrier`](crate::Builder::barrier).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Barrier {
    /// Light readers if the kernel offers `membarrier`, else fencing ones.
    #[default]
    Auto,
    /// Fencing readers, and no system call in polls.
    Fence,
}

/// The shared state of a domain.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) clock: Clock,
    pub(crate) threads: Registry,
    pub(crate) readers: Registry,
    pub(crate) scan: CachePadded<ScanState>,
    pub(crate) waiters: WaitList,
    /// Events of threads that have no record here.
    pub(crate) shared: Counters,
    /// Lazy mode: when the latest tick was taken, in nanoseconds of `uptime`.
    last_tick: Counter,
    /// When a zone last scanned, likewise.
    pub(crate) last_scan: Counter,
    id: u64,
    name: Option<Box<str>>,
    mode: Mode,
    barrier: Barrier,
    closed: AtomicBool,
}

/// The number of private domains made so far; the global one is 0.
static IDS: Counter = Counter::new();

impl Core {
    crate::primitive::const_fn! {
        pub(crate) fn new(id: u64, name: Option<Box<str>>, mode: Mode, barrier: Barrier) -> Self {
            Self {
                clock: Clock::new(),
                threads: Registry::new(true),
                readers: Registry::new(false),
                scan: CachePadded::new(ScanState::new()),
                waiters: WaitList::new(),
                shared: Counters::new(),
                last_tick: Counter::new(),
                last_scan: Counter::new(),
                id,
                name,
                mode,
                barrier,
                closed: AtomicBool::new(false),
            }
        }
    }

    /// A domain of its own.
    pub(crate) fn private(name: Option<Box<str>>, mode: Mode, barrier: Barrier) -> Arc<Core> {
        let id = IDS.next();
        // 2^32 domains on a narrow target: the numbers would begin again, with the global one's.
        assert!(id != 0, "too many domains");
        // Others ask for the process's barrier, which is where the switch is read.
        if barrier == Barrier::Fence {
            crate::page::decide();
        }
        Arc::new(Core::new(id, name, mode, barrier))
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn name(&self) -> &str {
        match &self.name {
            Some(name) => name,
            None if self.id == 0 => "global",
            None => "",
        }
    }

    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// What readers and scans of this domain rely on.
    #[inline]
    pub(crate) fn barrier_in_use(&self) -> BarrierKind {
        match self.barrier {
            Barrier::Fence => BarrierKind::Fence,
            Barrier::Auto => barrier::kind(),
        }
    }

    /// Whether E3 is a real fence.
    pub(crate) fn readers_fence(&self) -> bool {
        self.barrier_in_use() == BarrierKind::Fence
    }

    pub(crate) fn registry(&self, of_threads: bool) -> &Registry {
        if of_threads {
            &self.threads
        } else {
            &self.readers
        }
    }

    /// Calls `visit` for every occupied record; a scan calls this after P3.
    #[inline]
    pub(crate) fn for_each_record<'r>(&'r self, mut visit: impl FnMut(&'r Record)) {
        self.threads.for_each(&mut visit);
        self.readers.for_each(&mut visit);
    }

    /// No handle refers to the domain any more.
    pub(crate) fn close(&self) {
        // Relaxed: threads that see it late keep a reference a while longer; nothing else follows from it.
        self.closed.store(true, Relaxed);
    }

    /// The calling thread's record, if it has one; it may be vacant.
    #[inline]
    pub(crate) fn own_record(&self) -> Option<&Record> {
        self.threads.get(threads::place())
    }

    /// Whether the calling thread has a section open, owned guards not counted.
    pub(crate) fn in_own_section(&self) -> bool {
        self.own_record().is_some_and(Record::own_section)
    }

    /// Counts an event, cheaply if the thread has a record here; so it gets one, though it need not
    /// claim it.
    #[inline]
    pub(crate) fn count(&self, which: impl Fn(&Counters) -> &Counter, n: u64) {
        if let Some(record) = self.own_record() {
            which(&record.counters).bump(n);
            return;
        }
        match self.make_own_record() {
            Some(record) => which(&record.counters).bump(n),
            None => which(&self.shared).add(n),
        }
    }

    /// None while the thread exits, or if memory is short; and in models, whose threads number
    /// themselves only where that is their subject.
    #[cold]
    #[inline(never)]
    fn make_own_record(&self) -> Option<&Record> {
        if MODEL {
            return None;
        }
        self.threads.make(self, threads::place_or_claim()?).ok()
    }

    /// Opens a section of the calling thread, or nests in the open one.
    #[inline]
    pub(crate) fn enter<'d>(&'d self, this: impl FnOnce() -> CoreRef) -> Guard<'d> {
        if let Some(record) = self.own_record() {
            // SAFETY: the record's index is the calling thread's number, so it is this thread's to
            // enter or to claim (R3); the clock is its domain's.
            if unsafe { record.enter(self.clock.wr()) } {
                // SAFETY: the section was just opened on the record, which lives as long as the
                // domain, for the new guard alone to close.
                return unsafe { Guard::new(NonNull::from(record)) };
            }
        }
        self.enter_claiming(this())
    }

    /// Claims a record for the calling thread, or a temporary one, and enters.
    #[cold]
    #[inline(never)]
    pub(crate) fn enter_claiming(&self, this: CoreRef) -> Guard<'_> {
        let record = match threads::claim_record(&this) {
            // SAFETY: records live as long as the domain.
            Some(record) => unsafe { &*record },
            None => self.claim_reader(TEMPORARY),
        };
        // SAFETY: the record was claimed by this thread just now.
        let entered = unsafe { record.enter(self.clock.wr()) };
        debug_assert!(entered, "a claimed record is not vacant");
        // SAFETY: as in `enter`.
        unsafe { Guard::new(NonNull::from(record)) }
    }

    /// Claims a record without a thread.
    ///
    /// # Panics
    /// If memory for it cannot be had.
    pub(crate) fn claim_reader(&self, why: u32) -> &Record {
        let record = self
            .readers
            .claim_any(self)
            .expect("no memory for the record of a reader");
        // SAFETY: the index was won in `claim_any`, with Acquire.
        unsafe { record.claim(why, "") };
        record
    }

    /// Lazy mode: whether a tick has passed since the latest that somebody took; if so the caller
    /// takes this one. Time only limits the rate here; what orders is the barrier that follows.
    pub(crate) fn tick_is_due(&self, tick: Duration) -> bool {
        let now = uptime_nanos();
        let age = self.last_tick.age(now);
        age >= u64::try_from(tick.as_nanos()).unwrap_or(u64::MAX) && self.last_tick.renew(now, age)
    }
}

/// A reference to a domain that keeps its memory: counted, save for the static global one.
#[derive(Clone, Debug)]
pub(crate) enum CoreRef {
    #[cfg(not(smr_loom))]
    Global(&'static Core),
    Private(Arc<Core>),
}

impl CoreRef {
    pub(crate) fn is_global(&self) -> bool {
        self.id() == 0
    }

    /// Whether no handle refers to the domain any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }
}

impl Deref for CoreRef {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        match self {
            #[cfg(not(smr_loom))]
            CoreRef::Global(core) => core,
            CoreRef::Private(core) => core,
        }
    }
}
