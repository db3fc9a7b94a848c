//! The suite of maps of prefixes without a fuzzer: what once went wrong, and some random programs.
//!
//! `FUZZ_PROGRAMS` sets how many, `FUZZ_SEED` where they begin.

use std::path::Path;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng};

const PROGRAMS: u64 = 500;
const SEED: u64 = 1;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().expect(name))
}

/// Leaves turns out for as long as the program still fails.
fn shrink(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut chunk = bytes.len() / 6 * 3;
    while chunk >= 3 {
        let mut at = 1;
        while at + chunk <= bytes.len() {
            let mut less = bytes.clone();
            less.drain(at..at + chunk);
            if fuzz::prefixes::run(&less).is_err() {
                bytes = less;
            } else {
                at += chunk;
            }
        }
        chunk = chunk / 6 * 3;
    }
    bytes
}

#[test]
fn random_programs() {
    let programs = setting("FUZZ_PROGRAMS", PROGRAMS);
    let seed = setting("FUZZ_SEED", SEED);
    for n in 0..programs {
        let mut rng = SmallRng::seed_from_u64(seed.wrapping_add(n));
        let len = rng.random_range(1..600);
        let bytes: Vec<u8> = (0..len).map(|_| rng.random()).collect();
        if fuzz::prefixes::run(&bytes).is_err() {
            let bytes = shrink(bytes);
            let failure = fuzz::prefixes::run(&bytes).expect_err("it failed just now");
            panic!("program {n} of seed {seed}: {failure}\nto be kept: {bytes:02x?}");
        }
    }
}

#[test]
fn regressions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/prefixes");
    let files = std::fs::read_dir(folder).expect("the regressions are there");
    let mut count = 0;
    for file in files {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("a readable file");
        if let Err(failure) = fuzz::prefixes::run(&bytes) {
            panic!("{}: {failure}", path.display());
        }
        count += 1;
    }
    assert!(count > 0, "there are regressions");
}
