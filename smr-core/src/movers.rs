//! Movers of garbage, and the barriers that wait for them.
//!
//! While garbage is in a sweep's hand, or on its way from one cache to another, it is in nobody's
//! cache. Whoever takes it there is a *mover* and counts itself; a barrier first raises a flag, then
//! waits until there are no movers. Both sides have a full fence in between, so that either the mover
//! sees the barrier and does not move, or the barrier sees the mover and waits.
//!
//! Both words carry the process generation, so that in the child of a fork the movers and barriers of
//! vanished threads count for nothing.

use crate::primitive::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::primitive::{AtomicUsize, MODEL, fence, yield_now};
use crate::step::{Step, mutated};
use crate::threads;

/// Bits of the count; the generation is in the others.
const COUNT_BITS: u32 = usize::BITS / 2;

/// A zone's movers and barriers.
#[derive(Debug)]
pub(crate) struct Movers {
    /// The generation and the count.
    count: AtomicUsize,
    /// 0, or the generation of the barrier's process and one.
    barrier: AtomicUsize,
}

impl Movers {
    pub(crate) fn new() -> Movers {
        Movers {
            count: AtomicUsize::new(0),
            barrier: AtomicUsize::new(0),
        }
    }

    /// Registers a mover; None while a barrier runs.
    pub(crate) fn begin(&self) -> Option<Moving<'_>> {
        let base = threads::generation() << COUNT_BITS;
        let mut now = self.count.load(Relaxed);
        while let Err(other) =
            self.count
                .compare_exchange(now, base + count(now, base) + 1, Relaxed, Relaxed)
        {
            now = other;
        }
        if !mutated(Step::Mover) {
            fence(SeqCst); // Partner: the fence in `raise`.
        }
        let moving = Moving { movers: self, base };
        // Acquire: pairs with the Release of the last barrier's end.
        let kept_away = self.barrier.load(Acquire) == threads::generation() + 1;
        (!kept_away).then_some(moving)
    }

    /// Keeps movers away, and waits for those under way. Waits for its turn first: what another barrier
    /// holds is in nobody's cache either.
    pub(crate) fn raise(&self) -> Raised<'_> {
        let mine = threads::generation() + 1;
        loop {
            let holder = self.barrier.load(Relaxed);
            // Acquire: the last barrier's drops happened before, to the Release of its end.
            if holder != mine
                && self
                    .barrier
                    .compare_exchange(holder, mine, Acquire, Relaxed)
                    .is_ok()
            {
                break;
            }
            wait_a_little();
        }
        fence(SeqCst); // Partner: the fence in `begin`.
        let raised = Raised { movers: self, mine };
        let base = threads::generation() << COUNT_BITS;
        // Acquire: pairs with the Release of each mover's end.
        while count(self.count.load(Acquire), base) != 0 {
            wait_a_little();
        }
        raised
    }
}

/// The count in `word`, if it is of the generation of `base`.
fn count(word: usize, base: usize) -> usize {
    const COUNT: usize = (1 << COUNT_BITS) - 1;
    if word & !COUNT == base {
        word & COUNT
    } else {
        0
    }
}

/// A mover's registration.
#[derive(Debug)]
pub(crate) struct Moving<'z> {
    movers: &'z Movers,
    base: usize,
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        // After a fork in one of its drops it is not counted any more.
        if self.base == threads::generation() << COUNT_BITS {
            // Release: what was moved is where it belongs, to the Acquire in `raise`.
            self.movers.count.fetch_sub(1, Release);
        }
    }
}

/// A raised barrier: no garbage moves between caches.
#[derive(Debug)]
pub(crate) struct Raised<'z> {
    movers: &'z Movers,
    mine: usize,
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        // Release: what was dropped, to the Acquire of the next barrier. It fails after a fork in one of
        // its drops, if another thread of the child has raised its own.
        let barrier = &self.movers.barrier;
        let _ = barrier.compare_exchange(self.mine, 0, Release, Relaxed);
    }
}

/// One turn of waiting for another thread's step.
pub(crate) fn wait_a_little() {
    if MODEL {
        yield_now();
    } else {
        std::thread::sleep(std::time::Duration::from_micros(20));
    }
}
