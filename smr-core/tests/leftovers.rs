//! What threads leave in a zone's caches: ended ones, idle ones, those of a zone that is dropped.

mod common;

use std::sync::Arc;
use std::sync::mpsc;

use common::{Flag, Item, Tally, domains, eventually, guarded, retire_new, settle};
use smr_core::{Smr, Zone};

/// What a dead thread left in its bucket is dropped by whoever goes on using the zone, without a
/// flush; moka#385, seize#39, scc#66: garbage that stayed for ever on idle and dead threads.
#[test]
fn a_dead_threads_partial_bucket_is_adopted() {
    for smr in common::eager_domains() {
        let zone = Arc::new(Zone::new_in(&smr));
        let (theirs, mine) = (Tally::new(), Tally::new());
        for _ in 0..64 {
            retire_new(&zone, mine.item()); // the zone has caches now
        }
        std::thread::spawn({
            let (zone, theirs) = (Arc::clone(&zone), theirs.clone());
            move || (0..5).for_each(|_| retire_new(&zone, theirs.item()))
        })
        .join()
        .unwrap();
        eventually("the dead thread's items are dropped", || {
            for _ in 0..1_000 {
                retire_new(&zone, mine.item());
            }
            theirs.alive() == 0
        });
    }
}

/// Likewise what a live thread keeps that does not come back.
#[test]
fn an_idle_threads_partial_bucket_is_stolen() {
    let smr = Smr::new();
    let zone = Arc::new(Zone::new_in(&smr));
    let (theirs, mine) = (Tally::new(), Tally::new());
    for _ in 0..64 {
        retire_new(&zone, mine.item());
    }
    let (retired, ready) = mpsc::channel();
    let leave = Flag::default();
    let thread = std::thread::spawn({
        let (zone, theirs, leave) = (Arc::clone(&zone), theirs.clone(), leave.clone());
        move || {
            (0..5).for_each(|_| retire_new(&zone, theirs.item()));
            retired.send(()).unwrap();
            leave.wait();
            (0..5).for_each(|_| retire_new(&zone, theirs.item()));
        }
    });
    ready.recv().unwrap();
    eventually("the idle thread's items are dropped", || {
        for _ in 0..1_000 {
            retire_new(&zone, mine.item());
        }
        theirs.alive() == 0
    });
    leave.raise();
    thread.join().unwrap();
    settle(&zone);
    assert_eq!((theirs.made(), theirs.alive()), (10, 0));
}

#[test]
fn flush_and_barrier_reach_dead_and_idle_threads() {
    for smr in domains() {
        for by_barrier in [true, false] {
            let zone = Zone::new_in(&smr);
            let tally = Tally::new();
            let leave = Flag::default();
            std::thread::scope(|s| {
                let (retired, ready) = mpsc::channel();
                for n in 0..4 {
                    let (zone, tally, leave, retired) = (&zone, &tally, &leave, retired.clone());
                    s.spawn(move || {
                        (0..70).for_each(|_| retire_new(zone, tally.item()));
                        retired.send(()).unwrap();
                        if n % 2 == 0 {
                            leave.wait();
                        }
                    });
                }
                (0..4).for_each(|_| ready.recv().unwrap());
                if by_barrier {
                    zone.barrier();
                } else {
                    settle(&zone);
                }
                assert_eq!((tally.made(), tally.alive()), (280, 0), "{smr:?}");
                leave.raise();
            });
        }
    }
}

/// Caches belong to their zone: a zone that is dropped takes them along, and threads that go on, or
/// end, never touch them.
#[test]
fn a_zone_dropped_while_threads_have_caches_there() {
    guarded(|| {
        let smr = Smr::new();
        let tally = Tally::new();
        let (mut senders, mut threads) = (Vec::new(), Vec::new());
        let (done, next) = mpsc::channel();
        for _ in 0..3 {
            let (send, receive) = mpsc::channel::<Arc<Zone<Item>>>();
            let (tally, done) = (tally.clone(), done.clone());
            senders.push(send);
            threads.push(std::thread::spawn(move || {
                for zone in receive {
                    (0..100).for_each(|_| retire_new(&zone, tally.item()));
                    drop(zone);
                    done.send(()).unwrap();
                }
            }));
        }
        for _ in 0..50 {
            let zone = Arc::new(Zone::new_in(&smr));
            for sender in &senders {
                sender.send(Arc::clone(&zone)).unwrap();
            }
            (0..3).for_each(|_| next.recv().unwrap());
            drop(zone);
            assert_eq!(tally.alive(), 0);
        }
        drop(senders);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
