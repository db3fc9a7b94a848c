//! Running drops, outside every cache, and the counts of what has been retired and dropped.
//!
//! A drop may do anything: enter, allocate, retire, flush, panic. So it runs when the slot is in no
//! list any more and no cache is held, and drops that it leads to wait until it is over.

use core::ptr;
use core::ptr::NonNull;

use crate::bucket::{Bucket, Panic, Slot, discard, keep_first};
use crate::cache::Cache;
use crate::limbo::RawZone;
use crate::page::{self, Source};
use crate::primitive::Ordering::Acquire;
use crate::primitive::counter::Counter;

/// Drops run by one operation that finds some due.
pub(crate) const BATCH: usize = 8;

/// While it lives the calling thread runs drops. One level: drops run by drops wait.
#[derive(Debug)]
pub(crate) struct InDrop(());

crate::plain_thread_local! {
    static IN_DROP: core::cell::Cell<bool> = core::cell::Cell::new(false);
}

impl InDrop {
    /// None if the thread runs drops already.
    pub(crate) fn enter() -> Option<InDrop> {
        // Not `then_some`: that would make, and drop, one in any case.
        (!IN_DROP.with(|d| d.replace(true))).then(|| InDrop(()))
    }

    pub(crate) fn is_on() -> bool {
        IN_DROP.with(core::cell::Cell::get)
    }
}

impl Drop for InDrop {
    fn drop(&mut self) {
        IN_DROP.with(|d| d.set(false));
    }
}

impl RawZone {
    /// Returns raw slots to the system, or to their pages.
    pub(crate) fn free_all(&self, slots: impl IntoIterator<Item = Slot>) {
        let slots = slots.into_iter();
        // Acquire: pairs with the Release of `source_or_make`.
        let source = NonNull::new(self.source.load(Acquire));
        if let (Some(plan), Some(source)) = (self.kind.plan(), source) {
            // SAFETY: the slots are raw and of this zone: they come from `ready`, or their drops have run.
            unsafe { Source::give(source, self.kind, plan, slots) };
            return;
        }
        for slot in slots {
            // SAFETY: as above; and of a kind without pages, or there would be a source.
            unsafe { self.kind.free(slot) };
        }
    }

    /// Returns pages to the system whose slots are all idle, and, in small processes, the memory of idle pages of
    /// spans.
    pub(crate) fn trim(&self) {
        // Acquire: pairs with the Release of `source_or_make`.
        let source = self.source.load(Acquire);
        // SAFETY: null, or of `source_or_make`, and there as long as the zone.
        if let (Some(plan), Some(source)) = (self.kind.plan(), unsafe { source.as_ref() }) {
            source.trim(self.kind, plan);
            page::shed();
        }
    }

    /// Runs some of the drops that are due, outside the cache, and keeps the slots, save one for
    /// `wanted`; returns how many drops it ran. Does nothing inside another drop.
    #[cold]
    #[inline(never)]
    pub(crate) fn drop_due(&self, cache: &Cache, wanted: Option<&mut Option<Slot>>) -> usize {
        let Some(_in_drop) = InDrop::enter() else {
            return 0;
        };
        let mut batch = [Slot::DANGLING; BATCH];
        // SAFETY: the cache's index is the calling thread's number (all callers).
        let taken = unsafe {
            cache.owned(self.barrier, |local| {
                let n = local.take_ripe(BATCH, |slots| {
                    for (to, slot) in batch.iter_mut().zip(slots) {
                        *to = slot;
                    }
                });
                if n > 0 {
                    cache.turn_hand(); // odd: the drops below are under way
                }
                n
            })
        }
        .unwrap_or(0);
        if taken == 0 {
            return 0;
        }
        let batch = &batch[..taken];
        for &slot in batch {
            // SAFETY: Z1 (the slot was ripe), and the slot has left the cache, so it is dropped once.
            if let Err(panic) = unsafe { self.kind.drop_item(slot) } {
                self.panics.add(1);
                discard(panic);
            }
            self.kind.shut(slot);
        }
        self.count_reclaimed(Some(cache), taken);
        cache.turn_hand(); // even
        let mut kept = 0;
        if let Some(wanted) = wanted {
            *wanted = Some(batch[0]);
            kept = 1;
        }
        // SAFETY: as above. If a thief is at the cache nothing is kept.
        let _ = unsafe {
            cache.owned(self.barrier, |local| {
                while kept < taken && local.put_raw(batch[kept]) {
                    kept += 1;
                }
            })
        };
        self.free_all(batch[kept..].iter().copied());
        taken
    }

    /// Drops the item in `slot` and frees it, reporting a panic through `first`.
    ///
    /// # Safety
    /// The item is unreachable for everybody else (Z1, or exclusive access), and dropped once.
    pub(crate) unsafe fn drop_and_free(&self, slot: Slot, first: &mut Option<Panic>) {
        // SAFETY: the caller's contract.
        if let Err(panic) = unsafe { self.kind.drop_item(slot) } {
            self.panics.add(1);
            keep_first(first, panic);
        }
        self.free_all([slot]); // its item has just been dropped
    }

    /// Frees everything, whatever its state; returns the first panic.
    pub(crate) fn teardown(&mut self) -> Option<Panic> {
        let mut first = None;
        // Acquire: pairs with the Release of `own_cache_or_warm_up`.
        let caches = self.caches.swap(ptr::null_mut(), Acquire);
        if !caches.is_null() {
            // SAFETY: boxed by `own_cache_or_warm_up`, and `&mut self` means that nobody uses it.
            let mut caches = unsafe { Box::from_raw(caches) };
            for cache in caches.iter_mut() {
                // A cache that a thread vanished from in a fork, in mid-operation, is left alone.
                let Some(local) = cache.exclusive() else {
                    continue;
                };
                let garbage = local.take_garbage();
                let raw = local.take_raw();
                let loose = garbage.loose.iter().map(|slots| slots.len() as u64).sum();
                self.count_retired(loose); // it would have been when it took a number
                for slot in garbage.into_slots() {
                    // SAFETY: `&mut self`: nobody can reach the item; it was in one list only.
                    unsafe { self.drop_and_free(slot, &mut first) };
                    self.count_reclaimed(None, 1);
                }
                self.free_all(raw);
            }
        }
        for bucket in self.limbo.take() {
            for slot in bucket.slots {
                // SAFETY: as above.
                unsafe { self.drop_and_free(slot, &mut first) };
                self.count_reclaimed(None, 1);
            }
        }
        for bucket in self.ready.take() {
            self.free_all(bucket);
        }
        let source = NonNull::new(self.source.swap(ptr::null_mut(), Acquire));
        if let (Some(plan), Some(source)) = (self.kind.plan(), source) {
            // SAFETY: of `source_or_make`; `&mut self`.
            unsafe { Source::free(source, self.kind, plan) };
        }
        first
    }

    /// Counts items that have taken a number.
    pub(crate) fn count_retired(&self, n: u64) {
        self.core().count(|c| &c.retired_items, n);
        self.core()
            .count(|c| &c.retired_bytes, n * self.kind.size() as u64);
    }

    /// Counts items whose drop has run; `cache` if the caller owns it.
    pub(crate) fn count_reclaimed(&self, cache: Option<&Cache>, items: usize) {
        let n = items as u64;
        match cache {
            Some(cache) => cache.reclaimed.bump(n),
            None => self.reclaimed.add(n),
        }
        self.core().count(|c| &c.reclaimed_items, n);
        self.core()
            .count(|c| &c.reclaimed_bytes, n * self.kind.size() as u64);
    }

    /// Items retired so far.
    pub(crate) fn retired_items(&self) -> u64 {
        let caches = self.caches().into_iter().flat_map(|c| c.iter());
        caches.map(|(_, c)| c.retired.get()).sum::<u64>() + self.retired.get()
    }

    /// Items whose drop has run.
    pub(crate) fn reclaimed_items(&self) -> u64 {
        let caches = self.caches().into_iter().flat_map(|c| c.iter());
        caches.map(|(_, c)| c.reclaimed.get()).sum::<u64>() + self.reclaimed.get()
    }

    /// Items retired whose drop has not run.
    pub(crate) fn unreclaimed(&self) -> u64 {
        // In this order, so that an item is not counted reclaimed before it is counted retired.
        let reclaimed = self.reclaimed_items() + self.leaked.get();
        Counter::difference(self.retired_items(), reclaimed)
    }

    /// Asserts the zone's invariants, for tests: exclusive, so everything is in its place.
    pub(crate) fn check(&mut self) {
        let unreclaimed = self.unreclaimed();
        let mut found = 0;
        let caches = self.caches.load(Acquire);
        // SAFETY: null, or the table; `&mut self` means that nobody else uses it.
        if let Some(caches) = unsafe { caches.as_mut() } {
            for cache in caches.iter_mut() {
                let local = cache.exclusive().expect("no operation is under way");
                let in_limbo = |from| {
                    let buckets = local.limbo.iter().skip(from);
                    buckets.map(|b| b.slots.len()).sum::<usize>()
                };
                assert_eq!(
                    local.waiting,
                    in_limbo(local.ripe),
                    "waiting slots are counted"
                );
                found += in_limbo(0) + local.free.len() + local.reserve.len();
                assert_eq!(cache.hand() % 2, 0, "no drops are under way");
            }
        }
        let left = self.limbo.take();
        let buckets: Vec<Bucket> = left.collect();
        found += buckets.iter().map(|b| b.slots.len()).sum::<usize>();
        for bucket in buckets {
            let left = self.limbo.push(bucket);
            left.expect("memory for what was there just before");
        }
        assert_eq!(
            unreclaimed, found as u64,
            "every retired item is in exactly one list"
        );
    }
}
