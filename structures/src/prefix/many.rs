//! Many places, as a set.

use super::place::{PLACES, Place};

const WORDS: usize = PLACES / 64;

/// By the highest five bits of an octet: the places of five bits and less that it begins with.
const SHORT: [u64; 32] = {
    let mut all = [0; 32];
    let mut i = 0;
    while i < 32 {
        let mut number = 32 + i;
        while number > 0 {
            all[i] |= 1 << number;
            number >>= 1;
        }
        i += 1;
    }
    all
};

#[derive(Clone, Copy)]
pub(super) struct Many {
    ranks: Ranks,
    set: [u64; WORDS],
}

/// How many places there are before each word of a set.
#[derive(Clone, Copy)]
struct Ranks(u64);

impl Ranks {
    /// Bits that a number of places takes.
    const BITS: usize = PLACES.ilog2() as usize;

    fn new(set: &[u64; WORDS]) -> Self {
        let (mut ranks, mut before) = (0, 0);
        // Before the first one there are none.
        for (of, word) in set[..WORDS - 1].iter().enumerate() {
            before += u64::from(word.count_ones());
            ranks |= before << (Self::BITS * of);
        }
        Ranks(ranks)
    }

    #[inline]
    fn before(self, word: usize) -> usize {
        match word.checked_sub(1) {
            Some(of) => (self.0 >> (Self::BITS * of)) as usize % PLACES,
            None => 0,
        }
    }
}

impl Many {
    pub(super) fn new(places: impl IntoIterator<Item = Place>) -> Self {
        let mut set = [0; WORDS];
        for place in places {
            set[place.word()] |= 1 << place.bit();
        }
        Many::of(set)
    }

    fn of(set: [u64; WORDS]) -> Self {
        Many {
            ranks: Ranks::new(&set),
            set,
        }
    }

    /// The same with a place, or without it.
    pub(super) fn changed(&self, place: Place, is_there: bool) -> Self {
        let mut set = self.set;
        set[place.word()] &= !(1 << place.bit());
        set[place.word()] |= u64::from(is_there) << place.bit();
        Many::of(set)
    }

    #[inline]
    fn has(&self, place: Place) -> bool {
        self.set[place.word()] >> place.bit() & 1 != 0
    }

    /// How many are before one, which may be there or not.
    #[inline]
    pub(super) fn rank(&self, place: Place) -> Result<usize, usize> {
        let word = place.word();
        let below = self.set[word] & ((1 << place.bit()) - 1);
        let rank = self.ranks.before(word) + below.count_ones() as usize;
        match self.has(place) {
            true => Ok(rank),
            false => Err(rank),
        }
    }

    /// In their order.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        (0..WORDS).flat_map(|word| {
            let mut left = self.set[word];
            core::iter::from_fn(move || {
                let bit = left.checked_ilog2().map(|_| left.trailing_zeros())?;
                left &= left - 1;
                Some(Place::at(word, bit))
            })
        })
    }

    /// The longest place whose bits an octet begins with, and how many are before it.
    #[inline]
    pub(super) fn longest(&self, octet: u8) -> Option<(Place, usize)> {
        let short = self.set[0] & SHORT[usize::from(octet >> 3)];
        // Of no bits: if nothing is found, it is not there, either.
        let mut longest = Place::at(0, short.checked_ilog2().unwrap_or(0).max(1));
        // Without branches: which of them are there is up to chance.
        for bits in 6..=8 {
            let place = Place::new(octet, bits);
            longest = if self.has(place) { place } else { longest };
        }
        self.rank(longest).ok().map(|rank| (longest, rank))
    }
}
