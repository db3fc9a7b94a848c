//! What the figures were measured on: the machine, the toolchain, the revision, the peers' versions.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;

use serde::Serialize;

/// The `machine` object of a report.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cpus: usize,
    arch: &'static str,
    os: String,
    rustc: &'static str,
    profile: &'static str,
    revision: Option<String>,
    /// Of each crate that is compared.
    versions: BTreeMap<&'static str, &'static str>,
}

impl Machine {
    /// Looks around. What cannot be found out is left empty.
    pub(crate) fn look() -> Machine {
        Machine {
            cpu: cpu(),
            cpus: thread::available_parallelism().map_or(1, usize::from),
            arch: std::env::consts::ARCH,
            os: os(),
            rustc: env!("BENCHES_RUSTC"),
            profile: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
            revision: revision(),
            versions: env!("BENCHES_VERSIONS")
                .split_whitespace()
                .filter_map(|pair| pair.split_once('='))
                .collect(),
        }
    }

    /// Two lines for the head of the tables.
    pub(crate) fn describe(&self) -> String {
        let versions: Vec<_> = self
            .versions
            .iter()
            .map(|(k, v)| format!("{k} {v}"))
            .collect();
        format!(
            "{} × {}, {}, {}, {}\n{}",
            self.cpus,
            self.cpu,
            self.os,
            self.rustc,
            self.revision.as_deref().unwrap_or("no revision"),
            versions.join(", "),
        )
    }
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or_else(String::new, |(_, name)| name.trim().to_owned())
}

fn os() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, release.trim())
        .trim()
        .to_owned()
}

/// The commit of the working directory, with a plus sign if it has changes.
fn revision() -> Option<String> {
    let git = Command::new("git")
        .args(["describe", "--always", "--dirty=+"])
        .output()
        .ok()?;
    let name = String::from_utf8(git.stdout).ok()?;
    (git.status.success() && !name.is_empty()).then(|| name.trim().to_owned())
}
