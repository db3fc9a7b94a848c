//! `cargo +nightly fuzz run --fuzz-dir fuzz --features libfuzzer clock`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(failure) = fuzz::clock::run(bytes) {
        panic!("{failure}");
    }
});
