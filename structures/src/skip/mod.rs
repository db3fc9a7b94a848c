//! The ordered map: lists of chunks, one above the other, lock-free throughout.
//!
//! # Chunks
//! A level is a list of *chunks*. On level 0 their items are entries, on the levels above it chunks of the level
//! below: the *index*. A chunk has a `low`, which never changes, and a *word*: the address of its *revision*, and
//! a bit that says that the chunk is *frozen*; if not, it is *live*. A revision has the items in order, and the
//! next chunk. What it has never changes; to change a chunk is to replace its revision, or to move the window that
//! says which of its items count (S9). An item of level 0 is the address of an entry; or, where the hint is the key
//! and the value is plain, the value itself: such entries are *inline*, parts of revisions, and may be copied, for
//! nobody can tell them apart (`inline.rs`).
//!
//! - **S1.** A chunk's content is what its word says. It changes at compare-and-swaps of that only. A word that has
//!   been replaced does not come back, for no revision does, and everybody is in a section from loading a word to
//!   comparing with it. So a word that is found the same was the same all the time between.
//! - **S2.** A chunk covers the keys from its low to the low of the next. A split is one step: the same
//!   compare-and-swap takes the upper half out and puts the new chunk behind. So each key is covered by one
//!   linked chunk at every instant; lows ascend along a list; and the head, whose low is below all keys, is
//!   always live.
//! - **S3.** A revision is looked into only if its chunk was live when its word was loaded, or was reached
//!   through the `next` of a revision that might be looked into. What the index gives may be dead, its revision
//!   reclaimed: a frozen chunk found there is passed over, for one with a lower low, in the end the head. And a
//!   child is followed only if its low is not above what is looked for.
//! - **S4.** A frozen chunk stays frozen, and what it holds stays its content as long as it is linked. It is
//!   *absorbed*, which unlinks it: one compare-and-swap puts its items and its `next` into the chunk before it,
//!   which is live. If that one is frozen, it is absorbed first.
//! - **S5.** What leaves a revision is retired by the thread whose compare-and-swap replaced it, before anything
//!   else is done: the revision, after an absorption the other one as well, entries taken out. Inline entries go
//!   with the revisions that they are found in: what refers to one holds for as long as the section.
//! - **S6.** A chunk but the heads is born with two *links*: one of its list, one of the index. Who absorbs it
//!   gives up the first; who takes it out of the index, or decides not to put it there, the second; and the last
//!   retires it. Who has split a chunk loads the index's revision, *then* finds the new chunk still live, and
//!   puts it into the index; after that, and a fence, it looks again, and if it is frozen by now takes it out.
//!   Who has absorbed it takes it out, after a fence, if it is there; so may anybody who finds it frozen there,
//!   in case the other has stopped. So in the end it is not. In the index, a chunk takes the place of one with
//!   the same low, which is dead: a level has a low once.
//! - **S7.** A chunk's low is the key of an entry that may be removed meanwhile. Where hints are not the whole
//!   key, entries count *uses*: one as long as the entry is in the map or its value waits to be dropped, one for
//!   each chunk with that low, on whatever level. Whoever makes such a chunk counts it before, and starts again
//!   if there are no uses any more. Who has taken the entry out exchanges one use for none and retires it; if
//!   there are more, it retires the value alone, which gives up the use when it is dropped. A chunk does so when
//!   it is. The last takes the key along.
//!
//! - **S9.** A word has a *window*: so many of the revision's first items have been taken out since it was made, and
//!   so many have come behind its last. To move it is a compare-and-swap of the word like any other, and copies
//!   nothing. Windows only move on, so that words do not come back either: what is taken out at the end makes a new
//!   revision. What is in the window does not change. A place behind it is written by who has *claimed* it, by a
//!   compare-and-swap that succeeds for the place next to the window, and once; the word publishes it. If that has
//!   changed meanwhile the place is lost, and the next one copies.
//!
//! # Operations and where they linearize
//! - A lookup: at the load of the word of the chunk that covers the key; if that was frozen then, and had been
//!   absorbed, just before the absorption.
//! - Insertion, replacement, removal, `compute`: at the compare-and-swap, a split's included. Nothing else
//!   changes what the map holds: not freezing, absorbing, or what happens to the index. Who finds the chunk
//!   frozen absorbs it and starts again. An operation that changes nothing: as a lookup.
//! - The first entry from a bound on, `first` included: if the covering chunk has it, as a lookup. Otherwise in
//!   the next chunk that has entries, at the load of its word, if afterwards all words before it are the same,
//!   from a live chunk on (**S8**: a frozen chunk may have been absorbed, and does not change any more; only a
//!   live one that leads to it proves that it is linked).
//! - The last entry up to a bound, `last` included: likewise to the left; each chunk is looked for by the low of
//!   the one behind it, must have that for its next, and after its word was loaded all words to the right must be
//!   the same.
//! - `pop_first`: the removal from the head. An empty head is filled first: the next chunk is frozen and
//!   absorbed.
//! - `pop_last`: the removal from the chunk without a next. If it is empty, it is frozen and absorbed.
//! - Iteration does not linearize as a whole. Forward, each chunk is read once, and its `next` followed;
//!   backward, the next chunk is the one that covers the keys just below the low of the last. Either way keys are
//!   strictly monotone, and one that is present throughout is met once.
//!
//! # Progress
//! A compare-and-swap fails only because another has succeeded: a change of content, a step of a split, of an
//! absorption, or of the index. Of these each insertion or removal causes a bounded number: it splits one chunk a
//! level, and freezes one a level, and what is frozen is absorbed once. Whoever is in the way of a frozen chunk
//! absorbs it; a thread that stops between any two steps costs detours: a chunk that is not in the index is found
//! from the one before it, a dead one there is passed over. A search goes down the index a few times at most, and
//! then along the level; lists end, whatever order the keys claim to have.
//!
//! The protocol and its orderings are model-checked with loom (`models.rs`); see `docs/skip.md`.

#[cfg(not(smr_loom))]
mod bulk;
mod change;
mod chunk;
pub(crate) mod compare;
mod content;
mod core;
mod ends;
#[cfg(not(smr_loom))]
pub(crate) mod engine;
mod find;
mod hint;
mod index;
mod inline;
#[cfg(not(smr_loom))]
pub(crate) mod into_iter;
#[cfg(not(smr_loom))]
pub(crate) mod map;
mod memory;
#[cfg(not(smr_loom))]
mod ops;
mod pair;
mod place;
mod probe;
mod rest;
mod rev;
mod revs;
mod rules;
#[cfg(all(test, not(smr_loom)))]
mod tests;
mod update;
mod walk;

#[cfg(all(test, smr_loom))]
mod models;
