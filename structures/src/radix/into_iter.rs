//! A map taken apart.

use core::fmt;
use core::iter::FusedIterator;
use std::vec;

use super::core::Core;
use super::memory::Entry;
use crate::first_panic::FirstPanic;

/// A double-ended iterator over the entries of a map that was given up, by value.
///
/// ```
/// # use structures::RadixMap;
/// let map = RadixMap::from([(2, "b".to_string()), (1, "a".to_string())]);
/// let all: Vec<(i32, String)> = map.into_iter().collect();
/// assert_eq!(all, [(1, "a".to_string()), (2, "b".to_string())]);
/// ```
pub struct IntoIter<K, V> {
    /// Empty, and owns the memory that the entries are of.
    core: Core<K, V>,
    left: vec::IntoIter<*mut Entry<K, V>>,
}

// SAFETY: owns keys and values, and a map.
unsafe impl<K: Send, V: Send> Send for IntoIter<K, V> {}
// SAFETY: a shared reference gives access to neither.
unsafe impl<K: Sync, V: Sync> Sync for IntoIter<K, V> {}

impl<K, V> IntoIter<K, V> {
    pub(super) fn new(core: Core<K, V>) -> Self {
        // SAFETY: owned.
        let (left, panic) = unsafe { core.take_apart() };
        let left = left.into_iter();
        let iter = IntoIter { core, left };
        // Drops them, if it goes on with one.
        panic.finish();
        iter
    }

    /// # Safety
    /// It was in `left`, and is not any more. Once.
    unsafe fn open(&self, entry: *mut Entry<K, V>) -> (K, V) {
        // SAFETY: the caller's contract.
        let Entry { key, value } = unsafe { self.core.memory.take(entry) };
        (key, value)
    }
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let entry = self.left.next()?;
        // SAFETY: just taken out.
        Some(unsafe { self.open(entry) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<K, V> DoubleEndedIterator for IntoIter<K, V> {
    fn next_back(&mut self) -> Option<(K, V)> {
        let entry = self.left.next_back()?;
        // SAFETY: just taken out.
        Some(unsafe { self.open(entry) })
    }
}

impl<K, V> ExactSizeIterator for IntoIter<K, V> {}
impl<K, V> FusedIterator for IntoIter<K, V> {}

impl<K, V> Drop for IntoIter<K, V> {
    /// Drops what is left, even if some of it panics.
    fn drop(&mut self) {
        let mut panic = FirstPanic::default();
        while let Some(entry) = self.left.next() {
            // SAFETY: just taken out.
            panic.catch(|| drop(unsafe { self.open(entry) }));
        }
        panic.finish();
    }
}

impl<K, V> fmt::Debug for IntoIter<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("left", &self.left.len())
            .finish_non_exhaustive()
    }
}
