//! Suite `smr`: what each operation of a reclaimer costs, how much it holds back, and for how long.

mod age;
mod churn;
mod enter;
mod idle;
mod latency;
mod pace;
mod pipe;
mod poll;
mod unreclaimed;

use crate::suite::{Case, Suite};

pub(super) const SUITE: Suite = Suite {
    name: "smr",
    about: "entering, retiring, polling; what is held back, and for how long",
    cases,
};

/// The subject that the others are set against.
const REFERENCE: &str = "crossbeam-epoch";

fn cases() -> Vec<Case> {
    [
        enter::cases(),
        churn::cases(),
        pipe::cases(),
        poll::cases(),
        unreclaimed::cases(),
        latency::cases(),
        idle::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
