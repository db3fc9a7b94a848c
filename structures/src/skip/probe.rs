//! What is looked for, and where it is among the items of a revision.

use core::cmp::Ordering;
use core::hint::select_unpredictable;
use core::marker::PhantomData;

use super::compare::{Comparator, is_natural};
use super::hint::{self, Kind};

/// A place in the order of the keys.
pub(super) trait Probe<K> {
    /// Whether hints tell where it is, as far as they go.
    fn is_hinted(&self) -> bool;

    /// Its hint, behind so many bytes that it shares with all that it is compared with.
    fn hint(&self, known: usize) -> u64;

    /// Where a key is, seen from here.
    fn compare(&self, key: &K) -> Ordering;
}

/// What lies at or below it is on the left.
pub(super) enum Cut<'p, P> {
    /// Nothing does.
    Start,
    To(&'p P),
    Below(&'p P),
    /// All does.
    End,
}

impl<P> Clone for Cut<'_, P> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Cut<'_, P> {}

impl<P> Cut<'_, P> {
    /// How many items are on the left: of those before the place, and the one there, if it is `found`.
    #[inline]
    pub(super) fn count(self, len: usize, locate: impl FnOnce(&P) -> (usize, bool)) -> usize {
        match self {
            Cut::To(probe) => {
                let (at, found) = locate(probe);
                at + usize::from(found)
            }
            Cut::Below(probe) => locate(probe).0,
            Cut::Start => 0,
            Cut::End => len,
        }
    }

    /// Whether what compares so with the place is on the left.
    #[inline]
    pub(super) fn holds(self, order: impl FnOnce(&P) -> Ordering) -> bool {
        match self {
            Cut::To(probe) => order(probe).is_le(),
            Cut::Below(probe) => order(probe).is_lt(),
            Cut::Start => false,
            Cut::End => true,
        }
    }
}

/// A key that is looked for.
pub(super) struct Wanted<'q, K, Q: ?Sized, C> {
    key: &'q Q,
    comparator: &'q C,
    keys: PhantomData<fn(K)>,
}

impl<'q, K, Q: ?Sized, C> Wanted<'q, K, Q, C> {
    #[inline]
    pub(super) fn new(key: &'q Q, comparator: &'q C) -> Self {
        let keys = PhantomData;
        Wanted {
            key,
            comparator,
            keys,
        }
    }
}

impl<K, Q: ?Sized, C: Comparator<K, Q>> Probe<K> for Wanted<'_, K, Q, C> {
    #[inline(always)]
    fn is_hinted(&self) -> bool {
        kind_of::<K, C>() == Kind::None || hint::agree::<K, Q>()
    }

    #[inline(always)]
    fn hint(&self, known: usize) -> u64 {
        match kind_of::<K, C>() {
            Kind::None => 0,
            _ => hint::of_wanted::<K, Q>(self.key, known),
        }
    }

    #[inline(always)]
    fn compare(&self, key: &K) -> Ordering {
        self.comparator.compare(key, self.key)
    }
}

/// What the hints of a map's keys say.
#[inline(always)]
pub(super) fn kind_of<K, C>() -> Kind {
    if is_natural::<C>() {
        hint::kind::<K>()
    } else {
        Kind::None
    }
}

/// The low of a chunk, which is there.
pub(super) enum LowKey<'s, K> {
    Least,
    Hint(u64),
    Key(&'s K),
}

/// A chunk's low that is looked for.
pub(super) struct WantedLow<'s, K, C> {
    pub(super) low: LowKey<'s, K>,
    pub(super) comparator: &'s C,
}

impl<K, C: Comparator<K>> Probe<K> for WantedLow<'_, K, C> {
    fn is_hinted(&self) -> bool {
        true
    }

    fn hint(&self, known: usize) -> u64 {
        match self.low {
            LowKey::Hint(hint) => hint,
            LowKey::Key(key) if kind_of::<K, C>() != Kind::None => hint::of(key, known),
            _ => 0,
        }
    }

    fn compare(&self, key: &K) -> Ordering {
        match self.low {
            LowKey::Least => Ordering::Greater,
            LowKey::Hint(hint) => hint::of(key, 0).cmp(&hint),
            LowKey::Key(low) => self.comparator.compare(key, low),
        }
    }
}

/// How many of the hints are lower. Without branches that depend on them, save the first: of `n` hints, at least `s`,
/// a power of two, and fewer than twice as many, either the first `s - 1` are to be looked through after one step, or
/// the last.
#[inline(always)]
pub(super) fn lower(hints: &[u64], hint: u64) -> usize {
    let Some(log) = hints.len().checked_ilog2() else {
        return 0;
    };
    // Keys that come in order are behind all others, on every level; to ask costs others next to nothing.
    if hints[hints.len() - 1] < hint {
        return hints.len();
    }
    let mut step = 1 << log;
    // SAFETY: there are as many.
    let is_lower = unsafe { *hints.get_unchecked(step - 1) } < hint;
    let mut first = select_unpredictable(is_lower, hints.len() + 1 - step, 0);
    step /= 2;
    while step > 0 {
        // SAFETY: the steps to come are fewer than there are hints behind `first`.
        let is_lower = unsafe { *hints.get_unchecked(first + step - 1) } < hint;
        first = select_unpredictable(is_lower, first + step, first);
        step /= 2;
    }
    first
}

/// Where among `range` the place is, by comparisons, and whether it is one of them.
pub(super) fn search(
    range: core::ops::Range<usize>,
    mut order: impl FnMut(usize) -> Ordering,
) -> (usize, bool) {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low.midpoint(high);
        match order(middle) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return (middle, true),
            Ordering::Greater => high = middle,
        }
    }
    (low, false)
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_are_found() {
        for len in 0..40u64 {
            let hints: Vec<u64> = (0..len).map(|i| i / 2 * 2 + 1).collect();
            for wanted in 0..len + 3 {
                let expected = hints.partition_point(|&hint| hint < wanted);
                assert_eq!(lower(&hints, wanted), expected, "{wanted} among {hints:?}");
                let unique: Vec<u64> = (0..len).map(|i| 2 * i).collect();
                let (at, found) = search(0..unique.len(), |i| unique[i].cmp(&wanted));
                assert_eq!(
                    unique.binary_search(&wanted),
                    if found { Ok(at) } else { Err(at) }
                );
            }
        }
    }
}
