//! Processes that have many pages take them from spans.
#![cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64"
))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::Barrier as Start;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use smr_core::{Barrier, Owned, Shared, Smr, Zone, mapped_bytes};

const MIB: usize = 1 << 20;
const SPAN: usize = 2 * MIB;

/// The system's allocator, which counts bytes.
struct Counting;

static BYTES: AtomicIsize = AtomicIsize::new(0);

fn count(layout: Layout, sign: isize) {
    BYTES.fetch_add(sign * layout.size().cast_signed(), Relaxed);
}

// SAFETY: the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout, 1);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(layout, -1);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Item = [u64; 8];

/// Mebibytes of items, or 256 KiB, of which each says whose it is.
fn fill(zone: &Zone<Item>, who: u64, mib: usize) -> Vec<Owned<'_, Item>> {
    let n = (mib * MIB).max(MIB / 4) / size_of::<Item>();
    (0..n as u64)
        .map(|i| zone.alloc([who, i, !i, who, i, !i, who, i]))
        .collect()
}

fn check(items: &[Owned<'_, Item>], who: u64) {
    for (i, item) in (0..).zip(items) {
        assert_eq!(**item, [who, i, !i, who, i, !i, who, i]);
    }
}

/// What fills spans is not overwritten by others, and goes back to the system.
fn spans_come_and_go(smr: Smr, expected: bool) {
    let before = BYTES.load(Relaxed);
    let zone = Zone::new_in(&smr);
    let few = fill(&zone, 7, 0);
    assert_eq!(mapped_bytes(), 0, "few pages come from the system");
    let first = fill(&zone, 0, 4);
    let some = mapped_bytes();
    assert_eq!(some > 0, expected);
    if expected {
        assert!(
            (3 * MIB..5 * MIB).contains(&some),
            "{some} for less than 4 MiB"
        );
    }
    let second = fill(&zone, 1, 16);
    let many = mapped_bytes();
    assert_eq!(many > 0, expected);
    if expected {
        assert!((19 * MIB..24 * MIB).contains(&many), "{many} for 20 MiB");
    }
    check(&few, 7);
    check(&first, 0);
    check(&second, 1);
    drop(second);
    zone.flush();
    // What is still idle belongs to the threads' stocks.
    assert!(mapped_bytes() <= some + 2 * SPAN, "spans go back");
    check(&few, 7);
    check(&first, 0);
    drop((few, first));

    let start = Start::new(4);
    std::thread::scope(|scope| {
        for who in 0..4 {
            let (zone, start) = (&zone, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..3 {
                    let items = fill(zone, who, 6);
                    check(&items, who);
                    for item in items {
                        let item = item.into_shared(&zone.enter()).as_raw();
                        // SAFETY: of this zone, never published, retired once.
                        unsafe { zone.retire(Shared::from_raw(item)) };
                    }
                }
            });
        }
    });
    drop(zone);
    assert_eq!(mapped_bytes(), 0, "all spans go back");
    drop(smr);
    let left = BYTES.load(Relaxed) - before;
    assert!(left < MIB.cast_signed(), "{left} bytes are left");
}

/// Around the threshold nobody maps a span each time.
fn one_is_kept_for_zones_that_come_and_go() {
    let smr = Smr::new();
    let zone = Zone::new_in(&smr);
    // Three spans are full, and there is room in a fourth, but not for all of the small zone.
    let most = fill(&zone, 0, 7);
    let mut expected = None;
    for round in 0..3 {
        let small = Zone::new_in(&smr);
        let items = fill(&small, 1, 2);
        let mapped = mapped_bytes();
        assert_eq!(*expected.get_or_insert(mapped), mapped, "round {round}");
        check(&items, 1);
        drop(items);
        drop(small);
        assert_eq!(mapped_bytes(), mapped, "one is kept in round {round}");
    }
    check(&most, 0);
    // All the others stay in use. The one that was kept is a huge one.
    let mapped = mapped_bytes();
    let few: Vec<_> = most
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % 10_000 == 0)
        .collect();
    let now = mapped_bytes();
    assert!(now > mapped / 2, "{now} of {mapped} bytes: they are in use");
    assert!(now <= mapped - SPAN, "{now} of {mapped} bytes: it is kept");
    for (i, item) in few {
        let i = i as u64;
        assert_eq!(*item, [0, i, !i, 0, i, !i, 0, i]);
    }
    drop(zone);
    assert_eq!(
        mapped_bytes(),
        0,
        "none is kept by a process that has few pages"
    );
}

/// What is idle in a span is used before another is mapped.
fn what_is_left_of_a_span_is_used() {
    let smr = Smr::new();
    let (large, small) = (Zone::new_in(&smr), Zone::new_in(&smr));
    let most = fill(&large, 0, 8);
    let left = fill(&small, 1, 1);
    drop(most);
    drop(large);
    assert!(mapped_bytes() <= 2 * SPAN, "the others go back");
    let bytes = || BYTES.load(Relaxed) + mapped_bytes().cast_signed();
    let before = bytes();
    let other = Zone::new_in(&smr);
    let more = fill(&other, 2, 1);
    // Their list, which takes as much as a quarter of them, and the zone's own.
    let grown = bytes() - before;
    assert!(grown < 512 << 10, "{grown} bytes are not of the spans");
    check(&left, 1);
    check(&more, 2);
}

/// How much of the process is in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = statm.split(' ').nth(1).expect("the second field");
    pages.parse::<usize>().expect("a number") * system_page()
}

fn system_page() -> usize {
    // SAFETY: it only asks.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
        .try_into()
        .expect("a size")
}

/// A flush gives memory back though there is no span without a page in use; and such pages come back to use.
fn what_is_idle_goes_back() {
    let smr = Smr::new();
    let zone = Zone::with_cache_bytes(&smr, 0);
    for _ in 0..3 {
        let items = fill(&zone, 0, 6);
        let (mapped, had) = (mapped_bytes(), resident());
        // Of some 1,500 pages, every 30th is used.
        let mut left = Vec::new();
        for (i, item) in items.into_iter().enumerate() {
            if i % 2_000 == 0 {
                left.push(item);
            }
        }
        assert!(mapped_bytes() > mapped / 2, "all spans are in use");
        zone.flush();
        let (mapped, has) = (mapped_bytes(), resident());
        if system_page() == 4096 {
            assert!(mapped < MIB, "{mapped} bytes in spans are left");
            assert!(had - has > 4 * MIB, "{had} bytes in memory, and {has}");
        }
        let more = fill(&zone, 1, 6);
        check(&more, 1);
        for (i, item) in (0..).step_by(2_000).zip(&left) {
            assert_eq!(**item, [0, i, !i, 0, i, !i, 0, i]);
        }
    }
    drop(zone);
    assert_eq!(mapped_bytes(), 0);
}

/// Who finds another thread trimming leaves nothing behind.
fn spans_go_back_when_all_threads_are_done() {
    for round in 0..60 {
        let (smr, start) = (Smr::new(), Start::new(6));
        std::thread::scope(|scope| {
            for who in 0..6 {
                let (smr, start) = (&smr, &start);
                scope.spawn(move || {
                    let zone = Zone::with_cache_bytes(smr, 0);
                    let items = fill(&zone, who, 4);
                    start.wait();
                    check(&items, who);
                    drop(items);
                });
            }
        });
        assert_eq!(mapped_bytes(), 0, "round {round}");
    }
}

const ROLE: &str = "SPANS_TEST_ROLE";

#[test]
fn spans_come_and_go_and_can_be_turned_off() {
    match std::env::var(ROLE).as_deref() {
        Ok("off") => return spans_come_and_go(Smr::new(), false),
        // Without another domain, nobody asks for the process's barrier.
        Ok(_) => {
            let smr = Smr::builder().barrier(Barrier::Fence).build();
            return spans_come_and_go(smr, true);
        }
        Err(_) => spans_come_and_go(Smr::new(), true),
    }
    one_is_kept_for_zones_that_come_and_go();
    what_is_left_of_a_span_is_used();
    what_is_idle_goes_back();
    spans_go_back_when_all_threads_are_done();
    assert_eq!(mapped_bytes(), 0);
    let this = std::env::current_exe().expect("the test's file");
    for (role, switch) in [("off", "0"), ("fences", "1")] {
        let status = Command::new(&this)
            .arg("spans_come_and_go_and_can_be_turned_off")
            .envs([(ROLE, role), ("SMR_CORE_HUGE_PAGES", switch)])
            .status();
        assert!(status.expect("it starts").success(), "{role}");
    }
}
