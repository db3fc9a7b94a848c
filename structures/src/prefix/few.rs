//! A few places, one by one.

use super::place::Place;

/// So many bytes are compared at once.
const LANES: usize = 8;

/// As many words of places.
const WORDS: usize = 2;

/// Places that there is room for.
pub(super) const MOST: usize = WORDS * LANES;

/// The highest bit of each byte.
const HIGH: u64 = u64::from_ne_bytes([0x80; LANES]);

/// Places that ascend, a byte of each word for each. None is at the lanes that are left, whose octet has a bit that is
/// not of the mask: nothing begins with that.
#[derive(Clone, Copy)]
pub(super) struct Few {
    octets: [u64; WORDS],
    /// The bits that count.
    masks: [u64; WORDS],
}

impl Few {
    /// Of places that ascend; as many as there is room for, at most.
    pub(super) fn new(places: impl IntoIterator<Item = Place>) -> Self {
        let mut octets = [[1; LANES]; WORDS];
        let mut masks = [[0; LANES]; WORDS];
        for (rank, place) in places.into_iter().enumerate() {
            octets[rank / LANES][rank % LANES] = place.octet();
            masks[rank / LANES][rank % LANES] = !(u16::from(u8::MAX) >> place.bits()) as u8;
        }
        Few {
            octets: octets.map(u64::from_le_bytes),
            masks: masks.map(u64::from_le_bytes),
        }
    }

    fn place(&self, rank: usize) -> Place {
        let byte = |words: &[u64; WORDS]| words[rank / LANES].to_le_bytes()[rank % LANES];
        Place::new(byte(&self.octets), byte(&self.masks).count_ones() as u8)
    }

    /// The first so many.
    pub(super) fn places(&self, len: usize) -> impl Iterator<Item = Place> {
        (0..len).map(|rank| self.place(rank))
    }

    /// The longest place whose bits an octet begins with, and how many are before it.
    #[inline]
    pub(super) fn longest(&self, octet: u8) -> Option<(Place, usize)> {
        let all = u64::from_ne_bytes([octet; LANES]);
        let found = |word: usize| {
            let differ = all & self.masks[word] ^ self.octets[word];
            // The highest bit of the bytes that are 0. Nothing is carried from one to the next.
            !((differ & !HIGH).wrapping_add(!HIGH) | differ) & HIGH
        };
        let (low, high) = (found(0), found(1));
        let (word, last) = if high == 0 { (0, low) } else { (1, high) };
        let lane = last.checked_ilog2()? as usize / LANES;
        let mask = self.masks[word].to_le_bytes()[lane];
        Some((
            Place::new(octet, mask.count_ones() as u8),
            word * LANES + lane,
        ))
    }

    /// How many of so many are before one, which may be there or not.
    pub(super) fn rank(&self, place: Place, len: usize) -> Result<usize, usize> {
        let rank = (0..len).find(|&rank| self.place(rank) >= place);
        match rank {
            Some(rank) if self.place(rank) == place => Ok(rank),
            _ => Err(rank.unwrap_or(len)),
        }
    }
}
