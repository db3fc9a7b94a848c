//! Ordered maps, of whatever they are made: a [`SkipMap`](crate::SkipMap) or a [`RadixMap`](crate::RadixMap).

mod cursor;
pub(crate) mod engine;
mod handle;
mod iter;
mod keyed;
mod order;
mod pinned;
mod set;
mod traits;

use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

pub use cursor::Cursor;
pub use engine::{Alike, Engine, Fresh, Lookup, Order};
pub use handle::{AndModify, Entry};
pub use iter::{Drain, Iter, Keys, Range, Values};
pub use pinned::OrderedMapRef;
pub use set::{OrderedSet, OrderedSetRef, RangeKeys};

use crate::guard::Guard;

/// The types of a map's parts, by its own parameters.
macro_rules! names {
    ($engine:ty $(, $order:ident)?) => {
        /// See [`ordered::Iter`](crate::ordered::Iter).
        pub type Iter<'g, K, V $(, $order)?, G> = crate::ordered::Iter<'g, K, V, $engine, G>;
        /// See [`ordered::Keys`](crate::ordered::Keys).
        pub type Keys<'g, K, V $(, $order)?, G> = crate::ordered::Keys<'g, K, V, $engine, G>;
        /// See [`ordered::Values`](crate::ordered::Values).
        pub type Values<'g, K, V $(, $order)?, G> = crate::ordered::Values<'g, K, V, $engine, G>;
        /// See [`ordered::Drain`](crate::ordered::Drain).
        pub type Drain<'g, K, V $(, $order)?, G> = crate::ordered::Drain<'g, K, V, $engine, G>;
        /// See [`ordered::Range`](crate::ordered::Range).
        pub type Range<'g, K, V $(, $order)?, G, Q, R> =
            crate::ordered::Range<'g, K, V, $engine, G, Q, R>;
        /// See [`ordered::Cursor`](crate::ordered::Cursor).
        pub type Cursor<'g, K, V $(, $order)?, G> = crate::ordered::Cursor<'g, K, V, $engine, G>;
        /// See [`ordered::Entry`](crate::ordered::Entry).
        pub type Entry<'r, 'map, K, V $(, $order)?, G> =
            crate::ordered::Entry<'r, 'map, K, V, $engine, G>;
        /// See [`ordered::AndModify`](crate::ordered::AndModify).
        pub type AndModify<'r, 'map, K, V $(, $order)?, G, F> =
            crate::ordered::AndModify<'r, 'map, K, V, $engine, G, F>;
    };
}
pub(crate) use names;

/// A lock-free ordered map: a [`SkipMap`](crate::SkipMap) or a [`RadixMap`](crate::RadixMap), whose costs and keys are
/// described there.
///
/// # Guards
/// [`pin`](Self::pin) gives a handle whose methods are those of std's `BTreeMap`. What they return is borrowed
/// from it. Each method is also there with an explicit [`Guard`], which several maps of a domain can share.
/// Guards nest, cost about a nanosecond, and cannot deadlock; but what is removed while one is open is not
/// reclaimed before it is dropped, so do not hold one for longer than it takes.
///
/// A guard of another domain than the map's is refused with a panic, in every method that takes one.
///
/// # Consistency
/// Operations on one entry are linearizable, the closures' included: [`update`](Self::update),
/// [`compute`](Self::compute) and their like change just the entry that they were asked about. Replacing a
/// value is one step: the key is never absent, never there twice. So are the ends and the neighbours of a place:
/// [`first_key_value`](Self::first_key_value), [`pop_first`](Self::pop_first),
/// [`lower_bound`](Self::lower_bound) and their like answer what was so at one instant.
///
/// [`iter`](Self::iter) and [`range`](Self::range) are strictly monotone, from either end, and meet an entry
/// that is there all the time exactly once; one that comes or goes meanwhile they may meet or not.
/// [`retain`](Self::retain), `clone` and `eq` are one operation for each entry. [`len`](Self::len) is exact when
/// nobody changes the map.
///
/// Where methods say O(log n), that is a skip map's time; a radix map takes O(bytes of the key).
///
/// ```
/// use structures::SkipMap;
///
/// let map = SkipMap::from([("one", 1), ("two", 2)]);
/// let map = map.pin();
/// let one = map.get("one");
/// map.remove("one");
/// assert_eq!(one, Some(&1)); // as long as the handle is there
/// ```
pub struct OrderedMap<K, V, E: Engine<K, V>> {
    pub(crate) core: E::Core,
}

impl<K, V, E: Engine<K, V>> std::panic::UnwindSafe for OrderedMap<K, V, E> {}
impl<K, V, E: Engine<K, V>> std::panic::RefUnwindSafe for OrderedMap<K, V, E> {}

impl<K, V, E: Engine<K, V>> OrderedMap<K, V, E> {
    pub(crate) fn of(core: E::Core) -> Self {
        OrderedMap { core }
    }

    /// The map under a guard of the calling thread: a handle with std's methods.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// let map = map.pin();
    /// map.insert("a", 1);
    /// assert_eq!(map.get("a"), Some(&1));
    /// ```
    #[inline]
    pub fn pin(&self) -> OrderedMapRef<'_, K, V, E, LocalGuard<'_>> {
        OrderedMapRef::new(self, self.guard())
    }

    /// The map under an owned guard: a handle that may be sent, and held across `.await`. Costs an atomic
    /// operation or two more.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// let pinned = map.pin_owned();
    /// std::thread::scope(|s| {
    ///     s.spawn(move || assert_eq!(pinned.get("a"), Some(&1)));
    /// });
    /// ```
    #[inline]
    pub fn pin_owned(&self) -> OrderedMapRef<'_, K, V, E, OwnedGuard> {
        OrderedMapRef::new(self, self.owned_guard())
    }

    /// Opens a section of the map's domain. Any other of the domain does as well.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let (here, there) = (SkipMap::from([(1, 'a')]), SkipMap::from([('a', 2)]));
    /// let guard = here.guard(); // both are in the global domain
    /// let found = here.get(&1, &guard).and_then(|key| there.get(key, &guard));
    /// assert_eq!(found, Some(&2));
    /// ```
    #[inline]
    pub fn guard(&self) -> LocalGuard<'_> {
        self.smr().enter()
    }

    /// Opens a section that may be sent.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::from([("a", 1)]);
    /// let guard = map.owned_guard();
    /// assert_eq!(map.get("a", &guard), Some(&1));
    /// ```
    #[inline]
    pub fn owned_guard(&self) -> OwnedGuard {
        self.smr().enter_owned()
    }

    /// The domain.
    ///
    /// ```
    /// # use structures::{SkipMap, Smr};
    /// assert!(SkipMap::<u8, u8>::new().smr().is_same(Smr::global()));
    /// ```
    #[inline]
    pub fn smr(&self) -> &Smr {
        E::smr(&self.core)
    }

    /// The number of entries: exact when nobody changes the map, else what it was a moment ago, more or
    /// less. O(processors).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// assert_eq!(SkipMap::from([(1, 'a'), (1, 'b')]).len(), 1);
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        E::len(&self.core)
    }

    /// Whether there are none; see [`len`](Self::len).
    ///
    /// ```
    /// # use structures::SkipMap;
    /// assert!(SkipMap::<u8, u8>::new().is_empty());
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops, as far as the readers allow, what was removed: see [`Zone::flush`](smr_core::Zone::flush).
    /// Returns how many pieces of the map's memory still wait: entries, and what holds them together. Never
    /// waits; lock-free.
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::{SkipMap, Smr};
    /// let map = SkipMap::builder().domain(&Smr::new()).build();
    /// let pinned = map.pin();
    /// pinned.insert("a", 1);
    /// let removed = pinned.remove("a");
    /// assert!(map.flush() > 0); // we still have it
    /// assert_eq!(removed, Some(&1));
    /// drop(pinned);
    /// assert_eq!(map.flush(), 0);
    /// ```
    pub fn flush(&self) -> usize {
        E::flush(&self.core)
    }

    /// # Panics
    /// If the guard is of another domain.
    #[inline]
    #[track_caller]
    fn verify<'g>(&self, guard: &'g impl Guard) -> &'g LocalGuard<'g> {
        let section = guard.section();
        section.assert_of(self.smr());
        section
    }
}

#[cfg(any(test, feature = "testing"))]
impl<K, V, E: Order<K, V>> OrderedMap<K, V, E> {
    /// Asserts the invariants.
    ///
    /// # Panics
    /// If one does not hold.
    #[doc(hidden)]
    pub fn check(&mut self) {
        E::check(&mut self.core);
    }
}
