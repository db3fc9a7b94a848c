//! What holds when sequence numbers wrap. With `--cfg smr_narrow` they do so all the time: 16 bits,
//! some 2,500 advances a round, at most 32 ahead of the readers.

mod common;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use common::{
    Flag, Holder, Tally, clear, domains, eager_domains, eventually, guarded, replace, retire_new,
    settle,
};
use smr_core::{Atomic, Mode, Smr, Zone};

/// Advances enough to wrap a narrow clock eight times.
const MANY: usize = 20_000;

#[test]
fn every_goal_of_a_long_run_is_observed() {
    guarded(|| {
        for smr in domains() {
            let lazy = matches!(smr.mode(), Mode::Lazy { .. });
            for i in 0..if lazy { MANY / 20 } else { MANY } {
                let guard = (i % 3 == 0).then(|| smr.enter());
                let goal = smr.advance();
                if guard.is_some() {
                    assert!(
                        !smr.poll(goal),
                        "observed under a section: advance {i}, {smr:?}"
                    );
                }
                drop(guard);
                if lazy || i % 64 == 0 {
                    smr.wait(goal);
                    assert!(smr.poll(goal));
                } else if i % 5 == 0 {
                    smr.poll(goal);
                }
            }
        }
    });
}

#[test]
fn readers_come_and_go_while_the_clock_wraps() {
    guarded(|| {
        for smr in domains() {
            let lazy = matches!(smr.mode(), Mode::Lazy { .. });
            let tally = Tally::new();
            let zone = Zone::new_in(&smr);
            let cell = Atomic::new(zone.alloc(tally.item()));
            let stop = Flag::default();
            std::thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        while !stop.is_up() {
                            let guard = smr.enter();
                            // SAFETY: never null, of the zone, the guard is of its domain.
                            unsafe { cell.load(Acquire, &guard).deref() }.check();
                        }
                    });
                }
                for i in 0..if lazy { MANY / 40 } else { MANY / 4 } {
                    // SAFETY: the cell holds an item of the zone.
                    unsafe { replace(&zone, &cell, tally.item()) };
                    smr.advance();
                    if lazy || i % 10 == 0 {
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
    });
}

/// A section stays older than every later goal, however often somebody asks.
#[test]
fn a_held_section_blocks_its_goals_over_many_advances() {
    for smr in domains() {
        let before = smr.advance();
        let guard = smr.enter();
        let goal = smr.advance();
        let mut latest = goal;
        for i in 0..MANY {
            latest = smr.advance();
            if i % 7 == 0 {
                assert!(!smr.poll(goal), "advance {i}, {smr:?}");
                assert!(!smr.poll(latest), "advance {i}, {smr:?}");
            }
        }
        drop(guard);
        guarded(move || {
            smr.wait(latest);
            smr.wait(goal);
            smr.wait(before);
        });
    }
}

/// Every flush numbers what was retired meanwhile: the write sequence must not run away from a section
/// that stays open, or goals wrap and count as observed.
#[test]
fn flushing_under_a_held_section_frees_nothing() {
    for smr in domains() {
        let lazy = matches!(smr.mode(), Mode::Lazy { .. });
        let rounds = if lazy { 600 } else { 1_500 };
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let holder = Holder::of(&smr);
        for i in 0..rounds {
            retire_new(&zone, tally.item());
            zone.flush();
            assert_eq!(tally.dropped(), 0, "round {i}, {smr:?}");
            if lazy && i % 4 == 0 {
                std::thread::sleep(Duration::from_micros(250));
            }
        }
        holder.end();
        settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}

/// As above, by waits that time out and barriers of another kind.
#[test]
fn waiting_under_a_held_section_frees_nothing() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let guard = smr.enter();
        retire_new(&zone, tally.item());
        zone.flush();
        let first = smr.advance();
        let stop = Flag::default();
        std::thread::scope(|s| {
            s.spawn(|| {
                // Outside of sections an advance waits at the maximum distance; retiring never does.
                while !stop.is_up() {
                    let inner = smr.enter();
                    let goal = smr.advance();
                    drop(inner);
                    smr.wait_timeout(goal, Duration::ZERO);
                }
            });
            for i in 0..400 {
                assert!(!smr.poll(first), "round {i}, {smr:?}");
                zone.flush();
                assert_eq!(tally.dropped(), 0, "round {i}, {smr:?}");
                std::thread::sleep(Duration::from_micros(200));
            }
            stop.raise();
        });
        drop(guard);
        settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}

/// The seed takes a goal out of range for observed: a use after free when it was merely kept long.
#[test]
fn a_goal_kept_over_wraps_is_not_observed_under_an_older_section() {
    for smr in eager_domains() {
        // Round and round, so that the section begins at various places of the number space.
        for start in 0..30 {
            for _ in 0..start * 97 {
                let goal = smr.advance();
                smr.poll(goal);
            }
            let guard = smr.enter();
            let goal = smr.advance();
            for _ in 0..3_000 {
                smr.advance();
                smr.poll(goal);
            }
            assert!(!smr.poll(goal), "{smr:?}");
            drop(guard);
        }
    }
}

/// A goal kept until the numbers wrapped looks like one of the future. Whatever the answer is, asking
/// must not push the read sequence past the write sequence: sections would then count as too new.
#[test]
fn polling_an_ancient_goal_frees_nothing_of_the_present() {
    for smr in eager_domains() {
        let zone = Zone::new_in(&smr);
        let tally = Tally::new();
        for steps in (50..2_600).step_by(125) {
            let ancient = smr.advance();
            for _ in 0..steps {
                let goal = smr.advance();
                smr.poll(goal);
            }
            smr.poll(ancient);
            let guard = smr.enter();
            retire_new(&zone, tally.item());
            let goal = smr.advance();
            zone.flush();
            assert!(!smr.poll(goal), "{steps} advances later, {smr:?}");
            assert_eq!(tally.alive(), 1, "{steps} advances later, {smr:?}");
            drop(guard);
            settle(&zone);
        }
    }
}

/// A bucket that its thread kept until the numbers wrapped, and a goal as old: both are over, though
/// no number after theirs may ever be taken again.
#[test]
fn what_is_half_a_round_old_counts_as_observed() {
    for smr in eager_domains() {
        let zone = Zone::new_in(&smr);
        let tally = Tally::new();
        for steps in (50..2_600).step_by(125) {
            for _ in 0..100 {
                retire_new(&zone, tally.item());
            }
            let ancient = smr.advance();
            for _ in 0..steps {
                let goal = smr.advance();
                smr.poll(goal);
            }
            settle(&zone);
            smr.wait(ancient);
            assert_eq!(tally.alive(), 0, "{steps} advances later, {smr:?}");
        }
    }
}

/// Retiring maps are under their own guard when they advance: there it must never wait.
#[test]
fn advance_inside_a_section_never_waits() {
    guarded(|| {
        for smr in domains() {
            let zone = Zone::new_in(&smr);
            let tally = Tally::new();
            let guard = smr.enter();
            for _ in 0..MANY / 2 {
                smr.advance();
                retire_new(&zone, tally.item());
            }
            assert_eq!(tally.dropped(), 0, "{smr:?}");
            drop(guard);
            settle(&zone);
            assert_eq!(tally.alive(), 0);
        }
    });
}

/// A zone's retire never waits, whoever holds a section.
#[test]
fn retire_outside_a_section_never_waits_either() {
    guarded(|| {
        for smr in domains() {
            let zone = Zone::new_in(&smr);
            let tally = Tally::new();
            let holder = Holder::of(&smr);
            for i in 0..MANY / 2 {
                retire_new(&zone, tally.item());
                if i % 500 == 0 {
                    zone.reclaim(10);
                }
            }
            assert_eq!(tally.dropped(), 0, "{smr:?}");
            holder.end();
            settle(&zone);
            assert_eq!(tally.alive(), 0);
        }
    });
}

/// Outside of sections an advance waits at the maximum distance, and goes on when the reader leaves.
#[test]
fn advance_outside_a_section_waits_at_the_maximum_distance() {
    guarded(|| {
        for smr in eager_domains() {
            let holder = Holder::of(&smr);
            let done = Flag::default();
            let count = AtomicUsize::new(0);
            std::thread::scope(|s| {
                s.spawn(|| {
                    for _ in 0..MANY {
                        smr.advance();
                        count.fetch_add(1, Relaxed);
                    }
                    done.raise();
                });
                if cfg!(smr_narrow) {
                    eventually("the writer stops", || {
                        let now = count.load(Relaxed);
                        std::thread::sleep(Duration::from_millis(20));
                        now > 0 && count.load(Relaxed) == now
                    });
                    assert!(count.load(Relaxed) < 2_500, "it ran round the clock");
                    assert!(!done.is_up());
                    assert!(smr.stalled().is_some());
                } else {
                    done.wait();
                }
                holder.end();
            });
            assert!(done.is_up());
            if cfg!(smr_narrow) {
                assert!(smr.stats().advance_wait > 0);
            }
        }
    });
}

/// Several threads pass the check of the maximum distance together.
#[test]
fn threads_that_advance_together_keep_their_distance() {
    guarded(|| {
        for smr in eager_domains() {
            let tally = Tally::new();
            let zone = Zone::new_in(&smr);
            let stop = Flag::default();
            std::thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        while !stop.is_up() {
                            smr.advance();
                        }
                    });
                }
                for _ in 0..200 {
                    let guard = smr.enter();
                    retire_new(&zone, tally.item());
                    let goal = smr.advance();
                    zone.flush();
                    std::thread::yield_now();
                    assert!(!smr.poll(goal), "{smr:?}");
                    assert!(tally.alive() > 0, "{smr:?}");
                    drop(guard);
                }
                stop.raise();
            });
            settle(&zone);
            assert_eq!(tally.alive(), 0);
        }
    });
}

/// Two domains' clocks do not touch.
#[test]
fn one_clock_wraps_while_another_rests() {
    let (one, two) = (Smr::new(), Smr::new());
    let guard = two.enter();
    let goal = two.advance();
    for _ in 0..MANY {
        let goal = one.advance();
        one.poll(goal);
    }
    assert!(!two.poll(goal));
    drop(guard);
    two.wait(goal);
}
