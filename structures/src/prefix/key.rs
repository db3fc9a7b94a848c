//! Prefixes of addresses, as strings of octets and what is left of one.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::place::Place;
use crate::radix::key::RadixKey;

mod sealed {
    pub trait Sealed {}
}

/// A prefix of IP addresses: [`Ipv4Net`] or [`Ipv6Net`].
pub trait IpPrefix: sealed::Sealed + Copy + Ord + Send + Sync + 'static {
    /// An address.
    type Addr: Copy;

    #[doc(hidden)]
    type Octets: AsRef<[u8]> + AsMut<[u8]> + Copy + Default + Send + Sync;

    /// The octets of an address.
    #[doc(hidden)]
    fn octets(addr: Self::Addr) -> Self::Octets;

    /// The octets of the first address, and the number of bits.
    #[doc(hidden)]
    fn parts(self) -> (Self::Octets, u8);

    #[doc(hidden)]
    fn of(octets: Self::Octets, bits: u8) -> Self;

    /// Whether octets begin with so many others: fewer than all of them.
    #[doc(hidden)]
    fn begins(octets: Self::Octets, with: Self::Octets, len: u8) -> bool;
}

macro_rules! ip_prefix {
    ($net:ty, $addr:ty, $int:ty, $octets:expr) => {
        impl sealed::Sealed for $net {}

        impl IpPrefix for $net {
            type Addr = $addr;
            type Octets = [u8; $octets];

            fn octets(addr: $addr) -> [u8; $octets] {
                addr.octets()
            }

            fn parts(self) -> ([u8; $octets], u8) {
                (self.network().octets(), self.prefix_len())
            }

            fn of(octets: [u8; $octets], bits: u8) -> $net {
                <$net>::new(octets.into(), bits).expect("as many bits as an address has, at most")
            }

            #[inline]
            fn begins(octets: [u8; $octets], with: [u8; $octets], len: u8) -> bool {
                debug_assert!(len < $octets);
                let differ = <$int>::from_be_bytes(octets) ^ <$int>::from_be_bytes(with);
                // Twice: of no octets nothing is left.
                let below = <$int>::BITS - 8 - 8 * u32::from(len);
                differ >> 8 >> below == 0
            }
        }
    };
}

ip_prefix!(Ipv4Net, Ipv4Addr, u32, 4);
ip_prefix!(Ipv6Net, Ipv6Addr, u128, 16);

/// The octets of a prefix before the one that its last bit is of.
#[derive(Clone, Copy)]
pub(super) struct Stride<O> {
    octets: O,
    len: u8,
}

impl<O: AsRef<[u8]>> Stride<O> {
    /// The octets.
    #[inline]
    pub(super) fn whole(&self) -> &[u8] {
        &self.octets.as_ref()[..usize::from(self.len)]
    }
}

impl<O: AsRef<[u8]>> RadixKey for Stride<O> {
    type Bytes<'k>
        = &'k [u8]
    where
        O: 'k;

    #[inline]
    fn key_bytes(&self) -> &[u8] {
        self.whole()
    }
}

impl<O: Copy> Stride<O> {
    /// Whether an address begins with them.
    #[inline]
    pub(super) fn is_of<P: IpPrefix<Octets = O>>(&self, octets: O) -> bool {
        P::begins(octets, self.octets, self.len)
    }
}

/// Where a prefix is: at a place of the octet that its last bit is of, under the octets before that.
pub(super) fn split<P: IpPrefix>(prefix: P) -> (Stride<P::Octets>, Place) {
    let (octets, bits) = prefix.parts();
    let len = bits.saturating_sub(1) / 8;
    let place = Place::new(octets.as_ref()[usize::from(len)], bits - 8 * len);
    let mut kept = P::Octets::default();
    let whole = ..usize::from(len);
    kept.as_mut()[whole].copy_from_slice(&octets.as_ref()[whole]);
    (Stride { octets: kept, len }, place)
}

/// The prefix at a place under some octets.
#[inline]
pub(super) fn join<P: IpPrefix>(stride: &Stride<P::Octets>, place: Place) -> P {
    let mut octets = stride.octets;
    octets.as_mut()[usize::from(stride.len)] = place.octet();
    P::of(octets, stride.len * 8 + place.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_come_back() {
        for bits in 0..=32 {
            let net = Ipv4Net::new(Ipv4Addr::new(203, 90, 113, 77), bits)
                .unwrap()
                .trunc();
            let (stride, place) = split(net);
            assert_eq!(join::<Ipv4Net>(&stride, place), net);
        }
        for bits in 0..=128 {
            let addr: Ipv6Addr = "2001:db8:5a5a:a5a5:1:ffff:77:8001".parse().unwrap();
            let net = Ipv6Net::new(addr, bits).unwrap().trunc();
            let (stride, place) = split(net);
            assert_eq!(join::<Ipv6Net>(&stride, place), net);
        }
        // Bits behind the prefix do not count.
        let (a, b) = (
            "10.1.2.3/9".parse::<Ipv4Net>(),
            "10.0.0.0/9".parse::<Ipv4Net>(),
        );
        let (a, b) = (split(a.unwrap()), split(b.unwrap()));
        assert_eq!((a.0.key_bytes(), a.1), (b.0.key_bytes(), b.1));
    }
}
