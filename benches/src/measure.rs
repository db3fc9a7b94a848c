//! One measurement: threads that run a step over and over, and a window of time around it.
//!
//! Threads are started, set up and warmed up before the window opens; when it has closed they rest,
//! alive and outside of all sections, until the caller has looked at what they left; then they are
//! joined, the destructors of their thread-locals included.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::meter;

/// How many operations a step is asked for at most. The clock and the signal are not looked at more
/// often than that.
const CHUNK: u64 = 256;

const WARM_UP: u8 = 0;
const OPEN: u8 = 1;
const OVER: u8 = 2;

/// How long a measurement takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
}

impl Window {
    /// A window of `time`, after a fifth of it for warming up.
    pub(crate) fn new(time: Duration) -> Window {
        Window {
            warm_up: time / 5,
            time,
        }
    }

    /// The window `times` as long, with the same warm-up.
    pub(crate) fn stretched(self, times: u32) -> Window {
        Window {
            time: self.time * times,
            ..self
        }
    }
}

/// Where in a measurement the threads are.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    phase: CachePadded<AtomicU8>,
}

impl Signal {
    /// Whether the window has closed. A step that waits for others asks this.
    // Relaxed: nothing but the phase itself is told by it; the barriers order all else.
    pub(crate) fn is_over(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == OVER
    }

    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::Relaxed) == phase
    }
}

/// A kind of thread: how many of them, and how one's step is made, which the thread itself does. A
/// step runs some operations, at most as many as it is told, and returns how many.
pub(crate) struct Crew<F> {
    pub(crate) threads: usize,
    pub(crate) make: F,
}

impl<F> Crew<F> {
    pub(crate) fn new(threads: usize, make: F) -> Crew<F> {
        Crew { threads, make }
    }
}

/// The step of a thread that nobody starts.
type NoStep = fn(u64, &Signal) -> u64;

/// A crew of nobody.
pub(crate) fn nobody() -> Crew<fn(usize) -> NoStep> {
    Crew::new(0, |_| |_, _| 0)
}

/// What the threads of a crew did while the window was open.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) threads: usize,
    pub(crate) ops: u64,
    /// The time of all threads together.
    pub(crate) busy: Duration,
}

impl Tally {
    /// Nanoseconds of a thread's time for one operation.
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    pub(crate) fn ns_per_op(&self) -> f64 {
        self.busy.as_nanos() as f64 / self.ops as f64
    }

    /// Operations of all threads together in a second.
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    pub(crate) fn per_second(&self) -> f64 {
        self.ops as f64 * self.threads as f64 / self.busy.as_secs_f64()
    }

    fn add(mut self, other: Tally) -> Tally {
        self.threads += other.threads;
        self.ops += other.ops;
        self.busy += other.busy;
        self
    }
}

/// Runs two crews side by side. `watch` runs on the calling thread while the window is open and is
/// given the instant at which it closes; `rest` runs when all threads have come to rest.
pub(crate) fn run<A, B, F, G, W, R>(
    window: Window,
    first: &Crew<A>,
    second: &Crew<B>,
    watch: impl FnOnce(Instant) -> W,
    rest: impl FnOnce() -> R,
) -> (Tally, Tally, W, R)
where
    A: Fn(usize) -> F + Sync,
    B: Fn(usize) -> G + Sync,
    F: FnMut(u64, &Signal) -> u64,
    G: FnMut(u64, &Signal) -> u64,
{
    let signal = Signal::default();
    let gate = Barrier::new(first.threads + second.threads + 1);
    thread::scope(|scope| {
        let (signal, gate) = (&signal, &gate);
        let firsts: Vec<_> = (0..first.threads)
            .map(|i| scope.spawn(move || work(1 + i, signal, gate, || (first.make)(i))))
            .collect();
        let seconds: Vec<_> = (0..second.threads)
            .map(|i| {
                let number = 1 + first.threads + i;
                scope.spawn(move || work(number, signal, gate, || (second.make)(i)))
            })
            .collect();

        gate.wait();
        thread::sleep(window.warm_up);
        signal.phase.store(OPEN, Ordering::Relaxed);
        let close = Instant::now() + window.time;
        let watched = watch(close);
        thread::sleep(close.saturating_duration_since(Instant::now()));
        signal.phase.store(OVER, Ordering::Relaxed);
        gate.wait();
        let rested = rest();
        gate.wait();

        // Joining each thread waits for the destructors of its thread-locals, which the end of the
        // scope alone does not.
        let join = |handles: Vec<thread::ScopedJoinHandle<'_, Tally>>| {
            handles
                .into_iter()
                .map(|handle| {
                    handle
                        .join()
                        .unwrap_or_else(|e| std::panic::resume_unwind(e))
                })
                .fold(Tally::default(), Tally::add)
        };
        (join(firsts), join(seconds), watched, rested)
    })
}

/// Runs one crew and nothing beside it.
pub(crate) fn run_alone<A, F>(window: Window, crew: &Crew<A>) -> Tally
where
    A: Fn(usize) -> F + Sync,
    F: FnMut(u64, &Signal) -> u64,
{
    run(window, crew, &nobody(), |_| (), || ()).0
}

/// What each thread does.
fn work<F: FnMut(u64, &Signal) -> u64>(
    number: usize,
    signal: &Signal,
    gate: &Barrier,
    make: impl FnOnce() -> F,
) -> Tally {
    // A thread that panics would leave the others at the gate for ever: the run ends with it.
    let _abort = AbortOnPanic;
    meter::number_thread(number);
    let mut step = make();
    gate.wait();
    while signal.is(WARM_UP) {
        step(CHUNK, signal);
    }
    let start = Instant::now();
    let mut ops = 0;
    // One at least: on a crowded machine a thread may sleep through the window, and its own time
    // tells the truth then as well.
    loop {
        ops += step(CHUNK, signal);
        if !signal.is(OPEN) {
            break;
        }
    }
    let busy = start.elapsed();
    gate.wait();
    gate.wait();
    Tally {
        threads: 1,
        ops,
        busy,
    }
}

struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("benches: a measuring thread panicked; see the message above");
            std::process::exit(101);
        }
    }
}

/// A step that runs `op` as often as it is told.
pub(crate) fn each(mut op: impl FnMut()) -> impl FnMut(u64, &Signal) -> u64 {
    move |n, _| {
        for _ in 0..n {
            op();
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_only_what_the_window_sees() {
        let window = Window {
            warm_up: Duration::from_millis(5),
            time: Duration::from_millis(20),
        };
        let crew = Crew::new(2, |_| {
            |_: u64, _: &Signal| {
                thread::sleep(Duration::from_millis(1));
                1
            }
        });
        let tally = run_alone(window, &crew);
        assert_eq!(tally.threads, 2);
        assert!(tally.ops > 0 && tally.ops < 2 * 25, "{tally:?}");
        assert!(tally.busy >= Duration::from_millis(tally.ops));
    }

    #[test]
    fn rest_sees_every_thread_at_rest() {
        let window = Window {
            warm_up: Duration::ZERO,
            time: Duration::from_millis(2),
        };
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let crew = Crew::new(2, |_| {
            each(|| {
                inside.fetch_add(1, Ordering::Relaxed);
                std::hint::spin_loop();
                inside.fetch_sub(1, Ordering::Relaxed);
            })
        });
        let rested = run(
            window,
            &crew,
            &nobody(),
            |_| (),
            || inside.load(Ordering::Relaxed),
        )
        .3;
        assert_eq!(rested, 0);
    }

    #[test]
    fn rates_are_of_all_threads_together() {
        let tally = Tally {
            threads: 2,
            ops: 1000,
            busy: Duration::from_secs(2),
        };
        assert!((tally.per_second() - 1000.0).abs() < 1e-9);
        assert!((tally.ns_per_op() - 2e6).abs() < 1e-6);
    }
}
