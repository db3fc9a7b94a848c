//! Lists: how one takes the place of another.

use smallvec::SmallVec;

use super::block::{self, Block, Fate, ITEMS, Link, Proposal};
use super::bucket::{Bucket, Slots};
use super::header::Header;
use super::look::{Linked, Seen};
use super::reclaim::Section;
use super::table::{Place, Step, Table};

/// How a list changes.
pub(super) struct Change<I> {
    pub(super) taken: Option<(usize, usize)>,
    pub(super) added: Option<I>,
    pub(super) set: u32,
    pub(super) clear: u32,
}

impl<S: Slots> Table<S> {
    pub(super) fn replace_in_list(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        seen: &Seen<S::Item>,
        taken: (usize, usize),
        added: Option<S::Item>,
    ) -> Step {
        let change = Change {
            taken: Some(taken),
            added,
            set: 0,
            clear: 0,
        };
        self.change_list(section, place, seen, &change)
    }

    /// Makes the changed list, proposes and commits it. Slots in `set` are the caller's, and filled.
    pub(super) fn change_list(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        seen: &Seen<S::Item>,
        change: &Change<S::Item>,
    ) -> Step {
        let mut items = SmallVec::<[_; 2 * ITEMS]>::new();
        let mut rest = seen.linked.in_force.block();
        let copied = match change.taken {
            Some((n, _)) => n + 1,
            None => {
                // SAFETY: in force within this section.
                let first = unsafe { seen.linked.in_force.as_ref() };
                // If there is room in it.
                usize::from(first.is_some_and(|block| !block.is_full()))
            }
        };
        // SAFETY: in force within this section.
        for (n, block) in unsafe { seen.linked.in_force.blocks() }
            .take(copied)
            .enumerate()
        {
            for (i, &item) in block.items().iter().enumerate() {
                if change.taken != Some((n, i)) {
                    items.push(item);
                }
            }
            rest = block.rest();
        }
        items.extend(change.added);
        let proposal = Proposal {
            set: change.set,
            clear: change.clear,
            rest,
            ..Proposal::new(seen.linked.in_force, place.header.version())
        };
        self.propose(section, place, &seen.linked, &proposal, &items)
    }

    /// Puts a proposal into the link and commits it.
    pub(super) fn propose(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        linked: &Linked<S::Item>,
        proposal: &Proposal<S::Item>,
        items: &[S::Item],
    ) -> Step {
        let bucket = place.bucket;
        if linked.pending {
            // Another's, which may yet be committed: to take its place would undo that.
            self.commit(bucket, linked.link);
            return Step::Again;
        }
        let made = block::make(&self.pool, section, proposal, items);
        let Some(link) = self.publish(place, linked.link, made) else {
            return Step::Again;
        };
        if !self.commit(bucket, link) && Self::fate(bucket, made) == Fate::Dead {
            return Step::Again;
        }
        self.clear_away(bucket, link);
        Step::Done
    }

    /// Puts a block into the link in the place of `from`, read under the place's header, which is not
    /// a proposal for it.
    pub(super) fn publish(
        &self,
        place: &Place<'_, S>,
        from: Link<S::Item>,
        made: *mut Block<S::Item>,
    ) -> Option<Link<S::Item>> {
        let parity = place.header.parity();
        let dead = from.tag() != parity;
        // SAFETY: it was in the link within this section.
        if let Some(leaving) = unsafe { from.as_ref() } {
            leaving.set_fate(if dead { Fate::Dead } else { Fate::Committed });
        }
        let link = Link::new(made, parity ^ 1);
        if !place.bucket.relink(from, link) {
            // SAFETY: not published.
            unsafe { block::dispose_own(&self.pool, made) };
            return None;
        }
        if dead {
            // SAFETY: a dead proposal; the exchange took it out of the link, once.
            unsafe { block::retire_own(&self.pool, from.block()) };
        }
        Some(link)
    }

    /// Brings the proposal in the bucket's link into force, if its header is still the one that it is
    /// for. Whether this very call did. Linearizes at the change of the header, for the proposal's maker.
    pub(super) fn commit(&self, bucket: &Bucket<S>, link: Link<S::Item>) -> bool {
        // SAFETY: it was in the link within this section.
        let proposal = unsafe { link.as_ref() }.expect("a proposal is a block");
        loop {
            let now = bucket.header();
            if now.version() != proposal.base {
                return false;
            }
            if bucket.change(now, proposal.after(now)) {
                // SAFETY: this call brought it into force.
                unsafe { block::retire_replaced(&self.pool, link.block()) };
                return true;
            }
        }
    }

    /// What became of a proposal of this thread's, once in the link: the header has moved on.
    pub(super) fn fate(bucket: &Bucket<S>, made: *mut Block<S::Item>) -> Fate {
        loop {
            let link = bucket.link();
            if link.block() != made {
                // SAFETY: the maker's section protects it.
                let fate = unsafe { (*made).fate() };
                return fate.expect("B3: a block's fate is known before it leaves the link");
            }
            let header = bucket.header();
            // What was in the link before and after was there under that header.
            if bucket.link() == link {
                return if link.tag() == header.parity() {
                    Fate::Committed
                } else {
                    Fate::Dead
                };
            }
        }
    }

    /// Takes a list out of the link, if it is empty and in force.
    pub(super) fn clear_away(&self, bucket: &Bucket<S>, link: Link<S::Item>) {
        // SAFETY: it was in the link within this section.
        let Some(block) = (unsafe { link.as_ref() }) else {
            return;
        };
        // What was in the link before and after was there under that header.
        let in_force = |header: Header| link.tag() == header.parity();
        if block.is_empty()
            && bucket.link() == link
            && in_force(bucket.header())
            && bucket.link() == link
        {
            block.set_fate(Fate::Committed);
            let null = Link::new(core::ptr::null_mut(), link.tag());
            if bucket.relink(link, null) {
                // SAFETY: the exchange took it out of the link, once; it is its own list.
                unsafe { block::retire_own(&self.pool, link.block()) };
            }
        }
    }
}
