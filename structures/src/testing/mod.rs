//! What the tests of all structures share: one trait for whatever is tested, a specification, histories
//! and a linearizability checker, workloads, and keys and values that count, lie and panic.
//!
//! Hidden, and behind the feature `testing`: for this workspace's tests, fuzzing and benches only.

#[cfg(not(smr_loom))]
pub mod balanced;
pub mod conformance;
pub mod history;
#[cfg(not(smr_loom))]
pub mod maps;
pub mod payload;
pub mod spec;
pub mod subject;
#[cfg(smr_steps)]
pub mod suspension;
pub mod workload;

pub use history::{Clock, Event, Log};
pub use spec::{Call, Op};
pub use subject::{Session, Subject};
pub use workload::{Mix, Workload};
