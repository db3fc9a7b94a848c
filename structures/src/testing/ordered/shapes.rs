//! What a map in order has to begin with, so that what seldom happens is about to.

use std::ops::Range;

use super::super::spec::{Call, Op, Oracle};
use super::insert;

/// A map to begin with. Prepared keys are even; a chunk has 30 entries at most, and keys that ascend fill it.
#[derive(Clone, Debug)]
pub struct Shape {
    /// For messages.
    pub name: &'static str,
    /// These keys' halves are inserted, in their order,
    inserted: Range<u64>,
    /// and these are removed.
    removed: Range<u64>,
    /// What is of interest.
    pub keys: &'static [u64],
}

impl Shape {
    /// What makes it.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let inserts = self.inserted.clone().map(|half| insert(2 * half));
        let removes = self.removed.clone().map(|half| Call {
            key: 2 * half,
            op: Op::Remove,
        });
        inserts.chain(removes).collect()
    }

    /// What is in it then.
    #[must_use]
    pub fn oracle(&self) -> Oracle {
        let mut oracle = Oracle::default();
        for call in self.calls() {
            oracle.apply(call);
        }
        oracle
    }
}

const fn shape(
    name: &'static str,
    inserted: Range<u64>,
    removed: Range<u64>,
    keys: &'static [u64],
) -> Shape {
    Shape {
        name,
        inserted,
        removed,
        keys,
    }
}

/// All of them.
pub static ALL: [Shape; 7] = [
    shape("nothing", 0..0, 0..0, &[0, 1, 2, 3]),
    shape("a full head", 0..30, 0..0, &[1, 28, 29, 30, 31, 59, 60]),
    shape(
        "one entry in the last chunk",
        0..31,
        0..0,
        &[57, 58, 59, 60, 61],
    ),
    shape("an empty head", 0..60, 0..30, &[57, 58, 59, 60, 61, 62]),
    shape(
        "two chunks to be merged",
        0..43,
        0..23,
        &[45, 46, 58, 59, 60, 61],
    ),
    shape(
        "little behind a full head",
        0..60,
        31..59,
        &[58, 59, 60, 61, 118, 119],
    ),
    shape(
        "one entry in a chunk between",
        0..90,
        31..60,
        &[59, 60, 61, 120, 121],
    ),
];

/// With an index of two levels, or about to have one.
pub static LARGE: [Shape; 2] = [
    shape("a full index", 0..900, 0..0, &[1, 899, 1798, 1799, 1800]),
    shape("two levels", 0..901, 0..0, &[901, 1799, 1800, 1801]),
];
