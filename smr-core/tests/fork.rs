//! The child of a `fork` has one thread. It goes on without the others' sections, and with its own.
//!
//! Children answer by their exit code only: 0, or the number of the step that failed.
#![cfg(unix)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Flag, Holder, Item, OnDrop, Tally, block_on, eager_domains, retire_new};
use smr_core::{Atomic, Mode, Smr, Zone};

/// Fails with the step's number.
fn must(ok: bool, step: i32) -> Result<(), i32> {
    if ok { Ok(()) } else { Err(step) }
}

const PANICKED: i32 = 101;
const HUNG: i32 = 102;

/// Runs `f` in a child; its exit code, [`HUNG`] if it does not end in time.
fn in_child(f: impl FnOnce() -> Result<(), i32>) -> i32 {
    // SAFETY: the child uses this library, the allocator, and exits without running destructors.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork");
    if child == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
        let code = done.map_or(PANICKED, |steps| steps.err().unwrap_or(0));
        // SAFETY: ends the process.
        unsafe { libc::_exit(code) };
    }
    let start = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: `status` is writable, the child is ours.
        let ended = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        if ended == child {
            return if libc::WIFEXITED(status) {
                libc::WEXITSTATUS(status)
            } else {
                -libc::WTERMSIG(status)
            };
        }
        if start.elapsed() > Duration::from_secs(10) {
            // SAFETY: the child is ours and has not been waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            // SAFETY: as above.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            return HUNG;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Flushes until nothing waits, some times at most: the child has no other thread to wait for.
fn empties<T>(zone: &Zone<T>) -> bool {
    (0..50).any(|_| zone.flush() == 0)
}

#[test]
fn vanished_threads_sections_do_not_block() {
    for smr in eager_domains() {
        let (mine, theirs) = (Tally::new(), Tally::new());
        let zone = Zone::new_in(&smr);
        let holders: Vec<_> = (0..3).map(|_| Holder::of(&smr)).collect();
        retire_new(&zone, theirs.item());
        zone.flush();
        let code = in_child(|| {
            retire_new(&zone, mine.item());
            must(empties(&zone), 1)?;
            must(mine.alive() == 0, 2)?;
            must(smr.stalled().is_none(), 3)?;
            smr.wait(smr.advance());
            smr.synchronize();
            must(smr.wait_timeout(smr.advance(), Duration::from_secs(1)), 4)?;
            block_on(smr.observed(smr.advance()));
            zone.barrier();
            drop(zone.alloc(mine.item()));
            must(mine.alive() == 0, 5)
        });
        assert_eq!(code, 0, "{smr:?}");
        // In the parent the sections are open as before.
        zone.flush();
        assert_eq!(theirs.dropped(), 0);
        holders.into_iter().for_each(Holder::end);
        common::settle(&zone);
        assert_eq!(theirs.alive(), 0);
    }
}

#[test]
fn own_sections_and_owned_guards_go_on_in_the_child() {
    for smr in eager_domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let holder = Holder::of(&smr);
        let guard = smr.enter();
        let owned = smr.enter_owned();
        let cell = Atomic::new(zone.alloc(tally.item()));
        let code = in_child(|| {
            use std::sync::atomic::Ordering::{AcqRel, Acquire};
            let seen = cell.load(Acquire, &guard);
            let old = cell.swap(smr_core::Shared::null(), AcqRel, &guard);
            // SAFETY: unlinked by the swap.
            unsafe { zone.retire(old) };
            must(!empties(&zone), 1)?;
            // SAFETY: loaded under the guard, which is open.
            unsafe { seen.deref() }.check();
            must(smr.stalled().is_some(), 2)?;
            drop(guard);
            must(!empties(&zone), 3)?; // the owned guard is this process's too
            must(
                !smr.wait_timeout(smr.advance(), Duration::from_millis(5)),
                4,
            )?;
            must(tally.dropped() == 0, 5)?;
            let reader = owned.exit();
            must(empties(&zone), 6)?;
            must(tally.alive() == 0, 7)?;
            let again = reader.enter_owned();
            retire_new(&zone, tally.item());
            must(!empties(&zone), 8)?;
            drop(again);
            must(empties(&zone), 9)
        });
        assert_eq!(code, 0, "{smr:?}");
        holder.end();
    }
}

/// Threads of the child get numbers of their own: those of vanished threads index caches that may
/// have been left in the middle of an operation.
#[test]
fn the_child_may_start_threads() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let holders: Vec<_> = (0..3).map(|_| Holder::of(&smr)).collect();
    let code = in_child(|| {
        for _ in 0..3 {
            std::thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        for _ in 0..500 {
                            retire_new(&zone, tally.item());
                        }
                        zone.flush();
                    });
                }
            });
        }
        zone.barrier();
        must(tally.made() == 4_500 && tally.alive() == 0, 1)?;
        // A section of such a thread does block.
        let holder = Holder::of(&smr);
        retire_new(&zone, tally.item());
        must(!empties(&zone), 2)?;
        holder.end();
        must(empties(&zone), 3)
    });
    assert_eq!(code, 0);
    holders.into_iter().for_each(Holder::end);
}

/// Threads at work when the fork happens: whatever they were in the middle of, the child goes on.
#[test]
fn a_fork_amid_operations_leaves_the_child_working() {
    for smr in eager_domains() {
        let tally = Tally::new();
        let zone: Zone<Item> = Zone::new_in(&smr);
        let stop = Flag::default();
        std::thread::scope(|s| {
            for n in 0..3 {
                let (zone, tally, stop) = (&zone, &tally, &stop);
                s.spawn(move || {
                    while !stop.is_up() {
                        (0..20).for_each(|_| retire_new(zone, tally.item()));
                        if n == 0 {
                            zone.flush();
                        }
                    }
                });
            }
            for round in 0..15 {
                std::thread::sleep(Duration::from_millis(1));
                let mine = Tally::new();
                let code = in_child(|| {
                    (0..200).for_each(|_| retire_new(&zone, mine.item()));
                    smr.synchronize();
                    zone.flush();
                    zone.flush();
                    must(smr.poll(smr.advance()) || smr.poll(smr.advance()), 1)?;
                    // Whatever a thief that vanished was at.
                    zone.barrier();
                    let later = Tally::new();
                    (0..200).for_each(|_| retire_new(&zone, later.item()));
                    zone.barrier();
                    must(later.alive() == 0, 2)
                });
                if code != 0 {
                    stop.raise();
                }
                assert_eq!(code, 0, "round {round}, {smr:?}");
            }
            stop.raise();
        });
        common::settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn a_zone_and_a_domain_may_be_dropped_in_the_child() {
    let smr = Smr::new();
    let (before, after) = (Tally::new(), Tally::new());
    let zone = Zone::new_in(&smr);
    std::thread::scope(|s| {
        s.spawn(|| (0..100).for_each(|_| retire_new(&zone, before.item())))
            .join()
            .unwrap();
        let leave = Flag::default();
        s.spawn({
            let (smr, leave) = (&smr, leave.clone());
            move || {
                let _guard = smr.enter();
                leave.wait();
            }
        });
        common::eventually("the section is open", || smr.stalled().is_some());
        let (zone, smr) = (&zone, &smr);
        let code = in_child(|| {
            retire_new(zone, after.item());
            // SAFETY: the child never uses the original again: it exits without destructors.
            let taken = unsafe { std::ptr::read(zone) };
            drop(taken);
            must(after.alive() == 0, 1)?;
            must(smr.stalled().is_none(), 2)?;
            let other = Smr::new();
            let zone = Zone::new_in(&other);
            retire_new(&zone, after.item());
            zone.barrier();
            must(after.alive() == 0, 3)
        });
        leave.raise();
        assert_eq!(code, 0);
    });
}

#[test]
fn a_child_of_a_child_works() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    let holder = Holder::of(&smr);
    let code = in_child(|| {
        let inner = Holder::of(&smr);
        let code = in_child(|| {
            retire_new(&zone, tally.item());
            must(empties(&zone), 1)
        });
        must(code == 0, 10 + code)?;
        retire_new(&zone, tally.item());
        must(!empties(&zone), 2)?;
        inner.end();
        must(empties(&zone), 3)
    });
    assert_eq!(code, 0);
    holder.end();
}

/// A thread that vanished while it ran a flush's drops: barriers of the child must not wait for it,
/// and its flushes go on.
#[test]
fn a_fork_during_a_flush_does_not_stop_the_childs_barriers() {
    for in_barrier in [false, true] {
        let smr = Smr::new();
        let zone = Arc::new(Zone::new_in(&smr));
        let (begun, go) = (Flag::default(), Flag::default());
        retire_new(&zone, {
            let (begun, go) = (begun.clone(), go.clone());
            OnDrop::new(move || {
                begun.raise();
                go.wait();
            })
        });
        let worker = std::thread::spawn({
            let zone = Arc::clone(&zone);
            move || {
                if in_barrier {
                    zone.barrier();
                } else {
                    common::settle(&zone);
                }
            }
        });
        begun.wait();
        let tally = Tally::new();
        let code = in_child(|| {
            let item = tally.item();
            retire_new(&zone, OnDrop::new(move || drop(item)));
            zone.flush();
            must(tally.alive() == 0, 1)?;
            zone.barrier();
            Ok(())
        });
        go.raise();
        worker.join().unwrap();
        assert_eq!(code, 0, "in a barrier: {in_barrier}");
    }
}

/// The thread that wakes futures in lazy and fencing domains does not exist in the child.
#[test]
fn futures_complete_in_the_child_although_the_ticker_vanished() {
    let tick = Duration::from_secs(1);
    let smr = Smr::builder().mode(Mode::Lazy { tick }).build();
    let held = smr.enter_owned();
    // A future in another thread keeps the ticker running.
    let waiter = std::thread::spawn({
        let smr = smr.clone();
        move || block_on(smr.observed(smr.advance()))
    });
    std::thread::sleep(Duration::from_millis(100));
    let code = in_child(|| {
        let leave = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(10));
            drop(held);
        });
        block_on(smr.observed(smr.advance()));
        must(leave.join().is_ok(), 1)
    });
    // The parent's copy of the guard went with the closure.
    waiter.join().unwrap();
    assert_eq!(code, 0);
}

/// References that a leaked guard made last for ever, in the child as well: its thread has ended, not
/// vanished.
#[test]
fn what_a_leaked_guard_protects_stays_in_the_child() {
    let smr = common::static_domain();
    let tally = Tally::new();
    let zone = Zone::new_in(smr);
    std::thread::spawn(|| std::mem::forget(smr.enter()))
        .join()
        .unwrap();
    retire_new(&zone, tally.item());
    zone.flush();
    assert_eq!(tally.dropped(), 0);
    let code = in_child(|| {
        must(!empties(&zone), 1)?;
        must(tally.dropped() == 0, 2)?;
        must(smr.stalled().is_some(), 3)
    });
    assert_eq!(code, 0);
}

struct LateFork {
    guard: Option<smr_core::Guard<'static>>,
    zone: &'static Zone<Item>,
    tally: Tally,
}

impl Drop for LateFork {
    fn drop(&mut self) {
        let guard = self.guard.take();
        let code = in_child(|| {
            drop(guard); // its thread's number is free now
            let holder = Holder::of(self.zone.smr()); // and taken by this thread
            retire_new(self.zone, self.tally.item());
            must(!empties(self.zone) && self.tally.alive() == 1, 1)?;
            holder.end();
            must(empties(self.zone) && self.tally.alive() == 0, 2)
        });
        if code != 0 {
            eprintln!("step {code} of the child failed");
            std::process::abort();
        }
    }
}

thread_local! {
    static LATE_FORK: std::cell::RefCell<Option<LateFork>> = const { std::cell::RefCell::new(None) };
}

/// A section that outlives its thread's exit hook keeps the thread's number. After a fork the number must
/// not count as a vanished thread's: the child may give it to another.
#[test]
fn a_number_that_comes_back_in_the_child_is_no_vanished_one() {
    let smr = common::static_domain();
    let tally = Tally::new();
    let zone = common::leaked(Zone::new_in(smr));
    std::thread::spawn({
        let tally = tally.clone();
        move || {
            LATE_FORK.with(|cell| {
                let guard = Some(smr.enter());
                *cell.borrow_mut() = Some(LateFork { guard, zone, tally });
            });
        }
    })
    .join()
    .unwrap();
    assert_eq!(tally.made(), 0, "the child's, not ours");
}

/// Another thread's sweep, wherever the fork meets it, costs the child at most what it had in its hands
/// or was looking at just then; most of the time nothing.
#[test]
fn own_items_survive_a_fork_amid_anothers_sweep() {
    let smr = Smr::new();
    let zone: Zone<Item> = Zone::new_in(&smr);
    let tally = Tally::new();
    (0..100).for_each(|_| retire_new(&zone, tally.item()));
    let stop = Flag::default();
    let mut lost = 0;
    std::thread::scope(|s| {
        s.spawn(|| {
            while !stop.is_up() {
                zone.flush();
            }
        });
        for _ in 0..60 {
            let mine = Tally::new();
            let mut reader = smr.reader();
            let held = reader.enter();
            (0..10).for_each(|_| retire_new(&zone, mine.item()));
            let code = in_child(|| {
                drop(held);
                zone.barrier();
                zone.flush();
                must(mine.alive() == 0, 1)
            });
            lost += i32::from(code != 0);
        }
        stop.raise();
    });
    assert!(lost <= 20, "{lost} of 60 children lost items");
}

/// The reclaimer's thread holds its lock now and then; the child must not wait for it.
#[test]
fn a_reclaimer_may_be_dropped_and_used_in_the_child() {
    let zone: Arc<Zone<Item>> = Arc::new(Zone::new());
    let tally = Tally::new();
    for _ in 0..40 {
        let reclaimer = smr_core::Reclaimer::new(Duration::from_micros(1)).unwrap();
        reclaimer.watch(&zone);
        retire_new(&zone, tally.item());
        let reclaimer = std::mem::ManuallyDrop::new(reclaimer);
        let code = in_child(|| {
            reclaimer.watch(&zone);
            // SAFETY: the child never uses the original again: it exits without destructors.
            drop(unsafe { std::ptr::read(&raw const *reclaimer) });
            Ok(())
        });
        assert_eq!(code, 0);
        drop(std::mem::ManuallyDrop::into_inner(reclaimer));
    }
}
