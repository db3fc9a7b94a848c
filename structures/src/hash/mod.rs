//! The engine of the hash maps: linear hashing over buckets of some cache lines, lock-free throughout.
//!
//! # Buckets
//! Bucket `i` at depth `d` holds the entries whose hashes end in the `d` low bits of `i`. It has a
//! [header](header::Header), slots, the last of which are in an [extension](extensions) that only full
//! buckets have, and a link to a [list](block::Block) of immutable blocks for what finds no slot. What it
//! holds is a function of its header, its valid slots and the list in force:
//!
//! - **H1.** The content changes at compare-and-swaps of the header only, and each but those of
//!   `filling` gives it a new version. So what was read between two loads of the same header is the
//!   bucket's content at every instant between.
//! - **H2.** A slot is written only by the thread that set `filling`, and only while it is not valid.
//!   Nobody else may until that thread clears `filling`, or what it filled becomes valid.
//! - **H3.** The link holds the list in force (tag = the header's parity; null is an empty list), or a
//!   proposal (tag ≠ parity), which remembers the list in force and the version of the header that it is
//!   for. It comes into force by a change of exactly that version, which flips the parity.
//! - **H4.** A proposal for the header's current version is not taken out of the link: whoever needs the
//!   link commits it first. One for an earlier version is dead for good, and may be replaced.
//! - **H5.** A block's fate is written into it before it leaves the link, so its maker can tell whether
//!   another thread has committed it.
//! - **H6.** Blocks that leave the link, or are replaced in force, are retired by the thread whose
//!   compare-and-swap did that; every thread is in a section meanwhile, so no address that it has seen in
//!   a link comes back in that link.
//! - **H7.** Between the split of a bucket and its end, neither it nor its child changes what it holds: the
//!   child is *ready* once it has what moves, and opens only after the parent. So whoever finds the parent
//!   still split finds its items not reclaimed, however late.
//! - **H8.** A child is *not initialized* from the time it is cleaned until its parent, at the depth at which the
//!   two part, is split; its version goes on. It is *leaving*, with the same list, until its parent is
//!   less deep than it. So while a parent's header stays the same, neither begins or ends: who has read the
//!   child's header after the parent's, or between two loads of it, knows what the child is as long.
//!
//! # Operations and where they linearize
//! - A lookup: at the last load of the header that it found unchanged, be the bucket open, split or ready.
//! - Insertion, update, removal: at the change of the header. Into a free slot: set `filling`, store,
//!   then one change makes the new slot valid and the old one not. If there is none, or another thread
//!   is filling: a proposal, put into the link and committed, by the maker or by whoever needs the link.
//! - An operation that changes nothing: as a lookup.
//!
//! # Growth
//! Bucket `n` is split off `n` without its highest bit. (1) The parent's header becomes *split*: nothing
//! in it changes any more. (2) The child, whose zeroed header says that it is not initialized, becomes
//! *ready*, with what moves; it is read, but not changed. (3) The parent is opened at the next depth, without
//! that: **here the move linearizes**. (4) The child is opened. Everybody who comes by can do (2) to (4). The
//! first to come fills the child's slots; if another thread finds it at that, it proposes a list of all that
//! moves, and the child's header decides which of the two it becomes ready with. If the list wins, `filling`
//! stays set until the late thread is back.
//!
//! # Shrinking
//! The last bucket is merged into its parent, which is as deep. (1) The child is *leaving*: all that it holds
//! becomes one list, by a change of its header, and nothing changes there any more. (2) The parent is given a list
//! of that and of its own, and with it the depth before: **here the move linearizes**. (3) The child's link is
//! emptied, and its header says that it is not initialized. Everybody who comes by can do (2) and (3). A lookup
//! that finds a bucket leaving reads its list, and after that the parent's depth, which says where the
//! entries are: there it linearizes. `shrink.rs` has how the memory of buckets that are gone is freed.
//!
//! Lookups guess the bucket from the number of buckets; a guess that is out of date is put right by the
//! buckets' depths.
//!
//! # Progress
//! Every compare-and-swap that fails means that another thread's succeeded: a change of content, a step of
//! a split, or a `filling` that begins or ends, each of which belongs to an operation that gets on by it
//! or is made to start again by another that does. A thread that stops while it fills costs its bucket
//! the free slots: the others use the list. One that stops elsewhere costs a proposal or nothing.
//! Splits and merges of one bucket undo each other, so an operation that is for either begins only so many.
//!
//! The protocol is model-checked without weak memory (`docs/models/bucket.pml`), and its orderings with
//! loom (`models.rs`); pairs of operations are stopped at each pair of their steps (`tests/interleaving`).

mod batch;
mod block;
#[cfg(not(smr_loom))]
pub(crate) mod boxed;
mod bucket;
#[cfg(not(smr_loom))]
pub(crate) mod builder;
mod extensions;
mod geometry;
mod grow;
mod header;
#[cfg(not(smr_loom))]
pub(crate) mod inline;
mod lists;
mod look;
mod merge;
#[cfg(all(test, smr_loom))]
mod models;
mod reclaim;
mod rest;
mod segments;
mod shrink;
mod split;
mod steps;
mod table;
mod tags;
mod tidy;
mod walk;

/// Spreads a hash over all its bits, so that the low ones, which choose the bucket, depend on all: a
/// bijection, so hashes that differ stay different.
#[inline]
fn spread(hash: u64) -> u64 {
    hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).swap_bytes()
}

/// Asks the cache for a line.
#[inline]
pub(crate) fn prefetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
