//! A thread that wakes sleepers once a millisecond, while there are any: for futures in domains whose
//! exits may miss the flag (`wait`). It is started by the first of them and ends when none is left.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::Smr;
use crate::bucket::discard;
use crate::wait::NAP;

struct Ticker {
    domains: Vec<Smr>,
    /// The process that the thread runs in, if it runs.
    running: Option<u32>,
}

static TICKER: Mutex<Ticker> = Mutex::new(Ticker {
    domains: Vec::new(),
    running: None,
});

/// Sees to it that the sleepers of `smr` are woken soon; false if no thread can be had for it.
pub(crate) fn wake_later(smr: &Smr) -> bool {
    // Whoever holds the lock, it is not for long, unless a fork left it behind.
    let Ok(mut ticker) = TICKER.try_lock() else {
        return false;
    };
    if !ticker.domains.iter().any(|d| d.is_same(smr)) {
        ticker.domains.push(smr.clone());
    }
    if ticker.running != Some(std::process::id()) {
        let spawned = std::thread::Builder::new()
            .name("smr-ticker".to_owned())
            .spawn(run);
        if spawned.is_err() {
            let domains = std::mem::take(&mut ticker.domains);
            // Outside the lock: the last handle of a domain may be dropped here.
            drop(ticker);
            drop(domains);
            return false;
        }
        ticker.running = Some(std::process::id());
    }
    true
}

fn lock() -> std::sync::MutexGuard<'static, Ticker> {
    // Nothing in here panics while the lock is held.
    TICKER
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run() {
    loop {
        std::thread::sleep(NAP);
        let due = {
            let mut ticker = lock();
            if ticker.domains.is_empty() {
                ticker.running = None;
                return;
            }
            std::mem::take(&mut ticker.domains)
        };
        // Those who still wait come back by themselves when they are polled. Outside the lock: a waker
        // runs foreign code, and the last handle of a domain may be dropped here.
        for smr in due {
            let woken = catch_unwind(AssertUnwindSafe(move || {
                smr.core().waiters.wake_all();
                drop(smr); // which may run closures, if it is the last handle
            }));
            if let Err(panic) = woken {
                discard(panic);
            }
        }
    }
}
