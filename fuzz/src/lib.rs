//! Fuzzed correctness suites: bytes become a program of operations, which is replayed against an
//! oracle, on stable and without libFuzzer.
//!
//! Two things drive a suite: its target in `fuzz_targets`, for cargo-fuzz, and a test of the same
//! name, which replays what is in `regressions` and some random programs.

mod baton;
pub mod clock;
pub mod maps;
pub mod ordered;
pub mod prefixes;
