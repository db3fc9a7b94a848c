//! What the models break, one at a time. Outside of models all of it holds, and costs nothing.

use smr_core::primitive::Ordering;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(all(test, smr_loom)), allow(dead_code))]
pub(super) enum Rule {
    /// Slots are loaded with an order.
    Load = 1,
    /// Slots are changed with an order.
    Change,
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
    /// A removal looks, after a fence, how many children are left.
    Fence,
}

impl Rule {
    #[inline(always)]
    pub(super) fn or_relaxed(self, order: Ordering) -> Ordering {
        if self.holds() {
            order
        } else {
            Ordering::Relaxed
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
        pub(in super::super) const LOGIC: [Rule; 5] = [
            Rule::Claim,
            Rule::FreezeAll,
            Rule::BytesLast,
            Rule::Evidence,
            Rule::Prune,
        ];

        pub(in super::super) const ORDERINGS: [Rule; 3] = [Rule::Load, Rule::Change, Rule::Fence];

        pub(in super::super) fn holds(self) -> bool {
            SWITCHES.holds(self as u8)
        }
    }

    pub(in super::super) static SWITCHES: Switches = Switches::new();

    pub(in super::super) fn break_one(rule: Option<Rule>) {
        SWITCHES.break_one(rule.map(|rule| rule as u8));
    }
}
