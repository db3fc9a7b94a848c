//! Sections that nest, move on, and end in any order.

mod common;

use std::sync::atomic::Ordering::{AcqRel, Acquire};

use common::{Tally, clear, domains, flush_in_vain, replace, retire_new, settle};
use smr_core::{Atomic, Guard, Smr, Zone};

/// Guards are closed in every order; the section ends with the last of them.
#[test]
fn guards_may_be_dropped_in_any_order() {
    for smr in domains() {
        let zone = Zone::new_in(&smr);
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let tally = Tally::new();
            let mut guards: Vec<Option<Guard<'_>>> = (0..3).map(|_| Some(smr.enter())).collect();
            retire_new(&zone, tally.item());
            for last in order {
                flush_in_vain(&zone);
                assert_eq!(
                    tally.dropped(),
                    0,
                    "dropped under a guard: {order:?}, {smr:?}"
                );
                guards[last] = None;
            }
            settle(&zone);
            assert_eq!(tally.alive(), 0);
        }
    }
}

/// crossbeam#105: a nested pin took the present epoch, and what the outer one held was freed.
#[test]
fn nesting_does_not_move_the_section() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let cell = Atomic::new(zone.alloc(tally.item()));
        let outer = smr.enter();
        let seen = cell.load(Acquire, &outer);
        std::thread::scope(|s| {
            s.spawn(|| {
                // SAFETY: the cell holds an item of the zone.
                unsafe { clear(&zone, &cell) };
            });
        });
        for _ in 0..10 {
            let inner = smr.enter();
            flush_in_vain(&zone);
            drop(inner);
            // SAFETY: loaded under `outer`, which is open.
            unsafe { seen.deref() }.check();
        }
        assert_eq!(tally.dropped(), 0, "{smr:?}");
        drop(outer);
        settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn repin_of_the_only_guard_lets_go() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let mut guard = smr.enter();
        for _ in 0..10 {
            retire_new(&zone, tally.item());
            flush_in_vain(&zone);
            assert!(tally.alive() >= 1, "dropped before the repin: {smr:?}");
            // In deferred mode the number lies ahead until a real advance.
            common::eventually("a repin frees", || {
                guard.repin();
                zone.flush() == 0
            });
            assert_eq!(tally.alive(), 0);
        }
    }
}

#[test]
fn repin_of_a_nested_guard_does_nothing() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let outer = smr.enter();
        let mut inner = smr.enter();
        retire_new(&zone, tally.item());
        for _ in 0..10 {
            inner.repin();
            flush_in_vain(&zone);
        }
        assert_eq!(tally.dropped(), 0, "{smr:?}");
        // The other guard is closed first: what is left is the only one.
        drop(outer);
        flush_in_vain(&zone);
        assert_eq!(tally.dropped(), 0, "the section is the same one: {smr:?}");
        common::eventually("a repin frees", || {
            inner.repin();
            zone.flush() == 0
        });
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn deep_nesting_counts_right() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let guards: Vec<_> = (0..100_000).map(|_| smr.enter()).collect();
    retire_new(&zone, tally.item());
    drop(guards);
    settle(&zone);
    assert_eq!(tally.alive(), 0);
    assert_eq!(smr.stalled(), None);
}

/// Sections of different domains do not hold back each other's memory.
#[test]
fn domains_are_independent() {
    let (one, two) = (Smr::new(), Smr::new());
    let (mine, other) = (Zone::new_in(&one), Zone::new_in(&two));
    let tally = Tally::new();
    let guard = one.enter();
    retire_new(&mine, tally.item());
    retire_new(&other, tally.item());
    settle(&other);
    flush_in_vain(&mine);
    assert_eq!(tally.alive(), 1);
    drop(guard);
    settle(&mine);
    assert_eq!(tally.alive(), 0);
}

/// arc-swap#210: a pointer compared equal to one that had been freed and allocated again. While a
/// section may hold the old pointer, no new item gets its address.
#[test]
fn an_address_is_not_reused_under_a_section() {
    for smr in domains() {
        let zone = Zone::new_in(&smr);
        let cell = Atomic::new(zone.alloc(0_u64));
        for round in 1..100 {
            let guard = smr.enter();
            let old = cell.load(Acquire, &guard);
            // SAFETY: never null, of the zone, the guard is of its domain.
            let before = *unsafe { old.deref() };
            for i in 0..200 {
                let gone = cell.swap(zone.alloc(round * 1_000 + i), AcqRel, &guard);
                // SAFETY: unlinked by the swap.
                unsafe { zone.retire(gone) };
                assert_ne!(cell.load(Acquire, &guard), old, "{smr:?}");
            }
            // SAFETY: loaded under the guard, which is still open.
            assert_eq!(*unsafe { old.deref() }, before);
            drop(guard);
            if round % 7 == 0 {
                zone.flush();
            }
        }
        // SAFETY: the cell holds an item of the zone.
        unsafe { clear(&zone, &cell) };
    }
}

/// A section of a thread that was delayed between reading the clock and publishing looks old, and
/// holds back only what is retired after scans have passed it: nothing of it is dropped while the
/// section is open.
#[test]
fn sections_that_begin_all_the_time_see_only_live_items() {
    const READERS: usize = 3;
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let cell = Atomic::new(zone.alloc(tally.item()));
        let stop = common::Flag::default();
        std::thread::scope(|s| {
            for _ in 0..READERS {
                s.spawn(|| {
                    while !stop.is_up() {
                        let guard = smr.enter();
                        // SAFETY: never null, of the zone, the guard is of its domain.
                        unsafe { cell.load(Acquire, &guard).deref() }.check();
                    }
                });
            }
            for i in 0..2_000 {
                // SAFETY: the cell holds an item of the zone.
                unsafe { replace(&zone, &cell, tally.item()) };
                if i % 16 == 0 {
                    zone.flush();
                }
            }
            stop.raise();
        });
        // SAFETY: the cell holds an item of the zone.
        unsafe { clear(&zone, &cell) };
        settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}
