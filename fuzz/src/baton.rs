//! Several threads, of which one runs at a time: the one with the baton.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread::Thread;

/// How often a waiter looks before it parks. A baton comes back sooner than a sleeper wakes.
const SPINS: u32 = 200;

/// Passed between places `0..n`; what its holder did happens before what the next one does.
#[derive(Debug)]
pub(crate) struct Baton {
    holder: AtomicUsize,
    seats: Vec<Mutex<Option<Thread>>>,
}

impl Baton {
    /// A baton for `places`, in the hands of place 0.
    pub(crate) fn new(places: usize) -> Baton {
        Baton {
            holder: AtomicUsize::new(0),
            seats: (0..places).map(|_| Mutex::new(None)).collect(),
        }
    }

    /// Seats a thread, which can then be passed the baton, or empties the place.
    pub(crate) fn seat(&self, place: usize, thread: Option<Thread>) {
        *self.seats[place].lock().unwrap() = thread;
    }

    /// Whether a thread is seated there.
    pub(crate) fn is_seated(&self, place: usize) -> bool {
        self.seats[place].lock().unwrap().is_some()
    }

    /// The holder passes the baton to a seated thread.
    pub(crate) fn pass(&self, to: usize) {
        let thread = self.seats[to].lock().unwrap().clone();
        self.holder.store(to, Release);
        thread.expect("somebody sits there").unpark();
    }

    /// Waits for the baton.
    pub(crate) fn wait(&self, place: usize) {
        let mut spins = 0;
        while self.holder.load(Acquire) != place {
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::park();
            }
        }
    }
}
