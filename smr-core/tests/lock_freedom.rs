//! A thread suspended at any step of any operation stops nobody: for every operation and every step of
//! it, the others finish a full workload meanwhile, and the suspended thread finishes when it is let go.
//!
//! `RUSTFLAGS="--cfg smr_steps" cargo test --release -p smr-core --test lock_freedom`
#![cfg(smr_steps)]

mod common;

use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::time::Duration;

use common::{Item, Tally, eager_domains, guarded, retire_new, settle};
use smr_core::primitive::steps::{Gate, suspended};
use smr_core::{Atomic, Shared, Smr, Zone};

struct World {
    smr: Smr,
    zone: Zone<Item>,
    cell: Atomic<Item>,
    tally: Tally,
}

impl World {
    fn new(smr: &Smr) -> World {
        let tally = Tally::new();
        let zone = Zone::with_cache_bytes(smr, 4 << 10);
        let cell = Atomic::new(zone.alloc(tally.item()));
        World {
            smr: smr.clone(),
            zone,
            cell,
            tally,
        }
    }

    fn read(&self) {
        let guard = self.smr.enter();
        // SAFETY: never null before the end, of the zone, the guard is of its domain.
        unsafe { self.cell.load(Acquire, &guard).deref() }.check();
    }

    fn replace(&self) {
        let guard = self.smr.enter();
        let fresh = self.zone.alloc(self.tally.item());
        let old = self.cell.swap(fresh, AcqRel, &guard);
        // SAFETY: the swap unlinked it.
        unsafe { self.zone.retire(old) };
    }

    /// Everything that must go on, whatever another thread is in the middle of.
    fn work(&self) {
        for i in 0..60 {
            self.read();
            self.replace();
            let goal = self.smr.advance();
            self.smr.poll(goal);
            match i % 20 {
                5 => drop(self.zone.enter()),
                10 => assert!(self.zone.reclaim(10) <= 10),
                15 => {
                    self.zone.flush();
                }
                _ => {}
            }
            let mut reader = self.smr.reader();
            reader.enter().repin();
        }
    }

    fn end(self) {
        let guard = self.smr.enter();
        let last = self.cell.swap(Shared::null(), AcqRel, &guard);
        // SAFETY: the swap unlinked it.
        unsafe { self.zone.retire(last) };
        drop(guard);
        settle(&self.zone);
        assert_eq!(self.tally.alive(), 0);
    }
}

/// Runs `op` in a thread suspended at its step `at`; false if it has fewer steps.
fn suspend_at(world: &World, at: u64, op: fn(&World), then: fn(&World)) -> bool {
    let gate = Gate::default();
    std::thread::scope(|s| {
        s.spawn(|| {
            // Buckets that are nearly full, so that what happens when they are comes to pass.
            (0..at % 40).for_each(|_| world.replace());
            suspended(&gate, at, || op(world))
        });
        let parked = gate.wait_for_thread();
        if parked {
            std::thread::scope(|s| {
                (0..2).for_each(|_| drop(s.spawn(|| world.work())));
            });
            then(world);
        }
        gate.release();
        parked
    })
}

fn at_every_step(op: fn(&World), then: fn(&World)) {
    guarded(move || {
        for smr in eager_domains() {
            let world = World::new(&smr);
            (0..50).for_each(|_| world.replace());
            let steps = (0..).take_while(|&at| suspend_at(&world, at, op, then));
            let steps = steps.count();
            assert!(steps > 2, "{steps} steps");
            eprintln!("{steps} steps, {smr:?}");
            world.end();
        }
    });
}

fn nothing(_: &World) {}

#[test]
fn reading() {
    at_every_step(World::read, nothing);
}

#[test]
fn replacing() {
    at_every_step(World::replace, nothing);
}

#[test]
fn many_replacements() {
    at_every_step(|world| (0..8).for_each(|_| world.replace()), nothing);
}

#[test]
fn claiming_and_releasing_a_reader() {
    at_every_step(
        |world| {
            let mut reader = world.smr.reader();
            reader.enter().repin();
        },
        nothing,
    );
}

/// Whoever is suspended outside of a section holds back no more than what is in its hands.
fn reclamation_goes_on(world: &World) {
    let tally = Tally::new();
    for _ in 0..300 {
        retire_new(&world.zone, tally.item());
    }
    common::eventually("others' items are dropped", || {
        world.zone.flush();
        std::thread::sleep(Duration::from_micros(50));
        tally.alive() <= 64
    });
}

#[test]
fn polling() {
    at_every_step(
        |world| {
            world.smr.poll(world.smr.advance());
        },
        reclamation_goes_on,
    );
}

#[test]
fn flushing() {
    at_every_step(
        |world| {
            world.zone.flush();
        },
        reclamation_goes_on,
    );
}

#[test]
fn reclaiming() {
    at_every_step(
        |world| {
            world.zone.reclaim(5);
        },
        reclamation_goes_on,
    );
}

/// More than the zone's own slots: a page, of a span.
fn take_a_page(world: &World) {
    let tally = Tally::new();
    let zone = Zone::<Item>::with_cache_bytes(&world.smr, 0);
    let items: Vec<_> = (0..20).map(|_| zone.alloc(tally.item())).collect();
    items.iter().for_each(|item| item.check());
}

#[test]
fn taking_and_giving_pages() {
    // The first pages are of no span.
    let zone = Zone::<u64>::new_in(&Smr::new());
    let _pages: Vec<_> = (0..5_000).map(|i| zone.alloc(i)).collect();
    at_every_step(take_a_page, |world| {
        take_a_page(world);
        take_a_page(world);
    });
    if cfg!(all(target_os = "linux", target_pointer_width = "64")) {
        assert!(smr_core::mapped_bytes() > 0, "spans were in use");
    }
}
