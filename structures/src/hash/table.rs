//! The table: lookups and changes of one entry. Invariants and linearization points are in the
//! [module's documentation](super).

use core::hint::select_unpredictable;

use smallvec::SmallVec;
use smr_core::primitive::{AtomicUsize, Ordering};

use super::block::{self, Block, Fate, ITEMS, Link, Proposal};
use super::bucket::{Bucket, Probe, Rehash, Slots, choose, low_bits, tag_of};
use super::count::Count;
use super::extensions::Extensions;
use super::header::{Header, State};
use super::reclaim::{Pool, Section};
use super::segments::Segments;

/// A linear hash table of items that somebody else hashes and compares.
pub(super) struct Table<S: Slots> {
    pub(super) segments: Segments<Bucket<S>, Extensions<S>>,
    pub(super) pool: Pool<S::Item>,
    pub(super) count: Count,
    /// Buckets that exist: each has its memory, and is split from its parent by now or soon.
    pub(super) buckets: AtomicUsize,
    /// What lookups go by.
    pub(super) geometry: Geometry,
}

/// Where the entries of a hash are.
pub(super) struct Place<'t, S: Slots> {
    pub(super) bucket: &'t Bucket<S>,
    pub(super) index: usize,
    pub(super) header: Header,
}

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

/// What shall become of an entry.
#[derive(Clone, Copy)]
pub(super) enum Decision<I> {
    Keep,
    Put(I),
    Remove,
}

/// What was there, and what shall become of it.
pub(super) type Decided<I> = (Option<I>, Decision<I>);

/// What `decide` says; asked again only when the item, not only its bucket, has changed meanwhile. `last`
/// is what it has said before.
pub(super) fn stable<I: Copy + PartialEq>(
    mut decide: impl FnMut(Option<I>) -> Decision<I>,
    mut last: Option<Decided<I>>,
) -> impl FnMut(Option<I>) -> Decision<I> {
    move |old| {
        let decision = match last {
            Some((seen, decision)) if seen == old => decision,
            _ => decide(old),
        };
        last = Some((old, decision));
        decision
    }
}

/// Whether a step was done, or the bucket has changed and everything must be looked at again.
#[derive(PartialEq, Eq)]
pub(super) enum Step {
    Done,
    Again,
}

/// What a look at a bucket tells: an item, or that there is none.
pub(super) struct Glance<'t, S: Slots> {
    bucket: &'t Bucket<S>,
    header: Header,
    pub(super) found: Option<S::Item>,
    /// The bit of its slot.
    slots: u32,
}

/// How many buckets there are, as far as lookups know: not more than there are, and not often written.
pub(super) struct Geometry {
    /// The bits of a hash that choose among the buckets and those that come next: 2^k - 1, with 2^k more
    /// than there are, and not more than twice as much. Written after the number, and read before it, so
    /// that the half of it is always less than the number.
    mask: AtomicUsize,
    /// 0 if there are none.
    buckets: AtomicUsize,
}

impl Geometry {
    fn new() -> Geometry {
        Geometry {
            mask: AtomicUsize::new(0),
            buckets: AtomicUsize::new(0),
        }
    }

    /// Notes that there are so many. SeqCst for the first: pairs with the lookup that finds none, which
    /// linearizes there. Release: pairs with the lookups; the buckets are there.
    pub(super) fn raise(&self, buckets: usize) {
        let order = match buckets {
            1 => Ordering::SeqCst,
            _ => Ordering::Release,
        };
        self.buckets.fetch_max(buckets, order);
        let mask = (2 << buckets.ilog2()) - 1;
        self.mask.fetch_max(mask, Ordering::Release);
    }

    /// How many there are.
    pub(super) fn buckets(&self) -> usize {
        self.buckets.load(Ordering::Acquire)
    }

    /// The bucket that a hash belongs to; none if there seem to be no buckets.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> Option<usize> {
        // Acquire, both: pair with `raise`.
        let mask = self.mask.load(Ordering::Acquire);
        let buckets = self.buckets.load(Ordering::Acquire);
        let index = hash as usize & mask;
        let among_fewer = index & (mask >> 1);
        let index = if index < buckets { index } else { among_fewer };
        (buckets != 0).then_some(index)
    }

    /// SeqCst: what is not found because there are no buckets has a place in the order of all changes,
    /// like what is not found in one.
    #[cold]
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.load(Ordering::SeqCst) == 0
    }
}

impl<S: Slots> Table<S> {
    pub(super) fn new(pool: Pool<S::Item>) -> Self {
        Table {
            segments: Segments::new(),
            pool,
            count: Count::new(),
            buckets: AtomicUsize::new(0),
            geometry: Geometry::new(),
        }
    }

    /// Finds an item if nothing is unusual: no list, no split, no bucket that is not where it seems to
    /// be. None if it cannot tell.
    ///
    /// Looks into nothing that is reclaimed before the table is. Without a section only for items that do not
    /// [refer](Slots::REFER).
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
        while candidates != 0 {
            let slot = candidates.trailing_zeros();
            let item = bucket.load(slot)?;
            if S::REFER && !bucket.still(header) {
                return None;
            }
            // SAFETY: valid, so it was stored; and it holds all that is looked at, or the header has been
            // found the same since, and there is a section.
            if unsafe { probe.is(item) } {
                // An entry is in one bucket only, so this is the right one.
                return (S::REFER || bucket.still(header)).then_some(Glance {
                    bucket,
                    header,
                    found: Some(item),
                    slots: 1 << slot,
                });
            }
            candidates &= candidates - 1;
        }
        let link = bucket.link();
        let here = (hash ^ index as u64).trailing_zeros() >= header.depth();
        let empty = link.is_null() && link.tag() == header.parity();
        let init = header.state() != State::Uninit;
        let sure = here && empty && init && bucket.still(header);
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
    fn locate_from(&self, guess: usize, hash: u64) -> Place<'_, S> {
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
                State::Open | State::Split | State::Ready => {
                    // The lowest bit on which hash and index differ: where they parted ways.
                    let apart = (hash ^ index as u64).trailing_zeros();
                    if apart < depth {
                        index = (hash & low_bits(apart + 1)) as usize;
                        continue;
                    }
                }
            }
            return Place {
                bucket,
                index,
                header,
            };
        }
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
            if let Some(seen) = Self::scan(section, &place, hash, probe) {
                return seen.found.map(|(item, _)| item);
            }
        }
    }

    /// Reads a bucket; none if it has changed meanwhile.
    pub(super) fn scan(
        _section: &Section<'_>,
        place: &Place<'_, S>,
        hash: u64,
        probe: &impl Probe<S::Item>,
    ) -> Option<Seen<S::Item>> {
        let Place { bucket, header, .. } = *place;
        let mut found = None;
        let mut candidates = bucket.slots.all_tagged(tag_of(hash)) & header.valid();
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

    /// [`write`](Self::write) where nothing is unusual, and no other thread at the bucket. Else it has
    /// done nothing, and answers what was decided. Sections as for [`glance`](Self::glance); `tidy` is
    /// for a bucket that has become empty enough for [`curtail`](Self::curtail).
    #[inline(always)]
    pub(super) fn write_at_once(
        &self,
        section: Option<&Section<'_>>,
        hash: u64,
        probe: &impl Probe<S::Item>,
        mut decide: impl FnMut(Option<S::Item>) -> Decision<S::Item>,
        tidy: impl FnOnce(&Bucket<S>),
    ) -> Result<Option<S::Item>, Option<Decided<S::Item>>> {
        let Glance {
            bucket,
            header,
            found,
            slots,
        } = self.glance(section, hash, probe).ok_or(None)?;
        let decision = decide(found);
        let again = Err(Some((found, decision)));
        match decision {
            Decision::Keep => return Ok(found),
            // Frozen.
            _ if header.state() != State::Open => return again,
            Decision::Remove => {
                if found.is_none() {
                    return Ok(None);
                }
                let next = header.without_valid(slots).bumped();
                if !bucket.change(header, next) {
                    return again;
                }
                self.count.add(-1);
                if Self::has_idle_extension(bucket, next) {
                    tidy(bucket);
                }
            }
            Decision::Put(new) => {
                let free = Self::free_slots(bucket, header, found.is_some());
                if free == 0 || !bucket.begin_filling(header) {
                    return again;
                }
                let slot = choose::<S>(free, hash);
                let stored = bucket.store(slot, new, hash);
                let next = header.without_valid(slots).with_valid(1 << slot);
                if !stored || !bucket.change(header.with_filling(), next.bumped()) {
                    bucket.end_filling();
                    return again;
                }
                if found.is_none() {
                    self.count.add(1);
                }
            }
        }
        Ok(found)
    }

    /// Finds an item and does with it what `decide` says, in one atomic step; it is asked again when the
    /// bucket has changed meanwhile, see [`stable`]. Lock-free.
    ///
    /// Answers what was there. Nothing is held while the caller's code runs, so that may panic, and
    /// change other items.
    pub(super) fn write(
        &self,
        section: &Section<'_>,
        hash: u64,
        probe: &impl Probe<S::Item>,
        rehash: &impl Rehash<S::Item>,
        mut decide: impl FnMut(Option<S::Item>) -> Decision<S::Item>,
    ) -> Option<S::Item> {
        loop {
            let Some(guess) = self.geometry.guess(hash) else {
                if !self.geometry.is_empty() {
                    continue;
                }
                if let Decision::Keep | Decision::Remove = decide(None) {
                    return None;
                }
                self.begin();
                continue;
            };
            let place = self.locate_from(guess, hash);
            if place.header.state() != State::Open {
                self.help(section, place.index, rehash);
                continue;
            }
            let Some(seen) = Self::scan(section, &place, hash, probe) else {
                continue;
            };
            let old = seen.found.map(|(item, _)| item);
            let at = seen.found.map(|(_, at)| at);
            match decide(old) {
                Decision::Keep => return old,
                Decision::Remove => {
                    let step = match at {
                        None => return None,
                        Some(At::Slot(slot)) => Self::clear(&place, slot),
                        Some(At::Block(n, i)) => {
                            self.replace_in_list(section, &place, &seen, (n, i), None)
                        }
                    };
                    if step == Step::Done {
                        self.count.add(-1);
                        self.curtail(section, place.bucket);
                        return old;
                    }
                }
                Decision::Put(new) => {
                    let slot = self.room(section, &place, at, hash, rehash);
                    let step = match slot {
                        Room::Slot(slot) => {
                            self.put_in_slot(section, &place, &seen, slot, (new, hash))
                        }
                        Room::None => self.put_in_list(section, &place, &seen, new),
                        Room::Again => Step::Again,
                    };
                    if step == Step::Done {
                        if old.is_none() {
                            self.count.add(1);
                            if slot == Room::None {
                                self.relieve(section, hash, rehash);
                            }
                        }
                        return old;
                    }
                }
            }
        }
    }

    /// Where there is room for an entry that is to be stored.
    fn room(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        now: Option<At>,
        hash: u64,
        rehash: &impl Rehash<S::Item>,
    ) -> Room {
        let Place { bucket, header, .. } = *place;
        if header.filling() {
            return Room::None;
        }
        let free = Self::free_slots(bucket, header, matches!(now, Some(At::Slot(_))));
        if free != 0 {
            return Room::Slot(choose::<S>(free, hash));
        }
        if !bucket.more().is_null() {
            return Room::None;
        }
        if self.is_crowded() {
            self.relieve(section, hash, rehash);
        } else {
            self.extend(bucket);
        }
        Room::Again
    }

    /// Sees to it that a bucket has an extension.
    pub(super) fn extend(&self, bucket: &Bucket<S>) {
        if !bucket.more().is_null() {
            return;
        }
        let extensions = self.segments.annex();
        let taken = extensions.take();
        if !bucket.extend(taken) {
            // SAFETY: taken here, and in no bucket since.
            unsafe { extensions.give(taken) };
        }
    }

    /// The slots where there is room. An extension's last is kept for new versions of what is in the others,
    /// which else had to go into the list. Without branches: most of them could not be guessed.
    #[inline]
    fn free_slots(bucket: &Bucket<S>, header: Header, for_new_version: bool) -> u32 {
        let extended = !bucket.more().is_null();
        let slots = S::COUNT + select_unpredictable(extended, S::MORE, 0);
        let free = header.free(slots);
        let last = free & free.wrapping_sub(1) == 0;
        select_unpredictable(last & extended & !for_new_version, 0, free)
    }

    /// So few entries are in a bucket whose extension is of no use.
    const FEW: u32 = S::COUNT.div_ceil(2);

    /// Whether a bucket has an extension that is of no use. It rarely has; so this is one number that is
    /// compared, not several conditions, none of which could be guessed.
    #[inline]
    fn has_idle_extension(bucket: &Bucket<S>, header: Header) -> bool {
        let valid = header.valid();
        let outside = u32::from(valid >> S::COUNT != 0);
        let none = u32::from(bucket.more().is_null());
        valid.count_ones() + 64 * (outside + none) <= Self::FEW
    }

    /// Takes a bucket's extension away, if it is of no use.
    #[cold]
    pub(super) fn curtail(&self, _section: &Section<'_>, bucket: &Bucket<S>) {
        self.curtail_below(bucket, Self::FEW);
    }

    /// The same, if the bucket holds no more than so much, all of it in its own slots.
    pub(super) fn curtail_below(&self, bucket: &Bucket<S>, most: u32) {
        let header = bucket.header();
        let more = bucket.more();
        let valid = header.valid();
        let inside = valid >> S::COUNT == 0 && valid.count_ones() <= most;
        let idle = header.state() == State::Open && inside;
        // While this thread fills, no other makes a slot valid, or takes the extension away.
        if more.is_null() || !idle || !bucket.begin_filling(header) {
            return;
        }
        if bucket.curtail(more) {
            // SAFETY: the exchange took it out of the bucket, once, where `extend` had put it; by the
            // bucket's header none of its slots is valid.
            unsafe { self.segments.annex().give(more) };
        }
        bucket.end_filling();
    }

    /// Takes an entry out of its slot. Linearizes at the change of the header.
    fn clear(place: &Place<'_, S>, slot: u32) -> Step {
        let Place { bucket, header, .. } = *place;
        let mut now = header;
        while now.agrees(header) {
            if bucket.change(now, now.without_valid(1 << slot).bumped()) {
                return Step::Done;
            }
            // Another's `filling` came or went, or an entry did.
            now = bucket.header();
        }
        Step::Again
    }

    /// Puts an entry into a free slot; what was there before loses its own at the same instant.
    fn put_in_slot(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        seen: &Seen<S::Item>,
        slot: u32,
        (new, hash): (S::Item, u64),
    ) -> Step {
        let Place { bucket, header, .. } = *place;
        if !bucket.begin_filling(header) {
            return Step::Again;
        }
        if !bucket.store(slot, new, hash) {
            bucket.end_filling();
            return Step::Again;
        }
        let step = match seen.found {
            Some((_, At::Block(n, i))) => {
                let change = Change {
                    taken: Some((n, i)),
                    added: None,
                    set: 1 << slot,
                    clear: 0,
                };
                self.change_list(section, place, seen, &change)
            }
            found => {
                let old = match found {
                    Some((_, At::Slot(old))) => 1 << old,
                    _ => 0,
                };
                let next = header.without_valid(old).with_valid(1 << slot).bumped();
                // While the right to fill is ours, nothing but a change of content alters the header.
                if bucket.change(header.with_filling(), next) {
                    return Step::Done;
                }
                Step::Again
            }
        };
        if step == Step::Again {
            bucket.end_filling();
        }
        step
    }

    /// Puts an entry into the list, for want of a slot.
    fn put_in_list(
        &self,
        section: &Section<'_>,
        place: &Place<'_, S>,
        seen: &Seen<S::Item>,
        new: S::Item,
    ) -> Step {
        let at = seen.found.map(|(_, at)| at);
        if let Some(At::Block(n, i)) = at {
            return self.replace_in_list(section, place, seen, (n, i), Some(new));
        }
        let change = Change {
            taken: None,
            added: Some(new),
            set: 0,
            clear: match at {
                Some(At::Slot(old)) => 1 << old,
                _ => 0,
            },
        };
        self.change_list(section, place, seen, &change)
    }

    fn replace_in_list(
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
    fn change_list(
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
            let mut next = now.without_valid(proposal.clear);
            if proposal.set != 0 {
                // Its maker's right to fill ends with it.
                next = next.with_valid(proposal.set).without_filling();
            }
            if bucket.change(now, next.bumped().flipped()) {
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

    /// How many entries the table is made for.
    pub(super) fn capacity(&self) -> usize {
        self.buckets.load(Ordering::Relaxed) * S::LOAD / 8
    }

    /// About how many bits of its hashes a bucket's entries have in common.
    #[inline]
    pub(super) fn depth(&self) -> u32 {
        self.geometry.buckets().checked_ilog2().unwrap_or(0)
    }

    /// Asks the cache for what items of a hash refer to, as far as it has their bucket.
    #[inline]
    pub(super) fn prefetch_items(&self, hash: u64, mut prefetch: impl FnMut(S::Item)) {
        let Some(index) = self.geometry.guess(hash) else {
            return;
        };
        let bucket = self.segments.bucket(index);
        let mut candidates = bucket.slots.all_tagged(tag_of(hash)) & bucket.header().valid();
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

    /// Asserts what must hold at rest, for items with these hashes.
    pub(super) fn check(&mut self, hash: impl Fn(S::Item) -> u64) {
        let mut entries = 0;
        for (index, header, item) in self.at_rest() {
            let place = hash(item) & low_bits(header.depth());
            assert_eq!(place, index as u64, "an item is where it belongs");
            entries += 1;
        }
        assert_eq!(self.count.get(), entries, "every item is counted once");
        let buckets = self.buckets.load(Ordering::Acquire);
        assert!(self.geometry.buckets() <= buckets);
        for (index, bucket) in self.segments.all().enumerate() {
            let header = bucket.header();
            let more = header.valid() >> S::COUNT;
            assert!(more == 0 || !bucket.more().is_null(), "{index}: {header:?}");
            assert_eq!(more >> S::MORE, 0, "{index}: {header:?}");
            assert!(!header.filling(), "nobody fills: {index}, {header:?}");
            let at_rest = matches!(header.state(), State::Open | State::Uninit);
            assert!(at_rest, "nobody splits: {index}, {header:?}");
            assert!(header.state() == State::Uninit || index < buckets);
            let link = bucket.link();
            assert!(
                !link.is_null() || link.tag() == header.parity(),
                "B2: {index}"
            );
        }
    }

    /// Gives every item to `f`, and frees every block.
    pub(super) fn drain(&mut self, mut f: impl FnMut(S::Item)) {
        let pool = &self.pool;
        for bucket in self.segments.all() {
            let (mut link, header) = (bucket.link(), bucket.header());
            if link.tag() != header.parity() {
                let proposal = link.block();
                // SAFETY: exclusively borrowed.
                link = unsafe { (*proposal).prev };
                // SAFETY: as above; a proposal that was not committed is dead now.
                unsafe { block::dispose_own(pool, proposal) };
            }
            items_at_rest(bucket, header, link).for_each(&mut f);
            // SAFETY: as above.
            unsafe { block::dispose_all(pool, link) };
            bucket.init(Header(0));
        }
    }

    /// Every item, exclusively borrowed, with the bucket that it is in.
    pub(super) fn at_rest(&mut self) -> impl Iterator<Item = (usize, Header, S::Item)> {
        let buckets = self.segments.all().enumerate();
        buckets.flat_map(|(index, bucket)| {
            let (mut link, header) = (bucket.link(), bucket.header());
            if link.tag() != header.parity() {
                // SAFETY: exclusively borrowed.
                link = unsafe { (*link.block()).prev };
            }
            items_at_rest(bucket, header, link).map(move |item| (index, header, item))
        })
    }
}

/// Where an entry can be put.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Slot(u32),
    /// In no slot.
    None,
    /// There is more by now.
    Again,
}

/// How a list changes.
struct Change<I> {
    taken: Option<(usize, usize)>,
    added: Option<I>,
    set: u32,
    clear: u32,
}

/// The items of a bucket that is exclusively borrowed.
fn items_at_rest<'t, S: Slots>(
    bucket: &'t Bucket<S>,
    header: Header,
    in_force: Link<S::Item>,
) -> impl Iterator<Item = S::Item> + 't {
    // SAFETY: exclusively borrowed.
    let blocks = unsafe { in_force.blocks::<'t>() };
    let listed = blocks.flat_map(|block| block.items().iter().copied());
    // SAFETY: as above.
    let more = unsafe { bucket.more().as_ref() };
    let in_slot = move |slot| match more {
        Some(more) if slot >= S::COUNT => S::load_more(more, slot - S::COUNT),
        _ => bucket.slots.load(slot),
    };
    header.slots().map(in_slot).chain(listed)
}

/// The bucket that another is split from.
#[inline]
pub(super) fn parent(index: usize) -> usize {
    debug_assert!(index != 0, "B4: bucket 0 is always initialized");
    index ^ 1 << (usize::BITS - 1 - index.leading_zeros())
}
