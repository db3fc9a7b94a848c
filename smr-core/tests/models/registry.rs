//! Records and numbers on their way from one owner to the next, and scans that look meanwhile.

use loom::sync::{Arc, Mutex};
use smr_core::{Mode, OwnedGuard, Step};

use crate::clock::{World, run};
use crate::harness::{Scenario, bears, catches, holds, spawn};

/// A section with a nested guard, which writes the record's own cell.
fn nested_section(world: &World) {
    let _outer = world.smr.enter();
    let _inner = world.smr.enter();
    world.look(0);
}

/// Two threads, which may get the same number one after the other, and a writer.
fn numbers() {
    run(Mode::Eager, &[nested_section, nested_section], |_| {});
}

/// A thread reads and exits; its record may be vacant when the writer scans.
fn exit_against_scan() {
    run(Mode::Eager, &[nested_section], |w| w.reclaim(0, 1));
}

/// Two `Reader`s, which may get the same record one after the other.
fn readers() {
    let section = |world: &World| {
        let mut reader = world.smr.reader();
        let outer = reader.enter();
        std::mem::forget(outer);
        let guard = reader.enter(); // nests: writes the record's own cell
        drop(guard);
        // The forgotten guard keeps the section open and the record taken.
    };
    run(Mode::Eager, &[section, section], |_| {});
}

/// A `Reader` is claimed, read under, and given back, while a writer scans.
fn reader_against_scan() {
    let sections = |world: &World| {
        for _ in 0..2 {
            let mut reader = world.smr.reader();
            let _guard = reader.enter();
            world.look(0);
        }
    };
    run(Mode::Eager, &[sections], |w| w.reclaim(0, 1));
}

/// Two threads claim, nest on and return the same `Reader` record.
fn reader_handover() {
    let section = |world: &World| {
        let mut guards = Vec::new();
        let reader = world.smr.reader();
        guards.push(reader.enter_owned());
        drop(guards);
    };
    run(Mode::Eager, &[section], section);
}

/// An owned guard is opened by one thread and closed by another.
fn owned_guard_moves() {
    let world = World::new(Mode::Eager);
    let slot: Arc<Mutex<Option<OwnedGuard>>> = Arc::new(Mutex::new(None));
    let opener = {
        let (world, slot) = (world.clone(), slot.clone());
        spawn(move || {
            let guard = world.smr.enter_owned();
            world.look(0);
            *slot.lock().unwrap() = Some(guard);
        })
    };
    let closer = {
        let (world, slot) = (world.clone(), slot.clone());
        spawn(move || {
            let taken = slot.lock().unwrap().take();
            if taken.is_some() {
                world.look(0);
            }
        })
    };
    world.reclaim(0, 1);
    opener.join().unwrap();
    closer.join().unwrap();
    drop(slot.lock().unwrap().take());
}

const NUMBERS: Scenario = ("numbers", numbers);
const EXIT_AGAINST_SCAN: Scenario = ("exit against scan", exit_against_scan);
const READERS: Scenario = ("readers", readers);
const READER_AGAINST_SCAN: Scenario = ("reader against scan", reader_against_scan);
const READER_HANDOVER: Scenario = ("reader handover", reader_handover);
const OWNED_GUARD_MOVES: Scenario = ("owned guard moves", owned_guard_moves);

pub(crate) const SCENARIOS: &[Scenario] = &[
    NUMBERS,
    EXIT_AGAINST_SCAN,
    READERS,
    READER_AGAINST_SCAN,
    READER_HANDOVER,
    OWNED_GUARD_MOVES,
];

#[test]
fn records_change_hands() {
    holds(NUMBERS);
    holds(EXIT_AGAINST_SCAN);
    holds(READERS);
    holds(READER_AGAINST_SCAN);
    holds(READER_HANDOVER);
    holds(OWNED_GUARD_MOVES);
}

#[test]
fn weakened_handovers_are_caught() {
    catches(NUMBERS, Step::NumberClaim);
    catches(EXIT_AGAINST_SCAN, Step::OccupancyClear);
    catches(EXIT_AGAINST_SCAN, Step::OccupancyRead);
    catches(READER_AGAINST_SCAN, Step::E3);
    catches(READER_HANDOVER, Step::ReaderClaim);
}

/// A real fence follows these loads here, and makes Relaxed ones acquire; light readers have none.
#[test]
fn what_a_real_fence_makes_up_for() {
    bears(NUMBERS, Step::NumberRelease);
}
