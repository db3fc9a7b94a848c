//! The map of prefixes: a radix trie of whole octets, with a bundle of values for the bits of the next one.
//!
//! A bundle is an entry's value, and does not change: a change makes another one, and puts it in the entry's place. So
//! all that the trie promises of entries holds of prefixes.

mod bundle;
mod count;
mod few;
mod key;
mod many;
mod pinned;
mod place;
mod subnets;
mod thin;

use core::convert::Infallible;
use core::fmt;

use smallvec::SmallVec;
use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

use crate::answers::{Compute, Operation};
use crate::count::Count;
use crate::entries::Writing;
use crate::guard::Guard;
use crate::radix::core::Core;
use crate::radix::memory::Entry;
use bundle::Bundle;
use count::Removal;
pub use key::IpPrefix;
use key::{Stride, join, split};
pub use pinned::PrefixMapRef;
use place::Place;
pub use subnets::Subnets;

type Key<P> = Stride<<P as IpPrefix>::Octets>;
type Trie<P, V> = Core<Key<P>, Bundle<V>>;

/// A lock-free map of prefixes of IP addresses, that finds the longest one of an address: a routing table.
///
/// ```
/// use ipnet::Ipv4Net;
/// use structures::PrefixMap;
///
/// let net = |net: &str| net.parse::<Ipv4Net>().unwrap();
/// let routes = PrefixMap::new();
/// let routes = routes.pin();
/// routes.insert(net("0.0.0.0/0"), "uplink");
/// routes.insert(net("10.0.0.0/8"), "office");
/// routes.insert(net("10.20.0.0/14"), "lab");
/// let next_hop = |addr: [u8; 4]| *routes.longest_match(addr.into()).unwrap().1;
/// assert_eq!(next_hop([10, 21, 3, 4]), "lab");
/// assert_eq!(next_hop([10, 99, 3, 4]), "office");
/// assert_eq!(next_hop([9, 9, 9, 9]), "uplink");
/// routes.remove(net("10.20.0.0/14"));
/// assert_eq!(next_hop([10, 21, 3, 4]), "office");
/// ```
///
/// Bits behind a prefix do not count: `10.1.2.3/8` is `10.0.0.0/8`.
///
/// # Consistency
/// Operations on one prefix are linearizable. [`longest_match`](Self::longest_match) and its like find what was there
/// at some time during the call; [`longest_match_strict`](Self::longest_match_strict) answers what was the longest at
/// one instant. [`subnets`](Self::subnets) and [`iter`](Self::iter) meet what is there all the time exactly once, in
/// order.
///
/// # Costs
/// Lookups are wait-free, and take a step for each octet by which prefixes differ: four at most for IPv4. Changes are
/// lock-free. Prefixes of eight lengths whose last bit is of the same octet, and that have all octets before it in
/// common, share an entry of the trie: when one of them changes, the values of the others are cloned, which may be up
/// to 510. Values should be small, or an [`Arc`](std::sync::Arc).
pub struct PrefixMap<P: IpPrefix, V> {
    core: Trie<P, V>,
    /// Of prefixes.
    count: Count,
}

impl<P: IpPrefix, V> std::panic::UnwindSafe for PrefixMap<P, V> {}
impl<P: IpPrefix, V> std::panic::RefUnwindSafe for PrefixMap<P, V> {}

impl<P: IpPrefix, V> PrefixMap<P, V> {
    /// An empty map in the global domain. Allocates nothing.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv6Net, u32> = PrefixMap::new();
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Smr::global())
    }

    /// The same in a domain of one's own.
    ///
    /// ```
    /// # use structures::{PrefixMap, Smr};
    /// let smr = Smr::new();
    /// let map: PrefixMap<ipnet::Ipv4Net, u32> = PrefixMap::new_in(&smr);
    /// assert!(map.smr().is_same(&smr));
    /// ```
    #[must_use]
    pub fn new_in(smr: &Smr) -> Self {
        PrefixMap {
            core: Core::new(smr),
            count: Count::new(),
        }
    }

    /// The map under a guard of the calling thread: a handle whose methods want none.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map = PrefixMap::new();
    /// let map = map.pin();
    /// map.insert("10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap(), 1);
    /// assert_eq!(map.len(), 1);
    /// ```
    #[inline]
    pub fn pin(&self) -> PrefixMapRef<'_, P, V, LocalGuard<'_>> {
        PrefixMapRef::new(self, self.smr().enter())
    }

    /// The map under an owned guard: a handle that may be sent, and held across `.await`.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map = PrefixMap::new();
    /// let pinned = map.pin_owned();
    /// std::thread::scope(|s| {
    ///     s.spawn(move || {
    ///         pinned.insert("10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap(), 1);
    ///     });
    /// });
    /// assert_eq!(map.len(), 1);
    /// ```
    #[inline]
    pub fn pin_owned(&self) -> PrefixMapRef<'_, P, V, OwnedGuard> {
        PrefixMapRef::new(self, self.smr().enter_owned())
    }

    /// Opens a section of the map's domain. Any other of the domain does as well.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u32> = PrefixMap::new();
    /// assert_eq!(map.longest_match([10, 0, 0, 1].into(), &map.guard()), None);
    /// ```
    #[inline]
    pub fn guard(&self) -> LocalGuard<'_> {
        self.smr().enter()
    }

    /// The domain.
    ///
    /// ```
    /// # use structures::{PrefixMap, Smr};
    /// let map: PrefixMap<ipnet::Ipv4Net, u32> = PrefixMap::new();
    /// assert!(map.smr().is_same(Smr::global()));
    /// ```
    #[inline]
    pub fn smr(&self) -> &Smr {
        self.core.memory.domain()
    }

    /// The number of prefixes: exact when nobody changes the map, else what it was a moment ago, more or less.
    /// O(processors).
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u32> = PrefixMap::new();
    /// assert_eq!(map.len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.count.get()
    }

    /// Whether there are none; see [`len`](Self::len).
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// assert!(PrefixMap::<ipnet::Ipv4Net, u32>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops, as far as the readers allow, what was removed: see [`Zone::flush`](smr_core::Zone::flush). Returns how
    /// many pieces of the map's memory still wait. Never waits; lock-free.
    ///
    /// # Panics
    /// With the panic of a drop that it runs.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let map: PrefixMap<ipnet::Ipv4Net, u32> = PrefixMap::new();
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

    /// The value of a prefix. Wait-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert_eq!(map.get(net, &map.guard()), Some(&1));
    /// ```
    pub fn get<'g>(&'g self, prefix: P, guard: &'g impl Guard) -> Option<&'g V> {
        self.find(self.verify(guard), prefix)
    }

    /// The longest prefix that an address begins with, and its value. It was there at some time during the call, and no
    /// longer one all the time. Wait-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = |net: &str| net.parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net("10.0.0.0/8"), 1), (net("10.1.0.0/16"), 2)]);
    /// let guard = map.guard();
    /// let found = map.longest_match([10, 1, 2, 3].into(), &guard);
    /// assert_eq!(found, Some((net("10.1.0.0/16"), &2)));
    /// assert_eq!(map.longest_match([11, 1, 2, 3].into(), &guard), None);
    /// ```
    pub fn longest_match<'g>(&'g self, addr: P::Addr, guard: &'g impl Guard) -> Option<(P, &'g V)> {
        self.longest(self.verify(guard), addr)
    }

    /// The same, and it was the longest at one instant. Lock-free: begins again when prefixes on the way change.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "2001:db8::/33".parse::<ipnet::Ipv6Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// let guard = map.guard();
    /// let found = map.longest_match_strict("2001:db8::7".parse().unwrap(), &guard);
    /// assert_eq!(found, Some((net, &1)));
    /// ```
    pub fn longest_match_strict<'g>(
        &'g self,
        addr: P::Addr,
        guard: &'g impl Guard,
    ) -> Option<(P, &'g V)> {
        self.longest_at_once(self.verify(guard), addr)
    }

    /// The prefixes that a prefix begins with, itself included, the shortest first. Each was there at some time during
    /// the call. Wait-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = |net: &str| net.parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net("10.0.0.0/8"), 1), (net("10.1.0.0/16"), 2)]);
    /// let guard = map.guard();
    /// assert!(map.supernets(net("10.1.2.0/24"), &guard).map(|(_, n)| *n).eq([1, 2]));
    /// ```
    pub fn supernets<'g>(&'g self, prefix: P, guard: &'g impl Guard) -> Supernets<'g, P, V> {
        self.above(self.verify(guard), prefix)
    }

    /// The prefixes that begin with a prefix, itself included: by their first addresses, and of those with the same one
    /// the shortest first. Lock-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = |net: &str| net.parse::<ipnet::Ipv4Net>().unwrap();
    /// let nets = ["10.1.0.0/16", "10.0.0.0/8", "10.1.128.0/17", "11.0.0.0/8"].map(net);
    /// let map: PrefixMap<_, _> = nets.into_iter().zip(1..).collect();
    /// let guard = map.guard();
    /// assert!(map.subnets(net("10.0.0.0/8"), &guard).map(|(_, n)| *n).eq([2, 1, 3]));
    /// ```
    pub fn subnets<'g, G: Guard>(&'g self, prefix: P, guard: &'g G) -> Subnets<'g, P, V, G> {
        self.verify(guard);
        Subnets::new(&self.core, guard, prefix)
    }

    /// All prefixes, in the order of [`subnets`](Self::subnets). Lock-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// assert!(map.iter(&map.guard()).eq([(net, &1)]));
    /// ```
    pub fn iter<'g, G: Guard>(&'g self, guard: &'g G) -> Subnets<'g, P, V, G> {
        self.subnets(P::of(P::Octets::default(), 0), guard)
    }

    fn find<'g>(&'g self, section: &'g LocalGuard<'_>, prefix: P) -> Option<&'g V> {
        let (stride, place) = split(prefix);
        let found = self.core.get(section, stride.whole())?;
        found.value.get(place)
    }

    fn longest<'g>(&'g self, section: &'g LocalGuard<'_>, addr: P::Addr) -> Option<(P, &'g V)> {
        let octets = P::octets(addr);
        let longest_in = |entry| Self::longest_in(entry, octets);
        self.core.longest(section, octets.as_ref(), longest_in)
    }

    fn longest_at_once<'g>(
        &'g self,
        section: &'g LocalGuard<'_>,
        addr: P::Addr,
    ) -> Option<(P, &'g V)> {
        let octets = P::octets(addr);
        let found = self.core.matches_at_once(section, octets.as_ref());
        let longest_in = |&entry: &&'g _| Self::longest_in(entry, octets);
        found.iter().rev().find_map(longest_in)
    }

    /// The longest of an entry's prefixes that an address is of.
    #[inline]
    fn longest_in(entry: &Entry<Key<P>, Bundle<V>>, octets: P::Octets) -> Option<(P, &V)> {
        if !entry.key.is_of::<P>(octets) {
            return None;
        }
        let octet = octets.as_ref()[entry.key.whole().len()];
        let (place, value) = entry.value.longest(octet)?;
        Some((join(&entry.key, place), value))
    }

    fn above<'g>(&'g self, section: &'g LocalGuard<'_>, prefix: P) -> Supernets<'g, P, V> {
        let (octets, _) = prefix.parts();
        let (stride, last) = split(prefix);
        let mut all = SmallVec::new();
        for entry in self.core.matches(section, stride.whole()) {
            let at = entry.key.whole().len();
            let is_last = at == stride.whole().len();
            let most = if is_last { last.bits() } else { 8 };
            for place in Place::of(octets.as_ref()[at], most) {
                let value = entry.value.get(place);
                all.extend(value.map(|value| (join(&entry.key, place), value)));
            }
        }
        Supernets(all.into_iter())
    }
}

impl<P: IpPrefix, V: Clone> PrefixMap<P, V> {
    /// Stores a value, and returns the one before. Lock-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::new();
    /// let guard = map.guard();
    /// assert_eq!(map.insert(net, 1, &guard), None);
    /// assert_eq!(map.insert(net, 2, &guard), Some(&1));
    /// ```
    pub fn insert<'g>(&'g self, prefix: P, value: V, guard: &'g impl Guard) -> Option<&'g V> {
        self.put(self.verify(guard), prefix, value)
    }

    /// Removes a prefix, and returns its value. Lock-free.
    ///
    /// ```
    /// # use structures::PrefixMap;
    /// let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
    /// let map = PrefixMap::from_iter([(net, 1)]);
    /// let guard = map.guard();
    /// assert_eq!(map.remove(net, &guard), Some(&1));
    /// assert_eq!(map.remove(net, &guard), None);
    /// ```
    pub fn remove<'g>(&'g self, prefix: P, guard: &'g impl Guard) -> Option<&'g V> {
        self.take(self.verify(guard), prefix)
    }

    fn put<'g>(&'g self, section: &'g LocalGuard<'_>, prefix: P, value: V) -> Option<&'g V> {
        let (stride, place) = split(prefix);
        let put = |old: Option<(&Stride<P::Octets>, &Bundle<V>)>| {
            Operation::<_, Infallible>::Insert(match old {
                None => Bundle::of(place, value.clone()),
                Some((_, bundle)) => bundle.with(place, value.clone()),
            })
        };
        let old = match self.core.writing(section, stride, None).compute(put) {
            Compute::Updated { old, .. } => old.1.get(place),
            _ => None,
        };
        if old.is_none() {
            self.count.add_and_spread(1);
        }
        old
    }

    fn take<'g>(&'g self, section: &'g LocalGuard<'_>, prefix: P) -> Option<&'g V> {
        let (stride, place) = split(prefix);
        let removal = Removal::of(&self.count);
        let take = |old: Option<(&Stride<P::Octets>, &Bundle<V>)>| {
            removal.set_done(false);
            match old {
                Some((_, bundle)) if bundle.get(place).is_some() => match bundle.without(place) {
                    Some(less) => Operation::Insert(less),
                    None => {
                        // What has been made before is dropped behind that.
                        removal.set_done(true);
                        Operation::Remove
                    }
                },
                _ => Operation::Abort(()),
            }
        };
        match self.core.writing(section, stride, None).compute(take) {
            Compute::Updated { old, .. } => {
                removal.set_done(true);
                old.1.get(place)
            }
            Compute::Removed(_, bundle) => bundle.get(place),
            _ => None,
        }
    }
}

impl<P: IpPrefix, V> Default for PrefixMap<P, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: IpPrefix + fmt::Debug, V: fmt::Debug> fmt::Debug for PrefixMap<P, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(&self.guard())).finish()
    }
}

impl<P: IpPrefix, V: Clone> Extend<(P, V)> for PrefixMap<P, V> {
    fn extend<I: IntoIterator<Item = (P, V)>>(&mut self, prefixes: I) {
        for (prefix, value) in prefixes {
            // No section is open while the iterator makes the next one: it may take its time.
            self.insert(prefix, value, &self.guard());
        }
    }
}

impl<P: IpPrefix, V: Clone> FromIterator<(P, V)> for PrefixMap<P, V> {
    fn from_iter<I: IntoIterator<Item = (P, V)>>(prefixes: I) -> Self {
        let mut map = Self::new();
        map.extend(prefixes);
        map
    }
}

/// The prefixes that a prefix begins with, the shortest first; see [`PrefixMap::supernets`].
///
/// ```
/// # use structures::PrefixMap;
/// let net = |net: &str| net.parse::<ipnet::Ipv4Net>().unwrap();
/// let map = PrefixMap::from_iter([(net("0.0.0.0/0"), 1), (net("10.0.0.0/8"), 2)]);
/// let map = map.pin();
/// assert!(map.supernets(net("10.0.0.0/8")).rev().map(|(_, n)| *n).eq([2, 1]));
/// ```
pub struct Supernets<'g, P: IpPrefix, V>(smallvec::IntoIter<[(P, &'g V); 8]>);

impl<'g, P: IpPrefix, V> Iterator for Supernets<'g, P, V> {
    type Item = (P, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<P: IpPrefix, V> DoubleEndedIterator for Supernets<'_, P, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl<P: IpPrefix, V> ExactSizeIterator for Supernets<'_, P, V> {}
impl<P: IpPrefix, V> core::iter::FusedIterator for Supernets<'_, P, V> {}

impl<P: IpPrefix, V> Clone for Supernets<'_, P, V> {
    fn clone(&self) -> Self {
        Supernets(self.0.clone())
    }
}

impl<P: IpPrefix + fmt::Debug, V: fmt::Debug> fmt::Debug for Supernets<'_, P, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
