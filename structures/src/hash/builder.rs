//! The settings of the hash maps and sets that are to be made.

use core::fmt;
use core::marker::PhantomData;
use std::collections::hash_map::RandomState;

use smr_core::Smr;

/// Settings of a hash map or set `M` that is to be made; see [`HashMap::builder`](crate::HashMap::builder).
///
/// ```
/// use structures::{HashMap, HashSet, Smr};
/// use std::hash::{BuildHasherDefault, DefaultHasher};
///
/// let smr = Smr::new();
/// let map: HashMap<String, u32> = HashMap::builder().capacity(1_000).domain(&smr).build();
/// assert!(map.smr().is_same(&smr) && map.capacity() >= 1_000);
///
/// let hasher = BuildHasherDefault::<DefaultHasher>::new();
/// let set = HashSet::builder().hasher(hasher).build();
/// assert!(set.pin().insert("a"));
/// ```
#[must_use = "nothing is made before `build`"]
pub struct Builder<M: Settings> {
    hasher: M::Hasher,
    capacity: usize,
    domain: Smr,
    made: PhantomData<fn() -> M>,
}

/// What has such settings.
pub trait Settings {
    type Hasher;

    /// The same, by another hasher.
    type With<S>: Settings<Hasher = S>;
}

/// What can be made of them.
pub trait Make: Settings {
    fn make(hasher: Self::Hasher, capacity: usize, domain: &Smr) -> Self;
}

impl<M: Settings<Hasher = RandomState>> Builder<M> {
    pub(super) fn new() -> Self {
        Builder {
            hasher: RandomState::new(),
            capacity: 0,
            domain: Smr::global().clone(),
            made: PhantomData,
        }
    }
}

impl<M: Settings> Builder<M> {
    /// Hashes by this. By default: std's, with seeds of its own.
    ///
    /// ```
    /// # use structures::HashMap;
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    ///
    /// type Fixed = BuildHasherDefault<DefaultHasher>;
    /// let map: HashMap<u8, u8, Fixed> = HashMap::builder().hasher(Fixed::new()).build();
    /// # assert!(map.is_empty());
    /// ```
    pub fn hasher<S>(self, hasher: S) -> Builder<M::With<S>> {
        Builder {
            hasher,
            capacity: self.capacity,
            domain: self.domain,
            made: PhantomData,
        }
    }

    /// Makes room for so many entries at once. By default: none.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<u8, u8> = HashMap::builder().capacity(100).build();
    /// assert!(map.capacity() >= 100);
    /// ```
    pub fn capacity(self, capacity: usize) -> Self {
        Builder { capacity, ..self }
    }

    /// Reclaims through this domain. By default: the global one. Maps with slow readers may want their own,
    /// lest they hold back the memory of others.
    ///
    /// ```
    /// # use structures::{HashMap, Smr};
    /// let smr = Smr::new();
    /// let map: HashMap<u8, u8> = HashMap::builder().domain(&smr).build();
    /// assert!(map.smr().is_same(&smr));
    /// ```
    pub fn domain(self, domain: &Smr) -> Self {
        let domain = domain.clone();
        Builder { domain, ..self }
    }

    /// What was to be made.
    ///
    /// # Panics
    /// If the capacity is beyond what can be addressed. Aborts if there is no memory.
    ///
    /// ```
    /// # use structures::HashMap;
    /// let map: HashMap<u8, u8> = HashMap::builder().build();
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    pub fn build(self) -> M
    where
        M: Make,
    {
        M::make(self.hasher, self.capacity, &self.domain)
    }
}

impl<M: Settings> fmt::Debug for Builder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("capacity", &self.capacity)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}
