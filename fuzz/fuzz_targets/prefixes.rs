//! `cargo +nightly fuzz run --fuzz-dir fuzz --features libfuzzer prefixes`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(failure) = fuzz::prefixes::run(bytes) {
        panic!("{failure}");
    }
});
