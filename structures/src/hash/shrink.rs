//! Fewer buckets, and the end of the segments that nobody needs any more.
//!
//! A segment is taken out of the directory when no thread can have, or get, the number of one of its buckets:
//!
//! - **C1.** A bucket beyond [`size`](super::geometry::Sizes) is reached by a guess of the geometry, by the depth of
//!   an initialized bucket, or by a number that a thread has had before.
//! - **C2.** What lowers any of those, a merge or the geometry's, is noted in the size before and after, within
//!   one section. So if the size is the same at two instants, and every section that was open at the first has
//!   ended by the second, nothing has been lowered between them. If at both all buckets beyond are not
//!   initialized, and the geometry says no more than the size, that was so all the time between; so no
//!   section that is open at the second can have such a number.
//! - **C3.** At the second instant the size becomes *closing*, unless it has changed. Everybody who would have a
//!   bucket beyond takes the segments out first, then ends that. Their memory, and with it their address, is
//!   free only after a grace period, so who is late at taking them out takes nothing else.
//! - **C4.** Who provides segments beyond the next bucket's notes it in the size before, within one section.

use core::hint;

#[cfg(not(smr_loom))]
use smr_core::Smr;

use super::block;
use super::bucket::{Bucket, Rehash, Slots};
use super::geometry::Size;
use super::header::State;
use super::reclaim::Section;
use super::segments::Segment;
use super::table::Table;

/// Merges in one section.
const ROUND: usize = 64;

impl<S: Slots> Table<S> {
    /// How many buckets a table for so many entries has, at least one.
    pub(super) fn buckets_for(entries: usize) -> Option<usize> {
        let eighths = entries.checked_mul(8)?;
        Some(eighths.div_ceil(S::LOAD).max(1))
    }

    /// Merges some buckets, if there are more than so many. Whether there are still. Lock-free.
    pub(super) fn shrink(
        &self,
        section: &Section<'_>,
        least: usize,
        rehash: &impl Rehash<S::Item>,
    ) -> bool {
        let least = least.max(1);
        let now = self.size.get().buckets();
        if now <= least {
            return false;
        }
        // Lookups go by the parent before there is need: less often than a write to what all read.
        let soon = now - (now / 64).max(ROUND).min(now - least);
        self.lower(soon);
        for _ in 0..ROUND {
            let size = self.size.get();
            if size.buckets() <= least {
                return false;
            }
            if size.is_closing() {
                self.close(section, size);
            } else if self.size.shrink(size) {
                self.merge(section, size.buckets() - 1, rehash);
            }
        }
        true
    }

    /// Tells lookups of fewer buckets.
    fn lower(&self, buckets: usize) {
        if self.geometry.buckets() > buckets {
            // C2, both.
            self.size.note();
            self.geometry.lower(buckets);
            self.size.note();
        }
    }

    /// Sees to it that the buckets of segments that could go are not initialized. The size at which that was
    /// so; none if there are no such segments. Lock-free.
    pub(super) fn settle_beyond(
        &self,
        section: &Section<'_>,
        rehash: &impl Rehash<S::Item>,
    ) -> Option<Size> {
        loop {
            let size = self.size.get();
            let buckets = size.buckets();
            if buckets == 0 || self.segments.beyond(buckets).next().is_none() {
                return None;
            }
            if size.is_closing() {
                self.close(section, size);
                continue;
            }
            self.lower(buckets);
            // Those of late threads.
            for (index, bucket) in self.segments.beyond(buckets).flatten() {
                if bucket.header().state() != State::Uninit {
                    self.merge(section, index, rehash);
                }
            }
            if self.is_settled(size) {
                return Some(size);
            }
            hint::spin_loop();
        }
    }

    /// Whether the size is still this one, and nothing beyond is initialized.
    fn is_settled(&self, size: Size) -> bool {
        let mut beyond = self.segments.beyond(size.buckets()).flatten();
        beyond.all(|(_, bucket)| bucket.header().state() == State::Uninit)
            && self.geometry.buckets() <= size.buckets()
            && self.size.get() == size
    }

    /// Takes out the segments beyond a size that was settled, if it still is. Lock-free.
    ///
    /// # Safety
    /// Settled by [`settle_beyond`](Self::settle_beyond); every section that was open then has ended; and
    /// whoever looks into buckets is in one.
    pub(super) unsafe fn close_beyond(
        &self,
        section: &Section<'_>,
        size: Size,
        bury: impl FnMut(Segment<Bucket<S>>),
    ) {
        if self.is_settled(size) && self.size.begin_closing(size) {
            self.take_beyond(section, size.closing(), bury);
        }
    }

    /// Takes out all segments beyond a size that is closing, and ends that.
    #[cold]
    pub(super) fn close(&self, section: &Section<'_>, size: Size) {
        self.take_beyond(section, size, |segment| self.pool.bury(segment));
    }

    /// The same, with what is taken out by this thread to be freed after a grace period.
    fn take_beyond(
        &self,
        _section: &Section<'_>,
        size: Size,
        mut bury: impl FnMut(Segment<Bucket<S>>),
    ) {
        let taken = self
            .segments
            .take_beyond(size.buckets(), || self.size.get() == size);
        for segment in taken {
            for bucket in segment.buckets() {
                let link = bucket.link();
                debug_assert_eq!(bucket.header().state(), State::Uninit, "C2");
                if !link.is_null() {
                    debug_assert_ne!(link.tag(), bucket.header().parity());
                    // SAFETY: a dead proposal that nobody else can see any more (C2).
                    unsafe { block::retire_own(&self.pool, link.block()) };
                }
                let more = bucket.more();
                if !more.is_null() && bucket.curtail(more) {
                    // SAFETY: as above, and none of its slots is valid.
                    unsafe { self.segments.annex().give(more) };
                }
            }
            bury(segment);
        }
        self.size.end_closing(size);
    }

    /// Before segments are provided, other than the next bucket's: none is taken out while this section lasts.
    pub(super) fn keep_segments(&self, section: &Section<'_>) {
        loop {
            let size = self.size.get();
            if size.is_closing() {
                self.close(section, size);
            } else if self.size.note_at(size) {
                return;
            }
        }
    }

    /// Merges buckets until there are not more than so many, and frees the segments of those that are gone, as
    /// far as no section is in the way. Lock-free.
    ///
    /// # Safety
    /// Whoever looks into buckets is in a section.
    #[cfg(not(smr_loom))]
    pub(super) unsafe fn shrink_to(&self, least: usize, rehash: &impl Rehash<S::Item>) {
        let smr = self.pool.smr();
        while self.shrink(&smr.enter(), least, rehash) {}
        let Some(size) = self.settle_beyond(&smr.enter(), rehash) else {
            return;
        };
        let mut taken = Vec::new();
        // No section is open that was then.
        if soon(smr) {
            // SAFETY: by the grace period, and the caller's contract.
            unsafe { self.close_beyond(&smr.enter(), size, |segment| taken.push(segment)) };
        }
        if taken.is_empty() {
            return;
        }
        let over = soon(smr);
        for segment in taken {
            if over {
                // SAFETY: in no directory, and nobody has it any more.
                unsafe { segment.memory().free() };
            } else {
                self.pool.bury(segment);
            }
        }
    }

    /// The same at once.
    ///
    /// # Safety
    /// Exclusively borrowed.
    #[cfg(not(smr_loom))]
    pub(super) unsafe fn shrink_at_rest(&self, least: usize, rehash: &impl Rehash<S::Item>) {
        let section = self.pool.smr().enter();
        while self.shrink(&section, least, rehash) {}
        if let Some(size) = self.settle_beyond(&section, rehash) {
            // SAFETY: nobody else looks into buckets.
            let free = |segment: Segment<_>| unsafe { segment.memory().free() };
            // SAFETY: as above.
            unsafe { self.close_beyond(&section, size, free) };
        }
    }
}

/// Whether a grace period is over soon: sections are short, most of them.
#[cfg(not(smr_loom))]
fn soon(smr: &Smr) -> bool {
    // Each is many steps, where steps are counted.
    const TRIES: usize = if cfg!(smr_steps) { 2 } else { 100 };
    let goal = smr.advance();
    (0..TRIES).any(|_| {
        let over = smr.poll(goal);
        if !over {
            std::thread::yield_now();
        }
        over
    })
}
