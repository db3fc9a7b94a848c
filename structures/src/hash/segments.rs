//! The memory of the buckets, and of their extensions: arrays in segments that never move, each behind a
//! directory that is replaced as it grows.

mod memory;

use core::marker::PhantomData;
use core::ptr;

use smr_core::primitive::{AtomicPtr, Ordering};

pub(super) use self::memory::Memory;
use super::bucket::{Bucket, Slots, Zeroed};

/// Segments grow with the table: each doubling has so many of the same size, as a power of two. So the
/// newest is a small part of all, and the directory stays in the cache; a bucket's segment is the exponent
/// and the first bits of the mantissa of its number, which takes no branch.
const MANTISSA: u32 = 4;
const FIRST: usize = 1 << MANTISSA;

/// The segment of a bucket.
#[inline]
fn segment_of(index: usize) -> usize {
    #[cfg(all(target_arch = "x86_64", not(target_feature = "lzcnt")))]
    {
        // The same by floats, whose bits these are: `bsr` is slow, and `lzcnt` need not be there. Nothing is
        // converted, which would wait for an unrelated register: 2^52 + index has the index in its last bits.
        const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
        const LARGE: u64 = 1 << FRACTION;
        const EXPONENT_OF_FIRST: usize = 1023 + MANTISSA as usize;
        let large = f64::from_bits((LARGE as f64).to_bits() | index as u64);
        let number = large - (LARGE - FIRST as u64) as f64;
        (number.to_bits() >> (FRACTION - MANTISSA)) as usize - (EXPONENT_OF_FIRST << MANTISSA)
    }
    #[cfg(not(all(target_arch = "x86_64", not(target_feature = "lzcnt"))))]
    {
        let number = index + FIRST;
        let exponent = number.ilog2() - MANTISSA;
        ((exponent as usize) << MANTISSA) + (number >> exponent) - FIRST
    }
}

/// How many buckets a segment has.
fn len(segment: usize) -> usize {
    1 << (segment >> MANTISSA)
}

/// A segment's first bucket.
fn first_of(segment: usize) -> usize {
    ((FIRST + segment % FIRST) << (segment >> MANTISSA)) - FIRST
}

/// The capacity of the directory after one with so many entries.
fn next_capacity(entries: usize) -> usize {
    match entries {
        0 => 2,
        _ => entries * 2,
    }
}

/// A directory: pointers to where bucket 0 were if each segment began there, after words of its own:
/// the length, the directory before, and the annex. Complete before the next is made, which starts as a
/// copy. One array, so that a bucket is found by two loads.
struct Directory<T>(*mut AtomicPtr<T>);

impl<T> Clone for Directory<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Directory<T> {}

impl<T> Directory<T> {
    /// Words before the pointers.
    const HEAD: usize = 3;

    /// A copy, if there is one before, with room for more.
    fn larger(older: Directory<T>, annex: *mut T) -> Result<Directory<T>, NoMemory> {
        // SAFETY: null or a directory, as all that are passed around.
        let entries = unsafe { older.entries() };
        let len = next_capacity(entries.len());
        let mut words = Vec::new();
        let reserved = words.try_reserve_exact(Self::HEAD + len);
        reserved.map_err(|_| NoMemory)?;
        words.push(AtomicPtr::new(ptr::without_provenance_mut(len)));
        words.push(AtomicPtr::new(older.0.cast()));
        words.push(AtomicPtr::new(annex));
        let copies = entries.iter().map(|e| e.load(Ordering::Acquire));
        words.extend(copies.map(AtomicPtr::new));
        words.resize_with(Self::HEAD + len, || AtomicPtr::new(ptr::null_mut()));
        let words = Box::into_raw(words.into_boxed_slice());
        Ok(Directory(words.cast()))
    }

    /// # Safety
    /// Null, or of [`larger`](Self::larger) and not freed yet.
    unsafe fn len(self) -> usize {
        // SAFETY: the caller's contract.
        let head = unsafe { self.0.as_ref() };
        head.map_or(0, |len| len.load(Ordering::Relaxed).addr())
    }

    /// # Safety
    /// Null, or of [`larger`](Self::larger) and not freed during `'d`.
    unsafe fn entries<'d>(self) -> &'d [AtomicPtr<T>] {
        // SAFETY: the caller's contract.
        let len = unsafe { self.len() };
        let first = match len {
            0 => ptr::NonNull::dangling().as_ptr(),
            _ => self.entry(0),
        };
        // SAFETY: so many are there, behind the head.
        unsafe { core::slice::from_raw_parts(first, len) }
    }

    #[inline]
    fn entry(self, segment: usize) -> *mut AtomicPtr<T> {
        self.0.wrapping_add(Self::HEAD + segment)
    }

    /// What was passed to [`larger`](Self::larger).
    ///
    /// # Safety
    /// Of `larger`, and not freed yet.
    unsafe fn annex(self) -> *mut T {
        // SAFETY: the caller's contract; a word of the head.
        let word = unsafe { &*self.0.wrapping_add(2) };
        word.load(Ordering::Relaxed)
    }

    /// Frees it, and answers the one before.
    ///
    /// # Safety
    /// Of [`larger`](Self::larger), once; nobody has it any more.
    unsafe fn free(self) -> Directory<T> {
        // SAFETY: the caller's contract.
        let len = Self::HEAD + unsafe { self.len() };
        let words = ptr::slice_from_raw_parts_mut(self.0, len);
        // SAFETY: as it was made.
        let words = unsafe { Box::from_raw(words) };
        Directory(words[1].load(Ordering::Relaxed).cast())
    }
}

/// Buckets by index.
///
/// `A` is something more that is made with the first of them, so that what is empty is small.
pub(super) struct Segments<T: Zeroed, A: Default = ()> {
    directory: AtomicPtr<AtomicPtr<T>>,
    annex: PhantomData<A>,
}

/// There is no memory for a segment.
#[derive(Debug)]
pub(super) struct NoMemory;

impl<T: Zeroed, A: Default> Segments<T, A> {
    pub(super) fn new() -> Self {
        Segments {
            directory: AtomicPtr::new(ptr::null_mut()),
            annex: PhantomData,
        }
    }

    #[inline]
    fn directory(&self) -> Directory<T> {
        Directory(self.directory.load(Ordering::Acquire))
    }

    /// The directory's pointers.
    fn entries(&self) -> &[AtomicPtr<T>] {
        // SAFETY: null, or a directory that lives as long as `self`.
        unsafe { self.directory().entries() }
    }

    /// One below the number for which [`provide`](Self::provide) has been called.
    #[inline]
    pub(super) fn get(&self, index: usize) -> &T {
        let segment = segment_of(index);
        let directory = self.directory();
        debug_assert!(
            segment < self.entries().len(),
            "{index} has not been provided"
        );
        // SAFETY: it was provided, so the directory has it; directories only grow.
        let noted = unsafe { &*directory.entry(segment) }.load(Ordering::Acquire);
        debug_assert!(!noted.is_null(), "{index} has not been provided");
        // SAFETY: a bucket of the segment; segments live as long as `self`.
        unsafe { &*noted.wrapping_add(index) }
    }

    /// Asks the cache for a bucket that has been provided, to read.
    #[inline]
    pub(super) fn prefetch(&self, index: usize) {
        self.lines(index).for_each(super::prefetch);
    }

    #[inline]
    fn lines(&self, index: usize) -> impl Iterator<Item = *const u8> {
        let bucket: *const T = self.get(index);
        let lines = (0..size_of::<T>()).step_by(64);
        lines.map(move |at| bucket.cast::<u8>().wrapping_add(at))
    }

    /// One that need not be there.
    pub(super) fn find(&self, index: usize) -> Option<&T> {
        let noted = self.entries().get(segment_of(index))?;
        let noted = noted.load(Ordering::Acquire);
        // SAFETY: a bucket of the segment, which is not freed before the section has ended in which it was found.
        (!noted.is_null()).then(|| unsafe { &*noted.wrapping_add(index) })
    }

    /// Sees to it that the bucket is there, and all below it. `first` is for those of a new first
    /// segment. Lock-free.
    pub(super) fn provide(&self, index: usize, first: impl Fn(&T)) -> Result<(), NoMemory> {
        let needed = segment_of(index);
        loop {
            let directory = self.directory();
            // SAFETY: null, or a directory that lives as long as `self`.
            let entries = unsafe { directory.entries() };
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
                let there = |entry: &AtomicPtr<T>| !entry.load(Ordering::Acquire).is_null();
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
        entry: &AtomicPtr<T>,
        segment: usize,
        first: &impl Fn(&T),
    ) -> Result<(), NoMemory> {
        if !entry.load(Ordering::Acquire).is_null() {
            return Ok(());
        }
        let made = memory::alloc::<T>(len(segment)).ok_or(NoMemory)?;
        if segment == 0 {
            // SAFETY: fresh, with at least one bucket.
            first(unsafe { &*made });
        }
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let null = ptr::null_mut();
        let noted = made.wrapping_sub(first_of(segment));
        if entry
            .compare_exchange(null, noted, order.0, order.1)
            .is_err()
        {
            let len = len(segment);
            let lost = Segment { first: made, len };
            // SAFETY: made here, and not published.
            unsafe { lost.memory().free() };
        }
        Ok(())
    }

    /// What is made with the first segment, which is there.
    pub(super) fn annex(&self) -> &A {
        let directory = self.directory();
        // SAFETY: there is a first one, and directories live as long as `self`.
        let annex = unsafe { directory.annex() };
        // SAFETY: of `enlarge`, and freed with `self`.
        unsafe { &*annex.cast::<A>() }
    }

    fn enlarge(&self, older: Directory<T>) -> Result<(), NoMemory> {
        let is_first = older.0.is_null();
        let annex = if is_first {
            Box::into_raw(Box::<A>::default()).cast()
        } else {
            // SAFETY: a directory, which lives as long as `self`.
            unsafe { older.annex() }
        };
        let made = Directory::larger(older, annex)?;
        let order = (Ordering::AcqRel, Ordering::Acquire);
        if self
            .directory
            .compare_exchange(older.0, made.0, order.0, order.1)
            .is_err()
        {
            // SAFETY: made here, and not published.
            unsafe { made.free() };
            if is_first {
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(annex.cast::<A>()) });
            }
        }
        Ok(())
    }

    /// The segments that hold no bucket of so many, at least one: their buckets, with their numbers.
    pub(super) fn beyond(
        &self,
        buckets: usize,
    ) -> impl Iterator<Item = impl Iterator<Item = (usize, &T)>> {
        let first = segment_of(buckets - 1) + 1;
        let entries = self.entries().iter().enumerate().skip(first);
        entries.filter_map(|(segment, entry)| {
            let noted = entry.load(Ordering::Acquire);
            let all = first_of(segment)..first_of(segment) + len(segment);
            // SAFETY: buckets of the segment, which is not freed before the section has ended in which it was found.
            (!noted.is_null())
                .then(|| all.map(move |index| (index, unsafe { &*noted.wrapping_add(index) })))
        })
    }

    /// Takes those segments out, as long as `still`: a late thread would take what has come in their place.
    pub(super) fn take_beyond(
        &self,
        buckets: usize,
        still: impl Fn() -> bool,
    ) -> impl Iterator<Item = Segment<T>> {
        let first = segment_of(buckets - 1) + 1;
        let entries = self.entries().iter().enumerate().skip(first);
        entries.filter_map(move |(segment, entry)| {
            let noted = entry.load(Ordering::Acquire);
            let order = (Ordering::SeqCst, Ordering::Relaxed);
            // `still` after the load: what was loaded is not what comes later, whose address is another.
            let taken = !noted.is_null()
                && still()
                && entry
                    .compare_exchange(noted, ptr::null_mut(), order.0, order.1)
                    .is_ok();
            taken.then(|| Segment {
                first: noted.wrapping_add(first_of(segment)),
                len: len(segment),
            })
        })
    }

    /// Every bucket that is there, exclusively borrowed.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &T> {
        self.entries()
            .iter()
            .enumerate()
            .flat_map(|(segment, entry)| {
                let noted = entry.load(Ordering::Acquire);
                let buckets = match noted.is_null() {
                    true => &[],
                    // SAFETY: so many are there.
                    false => unsafe {
                        core::slice::from_raw_parts(
                            noted.wrapping_add(first_of(segment)),
                            len(segment),
                        )
                    },
                };
                buckets.iter()
            })
    }
}

/// A segment that is in no directory any more.
pub(super) struct Segment<T: Zeroed> {
    first: *mut T,
    len: usize,
}

// SAFETY: memory; what is in it has no destructor.
unsafe impl<T: Zeroed> Send for Segment<T> {}

impl<T: Zeroed> Segment<T> {
    pub(super) fn buckets(&self) -> &[T] {
        // SAFETY: so many are there until it is freed.
        unsafe { core::slice::from_raw_parts(self.first, self.len) }
    }

    /// What is to be freed.
    pub(super) fn memory(self) -> Memory {
        // SAFETY: of `alloc`, with this length; freed with this value, if at all.
        unsafe { Memory::of(self.first, self.len) }
    }
}

impl<S: Slots, A: Default> Segments<Bucket<S>, A> {
    /// A bucket that is there.
    #[inline]
    pub(super) fn bucket(&self, index: usize) -> &Bucket<S> {
        self.get(index)
    }
}

impl<T: Zeroed, A: Default> Drop for Segments<T, A> {
    fn drop(&mut self) {
        for (segment, entry) in self.entries().iter().enumerate() {
            let noted = entry.load(Ordering::Acquire);
            if !noted.is_null() {
                let first = noted.wrapping_add(first_of(segment));
                let len = len(segment);
                // SAFETY: nobody has it any more.
                unsafe { Segment { first, len }.memory().free() };
            }
        }
        let mut directory = self.directory();
        if !directory.0.is_null() {
            // SAFETY: one of ours.
            let annex = unsafe { directory.annex() };
            // SAFETY: of `enlarge`, the same in all directories; nobody has it any more.
            drop(unsafe { Box::from_raw(annex.cast::<A>()) });
        }
        while !directory.0.is_null() {
            // SAFETY: ours, from the newest to the oldest.
            directory = unsafe { directory.free() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::MOST_BUCKETS;
    use super::*;

    #[test]
    fn segments_follow_one_another() {
        let (mut segment, mut at) = (0, 0);
        for index in 0..5_000_000 {
            assert_eq!(segment_of(index), segment, "bucket {index}");
            assert_eq!(index - first_of(segment), at, "bucket {index}");
            at += 1;
            if at == len(segment) {
                (segment, at) = (segment + 1, 0);
            }
        }
        for segment in 0..=(MOST_BUCKETS.ilog2() - MANTISSA) as usize * FIRST {
            let (first, last) = (first_of(segment), first_of(segment) + len(segment) - 1);
            assert_eq!((segment_of(first), segment_of(last)), (segment, segment));
        }
    }
}
