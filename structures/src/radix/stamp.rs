//! Empty slots that no other has been: who finds one unchanged knows that nothing has been there meanwhile.

use core::cell::Cell;

use smr_core::primitive::plain::{AtomicUsize, Ordering};

use super::word::Word;

/// Numbers that a thread takes at once.
const BLOCK: usize = 1024;

/// 0 is for slots that nothing has been in.
static NEXT: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    /// The thread's next number, and how many it still has.
    static OWN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// What a removal leaves. On 64 bits, one of 2⁶⁰; on 32 bits they come again after 2²⁸ removals.
#[inline]
pub(super) fn empty() -> Word {
    OWN.with(|own| {
        let (next, left) = match own.get() {
            // Relaxed: only that each number is given out once matters.
            (_, 0) => (NEXT.fetch_add(BLOCK, Ordering::Relaxed), BLOCK),
            own => own,
        };
        own.set((next.wrapping_add(1), left - 1));
        Word::empty(next)
    })
}
