//! How the table shrinks: a bucket goes back into the one that it was split from, with everybody's help.

use core::ptr;

use smallvec::SmallVec;

use super::block::{self, Fate, Link, Proposal};
use super::bucket::{Bucket, Rehash, Slots};
use super::header::{Header, MOST_SLOTS, State, Turn};
use super::reclaim::Section;
use super::split::BEGINS;
use super::table::{Place, Table, parent};

impl<S: Slots> Table<S> {
    /// Merges a bucket, not the first, into the one that it was split from, unless that is done, the table
    /// should have the bucket by now, or others split it off all the time. Lock-free: it starts again only if
    /// another thread has changed one of the two, or split one of them.
    pub(super) fn merge(&self, section: &Section<'_>, index: usize, rehash: &impl Rehash<S::Item>) {
        self.merge_unless(section, index, rehash, || self.size.get().buckets() > index);
    }

    /// The same, unless it is `wanted`: asked before anything that this thread would begin.
    fn merge_unless(
        &self,
        section: &Section<'_>,
        index: usize,
        rehash: &impl Rehash<S::Item>,
        wanted: impl Fn() -> bool,
    ) {
        let mut begun = 0;
        while begun < BEGINS {
            let bucket = self.segments.bucket(index);
            let header = bucket.header();
            let place = Place {
                bucket,
                index,
                header,
            };
            match (header.state(), Self::last_child(index, header)) {
                (State::Uninit, _) if self.is_being_split_off(index) => {
                    self.help(section, parent(index), rehash);
                }
                (State::Uninit, _) => return,
                (State::Split | State::Ready, _) => self.help(section, index, rehash),
                (State::Leaving, _) => self.take_back(section, &place, rehash),
                (State::Open, _) if wanted() => return,
                (State::Open, Some(child)) => {
                    begun += 1;
                    self.merge_children(section, child, rehash);
                }
                (State::Open, None) => begun += usize::from(self.leave(section, &place)),
            }
        }
    }

    /// Merges a bucket for the sake of one that it was split from, or of one that leaves into that: wanted
    /// or not. Not generic, so that it ends somewhere.
    fn merge_children(&self, section: &Section<'_>, index: usize, rehash: &impl Rehash<S::Item>) {
        let never: fn() -> bool = || false;
        self.merge_unless(section, index, rehash, never);
    }

    /// Whether a bucket that is not initialized is about to be: a thread may have stopped in the midst of it.
    /// Asked of those beyond the size; if the parent's memory is gone, so are they.
    pub(super) fn is_being_split_off(&self, index: usize) -> bool {
        let from = self.segments.find(parent(index)).map(Bucket::header);
        from.is_some_and(|from| from.state() == State::Split && from.depth() == index.ilog2())
    }

    /// Brings a merge to its end, if the bucket is leaving.
    pub(super) fn finish_merge(
        &self,
        section: &Section<'_>,
        index: usize,
        rehash: &impl Rehash<S::Item>,
    ) {
        let bucket = self.segments.bucket(index);
        loop {
            let header = bucket.header();
            if header.state() != State::Leaving {
                return;
            }
            let place = Place {
                bucket,
                index,
                header,
            };
            self.take_back(section, &place, rehash);
        }
    }

    /// The bucket that was split off this one last, if any was.
    fn last_child(index: usize, header: Header) -> Option<usize> {
        let first = index.checked_ilog2().map_or(0, |highest| highest + 1);
        let last = header.depth().checked_sub(1).filter(|&last| last >= first);
        last.map(|last| index | 1 << last)
    }

    /// Makes an open bucket leave: all that is in it goes into its list, and nothing changes there any more.
    /// Whether this thread did it.
    fn leave(&self, section: &Section<'_>, place: &Place<'_, S>) -> bool {
        let Place { bucket, header, .. } = *place;
        let mut items = SmallVec::<[_; MOST_SLOTS]>::new();
        items.extend(header.slots().map_while(|slot| bucket.load(slot)));
        let Some(linked) = Self::read_link(place) else {
            return false;
        };
        let turn = Turn::new(State::Leaving, header.depth());
        if linked.pending {
            self.commit(bucket, linked.link);
            return false;
        }
        if items.is_empty() {
            return bucket.change(header, header.turned(turn).bumped());
        }
        let proposal = Proposal {
            clear: header.valid(),
            turn: Some(turn),
            rest: linked.in_force.block(),
            ..Proposal::new(linked.in_force, header.version())
        };
        let made = block::make(&self.pool, section, &proposal, &items);
        let link = self.publish(place, linked.link, made);
        link.is_some_and(|link| self.commit(bucket, link))
    }

    /// A step on the way of a leaving bucket's list into its parent. The move linearizes when the parent's
    /// depth goes back.
    fn take_back(
        &self,
        section: &Section<'_>,
        child: &Place<'_, S>,
        rehash: &impl Rehash<S::Item>,
    ) {
        let index = parent(child.index);
        let bucket = self.segments.bucket(index);
        let header = bucket.header();
        if header.depth() < child.header.depth() {
            self.clean(child);
            // The caller's code, which may panic: last.
            return self.settle(section, bucket, rehash);
        }
        match header.state() {
            State::Uninit | State::Leaving => return, // it was taken back long ago
            State::Split | State::Ready => return self.help(section, index, rehash),
            State::Open if header.depth() > child.header.depth() => {
                let last = Self::last_child(index, header);
                return self.merge_children(section, last.expect("the child is one"), rehash);
            }
            State::Open => {}
        }
        // This finds the child's header the same, after the parent's was read: while the parent has that, the
        // child's list is this one (H8).
        let Some(list) = Self::read_link(child) else {
            return;
        };
        let place = Place {
            bucket,
            index,
            header,
        };
        let Some(linked) = Self::read_link(&place) else {
            return;
        };
        // SAFETY: in force within this section.
        let blocks = unsafe { list.in_force.blocks() };
        let items: SmallVec<[_; MOST_SLOTS]> =
            blocks.flat_map(|block| block.items()).copied().collect();
        let turn = Turn::new(State::Open, header.depth() - 1);
        if linked.pending {
            self.commit(bucket, linked.link);
        } else if items.is_empty() {
            bucket.change(header, header.turned(turn).bumped());
        } else {
            let proposal = Proposal {
                turn: Some(turn),
                rest: linked.in_force.block(),
                ..Proposal::new(linked.in_force, header.version())
            };
            let made = block::make(&self.pool, section, &proposal, &items);
            if let Some(link) = self.publish(&place, linked.link, made) {
                self.commit(bucket, link);
            }
        }
    }

    /// Makes a bucket that has been taken back one that is not initialized: what a split begins with.
    fn clean(&self, child: &Place<'_, S>) {
        let Place { bucket, header, .. } = *child;
        self.size.note();
        while let Some(linked) = Self::read_link(child) {
            if linked.link.is_null() {
                let next = header.turned(Turn::new(State::Uninit, 0)).bumped();
                let now = bucket.header();
                if now.agrees(header) && bucket.change(now, next.with_filling_of(now)) {
                    self.curtail_below(bucket, 0);
                }
                continue;
            }
            self.empty_link(bucket, header, linked.link, linked.in_force);
        }
        self.size.note();
    }

    /// Takes what is in a link out of it, under a header by which that is nothing any more, though it is in
    /// force.
    fn empty_link(
        &self,
        bucket: &Bucket<S>,
        header: Header,
        link: Link<S::Item>,
        list: Link<S::Item>,
    ) {
        let dead = link.tag() != header.parity();
        // SAFETY: it was in the link within this section.
        let leaving = unsafe { link.as_ref() }.expect("it is not null");
        leaving.set_fate(if dead { Fate::Dead } else { Fate::Committed });
        if bucket.relink(link, Link::new(ptr::null_mut(), header.parity())) {
            if dead {
                // SAFETY: a dead proposal; the exchange took it out of the link, once.
                unsafe { block::retire_own(&self.pool, link.block()) };
            }
            // SAFETY: the exchange put it out of reach, once; all of it is in another list by now.
            unsafe { block::retire_list(&self.pool, list) };
        }
    }
}
