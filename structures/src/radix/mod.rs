//! The radix trie: slots that lead to entries or nodes, lock-free throughout.
//!
//! # Slots
//! A *slot* is empty, or leads to an *entry*, or to a *node* (`word.rs`). A node tests the byte of keys at its *depth*:
//! it has a slot for each byte that has been claimed, and one, the *term*, for a key that ends there (`node.rs`).
//! Depths are not one more than the depth above: what all keys below have in common has no nodes (path compression).
//! The root is a slot.
//!
//! - **T1.** All keys below a node have the same bytes before its depth, for as long as the node is there, whatever is
//!   above it; and depths ascend along each way.
//! - **T2.** A slot that is not frozen changes by one compare-and-swap. It is empty, and an entry comes (*insert*); an
//!   entry is *replaced* or *removed*; in the place of an entry (*expand*) or of a node (*split*: nothing is copied)
//!   comes a node that leads to what was there and to a new entry; a node gives way to a *copy* of it, with a change or
//!   without, to all that it leads to if that is one (*collapse*), or to nothing if it leads to nothing (*prune*).
//! - **T3.** A *frozen* slot stays what it is. The root is never frozen. Who finds a slot frozen that is to be changed
//!   freezes all of the node's slots, makes a copy that has the change, and puts it into the node's own slot. Whoever
//!   else has begun to does the same, and one of them wins.
//! - **T4.** A node is copied when all of its slots are frozen, and its bytes are read after that. A byte that has been
//!   claimed since leads to a frozen, empty slot.
//! - **T5.** What a winning compare-and-swap has taken out is retired by who has won, and only that: the entry, the
//!   nodes that were copied. A lost one does not tell that somebody else has done the same; the operation starts again
//!   at the root.
//! - **T6.** Before something is put into an empty slot, or a byte is claimed, what the nodes on the way have skipped
//!   is compared with the key: with the bytes that they note, or with any key below, present or past (T1). Where there
//!   is none the nodes go first.
//! - **T7.** Of what has been in a slot nothing comes back as long as a section lasts that has seen it, but by a
//!   collapse, which is counted before: after the node was frozen, before its slot changes. Empty slots have numbers
//!   (`stamp.rs`).
//! - **T8.** An entry that may be about to go (`pop.rs`) is in its slot still. Whoever meets it decides whether it has
//!   gone, once for all. It is the map's as long as it is in the slot, gone or not.
//!
//! # Operations and where they linearize
//! - A lookup goes down whether slots are frozen or not, and compares the key in the end. It linearizes at the load of
//!   the last slot, or, if that was out of the map by then, just before it went.
//! - Insertion, replacement, removal, `compute`: at the compare-and-swap, at whatever level it wins. One that changes
//!   nothing: as a lookup.
//! - The ends of the map, the next entry from a key on, the longest match: between two looks at all slots that bear on
//!   it (`exact.rs`). Taking out the first or the last: see `pop.rs`.
//! - Removal of all keys with a prefix: at one compare-and-swap (`cut.rs`).
//!
//! # Progress
//! Lookups are wait-free. A compare-and-swap fails only because another one has succeeded. Freezing a node and copying
//! it carries the operation's own change, so that growing does not repeat itself for ever; claims are bounded by a
//! node's room. A removal that leaves a node with one child, or none, takes it away; one in 32 looks whether the node
//! has become too large, and tries once to put a smaller copy there.
//!
//! The protocol is model-checked with loom (`models.rs`); see `docs/radix.md`.

mod change;
mod claim;
mod content;
pub(crate) mod core;
mod cut;
#[cfg(not(smr_loom))]
pub(crate) mod engine;
mod exact;
mod head;
mod indexed;
#[cfg(not(smr_loom))]
pub(crate) mod into_iter;
pub(crate) mod key;
mod listed;
#[cfg(not(smr_loom))]
pub(crate) mod map;
pub(crate) mod matches;
pub(crate) mod memory;
mod node;
#[cfg(not(smr_loom))]
mod ops;
#[cfg(not(smr_loom))]
mod place;
mod pop;
mod rest;
mod rules;
mod stamp;
#[cfg(all(test, not(smr_loom)))]
mod tests;
pub(crate) mod walk;
mod word;

#[cfg(all(test, smr_loom))]
mod models;
