//! Where slots come from: their places do not overlap, they are aligned, and their memory goes back to the
//! system.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smr_core::{Owned, Smr, Zone};

/// The system's allocator, which counts for each thread.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
}

// SAFETY: the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What this thread has asked for and not given back, and the process's spans, which are no allocator's.
fn live() -> isize {
    LIVE.get() + smr_core::mapped_bytes().cast_signed()
}

/// The tests take turns: all zones take pages from the same spans.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As many items as need many pages, or none: each has a place of its own, and stays what it is.
fn items_have_places<T: Clone + PartialEq + std::fmt::Debug>(make: impl Fn(usize) -> T) {
    let smr = Smr::new();
    let zone = Zone::new_in(&smr);
    for round in 0..3 {
        let items: Vec<Owned<'_, T>> = (0..2_000).map(|i| zone.alloc(make(i + round))).collect();
        let mut places = BTreeSet::new();
        for (i, item) in items.iter().enumerate() {
            assert_eq!(**item, make(i + round));
            let at = std::ptr::from_ref(&**item).addr();
            assert!(at.is_multiple_of(align_of::<T>()), "{at:#x}");
            assert!(places.insert(at), "{at:#x} twice");
        }
        let size = size_of::<T>().max(1);
        let mut after = places.iter().skip(1);
        assert!(
            places
                .iter()
                .all(|at| after.next().is_none_or(|b| b - at >= size))
        );
        // Some are dropped at once, some retired.
        for (i, item) in items.into_iter().enumerate() {
            if i % 2 == 0 {
                let shared = item.into_shared(&zone.enter()).as_raw();
                // SAFETY: of this zone, never published.
                unsafe { zone.retire(smr_core::Shared::from_raw(shared)) };
            }
        }
    }
}

#[test]
fn of_numbers() {
    let _alone = alone();
    items_have_places(|i| i as u64);
    items_have_places(|i| i as u8);
    items_have_places(|i| [i as u16; 9]);
}

#[test]
fn of_boxes() {
    let _alone = alone();
    items_have_places(Box::new);
}

#[test]
fn of_nothing() {
    let _alone = alone();
    items_have_places(|_| ());
}

#[test]
fn of_large_items() {
    let _alone = alone();
    items_have_places(|i| [i; 60]);
    items_have_places(|i| [i; 1_000]);
}

#[test]
fn of_aligned_items() {
    let _alone = alone();
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(64))]
    struct Line(usize);
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(1024))]
    struct Wide(usize);
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(4096))]
    struct Page(usize);
    items_have_places(Line);
    items_have_places(Wide);
    items_have_places(Page);
}

#[test]
fn memory_goes_back() {
    let _alone = alone();
    let smr = Smr::new();
    drop(smr.enter()); // what the thread needs for itself
    let before = live();
    let zone: Zone<[u64; 3]> = Zone::new_in(&smr);
    const ITEMS: usize = 50_000;
    let fill = || -> Vec<_> { (0..ITEMS).map(|i| zone.alloc([i as u64; 3])).collect() };
    drop(fill());
    zone.flush();
    let empty = live();
    let items = fill();
    let full = live() - empty - (ITEMS * size_of::<Owned<'_, [u64; 3]>>()).cast_signed();
    let needed = (ITEMS * 24).cast_signed();
    assert!(full >= needed, "{full} for {needed}");
    // Pages are brought in some ahead.
    let ahead = 17 << 12;
    assert!(
        full < needed + needed / 20 + needed / 16 + ahead,
        "{full} for {needed}"
    );
    let mut raw: Vec<_> = items
        .into_iter()
        .map(|item| item.into_shared(&zone.enter()).as_raw())
        .collect();
    // In another order, so that pages empty late.
    raw.sort_unstable_by_key(|at| (at.addr() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for item in raw {
        // SAFETY: of this zone, never published.
        unsafe { zone.retire(smr_core::Shared::from_raw(item)) };
    }
    assert_eq!(zone.flush(), 0);
    // Containers stay.
    let left = live() - empty;
    assert!(left < needed / 20, "{left} more than at first");
    drop(zone);
    assert_eq!(live(), before);
}

/// Small zones take little.
#[test]
fn a_few_items_need_no_page() {
    let _alone = alone();
    let smr = Smr::new();
    let before = live();
    let zone: Zone<u64> = Zone::new_in(&smr);
    assert_eq!(live(), before, "an empty one has allocated nothing");
    let items: Vec<_> = std::iter::repeat_n((), 8).map(|()| zone.alloc(5)).collect();
    let taken = live() - before;
    assert!(taken < 1_000, "{taken} bytes for {}", items.len());
    drop(items);
    drop(zone);
    assert_eq!(live(), before);
    let zone: Zone<[u64; 60]> = Zone::new_in(&smr);
    let items: Vec<_> = std::iter::repeat_n((), 4)
        .map(|()| zone.alloc([5; 60]))
        .collect();
    let taken = live() - before;
    assert!(taken < 3_000, "{taken} bytes for {}", items.len());
}

/// Pages fill on one thread and empty on another, while both do the same.
#[test]
fn slots_go_round_between_threads() {
    let _alone = alone();
    let smr = Smr::new();
    for _ in 0..20 {
        let zone: Zone<Box<u64>> = Zone::new_in(&smr);
        std::thread::scope(|s| {
            let (send, receive) = std::sync::mpsc::channel::<usize>();
            let zone = &zone;
            s.spawn(move || {
                for i in 0..3_000u64 {
                    let item = zone.alloc(Box::new(i)).into_shared(&zone.enter()).as_raw();
                    send.send(item.expose_provenance()).unwrap();
                }
            });
            s.spawn(move || {
                for (i, at) in (0..).zip(receive) {
                    let item: *mut Box<u64> = std::ptr::with_exposed_provenance_mut(at);
                    // SAFETY: not retired yet.
                    assert_eq!(unsafe { &**item }, &i);
                    // SAFETY: of this zone, never published.
                    unsafe { zone.retire(smr_core::Shared::from_raw(item)) };
                    if i % 500 == 0 {
                        zone.flush();
                    }
                }
            });
        });
    }
}

/// Ours: neighbours share words of AddressSanitizer's map, which was written by two threads at once.
#[test]
fn neighbours_belong_to_two_threads() {
    let _alone = alone();
    let smr = Smr::new();
    let zone: Zone<[u8; 12]> = Zone::new_in(&smr);
    let mut halves = [Vec::new(), Vec::new()];
    for i in 0..40 {
        halves[i % 2].push(zone.alloc([0; 12]));
    }
    std::thread::scope(|s| {
        for half in halves {
            s.spawn(|| {
                let mut items = half;
                for round in 0..50_000 {
                    let n = items.len();
                    items.clear();
                    items.extend((0..n).map(|_| zone.alloc([round as u8; 12])));
                    assert!(items.iter().all(|item| **item == [round as u8; 12]));
                }
            });
        }
    });
}

/// What a thread may hold follows the zone's pages, and shrinks while others are at work.
#[test]
fn quotas_shrink_at_any_time() {
    let _alone = alone();
    let smr = Smr::new();
    let zone: Zone<[u64; 63]> = Zone::with_cache_range(&smr, 8 << 10..=192 << 10);
    /// Also if an assertion fails: the other thread waits for it.
    struct Done<'d>(&'d AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            while !done.load(Relaxed) {
                let item = zone.alloc([7; 63]).into_shared(&zone.enter()).as_raw();
                // SAFETY: of this zone, never published, retired once.
                unsafe { zone.retire(smr_core::Shared::from_raw(item)) };
            }
        });
        let _done = Done(&done);
        for _ in 0..1_500 {
            let items: Vec<_> = (0..70 * 8).map(|_| zone.alloc([8; 63])).collect();
            assert!(items.iter().all(|item| **item == [8; 63]));
            drop(items);
            zone.flush();
        }
    });
    // Nobody has left a cache that cannot be had.
    zone.barrier();
}

/// Whatever has piled up, an operation gives back a few pages at most. Without spans: their memory stays as long as one
/// page of hundreds is in use.
#[test]
fn one_operation_returns_a_few_pages() {
    let _alone = alone();
    let switch = "SMR_CORE_HUGE_PAGES";
    if std::env::var(switch).as_deref() != Ok("0") {
        let this = std::env::current_exe().expect("the test's file");
        let mut other = std::process::Command::new(this);
        other.args(["--exact", "one_operation_returns_a_few_pages"]);
        let status = other.env(switch, "0").status();
        assert!(status.expect("it starts").success());
        return;
    }
    let smr = Smr::new();
    let zone: Zone<[u64; 3]> = Zone::new_in(&smr);
    let make = |n: usize| -> Vec<_> { (0..n).map(|i| zone.alloc([i as u64; 3])).collect() };
    let mut items = make(400_000);
    drop(make(100_000)); // what others may need
    // In another order, so that pages empty late, and all at once.
    items.sort_unstable_by_key(|item| item[0].wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut items = items.into_iter();
    let (before, mut most) = (live(), 0);
    while items.len() > 0 {
        let now = live();
        drop(items.next());
        most = most.max(now - live());
    }
    assert!(most < 300_000, "{most} bytes at once");
    let back = before - live();
    assert!(back > 7_000_000, "only {back} bytes have come back");
}

/// Threads that keep little take pages from each other all the time, and trim.
#[test]
fn threads_take_from_the_same_pages() {
    let _alone = alone();
    const THREADS: usize = 4;
    let smr = Smr::new();
    let zone: Zone<[usize; 3]> = Zone::with_cache_bytes(&smr, 256);
    std::thread::scope(|s| {
        for thread in 0..THREADS {
            let zone = &zone;
            s.spawn(move || {
                let mut held = Vec::new();
                for round in 0..2_000 {
                    held.extend((0..200).map(|i| zone.alloc([thread, round, i])));
                    // What is kept holds on to many pages.
                    let mut i = 0;
                    held.retain(|item| {
                        assert_eq!(item[0], thread, "allocated twice");
                        i += 1;
                        i % 3 == round % 3
                    });
                    if round % 50 == 0 {
                        zone.flush();
                    }
                }
            });
        }
    });
}
