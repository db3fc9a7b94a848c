//! Readers against writers that advance, poll, and write to what they have unlinked.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::*};
use smr_core::{Mode, Smr, Step};

use crate::harness::{Scenario, bears, beside, catches, holds};

/// Two items, each reachable while its link is 1.
pub(crate) struct World {
    pub(crate) smr: Smr,
    links: [AtomicUsize; 2],
    items: [UnsafeCell<u32>; 2],
}

const LIVE: u32 = 7;

impl World {
    pub(crate) fn new(mode: Mode) -> Arc<World> {
        Arc::new(World {
            smr: Smr::builder().mode(mode).build(),
            links: [AtomicUsize::new(1), AtomicUsize::new(1)],
            items: [UnsafeCell::new(LIVE), UnsafeCell::new(LIVE)],
        })
    }

    /// Reads the item if it is reachable; under a guard.
    pub(crate) fn look(&self, k: usize) {
        if self.links[k].load(Acquire) == 1 {
            // SAFETY: loom checks that nobody writes meanwhile: that is the point.
            self.items[k].with(|p| assert_eq!(unsafe { *p }, LIVE, "freed"));
        }
    }

    /// Whether the item was reachable, for readers that go on to use it.
    fn found(&self, k: usize) -> bool {
        self.links[k].load(Acquire) == 1
    }

    fn read(&self, k: usize) {
        // SAFETY: as in `look`.
        self.items[k].with(|p| assert_eq!(unsafe { *p }, LIVE, "freed"));
    }

    pub(crate) fn unlink(&self, k: usize) {
        self.links[k].store(0, Relaxed);
    }

    /// Makes the item reachable again.
    fn relink(&self, k: usize) {
        // SAFETY: as in `look`.
        self.items[k].with_mut(|p| unsafe { *p = LIVE });
        self.links[k].store(1, Release);
    }

    pub(crate) fn free(&self, k: usize) {
        // SAFETY: as in `look`.
        self.items[k].with_mut(|p| unsafe { *p = 9 });
    }

    /// Unlinks, advances, and frees if one of `polls` polls succeeds.
    pub(crate) fn reclaim(&self, k: usize, polls: usize) {
        self.unlink(k);
        let goal = self.smr.advance();
        for _ in 0..polls {
            if self.smr.poll(goal) {
                self.free(k);
                return;
            }
        }
    }

    /// `times` sections that look at `items`.
    pub(crate) fn read_sections(&self, items: &[usize], times: usize) {
        for _ in 0..times {
            let _guard = self.smr.enter();
            for &k in items {
                self.look(k);
            }
        }
    }
}

pub(crate) fn run(mode: Mode, others: &[fn(&World)], main: fn(&World)) {
    beside(&World::new(mode), others, main);
}

/// One reader with two sections, one writer. Without E3 (weakened below) it is the missing StoreLoad of
/// FreeBSD 8694fd33, microsoft/garnet#2015 and microsoft/bf-tree#33.
fn two_sections() {
    run(Mode::Eager, &[|w| w.read_sections(&[0], 2)], |w| {
        w.reclaim(0, 2)
    });
}

/// The item is reclaimed, used again, and reclaimed again.
fn reuse() {
    run(Mode::Eager, &[|w| w.read_sections(&[0], 2)], |w| {
        w.unlink(0);
        let goal = w.smr.advance();
        if w.smr.poll(goal) {
            w.relink(0);
            w.reclaim(0, 1);
        }
    });
}

/// Another thread advances and polls: the writer may profit from its scan. With W weakened it is
/// crossbeam-epoch#53, a number taken before the unlink is visible.
fn foreign_scan() {
    run(
        Mode::Eager,
        &[
            |w| w.read_sections(&[0], 1),
            |w| {
                let goal = w.smr.advance();
                w.smr.poll(goal);
            },
        ],
        |w| w.reclaim(0, 1),
    );
}

/// The writer lets others run before it polls: it may profit from a whole foreign scan. (Without the
/// yield loom's reduction never runs the other's scan between the writer's advance and its poll.)
fn profit() {
    run(
        Mode::Eager,
        &[
            |w| w.read_sections(&[0], 1),
            |w| {
                let goal = w.smr.advance();
                w.smr.poll(goal);
            },
        ],
        |w| {
            w.unlink(0);
            let goal = w.smr.advance();
            loom::thread::yield_now();
            if w.smr.poll(goal) {
                w.free(0);
            }
        },
    );
}

/// Two writers that scan, one reader of both items. With `wr` loaded after the barrier (P2Place) it is
/// concurrencykit 1faa673 and d1b348c, a poll that dispatches too early; crossbeam PR#50 is of that kind.
fn two_writers() {
    run(
        Mode::Eager,
        &[|w| w.read_sections(&[0, 1], 1), |w| w.reclaim(1, 1)],
        |w| w.reclaim(0, 1),
    );
}

/// A scan passes the reader between E1 and E2: its number is stale when it is published (ck#63).
fn stale_record() {
    run(Mode::Eager, &[|w| w.read_sections(&[0, 1], 1)], |w| {
        w.reclaim(0, 1);
        w.reclaim(1, 1);
    });
}

/// A nested guard, during which the item is reclaimed (crossbeam#105: a nested pin that advanced).
fn nested() {
    run(
        Mode::Eager,
        &[|w| {
            let _outer = w.smr.enter();
            let found = w.found(0);
            let inner = w.smr.enter();
            w.look(0);
            drop(inner);
            if found {
                w.read(0);
            }
        }],
        |w| w.reclaim(0, 2),
    );
}

/// A guard that moves up between two looks.
fn repin() {
    run(
        Mode::Eager,
        &[|w| {
            let mut guard = w.smr.enter();
            w.look(0);
            guard.repin();
            w.look(1);
        }],
        |w| {
            w.reclaim(0, 1);
            w.reclaim(1, 1);
        },
    );
}

/// Deferred: the writer's advance is not real; a third thread's is.
fn deferred() {
    run(
        Mode::Deferred { every: 2 },
        &[
            |w| w.read_sections(&[0], 1),
            // A thread without a record has no count of its own: this advance is real.
            |w| {
                w.smr.advance();
            },
        ],
        |w| {
            drop(w.smr.enter());
            w.reclaim(0, 1);
        },
    );
}

/// The same with a section that moves up to the number: it passes no fence on the way.
fn deferred_repin() {
    run(
        Mode::Deferred { every: 2 },
        &[
            |w| {
                let mut guard = w.smr.enter();
                guard.repin();
                w.look(0);
            },
            |w| {
                w.smr.advance();
            },
        ],
        |w| {
            drop(w.smr.enter());
            w.reclaim(0, 1);
        },
    );
}

/// Lazy: polls advance; whoever polls first takes the tick.
fn lazy() {
    run(
        Mode::Lazy {
            tick: std::time::Duration::ZERO,
        },
        &[
            |w| w.read_sections(&[0], 1),
            |w| {
                let goal = w.smr.advance();
                w.smr.poll(goal);
            },
        ],
        |w| w.reclaim(0, 1),
    );
}

const TWO_SECTIONS: Scenario = ("two sections", two_sections);
const REUSE: Scenario = ("reuse", reuse);
const FOREIGN_SCAN: Scenario = ("foreign scan", foreign_scan);
const TWO_WRITERS: Scenario = ("two writers", two_writers);
const PROFIT: Scenario = ("profit", profit);
const STALE_RECORD: Scenario = ("stale record", stale_record);
const NESTED: Scenario = ("nested", nested);
const REPIN: Scenario = ("repin", repin);
const DEFERRED: Scenario = ("deferred", deferred);
const DEFERRED_REPIN: Scenario = ("deferred repin", deferred_repin);
const LAZY: Scenario = ("lazy", lazy);

pub(crate) const SCENARIOS: &[Scenario] = &[
    TWO_SECTIONS,
    REUSE,
    FOREIGN_SCAN,
    TWO_WRITERS,
    PROFIT,
    STALE_RECORD,
    NESTED,
    REPIN,
    DEFERRED,
    DEFERRED_REPIN,
    LAZY,
];

#[test]
fn the_clock_holds() {
    holds(TWO_SECTIONS);
    holds(REUSE);
    holds(FOREIGN_SCAN);
    holds(TWO_WRITERS);
    holds(PROFIT);
    holds(STALE_RECORD);
    holds(NESTED);
    holds(REPIN);
}

/// Those that differ where sections enter busy first.
#[test]
#[cfg(smr_narrow)]
fn the_narrow_clock_holds() {
    for scenario in [TWO_SECTIONS, REUSE, STALE_RECORD, DEFERRED, DEFERRED_REPIN] {
        holds(scenario);
    }
}

#[test]
fn the_other_modes_hold() {
    holds(DEFERRED);
    holds(DEFERRED_REPIN);
    holds(LAZY);
}

#[test]
fn weakened_readers_are_caught() {
    catches(TWO_SECTIONS, Step::E2);
    catches(TWO_SECTIONS, Step::E3);
    catches(TWO_SECTIONS, Step::X);
    catches(NESTED, Step::Nest);
    catches(REPIN, Step::Repin);
    catches(REPIN, Step::RepinE1);
}

#[test]
fn weakened_scans_are_caught() {
    catches(TWO_SECTIONS, Step::P3);
    catches(TWO_SECTIONS, Step::Slot);
    catches(STALE_RECORD, Step::Clamp);
    catches(TWO_WRITERS, Step::P2Place);
    catches(PROFIT, Step::P1);
    catches(PROFIT, Step::P4);
    catches(FOREIGN_SCAN, Step::W);
}

#[test]
fn a_deferred_number_joins_the_release_sequence() {
    catches(DEFERRED, Step::NextGoal);
    catches(DEFERRED_REPIN, Step::NextGoal);
}

/// Real fences follow these loads here; membarrier readers need them (`docs/ordering.md`).
#[test]
fn what_a_real_fence_makes_up_for() {
    bears(TWO_SECTIONS, Step::E1);
    bears(TWO_WRITERS, Step::P2);
    bears(TWO_WRITERS, Step::P4Fail);
}
