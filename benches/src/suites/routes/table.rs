//! The table that is looked up, and what the right answers are.
//!
//! The prefixes of the data do not overlap, those of a router do: so shorter ones that cover several
//! of them are added, as whoever holds a large block announces it beside its parts.
//!
//! The answers are found by a binary search and by links from each prefix to the next that covers
//! it, and not by anything that is measured.

use crate::suites::prefixes::{Bits, Route};

/// Where there is no prefix.
const NONE: u32 = u32::MAX;

/// A prefix as a block of addresses.
#[derive(Clone, Copy, Debug)]
struct Block<B> {
    first: B,
    last: B,
    length: u8,
    /// The number of the longest of those that cover it, or [`NONE`].
    parent: u32,
}

/// Prefixes, by their first addresses, and of those with the same one the shortest first. Each has
/// its place there as its number.
pub(crate) struct Table<B> {
    blocks: Vec<Block<B>>,
}

impl<B: Bits> Table<B> {
    /// The routes, which are sorted and disjoint, and of some lengths all prefixes that two of them
    /// or more begin with.
    pub(crate) fn nested(routes: &[Route<B>], lengths: &[u8]) -> Table<B> {
        let mut prefixes: Vec<(B, u8)> = routes.iter().map(|r| (r.first(), r.length())).collect();
        for &length in lengths {
            let start = |r: &Route<B>| r.first() & !B::behind(length);
            // Two that are disjoint are longer than what both begin with, which is not there, then.
            let covered = routes.chunk_by(|a, b| start(a) == start(b));
            let covers = covered.filter(|all| all.len() > 1);
            prefixes.extend(covers.map(|all| (start(&all[0]), length)));
        }
        Table::new(prefixes)
    }

    /// Prefixes, no two of them the same.
    pub(crate) fn new(mut prefixes: Vec<(B, u8)>) -> Table<B> {
        prefixes.sort_unstable();
        let mut blocks: Vec<Block<B>> = Vec::with_capacity(prefixes.len());
        // Those that cover what comes next, perhaps.
        let mut open: Vec<u32> = Vec::new();
        for ((first, length), number) in prefixes.into_iter().zip(0..) {
            let last = first | B::behind(length);
            while open.pop_if(|at| blocks[*at as usize].last < last).is_some() {}
            let parent = open.last().copied().unwrap_or(NONE);
            open.push(number);
            blocks.push(Block {
                first,
                last,
                length,
                parent,
            });
        }
        Table { blocks }
    }

    /// How many prefixes there are.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// The first address of a prefix, and its length.
    pub(crate) fn prefix(&self, number: u32) -> (B, u8) {
        let block = self.blocks[number as usize];
        (block.first, block.length)
    }

    /// The longest prefix that covers another.
    pub(crate) fn parent(&self, number: u32) -> Option<u32> {
        let parent = self.blocks[number as usize].parent;
        (parent != NONE).then_some(parent)
    }

    /// The longest prefix that an address begins with.
    pub(crate) fn longest(&self, address: B) -> Option<u32> {
        // Whatever covers the address covers the last prefix that begins at or before it, too.
        let after = self.blocks.partition_point(|b| b.first <= address);
        let before = u32::try_from(after).expect("fewer than 2^32 prefixes");
        let mut number = before.checked_sub(1)?;
        while self.blocks[number as usize].last < address {
            number = self.parent(number)?;
        }
        Some(number)
    }

    /// Whether `found` may be the answer where `expected` is the longest prefix that there is: itself,
    /// or one that covers it, or none, if all in between may be gone at times.
    pub(crate) fn allows(
        &self,
        expected: u32,
        found: Option<u32>,
        may_be_gone: impl Fn(u32) -> bool,
    ) -> bool {
        let mut at = Some(expected);
        while at != found {
            match at {
                Some(gone) if may_be_gone(gone) => at = self.parent(gone),
                _ => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(prefixes: &[&str]) -> Table<u32> {
        let parse = |prefix: &&str| {
            let route: Route<u32> = format!("{prefix}\t0").parse().unwrap();
            (route.first(), route.length())
        };
        Table::new(prefixes.iter().map(parse).collect())
    }

    fn address(text: &str) -> u32 {
        u32::parse(text).unwrap()
    }

    #[test]
    fn the_longest_is_found_and_parents_are_linked() {
        let table = table(&[
            "10.0.0.0/8",
            "10.0.0.0/16",
            "10.0.0.0/24",
            "10.1.0.0/16",
            "11.0.0.0/8",
            "255.255.255.255/32",
        ]);
        let parents: Vec<_> = (0..6).map(|number| table.parent(number)).collect();
        assert_eq!(parents, [None, Some(0), Some(1), Some(0), None, None]);
        for (text, expected) in [
            ("9.255.255.255", None),
            ("10.0.0.0", Some(2)),
            ("10.0.1.0", Some(1)),
            ("10.1.255.255", Some(3)),
            ("10.2.0.0", Some(0)),
            ("11.255.255.255", Some(4)),
            ("12.0.0.0", None),
            ("255.255.255.255", Some(5)),
        ] {
            assert_eq!(table.longest(address(text)), expected, "{text}");
        }
    }

    #[test]
    fn only_what_may_be_gone_is_passed_over() {
        let table = table(&["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24"]);
        assert!(table.allows(2, Some(2), |_| false));
        assert!(!table.allows(2, Some(1), |_| false));
        assert!(table.allows(2, Some(1), |at| at == 2));
        assert!(table.allows(2, Some(0), |at| at > 0));
        assert!(!table.allows(2, None, |at| at > 0));
        assert!(table.allows(2, None, |_| true));
        assert!(!table.allows(1, Some(2), |_| true));
        assert!(!table.allows(1, Some(7), |_| true));
    }

    #[test]
    fn covers_are_added_above_two_or_more() {
        let lines = [
            "10.0.0.0/16\t1",
            "10.1.0.0/24\t1",
            "10.1.1.0/24\t1",
            "11.0.0.0/24\t1",
            "12.0.0.0/8\t1",
        ];
        let routes: Vec<Route<u32>> = lines.iter().map(|l| l.parse().unwrap()).collect();
        let table = Table::nested(&routes, &[8, 16]);
        let all: Vec<_> = (0..table.len())
            .map(|number| table.prefix(number as u32))
            .collect();
        let at = |text, length| (address(text), length);
        assert_eq!(
            all,
            [
                at("10.0.0.0", 8),
                at("10.0.0.0", 16),
                at("10.1.0.0", 16),
                at("10.1.0.0", 24),
                at("10.1.1.0", 24),
                at("11.0.0.0", 24),
                at("12.0.0.0", 8),
            ]
        );
    }

    /// Against all prefixes, one by one.
    #[test]
    fn random_tables_answer_right() {
        use rand::rngs::SmallRng;
        use rand::{RngExt, SeedableRng};

        let mut rng = SmallRng::seed_from_u64(1);
        for _ in 0..50 {
            let mut prefixes: Vec<(u32, u8)> = (0..100)
                .map(|_| {
                    let length = rng.random_range(24..=32);
                    (rng.random_range(0..1 << 10) & !u32::behind(length), length)
                })
                .collect();
            prefixes.sort_unstable();
            prefixes.dedup();
            let table = Table::new(prefixes.clone());
            for address in 0..1 << 10 {
                let covers = |&(first, length): &(u32, u8)| first == address & !u32::behind(length);
                let longest = prefixes
                    .iter()
                    .filter(|p| covers(p))
                    .max_by_key(|p| p.1)
                    .copied();
                let found = table.longest(address).map(|number| table.prefix(number));
                assert_eq!(found, longest, "{address:#x}");
            }
        }
    }
}
