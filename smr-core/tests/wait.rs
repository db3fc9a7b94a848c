//! Waiting: in every mode, with either barrier, by a thread and by a future.

mod common;

use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use common::{
    Flag, Holder, LONG, OnDrop, Tally, block_on, domains, eager_domains, eventually, guarded,
    panic_of, retire_new, settle,
};
use smr_core::{Smr, Zone};

/// Long enough for a waiter to have gone to sleep.
const ASLEEP: Duration = Duration::from_millis(5);

/// Ends the holder's section after a while, and checks that `wait` returns then and not before.
fn returns_when_the_section_ends(smr: &Smr, wait: impl FnOnce()) {
    let holder = Holder::of(smr);
    let ended = Flag::default();
    let end = std::thread::spawn({
        let ended = ended.clone();
        move || {
            std::thread::sleep(ASLEEP);
            ended.raise();
            holder.end();
        }
    });
    wait();
    assert!(ended.is_up(), "returned while the section was open");
    end.join().unwrap();
}

#[test]
fn wait_returns_after_the_section_in_every_mode() {
    guarded(|| {
        for smr in domains() {
            returns_when_the_section_ends(&smr, || smr.wait(smr.advance()));
            returns_when_the_section_ends(&smr, || smr.synchronize());
            returns_when_the_section_ends(&smr, || {
                assert!(smr.wait_timeout(smr.advance(), LONG));
            });
        }
    });
}

#[test]
fn observed_completes_after_the_section_in_every_mode() {
    guarded(|| {
        for smr in domains() {
            returns_when_the_section_ends(&smr, || block_on(smr.observed(smr.advance())));
            block_on(smr.observed(smr.advance()));
        }
    });
}

#[test]
fn wait_without_sections_returns() {
    guarded(|| {
        for smr in domains() {
            for _ in 0..20 {
                smr.wait(smr.advance());
                smr.synchronize();
            }
        }
    });
}

#[test]
fn wait_timeout_gives_up_while_the_section_is_open() {
    for smr in domains() {
        let guard = smr.enter_owned();
        let goal = smr.advance();
        let start = Instant::now();
        assert!(!smr.wait_timeout(goal, Duration::from_millis(10)));
        assert!(start.elapsed() >= Duration::from_millis(10));
        assert!(!smr.wait_timeout(goal, Duration::ZERO));
        drop(guard);
        assert!(smr.wait_timeout(goal, LONG));
        assert!(
            smr.wait_timeout(goal, Duration::ZERO),
            "observed stays observed"
        );
        assert!(
            smr.wait_timeout(goal, Duration::MAX),
            "no deadline overflows"
        );
    }
}

/// A section that only moves on lets waiters go as well.
#[test]
fn repin_wakes_a_sleeper() {
    for smr in eager_domains() {
        guarded(move || {
            let stop = Flag::default();
            let (entered, ready) = std::sync::mpsc::channel();
            let reader = std::thread::spawn({
                let (smr, stop) = (smr.clone(), stop.clone());
                move || {
                    let mut guard = smr.enter();
                    entered.send(()).unwrap();
                    std::thread::sleep(ASLEEP);
                    guard.repin();
                    stop.wait(); // the section stays open
                }
            });
            ready.recv().unwrap();
            smr.wait(smr.advance());
            stop.raise();
            reader.join().unwrap();
        });
    }
}

/// Ours: an exit that does not see a waiter's flag leaves it asleep for good. Each round everybody
/// sleeps on one section, whose thread does not come back to make up for a lost wake-up.
#[test]
fn many_waiters_asleep_on_one_section_all_wake() {
    guarded(|| {
        for smr in domains() {
            for round in 0..60 {
                let reader = smr.reader();
                let guard = reader.enter_owned();
                let waiters: Vec<_> = (0..6)
                    .map(|n| {
                        let smr = smr.clone();
                        std::thread::spawn(move || {
                            let goal = smr.advance();
                            match n % 3 {
                                0 => smr.wait(goal),
                                1 => block_on(smr.observed(goal)),
                                _ => smr.synchronize(),
                            }
                        })
                    })
                    .collect();
                std::thread::sleep(Duration::from_micros(500 * (round % 5)));
                drop(guard);
                for waiter in waiters {
                    waiter.join().unwrap();
                }
            }
        }
    });
}

/// Ours: a waiter whose poll is refused because another thread scans must not go to sleep on a
/// section that has ended already: no exit will wake it.
#[test]
fn waiters_among_pollers_are_not_forgotten() {
    guarded(|| {
        for smr in domains() {
            let stop = Flag::default();
            let goal = Arc::new(Mutex::new(smr.advance()));
            let pollers: Vec<_> = (0..3)
                .map(|_| {
                    let (smr, stop, goal) = (smr.clone(), stop.clone(), Arc::clone(&goal));
                    std::thread::spawn(move || {
                        while !stop.is_up() {
                            let now = *goal.lock().unwrap();
                            smr.poll(now);
                        }
                    })
                })
                .collect();
            for _ in 0..100 {
                let guard = smr.enter_owned();
                let waiters: Vec<_> = (0..3)
                    .map(|_| {
                        let smr = smr.clone();
                        std::thread::spawn(move || smr.wait(smr.advance()))
                    })
                    .collect();
                std::thread::sleep(Duration::from_millis(1));
                *goal.lock().unwrap() = smr.advance();
                drop(guard);
                for waiter in waiters {
                    waiter.join().unwrap();
                }
            }
            stop.raise();
            for poller in pollers {
                poller.join().unwrap();
            }
        }
    });
}

struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn futures_dropped_early_leave_no_trace() {
    for smr in domains() {
        let wakes = Arc::new(Counting(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&wakes));
        let mut context = Context::from_waker(&waker);
        let guard = smr.enter_owned();
        let goal = smr.advance();
        for _ in 0..50 {
            let mut future = pin!(smr.observed(goal));
            assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
        }
        drop(smr.observed(goal)); // never polled
        drop(guard);
        smr.synchronize();
        block_on(smr.observed(goal));
    }
}

/// A future is woken through the waker of its last poll.
#[test]
fn a_future_may_move_between_tasks() {
    for smr in eager_domains() {
        let guard = smr.enter_owned();
        let goal = smr.advance();
        let mut future = Box::pin(smr.observed(goal));
        let stale = Arc::new(Counting(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&stale));
        let first = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(first.is_pending());
        let fresh = Arc::new(Counting(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&fresh));
        let second = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(second.is_pending());
        drop(guard);
        eventually("the last waker is woken", || fresh.0.load(SeqCst) > 0);
        block_on(future);
    }
}

const UNDER_A_GUARD: &str = "drop this thread's guards first";

#[test]
fn waiting_under_ones_own_guard_panics_and_says_what_to_do() {
    for smr in domains() {
        let goal = smr.advance();
        let guard = smr.enter();
        let zone: Zone<u8> = Zone::new_in(&smr);
        for text in [
            panic_of(|| smr.wait(goal)),
            panic_of(|| smr.wait_timeout(goal, LONG)),
            panic_of(|| smr.synchronize()),
            panic_of(|| smr.barrier()),
            panic_of(|| zone.barrier()),
        ] {
            assert!(text.contains(UNDER_A_GUARD), "{text}");
        }
        let other = Smr::new();
        other.synchronize(); // another domain's guard is no obstacle
        drop(guard);
        smr.synchronize();
    }
}

#[test]
fn waiting_inside_a_drop_panics_and_says_what_to_do() {
    let smr = Smr::new();
    let zone = Zone::new_in(&smr);
    let waits: [fn(&Smr); 5] = [
        |smr| smr.wait(smr.advance()),
        |smr| assert!(smr.wait_timeout(smr.advance(), LONG)),
        |smr| smr.synchronize(),
        |smr| smr.barrier(),
        |smr| Zone::<u8>::new_in(smr).barrier(),
    ];
    for wait in waits {
        let own = smr.clone();
        retire_new(&zone, OnDrop::new(move || wait(&own)));
        let text = panic_of(|| {
            settle(&zone);
        });
        assert!(
            text.contains("may retire and defer, but not wait"),
            "{text}"
        );
    }
}

#[test]
fn a_foreign_goal_is_refused() {
    let (one, two) = (Smr::new(), Smr::new());
    let goal = one.advance();
    for text in [
        panic_of(|| two.poll(goal)),
        panic_of(|| two.wait(goal)),
        panic_of(|| two.wait_timeout(goal, LONG)),
        panic_of(|| two.observed(goal)),
        panic_of(|| Smr::global().poll(goal)),
    ] {
        assert!(text.contains("this goal is of another domain"), "{text}");
    }
    assert!(
        one.clone().wait_timeout(goal, LONG),
        "a clone is the same domain"
    );
}

/// A domain at the address of one that is gone is still another domain.
#[test]
fn a_goal_of_a_dead_domain_is_refused() {
    let goal = Smr::new().advance();
    for _ in 0..10 {
        let text = panic_of(|| Smr::new().poll(goal));
        assert!(text.contains("this goal is of another domain"), "{text}");
    }
}

#[test]
#[should_panic(expected = "this guard is of another domain")]
fn a_foreign_guard_is_refused() {
    let (one, two) = (Smr::new(), Smr::new());
    let guard = one.enter();
    guard.assert_of(&one);
    guard.assert_of(&one.clone());
    guard.assert_of(&two);
}

/// A reader that panics ends its section on the way.
#[test]
fn a_panicking_reader_leaves_its_section() {
    let smr = Smr::new();
    let zone = Zone::new_in(&smr);
    let tally = Tally::new();
    let text = panic_of(|| {
        let _outer = smr.enter();
        let _inner = smr.enter();
        retire_new(&zone, tally.item());
        panic!("in a section");
    });
    assert_eq!(text, "in a section");
    smr.synchronize();
    settle(&zone);
    assert_eq!(tally.alive(), 0);
}

struct Bad;

impl Wake for Bad {
    fn wake(self: Arc<Self>) {
        panic!("a waker, on purpose");
    }
}

/// Wakers are foreign code. One that panics is ignored, and keeps nobody else asleep.
#[test]
fn a_panicking_waker_is_ignored() {
    for smr in eager_domains() {
        let holder = Holder::of(&smr);
        let goal = smr.advance();
        let bad = Waker::from(Arc::new(Bad));
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let smr = smr.clone();
                std::thread::spawn(move || smr.wait(goal))
            })
            .collect();
        let mut futures: Vec<_> = (0..5).map(|_| Box::pin(smr.observed(goal))).collect();
        for future in &mut futures {
            let turn = future.as_mut().poll(&mut Context::from_waker(&bad));
            assert!(turn.is_pending());
            std::thread::sleep(Duration::from_millis(1));
        }
        holder.end();
        waiters.into_iter().for_each(|w| w.join().unwrap());
        drop(futures);
        // The library's own waker thread has survived, if there is one.
        common::block_on(smr.observed(smr.advance()));
    }
}
