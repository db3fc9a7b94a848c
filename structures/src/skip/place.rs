//! Places between entries, from which the map is seen as it is.

use super::compare::Comparator;
use super::core::Core;
use super::ends::{Nowhere, Spot};
use super::find::Finger;
use super::pair::Pair;
use super::probe::{Cut, Probe, Wanted};
use crate::gap::Gap;
use crate::reclaim::Section;

/// A gap, and what is known of where it is.
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Place<'s, K, V> {
    gap: Gap<Pair<'s, K, V>>,
    /// Where the entry of the gap was.
    spot: Option<Spot<'s>>,
    finger: Finger<'s>,
}

impl<K, V> Clone for Place<'_, K, V> {
    fn clone(&self) -> Self {
        Place {
            finger: self.finger.clone(),
            ..*self
        }
    }
}

impl<'s, K, V> Place<'s, K, V> {
    pub(super) fn new() -> Self {
        Place {
            gap: Gap::Start,
            spot: None,
            finger: Finger::new(),
        }
    }

    pub(super) fn gap(&self) -> Gap<Pair<'s, K, V>> {
        self.gap
    }

    /// Behind the entry that it is before, whatever has become of that.
    #[cfg(all(test, smr_loom))]
    pub(super) fn go_over(&mut self) {
        if let Gap::Before(entry) = self.gap {
            self.gap = Gap::After(entry);
        }
    }

    /// Before the first entry, or behind the last.
    pub(super) fn go(&mut self, gap: Gap<Pair<'s, K, V>>) {
        self.gap = gap;
        self.spot = None;
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// So many entries from where the gap's entry was, in the same chunk, if that is live and has not changed
    /// since: then they are side by side at this instant.
    fn near<'s>(spot: Option<Spot<'s>>, step: isize, section: &'s Section<'_>) -> Option<Spot<'s>> {
        let Spot { seen, at } = spot?;
        let at = at.checked_add_signed(step)?;
        let is_there = at < seen.view(section).len();
        (is_there && !seen.is_frozen() && seen.chunk.load() == seen.word)
            .then_some(Spot { seen, at })
    }

    /// The next entry. Lock-free; linearizes as [`above`](Self::above), or at the load of its chunk's word.
    pub(super) fn peek_next<'s>(
        &'s self,
        section: &'s Section<'_>,
        place: &mut Place<'s, K, V>,
    ) -> Option<Spot<'s>> {
        let near = match place.gap {
            Gap::Before(_) => Self::near(place.spot, 0, section),
            Gap::After(_) => Self::near(place.spot, 1, section),
            _ => None,
        };
        if near.is_some() {
            return near;
        }
        let finger = Some(&mut place.finger);
        let wanted = |entry: Pair<'s, K, V>| Wanted::<K, K, C>::new(entry.key, &self.comparator);
        match place.gap {
            Gap::Start => self.spot_above(section, Cut::<Nowhere>::Start, finger),
            Gap::Before(entry) => self.spot_above(section, Cut::Below(&wanted(entry)), finger),
            Gap::After(entry) => self.spot_above(section, Cut::To(&wanted(entry)), finger),
            Gap::End => None,
        }
    }

    /// The entry before. As [`peek_next`](Self::peek_next).
    pub(super) fn peek_prev<'s>(
        &'s self,
        section: &'s Section<'_>,
        place: &mut Place<'s, K, V>,
    ) -> Option<Spot<'s>> {
        let near = match place.gap {
            Gap::Before(_) => Self::near(place.spot, -1, section),
            Gap::After(_) => Self::near(place.spot, 0, section),
            _ => None,
        };
        if near.is_some() {
            return near;
        }
        let finger = Some(&mut place.finger);
        let wanted = |entry: Pair<'s, K, V>| Wanted::<K, K, C>::new(entry.key, &self.comparator);
        match place.gap {
            Gap::Start => None,
            Gap::Before(entry) => self.spot_below(section, Cut::Below(&wanted(entry)), finger),
            Gap::After(entry) => self.spot_below(section, Cut::To(&wanted(entry)), finger),
            Gap::End => self.spot_below(section, Cut::<Nowhere>::End, finger),
        }
    }

    /// Goes over the next entry.
    pub(super) fn go_next<'s>(
        &'s self,
        section: &'s Section<'_>,
        place: &mut Place<'s, K, V>,
    ) -> Option<Pair<'s, K, V>> {
        let spot = self.peek_next(section, place)?;
        let entry = Self::entry_at(spot, section);
        (place.gap, place.spot) = (Gap::After(entry), Some(spot));
        Some(entry)
    }

    /// Goes back over the entry before.
    pub(super) fn go_prev<'s>(
        &'s self,
        section: &'s Section<'_>,
        place: &mut Place<'s, K, V>,
    ) -> Option<Pair<'s, K, V>> {
        let spot = self.peek_prev(section, place)?;
        let entry = Self::entry_at(spot, section);
        (place.gap, place.spot) = (Gap::Before(entry), Some(spot));
        Some(entry)
    }

    /// Goes to before the first entry on the right of a cut.
    pub(super) fn seek<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        place: &mut Place<'s, K, V>,
        cut: Cut<'_, P>,
    ) -> Option<Pair<'s, K, V>> {
        place.spot = self.spot_above(section, cut, Some(&mut place.finger));
        let entry = place.spot.map(|spot| Self::entry_at(spot, section));
        place.gap = entry.map_or(Gap::End, Gap::Before);
        entry
    }
}
