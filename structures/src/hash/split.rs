//! How a bucket is split in two, with everybody's help.

use core::mem::MaybeUninit;

use smallvec::SmallVec;

use super::block::{self, Fate, ITEMS, Link, Proposal};
use super::bucket::{Bucket, Rehash, Slots, low_bits};
use super::header::{MOST_SLOTS, State, Turn};
use super::look::Linked;
use super::reclaim::Section;
use super::table::{Place, Table, parent};
use super::tags::{TAG_BYTES, tag_of};
use super::tidy::ROOM;

/// Splits, or merges, that one operation begins at most on its way to one of a bucket.
pub(super) const BEGINS: usize = 64;

/// Which of a bucket's entries go where. Filled in place: it is large.
struct Parted<I> {
    /// Slots whose entries move.
    slots: u32,
    /// What moves, and its hashes.
    moving: SmallVec<[(I, u64); MOST_SLOTS]>,
    /// What stays in the list.
    staying: SmallVec<[I; 2 * ITEMS]>,
}

impl<I> Parted<I> {
    fn new() -> Self {
        Parted {
            slots: 0,
            moving: SmallVec::new(),
            staying: SmallVec::new(),
        }
    }
}

impl<S: Slots> Table<S> {
    /// Splits buckets until this one is open, unless others merge them all the time: who began it again and
    /// again, and they, too, might be at it for ever.
    pub(super) fn split_off(
        &self,
        section: &Section<'_>,
        index: usize,
        rehash: &impl Rehash<S::Item>,
    ) {
        let mut begun = 0;
        while begun < BEGINS {
            match self.segments.bucket(index).header().state() {
                State::Uninit => {}
                State::Ready | State::Leaving => {
                    self.help(section, index, rehash);
                    continue;
                }
                State::Open | State::Split => return,
            }
            let from = parent(index);
            let bucket = self.segments.bucket(from);
            let header = bucket.header();
            match header.state() {
                State::Uninit => {
                    begun += 1;
                    self.split_off(section, from, rehash);
                }
                State::Split | State::Ready | State::Leaving => self.help(section, from, rehash),
                // By now it is split, and more.
                State::Open if header.depth() > index.ilog2() => {}
                State::Open => {
                    // The next to be split off, which may be another before this one's turn.
                    let child = from | 1 << header.depth();
                    // While the parent's header is this one, it stays so (H8).
                    match self.segments.bucket(child).header().state() {
                        State::Uninit => {
                            let split = header.with_state(State::Split).bumped();
                            if bucket.change(header, split) {
                                begun += 1;
                                self.help(section, from, rehash);
                            }
                        }
                        _ => self.help(section, child, rehash),
                    }
                }
            }
        }
    }

    /// Brings a split to its end, if the bucket is in one, on either side. No step waits: whoever comes by
    /// can do it all.
    pub(super) fn help(
        &self,
        section: &Section<'_>,
        mut index: usize,
        rehash: &impl Rehash<S::Item>,
    ) {
        let mut bucket = self.segments.bucket(index);
        let mut header = bucket.header();
        if header.state() == State::Leaving {
            return self.finish_merge(section, index, rehash);
        }
        if header.state() == State::Ready {
            if self.set_free(section, index, rehash) {
                return;
            }
            index = parent(index);
            bucket = self.segments.bucket(index);
            header = bucket.header();
        }
        if header.state() != State::Split {
            return;
        }
        let place = Place {
            bucket,
            index,
            header,
        };
        let mut parted = Parted::new();
        let Some(linked) = Self::part(&place, rehash, &mut parted) else {
            return;
        };
        let child = index | 1 << header.depth();
        self.prepare(section, &place, child, &parted.moving);
        debug_assert!(
            self.segments.bucket(child).header().is_settled() || !bucket.still(header),
            "B7: what moves is in the child before the parent loses it"
        );
        // The move linearizes when the parent opens.
        self.finish(section, &place, linked, &parted, rehash);
        self.set_free(section, child, rehash);
        self.move_in(bucket, rehash);
        self.curtail_below(bucket, S::COUNT.saturating_sub(ROOM));
    }

    /// Opens a child that is ready, if its parent has finished the split. Whether it is not ready any more.
    fn set_free(&self, section: &Section<'_>, index: usize, rehash: &impl Rehash<S::Item>) -> bool {
        let child = self.segments.bucket(index);
        loop {
            let header = child.header();
            if header.state() != State::Ready {
                return true;
            }
            // After the child's: it may be that of a later split.
            let from = self.segments.bucket(parent(index)).header();
            if from.depth() < header.depth() {
                return false;
            }
            if child.change(header, header.with_state(State::Open).bumped()) {
                self.pull_up(section, child, rehash);
                return true;
            }
            // A late filler has given its right back.
        }
    }

    /// Decides what moves; none if the bucket is not in this split any more.
    ///
    /// Whether an entry moves nobody can guess: so no branch depends on it.
    #[inline]
    fn part(
        place: &Place<'_, S>,
        rehash: &impl Rehash<S::Item>,
        parted: &mut Parted<S::Item>,
    ) -> Option<Linked<S::Item>> {
        let Place { bucket, header, .. } = *place;
        let depth = header.depth();
        let mut items = [const { MaybeUninit::uninit() }; MOST_SLOTS];
        bucket.load_all(header, &mut items)?;
        let tags = bucket.slots.tags();
        // This finds the header the same, after the slots were read: only now may items be looked into.
        let linked = Self::read_link(place)?;
        let hash = |item, tag| {
            // SAFETY: the header has been found the same since the item was read.
            unsafe { rehash.hash_for_split(item, depth, tag) }
        };
        let moves = |hash: u64| hash >> depth & 1;
        // Each is written behind those that move, and counted if it does.
        let to = parted.moving.as_mut_ptr();
        let (mut slots, mut count) = (0, 0);
        for slot in header.slots() {
            let tag = (slot < S::TAGGED).then(|| tags[slot as usize % tags.len()]);
            // SAFETY: there are no more slots than that.
            let item = unsafe { items.get_unchecked(slot as usize) };
            // SAFETY: all that is valid was loaded.
            let item = unsafe { item.assume_init() };
            let hash = hash(item, tag);
            // SAFETY: there is room for all slots, of which these are fewer.
            let place = unsafe { to.add(count) };
            // SAFETY: as above.
            unsafe { place.write((item, hash)) };
            slots |= (moves(hash) as u32) << slot;
            count += moves(hash) as usize;
        }
        parted.slots = slots;
        // SAFETY: so many have been written, each at its place.
        unsafe { parted.moving.set_len(count) };
        // SAFETY: in force within this section.
        for block in unsafe { linked.in_force.blocks() } {
            let items = block.items().iter().copied();
            for item in items {
                let hash = hash(item, None);
                match moves(hash) {
                    0 => parted.staying.push(item),
                    _ => parted.moving.push((item, hash)),
                }
            }
        }
        Some(linked)
    }

    /// Makes a bucket ready, with what moves into it, unless that is done.
    ///
    /// The first to come fills its slots. Whoever finds a thread at that, and does not know whether it is
    /// still there, puts everything into a list instead; the header decides between the two.
    fn prepare(
        &self,
        section: &Section<'_>,
        parent: &Place<'_, S>,
        index: usize,
        moving: &[(S::Item, u64)],
    ) {
        let bucket = self.segments.bucket(index);
        let turn = Turn::new(State::Ready, parent.header.depth() + 1);
        while let Some(child) = Self::child_of(parent, bucket, index) {
            let header = child.header;
            let ready = header.turned(turn).bumped();
            if moving.is_empty() {
                bucket.change(header, ready);
                continue;
            }
            if header.filling() {
                self.prepare_by_list(section, parent, &child, moving, 0);
                continue;
            }
            let most = match S::COUNT as usize {
                few if moving.len() <= few => few,
                few => few + S::MORE as usize,
            };
            if moving.len() > S::COUNT as usize {
                self.extend(bucket);
            }
            if !bucket.begin_filling(header) {
                continue;
            }
            // While this thread fills, its extension is not taken away.
            if moving.len() > S::COUNT as usize && bucket.more().is_null() {
                bucket.end_filling();
                continue;
            }
            let (in_slots, in_list) = moving.split_at(moving.len().min(most));
            let filled = Self::fill(bucket, in_slots);
            let done = match in_list {
                [] => bucket.change(header.with_filling(), ready.with_valid(filled)),
                _ => self.prepare_by_list(section, parent, &child, in_list, filled),
            };
            if !done {
                // It was made ready with another's list, which left us the right to fill.
                bucket.end_filling();
            }
            return;
        }
    }

    /// A bucket that is still to be made ready in this split; none if it is ready, or the split over.
    fn child_of<'t>(
        parent: &Place<'_, S>,
        bucket: &'t Bucket<S>,
        index: usize,
    ) -> Option<Place<'t, S>> {
        let header = bucket.header();
        // After the child's: if the parent has not changed, the child is not that of a later split, and does
        // not leave this header but by this one (H8).
        let child = Place {
            bucket,
            index,
            header,
        };
        let uninit = header.state() == State::Uninit;
        (uninit && parent.bucket.still(parent.header)).then_some(child)
    }

    /// Proposes a list for a bucket to be made ready with, unless another is proposed, and brings into force
    /// what is. Whether that is this thread's own.
    fn prepare_by_list(
        &self,
        section: &Section<'_>,
        parent: &Place<'_, S>,
        child: &Place<'_, S>,
        items: &[(S::Item, u64)],
        set: u32,
    ) -> bool {
        let items: SmallVec<[_; MOST_SLOTS]> = items.iter().map(|&(item, _)| item).collect();
        loop {
            let Some(linked) = Self::read_link(child) else {
                return false;
            };
            if linked.pending {
                self.commit(child.bucket, linked.link);
                return false;
            }
            let turn = Turn::new(State::Ready, parent.header.depth() + 1);
            let proposal = Proposal {
                set,
                turn: Some(turn),
                ..Proposal::new(linked.in_force, child.header.version())
            };
            let made = block::make(&self.pool, section, &proposal, &items);
            if let Some(link) = self.publish(child, linked.link, made) {
                return self.commit(child.bucket, link)
                    || Self::fate(child.bucket, made) == Fate::Committed;
            }
        }
    }

    /// Fills an empty bucket's slots, not more than it has: each entry goes where it is looked for first,
    /// as far as there is room. One bit for each filled slot.
    #[inline]
    fn fill(child: &Bucket<S>, entries: &[(S::Item, u64)]) -> u32 {
        let mut tags = [0; TAG_BYTES];
        let mut put = |slot: u32, &(item, hash): &(S::Item, u64)| {
            tags[slot as usize] = tag_of(hash);
            if slot < S::COUNT {
                child.slots.store(slot, item);
                return;
            }
            let stored = child.store_untagged(slot, item);
            debug_assert!(
                stored,
                "B6: who needs an extension has seen to it that there is one"
            );
        };
        let all = low_bits(S::COUNT + S::MORE) as u32;
        // Of the entries, those that find no place near are put last.
        let (mut free, mut left) = (all, 0u32);
        for (at, entry) in entries.iter().enumerate() {
            match free & S::near(entry.1) {
                0 => left |= 1 << at,
                near => {
                    put(near.trailing_zeros(), entry);
                    free &= !(near & near.wrapping_neg());
                }
            }
        }
        while left != 0 {
            put(
                free.trailing_zeros(),
                &entries[left.trailing_zeros() as usize],
            );
            free &= free - 1;
            left &= left - 1;
        }
        child.slots.set_tags(&tags);
        all & !free
    }

    /// Opens the parent again, without what has moved.
    fn finish(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        mut linked: Linked<S::Item>,
        parted: &Parted<S::Item>,
        rehash: &impl Rehash<S::Item>,
    ) {
        let Place { bucket, header, .. } = *place;
        let listed = !linked.in_force.is_null();
        while listed && !linked.pending {
            // The list without what moves. While the bucket is being split, none but this is for it.
            let proposal = Proposal::new(linked.in_force, header.version());
            let made = block::make(&self.pool, section, &proposal, &parted.staying);
            if self.publish(place, linked.link, made).is_some() {
                break;
            }
            match Self::read_link(place) {
                Some(now) => linked = now,
                None => return,
            }
        }
        let mut now = header;
        while now.agrees(header) {
            let mut next = now.without_valid(parted.slots).bumped();
            next = next.with_state(State::Open).with_depth(header.depth() + 1);
            if listed {
                next = next.flipped();
            }
            if bucket.change(now, next) {
                if listed {
                    let link = bucket.link();
                    self.after_split(bucket, link, linked.in_force);
                    self.pull_up(section, bucket, rehash);
                }
                return;
            }
            now = bucket.header();
        }
    }

    /// Retires the list that a split has replaced by another.
    fn after_split(&self, bucket: &Bucket<S>, link: Link<S::Item>, replaced: Link<S::Item>) {
        // SAFETY: all of it has been replaced, by this thread's change of the header.
        unsafe { block::retire_list(&self.pool, replaced) };
        self.clear_away(bucket, link);
    }
}
