//! Tells the crate which sanitizer it is built for: pooled memory is poisoned under
//! AddressSanitizer, and ThreadSanitizer sees neither fences nor membarrier.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let sanitizers = std::env::var("CARGO_CFG_SANITIZE").unwrap_or_default();
    for sanitizer in sanitizers.split(',') {
        match sanitizer {
            "address" => println!("cargo::rustc-cfg=smr_asan"),
            "thread" => println!("cargo::rustc-cfg=smr_tsan"),
            _ => {}
        }
    }
}
