//! The named steps of the protocols: those whose orderings models weaken.
//!
//! A step passes its name here. In an ordinary build that is nothing: the ordering comes back as it is,
//! [`mutated`] is a constant. In a model (`--cfg smr_loom`) a test selects one step to be *weakened* and
//! asserts that the model catches it: so the rows of `docs/ordering.md` that name a loom model are
//! checked against the code that runs, not against a copy of it.

use crate::primitive::Ordering;

/// Defines `Step` by one list, so that `ALL` has every step.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A step that a model can weaken.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[doc(hidden)]
        #[allow(unreachable_pub, reason = "exported to the models")]
        pub enum Step {
            /// Nothing is weakened.
            None,
            $($(#[$doc])* $name,)*
        }

        #[cfg(smr_loom)]
        impl Step {
            /// Every step.
            pub const ALL: &[Step] = &[$(Step::$name),*];
        }
    };
}

steps! {
    /// E1: `wr` is loaded with Acquire on entering.
    E1,
    /// E2: the slot is published with Release.
    E2,
    /// E3: a fence between the slot's store and the section's first load.
    E3,
    /// The nested enter leaves the slot alone.
    Nest,
    /// The light repin's store is Release.
    Repin,
    /// The light repin's load of `wr` is Acquire.
    RepinE1,
    /// X: the slot goes idle with Release.
    X,
    /// W: the advance is Release (and Acquire).
    W,
    /// P1: `rd` is loaded with Acquire.
    P1,
    /// P2: `wr` is loaded with Acquire before the barrier.
    P2,
    /// P2 lies before P3.
    P2Place,
    /// P3: a fence between `wr` and the slots.
    P3,
    /// A slot is read with Acquire.
    Slot,
    /// P4: `rd` is raised with Release.
    P4,
    /// P4's failure is Acquire.
    P4Fail,
    /// A stale section counts, as `rd`.
    Clamp,
    /// The occupancy bit of a record is cleared with Release.
    OccupancyClear,
    /// A scan reads the occupancy with Acquire.
    OccupancyRead,
    /// A reader's index is claimed with Acquire.
    ReaderClaim,
    /// A thread's number is released with Release.
    NumberRelease,
    /// A thread's number is claimed with Acquire.
    NumberClaim,
    /// A deferred number is read with Release (and Acquire).
    NextGoal,
    /// The owner's light barrier between `busy` and `steal`.
    OwnLight,
    /// The thief's heavy barrier between `steal` and `busy`.
    StealHeavy,
    /// `busy` is cleared with Release.
    BusyClear,
    /// A thief reads `busy` with Acquire.
    BusyRead,
    /// `steal` is cleared with Release.
    StealClear,
    /// The owner reads `steal` with Acquire.
    StealRead,
    /// A depot's push is Release.
    DepotPush,
    /// A depot's take is Acquire.
    DepotTake,
    /// A slot is noted idle in its page with Release.
    PageGive,
    /// What is idle in a page is taken with Acquire.
    PageTake,
    /// Idle slots are counted with Release (and Acquire).
    PageCount,
    /// Slots taken out of a page are counted with Release (and Acquire).
    PageRelease,
    /// Whether a page is complete is read with Acquire.
    PageTrim,
    /// A page is queued with Release.
    PagePush,
    /// A page is taken out of the queue with Acquire.
    PagePop,
    /// The right to take pages is claimed with Acquire.
    TakerClaim,
    /// It is given up with Release.
    TakerDrop,
    /// A bucket leaves limbo after its poll has succeeded.
    Limbo,
    /// A mover's fence between its count and its look at the barrier.
    Mover,
}

#[cfg(not(smr_loom))]
mod imp {
    use super::{Ordering, Step};

    /// `order`, unless the model weakens this step.
    #[inline(always)]
    pub(crate) const fn order(_: Step, order: Ordering) -> Ordering {
        order
    }

    /// Whether the model weakens this step.
    #[inline(always)]
    pub(crate) const fn mutated(_: Step) -> bool {
        false
    }
}

#[cfg(smr_loom)]
mod imp {
    use super::{Ordering, Step};
    use crate::primitive::plain::AtomicU8;

    static WEAKENED: AtomicU8 = AtomicU8::new(Step::None as u8);

    /// Weakens one step, for all models that run after the call.
    #[doc(hidden)]
    pub fn weaken(step: Step) {
        WEAKENED.store(step as u8, Ordering::Relaxed);
    }

    /// Asserts that the models hold, and that they do not if one of the steps is weakened. One caller at a
    /// time: what is weakened is so for all.
    #[cfg(test)]
    pub(crate) fn holds_and_catches(models: fn(), steps: &[Step]) {
        static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
        models();
        for &step in steps {
            weaken(step);
            let result = std::panic::catch_unwind(models);
            weaken(Step::None);
            assert!(result.is_err(), "{step:?} weakened is not caught");
        }
    }

    pub(crate) fn mutated(step: Step) -> bool {
        WEAKENED.load(Ordering::Relaxed) == step as u8
    }

    pub(crate) fn order(step: Step, order: Ordering) -> Ordering {
        if mutated(step) {
            Ordering::Relaxed
        } else {
            order
        }
    }
}

#[cfg(all(test, smr_loom))]
pub(crate) use imp::holds_and_catches;
#[cfg(smr_loom)]
pub use imp::weaken;
pub(crate) use imp::{mutated, order};
