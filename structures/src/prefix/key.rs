//! Prefixes of addresses, as strings of octets and what is left of one.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::bundle::Place;
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
}

macro_rules! ip_prefix {
    ($net:ty, $addr:ty, $octets:expr) => {
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
        }
    };
}

ip_prefix!(Ipv4Net, Ipv4Addr, 4);
ip_prefix!(Ipv6Net, Ipv6Addr, 16);

/// The whole octets of a prefix.
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

/// Where a prefix is: under its whole octets, at a place of the next.
pub(super) fn split<P: IpPrefix>(prefix: P) -> (Stride<P::Octets>, Place) {
    let (octets, bits) = prefix.parts();
    let len = bits / 8;
    // Of whole octets the place is that of no bits.
    let rest = octets.as_ref().get(usize::from(len)).copied();
    let place = Place::new(rest.unwrap_or(0), bits % 8);
    let mut kept = P::Octets::default();
    let whole = ..usize::from(len);
    kept.as_mut()[whole].copy_from_slice(&octets.as_ref()[whole]);
    (Stride { octets: kept, len }, place)
}

/// The prefix at a place under some octets.
pub(super) fn join<P: IpPrefix>(stride: &Stride<P::Octets>, place: Place) -> P {
    let mut octets = stride.octets;
    if let Some(rest) = octets.as_mut().get_mut(usize::from(stride.len)) {
        *rest = place.octet();
    }
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
