//! `cargo +nightly fuzz run --fuzz-dir fuzz --features libfuzzer ordered`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(failure) = fuzz::ordered::run(bytes) {
        panic!("{failure}");
    }
});
