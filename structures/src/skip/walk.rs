//! Iteration, a chunk at a time.

use super::compare::Comparator;
use super::core::{Core, Seen};
use super::find::Trail;
use super::memory::Entry;
use super::probe::{Cut, Probe, WantedLow};
use super::reclaim::Section;
use super::rev::View;

/// The entries of one chunk that are within bounds, of which an iteration has not met all.
pub(super) struct Batch<'s> {
    seen: Seen<'s>,
    view: View<'s>,
    from: usize,
    to: usize,
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// Those on the right of a cut, in the chunk that covers it.
    pub(super) fn batch_above<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
    ) -> Option<Batch<'s>> {
        let seen = self.find(section, cut, 0, &mut Trail::new())?;
        let batch = Self::batch_of(seen, section);
        let from = cut.count(batch.to, |p| Self::locate(batch.view, 0, p, section));
        Some(Batch { from, ..batch })
    }

    /// All of the first chunk.
    pub(super) fn batch_first<'s>(&'s self, section: &'s Section<'_>) -> Option<Batch<'s>> {
        let seen = Seen::now(self.head(0, section)?);
        Some(Self::batch_of(seen, section))
    }

    fn batch_of<'s>(seen: Seen<'s>, section: &'s Section<'_>) -> Batch<'s> {
        let view = seen.view(section);
        let (from, to) = (0, view.len());
        Batch {
            seen,
            view,
            from,
            to,
        }
    }

    /// Those of the chunk behind.
    pub(super) fn batch_after<'s>(
        batch: &Batch<'s>,
        section: &'s Section<'_>,
    ) -> Option<Batch<'s>> {
        let next = Self::next(batch.view, section)?;
        Some(Self::batch_of(Seen::now(next), section))
    }

    /// Those on the left of a cut, in the chunk that covers it.
    pub(super) fn batch_below<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
    ) -> Option<Batch<'s>> {
        let seen = self.find(section, cut, 0, &mut Trail::new())?;
        let batch = Self::batch_of(seen, section);
        let to = cut.count(batch.to, |p| Self::locate(batch.view, 0, p, section));
        Some(Batch { to, ..batch })
    }

    /// Those of the chunk before: of the one that covers the keys just below.
    pub(super) fn batch_before<'s>(
        &'s self,
        batch: &Batch<'s>,
        section: &'s Section<'_>,
    ) -> Option<Batch<'s>> {
        if batch.seen.chunk.is_head {
            return None;
        }
        let low = Self::low(&batch.seen.chunk, section);
        let comparator = &self.comparator;
        let wanted = WantedLow { low, comparator };
        self.batch_below(section, Cut::Below(&wanted))
    }

    /// The next of a batch.
    #[inline]
    pub(super) fn pop_front<'s>(
        batch: &mut Batch<'s>,
        section: &'s Section<'_>,
    ) -> Option<&'s Entry<K, V>> {
        let at = (batch.from < batch.to).then_some(batch.from)?;
        batch.from += 1;
        Some(Self::entry(batch.view.items()[at], section))
    }

    /// The last of a batch.
    #[inline]
    pub(super) fn pop_back<'s>(
        batch: &mut Batch<'s>,
        section: &'s Section<'_>,
    ) -> Option<&'s Entry<K, V>> {
        let at = (batch.from < batch.to).then(|| batch.to - 1)?;
        batch.to = at;
        Some(Self::entry(batch.view.items()[at], section))
    }
}
