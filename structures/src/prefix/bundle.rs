//! The prefixes that end within one octet.

/// A place among those: its bits are the highest ones of the octet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place(u8);

impl Place {
    /// So many bits of an octet, at most seven.
    pub(super) fn new(octet: u8, bits: u8) -> Place {
        debug_assert!(bits < 8);
        let above = u16::from(octet) >> (8 - bits);
        Place(((1 << bits) - 1 + above) as u8)
    }

    /// How many bits they are.
    pub(super) fn bits(self) -> u8 {
        (u16::from(self.0) + 1).ilog2() as u8
    }

    /// The octet, whose other bits are 0.
    pub(super) fn octet(self) -> u8 {
        let bits = self.bits();
        let above = u16::from(self.0) + 1 - (1 << bits);
        (above << (8 - bits)) as u8
    }

    /// The places whose bits an octet begins with, the longest first, of so many bits at most.
    pub(super) fn of(octet: u8, most: u8) -> impl DoubleEndedIterator<Item = Place> {
        (0..=most).rev().map(move |bits| Place::new(octet, bits))
    }
}

/// Values by places. Not empty.
#[derive(Clone)]
pub(super) enum Bundle<V> {
    One(Place, V),
    Many(Box<Many<V>>),
}

#[derive(Clone)]
pub(super) struct Many<V> {
    set: [u64; 4],
    /// In the order of the places.
    values: Box<[V]>,
}

impl<V> Many<V> {
    /// How many places there are before one, if that is there.
    fn rank(&self, place: Place) -> Option<usize> {
        let (word, bit) = (usize::from(place.0 / 64), place.0 % 64);
        if self.set[word] >> bit & 1 == 0 {
            return None;
        }
        let below = self.set[word] & ((1 << bit) - 1);
        let before = self.set[..word].iter().map(|word| word.count_ones());
        Some((before.sum::<u32>() + below.count_ones()) as usize)
    }
}

impl<V> Bundle<V> {
    pub(super) fn get(&self, place: Place) -> Option<&V> {
        match self {
            Bundle::One(only, value) => (*only == place).then_some(value),
            Bundle::Many(many) => many.rank(place).map(|rank| &many.values[rank]),
        }
    }

    /// The places, with their values: shorter ones first, and then in the order of the octets.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &V)> {
        let (one, many) = match self {
            Bundle::One(place, value) => (Some((*place, value)), None),
            Bundle::Many(many) => (None, Some(many)),
        };
        let places = |many: &Many<V>| {
            let set = many.set;
            (0..=u8::MAX).filter(move |place| set[usize::from(place / 64)] >> (place % 64) & 1 != 0)
        };
        let many = many.into_iter().flat_map(move |many| {
            let places = places(many).map(Place);
            places.zip(&many.values[..])
        });
        one.into_iter().chain(many)
    }
}

impl<V: Clone> Bundle<V> {
    /// The same with another value, or one value more.
    pub(super) fn with(&self, place: Place, value: V) -> Bundle<V> {
        if let Bundle::One(only, _) = self
            && *only == place
        {
            return Bundle::One(place, value);
        }
        let mut all: Vec<(Place, V)> = self.without_place(place).collect();
        let at = all.partition_point(|(other, _)| *other < place);
        all.insert(at, (place, value));
        Bundle::of(all)
    }

    /// The same without one; None if there is no other.
    pub(super) fn without(&self, place: Place) -> Option<Bundle<V>> {
        let mut all: Vec<(Place, V)> = self.without_place(place).collect();
        match all.len() {
            0 => None,
            1 => all.pop().map(|(place, value)| Bundle::One(place, value)),
            _ => Some(Bundle::of(all)),
        }
    }

    fn without_place(&self, place: Place) -> impl Iterator<Item = (Place, V)> {
        let others = self.iter().filter(move |(other, _)| *other != place);
        others.map(|(place, value)| (place, value.clone()))
    }

    /// Of places that ascend.
    fn of(all: Vec<(Place, V)>) -> Bundle<V> {
        let mut set = [0; 4];
        for (place, _) in &all {
            set[usize::from(place.0 / 64)] |= 1 << (place.0 % 64);
        }
        let values = all.into_iter().map(|(_, value)| value).collect();
        Bundle::Many(Box::new(Many { set, values }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn places_are_distinct_and_say_what_they_are_of() {
        let mut all = Vec::new();
        for bits in 0..8 {
            for octet in 0..=u8::MAX {
                let place = Place::new(octet, bits);
                let kept = (u16::from(octet) >> (8 - bits) << (8 - bits)) as u8;
                assert_eq!((place.bits(), place.octet()), (bits, kept));
                all.push(place);
            }
        }
        all.dedup();
        assert_eq!(all.len(), 255);
        assert!(all.is_sorted());
        let of = Place::of(0b1010_0000, 3).map(|place| place.0);
        assert!(of.eq([12, 5, 2, 0]));
    }

    #[test]
    fn bundles_answer_as_maps_do() {
        let mut map = BTreeMap::new();
        let mut bundle: Option<Bundle<u32>> = None;
        let mut random = 1_u32;
        for step in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let place = Place::new((random >> 24) as u8, (random >> 16) as u8 % 8);
            if random >> 8 & 0xff < 100 + step % 100 {
                map.insert(place, random);
                bundle = Some(match &bundle {
                    None => Bundle::One(place, random),
                    Some(bundle) => bundle.with(place, random),
                });
            } else {
                map.remove(&place);
                bundle = bundle.and_then(|bundle| bundle.without(place));
            }
            let found = bundle.iter().flat_map(Bundle::iter);
            assert!(found.map(|(place, &n)| (place, n)).eq(map.clone()));
            let got = bundle.as_ref().and_then(|bundle| bundle.get(place));
            assert_eq!(got, map.get(&place));
        }
    }
}
