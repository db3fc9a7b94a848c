//! What the tests of all structures share: traits for whatever is tested, specifications, histories
//! and a linearizability checker, workloads, and keys and values that count, lie and panic.
//!
//! Hidden, and behind the feature `testing`: for this workspace's tests, fuzzing and benches only.

#[cfg(not(smr_loom))]
pub mod balanced;
pub mod conformance;
pub mod history;
#[cfg(not(smr_loom))]
pub mod maps;
pub mod ordered;
pub mod past;
pub mod payload;
#[cfg(all(feature = "ipnet", not(smr_loom)))]
pub mod prefixes;
#[cfg(not(smr_loom))]
pub mod sorted;
pub mod spec;
pub mod subject;
#[cfg(smr_steps)]
pub mod suspension;
pub mod workload;

pub use history::{Clock, Event, Log};
pub use spec::{Call, Op};
pub use subject::{Session, Subject};
pub use workload::{Mix, Workload};
