//! The system's allocator, which counts what is asked of it while somebody wants to know; and what maps of ours
//! have mapped for themselves.
//!
//! Otherwise it costs a load and a branch, for everyone alike.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ON: AtomicBool = AtomicBool::new(false);

/// Bytes allocated less bytes freed since counting began, and less what was mapped then: what was there before may
/// be freed.
static LIVE: AtomicI64 = AtomicI64::new(0);

static MOST: AtomicI64 = AtomicI64::new(0);

static COUNT: Mutex<()> = Mutex::new(());

struct Counting;

/// The length of a layout; the standard library allows none that is longer than `isize::MAX`.
fn bytes(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

// Relaxed: one thread allocates what is counted, and others free a little of it.
#[inline]
fn count(change: impl FnOnce() -> i64) {
    if ON.load(Ordering::Relaxed) {
        let change = change();
        let live = LIVE.fetch_add(change, Ordering::Relaxed) + change;
        MOST.fetch_max(live + mapped(), Ordering::Relaxed);
    }
}

/// What spans have, besides the allocator.
fn mapped() -> i64 {
    bytes(smr_core::mapped_bytes())
}

// SAFETY: `System` does all of the work, and counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|| bytes(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(|| bytes(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(|| bytes(size) - bytes(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(|| -bytes(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Counts from 0, all threads together, until it is dropped; one at a time.
pub(crate) struct Count(#[allow(dead_code)] MutexGuard<'static, ()>);

impl Count {
    pub(crate) fn start() -> Count {
        let count = Count(COUNT.lock().unwrap_or_else(PoisonError::into_inner));
        LIVE.store(-mapped(), Ordering::Relaxed);
        MOST.store(0, Ordering::Relaxed);
        ON.store(true, Ordering::Relaxed);
        count
    }

    /// Bytes asked for and not yet freed.
    pub(crate) fn live(&self) -> i64 {
        LIVE.load(Ordering::Relaxed) + mapped()
    }

    /// The most that were live at any time when memory was asked for or freed, or now.
    pub(crate) fn most(&self) -> i64 {
        MOST.load(Ordering::Relaxed).max(self.live())
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        ON.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_live() {
        const MEGA: i64 = 1 << 20;
        // Other tests allocate too, but not that much. These bytes are never touched.
        let near = |bytes: i64, megas: i64| (bytes - megas * MEGA).abs() < 200 * MEGA;
        let count = Count::start();
        let mut bytes: Vec<u8> = Vec::with_capacity(500 << 20);
        assert!(near(count.live(), 500), "{}", count.live());
        bytes.reserve_exact(1500 << 20);
        assert!(near(count.live(), 1500), "{}", count.live());
        drop(bytes);
        assert!(near(count.live(), 0), "{}", count.live());
        assert!(near(count.most(), 1500), "{}", count.most());
    }
}
