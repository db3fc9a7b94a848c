//! `HashMap` against the shared tests and its own promises.

use structures::testing::maps::Boxed;
use structures::testing::{Mix, conformance};

/// All hashes count.
const HONEST: u64 = 0;
/// So few hashes that most entries are in lists.
const FEW: u64 = 3;

#[test]
fn it_agrees_with_the_oracle() {
    for seed in 0..4 {
        conformance::agrees_with_the_oracle::<Boxed<HONEST>>(seed, Mix::EVEN, 30, 3_000);
        conformance::agrees_with_the_oracle::<Boxed<HONEST>>(seed, Mix::CHURN, 3_000, 30_000);
        conformance::agrees_with_the_oracle::<Boxed<FEW>>(seed, Mix::EVEN, 60, 5_000);
    }
}

#[test]
fn threads_with_their_own_keys_agree() {
    for seed in 0..10 {
        conformance::threads_with_their_own_keys_agree::<Boxed<HONEST>>(seed, 4, 10, 3_000);
        conformance::threads_with_their_own_keys_agree::<Boxed<HONEST>>(seed, 3, 500, 5_000);
        conformance::threads_with_their_own_keys_agree::<Boxed<FEW>>(seed, 3, 20, 3_000);
    }
}

#[test]
fn histories_are_linearizable() {
    for seed in 0..20 {
        conformance::histories_are_linearizable::<Boxed<HONEST>>(seed, 3, 3, 200);
        conformance::histories_are_linearizable::<Boxed<HONEST>>(seed, 3, 40, 200);
        conformance::histories_are_linearizable::<Boxed<FEW>>(seed, 3, 20, 200);
    }
}
