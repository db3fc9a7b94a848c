//! Threads end: in every order of destructors, with sections open, with caches left behind.

mod common;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use common::{Flag, Item, Tally, clear, domains, flush_in_vain, retire_new, settle, static_domain};
use smr_core::{Atomic, Guard, Smr, Zone};

/// A thread-local whose destructor runs what was put there.
struct AtExit(RefCell<Vec<Box<dyn FnOnce()>>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        for f in self.0.take() {
            f();
        }
    }
}

thread_local! {
    static EARLY: AtExit = const { AtExit(RefCell::new(Vec::new())) };
    static LATE: AtExit = const { AtExit(RefCell::new(Vec::new())) };
}

fn at_exit(local: &'static std::thread::LocalKey<AtExit>, f: impl FnOnce() + 'static) {
    local.with(|l| l.0.borrow_mut().push(Box::new(f)));
}

/// When the destructor under test runs, relative to this library's.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Registered first, so run last.
    AfterOurs,
    BeforeOurs,
    Both,
    /// The destructor is the thread's first use of the library.
    WithoutOurs,
}

const ORDERS: [Order; 4] = [
    Order::AfterOurs,
    Order::BeforeOurs,
    Order::Both,
    Order::WithoutOurs,
];

/// Runs `f` in destructors of a new thread, and waits for its end.
fn in_destructors(smr: &Smr, order: Order, f: impl Fn() + Send + Clone + 'static) {
    let smr = smr.clone();
    std::thread::spawn(move || {
        if matches!(order, Order::AfterOurs | Order::Both | Order::WithoutOurs) {
            at_exit(&EARLY, f.clone());
        }
        if !matches!(order, Order::WithoutOurs) {
            drop(smr.enter());
            drop(smr_core::enter());
        }
        if matches!(order, Order::BeforeOurs | Order::Both) {
            at_exit(&LATE, f);
        }
    })
    .join()
    .unwrap();
}

/// crossbeam-epoch#83: entering in a thread-local's destructor panicked, the handle being gone.
#[test]
fn entering_in_a_thread_locals_destructor_works_in_every_order() {
    for smr in domains() {
        for order in ORDERS {
            let runs = Tally::new();
            in_destructors(&smr, order, {
                let (smr, runs) = (smr.clone(), runs.clone());
                move || {
                    let outer = smr.enter();
                    let mut inner = smr.enter();
                    let of_the_global = smr_core::enter();
                    inner.repin();
                    drop(outer);
                    drop(inner);
                    drop(of_the_global);
                    smr.poll(smr.advance());
                    smr.synchronize();
                    drop(runs.item());
                }
            });
            assert!(runs.dropped() > 0, "it ran, and to its end: {order:?}");
            assert_eq!(smr.stalled(), None, "{order:?}");
        }
    }
}

/// The same for what a structure does: a map in a thread-local, dropped there.
#[test]
fn allocating_and_retiring_in_a_thread_locals_destructor_works_in_every_order() {
    for smr in domains() {
        for order in ORDERS {
            let tally = Tally::new();
            let mut zone = Arc::new(Zone::new_in(&smr));
            in_destructors(&smr, order, {
                let (zone, tally) = (Arc::clone(&zone), tally.clone());
                move || {
                    let cell = Atomic::new(zone.alloc(tally.item()));
                    for _ in 0..100 {
                        let guard = zone.enter();
                        let old = cell.swap(zone.alloc(tally.item()), AcqRel, &guard);
                        // SAFETY: unlinked by the swap, of the zone.
                        unsafe { zone.retire(old) };
                        // SAFETY: unlinked just now, and the guard is still open.
                        unsafe { old.deref() }.check();
                    }
                    // SAFETY: the cell holds an item of the zone.
                    unsafe { clear(&zone, &cell) };
                    zone.flush();
                    zone.reclaim(3);
                }
            });
            assert!(tally.made() > 100);
            settle(&zone);
            assert_eq!(tally.alive(), 0, "{order:?}, {smr:?}");
            Arc::get_mut(&mut zone).expect("the thread is gone").check();
        }
    }
}

/// A section in a destructor protects like any other.
#[test]
fn a_section_in_a_destructor_protects() {
    for order in [Order::AfterOurs, Order::WithoutOurs] {
        let smr = Smr::new();
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let (entered, ready) = mpsc::channel();
        let leave = Flag::default();
        std::thread::scope(|s| {
            s.spawn(|| {
                in_destructors(&smr, order, {
                    let (smr, leave, entered) = (smr.clone(), leave.clone(), entered.clone());
                    move || {
                        let guard = smr.enter();
                        entered.send(()).unwrap();
                        leave.wait();
                        drop(guard);
                    }
                });
            });
            ready.recv().unwrap();
            retire_new(&zone, tally.item());
            flush_in_vain(&zone);
            assert_eq!(tally.dropped(), 0);
            assert!(smr.stalled().is_some());
            leave.raise();
        });
        settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}

/// A guard in a thread-local, with what it tells and waits for when it is dropped.
struct Kept {
    guard: Option<Guard<'static>>,
    dropping: mpsc::Sender<()>,
    go: Flag,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.dropping.send(());
        self.go.wait();
        self.guard = None;
    }
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// crossbeam#422: a guard in a thread-local outlives its handle. Dropped after this library's exit
/// hook it still protects, and ends its section.
#[test]
fn a_guard_in_a_thread_local_outlives_the_exit_hook() {
    for first in [true, false] {
        let smr = static_domain();
        let tally = Tally::new();
        let zone = Zone::new_in(smr);
        let (dropping, told) = mpsc::channel();
        let go = Flag::default();
        let before = smr.stats().abandoned;
        let thread = std::thread::spawn({
            let go = go.clone();
            move || {
                if !first {
                    drop(smr.enter()); // our hook first, so the guard goes before it
                }
                KEPT.with(|kept| {
                    let guard = Some(smr.enter());
                    *kept.borrow_mut() = Some(Kept {
                        guard,
                        dropping,
                        go,
                    });
                });
            }
        });
        told.recv().unwrap();
        retire_new(&zone, tally.item());
        flush_in_vain(&zone);
        assert_eq!(tally.dropped(), 0, "dropped under the guard");
        assert!(smr.stalled().is_some());
        if first {
            assert!(
                smr.stats().abandoned > before,
                "the thread's number is given up for now"
            );
        }
        go.raise();
        thread.join().unwrap();
        settle(&zone);
        assert_eq!(tally.alive(), 0);
        assert_eq!(smr.stalled(), None);
    }
}

/// Numbers whose sections end in late destructors come back: programs may start any number of threads.
#[test]
fn numbers_come_back_after_late_sections() {
    let smr = static_domain();
    let before = smr.stats().abandoned;
    for _ in 0..100 {
        let go = Flag::default();
        go.raise();
        let (dropping, _told) = mpsc::channel();
        let late = move || {
            KEPT.with(|kept| {
                let guard = Some(smr.enter());
                *kept.borrow_mut() = Some(Kept {
                    guard,
                    dropping,
                    go,
                });
            });
        };
        std::thread::spawn(late).join().unwrap();
    }
    // Other tests leak a few.
    assert!(smr.stats().abandoned < before + 50);
    assert_eq!(smr.stalled(), None);
}

/// crossbeam c8153dbe: guards used after the handle and the collector were gone. The domain's memory
/// lives as long as threads have records there.
#[test]
fn a_threads_exit_after_its_domain_is_gone() {
    let (give, take) = mpsc::channel::<Smr>();
    let (done, next) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        for smr in take {
            let zone = Zone::new_in(&smr);
            retire_new(&zone, 1);
            drop(zone);
            drop(smr.enter());
            drop(smr);
            done.send(()).unwrap();
        }
    });
    for _ in 0..200 {
        let smr = Smr::new();
        give.send(smr.clone()).unwrap();
        next.recv().unwrap();
        drop(smr);
    }
    drop(give);
    thread.join().unwrap();
}

/// A leaked guard's references outlive its thread: what they refer to is never freed.
#[test]
fn a_leaked_guard_protects_for_ever_and_is_reported() {
    let smr = static_domain();
    let tally = Tally::new();
    let zone: &'static Zone<Item> = common::leaked(Zone::new_in(smr));
    let cell: &'static Atomic<Item> = common::leaked(Atomic::new(zone.alloc(tally.item())));
    let item: &'static Item = std::thread::Builder::new()
        .name("leaker".into())
        .spawn(move || {
            let guard: &'static Guard<'static> = common::leaked(smr.enter());
            // SAFETY: not null, of the zone, the guard is of its domain and never closed.
            unsafe { cell.load(Acquire, guard).deref() }
        })
        .unwrap()
        .join()
        .unwrap();
    // SAFETY: the cell holds an item of the zone.
    unsafe { clear(zone, cell) };
    for _ in 0..20 {
        // Other threads come and go: none of them may take the record over.
        std::thread::spawn(move || drop(smr.enter()))
            .join()
            .unwrap();
        flush_in_vain(zone);
        item.check();
    }
    assert_eq!(tally.dropped(), 0);
    assert!(smr.stats().abandoned > 0);
    let stall = smr.stalled().expect("the section is reported");
    assert_eq!(stall.thread.as_deref(), Some("leaker"));
    assert!(stall.of_thread);
    assert!(stall.age > 0);
    assert!(stall.blocking_for.is_some());
}

/// A thread's exit must not hide another thread's section, as where threads share a record: numbers are
/// not shared, and one that is given back is clean.
#[test]
fn exits_do_not_hide_other_threads_sections() {
    for smr in domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let guard = smr.enter();
        retire_new(&zone, tally.item());
        for _ in 0..100 {
            let smr = smr.clone();
            std::thread::spawn(move || drop(smr.enter()))
                .join()
                .unwrap();
            zone.flush();
            assert_eq!(tally.dropped(), 0);
        }
        drop(guard);
        settle(&zone);
    }
}

/// Thousands of short threads reuse the records of those before.
#[test]
fn short_threads_do_not_grow_the_registry() {
    let smr = Smr::new();
    let zone = Arc::new(Zone::new_in(&smr));
    let tally = Tally::new();
    let numbers = Arc::new(Mutex::new(BTreeSet::new()));
    for _ in 0..500 {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (smr, zone, tally) = (smr.clone(), Arc::clone(&zone), tally.clone());
                let numbers = Arc::clone(&numbers);
                std::thread::spawn(move || {
                    let guard = smr.enter();
                    if let Some(oldest) = smr.stalled() {
                        numbers.lock().unwrap().insert(oldest.record);
                    }
                    retire_new(&zone, tally.item());
                    drop(guard);
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(smr.stats().threads <= 1, "records are given back");
    }
    // Other tests' threads take numbers too, but not hundreds.
    let highest = numbers.lock().unwrap().last().copied().unwrap();
    assert!(highest < 200, "number {highest}");
    settle(&zone);
    assert_eq!((tally.made(), tally.alive()), (2_000, 0));
}
