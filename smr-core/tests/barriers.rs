//! `barrier`: when it returns every earlier drop has run, whoever runs it.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Flag, Holder, Item, OnDrop, Tally, eager_domains, guarded, retire_new, settle};
use smr_core::Zone;

/// What a slow drop tells, and waits for.
#[derive(Clone, Default)]
struct Slow {
    begun: Flag,
    go: Flag,
    done: Flag,
}

impl Slow {
    /// An item whose drop tells that it has begun, and ends when it is allowed to.
    fn item(&self) -> OnDrop {
        let slow = self.clone();
        OnDrop::new(move || {
            slow.begun.raise();
            slow.go.wait();
            slow.done.raise();
        })
    }
}

/// Runs `runner` in a thread until it is in the slow drop; `barrier` then must not return before the
/// drop has.
fn barrier_waits_for_runner(
    zone: &Arc<Zone<OnDrop>>,
    slow: &Slow,
    runner: impl FnOnce(&Zone<OnDrop>, &Slow) + Send + 'static,
) {
    let runner = std::thread::spawn({
        let (zone, slow) = (Arc::clone(zone), slow.clone());
        move || runner(&zone, &slow)
    });
    slow.begun.wait();
    let waiter = std::thread::spawn({
        let (zone, done) = (Arc::clone(zone), slow.done.clone());
        move || {
            zone.barrier();
            assert!(
                done.is_up(),
                "the barrier returned while a drop was under way"
            );
        }
    });
    std::thread::sleep(Duration::from_millis(30));
    slow.go.raise();
    runner.join().unwrap();
    waiter.join().unwrap();
}

/// The same for a slow item that this thread retires, and `other` drops.
fn barrier_waits_for(zone: &Arc<Zone<OnDrop>>, other: fn(&Zone<OnDrop>)) {
    let slow = Slow::default();
    retire_new(zone, slow.item());
    barrier_waits_for_runner(zone, &slow, move |zone, slow| {
        while !slow.done.is_up() {
            other(zone);
        }
    });
}

/// liburcu 51b98c3: a barrier that another's work in progress slipped past.
#[test]
fn a_barrier_waits_for_drops_under_way_in_a_flush() {
    guarded(|| {
        for smr in eager_domains() {
            let zone = Arc::new(Zone::new_in(&smr));
            barrier_waits_for(&zone, |zone| {
                zone.flush();
            });
            barrier_waits_for(&zone, |zone| {
                zone.reclaim(1);
                zone.flush();
            });
        }
    });
}

#[test]
fn a_barrier_waits_for_drops_under_way_in_retire_and_alloc() {
    guarded(|| {
        for smr in eager_domains() {
            let zone = Arc::new(Zone::with_cache_bytes(&smr, 1));
            for _ in 0..1_000 {
                retire_new(&zone, OnDrop::new(|| {})); // the zone gets its caches
            }
            barrier_waits_for_runner(&zone, &Slow::default(), |zone, slow| {
                for _ in 0..100 {
                    retire_new(zone, OnDrop::new(|| {})); // the thread gets its cache
                }
                retire_new(zone, slow.item());
                for _ in 0..20_000 {
                    retire_new(zone, OnDrop::new(|| {}));
                }
            });
        }
    });
}

/// The same where no section of the running thread keeps the barrier: in an allocation outside of one.
#[test]
fn a_barrier_waits_for_drops_under_way_outside_sections() {
    guarded(|| {
        for smr in eager_domains() {
            let zone = Arc::new(Zone::new_in(&smr));
            barrier_waits_for_runner(&zone, &Slow::default(), move |zone, slow| {
                (0..100).for_each(|_| retire_new(zone, OnDrop::new(|| {})));
                let guard = zone.enter();
                let mut items = vec![zone.alloc(slow.item())];
                items.extend((0..100).map(|_| zone.alloc(OnDrop::new(|| {}))));
                for item in items {
                    // SAFETY: of this zone, never published, retired once.
                    unsafe { zone.retire(item.into_shared(&guard)) };
                }
                drop(guard);
                let mut kept = Vec::new();
                while !slow.done.is_up() {
                    // What is kept is not reused, so that drops must be run for more.
                    kept.push(zone.alloc(OnDrop::new(|| {})));
                    smr.poll(smr.advance());
                }
            });
        }
    });
}

/// liburcu 51b98c3, once more: two barriers, the first of which has taken everything in its hands.
#[test]
fn a_barrier_waits_for_the_drops_of_another_barrier() {
    guarded(|| {
        for smr in eager_domains() {
            let zone = Arc::new(Zone::new_in(&smr));
            barrier_waits_for(&zone, |zone| zone.barrier());
        }
    });
}

/// The same while the first barrier still waits for a section.
#[test]
fn a_barrier_waits_for_what_another_barrier_waits_for() {
    guarded(|| {
        for smr in eager_domains() {
            let zone = Arc::new(Zone::new_in(&smr));
            let tally = Tally::new();
            let item = tally.item();
            let holder = Holder::of(&smr);
            retire_new(&zone, OnDrop::new(move || drop(item)));
            let barriers: Vec<_> = (0..3)
                .map(|_| {
                    let (zone, tally) = (Arc::clone(&zone), tally.clone());
                    std::thread::spawn(move || {
                        zone.barrier();
                        assert_eq!(tally.alive(), 0, "the barrier returned before the drop");
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(30));
            holder.end();
            for barrier in barriers {
                barrier.join().unwrap();
            }
        }
    });
}

/// Barriers among flushes, reclaims, visits and retires of other threads.
#[test]
fn a_barrier_holds_against_everything_at_once() {
    guarded(|| {
        for smr in eager_domains() {
            let zone: Zone<Item> = Zone::new_in(&smr);
            let noise = Tally::new();
            let stop = Flag::default();
            std::thread::scope(|s| {
                for n in 0..3 {
                    let (zone, noise, stop) = (&zone, &noise, &stop);
                    s.spawn(move || {
                        while !stop.is_up() {
                            for _ in 0..50 {
                                retire_new(zone, noise.item());
                            }
                            match n {
                                0 => drop(zone.flush()),
                                1 => drop(zone.reclaim(5)),
                                _ => {}
                            }
                        }
                    });
                }
                for _ in 0..20 {
                    let tally = Tally::new();
                    for _ in 0..5 {
                        retire_new(&zone, tally.item());
                    }
                    zone.barrier();
                    assert_eq!(tally.alive(), 0, "{smr:?}");
                }
                stop.raise();
            });
            settle(&zone);
            assert_eq!(noise.alive(), 0);
        }
    });
}
