//! A pace that every subject is held to: a thousand thousand retires a second, all threads together.
//!
//! A thread does what is due, looks at the clock again after at most [`BATCH`] operations, and spins
//! while nothing is due, or yields if there are more threads than processors. One that was preempted
//! catches up.

use std::hint;
use std::thread;
use std::time::Instant;

use crate::suite::{Reading, Unit};

/// Retires a second, all threads together.
const RATE: u64 = 1_000_000;

/// Operations between two looks at the clock, at most.
const BATCH: u64 = 16;

/// What one of `threads` threads has done of its share.
pub(super) struct Pacer {
    start: Instant,
    done: u64,
    threads: u64,
    crowded: bool,
}

impl Pacer {
    pub(super) fn new(threads: usize) -> Pacer {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Pacer {
            start: Instant::now(),
            done: 0,
            threads: threads as u64,
            crowded: threads > processors,
        }
    }

    /// How many operations are due, at most `limit`; waits a moment if none is.
    pub(super) fn due(&mut self, limit: u64) -> u64 {
        let elapsed = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        // Never overflows: a measurement takes seconds.
        let target = elapsed * (RATE / 1_000_000) / 1_000 / self.threads;
        let due = target.saturating_sub(self.done).min(limit).min(BATCH);
        if due == 0 {
            if self.crowded {
                thread::yield_now()
            } else {
                hint::spin_loop()
            }
        }
        self.done += due;
        due
    }
}

/// A figure for a subject that could not keep the pace: less was asked of it than of the others.
pub(super) fn missed(rate: f64) -> Option<Reading> {
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let enough = 0.97 * RATE as f64;
    (rate < enough).then(|| Reading::new("pace missed", Unit::PerSecond, rate))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keeps_the_pace() {
        let mut pacer = Pacer::new(4);
        let start = Instant::now();
        let mut done = 0;
        while start.elapsed() < Duration::from_millis(20) {
            done += pacer.due(256);
        }
        let due = start.elapsed().as_micros() / 4;
        assert!(
            u128::from(done) <= due + 1 && u128::from(done) > due / 2,
            "{done} of {due}"
        );
    }
}
