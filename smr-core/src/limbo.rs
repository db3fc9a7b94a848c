//! A zone without its type: allocating, retiring, and the way of a slot from one to the other.
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
//! sequence is free, one that must scan costs a heavy barrier, so those are limited: one when the
//! domain has not scanned for [`SCAN_EVERY`], or when the limbo is at its quota. A bucket's size
//! follows the rate at which buckets fill, so that a busy thread advances the clock less often and a
//! slow one does not hold items for long.

use core::ptr;
use core::ptr::NonNull;

use crate::advance::WhenFull;
use crate::barrier::{self, BarrierKind, Ticket};
use crate::bucket::{Bucket, Kind, Slot};
use crate::cache::{Cache, Local};
use crate::chunks::Chunks;
use crate::depot::{Depot, try_box};
use crate::domain::Core;
use crate::drops::BATCH;
use crate::movers::Movers;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed};
use crate::primitive::counter::Counter;
use crate::primitive::{AtomicPtr, AtomicU32, AtomicUsize, MODEL, uptime_nanos};
use crate::seq::Seq;
use crate::step::{Step, mutated};
use crate::threads;

/// How long a bucket should take to fill, nanoseconds; and over what time the rate is measured.
const FILL: u64 = 64_000;
const WINDOW: u64 = 500_000;
/// The time that a domain lets pass between scans that nobody needs urgently.
const SCAN_EVERY: u64 = if MODEL { 0 } else { 50_000 };
/// The least number of slots in a bucket, and that of a new cache; bytes go first.
const SMALLEST: usize = if MODEL { 1 } else { 16 };
const FIRST: usize = if MODEL { 1 } else { 32 };
/// The most slots in a bucket, and the most bytes of them.
const LARGEST: usize = 1_024;
const LARGEST_BYTES: usize = 64 << 10;
/// Bytes that a thread's limbo, and its raw slots, may hold before it polls, or gives away.
pub(crate) const DEFAULT_QUOTA: usize = 192 << 10;
/// Operations of a zone without caches before it gets them.
const WARM: u32 = if MODEL { 0 } else { 16 };
/// Ripe buckets above which every retire runs drops.
const BEHIND: usize = 2;
/// What one operation takes out of limbo, and gives away, in buckets of the present size; one of the
/// latter at most to the system, slot by slot. After a change of size buckets may be many and small.
const AT_A_TIME: usize = 4;
const MANY: usize = 256;
/// Turns between looks at what other threads have left.
const VISIT_EVERY: usize = 16;

/// The untyped zone. Whoever owns it keeps its domain alive.
#[derive(Debug)]
pub(crate) struct RawZone {
    core: NonNull<Core>,
    pub(crate) kind: Kind,
    pub(crate) barrier: BarrierKind,
    /// Slots; see [`DEFAULT_QUOTA`].
    quota: usize,
    /// The most slots in a bucket.
    largest: usize,
    pub(crate) caches: AtomicPtr<Chunks<Cache>>,
    warm: AtomicU32,
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
    sweep_at: Counter,
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
    /// # Safety
    /// `core` outlives the zone.
    pub(crate) unsafe fn new(core: &Core, kind: Kind, quota: usize) -> RawZone {
        RawZone {
            core: NonNull::from(core),
            kind,
            barrier: core.barrier_in_use(),
            quota: (quota / kind.size()).clamp(1, 8 * LARGEST),
            largest: (LARGEST_BYTES.min(quota) / kind.size()).clamp(1, LARGEST),
            caches: AtomicPtr::new(ptr::null_mut()),
            warm: AtomicU32::new(0),
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

    /// The caches, once the zone has some.
    #[inline]
    pub(crate) fn caches(&self) -> Option<&Chunks<Cache>> {
        // Acquire: pairs with the Release of `warm_up`.
        let caches = self.caches.load(Acquire);
        // SAFETY: null, or published by `warm_up` and freed by `teardown`, which has the zone to itself.
        unsafe { caches.as_ref() }
    }

    #[inline]
    fn own_cache(&self) -> Option<&Cache> {
        self.caches()?.get(threads::place())
    }

    /// Runs `f` on the calling thread's cache, if it has one here and nobody else is at it.
    #[inline]
    pub(crate) fn with_cache<R>(&self, f: impl FnOnce(&Cache, &mut Local) -> R) -> Option<R> {
        let cache = self.own_cache()?;
        // SAFETY: the cache's index is the calling thread's number.
        unsafe { cache.owned(self.barrier, |local| f(cache, local)) }
    }

    /// The least number of slots in a bucket.
    fn smallest(&self) -> usize {
        SMALLEST.min(self.largest)
    }

    // ---- alloc ----

    /// A raw slot; None if memory is short.
    #[inline]
    pub(crate) fn alloc(&self) -> Option<Slot> {
        let slot = match self.with_cache(|_, local| local.raw.pop()) {
            Some(Some(slot)) => slot,
            _ => return self.alloc_slow(),
        };
        self.kind.open(slot);
        Some(slot)
    }

    #[cold]
    #[inline(never)]
    fn alloc_slow(&self) -> Option<Slot> {
        if let Some(cache) = self.own_cache_or_warm_up() {
            // SAFETY: the cache's index is the calling thread's number.
            let found = unsafe { cache.owned(self.barrier, |local| self.refill(cache, local)) };
            let found = match found {
                Some(None) if self.kind.needs_drop() => {
                    let mut slot = None;
                    self.drop_due(cache, Some(&mut slot));
                    slot
                }
                found => found.flatten(),
            };
            if let Some(slot) = found {
                self.kind.open(slot);
                return Some(slot);
            }
        }
        self.kind.allocate()
    }

    /// Finds another bucket of raw slots, and takes a slot.
    fn refill(&self, cache: &Cache, local: &mut Local) -> Option<Slot> {
        if let Some(slot) = local.raw.pop() {
            return Some(slot); // a thief had the cache a moment ago
        }
        local.refilled = true;
        let drops = self.kind.needs_drop();
        if local.ready.is_empty() && local.limbo.len() > if drops { local.ripe } else { 0 } {
            let urgent = local.waiting >= self.quota;
            let may_scan = urgent && local.patience == 0;
            local.patience = local.patience.saturating_sub(1);
            self.collect(cache, local, may_scan);
        }
        let bucket = match local.ready.pop() {
            Some(bucket) => bucket,
            None if local.ripe == 0 || !drops => self.take_ready()?,
            None => return None,
        };
        let empty = std::mem::replace(&mut local.raw, bucket);
        local.keep(empty);
        local.raw.pop()
    }

    fn take_ready(&self) -> Option<Vec<Slot>> {
        if self.ready.is_empty() {
            return None;
        }
        let bucket = self.ready.take_one()?;
        self.ready_slots.fetch_sub(bucket.len(), Relaxed);
        Some(bucket)
    }

    // ---- retire ----

    /// Retires the item in `slot`: it is dropped, and the slot reused, after a grace period.
    ///
    /// # Safety
    /// The slot came from `alloc` of this zone and holds an item; the item has been unlinked, so that
    /// no section that begins now can reach it; it is retired once.
    #[inline]
    pub(crate) unsafe fn retire(&self, slot: Slot) {
        let kept = self.with_cache(|cache, local| {
            if local.free.len() == local.free.capacity() && !self.make_room(cache, local) {
                return None;
            }
            local.free.push(slot);
            cache.retired.bump(1);
            if local.free.len() == local.free.capacity() {
                self.turn(cache, local);
            }
            Some(local.ripe > BEHIND || local.ripe > 0 && local.free.len().is_multiple_of(2))
        });
        match kept {
            Some(Some(false)) => {}
            Some(Some(true)) => {
                if let Some(cache) = self.own_cache() {
                    self.drop_due(cache, None);
                }
            }
            Some(None) => self.retire_short(slot),
            // A thief has the cache, or there is none.
            None => self.retire_stray(slot),
        }
    }

    /// Memory is short. Drops give containers back, and there is the reserve.
    #[cold]
    #[inline(never)]
    fn retire_short(&self, slot: Slot) {
        let Some(cache) = self.own_cache() else {
            return self.retire_stray(slot);
        };
        while self.drop_due(cache, None) > 0 {
            let kept = self.with_cache(|cache, local| {
                let room = self.make_room(cache, local);
                if room {
                    local.free.push(slot);
                    cache.retired.bump(1);
                }
                room
            });
            if kept == Some(true) {
                return;
            }
        }
        if self.with_cache(|cache, local| keep_in_reserve(cache, local, slot)) != Some(true) {
            self.retire_stray(slot);
        }
    }

    /// A container for retired slots: the first one, or the next after one that could not be turned.
    #[cold]
    #[inline(never)]
    fn make_room(&self, cache: &Cache, local: &mut Local) -> bool {
        if local.free.capacity() > 0 {
            self.turn(cache, local);
        } else if local.has_room_for(0) {
            if local.reserve.capacity() == 0 {
                let _ = local.reserve.try_reserve_exact(self.smallest());
            }
            local.free = local.container();
            if local.free.capacity() == 0 {
                self.reuse_container(cache, local);
            }
        }
        local.free.len() < local.free.capacity()
    }

    /// Where memory is short: a container from a bucket that has expired by now.
    fn reuse_container(&self, cache: &Cache, local: &mut Local) {
        self.collect(cache, local, true);
        local.free = local.container();
        if local.free.capacity() == 0
            && let Some(mut raw) = local.ready.pop()
        {
            self.free_all(raw.drain(..));
            local.free = raw;
        }
    }

    /// The bucket is full: it takes a number and joins the limbo. If memory is short it stays.
    #[cold]
    #[inline(never)]
    fn turn(&self, cache: &Cache, local: &mut Local) {
        if !local.has_room_for(2) {
            self.collect(cache, local, true);
            if !local.has_room_for(2) {
                return;
            }
        }
        let now = uptime_nanos();
        local.turns += 1;
        local.in_window += local.free.len() as u64;
        let window = now.saturating_sub(local.window_from);
        if window >= WINDOW {
            // As many slots as the window's rate retires in `FILL`. Over a window, so that a thread
            // which catches up after it was preempted does not pass for a busy one.
            let fits = usize::try_from(local.in_window * FILL / window).unwrap_or(usize::MAX);
            local.size = fits
                .clamp(self.smallest(), self.largest)
                .next_multiple_of(self.smallest())
                .min(self.largest);
            local.window_from = now;
            local.in_window = 0;
        }
        let fresh = local.container();
        let full = std::mem::replace(&mut local.free, fresh);
        local.enter_limbo(self.number(full));
        if !local.reserve.is_empty() {
            let kept = std::mem::take(&mut local.reserve);
            local.enter_limbo(self.number(kept));
            let _ = local.reserve.try_reserve_exact(self.smallest());
        }

        let urgent = local.waiting >= self.quota;
        let idle_for = self.core().last_scan.age(now);
        self.collect(cache, local, urgent || idle_for >= SCAN_EVERY);
        self.give_surplus(local);
        if local.turns.is_multiple_of(VISIT_EVERY) {
            self.visit(local, now);
        }
    }

    /// A bucket of unlinked slots takes a number (B1).
    pub(crate) fn number(&self, slots: Vec<Slot>) -> Bucket {
        let tag = self.core().advance(WhenFull::GoOn);
        self.tagged(tag, slots)
    }

    /// A bucket with the number that was taken for it, counted as retired in the domain.
    pub(crate) fn tagged(&self, (goal, ticket): (Seq, Ticket), slots: Vec<Slot>) -> Bucket {
        self.count_retired(slots.len() as u64);
        Bucket {
            goal,
            ticket,
            slots,
        }
    }

    // ---- limbo to ready ----

    /// Looks how many buckets at the limbo's front have expired: their slots are ready, or ripe if they
    /// have drops to run. At most one poll scans, and only if `may_scan`.
    fn collect(&self, cache: &Cache, local: &mut Local, mut may_scan: bool) {
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

    /// Leaves raw buckets that this thread does not need to others, or to the system.
    fn give_surplus(&self, local: &mut Local) {
        let quota = self.quota;
        let keep = if local.refilled {
            quota / local.size + 1
        } else {
            1
        };
        local.refilled = false;
        for _ in 0..AT_A_TIME {
            if local.ready.len() <= keep {
                return;
            }
            let Some(bucket) = local.ready.pop() else {
                return;
            };
            if self.ready_slots.load(Relaxed) < 4 * quota {
                self.ready_slots.fetch_add(bucket.len(), Relaxed);
                if let Err(bucket) = self.ready.push(bucket) {
                    self.ready_slots.fetch_sub(bucket.len(), Relaxed);
                    self.free_all(bucket);
                }
            } else {
                self.free_all(bucket);
                return;
            }
        }
    }

    /// Takes a raw slot back: one that was allocated but never published, its item gone.
    ///
    /// # Safety
    /// The slot came from `alloc` of this zone, is raw, and nobody refers to it.
    pub(crate) unsafe fn give_back(&self, slot: Slot) {
        self.kind.shut(slot);
        let kept = self.with_cache(|_, local| {
            let kept = local.put_raw(slot);
            if local.ready.len() > self.quota / local.size + 1 {
                self.give_surplus(local);
            }
            kept
        });
        if kept != Some(true) {
            self.free_all([slot]);
        }
    }

    // ---- without a cache ----

    /// The thread's cache, made when the zone has seen enough operations.
    fn own_cache_or_warm_up(&self) -> Option<&Cache> {
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
        let size = FIRST.min(self.largest);
        self.caches()?.get_or_make(place, |_| Cache::new(size)).ok()
    }

    /// Retires a slot into a bucket of its own: for zones that have no caches yet, threads without a
    /// number, and caches that are being looked through.
    #[cold]
    #[inline(never)]
    fn retire_stray(&self, slot: Slot) {
        self.retired.add(1);
        let mut slots = Vec::new();
        let kept = slots.try_reserve_exact(1).is_ok() && {
            slots.push(slot);
            self.limbo.push(self.number(slots)).is_ok()
        };
        if !kept {
            self.leaked.add(1);
        }
        // Those who have no cache look after the strays themselves, when there are as many more as were
        // left the last time: O(1) each, amortized.
        if self.own_cache_or_warm_up().is_none() && self.retired.get() >= self.sweep_at.get() {
            let left = self.sweep_strays();
            self.sweep_at
                .set(self.retired.get() + left.max(BATCH.min(self.quota)) as u64);
        }
    }
}

/// Keeps a slot where there is room even without memory.
fn keep_in_reserve(cache: &Cache, local: &mut Local, slot: Slot) -> bool {
    let room = local.reserve.len() < local.reserve.capacity();
    if room {
        local.reserve.push(slot);
        cache.retired.bump(1);
    }
    room
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
