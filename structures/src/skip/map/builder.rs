//! A map's settings.

use core::fmt;
use core::marker::PhantomData;

use smr_core::Smr;

use super::super::compare::Natural;
use super::SkipMap;

/// Settings of a [`SkipMap`] that is to be made; see [`SkipMap::builder`].
///
/// ```
/// use structures::{SkipMap, SkipMapBuilder, Smr};
///
/// let smr = Smr::new();
/// let settings: SkipMapBuilder<u32, char> = SkipMap::builder().domain(&smr);
/// let map = settings.comparator(|a: &u32, b: &u32| b.cmp(a)).build();
/// map.pin().insert(1, 'a');
/// assert!(map.smr().is_same(&smr));
/// ```
#[must_use = "nothing is made before `build`"]
pub struct SkipMapBuilder<K, V, C = Natural> {
    comparator: C,
    domain: Smr,
    made: PhantomData<fn() -> (K, V)>,
}

impl<K, V> SkipMapBuilder<K, V> {
    pub(super) fn new() -> Self {
        SkipMapBuilder {
            comparator: Natural,
            domain: Smr::global().clone(),
            made: PhantomData,
        }
    }
}

impl<K, V, C> SkipMapBuilder<K, V, C> {
    /// Orders keys by this. By default: as `Ord` does.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let builder = SkipMap::<u32, u32>::builder();
    /// let map = builder.comparator(|a: &u32, b: &u32| b.cmp(a)).build();
    /// # assert!(map.is_empty());
    /// ```
    pub fn comparator<D>(self, comparator: D) -> SkipMapBuilder<K, V, D> {
        SkipMapBuilder {
            comparator,
            domain: self.domain,
            made: PhantomData,
        }
    }

    /// Reclaims through this domain. By default: the global one. Maps with slow readers may want their own,
    /// lest they hold back the memory of others.
    ///
    /// ```
    /// # use structures::{SkipMap, Smr};
    /// let smr = Smr::new();
    /// let map: SkipMap<u8, u8> = SkipMap::builder().domain(&smr).build();
    /// assert!(map.smr().is_same(&smr));
    /// ```
    pub fn domain(self, domain: &Smr) -> Self {
        let domain = domain.clone();
        SkipMapBuilder { domain, ..self }
    }

    /// What was to be made.
    ///
    /// ```
    /// # use structures::SkipMap;
    /// let map: SkipMap<u8, u8> = SkipMap::builder().build();
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    pub fn build(self) -> SkipMap<K, V, C> {
        SkipMap::with_order_in(self.comparator, &self.domain)
    }
}

impl<K, V, C> fmt::Debug for SkipMapBuilder<K, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkipMapBuilder")
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}
