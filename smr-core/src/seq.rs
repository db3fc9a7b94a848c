//! Sequence numbers: odd, stepping by an even amount, compared modulo their width.
//!
//! Invariant **C2**: every number that a clock hands out is odd. The even values of a reader's slot
//! are states, not times: [`IDLE`], [`BUSY`] and [`VACANT`].
//!
//! Two widths exist. Where 64-bit atomics exist the clock has 64 bits and never wraps in practice.
//! Elsewhere it has 32 bits, wraps, and readers enter *busy first* (see `record`), because a reader
//! preempted between reading the clock and publishing the number could otherwise reappear half a
//! wrap later, looking new. `--cfg smr_narrow` is the test configuration: 16 bits, starting near the
//! end, stepping far, so that wrap, the maximum delta and expired goals are everyday events.

#[cfg(not(any(smr_narrow, not(target_has_atomic = "64"))))]
mod width {
    pub(crate) type Raw = u64;
    pub(crate) use crate::primitive::AtomicU64 as AtomicSeq;
    pub(super) const STEP: Raw = 2;
    pub(super) const FIRST: Raw = 1;
    /// How far the write sequence may run ahead of the read sequence.
    pub(crate) const MAX_DELTA: Raw = 1 << (Raw::BITS - 2);
    pub(crate) const BUSY_FIRST: bool = false;
}

#[cfg(all(not(smr_narrow), not(target_has_atomic = "64")))]
mod width {
    pub(crate) type Raw = u32;
    pub(crate) use crate::primitive::AtomicU32 as AtomicSeq;
    pub(super) const STEP: Raw = 2;
    pub(super) const FIRST: Raw = 1;
    /// How far the write sequence may run ahead of the read sequence.
    pub(crate) const MAX_DELTA: Raw = 1 << (Raw::BITS - 2);
    pub(crate) const BUSY_FIRST: bool = true;
}

#[cfg(smr_narrow)]
mod width {
    pub(crate) type Raw = u16;
    pub(crate) use crate::primitive::AtomicU16 as AtomicSeq;
    pub(super) const STEP: Raw = 26;
    pub(super) const FIRST: Raw = Raw::MAX - 2_000;
    /// How far the write sequence may run ahead of the read sequence.
    pub(crate) const MAX_DELTA: Raw = STEP * 32;
    pub(crate) const BUSY_FIRST: bool = true;
}

use crate::step::{Step, mutated};
pub(crate) use width::{AtomicSeq, BUSY_FIRST, MAX_DELTA, Raw};

/// Slot state: no section is open.
pub(crate) const IDLE: Raw = 0;
/// Slot state: a section is opening and its number is not known yet; counts as the oldest possible.
pub(crate) const BUSY: Raw = 2;
/// Slot state: nobody owns the record.
pub(crate) const VACANT: Raw = 4;

const _: () = assert!(width::STEP.is_multiple_of(2) && width::FIRST % 2 == 1);
// Half of it is taken off a number, which must stay odd (C2).
const _: () = assert!(MAX_DELTA.is_multiple_of(4));
// Threads that pass the maximum-delta check together overshoot by one step each: there must be room.
const _: () = assert!(Raw::MAX / 2 - MAX_DELTA > width::STEP * 256);

/// A sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seq(Raw);

impl Seq {
    /// Where every clock starts.
    pub(crate) const FIRST_RAW: Raw = width::FIRST;
    /// What one advance adds.
    pub(crate) const STEP: Raw = width::STEP;

    #[inline]
    pub(crate) fn from_raw(raw: Raw) -> Seq {
        debug_assert!(raw % 2 == 1, "C2: a sequence number is odd, {raw} is not");
        Seq(raw)
    }

    #[inline]
    pub(crate) fn raw(self) -> Raw {
        self.0
    }

    /// The number after this one.
    #[inline]
    pub(crate) fn next(self) -> Seq {
        Seq(self.0.wrapping_add(Self::STEP))
    }

    /// The number `by` raw units before this one.
    pub(crate) fn back(self, by: Raw) -> Seq {
        Seq::from_raw(self.0.wrapping_sub(by))
    }

    /// `self ≤ other`, modulo the width: true when `other` is less than half the space ahead.
    #[inline]
    pub(crate) fn at_or_before(self, other: Seq) -> bool {
        other.0.wrapping_sub(self.0) <= Raw::MAX / 2
    }

    /// `self < other`, modulo the width.
    #[inline]
    pub(crate) fn before(self, other: Seq) -> bool {
        self.0 != other.0 && self.at_or_before(other)
    }

    /// The later of two numbers.
    #[inline]
    pub(crate) fn later(self, other: Seq) -> Seq {
        if self.before(other) { other } else { self }
    }

    /// How far `self` is ahead of `past`, in raw units.
    #[inline]
    pub(crate) fn ahead_of(self, past: Seq) -> Raw {
        self.0.wrapping_sub(past.0)
    }

    /// How many advances lie between `past` and `self`.
    pub(crate) fn steps_since(self, past: Seq) -> u64 {
        #[allow(clippy::useless_conversion, reason = "the raw width differs by target")]
        u64::from(self.ahead_of(past) / Self::STEP)
    }
}

/// A slot's value as a figure of one width, for notes.
#[allow(clippy::useless_conversion, reason = "the raw width differs by target")]
pub(crate) fn as_note(raw: Raw) -> u64 {
    u64::from(raw)
}

/// Reads a slot's value: `None` for a slot without an open section, else the number at which the
/// section counts, which is never before `floor`.
///
/// A section that published a number before `floor` is *stale*: it read the clock, was delayed, and
/// published after a scan had already passed it. That scan proves that it sees every unlink up to
/// `floor`, so it counts as `floor`; a [`BUSY`] one likewise.
#[inline]
pub(crate) fn section(raw: Raw, floor: Seq) -> Option<Seq> {
    if raw % 2 == 1 {
        let at = Seq(raw);
        if !at.before(floor) {
            Some(at)
        } else if mutated(Step::Clamp) {
            None
        } else {
            Some(floor)
        }
    } else if raw == BUSY {
        Some(floor)
    } else {
        debug_assert!(raw == IDLE || raw == VACANT, "a slot cannot hold {raw}");
        None
    }
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    #[test]
    fn order_is_modular() {
        let end = Seq::from_raw(Raw::MAX - 2);
        let wrapped = Seq::from_raw(Raw::MAX.wrapping_add(4));
        assert_eq!(wrapped.raw(), 3);
        assert!(end.before(wrapped));
        assert!(!wrapped.before(end));
        assert!(end.at_or_before(end));
        assert!(!end.before(end));
        assert_eq!(end.later(wrapped), wrapped);
        assert_eq!(wrapped.ahead_of(end), 6);
    }

    #[test]
    fn steps_count_advances_across_the_wrap() {
        let mut s = Seq::from_raw(Seq::FIRST_RAW);
        for n in 0..100 {
            assert_eq!(s.steps_since(Seq::from_raw(Seq::FIRST_RAW)), n);
            s = s.next();
        }
    }

    #[test]
    fn a_section_is_never_before_the_floor() {
        let floor = Seq::from_raw(101);
        assert_eq!(section(IDLE, floor), None);
        assert_eq!(section(VACANT, floor), None);
        assert_eq!(section(BUSY, floor), Some(floor));
        assert_eq!(section(99, floor), Some(floor));
        assert_eq!(section(103, floor), Some(Seq::from_raw(103)));
    }
}
