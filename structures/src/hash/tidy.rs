//! Entries go where lookups find them soonest: out of lists and extensions, when there is room.

use smallvec::SmallVec;

use super::block::{ITEMS, Proposal};
use super::bucket::{Bucket, Rehash, Slots, choose, ones};
use super::header::{MOST_SLOTS, State};
use super::reclaim::Section;
use super::table::{Place, Step, Table};

/// So many slots a bucket has free when it gives its extension up after a split.
pub(super) const ROOM: u32 = 2;

impl<S: Slots> Table<S> {
    /// Moves what is in a bucket's extension into the bucket, if there is room for it and more.
    pub(super) fn move_in(&self, bucket: &Bucket<S>, rehash: &impl Rehash<S::Item>) {
        let header = bucket.header();
        let depth = header.depth();
        let outside = header.valid() >> S::COUNT << S::COUNT;
        let mut free = header.free(S::COUNT);
        let fits = outside.count_ones() + ROOM <= free.count_ones();
        if outside == 0 || !fits || header.state() != State::Open {
            return;
        }
        let mut items = SmallVec::<[_; MOST_SLOTS]>::new();
        let tags = bucket.slots.tags();
        for slot in ones(outside) {
            let Some(item) = bucket.load(slot) else {
                return;
            };
            let tag = (slot < S::TAGGED).then(|| tags[slot as usize % tags.len()]);
            items.push((item, tag, 0));
        }
        if !bucket.still(header) {
            return;
        }
        // The caller's code, which may panic: before the right to fill is taken.
        for (item, tag, hash) in &mut items {
            // SAFETY: the header has been found the same since the items were read.
            *hash = unsafe { rehash.hash_for_split(*item, depth, *tag) };
        }
        if !bucket.begin_filling(header) {
            return;
        }
        let mut filled = 0;
        for &(item, _, hash) in &items {
            let slot = choose::<S>(free, hash);
            bucket.store(slot, item, hash);
            free &= !(1 << slot);
            filled |= 1 << slot;
        }
        let next = header.without_valid(outside).with_valid(filled);
        // What it holds stays the same.
        if !bucket.change(header.with_filling(), next.bumped()) {
            bucket.end_filling();
        }
    }

    /// Moves entries of the list into free slots.
    pub(super) fn pull_up(
        &self,
        section: &Section<'_>,
        bucket: &Bucket<S>,
        rehash: &impl Rehash<S::Item>,
    ) {
        let header = bucket.header();
        if bucket.link().is_null() || header.state() != State::Open || header.filling() {
            return;
        }
        let place = Place {
            bucket,
            index: 0, // of no interest here
            header,
        };
        let Some(linked) = Self::read_link(&place) else {
            return;
        };
        let mut free = header.free(match bucket.more().is_null() {
            true => S::COUNT,
            false => S::COUNT + S::MORE,
        });
        if free == 0 || linked.pending {
            return;
        }
        let mut left = SmallVec::<[_; 2 * ITEMS]>::new();
        let mut rest = linked.in_force.block();
        // Slots, what goes there, and its hashes: all of it before the right to fill is taken, for the
        // caller's code may panic.
        let mut chosen = SmallVec::<[_; MOST_SLOTS]>::new();
        // SAFETY: in force within this section.
        for block in unsafe { linked.in_force.blocks() } {
            if free == 0 {
                break;
            }
            for &item in block.items() {
                if free == 0 {
                    left.push(item);
                } else {
                    // SAFETY: in force, by the header of after the list was read.
                    let hash = unsafe { rehash.hash(item) };
                    let slot = choose::<S>(free, hash);
                    chosen.push((slot, item, hash));
                    free &= !(1 << slot);
                }
            }
            rest = block.rest();
        }
        if chosen.is_empty() || !bucket.begin_filling(header) {
            return;
        }
        let mut set = 0;
        for &(slot, item, hash) in &chosen {
            if !bucket.store(slot, item, hash) {
                bucket.end_filling();
                return;
            }
            set |= 1 << slot;
        }
        let proposal = Proposal {
            set,
            rest,
            ..Proposal::new(linked.in_force, header.version())
        };
        if self.propose(section, &place, &linked, &proposal, &left) == Step::Again {
            bucket.end_filling();
        }
    }

    /// Moves what a bucket has got with a list into its slots, and those of an extension if there are too few.
    pub(super) fn settle(
        &self,
        section: &Section<'_>,
        bucket: &Bucket<S>,
        rehash: &impl Rehash<S::Item>,
    ) {
        self.pull_up(section, bucket, rehash);
        if !bucket.link().is_null() && bucket.more().is_null() {
            self.extend(bucket);
            self.pull_up(section, bucket, rehash);
        }
    }
}
