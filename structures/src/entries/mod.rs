//! What the maps share that give references to their entries: the draft of an entry, the operations
//! that store one, and the steps in which users say what they want.

mod draft;
mod entry;
mod writing;

pub(crate) use draft::{Draft, Nodes};
pub(crate) use entry::Handle;
pub use entry::{AndModify, Entry};
pub(crate) use writing::{Decision, Writing, Written};
