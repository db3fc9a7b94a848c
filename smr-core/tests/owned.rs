//! Sections without a thread: readers and guards that are sent, forgotten, outlive their handles.

mod common;

use std::mem::forget;
use std::sync::atomic::Ordering::Acquire;
use std::sync::mpsc;
use std::time::Duration;

use common::{
    Flag, Rng, Tally, clear, domains, flush_in_vain, guarded, replace, retire_new, settle,
    static_domain,
};
use smr_core::{Atomic, OwnedGuard, Reader, Smr, Zone};

#[test]
fn a_sent_guard_protects_until_it_is_dropped_elsewhere() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let guard = smr.enter_owned();
        retire_new(&zone, tally.item());
        let (give, take) = mpsc::channel::<OwnedGuard>();
        let dropped = Flag::default();
        std::thread::scope(|s| {
            let (smr, zone, tally, dropped) = (&smr, &zone, &tally, &dropped);
            s.spawn(move || {
                let guard = take.recv().unwrap();
                flush_in_vain(zone);
                assert_eq!(tally.dropped(), 0, "{smr:?}");
                drop(guard);
                dropped.raise();
            });
            flush_in_vain(zone);
            assert_eq!(tally.dropped(), 0, "{smr:?}");
            give.send(guard).unwrap();
            dropped.wait();
        });
        settle(&zone);
        assert_eq!(tally.alive(), 0);
        assert_eq!(smr.stalled(), None);
    }
}

#[test]
fn a_guard_outlives_the_thread_that_made_it() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let (reader, guard) = std::thread::scope(|s| {
        s.spawn(|| {
            drop(smr.enter());
            (smr.reader(), smr.enter_owned())
        })
        .join()
        .unwrap()
    });
    retire_new(&zone, tally.item());
    flush_in_vain(&zone);
    assert_eq!(tally.dropped(), 0);
    let back: Reader = guard.exit();
    settle(&zone);
    let again = back.enter_owned();
    let other = reader.enter_owned();
    drop((again, other));
    assert_eq!(smr.stats().readers, 0);
}

#[test]
fn repin_of_an_owned_guard_lets_go() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let mut guard = smr.enter_owned();
        retire_new(&zone, tally.item());
        flush_in_vain(&zone);
        assert_eq!(tally.dropped(), 0);
        common::eventually("a repin frees", || {
            guard.repin();
            zone.flush() == 0
        });
    }
}

/// The guard is `Sync`: other threads read under it while it is open.
#[test]
fn other_threads_read_under_a_shared_guard() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let cell = Atomic::new(zone.alloc(tally.item()));
    let guard = smr.enter_owned();
    guard.assert_of(&smr);
    assert!(!guard.is_of(Smr::global()));
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                let seen = cell.load(Acquire, &guard);
                for _ in 0..50 {
                    if !seen.is_null() {
                        // SAFETY: not null, loaded under the guard, which outlives the scope.
                        unsafe { seen.deref() }.check();
                    }
                    std::thread::yield_now();
                }
            });
        }
        // SAFETY: the cell holds an item of the zone.
        unsafe { clear(&zone, &cell) };
        flush_in_vain(&zone);
        assert_eq!(tally.dropped(), 0);
    });
    drop(guard);
    settle(&zone);
    assert_eq!(tally.alive(), 0);
}

/// Ours: `mem::forget` of a guard is a stall that is reported, never an early free.
#[test]
fn a_forgotten_guard_stalls_and_is_reported() {
    let forgets: [fn(&'static Smr); 3] = [
        |smr| forget(smr.enter_owned()),
        |smr| {
            let mut reader = smr.reader();
            forget(reader.enter());
            forget(reader);
        },
        |smr| {
            std::thread::Builder::new()
                .name("forgetful".into())
                .spawn(|| forget(smr.enter()))
                .unwrap()
                .join()
                .unwrap();
        },
    ];
    for (n, forget) in forgets.iter().enumerate() {
        let smr = static_domain();
        let tally = Tally::new();
        let zone = Zone::new_in(smr);
        forget(smr);
        retire_new(&zone, tally.item());
        flush_in_vain(&zone);
        assert_eq!(tally.dropped(), 0);
        let stall = smr.stalled().expect("the section is reported");
        assert_eq!(stall.thread.as_deref(), (n == 2).then_some("forgetful"));
        assert_eq!(stall.of_thread, n == 2);
        assert!(stall.age > 0 && stall.blocking_for.is_some(), "{stall:?}");
        assert!(!smr.wait_timeout(smr.advance(), Duration::from_millis(5)));
        assert_eq!(zone.stats().unreclaimed_items(), 1);
        drop(zone); // at once: nobody can refer to its items
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn a_reader_dropped_after_its_guard_was_forgotten() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let before = smr.stats().abandoned;
    let mut reader = smr.reader();
    forget(reader.enter());
    retire_new(&zone, tally.item());
    drop(reader);
    assert!(smr.stats().abandoned > before);
    for _ in 0..10 {
        drop(smr.enter_owned()); // must not take the abandoned record over
        flush_in_vain(&zone);
    }
    assert_eq!(tally.dropped(), 0);
    assert!(smr.stalled().is_some());
}

/// A reader goes on after its guard was forgotten: it nests in the section that is still open.
#[test]
fn a_reader_used_after_its_guard_was_forgotten_nests() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let mut reader = smr.reader();
    forget(reader.enter());
    retire_new(&zone, tally.item());
    std::thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..10 {
                let mut guard = reader.enter();
                guard.repin(); // not its section to move
                drop(guard);
                flush_in_vain(&zone);
            }
        });
    });
    assert_eq!(tally.dropped(), 0);
}

#[test]
fn two_readers_of_one_thread_end_in_either_order() {
    for smr in domains() {
        for first_out in [true, false] {
            let tally = Tally::new();
            let zone = Zone::new_in(&smr);
            let (mut a, mut b) = (smr.reader(), smr.reader());
            let (one, two) = (a.enter(), b.enter());
            let own = smr.enter();
            retire_new(&zone, tally.item());
            drop(own);
            flush_in_vain(&zone);
            assert_eq!(tally.dropped(), 0);
            let (first, second) = if first_out { (one, two) } else { (two, one) };
            drop(first);
            flush_in_vain(&zone);
            assert_eq!(tally.dropped(), 0, "{smr:?}");
            drop(second);
            settle(&zone);
            assert_eq!(tally.alive(), 0);
        }
    }
}

/// crossbeam c8153dbe: a guard used after the handle and the collector were gone.
#[test]
fn guards_and_readers_outlive_every_handle() {
    let smr = Smr::new();
    let guard = smr.enter_owned();
    let reader = smr.reader();
    let tally = Tally::new();
    let item = tally.item();
    smr.defer(move || drop(item));
    drop(smr);
    assert_eq!(tally.dropped(), 0);
    let kept = guard.exit();
    let guard = reader.enter_owned();
    guard.assert_of(kept.smr());
    drop(kept);
    drop(guard);
    assert_eq!(tally.alive(), 0, "with the last handle the closures run");
}

#[test]
fn records_of_readers_are_reused() {
    let smr = Smr::new();
    for _ in 0..1_000 {
        let (a, b) = (smr.enter_owned(), smr.enter_owned());
        drop(a);
        let stall = smr.stalled().expect("b is open");
        assert!(stall.record < 2, "{stall:?}");
        drop(b);
    }
    let readers: Vec<Reader> = (0..1_000).map(|_| smr.reader()).collect();
    assert_eq!(smr.stats().readers, 1_000);
    let guard = smr.reader().enter_owned();
    assert_eq!(smr.stalled().expect("open").record, 1_000);
    drop(guard);
    drop(readers);
    assert_eq!(smr.stats().readers, 0);
}

/// seize 99b6385: an owned guard was taken for inactive while it was being made. Readers are claimed,
/// sent, used and dropped all the time, while a writer replaces what they read.
#[test]
fn many_readers_come_go_and_move() {
    guarded(|| {
        for smr in domains() {
            let tally = Tally::new();
            let zone = Zone::new_in(&smr);
            let cell = Atomic::new(zone.alloc(tally.item()));
            let stop = Flag::default();
            let (give, take) = mpsc::sync_channel::<OwnedGuard>(4);
            std::thread::scope(|s| {
                let (smr, cell, stop) = (&smr, &cell, &stop);
                for seed in 0..3 {
                    let give = give.clone();
                    s.spawn(move || {
                        let mut rng = Rng::new(seed);
                        while !stop.is_up() {
                            let guard = smr.enter_owned();
                            let seen = cell.load(Acquire, &guard);
                            // SAFETY: never null, of the zone, the guard is of its domain.
                            let item = unsafe { seen.deref() };
                            item.check();
                            if rng.below(4) == 0 {
                                std::thread::yield_now();
                            }
                            item.check();
                            match rng.below(3) {
                                0 => drop(guard),
                                1 => drop(guard.exit().enter_owned()),
                                _ => drop(give.try_send(guard)),
                            }
                        }
                    });
                }
                s.spawn(move || {
                    for guard in take {
                        // SAFETY: as above.
                        unsafe { cell.load(Acquire, &guard).deref() }.check();
                    }
                });
                drop(give);
                for i in 0..3_000 {
                    // SAFETY: the cell holds an item of the zone.
                    unsafe { replace(&zone, cell, tally.item()) };
                    if i % 32 == 0 {
                        zone.flush();
                    }
                }
                stop.raise();
            });
            // SAFETY: the cell holds an item of the zone.
            unsafe { clear(&zone, &cell) };
            settle(&zone);
            assert_eq!(tally.alive(), 0, "{smr:?}");
            assert_eq!(smr.stats().readers, 0);
        }
    });
}
