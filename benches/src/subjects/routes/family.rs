//! IPv4 and IPv6, as the crates know them.

use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};

use ip_network::{IpNetwork, Ipv4Network, Ipv6Network};
use ip_network_table::IpNetworkTable;
use ipnet::{Ipv4Net, Ipv6Net};
use iptrie::{IpPrefixCovering, IpRootPrefix, Ipv4Prefix, Ipv6Prefix};
use structures::prefix_map::IpPrefix;

use super::Prefix;
use crate::suites::prefixes::Bits;

/// A family of addresses.
pub(crate) trait Family: Copy + Debug + Send + Sync + 'static {
    /// The name in that of a case.
    const NAME: &'static str;

    /// An address as a number.
    type Bits: Bits;

    /// An address.
    type Address: Copy
        + Debug
        + From<Self::Bits>
        + iptrie::IpPrefix<Addr = Self::Address>
        + Send
        + Sync
        + 'static;

    /// A prefix of `ipnet`.
    type Net: IpPrefix<Addr = Self::Address> + prefix_trie::Prefix + From<Self::Address>;

    /// A prefix of `iptrie`.
    type Key: IpRootPrefix<Addr = Self::Address>
        + IpPrefixCovering<Self::Address>
        + Send
        + Sync
        + 'static;

    /// The prefix as one of `ipnet`.
    fn net(prefix: Prefix<Self>) -> Self::Net;

    /// The prefix as one of `ip_network`.
    fn network(prefix: Prefix<Self>) -> IpNetwork;

    /// The prefix as one of `iptrie`.
    fn key(prefix: Prefix<Self>) -> Self::Key;

    /// A lookup in the table's half that is the family's.
    fn longest(table: &IpNetworkTable<u32>, address: Self::Address) -> Option<u32>;
}

/// IPv4.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ip4 {}

/// IPv6.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ip6 {}

macro_rules! family {
    (
        $family:ty, $name:expr, $bits:ty, $address:ty, $net:ty, $network:ident, $variant:ident,
        $key:ident, $longest:ident
    ) => {
        impl Family for $family {
            const NAME: &'static str = $name;

            type Bits = $bits;
            type Address = $address;
            type Net = $net;
            type Key = $key;

            #[inline]
            fn net(Prefix { first, length }: Prefix<Self>) -> Self::Net {
                <$net>::new(first, length).expect("a valid prefix")
            }

            #[inline]
            fn network(Prefix { first, length }: Prefix<Self>) -> IpNetwork {
                IpNetwork::$variant($network::new(first, length).expect("a valid prefix"))
            }

            #[inline]
            fn key(Prefix { first, length }: Prefix<Self>) -> Self::Key {
                $key::new(first, length).expect("a valid prefix")
            }

            #[inline]
            fn longest(table: &IpNetworkTable<u32>, address: $address) -> Option<u32> {
                table.$longest(address).map(|(_, &value)| value)
            }
        }
    };
}

family!(
    Ip4,
    "IPv4",
    u32,
    Ipv4Addr,
    Ipv4Net,
    Ipv4Network,
    V4,
    Ipv4Prefix,
    longest_match_ipv4
);
family!(
    Ip6,
    "IPv6",
    u128,
    Ipv6Addr,
    Ipv6Net,
    Ipv6Network,
    V6,
    Ipv6Prefix,
    longest_match_ipv6
);
