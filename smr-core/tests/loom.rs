//! Models of the protocols under loom, and mutants that they must catch.
//!
//! Run with `RUSTFLAGS="--cfg smr_loom" cargo test --release -p smr-core --test loom`. Preemptions are
//! bounded by `LOOM_MAX_PREEMPTIONS`, 3 if it is not set. The models run the crate's own code; a
//! mutant weakens one named step of it (`smr_core::Step`).
#![cfg(smr_loom)]

#[path = "models/clock.rs"]
mod clock;
#[path = "models/harness.rs"]
mod harness;
#[path = "models/registry.rs"]
mod registry;
#[path = "models/zone.rs"]
mod zone;

/// Every model, by name, for the processes that run mutants.
const SCENARIOS: &[&[harness::Scenario]] =
    &[clock::SCENARIOS, registry::SCENARIOS, zone::SCENARIOS];
