//! Everything at once, for a while: `SMR_STRESS_SECONDS` for longer.

mod common;

use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::time::{Duration, Instant};

use common::{Flag, Item, Rng, Tally, domains, guarded, settle};
use smr_core::{Atomic, Shared, Smr, Zone};

const CELLS: usize = 8;

/// A zone and what is published of it.
struct Subject {
    smr: Smr,
    zone: Zone<Item>,
    cells: Vec<Atomic<Item>>,
    tally: Tally,
}

impl Subject {
    fn new(smr: &Smr, bytes: usize) -> Subject {
        Subject {
            smr: smr.clone(),
            zone: Zone::with_cache_bytes(smr, bytes),
            cells: (0..CELLS).map(|_| Atomic::null()).collect(),
            tally: Tally::new(),
        }
    }

    /// One random operation of a thread.
    fn turn(&self, rng: &mut Rng) {
        let cell = &self.cells[rng.below(CELLS)];
        let guard = self.zone.enter();
        match rng.below(100) {
            0..40 => {
                let seen = cell.load(Acquire, &guard);
                // SAFETY: null, or of the zone and reachable under the guard of its domain.
                if let Some(item) = unsafe { seen.as_ref() } {
                    item.check();
                    let inner = self.smr.enter();
                    if rng.below(20) == 0 {
                        std::thread::yield_now();
                    }
                    item.check();
                    drop(guard);
                    drop(inner);
                }
            }
            40..85 => {
                let old = cell.swap(self.zone.alloc(self.tally.item()), AcqRel, &guard);
                self.retire(old);
            }
            85..92 => {
                let seen = cell.load(Acquire, &guard);
                let new = self.zone.alloc(self.tally.item());
                if cell
                    .compare_exchange(seen, new, AcqRel, Acquire, &guard)
                    .is_ok()
                {
                    self.retire(seen);
                }
            }
            92..95 => self.retire(cell.swap(Shared::null(), AcqRel, &guard)),
            95 => drop(self.zone.flush()),
            96 => {
                drop(guard);
                self.zone.reclaim(rng.below(50));
            }
            97 => {
                let mut owned = self.smr.enter_owned();
                drop(guard);
                // SAFETY: null, or of the zone and reachable under the owned guard.
                if let Some(item) = unsafe { cell.load(Acquire, &owned).as_ref() } {
                    item.check();
                }
                owned.repin();
            }
            98 => {
                let goal = self.smr.advance();
                assert!(!self.smr.poll(goal), "observed under a section");
            }
            _ => {
                drop(guard);
                if rng.below(20) == 0 {
                    self.zone.barrier();
                } else {
                    let goal = self.smr.advance();
                    self.smr.wait_timeout(goal, Duration::from_micros(50));
                }
            }
        }
    }

    fn retire(&self, old: Shared<'_, Item>) {
        if !old.is_null() {
            // SAFETY: the caller has just unlinked it, alone.
            unsafe { self.zone.retire(old) };
        }
    }

    /// Empties the cells, and checks that everything is accounted for.
    fn end(mut self) {
        let guard = self.zone.enter();
        for cell in &self.cells {
            self.retire(cell.swap(Shared::null(), AcqRel, &guard));
        }
        drop(guard);
        self.zone.check();
        self.zone.barrier();
        assert_eq!(self.tally.alive(), 0, "{:?}", self.smr);
        assert_eq!(self.zone.stats().unreclaimed_items(), 0);
        assert_eq!(self.zone.stats().drop_panics, 0);
        settle(&self.zone);
        self.zone.check();
        assert_eq!(self.smr.stalled(), None);
    }
}

fn seconds(share: f64) -> Duration {
    let all = std::env::var("SMR_STRESS_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok());
    Duration::from_secs_f64(all.unwrap_or(2.0) * share)
}

/// Lets `threads` threads at the subjects for `time`; some of them end early and are replaced.
fn storm(subjects: Vec<Subject>, threads: u64, time: Duration) {
    let stop = Flag::default();
    std::thread::scope(|s| {
        for n in 0..threads {
            let (subjects, stop) = (&subjects, &stop);
            s.spawn(move || {
                let mut generation = 0;
                while !stop.is_up() {
                    generation += 1;
                    std::thread::scope(|inner| {
                        inner.spawn(|| {
                            let mut rng = Rng::new(n * 1_000_003 + generation);
                            let turns = if n % 2 == 0 { usize::MAX } else { 3_000 };
                            for turn in 0..turns {
                                if turn % 64 == 0 && stop.is_up() {
                                    break;
                                }
                                subjects[rng.below(subjects.len())].turn(&mut rng);
                            }
                        });
                    });
                }
            });
        }
        let start = Instant::now();
        while start.elapsed() < time {
            std::thread::sleep(Duration::from_millis(5));
            for subject in subjects.iter() {
                let _ = (subject.smr.stalled(), subject.smr.stats());
            }
        }
        stop.raise();
    });
    for subject in subjects {
        subject.end();
    }
}

#[test]
fn several_zones_of_one_domain() {
    guarded(|| {
        let all = domains();
        let share = 0.4 / all.len() as f64;
        for smr in all {
            let subjects = [1, 4_096, 192 << 10].map(|bytes| Subject::new(&smr, bytes));
            storm(subjects.into(), 4, seconds(share));
        }
    });
}

#[test]
fn several_zones_of_several_domains() {
    guarded(|| {
        let mut subjects: Vec<_> = domains()
            .iter()
            .map(|smr| Subject::new(smr, 64 << 10))
            .collect();
        subjects.push(Subject::new(Smr::global(), 64 << 10));
        storm(subjects, 6, seconds(0.5));
    });
}
