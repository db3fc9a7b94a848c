//! The map under a guard.

use core::fmt;

use smr_core::{Guard as LocalGuard, OwnedGuard};

use super::key::IpPrefix;
use super::{PrefixMap, Subnets, Supernets};
use crate::guard::Guard;

/// A map under a guard of its own; see [`PrefixMap::pin`]. What it returns is borrowed from it.
///
/// ```
/// # use structures::PrefixMap;
/// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
/// let map = PrefixMap::from_iter([(net, 1)]);
/// let pinned = map.pin();
/// let one = pinned.get(net);
/// map.pin().remove(net);
/// assert_eq!(one, Some(&1)); // until `pinned` is dropped
/// ```
pub struct PrefixMapRef<'map, P: IpPrefix, V, G> {
    map: &'map PrefixMap<P, V>,
    /// Of the map's domain.
    guard: G,
}

impl<'map, P: IpPrefix, V, G: Guard> PrefixMapRef<'map, P, V, G> {
    /// The guard is of the map's domain.
    #[inline]
    pub(super) fn new(map: &'map PrefixMap<P, V>, guard: G) -> Self {
        PrefixMapRef { map, guard }
    }

    /// The map.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u8> = PrefixMap::new();
    /// assert!(std::ptr::eq(map.pin().map(), &map));
    /// ```
    #[must_use]
    pub fn map(&self) -> &'map PrefixMap<P, V> {
        self.map
    }

    /// See [`PrefixMap::len`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u8> = PrefixMap::new();
    /// assert_eq!(map.pin().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// See [`PrefixMap::is_empty`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u8> = PrefixMap::new();
    /// assert!(map.pin().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// See [`PrefixMap::get`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.pin().get(net), Some(&1));
    /// ```
    pub fn get(&self, prefix: P) -> Option<&V> {
        self.map.find(self.guard.section(), prefix)
    }

    /// See [`PrefixMap::longest_match`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.pin().longest_match([10, 1, 2, 3].into()), Some((net, &1)));
    /// ```
    pub fn longest_match(&self, addr: P::Addr) -> Option<(P, &V)> {
        self.map.longest(self.guard.section(), addr)
    }

    /// See [`PrefixMap::longest_match_strict`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.pin().longest_match_strict([10, 1, 2, 3].into()), Some((net, &1)));
    /// ```
    pub fn longest_match_strict(&self, addr: P::Addr) -> Option<(P, &V)> {
        self.map.longest_at_once(self.guard.section(), addr)
    }

    /// See [`PrefixMap::supernets`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.pin().supernets(net).len(), 1);
    /// ```
    pub fn supernets(&self, prefix: P) -> Supernets<'_, P, V> {
        self.map.above(self.guard.section(), prefix)
    }

    /// See [`PrefixMap::subnets`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.pin().subnets(net).count(), 1);
    /// ```
    pub fn subnets(&self, prefix: P) -> Subnets<'_, P, V, G> {
        self.map.subnets(prefix, &self.guard)
    }

    /// See [`PrefixMap::iter`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert!(map.pin().iter().eq([(net, &1)]));
    /// ```
    pub fn iter(&self) -> Subnets<'_, P, V, G> {
        self.map.iter(&self.guard)
    }
}

impl<P: IpPrefix, V: Clone, G: Guard> PrefixMapRef<'_, P, V, G> {
    /// See [`PrefixMap::insert`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map = PrefixMap::new();
    /// let map = map.pin();
    /// assert_eq!(map.insert("::/0".parse::<ipnet::Ipv6Net>().unwrap(), 1), None);
    /// ```
    pub fn insert(&self, prefix: P, value: V) -> Option<&V> {
        self.map.put(self.guard.section(), prefix, value)
    }

    /// See [`PrefixMap::remove`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.pin().remove(net), Some(&1));
    /// ```
    pub fn remove(&self, prefix: P) -> Option<&V> {
        self.map.take(self.guard.section(), prefix)
    }
}

impl<P: IpPrefix, V> PrefixMapRef<'_, P, V, LocalGuard<'_>> {
    /// Ends the section and opens another at once: long loops do so now and then, so as not to hold memory back. See
    /// [`smr_core::Guard::repin`].
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u8> = PrefixMap::new();
    /// map.pin().repin();
    /// ```
    pub fn repin(&mut self) {
        self.guard.repin();
    }
}

impl<P: IpPrefix, V> PrefixMapRef<'_, P, V, OwnedGuard> {
    /// As [for the guards of a thread](Self::repin).
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u8> = PrefixMap::new();
    /// map.pin_owned().repin_owned();
    /// ```
    pub fn repin_owned(&mut self) {
        self.guard.repin();
    }
}

impl<P: IpPrefix + fmt::Debug, V: fmt::Debug, G: Guard> fmt::Debug for PrefixMapRef<'_, P, V, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
