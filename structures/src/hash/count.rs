//! How many entries there are: one counter for small maps, with stripes for large ones.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicIsize, AtomicPtr, AtomicUsize, Ordering};
use std::thread::LocalKey;

use crossbeam_utils::CachePadded;

/// A stripe passes its share on when it has so much.
const BATCH: isize = 64;

/// A counter that many threads change. Its memory is no part of the map's protocol: a thread that is
/// late here makes the count late.
#[derive(Debug)]
pub(super) struct Count {
    total: AtomicIsize,
    stripes: AtomicPtr<Box<[CachePadded<AtomicIsize>]>>,
}

impl Count {
    pub(super) const fn new() -> Count {
        Count {
            total: AtomicIsize::new(0),
            stripes: AtomicPtr::new(ptr::null_mut()),
        }
    }

    fn stripes(&self) -> &[CachePadded<AtomicIsize>] {
        let stripes = self.stripes.load(Ordering::Acquire);
        // SAFETY: null, or stripes that live as long as `self`.
        unsafe { stripes.as_ref() }.map_or(&[], |stripes| stripes)
    }

    /// Adds; O(1).
    #[inline]
    pub(super) fn add(&self, n: isize) {
        let stripes = self.stripes();
        let stripe = match stripes.len() {
            0 => return self.add_to_total(n),
            // A power of two.
            len => &stripes[of_thread() & (len - 1)],
        };
        let before = stripe.fetch_add(n, Ordering::Relaxed);
        if (before + n).abs() >= BATCH {
            let share = stripe.swap(0, Ordering::Relaxed);
            self.add_to_total(share);
        }
    }

    fn add_to_total(&self, n: isize) {
        self.total.fetch_add(n, Ordering::Relaxed);
    }

    /// What has been passed on: off by at most a batch a stripe.
    #[inline]
    pub(super) fn about(&self) -> usize {
        self.total.load(Ordering::Relaxed).max(0).cast_unsigned()
    }

    /// The count, exact when nobody changes it; O(stripes). Never negative.
    pub(super) fn get(&self) -> usize {
        let stripes = self.stripes().iter();
        let waiting: isize = stripes.map(|s| s.load(Ordering::Relaxed)).sum();
        let total = self.total.load(Ordering::Relaxed) + waiting;
        total.max(0).cast_unsigned()
    }

    /// Makes the stripes, if there are none. Aborts if there is no memory.
    pub(super) fn spread(&self) {
        if !self.stripes.load(Ordering::Relaxed).is_null() {
            return;
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let count = (2 * processors).next_power_of_two().min(64);
        let stripes = (0..count).map(|_| CachePadded::default());
        let made = Box::into_raw(Box::new(stripes.collect::<Box<[_]>>()));
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        let null = ptr::null_mut();
        if self
            .stripes
            .compare_exchange(null, made, order.0, order.1)
            .is_err()
        {
            // SAFETY: made here, and not published.
            drop(unsafe { Box::from_raw(made) });
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let stripes = *self.stripes.get_mut();
        if !stripes.is_null() {
            // SAFETY: of `spread`, once.
            drop(unsafe { Box::from_raw(stripes) });
        }
    }
}

/// A number for the calling thread; few have the same.
#[inline]
fn of_thread() -> usize {
    std::thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(0) };
    }
    match NUMBER.get() {
        0 => number_thread(&NUMBER),
        number => number,
    }
}

#[cold]
fn number_thread(own: &'static LocalKey<Cell<usize>>) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    own.set(number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_when_it_spreads() {
        let count = Count::new();
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for i in 0..10_000 {
                        if i == 500 {
                            count.spread();
                        }
                        count.add(if i % 10 == 0 { -1 } else { 1 });
                    }
                });
            }
        });
        assert_eq!(count.get(), 4 * 8_000);
        assert!(count.about().abs_diff(count.get()) <= 64 * 64);
    }
}
