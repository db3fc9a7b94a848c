//! What stays bounded: memory in limbo by its bytes, the work of one operation, lists of sleepers; and
//! the counters that must balance.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::time::Duration;

use common::{Holder, Tally, domains, eager_domains, retire_new, settle};
use smr_core::{Mode, Smr, Zone};

/// Counts what it does, by thread.
struct Counting;

thread_local! {
    static FREED: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = LIVE.try_with(|live| live.set(live.get() + layout.size() as isize));
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let _ = FREED.try_with(|freed| freed.set(freed.get() + 1));
        let _ = LIVE.try_with(|live| live.set(live.get() - layout.size() as isize));
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn freed_by(f: impl FnOnce()) -> usize {
    let before = FREED.get();
    f();
    FREED.get() - before
}

/// The most items that wait while `count` of `T` are retired in short sections.
fn most_waiting<T>(zone: Zone<T>, count: usize, make: impl Fn() -> T) -> u64 {
    let mut most = 0;
    for _ in 0..count {
        retire_new(&zone, make());
        most = most.max(zone.stats().unreclaimed_items());
    }
    most
}

/// The cap is one of bytes: large items must not wait in buckets that suit small ones.
#[test]
fn large_items_wait_in_small_buckets() {
    /// A quarter of the default, and items a quarter as large: they pass through the stack by value.
    const QUOTA: usize = 48 << 10;
    for smr in eager_domains() {
        let most = most_waiting(Zone::new_in(&smr), 2_000, || Box::new(0)); // a drop that is seen
        assert!(most > 16, "{smr:?}");
        let most = most_waiting(Zone::with_cache_bytes(&smr, QUOTA), 300, || [0u8; 16 << 10]);
        // One quota in the thread's limbo, one in the depot, and what is not numbered or looked at yet.
        assert!(
            most as usize * (16 << 10) <= 4 * QUOTA,
            "{most} of 16 KiB, {smr:?}"
        );
        let most = most_waiting(Zone::with_cache_bytes(&smr, QUOTA), 100, || [0u8; 64 << 10]);
        assert!(most <= 6, "{most} of 64 KiB, {smr:?}");
    }
}

/// After a stall a long backlog expires at once; no single operation pays for all of it.
#[test]
fn one_operation_frees_little_after_a_stall() {
    for smr in eager_domains() {
        let zone = Zone::new_in(&smr);
        let holder = Holder::of(&smr);
        (0..100_000).for_each(|i| retire_new(&zone, i));
        assert_eq!(zone.stats().reclaimed_items, 0);
        holder.end();
        for i in 0..20_000 {
            let freed = freed_by(|| retire_new(&zone, i));
            assert!(freed <= 1_100, "{freed} slots freed by retire {i}, {smr:?}");
        }
        let left = zone.stats().unreclaimed_items();
        assert!(left < 50_000, "{left} are left, {smr:?}");
    }
}

/// The same for items whose drop must be run.
#[test]
fn one_operation_runs_few_drops_after_a_stall() {
    for smr in eager_domains() {
        let tally = Tally::new();
        let zone = Zone::new_in(&smr);
        let holder = Holder::of(&smr);
        (0..100_000).for_each(|_| retire_new(&zone, tally.item()));
        holder.end();
        for i in 0..50_000 {
            let before = tally.dropped();
            retire_new(&zone, tally.item());
            let drops = tally.dropped() - before;
            assert!(drops <= 16, "{drops} drops in operation {i}, {smr:?}");
        }
        let left = tally.alive();
        assert!(
            left < 10_000,
            "{left} left: drops must be faster than retires"
        );
        settle(&zone);
        assert_eq!(tally.alive(), 0);
    }
}

/// A zone with little traffic costs little.
#[test]
fn a_small_zone_has_no_caches() {
    let smr = Smr::new();
    drop(smr.enter());
    let before = LIVE.get();
    let zones: Vec<Zone<u64>> = (0..100).map(|_| Zone::new_in(&smr)).collect();
    zones.iter().for_each(|zone| {
        (0..5).for_each(|i| retire_new(zone, i));
        zone.flush();
    });
    let each = (LIVE.get() - before) / 100;
    assert!(
        each < 512 + size_of::<Zone<u64>>() as isize,
        "{each} bytes a zone"
    );
}

/// Futures and waits that give up leave nothing behind, however long the section lasts.
#[test]
fn abandoned_waits_do_not_pile_up() {
    for smr in eager_domains() {
        let holder = Holder::of(&smr);
        let goal = smr.advance();
        let before = LIVE.get();
        for _ in 0..20_000 {
            let future = pin!(smr.observed(goal));
            assert!(
                future
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }
        for _ in 0..500 {
            assert!(!smr.wait_timeout(goal, Duration::from_micros(1)));
        }
        let left = LIVE.get() - before;
        assert!(left < 64 << 10, "{left} bytes are left, {smr:?}");
        holder.end();
        smr.wait(goal);
    }
}

/// Waiting for a tick is no reason to keep a processor busy.
#[cfg(target_os = "linux")]
#[test]
fn a_lazy_wait_sleeps() {
    fn processor_time() -> Duration {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `time` is writable.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        assert_eq!(failed, 0);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
    let tick = Duration::from_millis(400);
    let smr = Smr::builder().mode(Mode::Lazy { tick }).build();
    smr.wait(smr.advance());
    let start = (std::time::Instant::now(), processor_time());
    smr.wait(smr.advance());
    let (wall, spent) = (start.0.elapsed(), processor_time() - start.1);
    assert!(wall >= tick / 2, "the wait took {wall:?}");
    assert!(spent < wall / 4, "{spent:?} of {wall:?} spent waiting");
}

/// Everything is counted on both sides, in the zones and in their domain, whichever way it goes.
#[test]
fn counters_balance() {
    for smr in domains() {
        for count in [1, 10, 1_000] {
            let zone = Zone::new_in(&smr);
            (0..count).for_each(|i| retire_new(&zone, i));
            let stats = zone.stats();
            assert_eq!(stats.retired_items, count);
            assert_eq!(stats.unreclaimed_bytes(), stats.unreclaimed_items() * 8);
            if count == 10 {
                zone.barrier();
                assert_eq!(zone.stats().reclaimed_items, count);
            }
            drop(zone); // the rest
        }
        let stats = smr.stats();
        assert_eq!(stats.retired_items, 1_011, "{smr:?}");
        assert_eq!(stats.reclaimed_items, 1_011, "{smr:?}");
        assert_eq!(
            (stats.retired_bytes, stats.reclaimed_bytes),
            (8_088, 8_088),
            "{smr:?}"
        );
    }
}

#[test]
fn advances_and_polls_are_counted() {
    let smr = Smr::new();
    let holder = Holder::of(&smr);
    let before = smr.stats();
    let goal = smr.advance();
    for _ in 0..10 {
        assert!(!smr.poll(goal));
    }
    holder.end();
    smr.wait(goal);
    assert!(smr.poll(goal));
    let after = smr.stats();
    assert_eq!(after.advance, before.advance + 1);
    assert!(after.poll >= before.poll + 12);
    assert!(after.poll_fail >= before.poll_fail + 10);
    assert!(after.poll_scan > before.poll_scan);
    // In lazy mode polls move the clock; that counts too.
    let tick = Duration::from_micros(1);
    let smr = Smr::builder().mode(Mode::Lazy { tick }).build();
    for _ in 0..20 {
        smr.synchronize();
    }
    assert!(smr.stats().advance >= 20, "{:?}", smr.stats());
}

/// Items without a size, and with a large alignment, have addresses that fit.
#[test]
fn odd_layouts_work() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Nothing;
    impl Drop for Nothing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    #[repr(align(4096))]
    struct Page(u8);

    let smr = Smr::new();
    let zone = Zone::new_in(&smr);
    let guard = smr.enter();
    let two = [(); 2].map(|()| zone.alloc(Nothing).into_shared(&guard));
    assert!(two[0] != two[1], "two items, two addresses");
    for item in two {
        // SAFETY: of this zone, never published, retired once.
        unsafe { zone.retire(item) };
    }
    drop(guard);
    (0..1_000).for_each(|_| retire_new(&zone, Nothing));
    drop(zone);
    assert_eq!(DROPPED.load(Relaxed), 1_002);

    let zone = Zone::new_in(&smr);
    for i in 0..200 {
        let page = zone.alloc(Page(i));
        assert_eq!((&raw const *page).addr() % 4096, 0);
        assert_eq!(page.0, i);
        let guard = smr.enter();
        // SAFETY: as above.
        unsafe { zone.retire(page.into_shared(&guard)) };
    }
}

/// A sweep may leave buckets half empty, or known to be observed: whoever goes on with them must count
/// them right, items without a drop too.
#[test]
fn counters_balance_while_others_sweep() {
    for smr in eager_domains() {
        let mut zone: Zone<u64> = Zone::new_in(&smr);
        for budget in [1, 5, 40, 2_000] {
            let holder = Holder::of(&smr);
            (0..10_000).for_each(|i| retire_new(&zone, i));
            holder.end();
            zone.reclaim(budget);
            (0..500).for_each(|i| retire_new(&zone, i));
        }
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    for i in 0..60_000 {
                        let _held = (i / 5_000 % 2 == 0).then(|| smr.enter());
                        retire_new(&zone, i);
                    }
                });
            }
            for _ in 0..200 {
                zone.flush();
                zone.reclaim(3);
            }
        });
        settle(&zone);
        let stats = zone.stats();
        assert_eq!(stats.retired_items, 4 * 10_500 + 120_000);
        assert_eq!(stats.reclaimed_items, stats.retired_items);
        zone.check();
    }
}

/// Items that one thread allocates and another gives back unpublished: the other's stock is bounded.
#[test]
fn a_stock_of_raw_slots_is_bounded() {
    let zone: Zone<[u64; 9]> = Zone::new_in(&Smr::new());
    let (give, take) = std::sync::mpsc::sync_channel(100);
    let live: isize = std::thread::scope(|s| {
        let zone = &zone;
        let producer = s.spawn(move || {
            let before = LIVE.get();
            for _ in 0..300_000 {
                give.send(zone.alloc([0; 9])).unwrap();
            }
            drop(give);
            LIVE.get() - before
        });
        let consumer = s.spawn(move || {
            let before = LIVE.get();
            take.into_iter().for_each(drop);
            LIVE.get() - before
        });
        producer.join().unwrap() + consumer.join().unwrap()
    });
    // 20 MB went through.
    assert!(live < 4 << 20, "{live} bytes are kept");
}
