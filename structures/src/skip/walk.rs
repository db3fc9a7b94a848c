//! Iteration between bounds, both ways, a chunk at a time.

use core::ptr;
use core::slice;

use super::compare::Comparator;
use super::core::{Core, Seen};
use super::find::Trail;
use super::memory::Entry;
use super::probe::{Cut, Probe, WantedLow};
use super::reclaim::Section;
use super::rev::{At, Item};

/// What an iteration has met, from either end.
pub(super) struct Walk<'s, K, V> {
    front: End<'s>,
    back: End<'s>,
    /// The last entries, by which the ends know that they have met.
    first: Option<&'s Entry<K, V>>,
    last: Option<&'s Entry<K, V>>,
}

#[derive(Clone)]
enum End<'s> {
    New,
    In(Batch<'s>),
    Over,
}

/// The entries of one chunk that are within the bounds, and are still to be met.
#[derive(Clone)]
struct Batch<'s> {
    seen: Seen<'s>,
    items: slice::Iter<'s, Item>,
    /// What is in the next chunk is out of bounds.
    is_last: bool,
}

// SAFETY: addresses of entries, which a map only makes references of, whose threads share keys and values.
unsafe impl Send for Batch<'_> {}
// SAFETY: as above.
unsafe impl Sync for Batch<'_> {}

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

impl<'s, K, V> Walk<'s, K, V> {
    pub(super) fn new() -> Self {
        Walk {
            front: End::New,
            back: End::New,
            first: None,
            last: None,
        }
    }

    fn end(&mut self) -> Option<&'s Entry<K, V>> {
        (self.front, self.back) = (End::Over, End::Over);
        None
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// The next entry from the left.
    #[inline]
    pub(super) fn step<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
        bounds: Bounds<'_, P>,
    ) -> Option<&'s Entry<K, V>> {
        loop {
            if let End::In(batch) = &mut walk.front
                && let Some(&item) = batch.items.next()
            {
                let entry = Self::entry(item, section);
                if let Some(last) = walk.last
                    && !self.is_below(entry, last)
                {
                    return walk.end();
                }
                walk.first = Some(entry);
                return Some(entry);
            }
            if !self.refill_front(section, walk, bounds) {
                return None;
            }
        }
    }

    /// The next entry from the right.
    #[inline]
    pub(super) fn step_back<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
        bounds: Bounds<'_, P>,
    ) -> Option<&'s Entry<K, V>> {
        loop {
            if let End::In(batch) = &mut walk.back
                && let Some(&item) = batch.items.next_back()
            {
                let entry = Self::entry(item, section);
                if let Some(first) = walk.first
                    && !self.is_below(first, entry)
                {
                    return walk.end();
                }
                walk.last = Some(entry);
                return Some(entry);
            }
            if !self.refill_back(section, walk, bounds) {
                return None;
            }
        }
    }

    fn is_below(&self, entry: &Entry<K, V>, other: &Entry<K, V>) -> bool {
        self.comparator.compare(&entry.key, &other.key).is_lt()
    }

    /// The next chunk; whether there is one within the bounds.
    #[inline(never)]
    fn refill_front<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
        (lower, upper): Bounds<'_, P>,
    ) -> bool {
        let is_new = matches!(walk.front, End::New);
        let next = match &walk.front {
            End::Over => None,
            End::New => self
                .find(section, lower, 0, &mut Trail::new())
                .map(|seen| (seen, lower)),
            End::In(batch) if batch.is_last => None,
            // Whatever has become of it: it is linked by what has been read (S3).
            End::In(batch) => {
                Self::next(batch.seen.view(section), section).map(|at| (Seen::now(at), Cut::Start))
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
        walk.front = End::In(Batch {
            seen,
            items: view.items()[from..to.max(from)].iter(),
            is_last,
        });
        true
    }

    /// The chunk before, which is that which covers the keys just below the low.
    #[inline(never)]
    fn refill_back<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        walk: &mut Walk<'s, K, V>,
        (lower, upper): Bounds<'_, P>,
    ) -> bool {
        let comparator = &self.comparator;
        let mut trail = Trail::new();
        let is_new = matches!(walk.back, End::New);
        let next = match &walk.back {
            End::Over => None,
            End::New => self.find(section, upper, 0, &mut trail).map(|seen| {
                let view = seen.view(section);
                let to = upper.count(view.len(), |p| Self::locate(view, 0, p, section));
                (seen, to)
            }),
            End::In(batch) if batch.is_last => None,
            End::In(batch) => {
                let low = Self::low(&batch.seen.chunk, section);
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
        walk.back = End::In(Batch {
            seen,
            items: view.items()[from.min(to)..to].iter(),
            is_last,
        });
        true
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
