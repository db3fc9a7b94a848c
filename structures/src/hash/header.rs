//! The header of a bucket: one word, whose compare-and-swaps are all that changes what a bucket holds.

use core::fmt;

use super::bucket::ones;

/// Which slots are valid (bits 0–19), whether a thread fills free ones (20), the parity of the list
/// in force (21), state (22–24), depth (25–30), version (31–63).
///
/// The version counts every change but those of [`filling`](Self::filling), so a header that has come
/// back, filling aside, was there all the time: 2^33 changes of one bucket within one step of another
/// thread are taken to be impossible.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Header(pub(super) u64);

/// What may be done with a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Its entries are in the bucket that it is split from. What zeroed memory holds.
    Uninit,
    /// Owns the keys whose hashes end in its index, at its depth.
    Open,
    /// Nothing changes but what helpers of the split do: some of its keys are about to move.
    Split,
    /// Holds what is to move here, and does not change until it is open. The bucket that it is split from
    /// holds the same until it has finished its split.
    Ready,
    /// Holds what it held, all of it in its list, and does not change until it is not initialized again. It
    /// is to go back into the bucket that it was split from, and is there once that one's depth says so.
    Leaving,
}

/// A state, and the depth with it.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    state: State,
    depth: u8,
}

impl Turn {
    #[inline]
    pub(super) fn new(state: State, depth: u32) -> Turn {
        let depth = depth as u8;
        Turn { state, depth }
    }
}

/// As many slots as a bucket can have.
pub(super) const MOST_SLOTS: usize = 20;
const SLOTS: u64 = (1 << MOST_SLOTS) - 1;
const FILLING: u64 = 1 << 20;
const PARITY: u64 = 1 << 21;
const STATE: u32 = 22;
const STATES: u64 = 7;
/// Of the states: none of them in those whose entries may be elsewhere.
const SETTLED: u64 = 3;
const DEPTH: u32 = 25;
const VERSION: u32 = 31;

impl Header {
    /// Of an open bucket without entries.
    pub(super) fn open(depth: u32) -> Header {
        Header(0).with_state(State::Open).with_depth(depth).bumped()
    }

    /// One bit for each slot that holds an entry.
    #[inline]
    pub(super) fn valid(self) -> u32 {
        (self.0 & SLOTS) as u32
    }

    /// The numbers of the slots that hold an entry.
    #[inline]
    pub(super) fn slots(self) -> impl Iterator<Item = u32> {
        ones(self.valid())
    }

    /// Whether a thread may be writing to slots that are not valid. It alone may; the others do with
    /// blocks for as long.
    #[inline]
    pub(super) fn filling(self) -> bool {
        self.0 & FILLING != 0
    }

    /// The tag of the link when the block in it is in force.
    #[inline]
    pub(super) fn parity(self) -> usize {
        usize::from(self.0 & PARITY != 0)
    }

    #[inline]
    pub(super) fn state(self) -> State {
        match (self.0 >> STATE) & STATES {
            0 => State::Uninit,
            1 => State::Open,
            2 => State::Split,
            3 => State::Ready,
            _ => State::Leaving,
        }
    }

    /// Whether the bucket's entries are nowhere else: not if it is not initialized, or leaving.
    #[inline]
    pub(super) fn is_settled(self) -> bool {
        self.0 & SETTLED << STATE != 0
    }

    /// How many bits of their hashes the bucket's keys have in common.
    #[inline]
    pub(super) fn depth(self) -> u32 {
        ((self.0 >> DEPTH) & 63) as u32
    }

    #[inline]
    pub(super) fn version(self) -> u64 {
        self.0 >> VERSION
    }

    /// The same content: equal but for [`filling`](Self::filling).
    #[inline]
    pub(super) fn agrees(self, other: Header) -> bool {
        (self.0 ^ other.0) & !FILLING == 0
    }

    /// One bit for each of so many slots that holds none.
    #[inline]
    pub(super) fn free(self, slots: u32) -> u32 {
        !self.valid() & ((1 << slots) - 1)
    }

    #[inline]
    pub(super) fn bumped(self) -> Header {
        Header(self.0.wrapping_add(1 << VERSION))
    }

    #[inline]
    pub(super) fn with_valid(self, slots: u32) -> Header {
        Header(self.0 | u64::from(slots))
    }

    #[inline]
    pub(super) fn without_valid(self, slots: u32) -> Header {
        Header(self.0 & !u64::from(slots))
    }

    #[inline]
    pub(super) fn with_filling(self) -> Header {
        Header(self.0 | FILLING)
    }

    #[inline]
    pub(super) fn without_filling(self) -> Header {
        Header(self.0 & !FILLING)
    }

    /// With `filling` as it is in another.
    pub(super) fn with_filling_of(self, other: Header) -> Header {
        Header(self.0 & !FILLING | other.0 & FILLING)
    }

    #[inline]
    pub(super) fn flipped(self) -> Header {
        Header(self.0 ^ PARITY)
    }

    #[inline]
    pub(super) fn with_state(self, state: State) -> Header {
        Header(self.0 & !(STATES << STATE) | (state as u64) << STATE)
    }

    #[inline]
    pub(super) fn turned(self, Turn { state, depth }: Turn) -> Header {
        self.with_state(state).with_depth(u32::from(depth))
    }

    #[inline]
    pub(super) fn with_depth(self, depth: u32) -> Header {
        debug_assert!(depth < 64);
        Header(self.0 & !(63 << DEPTH) | u64::from(depth) << DEPTH)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filling = if self.filling() { ", filling" } else { "" };
        write!(
            f,
            "{:?} at depth {}, valid {:#b}, parity {}, version {}{filling}",
            self.state(),
            self.depth(),
            self.valid(),
            self.parity(),
            self.version(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let h = Header::open(63)
            .with_valid(0xF_FFFF)
            .flipped()
            .with_filling();
        assert_eq!(
            (h.state(), h.depth(), h.valid()),
            (State::Open, 63, 0xF_FFFF)
        );
        assert_eq!((h.parity(), h.filling(), h.version()), (1, true, 1));
        let h = h.with_state(State::Split).with_depth(0).without_valid(1);
        assert_eq!(
            (h.state(), h.depth(), h.valid()),
            (State::Split, 0, 0xF_FFFE)
        );
        assert_eq!((h.free(20), h.with_valid(1).free(20)), (1, 0));
        let last = Header(u64::MAX);
        assert_eq!(last.bumped().version(), 0);
        assert_eq!(last.bumped().valid(), 0xF_FFFF);
        assert!(h.agrees(h.without_filling()) && !h.agrees(h.bumped()));
        assert_eq!(Header(0).state(), State::Uninit);
        assert!(!Header(0).is_settled());
        for state in [State::Open, State::Split, State::Ready] {
            let there = Header(0).with_state(state);
            assert_eq!((there.state(), there.is_settled()), (state, true));
        }
        let leaving = h.with_state(State::Leaving);
        assert_eq!((leaving.state(), leaving.depth()), (State::Leaving, 0));
        assert!(!leaving.is_settled());
    }
}
