//! What is retired is dropped exactly once, after every section that could reach it.

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};

use smr_core::{Atomic, Barrier, Mode, Shared, Smr, Zone};

/// Counts its drops, and knows whether it has been dropped.
struct Counted {
    live: u64,
    drops: Arc<AtomicUsize>,
}

const LIVE: u64 = 0x1357_9bdf_0246_8ace;

impl Counted {
    fn new(drops: &Arc<AtomicUsize>) -> Counted {
        Counted {
            live: LIVE,
            drops: Arc::clone(drops),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert_eq!(self.live, LIVE, "dropped twice, or never made");
        self.live = 0;
        self.drops.fetch_add(1, Relaxed);
    }
}

fn domains() -> Vec<Smr> {
    let mut all = Vec::new();
    for barrier in [Barrier::Auto, Barrier::Fence] {
        for mode in [
            Mode::Eager,
            Mode::Deferred { every: 3 },
            Mode::Lazy {
                tick: std::time::Duration::from_micros(200),
            },
        ] {
            all.push(Smr::builder().mode(mode).barrier(barrier).build());
        }
    }
    all
}

#[test]
fn replaced_items_are_dropped_once_and_never_under_a_reader() {
    for smr in domains() {
        let drops = Arc::new(AtomicUsize::new(0));
        let mut zone = Zone::new_in(&smr);
        let cells: Vec<Atomic<Counted>> = (0..4)
            .map(|_| Atomic::new(zone.alloc(Counted::new(&drops))))
            .collect();
        let stop = AtomicBool::new(false);
        const WRITES: usize = 20_000;
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    while !stop.load(Relaxed) {
                        let guard = zone.enter();
                        for cell in &cells {
                            // SAFETY: never null, of the zone, the guard is of its domain.
                            let item = unsafe { cell.load(Acquire, &guard).deref() };
                            assert_eq!(item.live, LIVE, "freed under a reader");
                        }
                    }
                });
            }
            let writers: Vec<_> = (0..2)
                .map(|w| {
                    let (zone, cells, drops) = (&zone, &cells, &drops);
                    s.spawn(move || {
                        for i in 0..WRITES {
                            let guard = zone.enter();
                            let cell = &cells[(i + w) % 4];
                            let old = cell.swap(zone.alloc(Counted::new(drops)), AcqRel, &guard);
                            // SAFETY: unlinked by the swap, which only this thread won.
                            unsafe { zone.retire(old) };
                        }
                    })
                })
                .collect();
            for w in writers {
                w.join().unwrap();
            }
            stop.store(true, Release);
        });
        zone.check();
        zone.barrier();
        assert_eq!(drops.load(Relaxed), 2 * WRITES, "{smr:?}");
        assert_eq!(zone.stats().unreclaimed_items(), 0);
        zone.check();
        let guard = smr.enter();
        for cell in &cells {
            let last = cell.swap(Shared::null(), AcqRel, &guard);
            // SAFETY: unlinked just now.
            unsafe { zone.retire(last) };
        }
        drop(guard);
        drop(zone);
        assert_eq!(drops.load(Relaxed), 2 * WRITES + 4);
    }
}

#[test]
fn flush_at_rest_leaves_nothing() {
    let drops = Arc::new(AtomicUsize::new(0));
    let zone = Zone::new();
    for n in 1..200 {
        let guard = zone.enter();
        let item = zone.alloc(Counted::new(&drops)).into_shared(&guard);
        // SAFETY: never published.
        unsafe { zone.retire(item) };
        drop(guard);
        let mut left = zone.flush();
        while left > 0 {
            std::thread::yield_now(); // another test of this process is in a section
            left = zone.flush();
        }
        assert_eq!(drops.load(Relaxed), n);
    }
}

/// Tags ride on the pointer's low bits, through every operation, and are not part of the address.
#[test]
fn tags_come_along() {
    /// Three bits of tag, on every target.
    #[repr(align(8))]
    struct Wide(u64);
    let smr = Smr::new();
    let zone = Zone::new_in(&smr);
    let guard = smr.enter();
    let one = zone.alloc(Wide(1)).with_tag(3);
    assert_eq!((one.tag(), one.0), (3, 1));
    let cell = Atomic::new(one);
    let seen = cell.load(Acquire, &guard);
    assert_eq!(seen.tag(), 3);
    // SAFETY: not null, of the zone, under a guard of its domain.
    assert_eq!(unsafe { seen.deref().0 }, 1);
    assert!(seen != seen.with_tag(1) && seen.with_tag(1).as_ptr() == seen.as_ptr());
    // What does not fit in the alignment is cut off.
    assert_eq!(seen.with_tag(8 + 5).tag(), 5);
    // A compare-and-swap sees the tag.
    let two = zone.alloc(Wide(2)).with_tag(1);
    let refused = cell.compare_exchange(seen.with_tag(0), two, AcqRel, Acquire, &guard);
    let two = refused.expect_err("the tags differ").new;
    assert_eq!(two.tag(), 1);
    let Ok(new) = cell.compare_exchange(seen, two, AcqRel, Acquire, &guard) else {
        panic!("the tags agree");
    };
    assert_eq!(new.tag(), 1);
    assert!(new == cell.load(Acquire, &guard));
    let last = cell.swap(Shared::null(), AcqRel, &guard);
    for item in [seen, last] {
        // SAFETY: unlinked by the exchange; of this zone; once each.
        unsafe { zone.retire(item) };
    }
}
