//! Iteration beside changes and growth.

use core::ops::RangeInclusive;

use super::batch::Batch;
use super::bucket::{Rehash, Slots, low_bits};
use super::reclaim::Section;
use super::table::{Place, Table};

/// A place in the order in which a table is walked.
///
/// The hashes that end in the same bits are a *class*; classes are as many as there were buckets when the
/// walk began, down to a power of two, and walked in turn, so that buckets are met in the order in which
/// they lie in memory. Within a class the order is that of the hashes read backwards, bit by bit. A bucket is
/// an interval in it, or has the whole class; a split cuts an interval in two. So whatever is split between
/// two steps, what lies before the cursor has been seen, and the rest has not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    /// How many bits are the same in a class.
    depth: u32,
    /// None at the end.
    from: Option<u64>,
    /// Where the class ends, inclusive.
    last: u64,
    /// The class, and the last one of the walk.
    class: u64,
    last_class: u64,
}

impl Cursor {
    fn start(depth: u32) -> Cursor {
        let mut cursor = Cursor {
            depth,
            from: None,
            last: 0,
            class: 0,
            last_class: low_bits(depth),
        };
        cursor.begin(0);
        cursor
    }

    fn begin(&mut self, class: u64) {
        let from = class.reverse_bits();
        self.class = class;
        self.from = Some(from);
        self.last = from | u64::MAX >> self.depth;
    }

    /// Goes on after a bucket whose interval ends there, inclusive.
    #[inline]
    fn pass(&mut self, end: u64) {
        if end < self.last {
            self.from = Some(end + 1);
        } else if self.class < self.last_class {
            self.begin(self.class + 1);
        } else {
            self.from = None;
        }
    }

    /// Leaves the second half of what is to come to another walk; none if it is no more than one bucket of
    /// this depth.
    #[cfg(all(feature = "rayon", not(smr_loom)))]
    pub(super) fn split(&mut self, depth: u32) -> Option<Cursor> {
        let from = self.from?;
        let mut rest = *self;
        if self.class < self.last_class {
            self.last_class = self.class + (self.last_class - self.class) / 2;
            rest.begin(self.last_class + 1);
            return Some(rest);
        }
        let length = self.last - from;
        if length.checked_shr(u64::BITS - depth).unwrap_or(0) == 0 {
            return None;
        }
        let middle = from + length / 2;
        rest.from = Some(middle + 1);
        self.last = middle;
        Some(rest)
    }

    pub(super) fn is_at_end(self) -> bool {
        self.from.is_none()
    }
}

impl<S: Slots> Table<S> {
    /// Where a walk of the whole table begins.
    pub(super) fn start(&self) -> Cursor {
        Cursor::start(self.depth())
    }

    /// Adds to `batch` the entries of one bucket, as they are at one instant, and moves the cursor on.
    /// Lock-free; O(1) on average.
    ///
    /// # Panics
    /// If the batch has no room.
    #[inline]
    pub(super) fn step<const N: usize>(
        &self,
        _section: &Section<'_>,
        cursor: &mut Cursor,
        rehash: &impl Rehash<S::Item>,
        batch: &mut Batch<S::Item, N>,
    ) {
        let mark = batch.mark();
        while let Some(from) = cursor.from {
            let hash = from.reverse_bits();
            let Some(place) = self.locate(hash) else {
                cursor.from = None;
                return;
            };
            let Place {
                bucket,
                index,
                header,
            } = place;
            let depth = header.depth();
            let first = hash & low_bits(depth);
            batch.extend_from_slots(header.valid(), S::COUNT, |slot| bucket.slots.load(slot));
            let mut more = header.valid() >> S::COUNT;
            while more != 0 {
                if let Some(item) = bucket.load(S::COUNT + more.trailing_zeros()) {
                    batch.push(item);
                }
                more &= more - 1;
            }
            let linked = Self::read_link(&place).filter(|_| self.is_there(&place));
            let Some(linked) = linked else {
                batch.reset(mark);
                continue;
            };
            // SAFETY: in force within this section.
            for block in unsafe { linked.in_force.blocks() } {
                batch.extend_from_list(block.items());
            }
            debug_assert_eq!(index as u64, first);
            let start = first.reverse_bits();
            // Where the bucket's interval ends, inclusive.
            let end = start | u64::MAX >> depth;
            if start < from || cursor.last < end {
                let range = from..=cursor.last;
                Self::keep(range, rehash, batch.take_since(mark), batch);
            }
            cursor.pass(end);
            self.prefetch_after(index, depth);
            return;
        }
    }

    /// Adds those items to the batch whose hashes are in the range, read backwards. They were in one bucket,
    /// whose header has been found the same since they were read.
    #[cold]
    fn keep<const N: usize>(
        range: RangeInclusive<u64>,
        rehash: &impl Rehash<S::Item>,
        mut items: Vec<S::Item>,
        batch: &mut Batch<S::Item, N>,
    ) {
        // The caller's code, which may panic: nothing has been passed on then.
        items.retain(|&item| {
            // SAFETY: as said above.
            let hash = unsafe { rehash.hash(item) };
            range.contains(&hash.reverse_bits())
        });
        batch.extend_from_list(&items);
    }

    /// Asks the cache for a bucket that comes a few steps later.
    #[inline]
    fn prefetch_after(&self, index: usize, depth: u32) {
        const AHEAD: usize = 8;
        if depth >= 8 {
            self.prefetch((index + AHEAD) as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks a table that has buckets of this depth, and answers where it has been, in order.
    fn walk(mut cursor: Cursor, depth: u32) -> Vec<u64> {
        let mut seen = Vec::new();
        while let Some(from) = cursor.from {
            let index = from.reverse_bits() & low_bits(depth);
            let start = index.reverse_bits();
            seen.push(index);
            cursor.pass(start | u64::MAX >> depth);
        }
        seen
    }

    #[test]
    fn every_bucket_is_met_once() {
        for classes in 0..5 {
            // Split since the walk began.
            for depth in classes..7 {
                let mut seen = walk(Cursor::start(classes), depth);
                if depth == classes {
                    assert!(seen.is_sorted(), "in the order of memory");
                }
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..1 << depth), "{classes}, {depth}");
            }
        }
    }

    #[cfg(all(feature = "rayon", not(smr_loom)))]
    #[test]
    fn halves_meet_what_the_whole_meets() {
        fn parts(mut cursor: Cursor, depth: u32, seen: &mut Vec<u64>) {
            match cursor.split(depth) {
                None => seen.extend(walk(cursor, depth)),
                Some(rest) => {
                    parts(cursor, depth, seen);
                    parts(rest, depth, seen);
                }
            }
        }
        for (classes, depth) in [(0, 5), (3, 3), (3, 6)] {
            let mut seen = Vec::new();
            parts(Cursor::start(classes), depth, &mut seen);
            seen.sort_unstable();
            seen.dedup(); // a half may begin within a bucket, of which it passes a part on
            assert!(seen.into_iter().eq(0..1 << depth), "{classes}, {depth}");
        }
    }
}
