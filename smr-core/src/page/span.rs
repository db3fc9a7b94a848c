//! Spans: where pages come from in processes that have more than a few.
//!
//! A span is as large as a huge page. It is a [`Page`] whose slots are pages, of a source that all zones of the process
//! share. Pages are taken one by one, by one thread at a time; who finds another at it for long takes one from the
//! system instead, so that nobody waits for a thread that has stopped.
//!
//! The first spans are *thin*: they are in memory as far as pages have been taken, and some pages further. Those the
//! kernel brings in at once, which costs a tenth of a fault for each. In processes that have many pages the kernel is
//! asked to make a span one huge page, so that what is in it takes one entry of the processor's address caches instead
//! of hundreds. Until it is there, which takes a thousand times as long as anything else here, the others take thin
//! ones. (`docs/ARCHITECTURE.md`, *Zones*, says on which machine.)
//!
//! Spans are mapped, not allocated: for memory that is aligned so far glibc maps twice as much, which costs two of
//! the process's mappings each, and, where every process has huge pages, one more huge page for a header.

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64",
    not(smr_loom)
))]
#[path = "span/mapped.rs"]
mod imp;
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64",
    not(smr_loom)
))]
mod mapping;

#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64",
    not(smr_loom)
)))]
#[path = "span/none.rs"]
mod imp;

pub(super) use imp::{came, give, spared, take, unmap, went};
pub(crate) use imp::{decide, mapped, shed};
