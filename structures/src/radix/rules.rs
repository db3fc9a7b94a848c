//! What the models break, one at a time. Outside of models all of it holds, and costs nothing.

use smr_core::primitive::Ordering;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    not(all(test, smr_loom)),
    allow(dead_code, reason = "models name all of them")
)]
pub(super) enum Rule {
    /// Slots are loaded with an order.
    Load = 1,
    /// Slots are changed with an order.
    Change,
    /// Slots are frozen with an order.
    Freeze,
    /// What is claimed is read in one order with everything else.
    Claim,
    /// All of a node's slots are frozen before it is copied.
    FreezeAll,
    /// Its bytes are read after its slots are frozen.
    BytesLast,
    /// What is skipped on the way is compared before something is put there.
    Evidence,
    /// Where there is nothing to compare with, what is empty goes first.
    Prune,
    /// Answers about several slots look at them again.
    SecondLook,
    /// T8: whoever meets an entry that may be about to go decides.
    Keep,
    /// What is removed at once is frozen before it is counted.
    CutFrozen,
    /// Orderings: a removal looks, after a fence, how many children are left.
    Fence,
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
}

#[cfg(not(all(test, smr_loom)))]
impl Rule {
    #[inline(always)]
    pub(super) const fn holds(self) -> bool {
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
        pub(in super::super) const LOGIC: [Rule; 8] = [
            Rule::Claim,
            Rule::FreezeAll,
            Rule::BytesLast,
            Rule::Evidence,
            Rule::Prune,
            Rule::SecondLook,
            Rule::Keep,
            Rule::CutFrozen,
        ];

        pub(in super::super) const ORDERINGS: [Rule; 4] =
            [Rule::Load, Rule::Change, Rule::Freeze, Rule::Fence];

        pub(in super::super) fn holds(self) -> bool {
            SWITCHES.holds(self as u8)
        }
    }

    pub(in super::super) static SWITCHES: Switches = Switches::new();

    pub(in super::super) fn break_one(rule: Option<Rule>) {
        SWITCHES.break_one(rule.map(|rule| rule as u8));
    }
}
