//! Cells that belong together, and their orderly end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use super::{Item, Reclaim};

/// How long the garbage of one measurement may take to drain before the next one starts.
const PATIENCE: Duration = Duration::from_secs(1);

/// A pool and the cells on it, each on cache lines of its own.
pub struct Shelf<'s, S: Reclaim, T: Item> {
    subject: &'s S,
    pool: S::Pool<T>,
    cells: Vec<CachePadded<S::Cell<T>>>,
}

impl<S: Reclaim, T: Item> std::fmt::Debug for Shelf<'_, S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf")
            .field("subject", &S::NAME)
            .field("cells", &self.cells.len())
            .finish()
    }
}

impl<'s, S: Reclaim, T: Item> Shelf<'s, S, T> {
    /// `count` cells with an item each.
    pub fn new(subject: &'s S, count: usize, mut make: impl FnMut(usize) -> T) -> Self {
        let pool = subject.pool();
        let cells = (0..count)
            .map(|i| CachePadded::new(subject.cell(&pool, make(i))))
            .collect();
        Shelf {
            subject,
            pool,
            cells,
        }
    }

    /// The subject that the cells belong to.
    pub fn subject(&self) -> &'s S {
        self.subject
    }

    /// Where the items are allocated.
    pub fn pool(&self) -> &S::Pool<T> {
        &self.pool
    }

    /// The `i`-th cell.
    pub fn cell(&self, i: usize) -> &S::Cell<T> {
        &self.cells[i]
    }
}

impl<S: Reclaim, T: Item> Drop for Shelf<'_, S, T> {
    fn drop(&mut self) {
        for cell in self.cells.drain(..) {
            self.subject
                .dispose(&self.pool, CachePadded::into_inner(cell));
        }
    }
}

/// Tells that it was dropped.
struct Sentinel(Option<Arc<AtomicBool>>);

impl Drop for Sentinel {
    fn drop(&mut self) {
        if let Some(dropped) = &self.0 {
            dropped.store(true, Ordering::Relaxed);
        }
    }
}

/// Drains what a measurement left in the subject's global state, so that it does not disturb the
/// next one: retires a sentinel behind it, and moves reclamation on until the sentinel is dropped.
/// Returns false if it was not, in time.
pub(crate) fn settle<S: Reclaim>(subject: &S) -> bool {
    if S::OWNS_GARBAGE {
        return true;
    }
    let dropped = Arc::new(AtomicBool::new(false));
    {
        let shelf = Shelf::new(subject, 1, |_| Sentinel(Some(Arc::clone(&dropped))));
        let mut local = subject.local();
        subject.replace(
            &mut local,
            shelf.pool(),
            shelf.cell(0),
            Sentinel(None),
            |_| {},
        );
    }
    let deadline = Instant::now() + PATIENCE;
    while !dropped.load(Ordering::Relaxed) {
        if Instant::now() > deadline {
            return false;
        }
        subject.nudge();
    }
    // Threads that exited may have left lists of their own behind the sentinel.
    for _ in 0..64 {
        subject.nudge();
    }
    true
}
