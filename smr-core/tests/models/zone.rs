//! Zones: buckets, limbo and reuse, caches that are seized, and barriers.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::*};
use smr_core::{Atomic, Shared, Smr, Step, Zone};

use crate::harness::{Scenario, beside, catches, holds};

/// An item whose drop writes to it.
struct Item {
    live: UnsafeCell<bool>,
    drops: Arc<AtomicUsize>,
}

impl Item {
    fn look(&self) {
        // SAFETY: loom checks that nobody writes meanwhile: that is the point.
        self.live.with(|p| assert!(unsafe { *p }, "freed"));
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        // SAFETY: as in `look`.
        self.live.with_mut(|p| unsafe {
            assert!(*p, "dropped twice");
            *p = false;
        });
        self.drops.fetch_add(1, Relaxed);
    }
}

struct World {
    zone: Zone<Item>,
    cell: Atomic<Item>,
    drops: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Arc<World> {
        let zone = Zone::new_in(&Smr::new());
        let world = World {
            zone,
            cell: Atomic::null(),
            drops: Arc::new(AtomicUsize::new(0)),
        };
        world.cell.store(world.zone.alloc(world.item()), Relaxed);
        Arc::new(world)
    }

    fn item(&self) -> Item {
        Item {
            live: UnsafeCell::new(true),
            drops: self.drops.clone(),
        }
    }

    fn read(&self) {
        let guard = self.zone.enter();
        // SAFETY: loaded under a guard of the zone's domain.
        if let Some(item) = unsafe { self.cell.load(Acquire, &guard).as_ref() } {
            item.look();
        }
    }

    /// Replaces the item, and retires the old one.
    fn replace(&self) {
        let guard = self.zone.enter();
        let old = self.cell.swap(self.zone.alloc(self.item()), AcqRel, &guard);
        // SAFETY: the swap unlinked it, and only this thread got it.
        unsafe { self.zone.retire(old) };
    }

    /// Retires an item that nobody has seen.
    fn retire_fresh(&self) {
        let guard = self.zone.enter();
        let item = self.zone.alloc(self.item()).into_shared(&guard);
        // SAFETY: never published.
        unsafe { self.zone.retire(item) };
    }

    fn unpublish(&self) {
        let guard = self.zone.enter();
        let last = self.cell.swap(Shared::null(), AcqRel, &guard);
        // SAFETY: unlinked.
        unsafe { self.zone.retire(last) };
    }
}

fn run(other: fn(&World), main: fn(&World)) {
    let world = World::new();
    beside(&world, &[other], main);
    world.unpublish();
    let drops = world.drops.clone();
    let retired = world.zone.stats().retired_items;
    drop(world);
    assert_eq!(
        drops.load(Relaxed) as u64,
        retired,
        "freed, but not all of it"
    );
}

/// A reader against a writer whose buckets hold one item each.
fn replace_against_reader() {
    run(World::read, |w| {
        w.replace();
        w.replace();
    });
}

/// An owner at work against a thief.
fn steal() {
    run(World::retire_fresh, |w| {
        w.zone.flush();
    });
}

/// Two thieves and an owner.
fn two_flushes() {
    run(
        |w| {
            w.zone.flush();
        },
        |w| {
            w.retire_fresh();
            w.zone.flush();
        },
    );
}

/// A barrier against a thread that moves garbage about.
fn barrier_against_flush() {
    run(
        |w| {
            w.zone.flush();
        },
        |w| {
            w.retire_fresh();
            w.zone.barrier();
            assert_eq!(w.drops.load(Acquire), 1, "the barrier returned too early");
        },
    );
}

/// What one barrier has in its hand the other must wait for.
fn two_barriers() {
    run(
        |w| w.zone.barrier(),
        |w| {
            w.retire_fresh();
            w.zone.barrier();
            assert_eq!(w.drops.load(Acquire), 1, "the barrier returned too early");
        },
    );
}

const REPLACE: Scenario = ("replace against reader", replace_against_reader);
const STEAL: Scenario = ("steal", steal);
const TWO_FLUSHES: Scenario = ("two flushes", two_flushes);
const BARRIER: Scenario = ("barrier against flush", barrier_against_flush);

const TWO_BARRIERS: Scenario = ("two barriers", two_barriers);

pub(crate) const SCENARIOS: &[Scenario] = &[REPLACE, STEAL, TWO_FLUSHES, BARRIER, TWO_BARRIERS];

#[test]
fn zones_hold() {
    holds(REPLACE);
    holds(STEAL);
    holds(TWO_FLUSHES);
    holds(BARRIER);
    holds(TWO_BARRIERS);
}

#[test]
fn weakened_zones_are_caught() {
    catches(REPLACE, Step::Limbo);
    catches(STEAL, Step::OwnLight);
    catches(STEAL, Step::StealHeavy);
    catches(STEAL, Step::BusyClear);
    catches(STEAL, Step::BusyRead);
    catches(STEAL, Step::StealClear);
    catches(STEAL, Step::StealRead);
    catches(BARRIER, Step::Mover);
}
