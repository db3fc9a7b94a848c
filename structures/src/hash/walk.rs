//! Iteration beside changes and growth.

use smallvec::SmallVec;

use super::bucket::{Rehash, Slots, low_bits};
use super::header::MOST_SLOTS;
use super::reclaim::Section;
use super::table::{Place, Table};

/// A place in the order in which a table is walked: that of the hashes read backwards, bit by bit. Bucket
/// `i` at depth `d` is an interval in it, which a split cuts in two; so whatever is split between two
/// steps, what lies before the cursor has been seen, and the rest has not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    /// None at the end.
    from: Option<u64>,
    /// Where the walk ends, inclusive.
    last: u64,
}

/// The entries of one bucket.
pub(super) type Batch<I> = SmallVec<[I; MOST_SLOTS]>;

impl Cursor {
    pub(super) fn start() -> Cursor {
        Cursor {
            from: Some(0),
            last: u64::MAX,
        }
    }

    /// Leaves the second half of what is to come to another walk; none if it is no more than one bucket of
    /// this depth.
    #[cfg(all(feature = "rayon", not(smr_loom)))]
    pub(super) fn split(&mut self, depth: u32) -> Option<Cursor> {
        let from = self.from?;
        let length = self.last - from;
        if length.checked_shr(u64::BITS - depth).unwrap_or(0) == 0 {
            return None;
        }
        let middle = from + length / 2;
        let rest = Cursor {
            from: Some(middle + 1),
            last: self.last,
        };
        self.last = middle;
        Some(rest)
    }

    pub(super) fn is_at_end(self) -> bool {
        self.from.is_none()
    }
}

impl<S: Slots> Table<S> {
    /// Fills `batch`, which is empty, with the entries of one bucket, as they are at one instant, and moves
    /// the cursor on. Lock-free; O(1) on average.
    pub(super) fn step(
        &self,
        _section: &Section<'_>,
        cursor: &mut Cursor,
        rehash: &impl Rehash<S::Item>,
        batch: &mut Batch<S::Item>,
    ) {
        debug_assert!(batch.is_empty());
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
            batch.extend(header.slots().map_while(|slot| bucket.load(slot)));
            let linked = Self::read_link(&place).filter(|_| self.is_there(&place));
            let Some(linked) = linked else {
                batch.clear();
                continue;
            };
            // SAFETY: in force within this section.
            for block in unsafe { linked.in_force.blocks() } {
                batch.extend_from_slice(block.items());
            }
            debug_assert_eq!(index as u64, first);
            let start = first.reverse_bits();
            // Where the bucket's interval ends, inclusive.
            let end = start | u64::MAX >> depth;
            if start < from || cursor.last < end {
                // The caller's code, which may panic: nothing has been passed on then.
                let mut found = core::mem::take(batch);
                found.retain(|&mut item| {
                    // SAFETY: the header has been found the same since the items were read.
                    let hash = unsafe { rehash.hash(item) };
                    (from..=cursor.last).contains(&hash.reverse_bits())
                });
                *batch = found;
            }
            cursor.from = (end < cursor.last).then(|| end + 1);
            self.prefetch_after(*cursor, depth);
            return;
        }
    }

    /// Asks the cache for a bucket that comes a few steps later.
    fn prefetch_after(&self, cursor: Cursor, depth: u32) {
        const AHEAD: u64 = 8;
        if let (Some(at), 8..) = (cursor.from, depth) {
            self.prefetch(at.wrapping_add(AHEAD << (64 - depth)).reverse_bits());
        }
    }
}
