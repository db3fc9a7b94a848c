//! Allocating: where a thread finds raw slots, and what it does with those that it does not need.

use core::ptr::{self, NonNull};

use crate::bucket::Slot;
use crate::cache::{Cache, Local};
use crate::limbo::{AT_A_TIME, RawZone, SOME};
use crate::page::Source;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed};

impl RawZone {
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
        self.alloc_one()
    }

    /// A slot without a cache, or where that has none left.
    fn alloc_one(&self) -> Option<Slot> {
        let Some(plan) = self.kind.plan() else {
            return self.kind.allocate();
        };
        let source = self.source_or_make()?;
        // SAFETY: of `source_or_make`.
        let slot = match unsafe { Source::nurse(source, self.kind) } {
            Some(slot) => slot,
            None => {
                // SAFETY: as above; it is there as long as the zone.
                let source = unsafe { source.as_ref() };
                let bucket = self.take_ready();
                let mut bucket = bucket.or_else(|| source.take(self.kind, plan))?;
                let slot = bucket.pop()?;
                if !bucket.is_empty() {
                    self.leave_ready(bucket);
                }
                slot
            }
        };
        self.kind.open(slot);
        Some(slot)
    }

    /// A page's raw slots; None if there is no memory, or there are no pages.
    fn take_page(&self) -> Option<Vec<Slot>> {
        let plan = self.kind.plan()?;
        let source = self.source_or_make()?;
        // SAFETY: of `source_or_make`; there as long as the zone.
        unsafe { source.as_ref() }.take(self.kind, plan)
    }

    /// The source, which the zone gets with its first slots; None if there is no memory.
    fn source_or_make(&self) -> Option<NonNull<Source>> {
        // Acquire: pairs with the Release below.
        let source = NonNull::new(self.source.load(Acquire));
        if source.is_some() {
            return source;
        }
        let fresh = Source::make(self.kind)?;
        let null = ptr::null_mut();
        match self
            .source
            .compare_exchange(null, fresh.as_ptr(), AcqRel, Acquire)
        {
            Ok(_) => Some(fresh),
            Err(first) => {
                let plan = self.kind.plan()?;
                // SAFETY: made just above, and not published.
                unsafe { Source::free(fresh, self.kind, plan) };
                NonNull::new(first)
            }
        }
    }

    fn trim_if_untidy(&self) {
        // Acquire: pairs with the Release of `source_or_make`.
        let source = self.source.load(Acquire);
        // SAFETY: null, or of `source_or_make`, and there as long as the zone.
        if let (Some(plan), Some(source)) = (self.kind.plan(), unsafe { source.as_ref() })
            && source.is_untidy()
        {
            source.trim_some(self.kind, plan);
        }
    }

    /// Leaves a bucket of raw slots to whoever needs some; to the system if there is no memory for that.
    fn leave_ready(&self, bucket: Vec<Slot>) {
        self.ready_slots.fetch_add(bucket.len(), Relaxed);
        if let Err(bucket) = self.ready.push(bucket) {
            self.ready_slots.fetch_sub(bucket.len(), Relaxed);
            self.free_all(bucket);
        }
    }

    /// Finds another bucket of raw slots, and takes a slot.
    fn refill(&self, cache: &Cache, local: &mut Local) -> Option<Slot> {
        if let Some(slot) = local.raw.pop() {
            return Some(slot); // a thief had the cache a moment ago
        }
        local.refilled = true;
        let drops = self.kind.needs_drop();
        if local.ready.is_empty() && local.limbo.len() > if drops { local.ripe } else { 0 } {
            let urgent = local.waiting >= self.quota();
            let may_scan = urgent && local.patience == 0;
            local.patience = local.patience.saturating_sub(1);
            self.collect(cache, local, may_scan);
        }
        let bucket = match local.ready.pop() {
            Some(bucket) => bucket,
            None if !local.surplus.is_empty() => std::mem::take(&mut local.surplus),
            None if local.ripe == 0 || !drops => self.take_ready().or_else(|| self.take_page())?,
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

    /// Takes a raw slot back: one that was allocated but never published, its item gone.
    ///
    /// # Safety
    /// The slot came from `alloc` of this zone, is raw, and nobody refers to it.
    pub(crate) unsafe fn give_back(&self, slot: Slot) {
        self.kind.shut(slot);
        let kept = self.with_cache(|_, local| {
            let kept = local.put_raw(slot);
            if local.ready.len() > self.quota() / local.size + 1 {
                self.give_surplus(local);
            }
            if !local.surplus.is_empty() {
                self.give_some(local);
            }
            kept
        });
        if kept != Some(true) {
            self.free_all([slot]);
        }
    }

    /// Leaves raw buckets that this thread does not need to others, or to the system.
    pub(crate) fn give_surplus(&self, local: &mut Local) {
        let quota = self.quota();
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
                self.leave_ready(bucket);
            } else if local.surplus.is_empty() {
                let empty = std::mem::replace(&mut local.surplus, bucket);
                local.keep(empty);
            } else {
                local.ready.push(bucket); // where it was
                return;
            }
        }
    }

    /// Returns some of the surplus to the system, or to its pages: not all at once, as each slot may cost a miss or
    /// two.
    #[cold]
    #[inline(never)]
    pub(crate) fn give_some(&self, local: &mut Local) {
        let rest = local.surplus.len().saturating_sub(SOME);
        self.free_all(local.surplus.drain(rest..));
        self.trim_if_untidy();
    }
}
