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

#[cfg(not(all(test, smr_loom)))]
pub(super) const fn is_strict() -> bool {
    false
}

#[cfg(not(all(test, smr_loom)))]
pub(super) fn latest(word: &smr_core::primitive::AtomicPtr<()>) -> *mut () {
    word.load(Ordering::SeqCst)
}

#[cfg(all(test, smr_loom))]
pub(super) use self::models::{break_one, is_strict, latest, set_strict};

#[cfg(all(test, smr_loom))]
mod models {
    use smr_core::primitive::plain::{AtomicBool, AtomicU8, Ordering};

    use super::Rule;

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
            BROKEN.load(Ordering::Relaxed) != self as u8
        }
    }

    static BROKEN: AtomicU8 = AtomicU8::new(0);
    static STRICT: AtomicBool = AtomicBool::new(true);

    pub(in super::super) fn break_one(rule: Option<Rule>) {
        BROKEN.store(rule.map_or(0, |rule| rule as u8), Ordering::Relaxed);
    }

    /// Whether words are loaded by operations that change nothing.
    pub(in super::super) fn is_strict() -> bool {
        STRICT.load(Ordering::Relaxed)
    }

    /// By an operation that changes nothing: it sees the latest value, and loom takes it for a conflict with all
    /// others.
    pub(in super::super) fn latest(word: &smr_core::primitive::AtomicPtr<()>) -> *mut () {
        let nowhere = core::ptr::without_provenance_mut(usize::MAX - 1);
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let found = word.compare_exchange(nowhere, nowhere, order.0, order.1);
        found.expect_err("nothing is there")
    }

    pub(in super::super) fn set_strict(strict: bool) {
        STRICT.store(strict, Ordering::Relaxed);
    }
}
