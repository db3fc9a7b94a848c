//! The write sequence moves: a number for what has been unlinked.
//!
//! - *Eager*: every call is one atomic addition (W).
//! - *Deferred*: every n-th call of a thread is; the others answer the number after the present one,
//!   which the next real advance reaches. The number is read by a read-modify-write that adds nothing,
//!   or, on x86, after a full fence, so that the unlink precedes it; a release fence alone, as in the
//!   kernel, would let the store buffer hold the unlink back past the number.
//! - *Lazy*: no call is; polls move the sequence, once a tick.
//!
//! An advance is legal inside one's own section, and there it never waits. On a narrow sequence the
//! distance between the hands is bounded: a caller outside a section waits for the readers; a caller
//! inside one, and a zone, gets the next number instead of a new one.

use crate::barrier::{self, Ticket};
use crate::domain::{Core, Mode};
use crate::primitive::Ordering::SeqCst;
use crate::primitive::{MODEL, fence, yield_now};
use crate::seq::{BUSY_FIRST, MAX_DELTA, Seq};

/// What to do when the hands of a narrow clock are as far apart as they may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WhenFull {
    /// Wait for the readers, unless one of them is the caller.
    Wait,
    /// Share the next number instead of taking a new one.
    GoOn,
}

impl Core {
    /// A goal for everything that the caller has unlinked, and the ticket that goes with it.
    #[inline]
    pub(crate) fn advance(&self, full: WhenFull) -> (Seq, Ticket) {
        match self.mode() {
            Mode::Eager => self.advance_now(full),
            Mode::Deferred { every } => self.advance_sometimes(every, full),
            Mode::Lazy { .. } => self.next_goal(),
        }
    }

    /// A real advance, in every mode.
    #[inline]
    pub(crate) fn advance_now(&self, full: WhenFull) -> (Seq, Ticket) {
        // 2^61 advances of a 64-bit sequence take decades: only narrow ones can come near the bound.
        if BUSY_FIRST && self.hands_apart() >= MAX_DELTA {
            return self.advance_far(full);
        }
        self.count(|c| &c.advance, 1);
        let goal = self.clock.advance(); // W
        (goal, barrier::ticket(self.barrier_in_use()))
    }

    /// How far the write sequence is ahead of the read sequence.
    pub(crate) fn hands_apart(&self) -> crate::seq::Raw {
        // `rd` first: read later it could be past the `wr` in hand.
        let rd = self.clock.observed();
        self.clock.written_relaxed().ahead_of(rd)
    }

    #[cold]
    fn advance_far(&self, full: WhenFull) -> (Seq, Ticket) {
        if full == WhenFull::GoOn || self.in_own_section() {
            return self.next_goal();
        }
        self.count(|c| &c.advance_wait, 1);
        while self.hands_apart() >= MAX_DELTA {
            // A goal of now: one from before a preemption could have come round.
            let halfway = self.clock.written().back(MAX_DELTA / 2);
            if !self.poll(halfway, Ticket::NEVER) {
                yield_now();
            }
        }
        self.count(|c| &c.advance, 1);
        let goal = self.clock.advance(); // W
        (goal, barrier::ticket(self.barrier_in_use()))
    }

    fn advance_sometimes(&self, every: u32, full: WhenFull) -> (Seq, Ticket) {
        let Some(record) = self.own_record() else {
            return self.advance_now(full);
        };
        // SAFETY: the record's index is the calling thread's number (R3).
        let skipped = unsafe { record.deferred.get() } + 1;
        let due = skipped >= every;
        // SAFETY: as above.
        unsafe { record.deferred.set(if due { 0 } else { skipped }) };
        if due {
            self.advance_now(full)
        } else {
            self.next_goal()
        }
    }

    /// The number that the next real advance will reach.
    ///
    /// A section that publishes it has read it from `wr`, where it was written after this call read
    /// its predecessor; the section must see what the caller unlinked before. So the call takes part in
    /// the release sequence of `wr`; or, where stores become visible to all processors in one order
    /// (x86), a full fence drains its own. The readers' fence would be no partner for one of ours: not
    /// every section has it after its load of `wr` (`repin`, and entering on a narrow clock).
    pub(crate) fn next_goal(&self) -> (Seq, Ticket) {
        let store_order_is_total = cfg!(any(target_arch = "x86", target_arch = "x86_64"));
        let now = if store_order_is_total && !MODEL {
            fence(SeqCst); // Partner: the caller's own store buffer.
            self.clock.written_relaxed()
        } else {
            self.clock.touch()
        };
        (now.next(), Ticket::NEVER)
    }
}
