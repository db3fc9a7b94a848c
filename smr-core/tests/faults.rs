//! Memory that cannot be had, and a kernel that refuses membarrier.
//!
//! Scenarios that could end the process run in a child: this binary, told by a variable to run one
//! test only.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::process::{Command, Output};
use std::ptr::null_mut;

use common::{Item, Tally, domains, eager_domains, retire_new, settle};
use smr_core::{AllocError, BarrierKind, Smr, Zone};

/// The system's allocator, which a thread can tell to fail.
struct Failing;

thread_local! {
    /// Whether this thread's allocations fail at present.
    static FAIL: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: it is the system's allocator, or returns null, which is allowed.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if FAIL.with(Cell::get) {
            return null_mut();
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract; the memory came from the system's allocator.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if FAIL.with(Cell::get) {
            return null_mut();
        }
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Runs `f` without memory. It must not panic: that takes memory.
fn without_memory<R>(f: impl FnOnce() -> R) -> R {
    FAIL.with(|fail| fail.set(true));
    let result = f();
    FAIL.with(|fail| fail.set(false));
    result
}

const CHILD: &str = "SMR_TEST_CHILD";

/// Runs `body` in a child process: the caller is the test `name`, which the child runs alone.
fn in_child(name: &str, variables: &[(&str, &str)], body: fn()) {
    if std::env::var(CHILD).is_ok_and(|child| child == name) {
        body();
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, name);
    for (key, value) in variables {
        child.env(key, value);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = child.output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    if err.contains(SKIPPED) {
        eprintln!("{name}: {SKIPPED}");
    }
    assert!(status.success(), "{status}\n{out}\n{err}");
    assert!(out.contains("1 passed"), "the child ran nothing\n{out}");
}

const SKIPPED: &str = "skipped: seccomp is not permitted here";

/// Items of a warm zone: allocated before memory runs out, retired while there is none.
fn retire_without_memory(smr: &Smr, warm: usize, count: usize) -> (Tally, Zone<Item>) {
    let tally = Tally::new();
    let mut zone = Zone::new_in(smr);
    for _ in 0..warm {
        retire_new(&zone, tally.item());
    }
    let guard = smr.enter();
    let items: Vec<_> = (0..count)
        .map(|_| zone.alloc(tally.item()).into_shared(&guard))
        .collect();
    let dropped = tally.dropped();
    without_memory(|| {
        for &item in &items {
            // SAFETY: of this zone, never published, retired once.
            unsafe { zone.retire(item) };
        }
    });
    for item in &items {
        // SAFETY: retired under the guard, which is open.
        unsafe { item.deref() }.check();
    }
    // What the warm-up has retired may have been dropped meanwhile, nothing else.
    assert!(tally.dropped() <= dropped.max(warm));
    drop(items);
    drop(guard);
    settle(&zone);
    let leaked = zone.stats().leaked_items as usize;
    assert_eq!(
        tally.alive(),
        leaked,
        "what is not dropped is counted as leaked"
    );
    zone.check();
    (tally, zone)
}

/// Ours: retire must go on without memory; only after several failures in a row does it give up items,
/// and it counts them.
#[test]
fn retire_goes_on_without_memory() {
    in_child("retire_goes_on_without_memory", &[], || {
        for smr in eager_domains() {
            for warm in [0, 3, 100, 5_000] {
                let (_, zone) = retire_without_memory(&smr, warm, 10);
                if warm >= 100 {
                    assert_eq!(
                        zone.stats().leaked_items,
                        0,
                        "a warm cache has room for a few"
                    );
                }
                retire_without_memory(&smr, warm, 3_000);
            }
        }
    });
}

/// Sweeps allocate nothing: when memory is short is when they are called.
#[test]
fn sweeps_work_without_memory() {
    in_child("sweeps_work_without_memory", &[], || {
        for smr in domains() {
            for count in [3, 100, 5_000] {
                let tally = Tally::new();
                let mut zone = Zone::new_in(&smr);
                let fill = || {
                    std::thread::scope(|s| {
                        for _ in 0..3 {
                            s.spawn(|| (0..count).for_each(|_| retire_new(&zone, tally.item())));
                        }
                    });
                    (0..count).for_each(|_| retire_new(&zone, tally.item()));
                };
                fill();
                without_memory(|| settle(&zone));
                assert_eq!(tally.alive(), 0);
                fill();
                without_memory(|| {
                    let mut left = zone.stats().unreclaimed_items();
                    while left > 0 {
                        let dropped = zone.reclaim(100);
                        assert!(dropped <= 100);
                        left -= dropped as u64;
                    }
                });
                assert_eq!(tally.alive(), 0);
                fill();
                without_memory(|| zone.barrier());
                assert_eq!(tally.alive(), 0);
                assert_eq!(zone.stats().leaked_items, 0);
                zone.check();
            }
        }
    });
}

/// Retiring on and on without memory: containers come back with the buckets that expire.
#[test]
fn containers_come_round_without_memory() {
    in_child("containers_come_round_without_memory", &[], || {
        for smr in eager_domains() {
            let tally = Tally::new();
            let mut zone = Zone::new_in(&smr);
            (0..1_000).for_each(|_| retire_new(&zone, tally.item()));
            let items: Vec<_> = (0..20_000).map(|_| zone.alloc(tally.item())).collect();
            without_memory(|| {
                for item in items {
                    let guard = smr.enter();
                    // SAFETY: of this zone, never published, retired once.
                    unsafe { zone.retire(item.into_shared(&guard)) };
                }
            });
            settle(&zone);
            assert_eq!((tally.alive(), zone.stats().leaked_items), (0, 0));
            zone.check();
        }
    });
}

/// The zone works as before when memory is back.
#[test]
fn a_zone_recovers_when_memory_is_back() {
    in_child("a_zone_recovers_when_memory_is_back", &[], || {
        for smr in eager_domains() {
            let (_, mut zone) = retire_without_memory(&smr, 500, 2_000);
            let leaked = zone.stats().leaked_items;
            let tally = Tally::new();
            for _ in 0..5_000 {
                retire_new(&zone, tally.item());
            }
            settle(&zone);
            assert_eq!((tally.made(), tally.alive()), (5_000, 0));
            assert_eq!(zone.stats().leaked_items, leaked);
            zone.check();
        }
    });
}

/// Allocates until it fails; the item comes back each time.
fn alloc_without_memory(zone: &Zone<u64>) {
    let mut failures = 0;
    without_memory(|| {
        for i in 0..5_000 {
            match zone.try_alloc(i) {
                Ok(owned) => drop(owned.into_shared(&zone.enter())),
                Err(AllocError(back)) => failures += u64::from(back == i),
            }
        }
    });
    assert!(failures >= 4_000, "only {failures} failures");
    drop(zone.try_alloc(1).expect("memory is back"));
}

#[test]
fn try_alloc_returns_the_value_in_a_warm_zone() {
    in_child("try_alloc_returns_the_value_in_a_warm_zone", &[], || {
        for smr in eager_domains() {
            let zone = Zone::new_in(&smr);
            (0..1_000).for_each(|i| retire_new(&zone, i));
            alloc_without_memory(&zone);
        }
    });
}

/// Ours: making the zone's caches takes memory too; without it the zone must do without caches.
#[test]
fn try_alloc_returns_the_value_in_a_fresh_zone() {
    in_child("try_alloc_returns_the_value_in_a_fresh_zone", &[], || {
        for smr in eager_domains() {
            drop(smr.enter());
            alloc_without_memory(&Zone::new_in(&smr));
        }
    });
}

/// A short run of everything, for children in which membarrier is not to be had.
fn everything_works() {
    let smr = Smr::new();
    assert_eq!(smr.barrier_in_use(), BarrierKind::Fence);
    assert_eq!(smr_core::init(), BarrierKind::Fence);
    let tally = Tally::new();
    let zone = Zone::new_in(&smr);
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| (0..2_000).for_each(|_| retire_new(&zone, tally.item())));
        }
    });
    let guard = smr.enter();
    retire_new(&zone, tally.item());
    common::flush_in_vain(&zone);
    assert!(tally.alive() > 0);
    drop(guard);
    zone.barrier();
    assert_eq!(tally.alive(), 0);
    smr.synchronize();
    common::block_on(smr.observed(smr.advance()));
    assert_eq!((smr.stats().barriers, smr.stats().barriers_refused), (0, 0));
}

#[test]
fn the_variable_turns_membarrier_off() {
    in_child(
        "the_variable_turns_membarrier_off",
        &[("SMR_CORE_MEMBARRIER", "0")],
        everything_works,
    );
}

#[cfg(target_os = "linux")]
mod refused {
    use super::*;
    use std::time::Duration;

    /// Makes `membarrier` fail with `errno` for this thread and those that it starts; false if that
    /// is not permitted.
    fn refuse_membarrier(errno: i32) -> bool {
        let op = |code: u32, jt, jf, k| libc::sock_filter {
            code: code as u16,
            jt,
            jf,
            k,
        };
        let ret = libc::BPF_RET | libc::BPF_K;
        let mut program = [
            op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0), // the call's number
            op(
                libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
                0,
                1,
                libc::SYS_membarrier as u32,
            ),
            op(ret, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32),
            op(ret, 0, 0, libc::SECCOMP_RET_ALLOW),
        ];
        let filter = libc::sock_fprog {
            len: program.len() as u16,
            filter: program.as_mut_ptr(),
        };
        // SAFETY: takes four plain numbers.
        let no_new = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        // SAFETY: the filter is a valid program that lives through the call.
        let set = unsafe {
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const filter,
            )
        };
        if no_new != 0 || set != 0 {
            eprintln!("{SKIPPED}");
            return false;
        }
        // SAFETY: membarrier takes a command, flags and a processor number.
        let answer = unsafe { libc::syscall(libc::SYS_membarrier, 0, 0, 0) };
        assert_eq!(answer, -1, "the filter is in force");
        true
    }

    #[test]
    fn from_the_start_with_enosys() {
        in_child("refused::from_the_start_with_enosys", &[], || {
            if refuse_membarrier(libc::ENOSYS) {
                everything_works();
            }
        });
    }

    #[test]
    fn from_the_start_with_eperm() {
        in_child("refused::from_the_start_with_eperm", &[], || {
            if refuse_membarrier(libc::EPERM) {
                everything_works();
            }
        });
    }

    /// A filter installed after start-up: readers are light by then, so every poll must fail, and
    /// nothing may be freed. A zone's drop needs no barrier.
    #[test]
    fn after_the_start() {
        in_child("refused::after_the_start", &[], || {
            if smr_core::init() == BarrierKind::Fence {
                eprintln!("there is no membarrier here to begin with");
                return;
            }
            let smr = Smr::new();
            let fencing = Smr::builder().barrier(smr_core::Barrier::Fence).build();
            let (tally, others) = (Tally::new(), Tally::new());
            let mut zone = Zone::new_in(&smr);
            (0..1_000).for_each(|_| retire_new(&zone, tally.item()));
            settle(&zone);
            let dropped = tally.dropped();
            if !refuse_membarrier(libc::EPERM) {
                return;
            }
            let before = smr.stats();
            for _ in 0..10 {
                (0..1_000).for_each(|_| retire_new(&zone, tally.item()));
                let guard = smr.enter(); // outside of sections a narrow clock's advance may wait
                let goal = smr.advance();
                drop(guard);
                assert!(!smr.poll(goal));
                assert!(!smr.wait_timeout(goal, Duration::from_millis(2)));
                zone.flush();
                zone.reclaim(100);
            }
            assert_eq!(tally.dropped(), dropped, "freed without a barrier");
            assert_eq!(zone.stats().unreclaimed_items(), 10_000);
            let after = smr.stats();
            assert!(after.barriers_refused > before.barriers_refused);
            assert_eq!(after.barriers, before.barriers);
            // A domain whose readers fence does not mind.
            let zone_of_fencing = Zone::new_in(&fencing);
            (0..1_000).for_each(|_| retire_new(&zone_of_fencing, others.item()));
            settle(&zone_of_fencing);
            assert_eq!(others.alive(), 0);
            zone.check();
            drop(zone);
            assert_eq!(tally.alive(), 0);
        });
    }
}
