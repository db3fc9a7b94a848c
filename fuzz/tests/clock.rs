//! The clock's suite without a fuzzer: what once went wrong, and some random programs.
//!
//! `FUZZ_PROGRAMS` sets how many, `FUZZ_SEED` where they begin; `FUZZ_TRACE` shows each before it
//! runs, for those that end the process.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng};

const PROGRAMS: u64 = 2_000;
const SEED: u64 = 1;
/// Longer than any program takes: one that does not end is shown, and the process with it.
const PATIENCE: Duration = Duration::from_secs(120);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().expect(name))
}

/// Bytes as cargo-fuzz would find them, except that threads have several turns in a row.
fn random(rng: &mut SmallRng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..4).map(|_| rng.random()).collect();
    let mut thread = 0;
    for _ in 0..rng.random_range(8..160) {
        if rng.random_ratio(1, 4) {
            thread = rng.random_range(0..4);
        }
        bytes.push(rng.random::<u8>() & !3 | thread);
        bytes.push(rng.random());
    }
    bytes
}

/// Leaves turns out for as long as the program still fails.
fn shrink(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut chunk = bytes.len() / 4 * 2;
    while chunk >= 2 {
        let mut at = 4;
        while at + chunk <= bytes.len() {
            let mut less = bytes.clone();
            less.drain(at..at + chunk);
            if fuzz::clock::run(&less).is_err() {
                bytes = less;
            } else {
                at += chunk;
            }
        }
        chunk = chunk / 4 * 2;
    }
    bytes
}

/// Ends the process, with the bytes shown, if a program takes too long.
fn watched(bytes: &Arc<Mutex<(Instant, Vec<u8>)>>) {
    let bytes = Arc::downgrade(bytes);
    std::thread::spawn(move || {
        while let Some(now) = bytes.upgrade() {
            let (since, bytes) = now.lock().unwrap().clone();
            if since.elapsed() > PATIENCE {
                eprintln!("a program does not end: {bytes:02x?}");
                std::process::abort();
            }
            drop(now);
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}

#[test]
fn random_programs() {
    let programs = setting("FUZZ_PROGRAMS", PROGRAMS);
    let seed = setting("FUZZ_SEED", SEED);
    let trace = std::env::var_os("FUZZ_TRACE").is_some();
    let now = Arc::new(Mutex::new((Instant::now(), Vec::new())));
    watched(&now);
    for n in 0..programs {
        let bytes = random(&mut SmallRng::seed_from_u64(seed.wrapping_add(n)));
        *now.lock().unwrap() = (Instant::now(), bytes.clone());
        if trace {
            eprintln!("program {n}: {bytes:02x?}");
        }
        if fuzz::clock::run(&bytes).is_err() {
            let bytes = shrink(bytes);
            let failure = fuzz::clock::run(&bytes).expect_err("it failed just now");
            panic!("program {n} of seed {seed}: {failure}to be kept: {bytes:02x?}");
        }
    }
}

#[test]
fn regressions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/clock");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the regressions are there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are regressions");
    for file in files {
        let bytes = std::fs::read(&file).expect("a readable file");
        if let Err(failure) = fuzz::clock::run(&bytes) {
            panic!("{}: {failure}", file.display());
        }
    }
}
