//! Entering in a signal handler: allowed on a `Reader` that was claimed beforehand.
#![cfg(unix)]

mod common;

use std::cell::UnsafeCell;
use std::os::unix::thread::JoinHandleExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use common::{Flag, Item, Tally, clear, replace, settle, static_domain};
use smr_core::{Atomic, Reader, Zone};

/// What the handler uses: nothing of it is made there.
struct World {
    zone: Zone<Item>,
    cell: Atomic<Item>,
    reader: UnsafeCell<Reader>,
    handled: AtomicUsize,
}

// SAFETY: the reader is used by the handler only, which does not interrupt itself (its signal is
// blocked meanwhile) and runs on one thread only.
unsafe impl Sync for World {}

static WORLD: OnceLock<World> = OnceLock::new();

extern "C" fn handler(_: libc::c_int) {
    let Some(world) = WORLD.get() else { return };
    // SAFETY: the handler alone uses the reader, one at a time.
    let reader = unsafe { &mut *world.reader.get() };
    let guard = reader.enter();
    // SAFETY: loaded under a guard of the zone's domain.
    if let Some(item) = unsafe { world.cell.load(Acquire, &guard).as_ref() } {
        item.check();
    }
    drop(guard);
    world.handled.fetch_add(1, Relaxed);
}

/// A thread replaces items all the time, and is interrupted at any point of it.
#[test]
fn a_handler_may_enter_a_reader_claimed_beforehand() {
    let tally = Tally::new();
    let smr = static_domain();
    let zone = Zone::new_in(smr);
    let world = WORLD.get_or_init(|| World {
        cell: Atomic::new(zone.alloc(tally.item())),
        zone,
        reader: UnsafeCell::new(smr.reader()),
        handled: AtomicUsize::new(0),
    });
    // SAFETY: all zeros is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the handler uses nothing but atomics and a reader of its own.
    let set = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(set, 0);
    let stop = Flag::default();
    let target = std::thread::spawn({
        let (stop, tally) = (stop.clone(), tally.clone());
        move || {
            while !stop.is_up() {
                // SAFETY: the cell holds an item of the zone.
                unsafe { replace(&world.zone, &world.cell, tally.item()) };
            }
        }
    });
    for sent in 0..2_000 {
        // SAFETY: the thread runs until `stop` is raised.
        let failed = unsafe { libc::pthread_kill(target.as_pthread_t(), libc::SIGUSR1) };
        assert_eq!(failed, 0);
        common::eventually("the signal is handled", || {
            world.handled.load(Relaxed) > sent
        });
    }
    stop.raise();
    target.join().unwrap();
    assert_eq!(world.handled.load(Relaxed), 2_000);
    // SAFETY: the cell holds an item of the zone.
    unsafe { clear(&world.zone, &world.cell) };
    settle(&world.zone);
    assert_eq!(tally.alive(), 0);
}
