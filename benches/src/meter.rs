//! Bytes made and bytes dropped, counted by the payload itself and so in the same way for every
//! subject: what lies between the two, less what is still linked, is unreclaimed.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

/// The threads of a measurement have numbers from 1; everyone else shares number 0.
pub(crate) const THREADS: usize = 72;

#[derive(Default)]
struct Counter {
    made: AtomicU64,
    dropped: AtomicU64,
}

static COUNTERS: [CachePadded<Counter>; THREADS] = [const {
    CachePadded::new(Counter {
        made: AtomicU64::new(0),
        dropped: AtomicU64::new(0),
    })
}; THREADS];

/// The highest number given so far.
static HIGHEST: AtomicUsize = AtomicUsize::new(0);

/// A look at the counters that takes longer is no good.
const LONG: Duration = Duration::from_micros(5);

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// Gives the calling thread a number that no other running thread has.
pub(crate) fn number_thread(number: usize) {
    assert!(
        number < THREADS,
        "a measurement has at most {} threads",
        THREADS - 1
    );
    NUMBER.set(number);
    HIGHEST.fetch_max(number, Ordering::Relaxed);
}

/// The calling thread's number.
pub(crate) fn number() -> usize {
    NUMBER.get()
}

fn count(which: impl Fn(&Counter) -> &AtomicU64, bytes: u64) {
    let number = number();
    let counter = which(&COUNTERS[number]);
    if number == 0 {
        counter.fetch_add(bytes, Ordering::Relaxed);
    } else {
        // No one else writes it, so that a plain addition will do.
        counter.store(counter.load(Ordering::Relaxed) + bytes, Ordering::Relaxed);
    }
}

/// Counts bytes that came into being.
pub(crate) fn made(bytes: u64) {
    count(|c| &c.made, bytes);
}

/// Counts bytes whose drop ran.
pub(crate) fn dropped(bytes: u64) {
    count(|c| &c.dropped, bytes);
}

/// Bytes made and not dropped. While threads run, a few items off: counters cannot be read all at
/// once, and a look that took long, because the thread was preempted in the midst of it, say, would
/// count what was made meanwhile and not what was dropped. Such a look is repeated.
pub(crate) fn alive() -> u64 {
    let counters = &COUNTERS[..=HIGHEST.load(Ordering::Relaxed)];
    let sum = |which: fn(&Counter) -> &AtomicU64| -> u64 {
        counters
            .iter()
            .map(|c| which(c).load(Ordering::Relaxed))
            .sum()
    };
    let mut looks = 0;
    loop {
        let start = Instant::now();
        let dropped = sum(|c| &c.dropped);
        let made = sum(|c| &c.made);
        looks += 1;
        if start.elapsed() < LONG || looks == 100 {
            return made.saturating_sub(dropped);
        }
    }
}

/// 48 bytes that count themselves.
pub(crate) struct Counted(#[allow(dead_code)] [u64; 6]);

/// The size of a [`Counted`].
pub(crate) const COUNTED: u64 = size_of::<Counted>() as u64;

impl Counted {
    pub(crate) fn new(seed: u64) -> Counted {
        made(COUNTED);
        Counted([seed; 6])
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        dropped(COUNTED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_lives() {
        assert_eq!(COUNTED, 48);
        let before = alive();
        let items: Vec<_> = (0..10).map(Counted::new).collect();
        assert_eq!(alive() - before, 480);
        drop(items);
        assert_eq!(alive(), before);
    }
}
