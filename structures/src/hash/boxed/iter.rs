//! Iteration.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::marker::PhantomData;

use smr_core::Shared;

use super::super::batch::Batch;
use super::super::header::MOST_SLOTS;
use super::super::prefetch;
use super::super::table::Table;
use super::super::walk::Cursor;
use super::core::{Core, Disposal};
use super::node::Node;
use super::word::{Stored, Word, Words};
use crate::guard::Guard;

/// Entries whose nodes are asked for before they are looked at: so many misses are under way at a time.
const AHEAD: usize = 24;
/// Buckets that are read at a time: what is read of one is little, and what begins and ends a loop is not.
const BUCKETS: usize = 8;
/// Entries that have been read, at most.
const ROOM: usize = AHEAD + BUCKETS * 8 + MOST_SLOTS;

/// The entries' nodes, one bucket after the other.
struct Nodes<'g, K, V, G> {
    table: &'g Table<Words>,
    guard: &'g G,
    cursor: Cursor,
    read: Batch<Word, ROOM>,
    entries: PhantomData<&'g Node<K, V>>,
}

impl<'g, K, V, G: Guard> Nodes<'g, K, V, G> {
    #[inline]
    fn next(&mut self) -> Option<&'g Node<K, V>> {
        match self.read.peek(AHEAD) {
            Some(word) => prefetch(word.node().cast()),
            None => self.refill(),
        }
        let word = self.read.pop()?;
        // SAFETY: it was in the table within the section, which lasts for `'g`, as does the map.
        Some(unsafe { word.entry() })
    }

    /// Calls `f` with all that is to come.
    #[inline]
    fn for_each(mut self, mut f: impl FnMut(&'g Node<K, V>)) {
        loop {
            self.read.drain_to(AHEAD, |word, later| {
                prefetch(later.node().cast());
                // SAFETY: as in `next`.
                f(unsafe { word.entry() });
            });
            match self.next() {
                Some(node) => f(node),
                None => return,
            }
        }
    }

    /// Reads more buckets, if there are.
    #[inline(never)]
    fn refill(&mut self) {
        if self.cursor.is_at_end() {
            return;
        }
        let known = self.read.len();
        self.read.compact();
        self.read.line_up();
        let mut buckets = 0;
        while !self.cursor.is_at_end()
            && self.read.has_room()
            && (buckets < BUCKETS || self.read.len() == 0)
        {
            let (section, batch) = (self.guard.section(), &mut self.read);
            self.table.step(section, &mut self.cursor, &Stored, batch);
            batch.line_up();
            buckets += 1;
        }
        for n in known.saturating_sub(1)..=AHEAD {
            if let Some(word) = self.read.peek(n) {
                prefetch(word.node().cast());
            }
        }
    }
}

impl<K, V, G> Clone for Nodes<'_, K, V, G> {
    fn clone(&self) -> Self {
        Nodes {
            read: self.read.clone(),
            ..*self
        }
    }
}

/// An iterator over a map's entries; see [`HashMap::iter`](super::HashMap::iter).
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::from([(1, 'a')]);
/// let map = map.pin();
/// let entries = map.iter();
/// assert!(entries.clone().eq(entries));
/// ```
pub struct Iter<'g, K, V, G>(Nodes<'g, K, V, G>);

impl<'g, K, V, G> Iter<'g, K, V, G> {
    pub(super) fn new<S>(core: &'g Core<K, V, S>, guard: &'g G) -> Self {
        Iter(Nodes {
            table: &core.table,
            guard,
            cursor: core.table.start(),
            read: Batch::new(),
            entries: PhantomData,
        })
    }
}

#[cfg(feature = "rayon")]
impl<K, V, G> Iter<'_, K, V, G> {
    /// Leaves the second half of what is to come to another; none if it is not worth it.
    pub(super) fn split(&mut self) -> Option<Self> {
        let nodes = &mut self.0;
        let cursor = nodes.cursor.split(nodes.table.depth())?;
        Some(Iter(Nodes {
            cursor,
            read: Batch::new(),
            ..*nodes
        }))
    }
}

impl<'g, K, V, G: Guard> Iterator for Iter<'g, K, V, G> {
    type Item = (&'g K, &'g V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Node::pair)
    }

    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
        let mut folded = Some(init);
        self.0.for_each(|node| {
            let before = folded.take().expect("it is put back");
            folded = Some(f(before, node.pair()));
        });
        folded.expect("it is put back")
    }
}

impl<K, V, G: Guard> FusedIterator for Iter<'_, K, V, G> {}

impl<K, V, G> Clone for Iter<'_, K, V, G> {
    fn clone(&self) -> Self {
        Iter(self.0.clone())
    }
}

impl<K: fmt::Debug, V: fmt::Debug, G: Guard> fmt::Debug for Iter<'_, K, V, G> {
    /// What is still to come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An iterator over a map's keys; see [`HashMap::keys`](super::HashMap::keys).
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::from([(1, 'a'), (2, 'b')]);
/// assert_eq!(map.pin().keys().sum::<i32>(), 3);
/// ```
pub struct Keys<'g, K, V, G>(pub(super) Iter<'g, K, V, G>);

impl<'g, K, V, G: Guard> Iterator for Keys<'g, K, V, G> {
    type Item = &'g K;

    #[inline]
    fn next(&mut self) -> Option<&'g K> {
        self.0.next().map(|(key, _)| key)
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'g K) -> B>(self, init: B, mut f: F) -> B {
        self.0.fold(init, |folded, (key, _)| f(folded, key))
    }
}

impl<K, V, G: Guard> FusedIterator for Keys<'_, K, V, G> {}

impl<K, V, G> Clone for Keys<'_, K, V, G> {
    fn clone(&self) -> Self {
        Keys(self.0.clone())
    }
}

impl<K: fmt::Debug, V, G: Guard> fmt::Debug for Keys<'_, K, V, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An iterator over a map's values; see [`HashMap::values`](super::HashMap::values).
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::from([('a', 1), ('b', 2)]);
/// assert_eq!(map.pin().values().sum::<i32>(), 3);
/// ```
pub struct Values<'g, K, V, G>(pub(super) Iter<'g, K, V, G>);

impl<'g, K, V, G: Guard> Iterator for Values<'g, K, V, G> {
    type Item = &'g V;

    #[inline]
    fn next(&mut self) -> Option<&'g V> {
        self.0.next().map(|(_, value)| value)
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'g V) -> B>(self, init: B, mut f: F) -> B {
        self.0.fold(init, |folded, (_, value)| f(folded, value))
    }
}

impl<K, V, G: Guard> FusedIterator for Values<'_, K, V, G> {}

impl<K, V, G> Clone for Values<'_, K, V, G> {
    fn clone(&self) -> Self {
        Values(self.0.clone())
    }
}

impl<K, V: fmt::Debug, G: Guard> fmt::Debug for Values<'_, K, V, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An iterator that removes what it yields; see [`HashMap::drain`](super::HashMap::drain).
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::from([(1, 'a'), (2, 'b')]);
/// assert!(map.pin().drain().next().is_some());
/// assert_eq!(map.len(), 1);
/// ```
pub struct Drain<'g, K, V, S, G> {
    pub(super) core: &'g Core<K, V, S>,
    pub(super) left: Iter<'g, K, V, G>,
}

impl<'g, K: Hash + Eq, V, S: BuildHasher, G: Guard> Iterator for Drain<'g, K, V, S, G> {
    type Item = (&'g K, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self.left.0.next()?;
            if self.core.remove_this(self.left.0.guard.section(), entry) {
                return Some(entry.pair());
            }
        }
    }
}

impl<K: Hash + Eq, V, S: BuildHasher, G: Guard> FusedIterator for Drain<'_, K, V, S, G> {}

impl<K, V, S, G> fmt::Debug for Drain<'_, K, V, S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}

impl<K, V, S> Core<K, V, S> {
    /// Calls `f` with every entry, until it says that it is enough.
    pub(super) fn each<'g>(&'g self, guard: &'g impl Guard, f: impl FnMut(&'g Node<K, V>)) {
        Iter::new(self, guard).0.for_each(f);
    }
}

/// An iterator over the entries of a map that was given up, by value.
///
/// ```
/// # use structures::HashMap;
/// let map = HashMap::from([(1, "a".to_string())]);
/// let all: Vec<(i32, String)> = map.into_iter().collect();
/// assert_eq!(all, [(1, "a".to_string())]);
/// ```
pub struct IntoIter<K, V, S> {
    /// Owns what is left, and the zone that it is from.
    core: Core<K, V, S>,
    left: Vec<Word>,
}

// SAFETY: owns keys and values, and a map.
unsafe impl<K: Send, V: Send, S: Send> Send for IntoIter<K, V, S> {}
// SAFETY: a shared reference gives access to neither.
unsafe impl<K: Sync, V: Sync, S: Sync> Sync for IntoIter<K, V, S> {}

impl<K, V, S> IntoIter<K, V, S> {
    pub(super) fn new(mut core: Core<K, V, S>) -> Self {
        let mut left = Vec::with_capacity(core.table.count.get());
        core.table.drain(|word| left.push(word));
        IntoIter { core, left }
    }
}

impl<K, V, S> Iterator for IntoIter<K, V, S> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let node = Shared::from_raw(self.left.pop()?.node().cast::<Node<K, V>>());
        // SAFETY: of this map's zone, which owns it and nothing else refers to.
        let owned = unsafe { node.into_owned(&self.core.nodes) };
        let Node { key, value, .. } = owned.into_inner();
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }
}

impl<K, V, S> ExactSizeIterator for IntoIter<K, V, S> {}
impl<K, V, S> FusedIterator for IntoIter<K, V, S> {}

impl<K, V, S> Drop for IntoIter<K, V, S> {
    /// Drops what is left, even if some of it panics.
    fn drop(&mut self) {
        let mut disposal = Disposal::new(&self.core.nodes);
        for word in self.left.drain(..) {
            // SAFETY: out of the table, which nobody else had, and out of here.
            unsafe { disposal.dispose(word) };
        }
        disposal.finish();
    }
}

impl<K, V, S> fmt::Debug for IntoIter<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("left", &self.left.len())
            .finish_non_exhaustive()
    }
}
