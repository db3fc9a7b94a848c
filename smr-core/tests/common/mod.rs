//! What the tests share: payloads that count and check themselves, domains of every kind, threads
//! that hold sections, a tiny executor, a watchdog.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test file uses a part of it"
)]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use smr_core::{Atomic, Barrier, Mode, Shared, Smr, Zone};

const LIVE: u64 = 0x1357_9bdf_0246_8ace;
const DEAD: u64 = 0xdead_dead_dead_dead;

/// After this long something is taken to hang.
pub const LONG: Duration = Duration::from_secs(30);

/// Counts the items made and dropped under its name.
#[derive(Clone, Default, Debug)]
pub struct Tally(Arc<Counts>);

#[derive(Default, Debug)]
struct Counts {
    made: AtomicUsize,
    dropped: AtomicUsize,
}

impl Tally {
    pub fn new() -> Tally {
        Tally::default()
    }

    pub fn item(&self) -> Item {
        self.0.made.fetch_add(1, Relaxed);
        Item {
            canary: AtomicU64::new(LIVE),
            tally: self.clone(),
        }
    }

    pub fn made(&self) -> usize {
        self.0.made.load(Acquire)
    }

    pub fn dropped(&self) -> usize {
        self.0.dropped.load(Acquire)
    }

    pub fn alive(&self) -> usize {
        self.made() - self.dropped()
    }
}

/// Counts its drop, once, and knows whether it has been dropped.
#[derive(Debug)]
pub struct Item {
    canary: AtomicU64,
    tally: Tally,
}

impl Item {
    /// Ends the process if the item has been dropped: a panic could be swallowed on the way.
    #[track_caller]
    pub fn check(&self) {
        let canary = self.canary.load(Relaxed);
        if canary != LIVE {
            eprintln!("a dead item was used (canary {canary:#x})");
            std::process::abort();
        }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.check();
        self.canary.store(DEAD, Relaxed);
        self.tally.0.dropped.fetch_add(1, Release);
    }
}

/// Runs a closure when it is dropped.
pub struct OnDrop(Option<Box<dyn FnOnce() + Send>>);

impl OnDrop {
    pub fn new(f: impl FnOnce() + Send + 'static) -> OnDrop {
        OnDrop(Some(Box::new(f)))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// Allocates an item and retires it at once, never published.
pub fn retire_new<T>(zone: &Zone<T>, value: T) {
    let guard = zone.enter();
    let item = zone.alloc(value).into_shared(&guard);
    // SAFETY: of this zone, never published, retired once.
    unsafe { zone.retire(item) };
}

/// Replaces the item of a cell, and retires the old one.
///
/// # Safety
/// The cell holds an item of the zone.
pub unsafe fn replace<T>(zone: &Zone<T>, cell: &Atomic<T>, value: T) {
    let guard = zone.enter();
    let old = cell.swap(zone.alloc(value), AcqRel, &guard);
    // SAFETY: of the zone (the caller), unlinked by the swap, which only this thread has won.
    unsafe { zone.retire(old) };
}

/// Retires the item of a cell, which stays empty.
///
/// # Safety
/// The cell holds an item of the zone.
pub unsafe fn clear<T>(zone: &Zone<T>, cell: &Atomic<T>) {
    let guard = zone.enter();
    let last = cell.swap(Shared::null(), AcqRel, &guard);
    // SAFETY: as in `replace`.
    unsafe { zone.retire(last) };
}

/// Every mode, with either barrier.
pub fn domains() -> Vec<Smr> {
    let mut all = Vec::new();
    for barrier in [Barrier::Auto, Barrier::Fence] {
        for mode in [
            Mode::Eager,
            Mode::Deferred { every: 3 },
            Mode::Lazy {
                tick: Duration::from_micros(200),
            },
        ] {
            all.push(Smr::builder().mode(mode).barrier(barrier).build());
        }
    }
    all
}

/// Both barriers, eager.
pub fn eager_domains() -> [Smr; 2] {
    [Barrier::Auto, Barrier::Fence].map(|b| Smr::builder().barrier(b).build())
}

/// A domain that lives for ever, so that guards of it can sit in thread-locals.
pub fn static_domain() -> &'static Smr {
    leaked(Smr::new())
}

/// A value that lives for ever, and that leak checkers see being kept.
pub fn leaked<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let kept: &'static T = Box::leak(Box::new(value));
    KEPT.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(std::ptr::from_ref(kept).expose_provenance());
    kept
}

/// Waits until `done`, some seconds at most.
#[track_caller]
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "waited in vain: {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Flushes until nothing waits.
#[track_caller]
pub fn settle<T>(zone: &Zone<T>) {
    eventually("everything retired is dropped", || zone.flush() == 0);
}

/// Flushes for a while, for the sake of tests that nothing comes of it.
pub fn flush_in_vain<T>(zone: &Zone<T>) {
    for _ in 0..20 {
        zone.flush();
        zone.reclaim(100);
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Runs `f` in a thread of its own; panics if it panics, or does not end in time.
#[track_caller]
pub fn guarded(f: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel::<()>();
    let body = std::thread::spawn(move || {
        let _tell = tell; // disconnects at the end, whatever that is
        f();
    });
    if told.recv_timeout(2 * LONG) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    if let Err(panic) = body.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A thread that holds a section open until told otherwise.
pub struct Holder {
    leave: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Holder {
    pub fn of(smr: &Smr) -> Holder {
        let smr = smr.clone();
        let (leave, left) = mpsc::channel::<()>();
        let (entered, ready) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("holder".to_owned())
            .spawn(move || {
                let guard = smr.enter();
                entered.send(()).unwrap();
                let _ = left.recv();
                drop(guard);
            })
            .unwrap();
        ready.recv().unwrap();
        Holder { leave, thread }
    }

    pub fn end(self) {
        drop(self.leave);
        self.thread.join().unwrap();
    }
}

/// A flag to raise and to wait for.
#[derive(Clone, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    pub fn raise(&self) {
        self.0.store(true, SeqCst);
    }

    pub fn is_up(&self) -> bool {
        self.0.load(SeqCst)
    }

    #[track_caller]
    pub fn wait(&self) {
        eventually("a flag is raised", || self.is_up());
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread, which sleeps until it is woken.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(out) = future.as_mut().poll(&mut context) {
            return out;
        }
        std::thread::park();
    }
}

/// A small generator, so that runs are random and repeatable.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// The message of a caught panic.
pub fn message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// The message with which `f` panics.
#[track_caller]
pub fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(f())));
    message(&*caught.expect_err("a panic was expected"))
}
