//! Ages at the time of the drop, recorded by the payload itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;

use crate::meter;
use crate::suite::{Reading, Unit};

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first call.
pub(super) fn now() -> u64 {
    u64::try_from(EPOCH.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The window in [`now`]'s terms: only what was retired in it is recorded.
static OPENED: AtomicU64 = AtomicU64::new(u64::MAX);
static CLOSED: AtomicU64 = AtomicU64::new(u64::MAX);

/// One for each thread, so that its lock is never waited for.
static AGES: [CachePadded<Mutex<Option<Histogram<u64>>>>; meter::THREADS] =
    [const { CachePadded::new(Mutex::new(None)) }; meter::THREADS];

/// A thousandth of precision.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds")
}

fn record(retired: u64) {
    let closed = CLOSED.load(Ordering::Relaxed);
    if retired < OPENED.load(Ordering::Relaxed) || retired > closed {
        return;
    }
    let age = now().min(closed) - retired;
    let mut ages = AGES[meter::number()]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    ages.get_or_insert_with(histogram).saturating_record(age);
}

/// Opens the window, that is forgets what was recorded: what is retired from now on counts.
pub(super) fn open() {
    let _forgotten = collect();
    CLOSED.store(u64::MAX, Ordering::Relaxed);
    OPENED.store(now().max(1), Ordering::Relaxed);
}

/// Closes the window: what is retired from now on does not count, and what is dropped from now on
/// counts with its age now.
pub(super) fn close() {
    CLOSED.store(now(), Ordering::Relaxed);
}

/// Takes what was recorded.
pub(super) fn collect() -> Histogram<u64> {
    let mut sum = histogram();
    for ages in &AGES {
        if let Some(ages) = ages.lock().unwrap_or_else(PoisonError::into_inner).take() {
            sum.add(ages).expect("the same bounds");
        }
    }
    sum
}

/// 48 bytes that know when they were retired.
pub(super) struct Stamped {
    retired: AtomicU64,
    _rest: [u64; 5],
}

impl Stamped {
    pub(super) fn new(seed: u64) -> Stamped {
        Stamped {
            retired: AtomicU64::new(0),
            _rest: [seed; 5],
        }
    }

    /// Called by the one thread that unlinked it.
    pub(super) fn retire(&self) {
        self.retired.store(now(), Ordering::Relaxed);
    }
}

impl Drop for Stamped {
    fn drop(&mut self) {
        match *self.retired.get_mut() {
            0 => {}
            retired => record(retired),
        }
    }
}

/// The figures of a case.
#[allow(clippy::cast_precision_loss)] // nanoseconds far below 2^52
pub(super) fn readings(ages: &Histogram<u64>) -> Vec<Reading> {
    let quantiles = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("most", 1.0)];
    quantiles
        .map(|(metric, quantile)| {
            let age = ages.value_at_quantile(quantile) as f64;
            Reading::new(metric, Unit::Nanoseconds, age)
        })
        .into()
}
