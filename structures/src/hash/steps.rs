//! The orderings that models weaken, one at a time, to see that they notice.

use smr_core::primitive::Ordering;

/// A step of the protocol whose ordering matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Step {
    /// The release fence between `filling` and the stores into slots.
    Fill,
    /// The acquire fence between loads from slots and that of the header.
    Still,
    /// The header is loaded with Acquire, at least.
    Header,
    /// The header is changed with Release, at least.
    Change,
    /// A list is published with Release.
    Publish,
    /// The link is loaded with Acquire.
    Follow,
}

impl Step {
    #[cfg(all(test, smr_loom))]
    pub(super) const ALL: [Step; 6] = [
        Step::Fill,
        Step::Still,
        Step::Header,
        Step::Change,
        Step::Publish,
        Step::Follow,
    ];

    /// The ordering, unless a model has it weakened.
    #[inline(always)]
    pub(super) fn order(self, strong: Ordering) -> Ordering {
        if self.is_weak() {
            Ordering::Relaxed
        } else {
            strong
        }
    }

    /// A fence, unless a model has it weakened.
    #[inline(always)]
    pub(super) fn fence(self, order: Ordering) {
        if !self.is_weak() {
            smr_core::primitive::fence(order);
        }
    }

    #[cfg(not(all(test, smr_loom)))]
    #[inline(always)]
    fn is_weak(self) -> bool {
        false
    }

    #[cfg(all(test, smr_loom))]
    fn is_weak(self) -> bool {
        WEAK.load(smr_core::primitive::plain::Ordering::Relaxed) == self as u8 + 1
    }
}

#[cfg(all(test, smr_loom))]
static WEAK: smr_core::primitive::plain::AtomicU8 = smr_core::primitive::plain::AtomicU8::new(0);

/// Weakens a step, or none.
#[cfg(all(test, smr_loom))]
pub(super) fn weaken(step: Option<Step>) {
    let number = step.map_or(0, |step| step as u8 + 1);
    WEAK.store(number, smr_core::primitive::plain::Ordering::Relaxed);
}
