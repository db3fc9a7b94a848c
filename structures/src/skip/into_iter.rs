//! A map taken apart.

use core::fmt;
use core::iter::FusedIterator;
use std::vec;

use super::core::Core;
use super::inline;
use super::memory::Entry;
use super::rev::Item;
use crate::first_panic::FirstPanic;

/// A double-ended iterator over the entries of a map that was given up, by value.
///
/// ```
/// # use structures::SkipMap;
/// let map = SkipMap::from([(2, "b".to_string()), (1, "a".to_string())]);
/// let all: Vec<(i32, String)> = map.into_iter().collect();
/// assert_eq!(all, [(1, "a".to_string()), (2, "b".to_string())]);
/// ```
pub struct IntoIter<K, V, C> {
    /// Empty, and owns the memory that the entries are of, if they are not inline.
    core: Core<K, V, C>,
    left: vec::IntoIter<Item>,
    /// The hints of those, if entries are inline.
    hints: vec::IntoIter<u64>,
}

// SAFETY: owns keys and values, and a map.
unsafe impl<K: Send, V: Send, C: Send> Send for IntoIter<K, V, C> {}
// SAFETY: a shared reference gives access to neither.
unsafe impl<K: Sync, V: Sync, C: Sync> Sync for IntoIter<K, V, C> {}

impl<K, V, C> IntoIter<K, V, C> {
    pub(super) fn new(core: Core<K, V, C>) -> Self {
        let len = core.count.get();
        let mut left = Vec::with_capacity(len);
        let is_inline = Core::<K, V, C>::is_inline();
        let mut hints = Vec::with_capacity(if is_inline { len } else { 0 });
        let mut panic = FirstPanic::default();
        // SAFETY: owned.
        panic.catch(|| unsafe {
            core.take_apart(|hint, item| {
                left.push(item);
                hints.extend(is_inline.then_some(hint));
            });
        });
        // SAFETY: as above.
        panic.catch(|| unsafe { core.memory.settle() });
        let (left, hints) = (left.into_iter(), hints.into_iter());
        let iter = IntoIter { core, left, hints };
        // Drops them, if it goes on with one.
        panic.finish();
        iter
    }

    /// # Safety
    /// It was in `left`, with that hint, and is not any more. Once.
    unsafe fn open(&self, item: Item, hint: Option<u64>) -> (K, V) {
        if Core::<K, V, C>::is_inline() {
            let hint = hint.expect("there are as many");
            // SAFETY: the caller's contract: what such maps have.
            return unsafe { inline::parts(hint, item) };
        }
        // SAFETY: the caller's contract.
        let Entry { key, value } = unsafe { self.core.memory.take(item.cast()) };
        (key, value)
    }
}

impl<K, V, C> Iterator for IntoIter<K, V, C> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let (item, hint) = (self.left.next()?, self.hints.next());
        // SAFETY: just taken out.
        Some(unsafe { self.open(item, hint) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<K, V, C> DoubleEndedIterator for IntoIter<K, V, C> {
    fn next_back(&mut self) -> Option<(K, V)> {
        let (item, hint) = (self.left.next_back()?, self.hints.next_back());
        // SAFETY: just taken out.
        Some(unsafe { self.open(item, hint) })
    }
}

impl<K, V, C> ExactSizeIterator for IntoIter<K, V, C> {}
impl<K, V, C> FusedIterator for IntoIter<K, V, C> {}

impl<K, V, C> Drop for IntoIter<K, V, C> {
    /// Drops what is left, even if some of it panics.
    fn drop(&mut self) {
        let mut panic = FirstPanic::default();
        while let Some(item) = self.left.next() {
            let hint = self.hints.next();
            // SAFETY: just taken out.
            panic.catch(|| drop(unsafe { self.open(item, hint) }));
        }
        panic.finish();
    }
}

impl<K, V, C> fmt::Debug for IntoIter<K, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("left", &self.left.len())
            .finish_non_exhaustive()
    }
}
