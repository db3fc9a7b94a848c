//! Where a prefix ends within an octet.

/// A one, and behind it the highest bits of the octet. So what begins with another one's bits has twice its number, or
/// one more, and so on; and those of six bits, of seven, and of eight, begin at whole words of a set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place(u16);

/// Places of eight bits, and of less.
pub(super) const PLACES: usize = 512;

impl Place {
    /// So many bits of an octet, at most eight.
    #[inline]
    pub(super) fn new(octet: u8, bits: u8) -> Place {
        debug_assert!(bits <= 8);
        Place(1 << bits | u16::from(octet) >> (8 - bits))
    }

    /// How many bits they are.
    #[inline]
    pub(super) fn bits(self) -> u8 {
        self.0.ilog2() as u8
    }

    /// The octet, whose other bits are 0.
    #[inline]
    pub(super) fn octet(self) -> u8 {
        // What is behind the one; that itself is shifted out.
        (self.0 << (8 - self.bits())) as u8
    }

    /// The places whose bits an octet begins with, the shortest first, of so many bits at most.
    pub(super) fn of(octet: u8, most: u8) -> impl Iterator<Item = Place> {
        (0..=most).map(move |bits| Place::new(octet, bits))
    }

    /// That of a bit of a set; not the first one.
    #[inline]
    pub(super) fn at(word: usize, bit: u32) -> Place {
        debug_assert!(word > 0 || bit > 0);
        Place(word as u16 * 64 + bit as u16)
    }

    /// In a set: the word.
    #[inline]
    pub(super) fn word(self) -> usize {
        usize::from(self.0 / 64) % (PLACES / 64)
    }

    /// In a set: the bit of the word.
    #[inline]
    pub(super) fn bit(self) -> u32 {
        u32::from(self.0 % 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_distinct_and_say_what_they_are_of() {
        let mut all = Vec::new();
        for bits in 0..=8 {
            for octet in 0..=u8::MAX {
                let place = Place::new(octet, bits);
                let kept = (u16::from(octet) >> (8 - bits) << (8 - bits)) as u8;
                assert_eq!((place.bits(), place.octet()), (bits, kept));
                assert_eq!(Place::at(place.word(), place.bit()), place);
                all.push(place);
            }
        }
        all.dedup();
        assert_eq!(all.len(), PLACES - 1);
        assert!(all.is_sorted());
        let of = Place::of(0b1010_0000, 3).map(|place| place.0);
        assert!(of.eq([0b1, 0b11, 0b110, 0b1101]));
    }
}
