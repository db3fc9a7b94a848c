//! How many entries there are: one counter for small maps, with stripes for large ones, each of which is
//! one thread's.

use core::cell::Cell;
use core::ptr;

use crossbeam_utils::CachePadded;
use smr_core::primitive::plain::{AtomicIsize, AtomicPtr, AtomicU64, Ordering};

/// A stripe passes its share on when it has so much.
const BATCH: isize = 64;

/// Entries of a map whose count is spread.
const MANY: usize = 512;

/// A counter that many threads change. Its memory is no part of the map's protocol: a thread that is
/// late here makes the count late.
#[derive(Debug)]
pub(crate) struct Count {
    total: AtomicIsize,
    stripes: AtomicPtr<Box<[CachePadded<AtomicIsize>]>>,
}

impl Count {
    pub(crate) const fn new() -> Count {
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

    /// Adds; O(1). Without a locked instruction, if the thread has a stripe of its own: after one the
    /// processor does not begin the next operation's loads before this one's are done.
    #[inline]
    pub(crate) fn add(&self, n: isize) {
        let Some(own) = self.stripes().get(of_thread()) else {
            return self.add_to_total(n);
        };
        // Relaxed: while the number is this thread's nobody else writes here, and who had it before has
        // stopped, see `TAKEN`.
        let mut share = own.load(Ordering::Relaxed) + n;
        if share.abs() >= BATCH {
            self.add_to_total(share);
            share = 0;
        }
        own.store(share, Ordering::Relaxed);
    }

    /// The same of a map that has no better occasion to spread the count: once that is more than threads of a small map
    /// would gain by it.
    #[inline]
    pub(crate) fn add_and_spread(&self, n: isize) {
        self.add(n);
        // Without stripes the thread has the total's line just now.
        if self.stripes().is_empty() && self.about() >= MANY {
            self.spread();
        }
    }

    fn add_to_total(&self, n: isize) {
        self.total.fetch_add(n, Ordering::Relaxed);
    }

    /// What has been passed on: off by at most a batch a stripe.
    #[inline]
    pub(crate) fn about(&self) -> usize {
        self.total.load(Ordering::Relaxed).max(0).cast_unsigned()
    }

    /// The count, exact when nobody changes it; O(stripes). Never negative.
    pub(crate) fn get(&self) -> usize {
        let stripes = self.stripes().iter();
        let waiting: isize = stripes.map(|s| s.load(Ordering::Relaxed)).sum();
        let total = self.total.load(Ordering::Relaxed) + waiting;
        total.max(0).cast_unsigned()
    }

    /// Makes the stripes, if there are none. Aborts if there is no memory.
    pub(crate) fn spread(&self) {
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

/// The thread has not asked for its number yet.
const UNKNOWN: usize = usize::MAX;
/// It has no stripe: there are too many threads, or it is about to end.
const NONE: usize = usize::MAX - 1;

std::thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(UNKNOWN) };
    static GIVE_BACK: GiveBack = const { GiveBack };
}

/// The numbers that threads have: a bit each. Release when one is given back, Acquire when it is taken: the
/// stripes are as its last owner has left them.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Gives the thread's number back when it ends.
struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        let number = NUMBER.replace(NONE);
        if number < 64 {
            TAKEN.fetch_and(!(1 << number), Ordering::Release);
        }
    }
}

/// The calling thread's number, which no other has at the same time; [`NONE`] for those beyond 64.
#[inline]
fn of_thread() -> usize {
    match NUMBER.get() {
        UNKNOWN => number_thread(),
        number => number,
    }
}

#[cold]
fn number_thread() -> usize {
    let mut number = NONE;
    // Unless the thread is about to end.
    if GIVE_BACK.try_with(|_| ()).is_ok() {
        let taken = TAKEN.fetch_update(Ordering::Acquire, Ordering::Relaxed, |taken| {
            (taken != u64::MAX).then_some(taken | taken.wrapping_add(1))
        });
        number = taken.map_or(NONE, |before| before.trailing_ones() as usize);
    }
    NUMBER.set(number);
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

    #[test]
    fn it_spreads_when_there_are_many() {
        let count = Count::new();
        for n in 0..MANY {
            assert!(count.stripes().is_empty(), "at {n}");
            count.add_and_spread(1);
        }
        assert!(!count.stripes().is_empty());
        count.add_and_spread(-1);
        assert_eq!(count.get(), MANY - 1);
    }

    #[test]
    fn numbers_are_one_threads_at_a_time() {
        let numbers = |threads: usize| -> Vec<usize> {
            let gate = std::sync::Barrier::new(threads);
            let ask = || {
                let number = of_thread();
                gate.wait();
                number
            };
            std::thread::scope(|s| {
                let asked: Vec<_> = (0..threads).map(|_| s.spawn(ask)).collect();
                asked.into_iter().map(|t| t.join().unwrap()).collect()
            })
        };
        for _ in 0..20 {
            let mut all = numbers(10);
            all.sort_unstable();
            all.dedup();
            assert!(all.len() == 10 && all[9] < 64, "{all:?}");
        }
        // Others of this program's threads have some.
        let without = numbers(100).into_iter().filter(|&n| n == NONE).count();
        assert!((36..80).contains(&without), "{without}");

        // Not a test of its own: it would take the numbers away from under this one.
        let count = Count::new();
        count.spread();
        for _ in 0..5 {
            std::thread::scope(|s| {
                for _ in 0..70 {
                    s.spawn(|| (0..100).for_each(|_| count.add(1)));
                }
            });
        }
        assert_eq!(count.get(), 5 * 70 * 100);
    }
}
