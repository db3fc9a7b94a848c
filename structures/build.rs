//! Tells the crate which sanitizer it is built for, as smr-core's does: pointers hold bits of hashes only
//! where no sanitizer looks for pointers.

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
