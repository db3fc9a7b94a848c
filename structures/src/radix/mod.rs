//! The radix trie: slots that lead to entries or nodes, lock-free throughout.
//!
//! # Slots
//! A *slot* is empty, or leads to an *entry*, or to a *node* (`word.rs`). A node tests the byte of keys at its *depth*:
//! it has a slot for each byte that has been claimed, and one, the *term*, for a key that ends there (`node.rs`). The
//! root is a slot.
//!
//! - **R1.** All keys below a node have the same bytes before its depth, for as long as the node is there, whatever is
//!   above it; and depths ascend along each way.
//! - **R2.** A slot that is not *frozen* changes by compare-and-swaps: an entry comes (T1), is replaced (T2) or removed
//!   (T3); a node with both comes in an entry's (T4) or a node's place (T5: nothing is copied); a node is replaced by one
//!   that has the same (T6), by the only one that it leads to (T7), or by nothing (T8).
//! - **R3.** A frozen slot stays what it is (T9). The root's is never frozen. Who finds a slot frozen that is to be
//!   changed freezes all of the node's slots, makes a copy that has the change, and puts it into the node's own slot.
//!   Whoever else has begun to does the same, and one of them wins.
//! - **R4.** A node is copied when all of its slots are frozen, and its bytes are read after that. A byte that has been
//!   claimed since leads to a frozen, empty slot.
//! - **R5.** What a winning compare-and-swap has taken out is retired by who has won, and only that: the entry, the
//!   nodes that were copied. A lost one does not tell that somebody else has done the same; the operation starts again
//!   at the root.
//! - **R6.** Before something is put into an empty slot, or a byte is claimed, what the nodes on the way have skipped is
//!   compared with the key: with the bytes that they note, or with any key below, present or past (R1). Where there is
//!   none the nodes go first.
//!
//! # Operations and where they linearize
//! - A lookup goes down whether slots are frozen or not, and compares the key in the end. It linearizes at the load of
//!   the last slot, or, if that was out of the map by then, just before it went.
//! - Insertion, replacement, removal, `compute`: at the compare-and-swap, at whatever level it wins. One that changes
//!   nothing: as a lookup.
//!
//! # Progress
//! Lookups are wait-free. A compare-and-swap fails only because another one has succeeded. Freezing a node and copying
//! it carries the operation's own change, so that growing does not repeat itself for ever; claims are bounded by a
//! node's room. A removal that leaves a node with one child, or none, takes it away.

mod change;
mod core;
mod key;
mod memory;
mod node;
mod rest;
mod rules;
#[cfg(all(test, not(smr_loom)))]
mod tests;
mod word;

#[cfg(all(test, smr_loom))]
mod models;
