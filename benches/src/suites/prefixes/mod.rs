//! Real tables of prefixes, for the suites that look addresses up.

mod packed;

use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::{BitAnd, BitOr, Not};
use std::str::FromStr;

pub use packed::{ip4, ip6, pack, unpack};

/// The bits of an address, which say of which family it is: `u32` or `u128`.
pub trait Bits:
    Copy
    + Debug
    + Default
    + Ord
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + Not<Output = Self>
    + Into<u128>
    + TryFrom<u128>
    + Send
    + Sync
    + 'static
{
    /// How many there are.
    const LENGTH: u8;

    /// What packed tables of the family begin with.
    const MAGIC: &'static [u8; 8];

    /// Those of an address as it is written.
    fn parse(address: &str) -> Option<Self>;

    /// All that are behind a prefix of that length.
    fn behind(length: u8) -> Self;
}

macro_rules! bits {
    ($bits:ty, $address:ty, $magic:expr) => {
        impl Bits for $bits {
            const LENGTH: u8 = <$bits>::BITS as u8;
            const MAGIC: &'static [u8; 8] = $magic;

            fn parse(address: &str) -> Option<Self> {
                address.parse().ok().map(<$address>::to_bits)
            }

            fn behind(length: u8) -> Self {
                <$bits>::MAX.checked_shr(length.into()).unwrap_or(0)
            }
        }
    };
}

bits!(u32, Ipv4Addr, b"ip4-asn\x01");
bits!(u128, Ipv6Addr, b"ip6-asn\x01");

/// A block of addresses and the number of the autonomous system that originates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<B> {
    first: B,
    length: u8,
    origin: u32,
}

impl<B: Bits> Route<B> {
    /// A route; none unless `first` is the first address of a block of that length.
    pub fn new(first: B, length: u8, origin: u32) -> Option<Route<B>> {
        let route = Route {
            first,
            length,
            origin,
        };
        let is_block = length <= B::LENGTH && first & B::behind(length) == B::default();
        is_block.then_some(route)
    }

    /// The first address.
    pub fn first(self) -> B {
        self.first
    }

    /// The length of the prefix.
    pub fn length(self) -> u8 {
        self.length
    }

    /// The last address.
    pub fn last(self) -> B {
        self.first | B::behind(self.length)
    }

    /// Whoever originates it.
    pub fn origin(self) -> u32 {
        self.origin
    }
}

impl<B: Bits> FromStr for Route<B> {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Route<B>, &'static str> {
        let (prefix, origin) = line.split_once('\t').ok_or("no tab")?;
        let (first, length) = prefix.split_once('/').ok_or("no prefix length")?;
        let first = B::parse(first).ok_or("not an address")?;
        let length = length.parse().map_err(|_| "not a prefix length")?;
        let origin = origin.parse().map_err(|_| "not an origin")?;
        Route::new(first, length, origin).ok_or("not the first address of a block")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_routes_are_refused() {
        assert!("1.0.0.1/24\t1".parse::<Route<u32>>().is_err());
        assert!("1.0.0.0/33\t1".parse::<Route<u32>>().is_err());
        assert!("1.0.0.0 1".parse::<Route<u32>>().is_err());
        assert!("1.0.0.0/24\tAS1".parse::<Route<u32>>().is_err());
        assert!("2001:db8::/32\t1".parse::<Route<u32>>().is_err());
        assert!("2001:db8::1/32\t1".parse::<Route<u128>>().is_err());
        assert!("2001:db8::/129\t1".parse::<Route<u128>>().is_err());
        assert!("1.0.0.0/24\t1".parse::<Route<u128>>().is_err());
    }

    #[test]
    fn blocks_have_ends() {
        let ends = |line: &str| {
            let route: Route<u128> = line.parse().unwrap();
            (route.first(), route.last(), route.length())
        };
        assert_eq!(ends("::/0\t1"), (0, u128::MAX, 0));
        assert_eq!(ends("::7/128\t1"), (7, 7, 128));
        assert_eq!(ends("8000::/1\t1"), (1 << 127, u128::MAX, 1));
    }
}
