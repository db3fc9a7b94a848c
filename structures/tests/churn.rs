//! Entries come and go for long, and as many are there at all times: the memory stays what it is.
//! `CHURN` says how many come and go; `scripts/long.sh churn` sets it to 10^8.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use structures::testing::maps::Hash;
use structures::{HashMap, SkipMap, Smr, hash_map::InlineHashMap};

/// The system's allocator, which counts.
struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

/// With what zones have mapped.
fn live() -> isize {
    LIVE.load(Relaxed) + smr_core::mapped_bytes().cast_signed()
}

// SAFETY: the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size().cast_signed(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size().cast_signed(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size().cast_signed(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One at a time: the memory is the process's.
static ALONE: Mutex<()> = Mutex::new(());

/// What is there at all times, of each thread.
const ENTRIES: u64 = 10_000;
const THREADS: u64 = 2;

fn churn() -> u64 {
    let set = std::env::var("CHURN").ok();
    let set = set.map(|n| n.parse().expect("CHURN is a number"));
    set.unwrap_or(400_000)
}

/// Each thread replaces its oldest entry by a new one, again and again. The memory is looked at in between,
/// when what waits for readers has been flushed: how much that is depends on how long they are preempted.
fn memory_stays(insert: impl Fn(u64), replace: impl Fn(u64, u64) + Sync, flush: impl Fn()) {
    let key = |thread, i| i * THREADS + thread;
    for thread in 0..THREADS {
        (0..ENTRIES).for_each(|i| insert(key(thread, i)));
    }
    const LOOKS: u64 = 20;
    const FEW: usize = 5;
    let each = churn() / THREADS / LOOKS;
    let mut looks = Vec::new();
    for look in 0..LOOKS {
        std::thread::scope(|s| {
            for thread in 0..THREADS {
                let replace = &replace;
                s.spawn(move || {
                    for i in look * each..(look + 1) * each {
                        replace(key(thread, i), key(thread, i + ENTRIES));
                    }
                });
            }
        });
        flush();
        let live = live();
        println!("{live} bytes after {}", (look + 1) * each * THREADS);
        looks.push(live);
        // In the first looks it becomes warm. While a thread is preempted much waits for it, in pages of which some
        // is in use for a while after: so the least of the latest looks counts, which a leak raises as well.
        let first = looks.iter().take(FEW).max().expect("one at least");
        let least = looks.iter().rev().take(FEW).min().expect("one at least");
        assert!(
            *least < 2 * first,
            "{first} bytes, then {least} and more, up to look {look}"
        );
    }
}

#[test]
fn of_a_hash_map() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut map: HashMap<u64, Box<u64>, Hash<0>> =
        HashMap::with_hasher_in(Hash::default(), &Smr::new());
    memory_stays(
        |key| assert!(map.pin().insert(key, Box::new(key)).is_none()),
        |old, new| {
            let map = map.pin();
            assert_eq!(map.remove(&old).map(|v| **v), Some(old));
            assert!(map.insert(new, Box::new(new)).is_none());
        },
        || assert_eq!(map.flush(), 0),
    );
    assert_eq!(map.len() as u64, THREADS * ENTRIES);
    map.check();
    drop(map);
    println!("{} bytes at the end", live());
}

#[test]
fn of_an_inline_map() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut map: InlineHashMap<u64, u64, Hash<0>> =
        InlineHashMap::with_hasher_in(Hash::default(), &Smr::new());
    memory_stays(
        |key| assert!(map.insert(key, key).is_none()),
        |old, new| {
            assert_eq!(map.remove(&old), Some(old));
            assert!(map.insert(new, new).is_none());
        },
        || {},
    );
    assert_eq!(map.len() as u64, THREADS * ENTRIES);
    map.check();
    drop(map);
    println!("{} bytes at the end", live());
}

fn of_a_skip_map<K: Ord + Send + Sync>(key: impl Fn(u64) -> K + Sync) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut map: SkipMap<K, Box<u64>> = SkipMap::builder().domain(&Smr::new()).build();
    memory_stays(
        |n| assert!(map.pin().insert(key(n), Box::new(n)).is_none()),
        |old, new| {
            let map = map.pin();
            assert_eq!(map.remove(&key(old)).map(|v| **v), Some(old));
            assert!(map.insert(key(new), Box::new(new)).is_none());
        },
        || assert_eq!(map.flush(), 0),
    );
    assert_eq!(map.len() as u64, THREADS * ENTRIES);
    map.check();
    drop(map);
    println!("{} bytes at the end", live());
}

/// A queue: chunks are filled at its end, and empty at its beginning.
#[test]
fn of_a_skip_map_in_order() {
    of_a_skip_map(|n| n);
}

/// Chunks split and merge everywhere; keys that chunks begin with stay when their entries go.
#[test]
fn of_a_skip_map_in_disorder() {
    of_a_skip_map(|n| format!("key {:020}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
}
