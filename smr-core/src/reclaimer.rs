//! A background thread that bounds how late drops run while the program is idle.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::bucket::discard;
use crate::{Smr, Zone};

/// Something that a [`Reclaimer`] can look after: a shared zone, or a domain's deferred closures.
pub trait Reclaim: Send + Sync {
    /// Drops what has expired, everything retired so far included if no section is open. Panics of
    /// drops are counted, not passed on.
    fn reclaim_now(&self);
}

impl<T: Send> Reclaim for Zone<T> {
    fn reclaim_now(&self) {
        self.raw().tend();
    }
}

/// A thread that flushes zones at an interval, so that what is retired is dropped within about two of
/// them plus the longest section, even if nobody uses the zone any more.
///
/// It holds the zones weakly, and forgets those that are gone. It is for shared zones of `'static`
/// items only: nothing else may be dropped on a foreign thread at an unforeseen time. Dropping the
/// reclaimer stops its thread. A forked child has no such thread.
///
/// ```
/// use smr_core::{Reclaimer, Zone};
/// use std::{sync::Arc, time::Duration};
///
/// let zone: Arc<Zone<String>> = Arc::new(Zone::new());
/// let reclaimer = Reclaimer::new(Duration::from_millis(5)).unwrap();
/// reclaimer.watch(&zone);
/// ```
#[derive(Debug)]
pub struct Reclaimer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    interval: Duration,
}

#[derive(Default)]
struct State {
    watched: Vec<Weak<dyn Reclaim>>,
    domains: Vec<Smr>,
    stop: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl Reclaimer {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn new(interval: Duration) -> std::io::Result<Reclaimer> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            interval,
        });
        let thread = std::thread::Builder::new().name("smr-reclaimer".to_owned());
        let thread = {
            let shared = Arc::clone(&shared);
            thread.spawn(move || shared.run())?
        };
        Ok(Reclaimer {
            shared,
            thread: Some(thread),
            process: std::process::id(),
        })
    }

    /// Whether this is the process that the thread runs in.
    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// Looks after `zone` from now on, until it is dropped. Does nothing in a forked child.
    pub fn watch<R: Reclaim + 'static>(&self, zone: &Arc<R>) {
        let weak: Weak<R> = Arc::downgrade(zone);
        if self.is_here() {
            self.shared.lock().watched.push(weak);
        }
    }

    /// Looks after the deferred closures of `smr` from now on. Keeps the domain. Does nothing in a forked
    /// child.
    pub fn watch_domain(&self, smr: &Smr) {
        if self.is_here() {
            self.shared.lock().domains.push(smr.clone());
        }
    }
}

impl Drop for Reclaimer {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        if !self.is_here() {
            // Nobody to stop or to join; and a thread that vanished may have left the lock locked.
            std::mem::forget(Arc::clone(&self.shared));
            return;
        }
        self.shared.lock().stop = true;
        self.shared.wake.notify_all();
        // A drop that the thread itself runs must not wait for it.
        if thread.thread().id() != std::thread::current().id()
            && let Err(panic) = thread.join()
        {
            discard(panic);
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No foreign code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.stop {
            state.watched.retain(|w| w.strong_count() > 0);
            let watched = state.watched.clone();
            let domains = state.domains.clone();
            // Drops run without the lock: they may watch more, or drop the reclaimer.
            drop(state);
            for zone in watched.iter().filter_map(Weak::upgrade) {
                // The last reference may be dropped here, and foreign implementations may panic.
                survive(move || zone.reclaim_now());
            }
            survive(move || domains.iter().for_each(Smr::reclaim_deferred));
            state = self.lock();
            if !state.stop {
                state = self
                    .wake
                    .wait_timeout(state, self.interval)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
    }
}

/// Runs foreign code, whose panics do not end the thread.
fn survive(f: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
        discard(panic);
    }
}
