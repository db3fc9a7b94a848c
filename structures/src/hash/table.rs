//! The table: changes of one entry. Invariants and linearization points are in the
//! [module's documentation](super).

use core::hint::select_unpredictable;

use super::bucket::{Bucket, Probe, Rehash, Slots, choose};
use super::extensions::Extensions;
use super::geometry::{Geometry, Sizes};
use super::header::{Header, State};
use super::lists::Change;
use super::look::{At, Glance, Seen};
use super::reclaim::{Pool, Section};
use super::segments::Segments;
use crate::count::Count;

/// A linear hash table of items that somebody else hashes and compares.
pub(super) struct Table<S: Slots> {
    pub(super) segments: Segments<Bucket<S>, Extensions<S>>,
    pub(super) pool: Pool<S::Item>,
    pub(super) count: Count,
    /// How many buckets there should be: each has its memory, and is split from its parent by now or soon.
    pub(super) size: Sizes,
    /// What lookups go by.
    pub(super) geometry: Geometry,
}

/// Where the entries of a hash are.
pub(super) struct Place<'t, S: Slots> {
    pub(super) bucket: &'t Bucket<S>,
    pub(super) index: usize,
    pub(super) header: Header,
}

/// What shall become of an entry.
#[derive(Clone, Copy, PartialEq)]
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

impl<S: Slots> Table<S> {
    pub(super) fn new(pool: Pool<S::Item>) -> Self {
        Table {
            segments: Segments::new(),
            pool,
            count: Count::new(),
            size: Sizes::new(),
            geometry: Geometry::new(),
        }
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
            let Some(seen) = self.scan(section, &place, hash, probe) else {
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
        let idle = matches!(header.state(), State::Open | State::Uninit) && inside;
        // While this thread fills, no other makes a slot valid, or takes the extension away.
        if more.is_null() || !idle || !bucket.begin_filling(header) {
            return;
        }
        if bucket.curtail(more) {
            // SAFETY: the exchange took it out of the bucket, once, where `extend` had put it; by the
            // bucket's header none of its slots is valid.
            unsafe { self.segments.annex().give(more.extension()) };
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

    /// How many entries the table is made for.
    pub(super) fn capacity(&self) -> usize {
        self.size.get().buckets() * S::LOAD / 8
    }

    /// About how many bits of its hashes a bucket's entries have in common.
    #[inline]
    pub(super) fn depth(&self) -> u32 {
        self.geometry.buckets().checked_ilog2().unwrap_or(0)
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

/// The bucket that another is split from.
#[inline]
pub(super) fn parent(index: usize) -> usize {
    debug_assert!(index != 0, "B4: bucket 0 is always initialized");
    index ^ 1 << (usize::BITS - 1 - index.leading_zeros())
}
