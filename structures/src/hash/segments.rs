//! The buckets' memory: an array in segments that never move, behind a directory that is replaced as it
//! grows.

use core::alloc::Layout;
use core::ptr;

use smr_core::primitive::{AtomicPtr, Ordering};

use super::bucket::{Bucket, Slots};

/// Where segments become larger, and by how much: so that the newest is a small part of all, and the
/// directory stays in the cache. Below 8 there are segments of 1, 1, 2 and 4 buckets, then of 8.
const MIDDLE: usize = 256;
const MIDDLE_LEN: usize = 32;
const LARGE: usize = 4096;
const LARGE_LEN: usize = 256;
/// How many segments come before these.
const BEFORE_MIDDLE: usize = 3 + MIDDLE / 8;
const BEFORE_LARGE: usize = BEFORE_MIDDLE + (LARGE - MIDDLE) / MIDDLE_LEN;

/// As many buckets as there can be: more would not fit into any memory.
pub(super) const MOST_BUCKETS: usize = 1 << if usize::BITS < 64 { 24 } else { 40 };

/// The segment of a bucket, and its place there.
#[inline]
fn place(index: usize) -> (usize, usize) {
    if index >= LARGE {
        let segment = BEFORE_LARGE - LARGE / LARGE_LEN + index / LARGE_LEN;
        (segment, index % LARGE_LEN)
    } else {
        small_place(index)
    }
}

#[cold]
fn small_place(index: usize) -> (usize, usize) {
    if index >= MIDDLE {
        let segment = BEFORE_MIDDLE - MIDDLE / MIDDLE_LEN + index / MIDDLE_LEN;
        (segment, index % MIDDLE_LEN)
    } else if index >= 8 {
        (3 + index / 8, index % 8)
    } else {
        let log = usize::BITS - index.leading_zeros();
        (log as usize, index - (1 << log >> 1))
    }
}

/// How many buckets a segment has.
fn len(segment: usize) -> usize {
    match segment {
        0 => 1,
        1..=3 => 1 << (segment - 1),
        _ if segment < BEFORE_MIDDLE => 8,
        _ if segment < BEFORE_LARGE => MIDDLE_LEN,
        _ => LARGE_LEN,
    }
}

/// The capacity of the directory after one with so many entries.
fn next_capacity(entries: usize) -> usize {
    match entries {
        0 => 4,
        4 => 19,
        _ => entries * 2,
    }
}

/// A directory: pointers to segments. Complete before the next is made, which starts as a copy.
struct Directory<S: Slots> {
    segments: Box<[AtomicPtr<Bucket<S>>]>,
    /// The one before, for the end: there are few, and readers may be in them.
    older: *mut Directory<S>,
}

/// Buckets by index.
pub(super) struct Segments<S: Slots> {
    directory: AtomicPtr<Directory<S>>,
}

/// There is no memory for a segment.
#[derive(Debug)]
pub(super) struct NoMemory;

impl<S: Slots> Segments<S> {
    pub(super) fn new() -> Self {
        Segments {
            directory: AtomicPtr::new(ptr::null_mut()),
        }
    }

    fn directory(&self) -> Option<&Directory<S>> {
        // SAFETY: null, or a directory that lives as long as `self`.
        unsafe { self.directory.load(Ordering::Acquire).as_ref() }
    }

    /// A bucket below the number for which [`provide`](Self::provide) has been called.
    #[inline]
    pub(super) fn bucket(&self, index: usize) -> &Bucket<S> {
        let (segment, at) = place(index);
        let directory = self.directory.load(Ordering::Acquire);
        debug_assert!(!directory.is_null(), "no bucket has been provided");
        // SAFETY: it was provided, so there is a directory.
        let segments = unsafe { &(*directory).segments };
        debug_assert!(
            segment < segments.len(),
            "bucket {index} has not been provided"
        );
        // SAFETY: as above; directories only grow.
        let first = unsafe { segments.get_unchecked(segment) }.load(Ordering::Acquire);
        debug_assert!(!first.is_null(), "bucket {index} has not been provided");
        // SAFETY: `at` is less than the segment's length.
        let bucket = unsafe { first.add(at) };
        // SAFETY: as above; segments live as long as `self`.
        unsafe { &*bucket }
    }

    /// Asks the cache for a bucket that has been provided, to read.
    #[inline]
    pub(super) fn prefetch(&self, index: usize) {
        self.lines(index).for_each(super::prefetch);
    }

    /// Asks the cache for a bucket that has been provided, to write: what a change touches is spread
    /// over its lines, and a compare-and-swap waits for all that came before.
    #[inline]
    pub(super) fn prefetch_to_write(&self, index: usize) {
        self.lines(index).for_each(super::prefetch_to_write);
    }

    #[inline]
    fn lines(&self, index: usize) -> impl Iterator<Item = *const u8> {
        let bucket: *const Bucket<S> = self.bucket(index);
        let lines = (0..size_of::<Bucket<S>>()).step_by(64);
        lines.map(move |at| bucket.cast::<u8>().wrapping_add(at))
    }

    /// Sees to it that the bucket is there, and all below it. `first` is for those of a new first
    /// segment. Lock-free.
    pub(super) fn provide(&self, index: usize, first: impl Fn(&Bucket<S>)) -> Result<(), NoMemory> {
        let (needed, _) = place(index);
        loop {
            let directory = self.directory();
            let entries = directory.map_or(&[][..], |d| &d.segments);
            let Some(entry) = entries.get(needed) else {
                // The next directory copies this one, which must not change any more.
                for (segment, entry) in entries.iter().enumerate() {
                    Self::provide_segment(entry, segment, &first)?;
                }
                self.enlarge(directory)?;
                continue;
            };
            if entry.load(Ordering::Acquire).is_null() {
                // Those below first: whoever finds this one relies on them.
                let there = |entry: &AtomicPtr<Bucket<S>>| !entry.load(Ordering::Acquire).is_null();
                let missing = entries[..needed]
                    .iter()
                    .rposition(there)
                    .map_or(0, |at| at + 1);
                for (segment, entry) in entries.iter().enumerate().take(needed + 1).skip(missing) {
                    Self::provide_segment(entry, segment, &first)?;
                }
            }
            return Ok(());
        }
    }

    fn provide_segment(
        entry: &AtomicPtr<Bucket<S>>,
        segment: usize,
        first: &impl Fn(&Bucket<S>),
    ) -> Result<(), NoMemory> {
        if !entry.load(Ordering::Acquire).is_null() {
            return Ok(());
        }
        let made = memory::alloc::<S>(len(segment)).ok_or(NoMemory)?;
        if segment == 0 {
            // SAFETY: fresh, with at least one bucket.
            first(unsafe { &*made });
        }
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let null = ptr::null_mut();
        if entry
            .compare_exchange(null, made, order.0, order.1)
            .is_err()
        {
            // SAFETY: made here, and not published.
            unsafe { memory::free(made, len(segment)) };
        }
        Ok(())
    }

    fn enlarge(&self, older: Option<&Directory<S>>) -> Result<(), NoMemory> {
        let entries = older.map_or(&[][..], |d| &d.segments);
        let capacity = next_capacity(entries.len());
        let mut segments = Vec::new();
        segments.try_reserve_exact(capacity).map_err(|_| NoMemory)?;
        segments.extend(
            entries
                .iter()
                .map(|e| AtomicPtr::new(e.load(Ordering::Acquire))),
        );
        segments.resize_with(capacity, || AtomicPtr::new(ptr::null_mut()));
        let older = older.map_or(ptr::null_mut(), |d| ptr::from_ref(d).cast_mut());
        let segments = segments.into_boxed_slice();
        let made = Box::into_raw(Box::new(Directory { segments, older }));
        let order = (Ordering::AcqRel, Ordering::Acquire);
        if self
            .directory
            .compare_exchange(older, made, order.0, order.1)
            .is_err()
        {
            // SAFETY: made here, and not published.
            drop(unsafe { Box::from_raw(made) });
        }
        Ok(())
    }

    /// Every bucket that is there, exclusively borrowed.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &Bucket<S>> {
        let entries = self.directory().map_or(&[][..], |d| &d.segments);
        entries.iter().enumerate().flat_map(|(segment, entry)| {
            let first = entry.load(Ordering::Acquire);
            let count = if first.is_null() { 0 } else { len(segment) };
            let buckets = core::ptr::slice_from_raw_parts(first, count);
            let none: &[Bucket<S>] = &[];
            // SAFETY: so many are there.
            let buckets = unsafe { buckets.as_ref() }.unwrap_or(none);
            buckets.iter()
        })
    }
}

impl<S: Slots> Drop for Segments<S> {
    fn drop(&mut self) {
        let newest = self.directory.load(Ordering::Acquire);
        // SAFETY: null, or ours.
        if let Some(directory) = unsafe { newest.as_ref() } {
            for (segment, entry) in directory.segments.iter().enumerate() {
                let first = entry.load(Ordering::Acquire);
                if !first.is_null() {
                    // SAFETY: of `alloc`, with this length; nobody has it any more.
                    unsafe { memory::free(first, len(segment)) };
                }
            }
        }
        let mut at = newest;
        while !at.is_null() {
            // SAFETY: of `enlarge`, once.
            let directory = unsafe { Box::from_raw(at) };
            at = directory.older;
        }
    }
}

#[cfg(not(smr_loom))]
mod memory {
    use super::{Bucket, Layout, Slots};
    use core::ptr;
    use std::alloc::{alloc_zeroed, dealloc};

    const ALIGN: usize = 128;
    /// From here on memory is asked for with an alignment that lets the allocator map zeroed pages
    /// rather than clear them, and aligned here.
    const LARGE: usize = 1 << 14;

    fn layout<S: Slots>(count: usize) -> Option<Layout> {
        let buckets = Layout::array::<Bucket<S>>(count).ok()?;
        if buckets.size() < LARGE {
            return Some(buckets);
        }
        Layout::from_size_align(buckets.size().checked_add(ALIGN)?, 16).ok()
    }

    /// Zeroed buckets; none if there is no memory.
    pub(super) fn alloc<S: Slots>(count: usize) -> Option<*mut Bucket<S>> {
        let layout = layout::<S>(count)?;
        // SAFETY: the size is not 0.
        let at = unsafe { alloc_zeroed(layout) };
        if at.is_null() {
            return None;
        }
        if layout.align() >= ALIGN {
            return Some(at.cast());
        }
        // At least 16 bytes, where the way back is noted.
        let first = at.wrapping_add(ALIGN - at.addr() % ALIGN);
        let note = first.cast::<*mut u8>().wrapping_sub(1);
        // SAFETY: within the allocation, before the buckets, aligned to 8.
        unsafe { note.write(at) };
        Some(first.cast())
    }

    /// # Safety
    /// Of `alloc`, with this count, once.
    pub(super) unsafe fn free<S: Slots>(first: *mut Bucket<S>, count: usize) {
        let layout = layout::<S>(count).expect("it was a layout before");
        let mut at: *mut u8 = first.cast();
        if layout.align() < ALIGN {
            let note = first.cast::<*mut u8>().wrapping_sub(1);
            // SAFETY: written by `alloc`.
            at = unsafe { ptr::read(note) };
        }
        // SAFETY: of this layout; buckets have no destructor.
        unsafe { dealloc(at, layout) };
    }
}

#[cfg(smr_loom)]
mod memory {
    use super::{Bucket, Slots};

    pub(super) fn alloc<S: Slots>(count: usize) -> Option<*mut Bucket<S>> {
        let buckets: Box<[Bucket<S>]> = (0..count).map(|_| Bucket::new()).collect();
        Some(Box::into_raw(buckets).cast())
    }

    /// # Safety
    /// Of `alloc`, with this count, once.
    pub(super) unsafe fn free<S: Slots>(first: *mut Bucket<S>, count: usize) {
        let buckets = core::ptr::slice_from_raw_parts_mut(first, count);
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(buckets) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_follow_one_another() {
        let (mut segment, mut at) = (0, 0);
        for index in 0..5_000_000 {
            assert_eq!(place(index), (segment, at), "bucket {index}");
            at += 1;
            if at == len(segment) {
                (segment, at) = (segment + 1, 0);
            }
        }
    }
}
