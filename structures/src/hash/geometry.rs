//! How many buckets there are, as far as lookups know.

use smr_core::primitive::{AtomicUsize, Ordering};

/// How many buckets there are, as far as lookups know: not more than there are, and not often written.
pub(super) struct Geometry {
    /// The bits of a hash that choose among the buckets and those that come next: 2^k - 1, with 2^k more
    /// than there are, and not more than twice as much. Written after the number, and read before it, so
    /// that the half of it is always less than the number.
    mask: AtomicUsize,
    /// 0 if there are none.
    buckets: AtomicUsize,
}

impl Geometry {
    pub(super) fn new() -> Geometry {
        Geometry {
            mask: AtomicUsize::new(0),
            buckets: AtomicUsize::new(0),
        }
    }

    /// Notes that there are so many. SeqCst for the first: pairs with the lookup that finds none, which
    /// linearizes there. Release: pairs with the lookups; the buckets are there.
    pub(super) fn raise(&self, buckets: usize) {
        let order = match buckets {
            1 => Ordering::SeqCst,
            _ => Ordering::Release,
        };
        self.buckets.fetch_max(buckets, order);
        let mask = (2 << buckets.ilog2()) - 1;
        self.mask.fetch_max(mask, Ordering::Release);
    }

    /// How many there are.
    pub(super) fn buckets(&self) -> usize {
        self.buckets.load(Ordering::Acquire)
    }

    /// The bucket that a hash belongs to; none if there seem to be no buckets.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> Option<usize> {
        // Acquire, both: pair with `raise`.
        let mask = self.mask.load(Ordering::Acquire);
        let buckets = self.buckets.load(Ordering::Acquire);
        let index = hash as usize & mask;
        let among_fewer = index & (mask >> 1);
        let index = if index < buckets { index } else { among_fewer };
        (buckets != 0).then_some(index)
    }

    /// SeqCst: what is not found because there are no buckets has a place in the order of all changes,
    /// like what is not found in one.
    #[cold]
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.load(Ordering::SeqCst) == 0
    }
}
