//! Prefixes that stay are met once, in order, while others come and go.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ipnet::{Ipv4Net, Ipv6Net};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::testing::prefixes::{Bits, Net};
use structures::{PrefixMap, Smr};

/// Of few octets, so that prefixes nest, and share bundles.
fn address(random: &mut SmallRng) -> u128 {
    u128::from_be_bytes(std::array::from_fn(|_| {
        [0, 1, 64, 128, 255][random.random_range(0..5)]
    }))
}

fn some<P: Net>(random: &mut SmallRng) -> Bits {
    // Mostly short ones: there are not so many.
    let most = random.random_range(0..=P::BITS.min(40));
    Bits::new(address(random), random.random_range(0..=most))
}

/// Until it is dropped, by a panic too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn changes<P: Net>(map: &PrefixMap<P, Bits>, stay: &BTreeSet<Bits>, seed: u64, over: &AtomicBool) {
    let mut random = SmallRng::seed_from_u64(seed);
    while !over.load(Relaxed) {
        let (net, map) = (some::<P>(&mut random), map.pin());
        if stay.contains(&net) || random.random() {
            map.insert(P::of_bits(net), net);
        } else {
            map.remove(P::of_bits(net));
        }
    }
}

/// What was met is in order, of these, and all of these that stay.
#[track_caller]
fn is_complete<'m, P: Net>(
    met: impl Iterator<Item = (P, &'m Bits)>,
    stay: &BTreeSet<Bits>,
    is_of_these: impl Fn(Bits) -> bool,
) {
    let met: Vec<_> = met.map(|(net, value)| (net.bits(), *value)).collect();
    assert!(met.iter().all(|(net, value)| net == value), "{met:?}");
    assert!(met.is_sorted_by(|a, b| a < b), "{met:?}");
    assert!(met.iter().all(|&(net, _)| is_of_these(net)), "{met:?}");
    let stayed = met
        .iter()
        .map(|(net, _)| net)
        .filter(|net| stay.contains(net));
    let expected = stay.iter().filter(|net| is_of_these(**net));
    assert!(stayed.eq(expected), "{met:?}");
}

fn walks<P: Net>(rounds: u32) {
    let mut map = PrefixMap::<P, Bits>::new_in(&Smr::new());
    let random = &mut SmallRng::seed_from_u64(1);
    let stay: BTreeSet<Bits> = (0..300).map(|_| some::<P>(random)).collect();
    for &net in &stay {
        map.pin().insert(P::of_bits(net), net);
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|s| {
        let _over = Over(&over);
        for seed in 2..4 {
            let (map, stay, over) = (&map, &stay, &over);
            s.spawn(move || changes(map, stay, seed, over));
        }
        for _ in 0..rounds {
            let (net, map) = (some::<P>(random), map.pin());
            is_complete(map.iter(), &stay, |_| true);
            is_complete(map.subnets(P::of_bits(net)), &stay, |sub| net.covers(sub));
            is_complete(map.supernets(P::of_bits(net)), &stay, |above| {
                above.covers(net)
            });
            let addr = address(random);
            let least = stay.iter().rfind(|net| net.begins(addr)).copied();
            for found in [
                map.longest_match(P::address(addr)),
                map.longest_match_strict(P::address(addr)),
            ] {
                let found = found.map(|(net, _)| net.bits());
                assert!(found >= least && found.is_none_or(|net| net.begins(addr)));
            }
        }
    });
    map.check();
}

#[test]
fn what_stays_is_met_once() {
    walks::<Ipv4Net>(150);
    walks::<Ipv6Net>(150);
}
