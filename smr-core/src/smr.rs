//! The handle of a domain.

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::advance::WhenFull;
use crate::barrier::BarrierKind;
use crate::bucket::Kind;
use crate::bucket::resume;
use crate::builder::Builder;
use crate::deferred::Deferred;
use crate::domain::{Core, CoreRef, Mode};
use crate::goal::Goal;
use crate::guard::Guard;
use crate::limbo::{DEFAULT_QUOTA, RawZone};
use crate::primitive::Arc;
use crate::reader::{OwnedGuard, Reader};
use crate::stats::{Stall, Stats};
use crate::wait::Observed;

/// A reclamation domain: a sequence clock and the records of those who read under it.
///
/// A handle; clones refer to the same domain. Sections of one domain do not hold back another's
/// memory. Most programs need the [`global`](Self::global) one only, which [`enter`](crate::enter)
/// uses.
///
/// ```
/// use smr_core::Smr;
///
/// let smr = Smr::new();
/// // Writer: unlink something, then
/// let goal = smr.advance();
/// // ... later ...
/// smr.wait(goal); // everybody who could have seen it has left
/// ```
#[derive(Clone)]
pub struct Smr {
    core: NonNull<Core>,
    /// None for the global domain.
    private: Option<Arc<Private>>,
}

// SAFETY: a domain is shared state throughout; `core` is kept alive by `private`, or static.
unsafe impl Send for Smr {}
// SAFETY: as above.
unsafe impl Sync for Smr {}

/// What the handles of a private domain share.
struct Private {
    /// Deferred closures; before `core`, which it uses.
    deferred: OnceLock<RawZone>,
    core: Arc<Core>,
}

impl Drop for Private {
    fn drop(&mut self) {
        // Threads may keep the memory a while, for their records; nobody enters any more.
        self.core.close();
        if let Some(mut zone) = self.deferred.take() {
            resume(zone.teardown());
        }
    }
}

#[cfg(not(smr_loom))]
mod global {
    use super::{Core, Mode, NonNull, OnceLock, RawZone, Smr};
    use crate::domain::Barrier;

    pub(super) static CORE: Core = Core::new(0, None, Mode::Eager, Barrier::Auto);
    pub(super) static DEFERRED: OnceLock<RawZone> = OnceLock::new();
    pub(super) static SMR: Smr = Smr {
        core: NonNull::from_ref(&CORE),
        private: None,
    };
}

/// Opens a section of the global domain: `Smr::global().enter()`, by the shortest path.
///
/// Wait-free, O(1): a thread-local load, a load, and a store (a fence more without membarrier); see
/// [`Guard`].
///
/// # Panics
/// If the thread enters for the first time and there is no memory for its record.
#[cfg(not(smr_loom))]
#[inline]
pub fn enter() -> Guard<'static> {
    let record = crate::threads::light_global_record();
    // SAFETY: null, or a record of the static domain.
    if let Some(record) = unsafe { record.as_ref() } {
        // SAFETY: the pointer is in this thread's local, so the record is this thread's, and light;
        // the clock is that of the global domain.
        if unsafe { record.enter_light(global::CORE.clock.wr()) } {
            // SAFETY: the section was opened for this guard, on this thread; the record is static.
            return unsafe { Guard::new(NonNull::from(record)) };
        }
    }
    enter_global()
}

/// The rest of [`enter`]: the thread's first section, and fencing readers.
#[cfg(not(smr_loom))]
#[cold]
#[inline(never)]
fn enter_global() -> Guard<'static> {
    global::CORE.enter(|| CoreRef::Global(&global::CORE))
}

/// Does at a time of the caller's choosing what the first use does otherwise: asks the kernel for
/// membarrier. In a process with running threads that takes some 15 ms; at the start of `main`, none.
/// Returns what readers rely on.
pub fn init() -> BarrierKind {
    crate::barrier::kind()
}

/// Bytes that the zones of the process have mapped for themselves and brought into memory, or asked the kernel to bring
/// in (some kernels refuse), besides what they have of the global allocator: pages of spans, idle ones included; see
/// *Environment* in the [crate's documentation](crate). A span for which a huge page was asked counts as a whole,
/// 2 MiB. 0 where nothing is mapped: in processes with few items, with `SMR_CORE_HUGE_PAGES=0`, and on other platforms
/// than Linux and Android with 64 bits.
///
/// A snapshot: spans that come or go at this moment may count or not. Wait-free; O(1). Never panics.
///
/// ```
/// let zone = smr_core::Zone::new();
/// let _item = zone.alloc([0u64; 8]);
/// // To be added to what a global allocator counts.
/// assert_eq!(smr_core::mapped_bytes(), 0, "few items need no span");
/// ```
#[must_use]
pub fn mapped_bytes() -> usize {
    crate::page::mapped()
}

impl Smr {
    /// A domain of its own: [`Mode::Eager`], [`Barrier::Auto`](crate::Barrier::Auto).
    #[must_use]
    pub fn new() -> Smr {
        Smr::builder().build()
    }

    /// A domain with options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The first handle of a private domain.
    pub(crate) fn private(core: Arc<Core>) -> Smr {
        Smr {
            core: NonNull::from(&*core),
            private: Some(Arc::new(Private {
                deferred: OnceLock::new(),
                core,
            })),
        }
    }

    /// The global domain: eager, membarrier if the kernel has it.
    #[cfg(not(smr_loom))]
    #[must_use]
    pub fn global() -> &'static Smr {
        &global::SMR
    }

    #[inline]
    pub(crate) fn core(&self) -> &Core {
        // SAFETY: static, or kept alive by `private`.
        unsafe { self.core.as_ref() }
    }

    fn core_ref(&self) -> CoreRef {
        match &self.private {
            #[cfg(not(smr_loom))]
            None => CoreRef::Global(&global::CORE),
            #[cfg(smr_loom)]
            None => unreachable!("no global domain in models"),
            Some(private) => CoreRef::Private(Arc::clone(&private.core)),
        }
    }

    /// Whether two handles are of the same domain.
    #[must_use]
    pub fn is_same(&self, other: &Smr) -> bool {
        self.core == other.core
    }

    /// Opens a section of the calling thread; see [`Guard`]. Wait-free after the thread's first.
    ///
    /// # Panics
    /// If the thread enters for the first time and there is no memory for its record.
    #[inline]
    pub fn enter(&self) -> Guard<'_> {
        #[cfg(not(smr_loom))]
        if self.private.is_none() {
            return enter(); // the shorter path
        }
        self.core().enter(|| self.core_ref())
    }

    /// Claims a record that belongs to no thread; see [`Reader`].
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.clone())
    }

    /// Opens a section that can be sent; see [`OwnedGuard`].
    ///
    /// # Panics
    /// If there is no memory for its record.
    pub fn enter_owned(&self) -> OwnedGuard {
        self.reader().enter_owned()
    }

    /// Takes a goal for everything that the calling thread has unlinked before: once it has been
    /// observed, no section can still reach that.
    ///
    /// Lock-free, O(1): one atomic addition in eager mode; see [`Mode`] for the others. Legal inside a
    /// section. On targets without 64-bit atomics an advance outside of sections waits for readers
    /// that are 2^30 advances behind.
    pub fn advance(&self) -> Goal {
        Goal::new(self.core(), self.core().advance(WhenFull::Wait))
    }

    /// Whether the goal has been observed: every section that was open at its advance has ended.
    ///
    /// Never waits. O(1) if an earlier poll has seen it, or if the section that blocked the last poll
    /// still blocks; else a heavy barrier and O(records in use). May answer false while another
    /// thread polls; in deferred mode until the next real advance, in lazy mode until a tick has
    /// passed. What the ended sections did happens before a `true`.
    ///
    /// # Panics
    /// If the goal is of another domain.
    #[inline]
    #[track_caller]
    pub fn poll(&self, goal: Goal) -> bool {
        let (seq, ticket) = goal.of(self.core());
        self.core().poll(seq, ticket)
    }

    /// Waits until the goal has been observed: spins for some 20 µs, yields, then sleeps until the
    /// section in the way ends.
    ///
    /// Sections of [`Reader`](crate::Reader)s are never taken for one's own, and neither are those that
    /// a thread opens while its thread-locals are being destroyed: under such a guard of one's own the
    /// wait would not end. Use [`wait_timeout`](Self::wait_timeout) there. Without memory for a place in
    /// the domain's list of sleepers it polls once a millisecond.
    ///
    /// # Panics
    /// Inside a section of this domain on this thread, inside a deferred drop, and if the goal is of
    /// another domain.
    #[track_caller]
    pub fn wait(&self, goal: Goal) {
        let (seq, ticket) = goal.of(self.core());
        self.core().assert_may_wait();
        self.core().wait_until(seq, ticket, None);
    }

    /// Like [`wait`](Self::wait), for at most `timeout`; false if it has not been observed by then.
    ///
    /// ```
    /// # use smr_core::Smr;
    /// # use std::time::Duration;
    /// let smr = Smr::new();
    /// let mut reader = smr.reader();
    /// let section = reader.enter();
    /// let goal = smr.advance();
    /// assert!(!smr.wait_timeout(goal, Duration::from_millis(1)));
    /// assert!(smr.stalled().is_some());
    /// drop(section);
    /// assert!(smr.wait_timeout(goal, Duration::from_secs(10)));
    /// ```
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_timeout(&self, goal: Goal, timeout: Duration) -> bool {
        let (seq, ticket) = goal.of(self.core());
        self.core().assert_may_wait();
        let deadline = Instant::now().checked_add(timeout);
        self.core().wait_until(seq, ticket, deadline)
    }

    /// A future that completes when the goal has been observed. Needs no runtime: it is woken by the
    /// end of the section in the way, or, where that cannot be (fencing readers, lazy mode), by a
    /// thread that this library starts for the time.
    ///
    /// ```
    /// # use smr_core::Smr;
    /// async fn publish_and_wait(smr: &Smr) {
    ///     // … unlink something …
    ///     smr.observed(smr.advance()).await;
    ///     // … nobody sees it any more …
    /// }
    /// ```
    ///
    /// # Panics
    /// If the goal is of another domain.
    #[track_caller]
    pub fn observed(&self, goal: Goal) -> Observed<'_> {
        goal.of(self.core());
        Observed::new(self, goal)
    }

    /// Waits until every section that is open now has ended: [`advance`](Self::advance) and
    /// [`wait`](Self::wait).
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn synchronize(&self) {
        self.core().assert_may_wait();
        let (seq, ticket) = self.core().advance_now(WhenFull::Wait);
        self.core().wait_until(seq, ticket, None);
    }

    /// The domain's own zone, of closures.
    fn deferred(&self) -> &RawZone {
        let cell = match &self.private {
            #[cfg(not(smr_loom))]
            None => &global::DEFERRED,
            #[cfg(smr_loom)]
            None => unreachable!("no global domain in models"),
            Some(private) => &private.deferred,
        };
        cell.get_or_init(|| {
            const KIND: &Kind = &Kind::of::<Deferred<'static>>();
            // SAFETY: the domain is static, or `Private` drops the zone before it.
            unsafe { RawZone::new(self.core(), KIND, DEFAULT_QUOTA..=DEFAULT_QUOTA) }
        })
    }

    /// Runs `f` after a grace period, on whichever thread finds it expired. Lock-free.
    ///
    /// Closures that wait when a private domain's last handle is dropped run then and there.
    ///
    /// ```
    /// # use smr_core::Smr;
    /// let smr = Smr::new();
    /// smr.defer(|| println!("nobody reads it any more"));
    /// smr.barrier(); // it has run
    /// ```
    pub fn defer(&self, f: impl FnOnce() + Send + 'static) {
        let zone = self.deferred();
        let Some(slot) = zone.alloc() else {
            std::alloc::handle_alloc_error(core::alloc::Layout::new::<Deferred<'static>>())
        };
        let item: NonNull<Deferred<'static>> = slot.0.cast();
        // SAFETY: a raw slot of the item's layout.
        unsafe { item.write(Deferred::new(f)) };
        // SAFETY: of this zone, never published, retired once.
        unsafe { zone.retire(slot) };
    }

    /// [`Zone::flush`](crate::Zone::flush) for the domain's own deferred closures.
    ///
    /// # Panics
    /// Resumes the first panic of a closure that it runs.
    pub fn flush(&self) -> usize {
        let (waiting, panic) = self.deferred().flush();
        resume(panic);
        usize::try_from(waiting).unwrap_or(usize::MAX)
    }

    /// What a reclaimer does for the domain's closures: panics are counted, not passed on.
    pub(crate) fn reclaim_deferred(&self) {
        self.deferred().tend();
    }

    /// Waits until every closure deferred before has run: for the domain's own closures what
    /// [`Zone::barrier`](crate::Zone::barrier) is for a zone's items.
    ///
    /// # Panics
    /// As [`wait`](Self::wait); and resumes the first panic of a closure that it runs.
    #[track_caller]
    pub fn barrier(&self) {
        resume(self.deferred().barrier());
    }

    /// The domain's counters. O(records), lock-free; each is exact at some moment during the call.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.core().stats()
    }

    /// The oldest open section, if any: the one that memory waits for. O(records), lock-free; a report of
    /// some moment during the call.
    #[must_use]
    pub fn stalled(&self) -> Option<Stall> {
        self.core().stalled()
    }

    /// The name given to the builder; `global` for the global domain.
    #[must_use]
    pub fn name(&self) -> &str {
        self.core().name()
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.core().mode()
    }

    /// What readers of this domain rely on.
    #[must_use]
    pub fn barrier_in_use(&self) -> BarrierKind {
        self.core().barrier_in_use()
    }
}

impl Core {
    /// # Panics
    /// If the calling thread is in a section of the domain, or runs a deferred drop.
    #[track_caller]
    pub(crate) fn assert_may_wait(&self) {
        assert!(
            !self.in_own_section(),
            "waiting inside a section of the same domain would never end: \
             drop this thread's guards first"
        );
        assert!(
            !crate::drops::InDrop::is_on(),
            "waiting inside a deferred drop would never end: \
             drops may retire and defer, but not wait"
        );
    }
}

impl Default for Smr {
    fn default() -> Self {
        Smr::new()
    }
}

impl UnwindSafe for Smr {}
impl RefUnwindSafe for Smr {}

impl fmt::Debug for Smr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smr")
            .field("id", &self.core().id())
            .field("name", &self.name())
            .field("mode", &self.mode())
            .field("barrier", &self.barrier_in_use())
            .finish()
    }
}
