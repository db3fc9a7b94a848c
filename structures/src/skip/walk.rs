//! Iteration between bounds, both ways, a chunk at a time.

use core::ops::Range;
use core::ptr;
use core::slice;

use super::chunk::At;
use super::compare::Comparator;
use super::core::{Core, Seen};
use super::ends::Nowhere;
use super::find::Trail;
use super::pair::Pair;
use super::probe::{Cut, Probe, WantedLow};
use super::rev::{Item, View};
use crate::reclaim::Section;

/// What an iteration has met, from either end.
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Walk<'s, K, V> {
    front: End<'s>,
    back: End<'s>,
    /// The last entries, by which the ends know that they have met.
    first: Option<Pair<'s, K, V>>,
    last: Option<Pair<'s, K, V>>,
}

#[derive(Clone)]
struct End<'s> {
    /// Of one chunk, those that are within the bounds, and are still to be met.
    items: slice::Iter<'s, Item>,
    /// Their hints, which move along only if entries are inline.
    hints: slice::Iter<'s, u64>,
    place: Place<'s>,
}

#[derive(Clone, Copy)]
enum Place<'s> {
    New,
    In {
        seen: Seen<'s>,
        /// What is in the next chunk is out of bounds.
        is_last: bool,
    },
    Over,
}

// SAFETY: what is in a revision: addresses of entries, or inline ones. A map only makes references of them, whose
// threads share keys and values.
unsafe impl Send for End<'_> {}
// SAFETY: as above.
unsafe impl Sync for End<'_> {}

/// Asks the cache for entries: they lie anywhere, and are about to be looked at one after the other.
fn prefetch(entries: &[Item]) {
    let addresses = entries.iter().map(|entry| entry.cast_const().cast());
    addresses.for_each(crate::hash::prefetch);
}

/// What is on the left of the first, or on the right of the second, is out of bounds.
pub(super) type Bounds<'p, P> = (Cut<'p, P>, Cut<'p, P>);

impl<K, V> Clone for Walk<'_, K, V> {
    fn clone(&self) -> Self {
        Walk {
            front: self.front.clone(),
            back: self.back.clone(),
            ..*self
        }
    }
}

impl<'s> End<'s> {
    fn at(place: Place<'s>) -> Self {
        let (items, hints) = ([].iter(), [].iter());
        End {
            items,
            hints,
            place,
        }
    }
}

impl<'s, K, V> Walk<'s, K, V> {
    pub(super) fn new() -> Self {
        Walk {
            front: End::at(Place::New),
            back: End::at(Place::New),
            first: None,
            last: None,
        }
    }

    #[cold]
    fn end(&mut self) {
        self.front = End::at(Place::Over);
        self.back = End::at(Place::Over);
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// The next entry from the left, among those of the chunk that was read last.
    #[inline]
    pub(super) fn step<'s>(
        &self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
    ) -> Option<Pair<'s, K, V>> {
        let item = walk.front.items.next()?;
        let hint = if Self::is_inline() {
            walk.front.hints.next()?
        } else {
            &0
        };
        let entry = Self::pair(hint, item, section);
        if let Some(last) = walk.last
            && !self.is_below(entry, last)
        {
            walk.end();
            return None;
        }
        walk.first = Some(entry);
        Some(entry)
    }

    /// The next entry from the right, likewise.
    #[inline]
    pub(super) fn step_back<'s>(
        &self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
    ) -> Option<Pair<'s, K, V>> {
        let item = walk.back.items.next_back()?;
        let hint = if Self::is_inline() {
            walk.back.hints.next_back()?
        } else {
            &0
        };
        let entry = Self::pair(hint, item, section);
        if let Some(first) = walk.first
            && !self.is_below(first, entry)
        {
            walk.end();
            return None;
        }
        walk.last = Some(entry);
        Some(entry)
    }

    /// The next entry from the left, of all.
    pub(super) fn met<'s>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
    ) -> Option<Pair<'s, K, V>> {
        loop {
            let entry = self.step(section, walk);
            let all = (Cut::<Nowhere>::Start, Cut::End);
            if entry.is_some() || !self.refill_front(section, walk, all) {
                return entry;
            }
        }
    }

    /// The next entry from the right, of all.
    #[cfg(test)]
    pub(super) fn met_back<'s>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
    ) -> Option<Pair<'s, K, V>> {
        loop {
            let entry = self.step_back(section, walk);
            let all = (Cut::<Nowhere>::Start, Cut::End);
            if entry.is_some() || !self.refill_back(section, walk, all) {
                return entry;
            }
        }
    }

    fn is_below(&self, entry: Pair<'_, K, V>, other: Pair<'_, K, V>) -> bool {
        self.comparator.compare(entry.key, other.key).is_lt()
    }

    /// Reads the next chunk, after the last has been met; whether there is one within the bounds.
    pub(super) fn refill_front<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
        (lower, upper): Bounds<'_, P>,
    ) -> bool {
        let is_new = matches!(walk.front.place, Place::New);
        let next = match walk.front.place {
            Place::Over => None,
            Place::New => self
                .find(section, lower, 0, &mut Trail::new())
                .map(|seen| (seen, lower)),
            Place::In { is_last: true, .. } => None,
            // Whatever has become of it: it is linked by what has been read (S3).
            Place::In { seen, .. } => {
                Self::next(seen.view(section), section).map(|at| (Seen::now(at), Cut::Start))
            }
        };
        let Some((seen, from)) = next else {
            walk.end();
            return false;
        };
        let view = seen.view(section);
        let from = from.count(view.len(), |p| Self::locate(view, 0, p, section));
        let is_last = Self::goes_right(section, view, upper, ptr::null()).is_none();
        // Bounds that contradict each other are not both in this chunk: then the hints do not say where they are.
        let is_empty = is_new && view.known() > 0 && !Self::begins_left(section, seen.chunk, upper);
        let to = match is_last {
            _ if is_empty => 0,
            true => upper.count(view.len(), |p| Self::locate(view, 0, p, section)),
            false => view.len(),
        };
        let range = from..to.max(from);
        if !is_last && let Some(next) = Self::next(view, section) {
            next.prefetch();
        }
        walk.front = Self::end_of(view, range, Place::In { seen, is_last });
        true
    }

    /// Reads the chunk before, likewise: that which covers the keys just below the low.
    pub(super) fn refill_back<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
        (lower, upper): Bounds<'_, P>,
    ) -> bool {
        let comparator = &self.comparator;
        let mut trail = Trail::new();
        let is_new = matches!(walk.back.place, Place::New);
        let next = match walk.back.place {
            Place::Over => None,
            Place::New => self.find(section, upper, 0, &mut trail).map(|seen| {
                let view = seen.view(section);
                let to = upper.count(view.len(), |p| Self::locate(view, 0, p, section));
                (seen, to)
            }),
            Place::In { is_last: true, .. } => None,
            Place::In { seen, .. } => {
                let low = Self::low(&seen.chunk, section);
                let wanted = WantedLow { low, comparator };
                let below = Cut::Below(&wanted);
                self.find(section, below, 0, &mut trail).map(|seen| {
                    let view = seen.view(section);
                    let to = below.count(view.len(), |p| Self::locate(view, 0, p, section));
                    (seen, to)
                })
            }
        };
        let Some((seen, to)) = next else {
            walk.end();
            return false;
        };
        let view = seen.view(section);
        let is_last = self.is_first(seen.chunk, lower, section);
        // As in `refill_front`.
        let is_empty = is_new
            && view.known() > 0
            && Self::goes_right(section, view, lower, ptr::null()).is_some();
        let from = match is_last {
            _ if is_empty => to,
            true => lower.count(view.len(), |p| Self::locate(view, 0, p, section)),
            false => 0,
        };
        walk.back = Self::end_of(view, from.min(to)..to, Place::In { seen, is_last });
        true
    }

    /// Those items of a chunk are to be met next.
    fn end_of<'s>(view: View<'s>, range: Range<usize>, place: Place<'s>) -> End<'s> {
        let (items, hints) = (&view.items()[range.clone()], &view.hints()[range]);
        if !Self::is_inline() {
            prefetch(items);
        }
        End {
            items: items.iter(),
            hints: hints.iter(),
            place,
        }
    }

    /// Whether all that is before a chunk is on the left of a cut.
    fn is_first<P: Probe<K>>(
        &self,
        chunk: At<'_>,
        lower: Cut<'_, P>,
        section: &Section<'_>,
    ) -> bool {
        if chunk.is_head {
            return true;
        }
        let low = || Self::low(&chunk, section);
        match lower {
            Cut::Start => false,
            Cut::To(probe) | Cut::Below(probe) => Self::order(&low(), probe).is_le(),
            Cut::End => true,
        }
    }
}
