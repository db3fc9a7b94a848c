//! How the table grows: one bucket after the other is split in two, with everybody's help.

use core::mem::MaybeUninit;
use core::ptr;

use smallvec::SmallVec;
use smr_core::primitive::Ordering;

use super::block::{self, Block, Fate, ITEMS, Link, Proposal};
use super::bucket::{Bucket, Rehash, Slots, TAG_BYTES, choose, low_bits, ones, tag_of};
use super::header::{Header, MOST_SLOTS, State};
use super::look::Linked;
use super::reclaim::Section;
use super::segments::{MOST_BUCKETS, NoMemory};
use super::table::{Place, Step, Table, parent};

/// Splits that one insertion does at most: a bounded pause.
const SPLITS: usize = 4;
/// So many slots a bucket has free when it gives its extension up after a split.
const ROOM: u32 = 2;
/// From so many buckets on, the count has stripes.
const LARGE: usize = 256;

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
    /// Makes the first bucket. Lock-free.
    pub(super) fn begin(&self) {
        let provided = self
            .segments
            .provide(0, |bucket| bucket.init(Header::open(0)));
        if provided.is_err() {
            std::alloc::handle_alloc_error(core::alloc::Layout::new::<Bucket<S>>());
        }
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        // Both may have been done, and more.
        let _ = self.buckets.compare_exchange(0, 1, order.0, order.1);
        self.geometry.raise(1);
    }

    /// After an insertion that found no free slot: helps with splits that are late, or grows the table.
    pub(super) fn relieve(&self, section: &Section<'_>, hash: u64, rehash: &impl Rehash<S::Item>) {
        let index = self.geometry.guess(hash);
        let index = index.expect("there is a bucket with an entry");
        self.split_off(section, index, rehash);
        self.grow(section, rehash);
    }

    /// Whether there should be more buckets.
    pub(super) fn is_crowded(&self) -> bool {
        self.count.about() * 8 > self.buckets.load(Ordering::Acquire) * S::LOAD
    }

    /// Splits a few buckets, if the table is too full.
    fn grow(&self, section: &Section<'_>, rehash: &impl Rehash<S::Item>) {
        for _ in 0..SPLITS {
            let buckets = self.buckets.load(Ordering::Acquire);
            if !self.is_crowded() {
                return;
            }
            if self.add_bucket(section, buckets, rehash).is_err() {
                return; // no memory for buckets: the lists take it, while there is some for those
            }
        }
    }

    /// Splits buckets until there are so many.
    pub(super) fn grow_to(
        &self,
        section: &Section<'_>,
        buckets: usize,
        rehash: &impl Rehash<S::Item>,
    ) -> Result<(), NoMemory> {
        loop {
            let now = self.buckets.load(Ordering::Acquire);
            if now >= buckets {
                return Ok(());
            }
            self.add_bucket(section, now, rehash)?;
        }
    }

    /// Makes room for so many entries.
    pub(super) fn reserve(
        &self,
        section: &Section<'_>,
        entries: usize,
        rehash: &impl Rehash<S::Item>,
    ) {
        if entries == 0 {
            return;
        }
        let buckets = entries
            .checked_mul(8)
            .map(|eighths| eighths.div_ceil(S::LOAD));
        let buckets = buckets.filter(|&buckets| buckets <= MOST_BUCKETS);
        let buckets = buckets.expect("capacity overflow");
        self.begin();
        // All the memory before any of it is used: if there is not so much, that shows here.
        let provided = self
            .segments
            .provide(buckets - 1, |bucket| bucket.init(Header::open(0)));
        if provided.is_err() || self.grow_to(section, buckets, rehash).is_err() {
            std::alloc::handle_alloc_error(core::alloc::Layout::new::<Bucket<S>>());
        }
    }

    /// Adds bucket `index` to a table that has as many, unless another thread does.
    fn add_bucket(
        &self,
        section: &Section<'_>,
        index: usize,
        rehash: &impl Rehash<S::Item>,
    ) -> Result<(), NoMemory> {
        if index >= MOST_BUCKETS {
            return Err(NoMemory);
        }
        self.segments
            .provide(index, |bucket| bucket.init(Header::open(0)))?;
        if index >= LARGE {
            self.count.spread();
        }
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        if self
            .buckets
            .compare_exchange(index, index + 1, order.0, order.1)
            .is_ok()
        {
            self.split_off(section, index, rehash);
            // Lookups need not know at once, and the word is in every cache.
            let every = (1 << index.ilog2().saturating_sub(6)).max(1);
            if (index + 1).is_multiple_of(every) {
                self.geometry.raise(index + 1);
            }
        }
        Ok(())
    }

    /// Splits buckets until this one is open.
    pub(super) fn split_off(
        &self,
        section: &Section<'_>,
        index: usize,
        rehash: &impl Rehash<S::Item>,
    ) {
        loop {
            match self.segments.bucket(index).header().state() {
                State::Uninit => {}
                State::Ready => {
                    self.help(section, index, rehash);
                    continue;
                }
                State::Open | State::Split => return,
            }
            let from = parent(index);
            let bucket = self.segments.bucket(from);
            let header = bucket.header();
            match header.state() {
                State::Uninit => self.split_off(section, from, rehash),
                State::Split | State::Ready => self.help(section, from, rehash),
                // By now it is split, and more.
                State::Open if header.depth() > index.ilog2() => {}
                State::Open => {
                    if bucket.change(header, header.with_state(State::Split).bumped()) {
                        self.help(section, from, rehash);
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
        if header.state() == State::Ready {
            let child = bucket;
            index = parent(index);
            bucket = self.segments.bucket(index);
            header = bucket.header();
            if header.state() != State::Split {
                self.set_free(section, child, rehash);
            }
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
        let child = self.segments.bucket(index | 1 << header.depth());
        self.prepare(section, child, header.depth() + 1, &parted.moving);
        // The move linearizes when the parent opens.
        self.finish(section, &place, linked, &parted, rehash);
        self.set_free(section, child, rehash);
        self.move_in(bucket, rehash);
        self.curtail_below(bucket, S::COUNT.saturating_sub(ROOM));
    }

    /// Moves what is in a bucket's extension into the bucket, if there is room for it and more.
    fn move_in(&self, bucket: &Bucket<S>, rehash: &impl Rehash<S::Item>) {
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

    /// Opens a child that is ready, now that its parent has finished the split.
    fn set_free(&self, section: &Section<'_>, child: &Bucket<S>, rehash: &impl Rehash<S::Item>) {
        loop {
            let header = child.header();
            if header.state() != State::Ready {
                return;
            }
            if child.change(header, header.with_state(State::Open).bumped()) {
                self.pull_up(section, child, rehash);
                return;
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
        child: &Bucket<S>,
        depth: u32,
        moving: &[(S::Item, u64)],
    ) {
        let header = child.header();
        if header.state() != State::Uninit {
            return;
        }
        let ready = header.with_state(State::Ready).with_depth(depth).bumped();
        if moving.is_empty() && !header.filling() && child.change(header, ready) {
            return;
        }
        if moving.len() > S::COUNT as usize {
            self.extend(child);
        }
        if !child.begin_filling(header) {
            self.propose_child(section, child, moving, 0);
            Self::prepare_by_list(child, depth);
            return;
        }
        let most = match S::COUNT as usize {
            few if moving.len() <= few => few,
            // While it is not initialized, its extension is not taken away.
            few => few + S::MORE as usize,
        };
        let (in_slots, in_list) = moving.split_at(moving.len().min(most));
        let filled = Self::fill(child, in_slots);
        if in_list.is_empty() {
            if child.change(header.with_filling(), ready.with_valid(filled)) {
                return;
            }
        } else {
            let ours = self.propose_child(section, child, in_list, filled);
            Self::prepare_by_list(child, depth);
            // If it came too late, another list may have been used up and taken out before.
            if ours.is_some_and(|made| Self::fate(child, made) == Fate::Committed) {
                return;
            }
        }
        // It was made ready with another's list, which left us the right to fill.
        child.end_filling();
    }

    /// Fills an empty bucket's slots, not more than it has: each entry goes where it is looked for first,
    /// as far as there is room. One bit for each filled slot.
    #[inline]
    fn fill(child: &Bucket<S>, entries: &[(S::Item, u64)]) -> u32 {
        let more = child.more();
        let mut tags = [0; TAG_BYTES];
        let mut put = |slot: u32, &(item, hash): &(S::Item, u64)| {
            tags[slot as usize] = tag_of(hash);
            if slot < S::COUNT {
                child.slots.store(slot, item);
                return;
            }
            // SAFETY: an extension lives as long as the table; while this thread fills it is not taken away.
            let stored = unsafe { child.slots.store_any(more, slot, item) };
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

    /// Puts a list for a bucket that is not initialized into its link, if that is empty. In force it comes
    /// only if the bucket is made ready with it.
    fn propose_child(
        &self,
        section: &Section<'_>,
        child: &Bucket<S>,
        items: &[(S::Item, u64)],
        set: u32,
    ) -> Option<*mut Block<S::Item>> {
        if child.header().state() != State::Uninit {
            return None; // for later it would lie in the way
        }
        let items: SmallVec<[_; MOST_SLOTS]> = items.iter().map(|&(item, _)| item).collect();
        let null = Link::new(ptr::null_mut(), 0);
        let proposal = Proposal {
            set,
            ..Proposal::new(null, 0)
        };
        let made = block::make(&self.pool, section, &proposal, &items);
        let first = child.relink(null, Link::new(made, 1));
        if !first {
            // SAFETY: not published.
            unsafe { block::dispose_own(&self.pool, made) };
        }
        first.then_some(made)
    }

    /// Makes a bucket ready with the list in its link, if it is not yet.
    fn prepare_by_list(child: &Bucket<S>, depth: u32) {
        let header = child.header();
        if header.state() != State::Uninit {
            return;
        }
        debug_assert!(
            header.filling(),
            "B5: a list is proposed beside a filler only"
        );
        let link = child.link();
        // SAFETY: it was in the link within this section.
        let Some(list) = (unsafe { link.as_ref() }) else {
            return; // it is open, and the list is used up already
        };
        let mut ready = header.with_state(State::Ready).with_depth(depth).flipped();
        if list.set != 0 {
            // The filler's own: the slots are filled.
            ready = ready.with_valid(list.set).without_filling();
        }
        child.change(header, ready.bumped());
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

    /// Moves entries of the list into free slots.
    fn pull_up(&self, section: &Section<'_>, bucket: &Bucket<S>, rehash: &impl Rehash<S::Item>) {
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
}
