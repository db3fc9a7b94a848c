//! The prefixes that end within one octet, and their values.

use super::few::{self, Few};
use super::many::Many;
use super::place::Place;
use super::thin::Thin;

/// Values in the order of their places, of which there is one at least.
pub(super) enum Bundle<V> {
    Few(Thin<Few, V>),
    Many(Thin<Many, V>),
}

impl<V> Bundle<V> {
    /// With one value.
    pub(super) fn of(place: Place, value: V) -> Self {
        Bundle::Few(Thin::new(Few::new([place]), 1, [value]))
    }

    fn values(&self) -> &[V] {
        match self {
            Bundle::Few(few) => few.items(),
            Bundle::Many(many) => many.items(),
        }
    }

    /// How many values are before that of a place, which may be there or not.
    fn rank(&self, place: Place) -> Result<usize, usize> {
        match self {
            Bundle::Few(few) => few.head().rank(place, few.items().len()),
            Bundle::Many(many) => many.head().rank(place),
        }
    }

    pub(super) fn get(&self, place: Place) -> Option<&V> {
        self.rank(place).ok().map(|rank| &self.values()[rank])
    }

    /// The longest place whose bits an octet begins with.
    #[inline]
    pub(super) fn longest(&self, octet: u8) -> Option<(Place, &V)> {
        // Values are on their way while their number is found out.
        match self {
            Bundle::Few(few) => {
                few.prefetch(few::MOST);
                let (place, rank) = few.head().longest(octet)?;
                few.items().get(rank).map(|value| (place, value))
            }
            Bundle::Many(many) => {
                many.prefetch(4 * few::MOST);
                let (place, rank) = many.head().longest(octet)?;
                many.items().get(rank).map(|value| (place, value))
            }
        }
    }

    /// In their order: shorter ones first, and then in the order of the octets.
    fn places(&self) -> impl Iterator<Item = Place> {
        let (few, many) = match self {
            Bundle::Few(few) => (Some(few), None),
            Bundle::Many(many) => (None, Some(many.head())),
        };
        let few = few.into_iter();
        let few = few.flat_map(|few| few.head().places(few.items().len()));
        few.chain(many.into_iter().flat_map(Many::places))
    }

    /// The places, with their values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &V)> {
        self.places().zip(self.values())
    }
}

impl<V: Clone> Bundle<V> {
    /// The same with another value, or one value more.
    pub(super) fn with(&self, place: Place, value: V) -> Self {
        self.changed(place, Some(value))
    }

    /// The same without one; None if there is no other.
    pub(super) fn without(&self, place: Place) -> Option<Self> {
        let is_alone = self.values().len() == 1 && self.get(place).is_some();
        (!is_alone).then(|| self.changed(place, None))
    }

    /// The same with this at a place.
    fn changed(&self, place: Place, value: Option<V>) -> Self {
        let values = self.values();
        let (at, behind) = match self.rank(place) {
            Ok(at) => (at, at + 1),
            Err(at) => (at, at),
        };
        let len = at + usize::from(value.is_some()) + values.len() - behind;
        let is_there = value.is_some();
        let places = || {
            let before = self.places().take(at);
            let behind = self.places().skip(behind);
            before.chain(is_there.then_some(place)).chain(behind)
        };
        let values = values[..at]
            .iter()
            .cloned()
            .chain(value)
            .chain(values[behind..].iter().cloned());
        match self {
            _ if len <= few::MOST => Bundle::Few(Thin::new(Few::new(places()), len, values)),
            Bundle::Few(_) => Bundle::Many(Thin::new(Many::new(places()), len, values)),
            Bundle::Many(many) => {
                let changed = many.head().changed(place, is_there);
                Bundle::Many(Thin::new(changed, len, values))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn bundles_answer_as_maps_do() {
        let mut map = BTreeMap::new();
        let mut bundle: Option<Bundle<u32>> = None;
        let mut random = 1_u32;
        for step in 0..100_000_u32 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let place = Place::new((random >> 24) as u8, (random >> 16) as u8 % 9);
            // All comes, and goes; then only a few do.
            let share = [250, 3, 140, 100][step as usize / 10_000 % 4];
            if random >> 8 & 0xff < share {
                map.insert(place, random);
                bundle = Some(match &bundle {
                    None => Bundle::of(place, random),
                    Some(bundle) => bundle.with(place, random),
                });
            } else if map.remove(&place).is_some() {
                bundle = bundle.and_then(|bundle| bundle.without(place));
            }
            let get = |place| bundle.as_ref().and_then(|bundle| bundle.get(place));
            assert_eq!(get(place), map.get(&place));
            let octet = (random >> 20) as u8;
            let longest = Place::of(octet, 8).filter_map(|place| Some((place, get(place)?)));
            let found = bundle.as_ref().and_then(|bundle| bundle.longest(octet));
            assert_eq!(found, longest.last());
            if step % 100 == 0 {
                let found = bundle.iter().flat_map(Bundle::iter);
                assert!(found.map(|(place, &n)| (place, n)).eq(map.clone()));
            }
        }
    }
}
