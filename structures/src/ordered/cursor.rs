//! Places in the map.

use core::fmt;
use core::ops::Bound;

use super::engine::{Engine, Lookup, Order};
use crate::gap::Gap;
use crate::guard::Guard;

/// A place between entries, before the first, or behind the last; see
/// [`OrderedMap::cursor`](super::OrderedMap::cursor).
///
/// Unlike an iterator it sees the map as it is: each step answers which entry was the next, or the one before,
/// at one instant of that step, also if other threads have come between. Each is lock-free, and takes the
/// logarithm of the distance, on average: neighbours are found in constant time.
///
/// As std's cursors it is in a gap: what [`next`](Self::next) has gone over is what [`prev`](Self::prev) goes
/// back over.
///
/// ```
/// use structures::SkipMap;
///
/// let map: SkipMap<u32, char> = (1..).zip('a'..='e').collect();
/// let pinned = map.pin();
/// let mut cursor = pinned.cursor();
/// assert_eq!(cursor.seek(&3), Some((&3, &'c')));
/// assert_eq!(cursor.prev(), Some((&2, &'b')));
/// map.pin().insert(0, 'z');
/// assert_eq!(cursor.prev(), Some((&1, &'a')));
/// assert_eq!(cursor.prev(), Some((&0, &'z')));
/// assert_eq!(cursor.prev(), None);
/// assert_eq!(cursor.peek_next(), Some((&0, &'z')));
/// ```
pub struct Cursor<'g, K: 'g, V: 'g, E: Engine<K, V>, G> {
    core: &'g E::Core,
    guard: &'g G,
    place: E::Place<'g>,
}

impl<'g, K, V, E: Order<K, V>, G: Guard> Cursor<'g, K, V, E, G> {
    pub(super) fn new(core: &'g E::Core, guard: &'g G) -> Self {
        let place = E::place();
        Cursor { core, guard, place }
    }

    /// Goes over the next entry, and returns it. Behind the last it stays where it is.
    #[expect(clippy::should_implement_trait, reason = "std's cursors call it so")]
    pub fn next(&mut self) -> Option<(&'g K, &'g V)> {
        let section = self.guard.section();
        let over = E::go_next(self.core, section, &mut self.place);
        over.map(E::both)
    }

    /// Goes back over the entry before, and returns it. Before the first it stays where it is.
    pub fn prev(&mut self) -> Option<(&'g K, &'g V)> {
        let section = self.guard.section();
        let over = E::go_prev(self.core, section, &mut self.place);
        over.map(E::both)
    }

    /// The next entry.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a')]);
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// assert_eq!(cursor.peek_next(), Some((&1, &'a')));
    /// assert_eq!(cursor.peek_prev(), None);
    /// ```
    pub fn peek_next(&mut self) -> Option<(&'g K, &'g V)> {
        let section = self.guard.section();
        let found = E::peek_next(self.core, section, &mut self.place);
        found.map(E::both)
    }

    /// The entry before.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a')]);
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// cursor.next();
    /// assert_eq!(cursor.peek_prev(), Some((&1, &'a')));
    /// ```
    pub fn peek_prev(&mut self) -> Option<(&'g K, &'g V)> {
        let section = self.guard.section();
        let found = E::peek_prev(self.core, section, &mut self.place);
        found.map(E::both)
    }

    /// Goes to before the entry of a key, or where it would be, and returns what is next then.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("ant".to_string(), 1), ("cat".to_string(), 2)]);
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// let cat = Some((&"cat".to_string(), &2));
    /// assert_eq!(cursor.seek("bee"), cat);
    /// assert_eq!(cursor.next(), cat);
    /// ```
    pub fn seek<Q>(&mut self, key: &Q) -> Option<(&'g K, &'g V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        self.seek_bound(Bound::Included(key))
    }

    /// Goes to before the first entry that is not below a bound, as
    /// [`lower_bound`](super::OrderedMap::lower_bound) says, and returns that entry.
    ///
    /// ```
    /// use std::ops::Bound::Excluded;
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// assert_eq!(cursor.seek_bound(Excluded(&1)), Some((&2, &'b')));
    /// ```
    pub fn seek_bound<Q>(&mut self, bound: Bound<&Q>) -> Option<(&'g K, &'g V)>
    where
        Q: ?Sized,
        E: Lookup<K, V, Q>,
    {
        let section = self.guard.section();
        let next = E::seek(self.core, section, &mut self.place, bound);
        next.map(E::both)
    }

    /// Goes to before the first entry.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([(1, 'a'), (2, 'b')]);
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// cursor.to_end();
    /// assert_eq!(cursor.prev(), Some((&2, &'b')));
    /// cursor.to_start();
    /// assert_eq!(cursor.next(), Some((&1, &'a')));
    /// ```
    pub fn to_start(&mut self) {
        E::go(&mut self.place, false);
    }

    /// Goes to behind the last entry; see [`to_start`](Self::to_start).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map: SkipMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
    /// let map = map.pin();
    /// let mut cursor = map.cursor();
    /// cursor.to_end();
    /// assert_eq!(cursor.prev(), Some((&9, &9)));
    /// ```
    pub fn to_end(&mut self) {
        E::go(&mut self.place, true);
    }
}

impl<K, V, E: Engine<K, V>, G> Clone for Cursor<'_, K, V, E, G> {
    fn clone(&self) -> Self {
        Cursor {
            place: self.place.clone(),
            ..*self
        }
    }
}

impl<K: fmt::Debug, V, E: Engine<K, V>, G> fmt::Debug for Cursor<'_, K, V, E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cursor = f.debug_struct("Cursor");
        match E::gap(&self.place) {
            Gap::Start => cursor.field("at", &"start"),
            Gap::Before(key) => cursor.field("before", key),
            Gap::After(key) => cursor.field("after", key),
            Gap::End => cursor.field("at", &"end"),
        };
        cursor.finish_non_exhaustive()
    }
}
