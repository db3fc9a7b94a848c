//! What operations on the ordered map cost: in comparisons, and in the depth of the stack.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use structures::SkipMap;
use structures::skip_map::Comparator;

/// Keys in scattered order.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

#[test]
fn neighbours_are_found_without_going_down_again() {
    let compared = Cell::new(0_u64);
    let order = |a: &u64, b: &u64| {
        compared.set(compared.get() + 1);
        a.cmp(b)
    };
    let map = SkipMap::with_comparator(order);
    let map = map.pin();
    for n in 0..50_000 {
        map.insert(scattered(n), n);
    }
    let keys: Vec<u64> = map.keys().copied().collect();
    let few = &keys[1_000..3_000];
    let cost = |find: &mut dyn FnMut(&u64) -> Option<u64>| {
        compared.set(0);
        for key in few {
            assert_eq!(find(key), Some(*key));
        }
        compared.get() as f64 / few.len() as f64
    };
    let lower_bound = cost(&mut |key| map.lower_bound(Bound::Included(key)).map(|(key, _)| *key));
    assert!(lower_bound < 25.0, "{lower_bound} for log2 of 50,000");
    let mut cursor = map.cursor();
    cursor.seek(&keys[999]);
    let seek = cost(&mut |key| cursor.seek(key).map(|(key, _)| *key));
    assert!(seek < lower_bound / 2.0, "{seek} of {lower_bound}");
    let mut cursor = map.cursor();
    cursor.seek(&keys[1_000]);
    let next = cost(&mut |_| cursor.next().map(|(key, _)| *key));
    // A chunk's neighbours are at hand.
    assert!(next < lower_bound / 10.0, "{next} of {lower_bound}");
    let mut cursor = map.cursor();
    cursor.seek(&keys[3_000]);
    compared.set(0);
    for key in few.iter().rev() {
        assert_eq!(cursor.prev().map(|(key, _)| key), Some(key));
    }
    let prev = compared.get() as f64 / few.len() as f64;
    assert!(prev < lower_bound / 5.0, "{prev} of {lower_bound}");
}

/// Keys are compared with keys by an order that panics when it is told to, and with [`Plain`] in any case.
struct OnDemand<'a>(&'a AtomicBool);

struct Plain(u64);

impl Comparator<u64> for OnDemand<'_> {
    fn compare(&self, key: &u64, other: &u64) -> Ordering {
        assert!(!self.0.load(Relaxed), "on demand");
        key.cmp(other)
    }
}

impl Comparator<u64, Plain> for OnDemand<'_> {
    fn compare(&self, key: &u64, other: &Plain) -> Ordering {
        key.cmp(&other.0)
    }
}

#[test]
fn frozen_neighbours_take_no_stack() {
    const KEYS: u64 = 60_000;
    let work = || {
        let panics = AtomicBool::new(false);
        let map = SkipMap::with_comparator(OnDemand(&panics));
        for n in 0..KEYS {
            map.pin().insert(n, n);
        }
        // Each chunk that becomes empty is frozen, and then not absorbed.
        panics.store(true, Relaxed);
        for n in (0..KEYS).rev() {
            let remove = || map.pin().remove(&Plain(n)).copied();
            if let Ok(removed) = catch_unwind(AssertUnwindSafe(remove)) {
                assert_eq!(removed, Some(n));
            }
        }
        panics.store(false, Relaxed);
        assert_eq!(map.len(), 0);
        map.pin().insert(KEYS, 1);
        assert!(map.pin().iter().eq([(&KEYS, &1)]));
    };
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(work).unwrap().join().unwrap();
}

/// Of any size, also when it was made as a whole.
#[test]
fn a_lookup_takes_the_logarithm() {
    for size in [1_000_u64, 30_000] {
        let compared = Cell::new(0_u64);
        let order = |a: &u64, b: &u64| {
            compared.set(compared.get() + 1);
            a.cmp(b)
        };
        let map = SkipMap::with_comparator(&order);
        for n in 0..size {
            map.pin().insert(scattered(n), n);
        }
        compared.set(0);
        for n in 0..1_000 {
            assert_eq!(map.pin().get(&scattered(n)), Some(&n));
        }
        let each = compared.get() / 1_000;
        assert!(each <= u64::from(size.ilog2()) + 8, "{each} of {size}");
    }
}
