//! `cargo +nightly fuzz run --fuzz-dir fuzz --features libfuzzer maps`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(failure) = fuzz::maps::run(bytes) {
        panic!("{failure}");
    }
});
