//! Bytes that nodes have claimed.

use smr_core::primitive::{AtomicUsize, Ordering};

#[cfg(all(test, smr_loom))]
use super::rules::{Rule, SWITCHES};

/// What comes of asking for a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// It may be there by now.
    Look,
    /// There is no room.
    Full,
}

/// Of claims, and of reading what is claimed. SeqCst: that a byte is not there decides a lookup as an empty slot does.
/// That bytes are read after slots (T4) holds with any order: freezing a slot acquires what is there, and so what those
/// who have put it there knew of bytes. Where a claim fails, Relaxed: what is there is looked at again.
pub(super) const CLAIM: Ordering = Ordering::SeqCst;

/// A word that says which bytes are claimed. It is never all ones.
#[inline(always)]
pub(super) fn claims(word: &AtomicUsize) -> usize {
    #[cfg(all(test, smr_loom))]
    if SWITCHES.is_strict() && Rule::Claim.holds() {
        // As of slots in models.
        let never = usize::MAX;
        return match word.compare_exchange(never, never, CLAIM, CLAIM) {
            Ok(now) | Err(now) => now,
        };
    }
    word.load(CLAIM)
}
