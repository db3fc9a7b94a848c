//! The rules and the orderings that models break, one at a time, to see that they notice.

use smr_core::primitive::Ordering;

/// What can be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[cfg_attr(
    not(all(test, smr_loom)),
    allow(dead_code, reason = "models name all of them")
)]
pub(super) enum Rule {
    /// S3: a chunk that the index gives counts only if it is live.
    LiveFromIndex = 1,
    /// S3: a child's low is not above what is looked for.
    ChildBelow,
    /// S4: a chunk goes into a live one only.
    AbsorbIntoLive,
    /// S6: after its insertion into the index a chunk is looked at again.
    Recheck,
    /// S6: the index's revision is loaded before the chunk is found live.
    IndexFirst,
    /// S6: a dead chunk of the same low gives way in the index.
    Replace,
    /// S7: a separator's key is counted.
    Count,
    /// S7: who removes an entry whose key is a separator leaves the key.
    LeaveKey,
    /// S7: the key of an entry that is gone is not taken for a separator.
    CountLiving,
    /// The first entry, behind empty chunks, counts if those have not changed.
    First,
    /// The same of the next entry from a key on.
    Lower,
    /// S8: what is behind a frozen chunk counts from a live one on.
    Anchor,
    /// The last entry, before empty chunks, counts if those have not changed.
    Upper,
    /// The first entry is taken out of the head only.
    PopFirst,
    /// The last entry is taken out of the last chunk only.
    PopLast,
    /// S9: a place behind the last item is one thread's.
    Claim,
    /// Not a rule: windows can be left out as a whole.
    Windows,
    // Orderings.
    /// A revision is published with Release.
    Change,
    /// A revision is loaded with Acquire.
    Load,
    /// A fence between the insertion into the index and the second look at the chunk.
    IndexFence,
    /// A fence between seeing a chunk frozen and looking for it in the index.
    DeadFence,
    /// Links are given up with Release, and the last with Acquire.
    Links,
    /// A new top is published with Release.
    Raise,
    /// The top is loaded with Acquire.
    Top,
}

impl Rule {
    /// The ordering, unless a model has it weakened.
    #[inline(always)]
    pub(super) fn order(self, strong: Ordering) -> Ordering {
        if self.holds() {
            strong
        } else {
            Ordering::Relaxed
        }
    }

    /// A fence, unless a model has left it out.
    #[inline(always)]
    pub(super) fn fence(self) {
        if self.holds() {
            smr_core::primitive::fence(Ordering::SeqCst);
        }
    }

    #[cfg(not(all(test, smr_loom)))]
    #[inline(always)]
    pub(super) fn holds(self) -> bool {
        true
    }
}

#[cfg(all(test, smr_loom))]
pub(super) use self::models::{SWITCHES, break_one};
#[cfg(all(test, smr_loom))]
pub(super) use crate::modelling::latest;

#[cfg(all(test, smr_loom))]
mod models {
    use super::Rule;
    use crate::modelling::Switches;

    impl Rule {
        pub(in super::super) const LOGIC: [Rule; 16] = [
            Rule::LiveFromIndex,
            Rule::ChildBelow,
            Rule::AbsorbIntoLive,
            Rule::Recheck,
            Rule::IndexFirst,
            Rule::Replace,
            Rule::Count,
            Rule::LeaveKey,
            Rule::CountLiving,
            Rule::First,
            Rule::Lower,
            Rule::Anchor,
            Rule::Upper,
            Rule::PopFirst,
            Rule::PopLast,
            Rule::Claim,
        ];

        pub(in super::super) const ORDERINGS: [Rule; 7] = [
            Rule::Change,
            Rule::Load,
            Rule::IndexFence,
            Rule::DeadFence,
            Rule::Links,
            Rule::Raise,
            Rule::Top,
        ];

        pub(in super::super) fn holds(self) -> bool {
            SWITCHES.holds(self as u8)
        }
    }

    pub(in super::super) static SWITCHES: Switches = Switches::new();

    pub(in super::super) fn break_one(rule: Option<Rule>) {
        SWITCHES.break_one(rule.map(|rule| rule as u8));
    }
}
