//! How many buckets there are: as lookups know it, and as growth and shrinking settle it.

use core::hint::select_unpredictable;

use smr_core::primitive::{AtomicU64, Ordering};

/// As many buckets as there can be.
pub(super) const MOST_BUCKETS: usize = 1 << if usize::BITS < 64 { 24 } else { 31 };

/// How many buckets there are, as far as lookups know: not often written.
///
/// With 2^k + s buckets, s less than 2^k, in the bits 0–31 2^k - 1, which are the bits of a hash that choose among
/// 2^k; from bit 33 on s; and bit 32 is set. All of it is 0 if there are none. One word, so that one always
/// belongs to the other.
pub(super) struct Geometry(AtomicU64);

const SOME: u64 = 1 << 32;
const MORE: u32 = 33;

fn pack(buckets: usize) -> u64 {
    let whole = 1u64 << buckets.ilog2();
    (buckets as u64 - whole) << MORE | SOME | (whole - 1)
}

#[inline]
fn unpack(word: u64) -> usize {
    let whole = u64::from(word as u32) + (word >> 32 & 1);
    (whole + (word >> MORE)) as usize
}

impl Geometry {
    pub(super) fn new() -> Geometry {
        Geometry(AtomicU64::new(0))
    }

    /// Notes that there are so many, if fewer are noted. SeqCst for the first: pairs with the lookup that finds
    /// none, which linearizes there. Release: pairs with the lookups; the buckets are there.
    pub(super) fn raise(&self, buckets: usize) {
        self.replace(buckets, |noted| noted < buckets);
    }

    /// Notes that there are so many, if more are noted. Growth and shrinking settle by [`Sizes`] who is late.
    pub(super) fn lower(&self, buckets: usize) {
        self.replace(buckets, |noted| noted > buckets);
    }

    fn replace(&self, buckets: usize, outdated: impl Fn(usize) -> bool) {
        let new = pack(buckets);
        let mut noted = self.0.load(Ordering::Relaxed);
        while outdated(unpack(noted)) {
            let order = (Ordering::SeqCst, Ordering::Relaxed);
            match self.0.compare_exchange(noted, new, order.0, order.1) {
                Ok(_) => return,
                Err(now) => noted = now,
            }
        }
    }

    /// How many are noted.
    #[inline]
    pub(super) fn buckets(&self) -> usize {
        unpack(self.0.load(Ordering::Acquire))
    }

    /// The bucket that a hash belongs to; none if there seem to be no buckets.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> Option<usize> {
        // Acquire: pairs with `raise`.
        let word = self.0.load(Ordering::Acquire);
        if word == 0 {
            return None;
        }
        let few = u64::from(word as u32);
        let many = 2 * few + 1;
        let among_few = hash & few;
        // A bucket that has been split has one more bit in common with what is in it.
        let split = among_few < word >> MORE;
        Some(select_unpredictable(split, hash & many, among_few) as usize)
    }

    /// SeqCst: what is not found because there are no buckets has a place in the order of all changes,
    /// like what is not found in one.
    #[cold]
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

/// How many buckets there should be, and how often this, or what follows from it, has changed: 2^23 changes
/// while one thread closes segments are taken to be impossible.
pub(super) struct Sizes(AtomicU64);

/// What is settled at some time: the number (bits 0–39), whether segments beyond it are being taken out (40),
/// how many changes there have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size(u64);

const NUMBER: u64 = (1 << 40) - 1;
const CLOSING: u64 = 1 << 40;
const CHANGE: u64 = 1 << 41;

impl Size {
    #[inline]
    pub(super) fn buckets(self) -> usize {
        (self.0 & NUMBER) as usize
    }

    /// Whether the segments beyond are being taken out: nothing may be put there meanwhile.
    pub(super) fn is_closing(self) -> bool {
        self.0 & CLOSING != 0
    }
}

impl Sizes {
    pub(super) fn new() -> Sizes {
        Sizes(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn get(&self) -> Size {
        Size(self.0.load(Ordering::SeqCst))
    }

    /// The first bucket is there.
    pub(super) fn begin(&self) {
        self.replace(Size(0), 1);
    }

    pub(super) fn grow(&self, from: Size) -> bool {
        debug_assert!(!from.is_closing());
        self.replace(from, from.0 + 1)
    }

    pub(super) fn shrink(&self, from: Size) -> bool {
        debug_assert!(!from.is_closing() && from.buckets() > 1);
        self.replace(from, from.0 - 1)
    }

    /// Nobody has changed anything since, and segments beyond the number may go.
    pub(super) fn begin_closing(&self, from: Size) -> bool {
        self.replace(from, from.0 | CLOSING)
    }

    pub(super) fn end_closing(&self, from: Size) -> bool {
        debug_assert!(from.is_closing());
        self.replace(from, from.0 & !CLOSING)
    }

    /// Something else has been settled, or is about to be.
    pub(super) fn note(&self) {
        self.0.fetch_add(CHANGE, Ordering::SeqCst);
    }

    /// The same, unless there has been something since. What it is then.
    pub(super) fn note_at(&self, from: Size) -> Option<Size> {
        let noted = Size(from.0.wrapping_add(CHANGE));
        self.replace(from, from.0).then_some(noted)
    }

    fn replace(&self, from: Size, to: u64) -> bool {
        let to = to.wrapping_add(CHANGE);
        let order = (Ordering::SeqCst, Ordering::Relaxed);
        self.0
            .compare_exchange(from.0, to, order.0, order.1)
            .is_ok()
    }
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_among_the_buckets() {
        let geometry = Geometry::new();
        assert_eq!(geometry.guess(7), None);
        for buckets in (1..200).chain([MOST_BUCKETS - 1, MOST_BUCKETS]) {
            geometry.raise(buckets);
            assert_eq!(geometry.buckets(), buckets);
            for hash in (0..300).chain([u64::MAX, 1 << 40]) {
                let index = geometry.guess(hash).unwrap();
                assert!(index < buckets);
                let bits = 1u64 << buckets.ilog2();
                let whole = (hash % (2 * bits)) as usize;
                let expected = if whole < buckets {
                    whole
                } else {
                    (hash % bits) as usize
                };
                assert_eq!(index, expected, "{hash} among {buckets}");
            }
        }
        geometry.raise(5);
        assert_eq!(geometry.buckets(), MOST_BUCKETS);
        geometry.lower(5);
        geometry.lower(9);
        assert_eq!((geometry.buckets(), geometry.guess(6)), (5, Some(2)));
    }

    #[test]
    fn sizes_change_once() {
        let sizes = Sizes::new();
        sizes.begin();
        sizes.begin();
        let one = sizes.get();
        assert_eq!(one.buckets(), 1);
        assert!(sizes.grow(one) && !sizes.grow(one));
        let two = sizes.get();
        sizes.note();
        assert!(!sizes.begin_closing(two), "it has changed");
        let two = sizes.get();
        assert!(sizes.begin_closing(two));
        let closing = sizes.get();
        assert!(closing.is_closing() && closing.buckets() == 2);
        assert!(sizes.end_closing(closing));
        assert!(sizes.shrink(sizes.get()));
        assert!(!sizes.get().is_closing() && sizes.get().buckets() == 1);
    }
}
