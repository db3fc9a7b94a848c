//! Iteration.

use core::fmt;
use core::iter::{FusedIterator, Peekable};
use core::ops::Bound;
use std::vec;

use smallvec::SmallVec;

use super::bundle::Bundle;
use super::key::{IpPrefix, Stride, join, split};
use super::place::Place;
use super::{Key, Trie};
use crate::guard::Guard;
use crate::radix::memory::Entry;
use crate::radix::walk::Walk;

/// The prefixes of one bundle that are still to be met, in their order.
struct Pending<'g, P: IpPrefix, V> {
    stride: &'g Stride<P::Octets>,
    left: Peekable<vec::IntoIter<(Place, &'g V)>>,
}

impl<'g, P: IpPrefix, V> Pending<'g, P, V> {
    /// Those of a bundle that `wanted` holds of.
    fn new(entry: &'g Entry<Key<P>, Bundle<V>>, wanted: impl Fn(Place) -> bool) -> Self {
        let all = entry.value.iter().filter(|&(place, _)| wanted(place));
        let mut all: Vec<_> = all.collect();
        all.sort_unstable_by_key(|&(place, _)| (place.octet(), place.bits()));
        Pending {
            stride: &entry.key,
            left: all.into_iter().peekable(),
        }
    }
}

impl<P: IpPrefix, V> Clone for Pending<'_, P, V> {
    fn clone(&self) -> Self {
        Pending {
            stride: self.stride,
            left: self.left.clone(),
        }
    }
}

/// An iterator over the prefixes that begin with one; see [`PrefixMap::subnets`](super::PrefixMap::subnets).
///
/// ```
/// # use structures::PrefixMap;
/// let net = |net: &str| net.parse::<ipnet::Ipv4Net>().unwrap();
/// let map = PrefixMap::from_iter([(net("10.0.0.0/8"), 1), (net("10.0.0.0/9"), 2)]);
/// let map = map.pin();
/// let mut subnets = map.subnets(net("10.0.0.0/8"));
/// assert_eq!(subnets.next(), Some((net("10.0.0.0/8"), &1)));
/// assert_eq!(subnets.next(), Some((net("10.0.0.0/9"), &2)));
/// assert_eq!(subnets.next(), None);
/// ```
pub struct Subnets<'g, P: IpPrefix, V, G> {
    core: &'g Trie<P, V>,
    guard: &'g G,
    walk: Walk<'g, Key<P>, Bundle<V>>,
    low: SmallVec<[u8; 17]>,
    /// None if nothing is behind.
    high: Option<SmallVec<[u8; 17]>>,
    /// Bundles on the way to the next entry.
    pending: Vec<Pending<'g, P, V>>,
    /// Has been met, and comes behind some of what is pending.
    next: Option<&'g Entry<Key<P>, Bundle<V>>>,
}

impl<'g, P: IpPrefix, V, G: Guard> Subnets<'g, P, V, G> {
    /// The guard is of the map's domain.
    pub(super) fn new(core: &'g Trie<P, V>, guard: &'g G, prefix: P) -> Self {
        let (stride, place) = split(prefix);
        let whole = stride.whole();
        // What has as many whole octets has no more than a place among those of the next.
        let of_it = |other: Place| {
            other.bits() >= place.bits() && Place::new(other.octet(), place.bits()) == place
        };
        let first = core.get(guard.section(), whole);
        let pending = first.map(|entry| Pending::new(entry, of_it));
        let mut low = SmallVec::from_slice(whole);
        low.push(place.octet());
        // Behind the octets that begin with those bits.
        let mut high = low.clone();
        let step = 1_u16 << (8 - place.bits());
        let last = u16::from(place.octet()) + step - 1;
        high[whole.len()] = last as u8;
        while high.last() == Some(&u8::MAX) {
            high.pop();
        }
        let high = high.last_mut().map(|last| *last += 1).map(|()| high);
        Subnets {
            core,
            guard,
            walk: Walk::new(),
            low,
            high,
            pending: pending.into_iter().collect(),
            next: None,
        }
    }

    fn meet(&mut self) -> Option<&'g Entry<Key<P>, Bundle<V>>> {
        let high = self
            .high
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let bounds = (Bound::Included(&self.low[..]), high);
        self.walk.next(self.core, self.guard.section(), bounds)
    }
}

impl<'g, P: IpPrefix, V, G: Guard> Iterator for Subnets<'g, P, V, G> {
    type Item = (P, &'g V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let next = self.next.take().or_else(|| self.meet());
            if let Some(top) = self.pending.last_mut() {
                // The octet of the next entry behind those of the bundle, if it begins with them.
                let below = next.and_then(|next| next.key.whole().strip_prefix(top.stride.whole()));
                let octet = below.and_then(|below| below.first().copied());
                let is_due = |&(place, _): &(Place, &V)| octet.is_none_or(|at| place.octet() <= at);
                if let Some((place, value)) = top.left.next_if(is_due) {
                    let prefix = join(top.stride, place);
                    self.next = next;
                    return Some((prefix, value));
                }
                if octet.is_none() {
                    self.pending.pop();
                    self.next = next;
                    if next.is_none() && self.pending.is_empty() {
                        return None;
                    }
                    continue;
                }
            }
            self.pending.push(Pending::new(next?, |_| true));
        }
    }
}

impl<P: IpPrefix, V, G: Guard> FusedIterator for Subnets<'_, P, V, G> {}

impl<P: IpPrefix, V, G> Clone for Subnets<'_, P, V, G> {
    fn clone(&self) -> Self {
        Subnets {
            walk: self.walk.clone(),
            low: self.low.clone(),
            high: self.high.clone(),
            pending: self.pending.clone(),
            ..*self
        }
    }
}

impl<P: IpPrefix + fmt::Debug, V: fmt::Debug, G: Guard> fmt::Debug for Subnets<'_, P, V, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
