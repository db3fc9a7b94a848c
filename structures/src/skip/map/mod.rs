//! The map: its operations with explicit guards here, in `keyed` and in `ordered`, those of the handle in
//! `pinned`.

mod builder;
mod cursor;
mod handle;
mod iter;
mod keyed;
mod ordered;
mod pinned;
mod set;
mod traits;

use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

pub use builder::SkipMapBuilder;
pub use cursor::Cursor;
pub use handle::{AndModify, Entry};
pub use iter::{Drain, IntoIter, Iter, Keys, Range, Values};
pub use pinned::SkipMapRef;
pub use set::{RangeKeys, SkipSet, SkipSetRef};

use super::compare::{Comparator, Natural};
use super::core::Core;
use crate::guard::Guard;

/// A lock-free ordered map of any keys and values.
///
/// ```
/// use structures::SkipMap;
///
/// let map = SkipMap::new();
/// std::thread::scope(|s| {
///     for t in 0..4 {
///         let map = &map;
///         s.spawn(move || {
///             let map = map.pin();
///             for i in 0..100 {
///                 map.insert(4 * i + t, i);
///             }
///         });
///     }
/// });
/// let map = map.pin();
/// assert_eq!(map.len(), 400);
/// assert_eq!(map.first_key_value(), Some((&0, &0)));
/// assert!(map.range(10..13).map(|(key, _)| *key).eq([10, 11, 12]));
/// ```
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
/// that is there all the time exactly once; one that comes or goes meanwhile they may meet or not. Each chunk of
/// some thirty entries is read at one instant. [`retain`](Self::retain), [`clear`](Self::clear), `clone` and `eq`
/// are one operation for each entry. [`len`](Self::len) is exact when nobody changes the map.
///
/// # Costs
/// Time is O(log n). A lookup touches a few cache lines a level, of which there are six in a map of ten
/// million entries, and the entry, if there is one. In the natural order, *plain* entries, whose keys are `u8` to
/// `u64`, `usize`, `char` or `bool`, and whose values are integers, floats, `char`, `bool` or `()` and no larger than
/// an address, lie in those lines: a lookup waits for nothing else, and they have no memory of their own. Of keys that
/// are integers, `char`, addresses, strings or byte strings, or what holds these ([`String`], `Arc<str>`,
/// `Box<[u8]>`, `&str`, …), the map keeps eight bytes beside the pointer to the entry, and looks at whole keys only
/// where these are equal. Keys that ascend at the end of the map, and [`pop_first`](Self::pop_first), copy nothing;
/// other changes copy up to thirty hints and pointers.
/// Memory: each other entry is an allocation of its own, out of a [`Zone`](smr_core::Zone) that reuses what was
/// removed; the rest takes some 22 bytes an entry in a large map. A small one that is in use has 60 to 90 kilobytes of
/// the threads' stocks; an empty one has allocated nothing.
///
/// # Bad keys
/// An order of keys that contradicts itself gets wrong answers, or operations that do not end, nothing worse.
/// `Ord`, `Drop` and closures may panic, and may use the map. A panic passes through: that of a closure leaves
/// the map as it was, that of `Ord` leaves it as it was or with the operation done.
///
/// Source: Jiffy (T. Kobus, M. Kokociński and P. T. Wojciechowski, 2022) and KiWi (D. Basin et al., 2017) have
/// lists of chunks that are replaced as a whole. The protocol is this crate's own; `docs/skip.md` describes it.
pub struct SkipMap<K, V, C = Natural> {
    pub(super) core: Core<K, V, C>,
}

impl<K, V, C> std::panic::UnwindSafe for SkipMap<K, V, C> {}
impl<K, V, C> std::panic::RefUnwindSafe for SkipMap<K, V, C> {}

impl<K, V> SkipMap<K, V> {
    /// An empty map in the global domain, in the order of the keys. Allocates nothing.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map = SkipMap::new();
    /// map.pin().insert("a", 1);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_order_in(Natural, Smr::global())
    }

    /// A map with other settings.
    ///
    /// ```
    /// use structures::{SkipMap, Smr};
    ///
    /// let smr = Smr::new();
    /// let map: SkipMap<u32, String> = SkipMap::builder().domain(&smr).build();
    /// assert!(map.smr().is_same(&smr));
    /// ```
    pub fn builder() -> SkipMapBuilder<K, V> {
        SkipMapBuilder::new()
    }
}

impl<K, V, C: Comparator<K>> SkipMap<K, V, C> {
    /// An empty map in the global domain, in the order of a comparator: a function, for instance. Allocates
    /// nothing.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let descending = SkipMap::with_comparator(|a: &u32, b: &u32| b.cmp(a));
    /// let map = descending.pin();
    /// map.insert(1, "one");
    /// map.insert(2, "two");
    /// assert!(map.keys().eq(&[2, 1]));
    /// ```
    #[must_use]
    pub fn with_comparator(comparator: C) -> Self {
        Self::with_order_in(comparator, Smr::global())
    }

    /// The same in a domain of one's own.
    ///
    /// ```
    /// # use structures::{SkipMap, Smr};
    /// let smr = Smr::new();
    /// let map = SkipMap::<u32, u32, _>::with_comparator_in(|a: &u32, b: &u32| b.cmp(a), &smr);
    /// assert!(map.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn with_comparator_in(comparator: C, smr: &Smr) -> Self {
        Self::with_order_in(comparator, smr)
    }
}

impl<K, V, C> SkipMap<K, V, C> {
    pub(super) fn with_order_in(comparator: C, smr: &Smr) -> Self {
        let core = Core::new(comparator, smr);
        SkipMap { core }
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
    pub fn pin(&self) -> SkipMapRef<'_, K, V, C, LocalGuard<'_>> {
        SkipMapRef::new(self, self.guard())
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
    pub fn pin_owned(&self) -> SkipMapRef<'_, K, V, C, OwnedGuard> {
        SkipMapRef::new(self, self.owned_guard())
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

    /// The order.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// use structures::skip_map::Natural;
    ///
    /// assert_eq!(SkipMap::<u8, u8>::new().comparator(), &Natural);
    /// ```
    pub fn comparator(&self) -> &C {
        &self.core.comparator
    }

    /// The domain.
    ///
    /// ```
    /// # use structures::{SkipMap, Smr};
    /// assert!(SkipMap::<u8, u8>::new().smr().is_same(Smr::global()));
    /// ```
    #[inline]
    pub fn smr(&self) -> &Smr {
        self.core.memory.domain()
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
        self.core.count.get()
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
        self.core.memory.flush()
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
impl<K, V, C: Comparator<K>> SkipMap<K, V, C> {
    /// Asserts the invariants.
    ///
    /// # Panics
    /// If one does not hold.
    #[doc(hidden)]
    pub fn check(&mut self) {
        self.core.check(&self.guard());
    }
}
