//! Retiring: how slots come into buckets, and buckets into limbo.

use crate::advance::WhenFull;
use crate::barrier::Ticket;
use crate::bucket::{Bucket, Slot};
use crate::cache::{Cache, Local};
use crate::drops::BATCH;
use crate::limbo::RawZone;
use crate::primitive::{MODEL, uptime_nanos};
use crate::seq::Seq;

/// How long a bucket should take to fill, nanoseconds; and over what time the rate is measured.
const FILL: u64 = 64_000;
const WINDOW: u64 = 500_000;
/// The time that a domain lets pass between scans that nobody needs urgently, nanoseconds: if an eighth of the quota
/// waits, and if less does.
const SCAN_EVERY: u64 = if MODEL { 0 } else { 200_000 };
const PART: usize = 8;
const SCAN_LITTLE_EVERY: u64 = if MODEL { 0 } else { 1_000_000 };
/// The least number of slots in a bucket; bytes go first.
const SMALLEST: usize = if MODEL { 1 } else { 16 };
/// Ripe buckets above which every retire runs drops.
const BEHIND: usize = 2;
/// Turns between looks at what other threads have left.
const VISIT_EVERY: usize = 16;

impl RawZone {
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
            if !local.surplus.is_empty() {
                self.give_some(local);
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
            // Looked at once: the quota may shrink at any time.
            let largest = self.largest();
            let smallest = SMALLEST.min(largest);
            local.size = fits
                .clamp(smallest, largest)
                .next_multiple_of(smallest)
                .min(largest);
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

        let quota = self.quota();
        let every = if local.waiting >= quota / PART {
            SCAN_EVERY
        } else {
            SCAN_LITTLE_EVERY
        };
        let is_time = self.core().last_scan.age(now) >= every;
        self.collect(cache, local, is_time || local.waiting >= quota);
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
                .set(self.retired.get() + left.max(BATCH.min(self.quota())) as u64);
        }
    }

    /// The least number of slots in a bucket.
    fn smallest(&self) -> usize {
        SMALLEST.min(self.largest())
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
