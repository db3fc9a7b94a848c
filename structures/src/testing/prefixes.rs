//! Maps of prefixes, and what they must answer: both families, by what they have in common.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::net::Ipv6Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::past::Past;
use super::payload::{Counted, Tally};
use super::spec::{Call, Spec};
use super::subject::{Session, Subject};
use crate::Smr;
use crate::prefix_map::{IpPrefix, PrefixMap};

/// A prefix of any family: its bits are the highest ones. In the order of maps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bits {
    bits: u128,
    len: u8,
}

/// As of IPv6.
impl Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv6Addr::from(self.bits), self.len)
    }
}

impl Bits {
    /// So many of these.
    #[must_use]
    pub fn new(bits: u128, len: u8) -> Bits {
        let behind = u128::MAX.checked_shr(len.into()).unwrap_or(0);
        let bits = bits & !behind;
        Bits { bits, len }
    }

    /// Whether an address, or a prefix, begins with it.
    #[must_use]
    pub fn begins(self, other: u128) -> bool {
        Bits::new(other, self.len) == self
    }

    /// Whether a prefix begins with it.
    #[must_use]
    pub fn covers(self, other: Bits) -> bool {
        self.len <= other.len && self.begins(other.bits)
    }
}

/// A family of prefixes.
pub trait Net: IpPrefix + Debug {
    /// For messages.
    const NAME: &'static str;

    /// Bits of an address.
    const BITS: u8;

    /// The highest of these bits are an address.
    fn address(bits: u128) -> Self::Addr;

    /// The prefix of an address with so many bits; those behind are kept.
    fn net(bits: u128, len: u8) -> Self;

    /// What counts of it.
    fn bits(self) -> Bits;

    /// The prefix of which this counts.
    fn of_bits(of: Bits) -> Self {
        Self::net(of.bits, of.len)
    }
}

macro_rules! net {
    ($net:ty, $name:expr, $number:ty) => {
        impl Net for $net {
            const NAME: &'static str = $name;
            const BITS: u8 = <$number>::BITS as u8;

            fn address(bits: u128) -> Self::Addr {
                ((bits >> (128 - Self::BITS)) as $number).into()
            }

            fn net(bits: u128, len: u8) -> Self {
                Self::new(Self::address(bits), len)
                    .expect("as many bits as an address has, at most")
            }

            fn bits(self) -> Bits {
                let bits = u128::from(<$number>::from(self.addr()));
                Bits::new(bits << (128 - Self::BITS), self.prefix_len())
            }
        }
    };
}

net!(Ipv4Net, "IPv4", u32);
net!(Ipv6Net, "IPv6", u128);

/// What is asked of a map of prefixes, with an answer at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Query {
    /// Answers the prefix, if it is there.
    Get(Bits),
    /// Stores a value; answers what was there.
    Insert(Bits, u64),
    /// Removes a prefix; answers what was there.
    Remove(Bits),
    /// Answers the longest prefix of an address.
    Longest(u128),
    /// Answers all of them, in their order. For when nobody changes the map.
    All,
}

/// Addresses, each of which has the prefixes of the ones before it, and another one at least.
pub const ADDRESSES: [u128; 5] = [
    0x0B00_0001 << 96,
    0x0A00_0001 << 96,
    0x0A80_0001 << 96,
    0x0A80_8002 << 96,
    0x0A80_8001 << 96,
];

/// Prefixes of the last of these addresses: of one bundle, of those above it, and of one far below.
#[must_use]
pub fn nested() -> [Bits; 8] {
    [0, 8, 9, 10, 15, 16, 17, 32].map(|len| Bits::new(ADDRESSES[4], len))
}

/// Random queries about these, the same for the same seed; so many of a hundred change something. Values are different
/// for different seeds.
pub fn queries(seed: u64, changes: u32) -> impl Iterator<Item = Query> {
    let mut random = SmallRng::seed_from_u64(seed);
    (seed << 32..).map(move |value| {
        let net = nested()[random.random_range(0..8)];
        match random.random_range(0..100) {
            roll if roll < changes / 2 => Query::Insert(net, value),
            roll if roll < changes => Query::Remove(net),
            roll if roll % 2 == 0 => Query::Get(net),
            _ => Query::Longest(ADDRESSES[random.random_range(0..ADDRESSES.len())]),
        }
    })
}

/// Prefixes, and what is said of them.
pub type Answer = Vec<(Bits, u64)>;

/// A map of prefixes that looks at all of them.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Table {
    prefixes: BTreeMap<Bits, u64>,
}

impl FromIterator<(Bits, u64)> for Table {
    fn from_iter<I: IntoIterator<Item = (Bits, u64)>>(prefixes: I) -> Self {
        let prefixes = prefixes.into_iter().collect();
        Table { prefixes }
    }
}

impl Table {
    /// Stores a value; what was there.
    pub fn insert(&mut self, net: Bits, value: u64) -> Option<u64> {
        self.prefixes.insert(net, value)
    }

    /// Removes a prefix; what was there.
    pub fn remove(&mut self, net: Bits) -> Option<u64> {
        self.prefixes.remove(&net)
    }

    /// The prefixes of which it holds, in their order.
    pub fn those(
        &self,
        holds: impl Fn(Bits) -> bool,
    ) -> impl DoubleEndedIterator<Item = (Bits, u64)> {
        let all = self.prefixes.iter().map(|(&net, &value)| (net, value));
        all.filter(move |&(net, _)| holds(net))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// The value of a prefix.
    #[must_use]
    pub fn get(&self, net: Bits) -> Option<u64> {
        self.prefixes.get(&net).copied()
    }

    /// The longest prefix of an address: of those that are, it comes last.
    #[must_use]
    pub fn longest(&self, addr: u128) -> Option<(Bits, u64)> {
        self.those(|net| net.begins(addr)).next_back()
    }
}

impl Spec for Table {
    type Call = Query;
    type Answer = Answer;

    fn answer(&mut self, query: Query) -> Answer {
        let one = |net, value: Option<u64>| value.map(|value| (net, value)).into_iter().collect();
        match query {
            Query::Get(net) => one(net, self.get(net)),
            Query::Insert(net, value) => one(net, self.insert(net, value)),
            Query::Remove(net) => one(net, self.remove(net)),
            Query::Longest(addr) => self.longest(addr).into_iter().collect(),
            Query::All => self.those(|_| true).collect(),
        }
    }
}

/// A map of prefixes, in a domain of its own, whose values count themselves, and whose operations are recorded.
pub struct Routes<P: Net> {
    map: Option<PrefixMap<P, Counted>>,
    values: Tally,
    past: Past<Table>,
}

impl<P: Net> Debug for Routes<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

/// A prefix and its value, as bits and numbers.
pub fn plain<P: Net>((net, value): (P, &Counted)) -> (Bits, u64) {
    (net.bits(), value.number())
}

impl<P: Net> Routes<P> {
    /// The map.
    ///
    /// # Panics
    /// While it is dropped.
    #[must_use]
    pub fn map(&self) -> &PrefixMap<P, Counted> {
        self.map.as_ref().expect("it is there until the end")
    }

    /// Does these, one after the other, and records it.
    pub fn record(&self, queries: impl IntoIterator<Item = Query>) {
        self.past.record(queries, |query| self.ask(query));
    }

    fn ask(&self, query: Query) -> Answer {
        let map = self.map().pin();
        let one = |net, value: Option<&Counted>| {
            let value = value.map(|value| (net, value.number()));
            value.into_iter().collect()
        };
        match query {
            Query::Get(of) => one(of, map.get(P::of_bits(of))),
            Query::Insert(of, value) => {
                one(of, map.insert(P::of_bits(of), self.values.item(value)))
            }
            Query::Remove(of) => one(of, map.remove(P::of_bits(of))),
            Query::Longest(addr) => {
                let found = map.longest_match_strict(P::address(addr));
                found.map(plain).into_iter().collect()
            }
            Query::All => map.iter().map(plain).collect(),
        }
    }
}

/// Nobody uses it.
#[derive(Debug)]
pub struct Idle;

impl Session for Idle {
    fn apply(&mut self, _: Call) -> Option<u64> {
        unreachable!("prefixes are no numbers")
    }
}

impl<P: Net> Subject for Routes<P> {
    const NAME: &'static str = P::NAME;

    type Session<'s> = Idle;

    fn new() -> Self {
        Routes {
            map: Some(PrefixMap::new_in(&Smr::new())),
            values: Tally::default(),
            past: Past::default(),
        }
    }

    fn session(&self) -> Idle {
        Idle
    }

    fn count(&self) -> usize {
        self.map().len()
    }

    /// By their places in the order.
    fn entries(&self) -> Vec<(u64, u64)> {
        let values = self.ask(Query::All).into_iter().map(|(_, value)| value);
        (0..).zip(values).collect()
    }

    fn check(&mut self) {
        let all = self.ask(Query::All);
        let prefixes = all.iter().copied().collect();
        self.past
            .check(Self::NAME, Query::All, all, Table { prefixes });
        let map = self.map.as_mut().expect("it is there until the end");
        map.check();
        assert_eq!(map.flush(), 0, "no section is open");
        assert_eq!(self.values.alive(), map.len(), "all others are dropped");
    }
}

impl<P: Net> Drop for Routes<P> {
    fn drop(&mut self) {
        drop(self.map.take());
        if !std::thread::panicking() {
            assert_eq!(self.values.alive(), 0, "the map has dropped what it had");
        }
    }
}
