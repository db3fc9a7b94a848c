//! From an empty map to a full one, with all the growing in between.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::keys::{key, value};
use crate::subjects::maps::Map;
use crate::suite::{Reading, Subject, Unit};

/// Threads that add `n` keys to an empty map, again and again until the window's time is up.
pub(super) fn grow<M: Map<u64>>(n: u64, threads: usize) -> Subject {
    super::check_shared::<u64, M>(threads);
    Subject::new(M::NAME, move |window| {
        let mut time = Duration::ZERO;
        let mut inserts = 0;
        while time < window.time {
            time += build::<M>(n, threads);
            inserts += n;
        }
        M::settle();
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        let (inserts, time) = (inserts as f64, time.as_secs_f64());
        match threads {
            1 => Reading::ns(time * 1e9 / inserts),
            _ => vec![Reading::new("", Unit::PerSecond, inserts / time)],
        }
    })
}

/// Builds one, and returns the time from the first insert to the last.
fn build<M: Map<u64>>(n: u64, threads: usize) -> Duration {
    let map = M::new();
    let gate = Barrier::new(threads);
    let times: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let (map, gate) = (&map, &gate);
        let work = move |thread: usize| {
            gate.wait();
            let start = Instant::now();
            for number in (thread as u64..n).step_by(threads) {
                let key = key(number);
                assert!(M::insert(&map.pin(), key, value(key)), "{}", M::NAME);
            }
            (start, Instant::now())
        };
        let handles: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        handles
            .into_iter()
            .map(|h| h.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
            .collect()
    });
    for number in (0..n).step_by(101) {
        let key = key(number);
        assert_eq!(M::get(&map.pin(), &key), Some(value(key)), "{}", M::NAME);
    }
    let start = times.iter().map(|t| t.0).min();
    let end = times.iter().map(|t| t.1).max();
    end.zip(start).map_or(Duration::ZERO, |(e, s)| e - s)
}
