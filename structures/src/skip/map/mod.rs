//! The map, and the set.

mod builder;

use smr_core::Smr;

pub use builder::SkipMapBuilder;

use super::compare::{Comparator, Natural};
use super::core::Core;
use super::engine::Skip;
use crate::ordered::{OrderedMap, OrderedMapRef, OrderedSet, OrderedSetRef};
use crate::set::Set;

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
/// Its operations, and what they promise, are those of [`OrderedMap`]. An iteration reads each chunk of some thirty
/// entries at one instant. [`clear`](OrderedMap::clear) is one operation for each entry.
///
/// # Costs
/// Time is O(log n). A lookup touches a few cache lines a level, of which there are six in a map of ten million
/// entries, and the entry, if there is one. In the natural order, *plain* entries, whose keys are `u8` to `u64`,
/// `usize`, `char` or `bool`, and whose values are integers, floats, `char`, `bool` or `()` and no larger than an
/// address, lie in those lines: a lookup waits for nothing else, and they have no memory of their own. Of keys that are
/// integers, `char`, addresses, strings or byte strings, or what holds these ([`String`], `Arc<str>`, `Box<[u8]>`,
/// `&str`, …), the map keeps eight bytes beside the pointer to the entry, and looks at whole keys only where these are
/// equal. Keys that ascend at the end of the map, and [`pop_first`](OrderedMap::pop_first), copy nothing; other changes
/// copy up to thirty hints and pointers. Memory: each other entry is an allocation of its own, out of a
/// [`Zone`](smr_core::Zone) that reuses what was removed; the rest takes some 22 bytes an entry in a large map. A small
/// one that is in use has 60 to 90 kilobytes of the threads' stocks; an empty one has allocated nothing.
///
/// # Bad keys
/// An order of keys that contradicts itself gets wrong answers, or operations that do not end, nothing worse.
/// `Ord`, `Drop` and closures may panic, and may use the map. A panic passes through: that of a closure leaves
/// the map as it was, that of `Ord` leaves it as it was or with the operation done.
///
/// Source: Jiffy (T. Kobus, M. Kokociński and P. T. Wojciechowski, 2022) and KiWi (D. Basin et al., 2017) have
/// lists of chunks that are replaced as a whole. The protocol is this crate's own; `docs/skip.md` describes it.
pub type SkipMap<K, V, C = Natural> = OrderedMap<K, V, Skip<C>>;

/// A [`SkipMap`] under a guard of its own; see [`OrderedMapRef`].
///
/// ```
/// use structures::skip_map::{Natural, SkipMapRef};
/// use structures::{Guard, SkipMap};
///
/// fn least(map: &SkipMapRef<'_, u32, char, Natural, impl Guard>) -> Option<char> {
///     map.first_key_value().map(|(_, value)| *value)
/// }
///
/// assert_eq!(least(&SkipMap::from([(2, 'b'), (1, 'a')]).pin()), Some('a'));
/// ```
pub type SkipMapRef<'map, K, V, C, G> = OrderedMapRef<'map, K, V, Skip<C>, G>;

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
    fn with_order_in(comparator: C, smr: &Smr) -> Self {
        OrderedMap::of(Core::new(comparator, smr))
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
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for SkipMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

/// A lock-free ordered set: a [`SkipMap`] without values. What it shares with sets of other maps is described
/// at [`Set`]; order, time, memory and bad keys at [`SkipMap`].
///
/// ```
/// use structures::SkipSet;
///
/// let set = SkipSet::new();
/// std::thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| {
///             let set = set.pin();
///             (0..100).rev().filter(|&n| set.insert(n)).count()
///         });
///     }
/// });
/// assert_eq!(set.len(), 100);
/// assert!(set.pin().iter().copied().eq(0..100));
/// ```
pub type SkipSet<K, C = Natural> = OrderedSet<K, Skip<C>>;

/// A [`SkipSet`] under a guard of its own; see [`SetRef`](crate::set::SetRef).
///
/// ```
/// use structures::skip_set::SkipSetRef;
/// use structures::skip_map::Natural;
/// use structures::{Guard, SkipSet};
///
/// fn least(set: &SkipSetRef<'_, u32, Natural, impl Guard>) -> Option<u32> {
///     set.first().copied()
/// }
///
/// assert_eq!(least(&SkipSet::from([2, 1]).pin()), Some(1));
/// ```
pub type SkipSetRef<'set, K, C, G> = OrderedSetRef<'set, K, Skip<C>, G>;

impl<K> SkipSet<K> {
    /// An empty set in the global domain, in the order of the keys. Allocates nothing.
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set: SkipSet<u8> = SkipSet::new();
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Set::new_of(SkipMap::new())
    }
}

impl<K, C: Comparator<K>> SkipSet<K, C> {
    /// An empty set in the global domain, in the order of a comparator: a function, for instance. Allocates
    /// nothing.
    ///
    /// ```
    /// # use structures::SkipSet;
    /// let set = SkipSet::with_comparator(|a: &u32, b: &u32| b.cmp(a));
    /// let set = set.pin();
    /// assert!(set.insert(1) && set.insert(2));
    /// assert!(set.iter().eq(&[2, 1]));
    /// ```
    #[must_use]
    pub fn with_comparator(comparator: C) -> Self {
        Set::new_of(SkipMap::with_comparator(comparator))
    }

    /// The same in a domain of one's own.
    ///
    /// ```
    /// # use structures::{SkipSet, Smr};
    /// use structures::skip_map::Natural;
    ///
    /// let smr = Smr::new();
    /// let set: SkipSet<u32> = SkipSet::with_comparator_in(Natural, &smr);
    /// assert!(set.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn with_comparator_in(comparator: C, smr: &Smr) -> Self {
        Set::new_of(SkipMap::with_comparator_in(comparator, smr))
    }

    /// The order.
    ///
    /// ```
    /// # use structures::SkipSet;
    /// use structures::skip_map::Natural;
    ///
    /// assert_eq!(SkipSet::<u8>::new().comparator(), &Natural);
    /// ```
    pub fn comparator(&self) -> &C {
        self.map().comparator()
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for SkipSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}
