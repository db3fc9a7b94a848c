//! Lookups: where the entries of a hash are, and what a bucket holds.

use super::block::Link;
use super::bucket::{Bucket, Probe, Slots, low_bits};
use super::header::{Header, State};
use super::reclaim::Section;
use super::table::{Place, Table, parent};
use super::tags::tag_of;

/// What a scan of a bucket found, all under one header.
pub(super) struct Seen<I> {
    pub(super) found: Option<(I, At)>,
    pub(super) linked: Linked<I>,
}

/// What is behind a bucket's link.
#[derive(Clone, Copy)]
pub(super) struct Linked<I> {
    /// The word in the link.
    pub(super) link: Link<I>,
    /// The block in force.
    pub(super) in_force: Link<I>,
    /// A proposal that waits to be committed: nobody may put another in its place.
    pub(super) pending: bool,
}

/// Where in a bucket.
#[derive(Clone, Copy)]
pub(super) enum At {
    Slot(u32),
    /// In the n-th block of the list, at this place.
    Block(usize, usize),
}

/// What a look at a bucket tells: an item, or that there is none.
pub(super) struct Glance<'t, S: Slots> {
    pub(super) bucket: &'t Bucket<S>,
    pub(super) header: Header,
    pub(super) found: Option<S::Item>,
    /// The bit of its slot.
    pub(super) slots: u32,
}

impl<S: Slots> Table<S> {
    /// Finds an item if nothing is unusual: no list, no split, no bucket that is not where it seems to
    /// be. None if it cannot tell.
    ///
    /// Looks itself into nothing that is reclaimed before the table is; the probe looks into what items refer to.
    /// So without a section it is only for items that refer to nothing.
    #[inline(always)]
    pub(super) fn glance(
        &self,
        _section: Option<&Section<'_>>,
        hash: u64,
        probe: &impl Probe<S::Item>,
    ) -> Option<Glance<'_, S>> {
        let index = self.geometry.guess(hash)?;
        let bucket = self.segments.bucket(index);
        super::prefetch(bucket.slots.line(hash));
        let header = bucket.header();
        let mut candidates = bucket.slots.all_tagged(tag_of(hash)) & header.valid();
        let mut tagged = true;
        loop {
            while candidates != 0 {
                let slot = candidates.trailing_zeros();
                let item = bucket.load(slot)?;
                // Else it may never have been stored: the extension may be another by now.
                if !bucket.same(header) {
                    return None;
                }
                // SAFETY: valid by a header that has been found the same since; and within a section, if it
                // refers.
                if unsafe { probe.is_likely(item, tagged) } {
                    // An entry is in one bucket only, so this is the right one.
                    return Some(Glance {
                        bucket,
                        header,
                        found: Some(item),
                        slots: 1 << slot,
                    });
                }
                candidates &= candidates - 1;
            }
            if !tagged {
                break;
            }
            candidates = S::UNTAGGED & header.valid();
            tagged = false;
        }
        let link = bucket.link();
        let here = (hash ^ index as u64).trailing_zeros() >= header.depth();
        let empty = link.is_null() && link.tag() == header.parity();
        let sure = here && empty && header.is_settled() && bucket.same(header);
        sure.then_some(Glance {
            bucket,
            header,
            found: None,
            slots: 0,
        })
    }

    /// The bucket that holds the hash's entries, and its header; none if there are no buckets.
    #[inline]
    pub(super) fn locate(&self, hash: u64) -> Option<Place<'_, S>> {
        let guess = match self.geometry.guess(hash) {
            Some(guess) => guess,
            None if self.geometry.is_empty() => return None,
            // There is one by now.
            None => 0,
        };
        Some(self.locate_from(guess, hash))
    }

    #[inline]
    pub(super) fn locate_from(&self, guess: usize, hash: u64) -> Place<'_, S> {
        let mut index = guess;
        loop {
            let bucket = self.segments.bucket(index);
            let header = bucket.header();
            let depth = header.depth();
            match header.state() {
                State::Uninit => {
                    index = parent(index);
                    continue;
                }
                State::Leaving if self.is_taken_back(index, header) => {
                    index = parent(index);
                    continue;
                }
                _ => {}
            }
            // The lowest bit on which hash and index differ: where they parted ways.
            let apart = (hash ^ index as u64).trailing_zeros();
            if apart < depth {
                index = (hash & low_bits(apart + 1)) as usize;
                continue;
            }
            return Place {
                bucket,
                index,
                header,
            };
        }
    }

    /// Whether what is in a leaving bucket is in the one that it was split from.
    #[cold]
    pub(super) fn is_taken_back(&self, index: usize, header: Header) -> bool {
        self.segments.bucket(parent(index)).header().depth() < header.depth()
    }

    /// Whether what was read in a bucket after the place was made is what it holds, as far as the bucket is
    /// leaving: its link may have been emptied, and its header be the same. Lookups linearize here then.
    #[inline]
    pub(super) fn is_there(&self, place: &Place<'_, S>) -> bool {
        let Place {
            bucket,
            index,
            header,
        } = *place;
        header.state() != State::Leaving
            || !self.is_taken_back(index, header) && bucket.still(header)
    }

    /// Looks an item up. Lock-free: it starts again only if its bucket has changed meanwhile.
    pub(super) fn find(
        &self,
        section: &Section<'_>,
        hash: u64,
        probe: &impl Probe<S::Item>,
    ) -> Option<S::Item> {
        loop {
            let place = self.locate(hash)?;
            if let Some(seen) = self.scan(section, &place, hash, probe) {
                return seen.found.map(|(item, _)| item);
            }
        }
    }

    /// Reads a bucket; none if it has changed meanwhile.
    pub(super) fn scan(
        &self,
        _section: &Section<'_>,
        place: &Place<'_, S>,
        hash: u64,
        probe: &impl Probe<S::Item>,
    ) -> Option<Seen<S::Item>> {
        let Place { bucket, header, .. } = *place;
        let mut found = None;
        let tagged = bucket.slots.all_tagged(tag_of(hash));
        let mut candidates = (tagged | S::UNTAGGED) & header.valid();
        while candidates != 0 && found.is_none() {
            let slot = candidates.trailing_zeros();
            let item = bucket.load(slot)?;
            if !bucket.still(header) {
                return None;
            }
            // SAFETY: the header has just been found the same.
            if unsafe { probe.is(item) } {
                found = Some((item, At::Slot(slot)));
            }
            candidates &= candidates - 1;
        }
        let Linked {
            link,
            in_force,
            pending,
        } = Self::read_link(place)?;
        if !self.is_there(place) {
            return None;
        }
        if found.is_none() {
            // SAFETY: in force within this section.
            for (n, block) in unsafe { in_force.blocks() }.enumerate() {
                for (at, &item) in block.items().iter().enumerate() {
                    // SAFETY: in force by a header found the same after the link was read.
                    if unsafe { probe.is(item) } {
                        found = Some((item, At::Block(n, at)));
                    }
                }
            }
        }
        let linked = Linked {
            link,
            in_force,
            pending,
        };
        Some(Seen { found, linked })
    }

    /// Reads the link of a bucket; none if the bucket has changed, also since the place was made.
    pub(super) fn read_link(place: &Place<'_, S>) -> Option<Linked<S::Item>> {
        let Place { bucket, header, .. } = *place;
        let link = bucket.link();
        let mut in_force = link;
        let mut pending = false;
        if link.tag() != header.parity() {
            // SAFETY: it was in the link within this section. Null is in force, by a later header.
            let proposal = unsafe { link.as_ref() }?;
            in_force = proposal.prev;
            pending = proposal.base == header.version();
        }
        // Only now: this is what the link held while the header was this one, so a proposal for
        // another header is dead for good.
        bucket.still(header).then_some(Linked {
            link,
            in_force,
            pending,
        })
    }

    /// Asks the cache for what items of a hash refer to, as far as it has their bucket.
    #[inline]
    pub(super) fn prefetch_items(&self, hash: u64, mut prefetch: impl FnMut(S::Item)) {
        let Some(index) = self.geometry.guess(hash) else {
            return;
        };
        let bucket = self.segments.bucket(index);
        let tagged = bucket.slots.all_tagged(tag_of(hash));
        let mut candidates = (tagged | S::UNTAGGED) & bucket.header().valid();
        while candidates != 0 {
            if let Some(item) = bucket.load(candidates.trailing_zeros()) {
                prefetch(item);
            }
            candidates &= candidates - 1;
        }
    }

    /// Asks the cache for the bucket of a hash.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        if let Some(index) = self.geometry.guess(hash) {
            self.segments.prefetch(index);
        }
    }
}
