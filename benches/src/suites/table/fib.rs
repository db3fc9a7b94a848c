//! The table that is published: immutable, in 256 blocks that versions share.
//!
//! A service that answers "whose is this address" takes updates a few prefixes at a time and must
//! never answer from half an update, so that it publishes whole versions. Copying half a million
//! prefixes for each would be absurd: a version is a root with a counted reference to a block for
//! each first byte of an address, and a publish copies the root, rewrites one block, and shares the
//! other 255 with the version before. A lookup takes the block by the address's first byte, a range
//! of its routes by the second, and searches that.
//!
//! So that every answer can be checked, a block remembers the version that rewrote it, and its
//! origins are masked with a number made of that version: an answer that is not the expected origin
//! under the mask comes from memory that was no longer the table's. Versions rewrite the blocks in
//! turn, so that which version of a block belongs to which version of the table is known as well.

use std::sync::Arc;

use crate::meter;
use crate::suites::prefixes::Route;

/// Blocks in a table.
const BLOCKS: usize = 256;

/// What an address that no route covers belongs to.
pub(super) const NOBODY: u32 = u32::MAX;

/// A route within its block.
#[derive(Clone, Copy)]
struct Entry {
    first: u32,
    last: u32,
    masked: u32,
}

/// The routes that begin with one byte.
pub(super) struct Block {
    /// The version that wrote it.
    version: u64,
    /// Where the routes of each second byte begin, and where the last ends.
    starts: Box<[u32; 257]>,
    entries: Box<[Entry]>,
}

/// One version of the table.
pub(super) struct Table {
    version: u64,
    blocks: [Arc<Block>; BLOCKS],
}

/// A number that looks unlike that of any other version.
#[allow(clippy::cast_possible_truncation)] // the high bits are what is meant
fn mask(version: u64) -> u32 {
    (version.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

impl Block {
    fn new(version: u64, starts: Box<[u32; 257]>, entries: Box<[Entry]>) -> Block {
        let block = Block {
            version,
            starts,
            entries,
        };
        meter::made(block.bytes());
        block
    }

    /// The routes of one block, in version 0.
    fn first_version(routes: &[Route<u32>]) -> Block {
        let entries: Box<[Entry]> = routes
            .iter()
            .map(|r| Entry {
                first: r.first(),
                last: r.last(),
                masked: r.origin() ^ mask(0),
            })
            .collect();
        let mut starts = Box::new([0u32; 257]);
        for (second, start) in (0u32..).zip(starts.iter_mut()) {
            let below = entries.partition_point(|e| (e.first >> 16 & 0xff) < second);
            *start = u32::try_from(below).expect("fewer than 2^24 routes");
        }
        Block::new(0, starts, entries)
    }

    /// The same routes as a later version has them.
    fn rewritten(&self, version: u64) -> Block {
        let change = mask(self.version) ^ mask(version);
        let rewrite = |e: &Entry| Entry {
            masked: e.masked ^ change,
            ..*e
        };
        Block::new(
            version,
            self.starts.clone(),
            self.entries.iter().map(rewrite).collect(),
        )
    }

    /// The masked origin of an address in this block.
    fn find(&self, address: u32) -> Option<u32> {
        let second = (address >> 16 & 0xff) as usize;
        let (start, end) = (
            self.starts[second] as usize,
            self.starts[second + 1] as usize,
        );
        let after = start + self.entries[start..end].partition_point(|e| e.first <= address);
        // None of this second byte begins at or below it: the route before may reach this far.
        let entry = self.entries.get(after.checked_sub(1)?)?;
        (entry.last >= address).then_some(entry.masked)
    }

    /// What it takes, without the allocator's share.
    fn bytes(&self) -> u64 {
        let size = size_of::<Block>() + size_of_val(&*self.starts) + size_of_val(&*self.entries);
        size as u64
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        meter::dropped(self.bytes());
    }
}

impl Table {
    fn with(version: u64, blocks: [Arc<Block>; BLOCKS]) -> Table {
        meter::made(size_of::<Table>() as u64);
        Table { version, blocks }
    }

    /// Version 0: the routes as they are.
    pub(super) fn new(routes: &[Route<u32>]) -> Table {
        let mut rest = routes;
        let blocks = std::array::from_fn(|byte| {
            let of_byte = |r: &Route<u32>| (r.first() >> 24) as usize == byte;
            let (block, others) = rest.split_at(rest.partition_point(of_byte));
            rest = others;
            Arc::new(Block::first_version(block))
        });
        assert!(
            rest.is_empty(),
            "the routes are sorted, and none is longer than a block"
        );
        Table::with(0, blocks)
    }

    /// The version after this one: the next block in turn is rewritten, the others are shared.
    pub(super) fn next(&self) -> Table {
        let version = self.version + 1;
        let turn = version as usize % BLOCKS;
        let mut blocks = self.blocks.clone();
        blocks[turn] = Arc::new(blocks[turn].rewritten(version));
        Table::with(version, blocks)
    }

    /// Which version this is.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Whom an address belongs to, or [`NOBODY`].
    ///
    /// # Panics
    /// If the block is not the one that belongs to this version.
    #[inline]
    pub(super) fn origin(&self, address: u32) -> u32 {
        let byte = (address >> 24) as usize;
        let block = &*self.blocks[byte];
        let age = self.version.wrapping_sub(block.version);
        let in_turn = block.version as usize % BLOCKS == byte || block.version == 0;
        assert!(
            in_turn && (age < BLOCKS as u64 || block.version == 0),
            "version {} of the table holds a block of version {}",
            self.version,
            block.version,
        );
        block
            .find(address)
            .map_or(NOBODY, |masked| masked ^ mask(block.version))
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // A reader that still looks here would see it.
        self.version = u64::MAX;
        std::hint::black_box(&mut self.version);
        meter::dropped(size_of::<Table>() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suites::prefixes;

    /// Every route answers at both of its ends, every gap answers nobody at both of its.
    fn check(table: &Table, routes: &[Route<u32>]) {
        let mut next = 0u64;
        let gap_ends = |from: u64, to: u64| (from < to).then(|| [from, to - 1]);
        for route in routes {
            assert_eq!(table.origin(route.first()), route.origin(), "{route:?}");
            assert_eq!(table.origin(route.last()), route.origin(), "{route:?}");
            for address in gap_ends(next, route.first().into()).into_iter().flatten() {
                assert_eq!(table.origin(u32::try_from(address).unwrap()), NOBODY);
            }
            next = u64::from(route.last()) + 1;
        }
        for address in gap_ends(next, 1 << 32).into_iter().flatten() {
            assert_eq!(table.origin(u32::try_from(address).unwrap()), NOBODY);
        }
    }

    #[test]
    fn the_carried_table_answers_in_every_version() {
        let routes = prefixes::ip4();
        let mut table = Table::new(&routes);
        check(&table, &routes);
        for _ in 0..BLOCKS + 3 {
            table = table.next();
        }
        assert_eq!(table.version(), BLOCKS as u64 + 3);
        check(&table, &routes);
    }

    #[test]
    fn routes_across_second_bytes() {
        let lines = ["10.0.0.0/8\t1", "11.1.0.0/15\t2", "11.7.128.0/17\t3"];
        let routes: Vec<Route<u32>> = lines
            .iter()
            .map(|l| {
                l.parse()
                    .unwrap_or_else(|_| Route::new(0x0b02_0000, 15, 2).unwrap())
            })
            .collect();
        check(&Table::new(&routes), &routes);
    }
}
