//! The two hands of the clock, and the bare steps on them.
//!
//! Invariant **C1**: `rd ≤ wr`, and readers move neither. `wr` is the number of the latest advance;
//! `rd` is a number that every open section has reached, as of some earlier scan.
//!
//! The steps carry the names that `docs/ordering.md` uses: E1 (a reader loads `wr`), W (a writer
//! advances it), P1 (a poll loads `rd`), P2 (a poll loads `wr`), P4 (a scan raises `rd`).

use crossbeam_utils::CachePadded;

use crate::primitive::MODEL;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::seq::{AtomicSeq, Seq};
use crate::step::{Step, order};

/// The write and the read sequence of a domain, each on lines of its own.
#[derive(Debug)]
pub(crate) struct Clock {
    wr: CachePadded<AtomicSeq>,
    rd: CachePadded<AtomicSeq>,
}

impl Clock {
    crate::primitive::const_fn! {
        /// A clock at rest.
        pub(crate) fn new() -> Self {
            Self {
                wr: CachePadded::new(AtomicSeq::new(Seq::FIRST_RAW)),
                rd: CachePadded::new(AtomicSeq::new(Seq::FIRST_RAW)),
            }
        }
    }

    /// The write hand, for readers (E1).
    #[inline]
    pub(crate) fn wr(&self) -> &AtomicSeq {
        &self.wr
    }

    /// P2. Acquire: synchronizes with W of every advance up to the number read, so that their
    /// unlinks happen before the scan that follows and before the rise of `rd` that publishes it.
    #[inline]
    pub(crate) fn written(&self) -> Seq {
        Seq::from_raw(self.wr.load(order(Step::P2, Acquire)))
    }

    /// The write sequence as a plain figure: for statistics and distance checks, which decide nothing.
    #[inline]
    pub(crate) fn written_relaxed(&self) -> Seq {
        Seq::from_raw(self.wr.load(Relaxed))
    }

    /// W. Release: what the caller unlinked happens before any E1 or P2 that reads this number or a
    /// later one. Acquire: the number may itself serve as a scan's `w`, in place of P2.
    #[inline]
    pub(crate) fn advance(&self) -> Seq {
        Seq::from_raw(self.wr.fetch_add(Seq::STEP, order(Step::W, AcqRel))).next()
    }

    /// W without the step: takes part in the release sequence of `wr` and returns its number.
    ///
    /// A reader that reads any later number synchronizes with this call.
    pub(crate) fn touch(&self) -> Seq {
        Seq::from_raw(self.wr.fetch_add(0, order(Step::NextGoal, AcqRel)))
    }

    /// P1. Acquire: inherits the proof of the scan that raised `rd` (P4), the ends of the sections
    /// that it saw included.
    #[inline]
    pub(crate) fn observed(&self) -> Seq {
        Seq::from_raw(self.rd.load(order(Step::P1, Acquire)))
    }

    /// P4. Raises `rd` from `seen`, an earlier P1, to `to`, unless it is there already; returns a
    /// number at or past `to` that has been observed.
    ///
    /// Release on success: what the scan acquired (the ends of the sections) happens before every P1
    /// that reads the number. Acquire on failure: the number found replaces our own proof.
    pub(crate) fn raise(&self, seen: Seq, to: Seq) -> Seq {
        debug_assert!(
            MODEL || to.at_or_before(self.written_relaxed()),
            "C1: rd ≤ wr"
        );
        let mut at = seen;
        while at.before(to) {
            match self.rd.compare_exchange(
                at.raw(),
                to.raw(),
                order(Step::P4, Release),
                order(Step::P4Fail, Acquire),
            ) {
                Ok(_) => return to,
                Err(now) => at = Seq::from_raw(now),
            }
        }
        at
    }
}
