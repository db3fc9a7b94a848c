//! The background thread: what is retired is dropped though nobody uses the zone any more.

mod common;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use common::{Holder, Item, OnDrop, Tally, domains, eventually, guarded, retire_new};
use smr_core::{Reclaim, Reclaimer, Smr, Zone};

const INTERVAL: Duration = Duration::from_millis(2);

fn reclaimer() -> Reclaimer {
    Reclaimer::new(INTERVAL).unwrap()
}

#[test]
fn idle_zones_are_emptied_in_every_mode() {
    for smr in domains() {
        let reclaimer = reclaimer();
        let tally = Tally::new();
        let zones = [(); 3].map(|()| Arc::new(Zone::new_in(&smr)));
        zones.iter().for_each(|zone| reclaimer.watch(zone));
        for count in [1, 50, 3_000] {
            for zone in &zones {
                let zone = Arc::clone(zone);
                let tally = tally.clone();
                std::thread::spawn(move || {
                    (0..count).for_each(|_| retire_new(&zone, tally.item()));
                })
                .join()
                .unwrap();
            }
            eventually("the reclaimer drops everything", || tally.alive() == 0);
        }
        assert_eq!(tally.made(), 3 * 3_051);
    }
}

#[test]
fn an_idle_domains_closures_run() {
    let reclaimer = reclaimer();
    let smr = Smr::new();
    reclaimer.watch_domain(&smr);
    let (tell, told) = mpsc::channel();
    for i in 0..100 {
        let tell = tell.clone();
        smr.defer(move || tell.send(i).unwrap());
    }
    drop(tell);
    assert_eq!(told.iter().sum::<i32>(), (0..100).sum());
}

/// A section holds back what is retired under it, and the reclaimer goes on when it has ended.
#[test]
fn sections_are_respected() {
    let reclaimer = reclaimer();
    let smr = Smr::new();
    let zone: Arc<Zone<Item>> = Arc::new(Zone::new_in(&smr));
    reclaimer.watch(&zone);
    let tally = Tally::new();
    let holder = Holder::of(&smr);
    (0..100).for_each(|_| retire_new(&zone, tally.item()));
    std::thread::sleep(20 * INTERVAL);
    assert_eq!(tally.dropped(), 0);
    holder.end();
    eventually("the reclaimer drops everything", || tally.alive() == 0);
}

/// A zone may go at any time; the reclaimer holds it weakly, and ends when it is dropped.
#[test]
fn zones_and_reclaimers_come_and_go() {
    guarded(|| {
        let smr = Smr::new();
        let tally = Tally::new();
        for _ in 0..20 {
            let reclaimer = reclaimer();
            let zone = Arc::new(Zone::new_in(&smr));
            reclaimer.watch(&zone);
            (0..100).for_each(|_| retire_new(&zone, tally.item()));
            let weak = Arc::downgrade(&zone);
            drop(zone);
            eventually("nobody keeps the zone", || weak.strong_count() == 0);
            eventually("its items are dropped", || tally.alive() == 0);
        }
        // The thread must be gone when the drop returns, or it would still hold what it watches.
        struct Watched(mpsc::Sender<()>);
        impl Reclaim for Watched {
            fn reclaim_now(&self) {
                let _ = self.0.send(());
            }
        }
        let (tell, told) = mpsc::channel();
        let watched = Arc::new(Watched(tell));
        let reclaimer = reclaimer();
        reclaimer.watch(&watched);
        told.recv().unwrap();
        drop(reclaimer);
        assert_eq!(Arc::strong_count(&watched), 1);
        while told.try_recv().is_ok() {}
        std::thread::sleep(10 * INTERVAL);
        assert!(told.try_recv().is_err(), "reclaimed after the end");
    });
}

/// Panics in drops are counted, and do not end the thread.
#[test]
fn it_survives_panicking_drops() {
    let reclaimer = reclaimer();
    let zone = Arc::new(Zone::new_in(&Smr::new()));
    reclaimer.watch(&zone);
    for n in 1..4 {
        retire_new(&zone, OnDrop::new(|| panic!("on purpose")));
        eventually("the panic is counted", || zone.stats().drop_panics == n);
    }
}

/// A drop that the reclaimer runs may drop the reclaimer.
#[test]
fn it_may_be_dropped_from_within() {
    guarded(|| {
        let reclaimer = reclaimer();
        let zone = Arc::new(Zone::new_in(&Smr::new()));
        reclaimer.watch(&zone);
        let (tell, told) = mpsc::channel();
        retire_new(
            &zone,
            OnDrop::new(move || {
                drop(reclaimer);
                tell.send(()).unwrap();
            }),
        );
        told.recv().unwrap();
    });
}
