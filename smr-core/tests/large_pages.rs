//! Kernels whose pages are larger than this crate's: `madvise` wants ranges that begin with one, and rounds their
//! length up, so that it may forget what lies behind them. Here it is stood in for, and so is what the kernel says of
//! its pages.
#![cfg(all(target_os = "linux", target_pointer_width = "64", target_env = "gnu"))]

use std::ffi::{c_int, c_long, c_void};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use smr_core::{Owned, Smr, Zone, mapped_bytes};

const KERNEL_PAGE: usize = 16 << 10;

static BROUGHT_IN: AtomicUsize = AtomicUsize::new(0);

/// Instead of the library's.
///
/// # Safety
/// As of that.
#[unsafe(no_mangle)]
unsafe extern "C" fn madvise(at: *mut c_void, len: usize, advice: c_int) -> c_int {
    if !at.addr().is_multiple_of(KERNEL_PAGE) {
        return -1;
    }
    if advice == libc::MADV_POPULATE_WRITE {
        BROUGHT_IN.fetch_add(1, Relaxed);
    }
    let len = len.next_multiple_of(KERNEL_PAGE);
    // SAFETY: the caller's contract.
    let done = unsafe { libc::syscall(libc::SYS_madvise, at, len, advice) };
    if done == 0 { 0 } else { -1 }
}

/// Instead of the library's.
#[unsafe(no_mangle)]
extern "C" fn sysconf(name: c_int) -> c_long {
    type Sysconf = extern "C" fn(c_int) -> c_long;
    if name == libc::_SC_PAGESIZE {
        return KERNEL_PAGE as c_long;
    }
    // SAFETY: it only looks for a name.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"sysconf".as_ptr()) };
    assert!(!next.is_null(), "the library has it");
    // SAFETY: that is its type.
    let next = unsafe { std::mem::transmute::<*mut c_void, Sysconf>(next) };
    next(name)
}

type Item = [u64; 8];

fn fill(zone: &Zone<Item>, who: u64) -> Vec<Owned<'_, Item>> {
    (0..100_000)
        .map(|i| zone.alloc([who, i, !i, who, i, !i, who, i]))
        .collect()
}

#[test]
fn pages_in_use_keep_what_they_hold() {
    let smr = Smr::new();
    let zone = Zone::with_cache_bytes(&smr, 0);
    for who in 0..3 {
        let items = fill(&zone, who);
        assert!(mapped_bytes() > 4 << 20, "spans are in use");
        assert!(BROUGHT_IN.load(Relaxed) > 0, "the stand-in is in use");
        let left: Vec<_> = (0..).zip(items).filter(|(i, _)| i % 700 == 0).collect();
        zone.flush();
        for (i, item) in &left {
            assert_eq!(**item, [who, *i, !i, who, *i, !i, who, *i]);
        }
    }
    drop(zone);
    assert_eq!(mapped_bytes(), 0);
}
