//! The typed zone: an allocator and a limbo for the items of one structure.

use core::fmt;
use core::marker::PhantomData;
use core::ops::RangeInclusive;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

use crate::Smr;
use crate::bucket::{Kind, Slot, resume};
use crate::deferred::Deferred;
use crate::guard::Guard;
use crate::limbo::{DEFAULT_QUOTA, RawZone};
use crate::ptr::{Owned, Shared};
use crate::stats::ZoneStats;

/// An allocator fused with a limbo: items are allocated from it, retired into it, dropped after a
/// grace period, and their slots allocated again.
///
/// A retired item goes into the calling thread's bucket. A full bucket takes one number from the
/// domain's clock and waits in limbo; once every section that was open then has ended, the bucket's
/// items are dropped, and the bucket is what the thread allocates from next. Steady insertion and
/// removal never call the system's allocator.
///
/// # Ownership
/// The zone belongs to its structure. Dropping the zone runs every pending drop at once, without
/// waiting: nobody can hold a reference into the structure then. So `T` need not be `'static`. In
/// exchange only operations on the zone touch its limbo: an idle zone keeps what it has (at most some
/// buckets a thread) until somebody calls [`flush`](Self::flush), or a
/// [`Reclaimer`](crate::Reclaimer) does. Items that are still published when the zone is dropped are
/// leaked: the structure disposes of them first.
///
/// # Memory
/// Small items share pages of 4 KiB, which go back to the system's allocator when all of their slots are
/// idle; the first 16 of a zone share less. Larger items are allocated one by one. In processes with more than
/// 512 KiB of pages further pages come from spans of 2 MiB, above 8 MiB some of them huge pages, where the kernel
/// grants them; see the crate's documentation.
///
/// # Costs
/// `alloc` and `retire` are O(1), without locked instructions (with membarrier), and lock-free; every
/// so many of them one advances the clock, and one polls it. A retired item's drop runs on whichever
/// thread finds it expired, a few drops an operation.
///
/// # Panicking drops
/// A drop that panics does not stop the others. [`flush`](Self::flush), [`reclaim`](Self::reclaim),
/// [`barrier`](Self::barrier) and the zone's own drop resume the first such panic when they are done;
/// other operations count it ([`ZoneStats::drop_panics`]).
///
/// # Example: a read-mostly cell
/// ```
/// use smr_core::{Atomic, Guard, Zone};
/// use std::sync::atomic::Ordering::{Acquire, AcqRel};
///
/// struct Config { zone: Zone<String>, now: Atomic<String> }
///
/// impl Config {
///     fn get<'g>(&'g self, guard: &'g Guard<'_>) -> &'g str {
///         guard.assert_of(self.zone.smr());
///         // SAFETY: `now` is never null, its items are the zone's, and the guard is of its domain.
///         unsafe { self.now.load(Acquire, guard).deref() }
///     }
///     fn set(&self, value: String) {
///         let guard = self.zone.enter();
///         let old = self.now.swap(self.zone.alloc(value), AcqRel, &guard);
///         // SAFETY: the swap unlinked `old`, which is the zone's, and only we got it.
///         unsafe { self.zone.retire(old) };
///     }
/// }
/// impl Drop for Config {
///     fn drop(&mut self) {
///         let last = self.now.get_mut();
///         // SAFETY: exclusive: nobody can reach the item any more.
///         unsafe { self.zone.dispose(last) };
///     }
/// }
///
/// let zone = Zone::new();
/// let now = Atomic::new(zone.alloc("first".to_owned()));
/// let config = Config { zone, now };
/// config.set("second".to_owned());
/// assert_eq!(config.get(&smr_core::enter()), "second");
/// ```
///
/// Source: FreeBSD's UMA with SMR zones, `sys/vm/uma_core.c`; see the crate's documentation.
pub struct Zone<T> {
    raw: RawZone,
    smr: Smr,
    /// Invariant in `T`, and an owner of `T`s.
    items: PhantomData<(*mut T, T)>,
}

// SAFETY: items are made and dropped on any thread that has the zone.
unsafe impl<T: Send> Send for Zone<T> {}
// SAFETY: a shared zone takes items from any thread and drops them on any other. It hands out no
// references to them (that takes an `Atomic`, which asks for `Sync`).
unsafe impl<T: Send> Sync for Zone<T> {}

impl<T> UnwindSafe for Zone<T> {}
impl<T> RefUnwindSafe for Zone<T> {}

/// Memory for an item could not be had; the item comes back.
pub struct AllocError<T>(pub T);

impl<T> fmt::Debug for AllocError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllocError")
    }
}

impl<T> fmt::Display for AllocError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no memory for an item of a zone")
    }
}

impl<T> std::error::Error for AllocError<T> {}

impl<T> Zone<T> {
    const KIND: &'static Kind = &Kind::of::<T>();

    /// A zone of the global domain. Allocates nothing.
    #[cfg(not(smr_loom))]
    #[must_use]
    pub fn new() -> Zone<T> {
        Zone::new_in(Smr::global())
    }

    /// A zone of `smr`. Allocates nothing.
    #[must_use]
    pub fn new_in(smr: &Smr) -> Zone<T> {
        Zone::with_cache_bytes(smr, DEFAULT_QUOTA)
    }

    /// A zone of `smr` in which a thread's limbo, and its stock of raw slots, are kept to about
    /// `bytes` each while sections are short. More means fewer polls and more memory.
    #[must_use]
    pub fn with_cache_bytes(smr: &Smr, bytes: usize) -> Zone<T> {
        Zone::with_cache_range(smr, bytes..=bytes)
    }

    /// A zone of `smr` whose threads' limbos and stocks, see [`with_cache_bytes`](Self::with_cache_bytes), grow
    /// with it: each to an eighth of the pages that the zone has, within `bytes`. For structures that may be
    /// small and many. (Of items too large for pages it is the least.)
    ///
    /// # Panics
    /// If the range is empty.
    ///
    /// ```
    /// use smr_core::{Smr, Zone};
    ///
    /// let zone: Zone<[u64; 60]> = Zone::with_cache_range(&Smr::new(), 8 << 10..=192 << 10);
    /// assert_eq!(zone.stats().unreclaimed_items(), 0);
    /// ```
    #[must_use]
    pub fn with_cache_range(smr: &Smr, bytes: RangeInclusive<usize>) -> Zone<T> {
        assert!(!bytes.is_empty(), "the range of cache bytes is not empty");
        // SAFETY: `smr`, which the zone keeps, keeps its domain alive.
        let raw = unsafe { RawZone::new(smr.core(), Self::KIND, bytes) };
        Zone {
            raw,
            smr: smr.clone(),
            items: PhantomData,
        }
    }

    pub(crate) fn raw(&self) -> &RawZone {
        &self.raw
    }

    /// The domain.
    #[must_use]
    pub fn smr(&self) -> &Smr {
        &self.smr
    }

    /// Opens a section of the zone's domain.
    #[inline]
    pub fn enter(&self) -> Guard<'_> {
        self.smr.enter()
    }

    /// Moves `value` into a slot of the zone. Lock-free, O(1).
    ///
    /// Aborts like `Box::new` if there is no memory; see [`try_alloc`](Self::try_alloc).
    #[inline]
    pub fn alloc(&self, value: T) -> Owned<'_, T> {
        match self.try_alloc(value) {
            Ok(owned) => owned,
            Err(_) => std::alloc::handle_alloc_error(core::alloc::Layout::new::<T>()),
        }
    }

    /// Moves `value` into a slot of the zone.
    ///
    /// # Errors
    /// The value back, if there is no memory.
    #[inline]
    pub fn try_alloc(&self, value: T) -> Result<Owned<'_, T>, AllocError<T>> {
        let Some(slot) = self.raw.alloc() else {
            return Err(AllocError(value));
        };
        let item: NonNull<T> = slot.0.cast();
        // SAFETY: the slot has the layout of `T`, is raw, and is ours.
        unsafe { item.write(value) };
        // SAFETY: as above.
        Ok(unsafe { Owned::new(item, self) })
    }

    /// Retires an item: when every section that is open now has ended, it is dropped, and its slot
    /// reused. Lock-free, O(1); legal inside and outside of sections, and it never waits.
    ///
    /// # Safety
    /// - The item was allocated from this zone, and the pointer is not null. It stems from what the zone
    ///   gave, not from a reference to the item: the slot's page is found through it.
    /// - It has been unlinked: a section that begins after this call cannot reach it.
    /// - It is retired once, and not disposed of.
    /// - Whoever may still hold a reference to it does so under a guard of this zone's domain, and the
    ///   zone outlives that reference.
    /// - The item may be dropped on another thread (`T: Send`), unless the zone never leaves this one.
    #[inline]
    pub unsafe fn retire(&self, item: Shared<'_, T>) {
        debug_assert!(!item.is_null(), "null cannot be retired");
        // SAFETY: the caller says that it is not null.
        let slot = Slot(unsafe { NonNull::new_unchecked(item.as_ptr()) }.cast());
        // SAFETY: the caller's contract.
        unsafe { self.raw.retire(slot) };
    }

    /// Drops an item at once and takes its slot back: for items that nobody else can reach, because
    /// the structure is exclusively borrowed or the item was never published. Null is ignored.
    ///
    /// # Safety
    /// The item was allocated from this zone, nobody else can reach it or refers to it, and it is
    /// disposed of once, and not retired. The pointer stems from what the zone gave; see
    /// [`retire`](Self::retire).
    pub unsafe fn dispose(&self, item: Shared<'_, T>) {
        if let Some(item) = NonNull::new(item.as_ptr()) {
            // SAFETY: the caller's contract makes the item ours alone.
            drop(unsafe { Owned::new(item, self) });
        }
    }

    /// Numbers everything that has been retired, other threads' partial buckets included, polls once,
    /// drops what has expired, and returns raw slots, and pages without items, to the system. Returns how many
    /// items still wait; 0 if no section is open and no other thread is at work (in lazy mode: if a tick
    /// has passed, too). Never waits; lock-free.
    ///
    /// In a process whose zones have at most 16 MiB of pages it also gives back the memory of idle pages in
    /// spans, which all zones share: it looks through them, and makes a system call for each four or more in a row.
    ///
    /// Costs a heavy barrier for the poll, and two for each 32 threads that have used the zone, more if
    /// there is more to drop than 1,024 items. Inside a drop, and while a [`barrier`](Self::barrier) of this zone
    /// runs, it only counts.
    ///
    /// # Panics
    /// Resumes the first panic of a drop that it runs.
    pub fn flush(&self) -> usize {
        let (waiting, panic) = self.raw.flush();
        resume(panic);
        usize::try_from(waiting).unwrap_or(usize::MAX)
    }

    /// Runs at most `budget` drops of items whose grace period is over, other threads' included, and
    /// returns how many it ran. Never waits; lock-free; O(budget + threads), and a heavy barrier or more.
    ///
    /// ```
    /// use smr_core::Zone;
    ///
    /// let zone: Zone<String> = Zone::new();
    /// let guard = zone.enter();
    /// for i in 0..10 {
    ///     let item = zone.alloc(i.to_string()).into_shared(&guard);
    ///     // SAFETY: of this zone, never published, retired once.
    ///     unsafe { zone.retire(item) };
    /// }
    /// drop(guard);
    /// assert_eq!(zone.reclaim(3), 3);
    /// assert_eq!(zone.stats().unreclaimed_items(), 7);
    /// zone.barrier();
    /// assert_eq!(zone.stats().unreclaimed_items(), 0);
    /// ```
    ///
    /// # Panics
    /// Resumes the first panic of a drop that it runs.
    pub fn reclaim(&self, budget: usize) -> usize {
        let (dropped, panic) = self.raw.reclaim(budget);
        resume(panic);
        dropped
    }

    /// Waits until the drop of every item that was retired before has run: for sections that were open
    /// then, for drops that other threads have under way, and for its turn with other barriers.
    ///
    /// # Panics
    /// Inside a section of this domain, or inside a drop: it would wait for itself. Resumes the first
    /// panic of a drop that it runs.
    pub fn barrier(&self) {
        resume(self.raw.barrier());
    }

    /// The zone's counters.
    #[must_use]
    pub fn stats(&self) -> ZoneStats {
        // Reclaimed before retired, so that no item is seen reclaimed only.
        let reclaimed_items = self.raw.reclaimed_items();
        ZoneStats {
            item_bytes: self.raw.kind.size(),
            reclaimed_items,
            retired_items: self.raw.retired_items(),
            leaked_items: self.raw.leaked.get(),
            drop_panics: self.raw.panics.get(),
        }
    }

    /// Asserts the zone's invariants; for tests.
    #[doc(hidden)]
    pub fn check(&mut self) {
        self.raw.check();
    }
}

impl<'a> Zone<Deferred<'a>> {
    /// Runs `f` after a grace period, on whichever thread finds it expired. It may borrow what outlives
    /// the zone.
    ///
    /// ```
    /// use smr_core::{Deferred, Smr, Zone};
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let ran = AtomicU32::new(0);
    /// {
    ///     let zone: Zone<Deferred> = Zone::new();
    ///     zone.defer(|| { ran.fetch_add(1, Relaxed); });
    ///     zone.barrier();
    ///     assert_eq!(ran.load(Relaxed), 1);
    /// }
    /// ```
    pub fn defer(&self, f: impl FnOnce() + Send + 'a) {
        let item = self.alloc(Deferred::new(f));
        let guard = self.enter();
        let item = item.into_shared(&guard);
        // SAFETY: allocated just now from this zone, never published, retired once.
        unsafe { self.retire(item) };
    }
}

#[cfg(not(smr_loom))]
impl<T> Default for Zone<T> {
    /// A zone in the global domain.
    fn default() -> Self {
        Zone::new()
    }
}

impl<T> Drop for Zone<T> {
    fn drop(&mut self) {
        resume(self.raw.teardown());
    }
}

impl<T> fmt::Debug for Zone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zone")
            .field("smr", &self.smr)
            .field("stats", &self.stats())
            .finish()
    }
}
