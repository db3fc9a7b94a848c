//! Places in the map.

use core::fmt;
use core::ops::Bound;

use super::super::compare::Comparator;
use super::super::core::Core;
use super::super::ends::{Nowhere, Spot};
use super::super::find::Finger;
use super::super::memory::Entry;
use super::super::probe::{Cut, Wanted};
use crate::guard::Guard;

/// A place between entries, before the first, or behind the last; see [`SkipMap::cursor`](super::SkipMap::cursor).
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
pub struct Cursor<'g, K, V, C, G> {
    core: &'g Core<K, V, C>,
    guard: &'g G,
    gap: Gap<'g, K, V>,
    /// Where the entry of the gap was.
    spot: Option<Spot<'g>>,
    finger: Finger<'g>,
}

enum Gap<'g, K, V> {
    Start,
    Before(&'g Entry<K, V>),
    After(&'g Entry<K, V>),
    End,
}

impl<K, V> Clone for Gap<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Gap<'_, K, V> {}

impl<'g, K, V, C: Comparator<K>, G: Guard> Cursor<'g, K, V, C, G> {
    pub(super) fn new(core: &'g Core<K, V, C>, guard: &'g G) -> Self {
        Cursor {
            core,
            guard,
            gap: Gap::Start,
            spot: None,
            finger: Finger::new(),
        }
    }

    /// So many entries from where the gap's entry was, in the same chunk, if that is live and has not changed
    /// since: then they are side by side at this instant.
    fn near(&self, step: isize) -> Option<Spot<'g>> {
        let Spot { seen, at } = self.spot?;
        let at = at.checked_add_signed(step)?;
        let is_there = at < seen.view(self.guard.section()).len();
        (is_there && !seen.is_frozen() && seen.chunk.load() == seen.word)
            .then_some(Spot { seen, at })
    }

    fn find_next(&mut self) -> Option<Spot<'g>> {
        let near = match self.gap {
            Gap::Before(_) => self.near(0),
            Gap::After(_) => self.near(1),
            _ => None,
        };
        if near.is_some() {
            return near;
        }
        let (section, finger) = (self.guard.section(), Some(&mut self.finger));
        let wanted =
            |entry: &'g Entry<K, V>| Wanted::<K, K, C>::new(&entry.key, &self.core.comparator);
        match self.gap {
            Gap::Start => self.core.spot_above(section, Cut::<Nowhere>::Start, finger),
            Gap::Before(entry) => {
                let wanted = wanted(entry);
                self.core.spot_above(section, Cut::Below(&wanted), finger)
            }
            Gap::After(entry) => {
                let wanted = wanted(entry);
                self.core.spot_above(section, Cut::To(&wanted), finger)
            }
            Gap::End => None,
        }
    }

    fn find_prev(&mut self) -> Option<Spot<'g>> {
        let near = match self.gap {
            Gap::Before(_) => self.near(-1),
            Gap::After(_) => self.near(0),
            _ => None,
        };
        if near.is_some() {
            return near;
        }
        let (section, finger) = (self.guard.section(), Some(&mut self.finger));
        let wanted =
            |entry: &'g Entry<K, V>| Wanted::<K, K, C>::new(&entry.key, &self.core.comparator);
        match self.gap {
            Gap::Start => None,
            Gap::Before(entry) => {
                let wanted = wanted(entry);
                self.core.spot_below(section, Cut::Below(&wanted), finger)
            }
            Gap::After(entry) => {
                let wanted = wanted(entry);
                self.core.spot_below(section, Cut::To(&wanted), finger)
            }
            Gap::End => self.core.spot_below(section, Cut::<Nowhere>::End, finger),
        }
    }

    fn entry(&self, spot: Spot<'g>) -> &'g Entry<K, V> {
        Core::<K, V, C>::entry_at(spot, self.guard.section())
    }

    /// Goes over the next entry, and returns it. Behind the last it stays where it is.
    #[expect(clippy::should_implement_trait, reason = "std's cursors call it so")]
    pub fn next(&mut self) -> Option<(&'g K, &'g V)> {
        let spot = self.find_next()?;
        let entry = self.entry(spot);
        self.gap = Gap::After(entry);
        self.spot = Some(spot);
        Some(entry.pair())
    }

    /// Goes back over the entry before, and returns it. Before the first it stays where it is.
    pub fn prev(&mut self) -> Option<(&'g K, &'g V)> {
        let spot = self.find_prev()?;
        let entry = self.entry(spot);
        self.gap = Gap::Before(entry);
        self.spot = Some(spot);
        Some(entry.pair())
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
        let spot = self.find_next()?;
        Some(self.entry(spot).pair())
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
        let spot = self.find_prev()?;
        Some(self.entry(spot).pair())
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
        C: Comparator<K, Q>,
    {
        self.seek_bound(Bound::Included(key))
    }

    /// Goes to before the first entry that is not below a bound, as
    /// [`lower_bound`](super::SkipMap::lower_bound) says, and returns that entry.
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
        C: Comparator<K, Q>,
    {
        let section = self.guard.section();
        let wanted = |key| Wanted::new(key, &self.core.comparator);
        let finger = Some(&mut self.finger);
        self.spot = match bound {
            Bound::Included(key) => self
                .core
                .spot_above(section, Cut::Below(&wanted(key)), finger),
            Bound::Excluded(key) => self.core.spot_above(section, Cut::To(&wanted(key)), finger),
            Bound::Unbounded => self.core.spot_above(section, Cut::<Nowhere>::Start, finger),
        };
        let entry = self.spot.map(|spot| self.entry(spot));
        self.gap = entry.map_or(Gap::End, Gap::Before);
        entry.map(Entry::pair)
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
        (self.gap, self.spot) = (Gap::Start, None);
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
        (self.gap, self.spot) = (Gap::End, None);
    }
}

impl<K, V, C, G> Clone for Cursor<'_, K, V, C, G> {
    fn clone(&self) -> Self {
        Cursor {
            finger: self.finger.clone(),
            ..*self
        }
    }
}

impl<K: fmt::Debug, V, C, G> fmt::Debug for Cursor<'_, K, V, C, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cursor = f.debug_struct("Cursor");
        match self.gap {
            Gap::Start => cursor.field("at", &"start"),
            Gap::Before(entry) => cursor.field("before", &entry.key),
            Gap::After(entry) => cursor.field("after", &entry.key),
            Gap::End => cursor.field("at", &"end"),
        };
        cursor.finish_non_exhaustive()
    }
}
