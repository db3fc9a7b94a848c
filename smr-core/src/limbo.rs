//! A zone without its type, and a slot's way out of limbo. Into it lead `retire`, back to use `alloc`.
//!
//! ```text
//!   alloc ← raw ← ready ← (drops) ← ripe ← limbo ← free ← retire
//!             bucket by bucket, the same containers all the way round
//! ```
//!
//! Invariants: **Z1** no slot leaves limbo before a poll of its bucket's goal has succeeded. **Z2**
//! only code that holds a reference to the zone touches its limbo: not a section's end, not a
//! thread's exit, not the domain.
//!
//! # When a thread polls
//! A full bucket takes a number at once (B1) and goes to the end of the thread's limbo. The oldest
//! bucket is polled then, and when an allocation finds nothing else; a poll answered by the read
//! sequence is free, one that must scan costs a heavy barrier, which interrupts the processors that run
//! the process, so those are limited: one when the domain has not scanned for a time (`SCAN_EVERY`,
//! longer while little waits), or when the limbo is at its quota. A bucket's size
//! follows the rate at which buckets fill, so that a busy thread advances the clock less often and a
//! slow one does not hold items for long.

use core::ops::RangeInclusive;
use core::ptr;
use core::ptr::NonNull;

use crate::barrier::{self, BarrierKind};
use crate::bucket::{Bucket, Kind, Slot};
use crate::cache::{Cache, Local};
use crate::chunks::Chunks;
use crate::depot::{Depot, try_box};
use crate::domain::Core;
use crate::movers::Movers;
use crate::page::Source;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed};
use crate::primitive::counter::Counter;
use crate::primitive::{AtomicPtr, AtomicU16, AtomicUsize, MODEL, uptime_nanos};
use crate::seq::Seq;
use crate::step::{Step, mutated};
use crate::threads;

/// Slots in a new cache's first bucket; bytes go first.
const FIRST: usize = if MODEL { 1 } else { 32 };
/// The most slots in a bucket, and the most bytes of them.
const LARGEST: usize = 1_024; // with eight of them, for the quota, it fits 16 bits
const LARGEST_BYTES: usize = 64 << 10;
/// A bucket has a part of the quota, at most; and where that follows the zone's size, it is a part of that.
const BUCKETS: usize = 3;
const SHARE: usize = 8;
/// Bytes that a thread's limbo, and its raw slots, may hold before it polls, or gives away.
pub(crate) const DEFAULT_QUOTA: usize = 192 << 10;
/// Operations of a zone without caches before it gets them.
const WARM: u16 = if MODEL { 0 } else { 16 };
/// What one operation takes out of limbo, and gives away to other threads, in buckets of the present size.
pub(crate) const AT_A_TIME: usize = 4;
/// Buckets that one operation takes out of limbo, at most: after a change of size they may be many and small.
const MANY: usize = 256;
/// What one operation gives to the system, in slots.
pub(crate) const SOME: usize = 4;

/// The untyped zone. Whoever owns it keeps its domain alive.
#[derive(Debug)]
pub(crate) struct RawZone {
    core: NonNull<Core>,
    pub(crate) kind: &'static Kind,
    pub(crate) barrier: BarrierKind,
    /// Slots: the least and the most that a thread's limbo may hold, as the zone grows.
    quota: (u16, u16),
    pub(crate) caches: AtomicPtr<Chunks<Cache>>,
    warm: AtomicU16,
    /// Of a kind that has pages, once the zone has some slots.
    pub(crate) source: AtomicPtr<Source>,
    /// Buckets with numbers that no cache has.
    pub(crate) limbo: Depot<Bucket>,
    /// Raw buckets that no cache has, and about how many slots they hold.
    pub(crate) ready: Depot<Vec<Slot>>,
    pub(crate) ready_slots: AtomicUsize,
    /// What was retired and reclaimed without a cache, or by others than a cache's owner.
    pub(crate) retired: Counter,
    pub(crate) reclaimed: Counter,
    /// Items given up because memory for keeping them in mind could not be had.
    pub(crate) leaked: Counter,
    pub(crate) panics: Counter,
    /// Where the next visit looks.
    pub(crate) next_visit: AtomicUsize,
    /// When the latest visit was, nanoseconds of `uptime_nanos`.
    pub(crate) visited_at: Counter,
    /// How many must have been retired without a cache before the strays are looked through.
    pub(crate) sweep_at: Counter,
    pub(crate) movers: Movers,
    /// A reclaimer's notes: `retired_items` when it last came by, and when it last trimmed the zone.
    pub(crate) tended: Counter,
    pub(crate) trimmed: Counter,
}

// SAFETY: the domain is shared state, kept alive by the owner; items move between threads, which the
// typed zone allows for `T: Send` only.
unsafe impl Send for RawZone {}
// SAFETY: as above; the caches are guarded by their handshake.
unsafe impl Sync for RawZone {}

impl RawZone {
    /// `bytes`: between what the quota is.
    ///
    /// # Safety
    /// `core` outlives the zone.
    pub(crate) unsafe fn new(
        core: &Core,
        kind: &'static Kind,
        bytes: RangeInclusive<usize>,
    ) -> RawZone {
        let slots = |bytes: usize| (bytes / kind.size()).clamp(1, 8 * LARGEST) as u16;
        let most = slots(*bytes.end());
        let quota = (slots(*bytes.start()).min(most), most);
        RawZone {
            source: AtomicPtr::new(ptr::null_mut()),
            core: NonNull::from(core),
            kind,
            barrier: core.barrier_in_use(),
            quota,
            caches: AtomicPtr::new(ptr::null_mut()),
            warm: AtomicU16::new(0),
            limbo: Depot::new(),
            ready: Depot::new(),
            ready_slots: AtomicUsize::new(0),
            retired: Counter::new(),
            reclaimed: Counter::new(),
            leaked: Counter::new(),
            panics: Counter::new(),
            next_visit: AtomicUsize::new(0),
            visited_at: Counter::new(),
            sweep_at: Counter::new(),
            movers: Movers::new(),
            tended: Counter::new(),
            trimmed: Counter::new(),
        }
    }

    #[inline]
    pub(crate) fn core(&self) -> &Core {
        // SAFETY: the domain outlives the zone (`new`).
        unsafe { self.core.as_ref() }
    }

    /// Slots; see [`DEFAULT_QUOTA`].
    #[inline]
    pub(crate) fn quota(&self) -> usize {
        let (least, most) = self.quota;
        if least == most {
            return most.into();
        }
        // Acquire: pairs with the Release of `source_or_make`.
        let source = self.source.load(Acquire);
        // SAFETY: null, or of `source_or_make`, and there as long as the zone.
        let source = unsafe { source.as_ref() };
        let has = source.zip(self.kind.plan());
        let slots = has.map_or(0, |(source, plan)| source.slots(plan));
        (slots / SHARE).clamp(least.into(), most.into())
    }

    /// The most slots in a bucket.
    #[inline]
    pub(crate) fn largest(&self) -> usize {
        let fit = LARGEST_BYTES / self.kind.size();
        fit.min(self.quota() / BUCKETS).clamp(1, LARGEST)
    }

    /// The caches, once the zone has some.
    #[inline]
    pub(crate) fn caches(&self) -> Option<&Chunks<Cache>> {
        // Acquire: pairs with the Release of `own_cache_or_warm_up`.
        let caches = self.caches.load(Acquire);
        // SAFETY: null, or published by `own_cache_or_warm_up` and freed by `teardown`, which has the
        // zone to itself.
        unsafe { caches.as_ref() }
    }

    #[inline]
    pub(crate) fn own_cache(&self) -> Option<&Cache> {
        self.caches()?.get(threads::place())
    }

    /// Runs `f` on the calling thread's cache, if it has one here and nobody else is at it.
    #[inline]
    pub(crate) fn with_cache<R>(&self, f: impl FnOnce(&Cache, &mut Local) -> R) -> Option<R> {
        let cache = self.own_cache()?;
        // SAFETY: the cache's index is the calling thread's number.
        unsafe { cache.owned(self.barrier, |local| f(cache, local)) }
    }

    /// The thread's cache, made when the zone has seen enough operations.
    pub(crate) fn own_cache_or_warm_up(&self) -> Option<&Cache> {
        if let Some(cache) = self.own_cache() {
            return Some(cache);
        }
        if self.caches().is_none() && self.warm.fetch_add(1, Relaxed) < WARM {
            return None;
        }
        let place = threads::place_or_claim()?;
        if self.caches.load(Relaxed).is_null() {
            let fresh = try_box(Chunks::new()).ok()?;
            // Release: publishes the table, to the Acquire of `caches`.
            if self
                .caches
                .compare_exchange(ptr::null_mut(), fresh, AcqRel, Acquire)
                .is_err()
            {
                // SAFETY: boxed just above, and not published.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
        let size = FIRST.min(self.largest());
        self.caches()?.get_or_make(place, |_| Cache::new(size)).ok()
    }

    /// Looks how many buckets at the limbo's front have expired: their slots are ready, or ripe if they
    /// have drops to run. At most one poll scans, and only if `may_scan`.
    pub(crate) fn collect(&self, cache: &Cache, local: &mut Local, mut may_scan: bool) {
        let core = self.core();
        let drops = self.kind.needs_drop();
        let (mut buckets, mut slots) = (0, 0);
        while buckets < MANY && slots < AT_A_TIME * local.size {
            // A sweep may have found some ripe whose slots have no drops.
            let at = if drops { local.ripe } else { 0 };
            let Some(bucket) = local.limbo.get(at) else {
                return;
            };
            let known = at < local.ripe;
            if !known && !core.is_observed(bucket.goal) {
                if !may_scan {
                    return;
                }
                may_scan = false;
                core.last_scan.note_time(uptime_nanos());
                if !core.poll_first(bucket.goal, last_served(local, at)) && !mutated(Step::Limbo) {
                    local.patience = 64;
                    return;
                }
                local.patience = 0;
            }
            // Z1: the poll of this bucket's goal has succeeded.
            buckets += 1;
            if !known {
                local.waiting -= bucket.slots.len();
                local.ripe += 1;
            }
            if !drops && !self.make_ready(cache, local, &mut slots) {
                return;
            }
        }
    }

    /// Moves a ripe bucket without drops to `ready`; false if there is no room.
    fn make_ready(&self, cache: &Cache, local: &mut Local, slots: &mut usize) -> bool {
        if local.ready.try_reserve(1).is_err() {
            return false;
        }
        let Some(bucket) = local.take_ripe_bucket() else {
            return false;
        };
        *slots += bucket.slots.len();
        self.count_reclaimed(Some(cache), bucket.slots.len());
        for &slot in &bucket.slots {
            self.kind.shut(slot);
        }
        local.ready.push(bucket.slots);
        true
    }
}

/// The goal of a late bucket in limbo, from `at` on, whose ticket has been served: the last, if they are
/// in order, which adopted ones may not be.
fn last_served(local: &Local, at: usize) -> Option<Seq> {
    let served = |b: &Bucket| barrier::served(b.ticket);
    let first = local.limbo.get(at).filter(|b| served(b))?;
    let end = local.limbo.partition_point(|b| served(b));
    let last = local.limbo.get(end.wrapping_sub(1)).filter(|b| served(b));
    Some(last.map_or(first.goal, |last| last.goal.later(first.goal)))
}
