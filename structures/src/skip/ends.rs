//! The first and the last entries, and those next to a place.

use super::change::retry;
use super::compare::Comparator;
use super::core::{Core, Seen};
use super::find::{Finger, Path, Trail};
use super::pair::Pair;
use super::probe::{Cut, LowKey, Probe, WantedLow};
use super::rules::Rule;
use crate::reclaim::Section;

/// No place: for cuts at the end.
pub(super) struct Nowhere;

impl<K> Probe<K> for Nowhere {
    fn is_hinted(&self) -> bool {
        true
    }

    fn hint(&self, _: usize) -> u64 {
        0
    }

    fn compare(&self, _: &K) -> core::cmp::Ordering {
        core::cmp::Ordering::Greater
    }
}

/// An entry's place in its chunk, as it was at that word.
#[derive(Clone, Copy)]
pub(super) struct Spot<'s> {
    pub(super) seen: Seen<'s>,
    pub(super) at: usize,
}

/// Something has changed meanwhile.
struct Changed;

/// Attempts to find the chunk before one by its low: only orders that contradict themselves need so many.
const PATIENCE: usize = 16;

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// The first entry. Lock-free; linearizes at the load of the word of the chunk that has it, if the empty
    /// ones before it have not changed then.
    pub(super) fn first<'s>(&'s self, section: &'s Section<'_>) -> Option<Pair<'s, K, V>> {
        loop {
            let head = Seen::now(self.head(0, section)?);
            let mut path = Path::new();
            path.push(head);
            if let Ok(found) = Self::next_from(section, path, |_| 0, Rule::First) {
                return found.map(|spot| Self::entry_at(spot, section));
            }
            retry();
        }
    }

    /// The entry that was there.
    pub(super) fn entry_at<'s>(spot: Spot<'s>, section: &'s Section<'_>) -> Pair<'s, K, V> {
        Self::at(spot.seen.view(section), spot.at, section)
    }

    /// The first entry on the right of a cut. As [`first`](Self::first).
    pub(super) fn above<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
    ) -> Option<Pair<'s, K, V>> {
        let found = self.spot_above(section, cut, None);
        found.map(|spot| Self::entry_at(spot, section))
    }

    /// Its place; looked for near where a finger is.
    pub(super) fn spot_above<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        mut finger: Option<&mut Finger<'s>>,
    ) -> Option<Spot<'s>> {
        loop {
            let path = match &mut finger {
                None => self.path(section, cut, &mut Trail::new())?,
                Some(finger) => self.path_near(section, cut, finger)?,
            };
            let within = |seen: Seen<'s>| {
                let view = seen.view(section);
                cut.count(view.len(), |p| Self::locate(view, 0, p, section))
            };
            if let Ok(found) = Self::next_from(section, path, within, Rule::Lower) {
                return found;
            }
            retry();
        }
    }

    /// The first entry in the last chunk of a path, behind so many, or in those behind it.
    fn next_from<'s>(
        section: &'s Section<'_>,
        mut path: Path<'s>,
        within: impl FnOnce(Seen<'s>) -> usize,
        rule: Rule,
    ) -> Result<Option<Spot<'s>>, Changed> {
        let covering = path.len() - 1;
        let mut seen = path[covering];
        let mut at = within(seen);
        loop {
            let view = seen.view(section);
            let found = at < view.len();
            if let (false, Some(next)) = (found, Self::next(view, section)) {
                seen = Seen::now(next);
                path.push(seen);
                at = 0;
                continue;
            }
            let before = path.len() - 1;
            // A chunk that covers the place itself needs no others.
            if before > covering && rule.holds() && !are_unchanged(&path[..before]) {
                return Err(Changed);
            }
            return Ok(found.then_some(Spot { seen, at }));
        }
    }

    /// The last entry on the left of a cut. Lock-free; linearizes at the load of the word of the chunk that has
    /// it, if the empty ones behind it have not changed then.
    pub(super) fn below<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
    ) -> Option<Pair<'s, K, V>> {
        let found = self.spot_below(section, cut, None);
        found.map(|spot| Self::entry_at(spot, section))
    }

    /// Its place; looked for near where a finger is.
    pub(super) fn spot_below<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        mut finger: Option<&mut Finger<'s>>,
    ) -> Option<Spot<'s>> {
        let comparator = &self.comparator;
        let mut vain = 0;
        'again: loop {
            let mut trail = Trail::new();
            let mut right = Path::new();
            let mut seen = match &mut finger {
                None => self.find(section, cut, 0, &mut trail)?,
                Some(finger) => *self.path_near(section, cut, finger)?.last()?,
            };
            let view = seen.view(section);
            let mut within = cut.count(view.len(), |p| Self::locate(view, 0, p, section));
            loop {
                let is_behind = |next: &Seen<'_>| {
                    seen.view(section).next() == next.chunk.as_ptr() && are_unchanged(&right)
                };
                if let Some(next) = right.last()
                    && Rule::Upper.holds()
                    && !is_behind(next)
                {
                    vain += 1;
                    retry();
                    continue 'again;
                }
                if within > 0 {
                    let at = within - 1;
                    return Some(Spot { seen, at });
                }
                if seen.chunk.is_head {
                    return None;
                }
                right.push(seen);
                let low = Self::low(&seen.chunk, section);
                let wanted = WantedLow { low, comparator };
                let below = Cut::Below(&wanted);
                seen = match (vain, &mut finger) {
                    (PATIENCE.., _) => match self.before_by_address(seen.chunk, section) {
                        Some(seen) => seen,
                        None => continue 'again,
                    },
                    (_, None) => self.find(section, below, 0, &mut trail)?,
                    (_, Some(finger)) => *self.path_near(section, below, finger)?.last()?,
                };
                // All that it has: keys below the low of the next.
                within = seen.view(section).len();
            }
        }
    }

    /// Takes the first entry out. Lock-free; linearizes at the change of the first chunk.
    pub(super) fn pop_first<'s>(&'s self, section: &'s Section<'_>) -> Option<Pair<'s, K, V>> {
        let mut trail = Trail::new();
        loop {
            let mut seen = Seen::now(self.head(0, section)?);
            if seen.view(section).len() == 0 {
                let next = Seen::now(Self::next(seen.view(section), section)?);
                let is_empty = next.view(section).len() == 0;
                if Rule::PopFirst.holds() || next.is_frozen() || is_empty {
                    if next.is_frozen() || next.chunk.freeze(next.word) {
                        self.absorb(next.chunk, section, &mut trail);
                    }
                    retry();
                    continue;
                }
                seen = next;
            }
            if let Some(entry) = self.pop(seen, 0, section) {
                return Some(entry);
            }
        }
    }

    /// Takes the last entry out. Lock-free; linearizes at the change of the last chunk.
    pub(super) fn pop_last<'s>(&'s self, section: &'s Section<'_>) -> Option<Pair<'s, K, V>> {
        let comparator = &self.comparator;
        let mut trail = Trail::new();
        let mut before: Option<LowKey<'s, K>> = None;
        loop {
            let seen = match before.take() {
                None => self.find(section, Cut::<Nowhere>::End, 0, &mut trail)?,
                Some(low) => {
                    let wanted = WantedLow { low, comparator };
                    self.find(section, Cut::Below(&wanted), 0, &mut trail)?
                }
            };
            let len = seen.view(section).len();
            if len == 0 && seen.chunk.is_head {
                return None;
            }
            if !seen.is_frozen() && len == 0 {
                if !Rule::PopLast.holds() {
                    before = Some(Self::low(&seen.chunk, section));
                } else if seen.chunk.freeze(seen.word) {
                    self.absorb(seen.chunk, section, &mut trail);
                }
                continue;
            }
            if seen.is_frozen() {
                self.absorb(seen.chunk, section, &mut trail);
                retry();
                continue;
            }
            if let Some(entry) = self.pop(seen, len - 1, section) {
                return Some(entry);
            }
        }
    }

    /// Takes an entry out of a live chunk. None if that has changed.
    fn pop<'s>(
        &self,
        seen: Seen<'s>,
        at: usize,
        section: &'s Section<'_>,
    ) -> Option<Pair<'s, K, V>> {
        let view = seen.view(section);
        self.replace_one(seen, at..at + 1, None, section)?;
        // SAFETY: S5: this thread has replaced it.
        unsafe { self.retire(view.items()[at], section) };
        self.count.add(-1);
        Some(Self::at(view, at, section))
    }
}

fn are_unchanged(path: &[Seen<'_>]) -> bool {
    path.iter().all(|seen| seen.chunk.load() == seen.word)
}
