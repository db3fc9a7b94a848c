//! An array that grows without moving: chunks of doubling length behind a fixed table of pointers.
//!
//! An element, once made, stays where it is until the array is dropped, so references to it live as
//! long as the array's borrow. Lookups are two loads; growth is lock-free (losers free their chunk).

use core::ptr;

use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::primitive::{AtomicPtr, MODEL};

/// Elements in the first chunk; chunk `k ≥ 1` holds `FIRST << (k - 1)`.
const FIRST: usize = if MODEL { 2 } else { 1 };
/// Chunks that may exist. One pointer more, for ever null, serves [`Place::NOWHERE`].
const CHUNKS: usize = if MODEL { 1 } else { 22 };

/// The number of elements that an array can hold.
pub(crate) const MAX_LEN: usize = FIRST << (CHUNKS - 1);

/// An index, split into its chunk and its offset there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    chunk: u32,
    offset: u32,
}

impl Place {
    /// A place that no array has an element at: looking it up takes the path of an unmade chunk.
    pub(crate) const NOWHERE: Place = Place {
        chunk: CHUNKS as u32,
        offset: 0,
    };

    /// The place of element `index`.
    #[inline]
    pub(crate) fn of(index: usize) -> Place {
        assert!(index < MAX_LEN, "at most {MAX_LEN} elements");
        let chunk = (index / FIRST).checked_ilog2().map_or(0, |log| log + 1);
        let offset = if chunk == 0 {
            index
        } else {
            index - (FIRST << (chunk - 1))
        };
        Place {
            chunk,
            offset: offset as u32,
        }
    }

    /// The index of the element here; not for [`NOWHERE`](Self::NOWHERE).
    #[inline]
    pub(crate) fn index(self) -> usize {
        debug_assert!((self.chunk as usize) < CHUNKS);
        self.offset as usize
            + if self.chunk == 0 {
                0
            } else {
                chunk_len(self.chunk as usize)
            }
    }
}

fn chunk_len(chunk: usize) -> usize {
    FIRST << chunk.saturating_sub(1)
}

/// Memory for the array could not be had.
#[derive(Debug)]
pub(crate) struct OutOfMemory;

/// The array.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: [AtomicPtr<T>; CHUNKS + 1],
}

impl<T> Chunks<T> {
    #[cfg(not(smr_loom))]
    pub(crate) const fn new() -> Self {
        Self {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS + 1],
        }
    }

    #[cfg(smr_loom)]
    pub(crate) fn new() -> Self {
        Self {
            chunks: core::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
        }
    }

    /// The element at `place`, if its chunk has been made.
    #[inline]
    pub(crate) fn get(&self, place: Place) -> Option<&T> {
        // SAFETY: both ways to make a `Place` keep `chunk` at or below `CHUNKS`.
        let chunk = unsafe { self.chunks.get_unchecked(place.chunk as usize) };
        // Acquire: pairs with the Release of the CAS in `get_or_make`, so the elements are seen made.
        let base = chunk.load(Acquire);
        if base.is_null() {
            return None;
        }
        // SAFETY: a chunk's `Place`s have offsets below its length (both constructors see to it),
        // so the element lies inside the chunk's allocation.
        let element = unsafe { base.add(place.offset as usize) };
        // SAFETY: the chunk was made whole before it was published, and is freed by `drop` alone,
        // which has the array to itself.
        Some(unsafe { &*element })
    }

    /// The element at `place`, its chunk made of `make(index)` if need be.
    pub(crate) fn get_or_make(
        &self,
        place: Place,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<&T, OutOfMemory> {
        if let Some(found) = self.get(place) {
            return Ok(found);
        }
        let chunk = place.chunk as usize;
        let len = chunk_len(chunk);
        let first = place.index() - place.offset as usize;
        let mut fresh = Vec::new();
        fresh.try_reserve_exact(len).map_err(|_| OutOfMemory)?;
        fresh.extend((first..first + len).map(&mut make));
        let fresh = Box::into_raw(fresh.into_boxed_slice());
        // Release: publishes the elements, to the Acquire of `get`, which also follows a failure here.
        if self.chunks[chunk]
            .compare_exchange(ptr::null_mut(), fresh.cast::<T>(), Release, Relaxed)
            .is_err()
        {
            // SAFETY: `fresh` came from `Box::into_raw` just above and was not published.
            drop(unsafe { Box::from_raw(fresh) });
        }
        Ok(self.get(place).expect("the chunk has just been published"))
    }

    /// Every element made so far, with its index, in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        (0..CHUNKS).flat_map(move |chunk| {
            let first = if chunk == 0 { 0 } else { chunk_len(chunk) };
            self.chunk(chunk)
                .iter()
                .enumerate()
                .map(move |(offset, element)| (first + offset, element))
        })
    }

    /// Every element made so far, exclusively.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        (0..CHUNKS).flat_map(|chunk| {
            // Acquire, here and below: pairs with the Release of `get_or_make`.
            let base = self.chunks[chunk].load(Acquire);
            let len = if base.is_null() { 0 } else { chunk_len(chunk) };
            let base = if len == 0 {
                ptr::NonNull::dangling().as_ptr()
            } else {
                base
            };
            // SAFETY: a published chunk has `chunk_len` elements; `&mut self` is held for as long as
            // the slice, and every chunk is lent once.
            unsafe { core::slice::from_raw_parts_mut(base, len) }
        })
    }

    /// The elements of one chunk; empty if it has not been made.
    #[inline]
    fn chunk(&self, chunk: usize) -> &[T] {
        let base = self.chunks[chunk].load(Acquire);
        if base.is_null() {
            return &[];
        }
        // SAFETY: a published chunk has `chunk_len` elements, all made (Acquire), and outlives the
        // borrow of the array.
        unsafe { core::slice::from_raw_parts(base, chunk_len(chunk)) }
    }

    /// The elements from `index` to the end of its chunk; empty if the chunk has not been made.
    #[inline]
    pub(crate) fn run_at(&self, index: usize) -> &[T] {
        let place = Place::of(index);
        let chunk = self.chunk(place.chunk as usize);
        chunk.get(place.offset as usize..).unwrap_or(&[])
    }
}

impl<T> Drop for Chunks<T> {
    fn drop(&mut self) {
        for chunk in 0..CHUNKS {
            let base = self.chunks[chunk].load(Acquire);
            if !base.is_null() {
                let slice = ptr::slice_from_raw_parts_mut(base, chunk_len(chunk));
                // SAFETY: `get_or_make` took the chunk out of a box of this length, and `&mut self`
                // means that nobody else refers to it.
                drop(unsafe { Box::from_raw(slice) });
            }
        }
    }
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_and_indices_agree() {
        let mut last = None;
        for index in (0..5_000).chain([MAX_LEN - 1]) {
            let place = Place::of(index);
            assert_eq!(place.index(), index);
            assert!((place.offset as usize) < chunk_len(place.chunk as usize));
            assert_ne!(last, Some(place));
            last = Some(place);
        }
    }

    #[test]
    fn elements_are_made_once_and_stay() {
        let array = Chunks::new();
        assert!(array.get(Place::of(100)).is_none());
        assert!(array.get(Place::NOWHERE).is_none());
        let at: *const usize = array.get_or_make(Place::of(100), |i| i).unwrap();
        array.get_or_make(Place::of(3), |i| i).unwrap();
        let again = array
            .get_or_make(Place::of(100), |_| unreachable!())
            .unwrap();
        assert!(core::ptr::eq(at, again));
        let all: Vec<usize> = array
            .iter()
            .map(|(i, &e)| {
                assert_eq!(i, e);
                e
            })
            .collect();
        assert_eq!(all, (2..4).chain(64..128).collect::<Vec<_>>());
        assert_eq!(array.run_at(126), &[126, 127]);
        assert!(array.run_at(200).is_empty());
    }

    #[test]
    #[should_panic(expected = "at most")]
    fn an_index_beyond_the_end_is_refused() {
        let _ = Place::of(MAX_LEN);
    }
}
