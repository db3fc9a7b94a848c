//! Every table answers as it should: with real prefixes, and with random ones that come and go.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Debug;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::suites::prefixes::{self, Bits, Route};
use crate::suites::routes::given::{sample, shuffled};
use crate::suites::routes::table::Table;

/// A sample of the real table, and addresses of its prefixes, at their ends and within.
struct Real<F: Family> {
    table: Table<F::Bits>,
    addresses: Vec<F::Bits>,
}

impl<F: Family> Real<F> {
    fn new(routes: &[Route<F::Bits>]) -> Self {
        let table = sample(routes);
        let mut rng = SmallRng::seed_from_u64(3);
        let ends = |number| {
            let (first, length) = table.prefix(number);
            let last = first | F::Bits::behind(length);
            let behind = last.into().checked_add(1).unwrap_or(0);
            let random = rng.random_range(first.into()..=last.into());
            [first.into(), last.into(), behind, random]
        };
        let all = (0..table.len() as u32).flat_map(ends);
        let addresses = all.filter_map(|address| address.try_into().ok()).collect();
        Real { table, addresses }
    }

    /// The table has these prefixes, and finds the longest of them.
    fn check<M: Longest<F>>(&self) {
        let table = M::filled(shuffled(&self.table).into_iter());
        for &address in &self.addresses {
            let found = M::longest(&table.pin(), F::Address::from(address));
            assert_eq!(found, self.table.longest(address), "{}", M::NAME);
        }
        drop(table);
        M::settle();
    }

    /// Its prefixes go, and the longest of the others are found; they come back.
    fn check_changes<M: Routes<F>>(&self) {
        self.check::<M>();
        let all = shuffled(&self.table);
        let table = M::filled(all.iter().copied());
        let half = &all[..all.len() / 2];
        let mut gone = vec![false; all.len()];
        for &(prefix, number) in half {
            assert!(M::withdraw(&table.pin(), prefix), "{}", M::NAME);
            gone[number as usize] = true;
        }
        for &address in &self.addresses {
            let mut longest = self.table.longest(address);
            while let Some(number) = longest.filter(|number| gone[*number as usize]) {
                longest = self.table.parent(number);
            }
            let found = M::longest(&table.pin(), F::Address::from(address));
            assert_eq!(found, longest, "{}", M::NAME);
        }
        for &(prefix, number) in half {
            assert!(!M::withdraw(&table.pin(), prefix), "{}", M::NAME);
            assert!(M::announce(&table.pin(), prefix, number), "{}", M::NAME);
        }
        for &address in &self.addresses {
            let found = M::longest(&table.pin(), F::Address::from(address));
            assert_eq!(found, self.table.longest(address), "{}", M::NAME);
        }
    }
}

/// A few prefixes of random lengths, the default route aside, in a corner of the addresses.
fn random<F: Family>(rng: &mut SmallRng) -> (F::Bits, u8) {
    let length = rng.random_range(1..=F::Bits::LENGTH);
    let high = rng.random_range(0..4_u128) << (F::Bits::LENGTH - 2);
    let low = rng.random_range(0..16_u128);
    (bits::<F>(high | low) & !F::Bits::behind(length), length)
}

fn bits<F: Family>(bits: u128) -> F::Bits {
    F::Bits::try_from(bits).unwrap_or_default()
}

/// Prefixes come and go; each answer is that of a look at all lengths.
fn check_random<F: Family, M: Routes<F>>()
where
    F::Bits: Debug,
{
    let mut rng = SmallRng::seed_from_u64(4);
    let mut model: BTreeMap<(F::Bits, u8), u32> = BTreeMap::new();
    let table = M::filled(std::iter::empty());
    for value in 0..30_000 {
        let pin = table.pin();
        let (first, length) = random::<F>(&mut rng);
        let prefix = Prefix {
            first: F::Address::from(first),
            length,
        };
        // A few at a time, and many.
        let come = if value % 2000 < 1000 { 45 } else { 65 };
        if rng.random_range(0..100) < come {
            if let Entry::Vacant(vacant) = model.entry((first, length)) {
                assert!(M::announce(&pin, prefix, value), "{}", M::NAME);
                vacant.insert(value);
            }
        } else {
            let there = model.remove(&(first, length)).is_some();
            assert_eq!(M::withdraw(&pin, prefix), there, "{}", M::NAME);
        }
        let address = random::<F>(&mut rng).0 | bits::<F>(rng.random_range(0..16));
        let lengths = (1..=F::Bits::LENGTH).rev();
        let longest = lengths
            .map(|length| (address & !F::Bits::behind(length), length))
            .find_map(|prefix| model.get(&prefix).copied());
        let found = M::longest(&pin, F::Address::from(address));
        assert_eq!(found, longest, "{} for {address:x?}", M::NAME);
    }
}

fn check<F: Family>(real: &Real<F>) {
    real.check::<Patricia<F>>();
    real.check::<LevelCompressed<F>>();
    changes::<F, Prefixes<F>>(real);
    changes::<F, OwnTrie<F>>(real);
    changes::<F, LockedTrie<F>>(real);
    changes::<F, OwnTreebitmap<F>>(real);
    changes::<F, LockedTreebitmap<F>>(real);
}

fn changes<F: Family, M: Routes<F>>(real: &Real<F>) {
    real.check_changes::<M>();
    check_random::<F, M>();
}

#[test]
fn of_ip4() {
    check::<Ip4>(&Real::new(&prefixes::ip4()));
}

#[test]
fn of_ip6() {
    check::<Ip6>(&Real::new(&prefixes::ip6()));
}
