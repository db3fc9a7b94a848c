//! The clock, its readers and its zones: random programs over several domains and threads.
//!
//! The threads are real, so that records and caches are each thread's own, but one runs at a time: a
//! program is deterministic. What only concurrency shows is for the models and the stress tests;
//! this suite is for combinations that nobody thought of.
//!
//! What is asserted, by the `oracle`:
//! - An item is dropped exactly once, and never while a section is open that was open when it was
//!   retired. The slot of an item without a drop is not allocated again before that either.
//! - What has been read under a section stays intact until the section ends.
//! - A poll never answers true while a section is open that is older than its goal, nor takes its
//!   answer back; in eager mode it does answer true when there is none.
//! - A flush at rest and a barrier leave nothing behind; the counters are right.

mod act;
mod exit;
mod item;
mod oracle;
mod program;
mod replay;
mod world;

pub use replay::{Failure, run};
