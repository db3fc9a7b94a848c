//! What `HashMap` and `SkipMap` allocate, by an allocator that counts: nothing when they are empty, nothing more
//! for constant work, and nothing is left.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use structures::testing::maps::Hash as Fnv;
use structures::{HashMap, SkipMap, SkipSet, Smr};

struct Counting;

thread_local! {
    /// Allocations of this thread, and bytes that it has and has not given back.
    static COUNTS: Cell<(usize, isize)> = const { Cell::new((0, 0)) };
}

fn count(allocations: usize, bytes: isize) {
    // Not while the thread ends.
    let _ = COUNTS.try_with(|c| {
        let (n, alive) = c.get();
        c.set((n + allocations, alive + bytes));
    });
}

// SAFETY: the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> usize {
    COUNTS.get().0
}

fn bytes() -> isize {
    COUNTS.get().1 + smr_core::mapped_bytes().cast_signed()
}

/// The tests take turns: the pages of all maps come from the same spans.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn an_empty_map_is_small_and_allocates_nothing() {
    let _alone = alone();
    let size = size_of::<HashMap<u64, u64>>();
    assert!(size <= 256, "{size} bytes");
    // The thread's own, once.
    drop(Smr::global().enter());
    let before = allocations();
    let map = HashMap::<String, String, _>::with_hasher(Fnv::<0>::default());
    {
        let map = map.pin();
        assert!(map.is_empty() && map.get("a").is_none() && map.remove("a").is_none());
        assert!(map.iter().next().is_none() && map.drain().next().is_none());
        map.retain(|_, _| true);
        map.clear();
        map.get_many::<String>(&[], &mut []);
        map.reserve(0);
        assert_eq!((map.len(), map.map().capacity()), (0, 0));
    }
    assert!(map.into_iter().next().is_none());
    drop(HashMap::<u8, u8>::new());
    drop(HashMap::<u8, u8>::with_capacity(0));
    drop(HashMap::<u8, u8>::builder().build());
    assert_eq!(allocations(), before);
}

/// At constant size the table does not grow, and what is removed makes room for what comes.
#[test]
fn constant_work_takes_no_memory() {
    let _alone = alone();
    for size in [10, 300, 5_000] {
        let map = HashMap::<u64, u64, Fnv<0>>::with_hasher_in(Fnv::default(), &Smr::new());
        let churn = |from: u64, to: u64| {
            for i in from..to {
                map.pin().insert(i, i);
                if let Some(old) = i.checked_sub(size) {
                    assert_eq!(map.pin().remove(&old), Some(&old));
                }
                map.pin().update(i, |v| *v);
            }
        };
        churn(0, 100_000);
        let (before, had, capacity) = (allocations(), bytes(), map.capacity());
        churn(100_000, 200_000);
        let more = allocations() - before;
        assert!(more < 300_000 / 50, "{more} allocations, {size} entries");
        let grown = bytes() - had;
        // What a thread's limbo and its stock may have.
        assert!(grown < 400 << 10, "{grown} bytes, {size} entries");
        assert!(
            map.capacity() <= capacity + capacity / 8 + 8,
            "{capacity}, {}",
            map.capacity()
        );
    }
}

/// A table of so many entries has so many bytes.
#[test]
fn memory_is_in_proportion() {
    let _alone = alone();
    for size in [1_000u64, 30_000, 200_000] {
        let before = bytes();
        let map = HashMap::<u64, u64, Fnv<0>>::with_hasher_in(Fnv::default(), &Smr::new());
        for i in 0..size {
            map.pin().insert(i, i);
        }
        // What a map that is in use has in any case: its domain, the thread's caches, a page of nodes.
        const FIXED: f64 = 16_384.0;
        let each = ((bytes() - before) as f64 - FIXED) / size as f64;
        // The entry and its hash, and the table's share.
        assert!(each < 24.0 + 30.0, "{each} bytes an entry");
        map.pin().clear();
        map.flush();
        let left = ((bytes() - before) as f64 - FIXED) / size as f64;
        assert!(left < 30.0, "{left} bytes an entry that was there");
        drop(map);
        assert!(bytes() - before < 4_096, "{} bytes left", bytes() - before);
    }
}

/// What a peak has taken comes back, to the last segment or so.
#[test]
fn a_map_that_shrinks_gives_its_memory_back() {
    let _alone = alone();
    for size in [3_000u64, 50_000, 300_000] {
        let before = bytes();
        let map = HashMap::<u64, u64, Fnv<0>>::with_hasher_in(Fnv::default(), &Smr::new());
        for round in 0..3 {
            for i in 0..size {
                map.pin().insert(i, i);
            }
            let peak = bytes() - before;
            map.pin().retain(|&i, _| i < 100);
            map.flush();
            map.shrink_to_fit();
            let left = bytes() - before;
            // The extensions' memory, and what a map in use has in any case.
            let most = peak / 6 + 40_000;
            assert!(left < most, "{left} of {peak} bytes left, round {round}");
            assert_eq!(map.pin().get(&99), Some(&99));
            assert_eq!(map.len(), 100);
        }
        drop(map);
        assert!(bytes() - before < 4_096, "{} bytes left", bytes() - before);
    }
}

#[test]
fn an_empty_ordered_map_is_small_and_allocates_nothing() {
    let _alone = alone();
    let size = size_of::<SkipMap<u64, u64>>();
    assert!(size <= 256, "{size} bytes");
    // The thread's own, once.
    drop(Smr::global().enter());
    let before = allocations();
    let map = SkipMap::<String, String>::new();
    {
        let map = map.pin();
        assert!(map.is_empty() && map.get("a").is_none() && map.remove("a").is_none());
        assert!(map.iter().next().is_none() && map.drain().next_back().is_none());
        assert!(map.range("a".to_string()..).next().is_none() && map.cursor().next().is_none());
        assert!(map.first_key_value().is_none() && map.pop_last().is_none());
        map.retain(|_, _| true);
        map.clear();
    }
    assert_eq!(map.flush(), 0);
    assert!(map.clone().into_iter().next().is_none() && map == SkipMap::new());
    drop(SkipMap::<u8, u8>::builder().build());
    drop(SkipSet::<u8>::new());
    assert_eq!(allocations(), before + 1, "the bound of the range");
}

/// What is removed makes room for what comes: entries, revisions, chunks, and the keys where they begin.
#[test]
fn constant_work_in_order_takes_no_memory() {
    let _alone = alone();
    fn run<K: Ord>(size: u64, key: impl Fn(u64) -> K) {
        let smr = Smr::new();
        let map = SkipMap::<K, u64>::builder().domain(&smr).build();
        let churn = |from: u64, to: u64| {
            for i in from..to {
                map.pin().insert(key(i), i);
                if let Some(old) = i.checked_sub(size) {
                    assert_eq!(map.pin().remove(&key(old)), Some(&old));
                }
                // All over the map.
                let other = (i * 7_919 % size + i.saturating_sub(size) + 1).min(i);
                map.pin().update(key(other), |v| *v);
            }
        };
        churn(0, 9_000);
        let (before, had) = (allocations(), bytes());
        churn(9_000, 15_000);
        let more = allocations() - before;
        assert!(more < 18_000 / 50, "{more} allocations, {size} entries");
        let grown = bytes() - had;
        // What a thread's limbo and its stock may have.
        assert!(grown < 400 << 10, "{grown} bytes, {size} entries");
    }
    for size in [30, 1_000] {
        run(size, |n| n);
        run(size, |n| n as i64);
        run(size, |n| (n, ()));
        run(size, u128::from);
    }
}

/// An entry takes some 22 bytes, and its own memory if it is not inline; when the map is gone, nothing is left.
#[test]
fn memory_of_ordered_maps_is_in_proportion() {
    fn run<K: Ord>(size: u64, key: impl Fn(u64) -> K, entry: f64) {
        let before = bytes();
        let smr = Smr::new();
        let map = SkipMap::<K, u64>::builder().domain(&smr).build();
        for i in 0..size {
            map.pin().insert(key(i * 7_919 % size), i);
        }
        // What a map that is in use has in any case: its domain, the thread's caches, a page of each size.
        const FIXED: f64 = 200_000.0;
        let each = ((bytes() - before) as f64 - FIXED) / size as f64;
        assert!(each < entry + 30.0, "{each} bytes an entry");
        map.pin().clear();
        map.flush();
        drop(map);
        drop(smr);
        assert!(bytes() - before < 8_192, "{} bytes left", bytes() - before);
    }
    let _alone = alone();
    for size in [1_000, 30_000] {
        let is_inline = size_of::<u64>() <= size_of::<usize>();
        run(size, |n| n, if is_inline { 0.0 } else { 16.0 });
        run(size, |n| n as i64, 16.0);
    }
}
