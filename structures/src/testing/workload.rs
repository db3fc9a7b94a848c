//! Random operations.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::spec::{Call, Op};

/// How often each operation is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Lookups, of a hundred.
    pub gets: u32,
    /// Insertions and updates, of a hundred; the rest are removals.
    pub writes: u32,
}

impl Mix {
    /// As many of each.
    pub const EVEN: Mix = Mix {
        gets: 34,
        writes: 33,
    };
    /// Hardly any lookups.
    pub const CHURN: Mix = Mix {
        gets: 6,
        writes: 47,
    };
}

/// A sequence of calls, the same for the same seed.
#[derive(Debug)]
pub struct Workload {
    random: SmallRng,
    mix: Mix,
    keys: u64,
    written: u64,
}

impl Workload {
    /// On the keys below `keys`. Values that are written are different for different seeds.
    #[must_use]
    pub fn new(seed: u64, mix: Mix, keys: u64) -> Workload {
        Workload {
            random: SmallRng::seed_from_u64(seed),
            mix,
            keys,
            written: seed << 32,
        }
    }
}

impl Iterator for Workload {
    type Item = Call;

    fn next(&mut self) -> Option<Call> {
        let key = self.random.random_range(0..self.keys);
        let roll = self.random.random_range(0..100);
        self.written += 1;
        let op = if roll < self.mix.gets {
            Op::Get
        } else if roll < self.mix.gets + self.mix.writes {
            match self.random.random_range(0..4) {
                0 => Op::Insert(self.written),
                1 => Op::TryInsert(self.written),
                2 => Op::Update(self.written),
                _ => Op::Upsert(self.written),
            }
        } else {
            match self.random.random_range(0..3) {
                0 => Op::RemoveIfEven,
                _ => Op::Remove,
            }
        };
        Some(Call { key, op })
    }
}
