//! Notes the toolchain and the versions of what is compared, for the head of each report.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

const COMPARED: &[&str] = &[
    "ahash",
    "arc-swap",
    "concurrent-map",
    "congee",
    "crossbeam-epoch",
    "crossbeam-skiplist",
    "dashmap",
    "flurry",
    "haphazard",
    "ip_network_table",
    "iptrie",
    "kovan",
    "kovan-map",
    "leapfrog",
    "masstree",
    "papaya",
    "prefix-trie",
    "scc",
    "sdd",
    "seize",
    "smr-core",
];

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output();
    let version = version
        .ok()
        .and_then(|o| String::from_utf8(o.stdout).ok())
        .unwrap_or_default();
    println!("cargo::rustc-env=BENCHES_RUSTC={}", version.trim());

    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let lock = Path::new(&root).join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let lock = fs::read_to_string(lock).unwrap_or_default();
    println!(
        "cargo::rustc-env=BENCHES_VERSIONS={}",
        versions(&lock).join(" ")
    );
}

/// `name=version` of every compared crate in a lock file.
fn versions(lock: &str) -> Vec<String> {
    let field = |line: &str, key: &str| {
        Some(
            line.strip_prefix(key)?
                .trim_matches([' ', '=', '"'])
                .to_owned(),
        )
    };
    let mut lines = lock.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = field(line, "name")
            && COMPARED.contains(&name.as_str())
        {
            let version = lines.next().and_then(|l| field(l, "version"));
            found.push(format!("{name}={}", version.unwrap_or_default()));
        }
    }
    found
}
