//! `PrefixMap` against a list of prefixes, and beside changes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ipnet::{Ipv4Net, Ipv6Net};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::prefix_map::IpPrefix;
use structures::{PrefixMap, Smr};

/// What the crate of prefixes says of them.
trait Net: IpPrefix + Debug {
    fn random(random: &mut SmallRng) -> Self;
    fn addr(random: &mut SmallRng) -> Self::Addr;
    fn has(&self, addr: Self::Addr) -> bool;
    fn covers(&self, other: &Self) -> bool;
    fn bits(&self) -> u8;
}

/// Few different octets, so that prefixes nest.
fn octets<const N: usize>(random: &mut SmallRng) -> [u8; N] {
    std::array::from_fn(|_| [0, 1, 0x80, 0xff, 0xaa][random.random_range(0..5)])
}

macro_rules! net {
    ($net:ty, $addr:ty, $octets:expr) => {
        impl Net for $net {
            fn random(random: &mut SmallRng) -> Self {
                let bits = random.random_range(0..=8 * $octets);
                <$net>::new(<Self as Net>::addr(random), bits)
                    .unwrap()
                    .trunc()
            }

            fn addr(random: &mut SmallRng) -> $addr {
                octets::<$octets>(random).into()
            }

            fn has(&self, addr: $addr) -> bool {
                self.contains(&addr)
            }

            fn covers(&self, other: &Self) -> bool {
                self.contains(other)
            }

            fn bits(&self) -> u8 {
                self.prefix_len()
            }
        }
    };
}

net!(Ipv4Net, Ipv4Addr, 4);
net!(Ipv6Net, Ipv6Addr, 16);

fn agree<P: Net>(map: &PrefixMap<P, u32>, all: &BTreeMap<P, u32>, random: &mut SmallRng) {
    let map = map.pin();
    let pair = |(net, n): (&P, &u32)| (*net, *n);
    let owned = |(net, n): (P, &u32)| (net, *n);
    let addr = P::addr(random);
    let longest = all.iter().map(pair).filter(|(net, _)| net.has(addr));
    let longest = longest.max_by_key(|(net, _)| net.bits());
    assert_eq!(map.longest_match(addr).map(owned), longest);
    assert_eq!(map.longest_match_strict(addr).map(owned), longest);

    let of = P::random(random);
    let mut above: Vec<_> = all
        .iter()
        .map(pair)
        .filter(|(net, _)| net.covers(&of))
        .collect();
    above.sort_by_key(|(net, _)| net.bits());
    let found: Vec<_> = map.supernets(of).map(owned).collect();
    assert_eq!(found, above, "above {of:?}");

    // Their order is that of the first addresses, and of the lengths then.
    let below: Vec<_> = all
        .iter()
        .map(pair)
        .filter(|(net, _)| of.covers(net))
        .collect();
    let found: Vec<_> = map.subnets(of).map(owned).collect();
    assert_eq!(found, below, "below {of:?}");
    assert!(map.iter().map(owned).eq(all.iter().map(pair)));
    assert_eq!(map.len(), all.len());
}

fn answers_are_those_of_a_list<P: Net>(seed: u64) {
    let smr = Smr::new();
    let map = PrefixMap::<P, u32>::new_in(&smr);
    let mut all = BTreeMap::new();
    let mut random = SmallRng::seed_from_u64(seed);
    let mut removals = 0;
    for n in 0..6_000 {
        if n % 500 == 0 {
            removals = random.random_range(10..90);
        }
        let net = P::random(&mut random);
        let pinned = map.pin();
        if random.random_range(0..100) < removals {
            assert_eq!(pinned.remove(net).copied(), all.remove(&net), "{net:?}");
        } else {
            assert_eq!(
                pinned.insert(net, n).copied(),
                all.insert(net, n),
                "{net:?}"
            );
        }
        assert_eq!(pinned.get(net), all.get(&net));
        drop(pinned);
        if n % 50 == 0 {
            agree(&map, &all, &mut random);
        }
    }
    for net in all.keys() {
        assert!(map.pin().remove(*net).is_some());
    }
    assert!(map.is_empty());
    assert_eq!(map.pin().iter().next(), None);
    assert_eq!(map.flush(), 0);
}

#[test]
fn answers_of_ipv4_are_those_of_a_list() {
    (0..4).for_each(answers_are_those_of_a_list::<Ipv4Net>);
}

#[test]
fn answers_of_ipv6_are_those_of_a_list() {
    (0..4).for_each(answers_are_those_of_a_list::<Ipv6Net>);
}

/// poptrie#3: offsets of the last bits.
#[test]
fn whole_addresses_and_pairs_of_them_are_prefixes() {
    let nets = [
        "0.0.0.0/0",
        "10.0.0.0/30",
        "10.0.0.2/31",
        "10.0.0.2/32",
        "255.255.255.255/32",
    ];
    let nets = nets.map(|net| net.parse::<Ipv4Net>().unwrap());
    let map = PrefixMap::from_iter(nets.into_iter().zip(0..));
    let map = map.pin();
    let hop = |addr: [u8; 4]| *map.longest_match(addr.into()).unwrap().1;
    assert_eq!(
        [[10, 0, 0, 0], [10, 0, 0, 2], [10, 0, 0, 3]].map(hop),
        [1, 3, 2]
    );
    assert_eq!(
        [[10, 0, 0, 4], [255, 255, 255, 254], [255, 255, 255, 255]].map(hop),
        [0, 0, 4]
    );
}

/// matchy#10: the longest match depended on the order of insertion.
#[test]
fn the_order_of_insertion_does_not_matter() {
    let nets = [
        "10.0.0.0/8",
        "10.128.0.0/9",
        "10.128.0.0/16",
        "10.128.64.0/18",
        "10.128.64.7/32",
    ];
    let nets = nets.map(|net| net.parse::<Ipv4Net>().unwrap());
    for turn in 0..120 {
        let (mut left, mut map, mut turn) = (nets.to_vec(), PrefixMap::new(), turn);
        while !left.is_empty() {
            let net = left.remove(turn % left.len());
            turn /= left.len() + 1;
            map.extend([(net, net.prefix_len())]);
        }
        let map = map.pin();
        let bits = |addr: [u8; 4]| *map.longest_match(addr.into()).unwrap().1;
        let addrs = [
            [10, 128, 64, 7],
            [10, 128, 64, 8],
            [10, 128, 0, 1],
            [10, 200, 0, 1],
            [10, 1, 1, 1],
        ];
        assert_eq!(addrs.map(bits), [32, 18, 16, 9, 8]);
    }
}

/// One of two longer prefixes is always there: the strict match never answers the shorter one.
#[test]
fn the_strict_match_is_the_longest_at_one_instant() {
    let net = |net: &str| net.parse::<Ipv4Net>().unwrap();
    let (short, first, second) = (net("10.0.0.0/8"), net("10.1.0.0/16"), net("10.1.128.0/17"));
    let map = PrefixMap::from_iter([(short, 0), (first, 1)]);
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..30_000 {
                map.pin().insert(second, 2);
                map.pin().remove(first);
                map.pin().insert(first, 1);
                map.pin().remove(second);
            }
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) {
            let map = map.pin();
            let found = map.longest_match_strict([10, 1, 200, 1].into());
            assert!(found.is_some_and(|(net, _)| net != short), "{found:?}");
            let found = map.longest_match([10, 1, 200, 1].into());
            assert!(found.is_some(), "what stays is found");
        }
    });
}

#[test]
fn threads_with_their_own_prefixes_agree() {
    let map = PrefixMap::<Ipv4Net, u32>::new();
    std::thread::scope(|s| {
        for thread in 0..4_u32 {
            let map = &map;
            s.spawn(move || {
                let mut random = SmallRng::seed_from_u64(u64::from(thread));
                let mut own = BTreeMap::new();
                for n in 0..5_000 {
                    // Places of the same bundles: the thread is in the last bits.
                    let bits = random.random_range(26..=31);
                    let octet = (random.random_range(0..4) << 6 | thread << 4) as u8;
                    let addr = Ipv4Addr::new(10, 0, random.random_range(0..4), octet);
                    let net = Ipv4Net::new(addr, bits.max(28)).unwrap().trunc();
                    let pinned = map.pin();
                    if random.random_range(0..2) == 0 {
                        assert_eq!(pinned.insert(net, n).copied(), own.insert(net, n));
                    } else {
                        assert_eq!(pinned.remove(net).copied(), own.remove(&net));
                    }
                }
                for (net, n) in own {
                    assert_eq!(map.pin().remove(net), Some(&n));
                }
            });
        }
    });
    assert!(map.is_empty());
}

#[test]
#[should_panic = "domain"]
fn a_guard_of_another_domain_is_refused() {
    let map = PrefixMap::<Ipv4Net, u32>::new_in(&Smr::new());
    map.longest_match([10, 0, 0, 1].into(), &Smr::global().enter());
}

/// All prefixes of eight lengths that have an octet in common.
#[test]
fn a_whole_bundle_has_all_its_prefixes() {
    fn of<P: Net>(net: impl Fn(u8, u8) -> P, addr: impl Fn(u8) -> P::Addr) {
        let mut map = PrefixMap::new_in(&Smr::new());
        let all = (1..=8).flat_map(|bits| (0..=u8::MAX).map(move |octet| (octet, bits)));
        for (octet, bits) in all.clone() {
            let is_first = octet.trailing_zeros() >= 8 - u32::from(bits);
            let old = map.pin().insert(net(octet, bits), bits).copied();
            assert_eq!(old, (!is_first).then_some(bits), "{octet}/{bits}");
        }
        assert_eq!(map.len(), 510);
        map.check();
        // The longest ones go first.
        for bits in (1..=8).rev() {
            for octet in 0..=u8::MAX {
                let map = map.pin();
                let longest = Some((net(octet, bits), &bits));
                assert_eq!(map.longest_match(addr(octet)), longest);
                assert_eq!(map.longest_match_strict(addr(octet)), longest);
                assert_eq!(map.supernets(net(octet, 8)).len(), usize::from(bits));
                assert_eq!(map.subnets(net(octet, bits)).next(), longest);
            }
            for octet in (0..1 << bits).map(|n: u16| (n << (8 - bits)) as u8) {
                assert_eq!(map.pin().remove(net(octet, bits)), Some(&bits));
            }
            map.check();
        }
        assert!(map.is_empty());
    }
    let v4 = |octet, bits| Ipv4Net::new([255, 255, octet, 0].into(), 16 + bits);
    of(
        |octet, bits| v4(octet, bits).unwrap().trunc(),
        |octet| [255, 255, octet, 1].into(),
    );
    let addr = |octet| Ipv6Addr::from(u128::from(octet) + (1 << 127));
    let v6 = |octet, bits| Ipv6Net::new(addr(octet), 120 + bits);
    of(|octet, bits| v6(octet, bits).unwrap().trunc(), addr);
}

#[test]
fn bits_behind_a_prefix_do_not_count() {
    let net = |net: &str| net.parse::<Ipv6Net>().unwrap();
    let pairs = [
        ("2001:db8:1:2::3/0", "::/0"),
        ("2001:db8:1:2::3/29", "2001:db8::/29"),
        ("2001:db8:1:2::3/48", "2001:db8:1::/48"),
        ("2001:db8:1:2::3/127", "2001:db8:1:2::2/127"),
        ("2001:db8:1:2::3/128", "2001:db8:1:2::3/128"),
    ];
    let map = PrefixMap::new();
    let map = map.pin();
    for (n, (long, short)) in pairs.iter().enumerate() {
        assert_eq!(map.insert(net(long), 0), None);
        assert_eq!(map.insert(net(short), n), Some(&0));
        assert_eq!(
            (map.get(net(long)), map.get(net(short))),
            (Some(&n), Some(&n))
        );
    }
    let all = pairs.map(|(_, short)| net(short));
    for (n, (long, short)) in pairs.iter().enumerate() {
        let above = |of| map.supernets(net(of)).map(|(net, _)| net);
        assert!(above(long).eq(above(short)) && above(long).eq(all[..=n].iter().copied()));
        let below = |of| map.subnets(net(of)).map(|(net, _)| net);
        assert!(below(long).eq(below(short)) && below(long).eq(all[n..].iter().copied()));
    }
    for (n, (long, _)) in pairs.iter().enumerate() {
        assert_eq!(map.remove(net(long)), Some(&n));
    }
    assert!(map.is_empty());
}

#[test]
fn values_may_be_of_any_size_and_alignment() {
    #[derive(Clone, PartialEq, Debug)]
    #[repr(align(4096))]
    struct Aligned(u32);

    fn of<V: Clone + PartialEq + Debug>(value: impl Fn(u32) -> V) {
        let map = PrefixMap::new_in(&Smr::new());
        let nets = (0..=32).map(|bits| Ipv4Net::new([10, 170, 85, 255].into(), bits).unwrap());
        for (net, n) in nets.clone().zip(0..) {
            assert_eq!(map.pin().insert(net, value(n)), None);
        }
        for (net, n) in nets.zip(0..) {
            assert!(std::ptr::from_ref(map.pin().get(net).unwrap()).is_aligned());
            assert_eq!(map.pin().remove(net), Some(&value(n)));
        }
    }
    of(|_| ());
    of(Aligned);
    of(|n| [n; 5_000]);
}
