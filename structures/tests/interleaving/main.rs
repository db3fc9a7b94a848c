//! Two operations, suspended at every pair of their steps (`--cfg smr_steps`): of hash maps, skip maps,
//! radix maps and maps of prefixes.
#![cfg(smr_steps)]

use structures::testing::{Call, Op, Session, Subject};

mod buckets;
mod chunks;
mod prefixes;
mod tries;

/// Every ninth pair, or each if `STEPS=all`.
fn stride() -> u64 {
    match std::env::var("STEPS") {
        Ok(steps) if steps == "all" => 1,
        _ => 9,
    }
}

fn apply<S: Subject>(subject: &S, key: u64, op: Op) -> Option<u64> {
    subject.session().apply(Call { key, op })
}
