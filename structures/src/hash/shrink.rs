//! Fewer buckets, and the end of the segments that nobody needs any more.
//!
//! A segment is taken out of the directory when no thread can have, or get, the number of one of its buckets:
//!
//! - **C1.** A bucket beyond the [size](super::geometry::Sizes) is reached by a guess of the geometry, by the depth
//!   of an initialized bucket, as the child of one that is being split, or by a number that a thread has had before.
//! - **C2.** What lowers any of those, a merge or the geometry's, is noted in the size before and after, within
//!   one section. So if the size is the same at two instants, and every section that was open at the first has
//!   ended by the second, nothing has been lowered between them. If at both all buckets beyond are not
//!   initialized nor about to be, and the geometry says no more than the size, that was so all the time between;
//!   so no section that is open at the second can have such a number.
//! - **C3.** At the second instant the size becomes *closing*, unless it has changed. Everybody who would have a
//!   bucket beyond takes the segments out first, then ends that. Their memory, and with it their address, is
//!   free only after a grace period, so who is late at taking them out takes nothing else.
//! - **C4.** Who provides segments notes it in the size before, within one section. So none is provided while the
//!   size is closing.

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
/// As often is a size looked at that others change.
const SETTLE: usize = 16;

impl<S: Slots> Table<S> {
    /// How many buckets a table for so many entries has, at least one.
    pub(super) fn buckets_for(entries: usize) -> Option<usize> {
        let eighths = entries.checked_mul(8)?;
        Some(eighths.div_ceil(S::LOAD).max(1))
    }

    /// Merges some buckets, if there are more than those entries and what is in the table take; not more than
    /// `budget`, which it takes them off. Whether there is more to do. Lock-free.
    pub(super) fn shrink(
        &self,
        section: &Section<'_>,
        entries: usize,
        budget: &mut usize,
        rehash: &impl Rehash<S::Item>,
    ) -> bool {
        let (now, passed_on) = (self.count.get(), self.count.about());
        for _ in 0..ROUND {
            let size = self.size.get();
            // Entries may come all the time.
            let more = self.count.about().saturating_sub(passed_on);
            let least = Self::buckets_for(entries.max(now + more));
            if *budget == 0 || least.is_none_or(|least| size.buckets() <= least) {
                self.lower();
                return false;
            }
            if size.is_closing() {
                self.close(section);
            } else if self.size.shrink(size) {
                *budget -= 1;
                self.merge(section, size.buckets() - 1, rehash);
            }
        }
        self.lower();
        true
    }

    /// Tells lookups of fewer buckets, if there are.
    fn lower(&self) {
        // The geometry first: if it has buckets, so has the size.
        let noted = self.geometry.buckets();
        let buckets = self.size.get().buckets();
        if noted > buckets {
            // C2, both.
            self.size.note();
            self.geometry.lower(buckets);
            self.size.note();
            // There may have been more again.
            self.geometry.raise(self.size.get().buckets());
        }
    }

    /// Sees to it that the buckets of segments that could go are not initialized. The size at which that was
    /// so; none if there are no such segments, or others change the size all the time. Lock-free.
    pub(super) fn settle_beyond(
        &self,
        section: &Section<'_>,
        rehash: &impl Rehash<S::Item>,
    ) -> Option<Size> {
        for _ in 0..SETTLE {
            let size = self.size.get();
            let buckets = size.buckets();
            if buckets == 0 || self.segments.beyond(buckets).next().is_none() {
                return None;
            }
            if size.is_closing() {
                self.close(section);
                continue;
            }
            self.lower();
            // Those of late threads.
            for (index, bucket) in self.segments.beyond(buckets).flatten() {
                if !self.is_gone(index, bucket) {
                    self.merge(section, index, rehash);
                }
            }
            let size = self.size.get();
            if self.is_settled(size) {
                return Some(size);
            }
        }
        None
    }

    fn is_gone(&self, index: usize, bucket: &Bucket<S>) -> bool {
        bucket.header().state() == State::Uninit && !self.is_being_split_off(index)
    }

    /// Whether the size is still this one, and nothing beyond is initialized.
    fn is_settled(&self, size: Size) -> bool {
        let mut beyond = self.segments.beyond(size.buckets()).flatten();
        beyond.all(|(index, bucket)| self.is_gone(index, bucket))
            && self.geometry.buckets() <= size.buckets()
            && !size.is_closing()
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
            self.take_beyond(section, bury);
        }
    }

    /// Takes out all segments beyond, while the size is closing, and ends that.
    #[cold]
    pub(super) fn close(&self, section: &Section<'_>) {
        self.take_beyond(section, |segment| self.pool.bury(segment));
    }

    /// The same, with what is taken out by this thread to be freed after a grace period.
    fn take_beyond(&self, _section: &Section<'_>, mut bury: impl FnMut(Segment<Bucket<S>>)) {
        loop {
            let size = self.size.get();
            if !size.is_closing() {
                return;
            }
            let taken = self
                .segments
                .take_beyond(size.buckets(), || self.size.get() == size);
            for segment in taken {
                for bucket in segment.buckets() {
                    self.strip(bucket);
                }
                bury(segment);
            }
            self.size.end_closing(size);
        }
    }

    /// Takes everything out of a bucket that nobody else can reach any more (C2), and that has no entries.
    fn strip(&self, bucket: &Bucket<S>) {
        let (link, more) = (bucket.link(), bucket.more());
        debug_assert_eq!(bucket.header().state(), State::Uninit, "C2");
        if !link.is_null() {
            debug_assert_ne!(link.tag(), bucket.header().parity());
            // SAFETY: a dead proposal.
            unsafe { block::retire_own(&self.pool, link.block()) };
        }
        if !more.is_null() && bucket.curtail(more) {
            // SAFETY: taken out of the bucket, once; none of its slots is valid.
            unsafe { self.segments.annex().give(more.extension()) };
        }
    }

    /// Before segments are provided (C4): none is taken out while this section lasts.
    pub(super) fn keep_segments(&self, section: &Section<'_>) {
        loop {
            let size = self.size.get();
            if size.is_closing() {
                self.close(section);
            } else if self.size.note_at(size).is_some() {
                return;
            }
        }
    }

    /// Merges buckets until there are not more than so many entries, and those that are there, take; and frees
    /// the segments of those that are gone, as far as no section is in the way. Lock-free.
    ///
    /// # Safety
    /// Whoever looks into buckets is in a section.
    #[cfg(not(smr_loom))]
    pub(super) unsafe fn shrink_to(&self, entries: usize, rehash: &impl Rehash<S::Item>) {
        let smr = self.pool.smr();
        let mut budget = self.size.get().buckets();
        while self.shrink(&smr.enter(), entries, &mut budget, rehash) {}
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
    pub(super) unsafe fn shrink_at_rest(&self, entries: usize, rehash: &impl Rehash<S::Item>) {
        let section = self.pool.smr().enter();
        let mut budget = self.size.get().buckets();
        while self.shrink(&section, entries, &mut budget, rehash) {}
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
