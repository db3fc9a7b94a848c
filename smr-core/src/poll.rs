//! Has everybody observed a goal? The scan of the records, and the rise of the read sequence.
//!
//! Invariants: **P1** `wr` is loaded before the barrier, and the barrier lies before any record is
//! read; a section whose number is before `rd` counts as `rd` (`seq::section`).
//!
//! # Why a scan may free
//! Let the scan have loaded `w` (P2), with goal `g ≤ w`, then passed the heavy barrier (P3).
//! 1. *A slot is read idle.* Its owner's next E2 comes after the read, so P3 comes before the E3 of
//!    that section, which therefore sees every unlink up to `w`. What the ended section did happens
//!    before (X is Release, the read Acquire).
//! 2. *A slot holds `s ≥ g`.* The section read `s` from `wr` (E1, Acquire) and so synchronizes with
//!    every W up to `s`: it sees the unlinks up to `g`.
//! 3. *A slot holds `s < rd`.* The scan that raised `rd` did not see this section, so by 1 it sees the
//!    unlinks up to `rd`. It counts as `rd`. Under preemption this is common.
//! 4. *A slot holds `rd ≤ s < g`.* The section may be older than the unlink. It blocks.
//!
//! The scan lock is a hint that keeps most scans from running twice: scans are safe side by side, and
//! after a few refusals a caller scans anyway, so that a suspended scanner stops nobody.

use core::ptr;
use std::time::Duration;

use crate::barrier::{self, Ticket};
use crate::domain::{Core, Mode};
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::primitive::counter::Counter;
use crate::primitive::hint::{AtomicU32, AtomicUsize};
use crate::primitive::{AtomicPtr, interruptible, uptime_nanos};
use crate::record::Record;
use crate::seq::{BUSY_FIRST, MAX_DELTA, Raw, Seq, as_note, section};
use crate::step::{Step, mutated};
use crate::threads;

/// Refusals by the scan lock after which a caller scans without it.
const PATIENCE: u32 = 4;

/// What scans share.
#[derive(Debug)]
pub(crate) struct ScanState {
    /// 0, or the scanner's [`threads::generation`] and one.
    busy: AtomicUsize,
    refusals: AtomicU32,
    /// The record that blocked the latest scan: looked at first by the next, before its barrier.
    blocker: AtomicPtr<Record>,
    /// For reports: the slot's value when it first blocked, and when that was (`uptime_nanos`).
    blocked_at: Counter,
    blocked_since: Counter,
}

impl ScanState {
    crate::primitive::const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                busy: AtomicUsize::new(0),
                refusals: AtomicU32::new(0),
                blocker: AtomicPtr::new(ptr::null_mut()),
                blocked_at: Counter::new(),
                blocked_since: Counter::new(),
            }
        }
    }

    /// Whether the caller may scan. With a wide sequence the lock is a hint that keeps results fresh;
    /// with a narrow one it is a lock: a scanner that slept while the numbers came half round would
    /// set `rd` back. A lock left behind by a fork counts for nothing.
    fn admit(&self) -> bool {
        let me = threads::generation() + 1;
        let holder = self.busy.load(Relaxed);
        // Acquire: pairs with the Release of `done`: on a narrow clock the last scanner's `rd` is seen.
        if holder != me
            && self
                .busy
                .compare_exchange(holder, me, Acquire, Relaxed)
                .is_ok()
        {
            return true;
        }
        if BUSY_FIRST || self.refusals.fetch_add(1, Relaxed) < PATIENCE {
            return false;
        }
        self.refusals.store(0, Relaxed);
        true
    }

    /// Notes which record, at which value, blocked a scan.
    fn blocked_by(&self, record: Option<&Record>) {
        let now: *const Record = record.map_or(ptr::null(), ptr::from_ref);
        // Release: pairs with the Acquire in `Core::blocker`.
        let before = self.blocker.swap(now.cast_mut(), AcqRel);
        if let Some(record) = record {
            let at = as_note(record.slot());
            if !ptr::eq(before, now) || self.blocked_at.get() != at {
                self.blocked_at.set(at);
                self.blocked_since.set(uptime_nanos());
            }
        }
    }

    /// For how long scans have seen `record` in their way with the value `at`.
    pub(crate) fn blocking_for(&self, record: &Record, at: Raw) -> Option<Duration> {
        let known =
            ptr::eq(self.blocker.load(Acquire), record) && self.blocked_at.get() == as_note(at);
        known.then(|| {
            let since = self.blocked_since.get();
            Duration::from_nanos(uptime_nanos().saturating_sub(since))
        })
    }

    fn done(&self) {
        self.refusals.store(0, Relaxed);
        self.busy.store(0, Release); // to the Acquire of `admit`
    }
}

/// Whether the numbers have come half round since `goal` was taken, `w` being an Acquire load of `wr`.
///
/// No goal was ever more than one step ahead of `wr` when it was taken, so one that looks further ahead
/// is half a round behind. `rd` follows `wr` at [`MAX_DELTA`], so it has passed that goal; and the
/// advances up to `w` each read it with Acquire before they were Released. Wide sequences never come
/// that far.
fn is_ancient(goal: Seq, w: Seq) -> bool {
    BUSY_FIRST && w.next().before(goal)
}

impl Core {
    /// Whether every section open at the time of the goal's advance has ended. Never blocks; may
    /// answer false while another thread's scan runs.
    #[inline]
    pub(crate) fn poll(&self, goal: Seq, ticket: Ticket) -> bool {
        let met = goal.at_or_before(self.clock.observed());
        self.count(|c| &c.poll, 1);
        met || self.poll_slots(goal, ticket)
    }

    /// The part of `poll` that looks at records.
    #[cold]
    #[inline(never)]
    fn poll_slots(&self, goal: Seq, ticket: Ticket) -> bool {
        let met = self.try_scan(goal, ticket, true);
        if !met {
            self.count(|c| &c.poll_fail, 1);
        }
        met
    }

    /// A poll for `goal`, the first of several, which raises `rd` up to a later one at the same price if
    /// `served`, the last of them whose ticket has been served, is there. Otherwise a poll of its own
    /// barrier, which goes as far as `wr`.
    pub(crate) fn poll_first(&self, goal: Seq, served: Option<Seq>) -> bool {
        self.count(|c| &c.poll, 1);
        let met = match served {
            Some(last) if !BUSY_FIRST => {
                let rd = self.clock.observed(); // P1
                goal.at_or_before(rd)
                    || !self.blocked_by_last(goal, rd) && self.scan(goal, rd, last)
            }
            _ => self.try_scan(goal, Ticket::NEVER, true),
        };
        if !met {
            self.count(|c| &c.poll_fail, 1);
        }
        met
    }

    /// Like a poll for `goal`, for the sake of earlier goals: scans even if that one is known to be
    /// blocked, and raises `rd` as far as the records allow.
    pub(crate) fn poll_up_to(&self, goal: Seq) {
        self.count(|c| &c.poll, 1);
        if !self.try_scan(goal, Ticket::NEVER, false) {
            self.count(|c| &c.poll_fail, 1);
        }
    }

    fn try_scan(&self, goal: Seq, ticket: Ticket, only_this: bool) -> bool {
        let rd = self.clock.observed(); // P1
        if goal.at_or_before(rd) || (BUSY_FIRST && is_ancient(goal, self.clock.written())) {
            return true;
        }
        if only_this && self.blocked_by_last(goal, rd) {
            return false;
        }
        if !BUSY_FIRST && barrier::served(ticket) {
            // A barrier that began after the tag has completed: the tag is `w`, and P3 is behind us.
            return self.scan(goal, rd, goal);
        }
        if let Mode::Lazy { tick } = self.mode() {
            if !self.tick_is_due(tick) {
                return false;
            }
            // The write sequence moves here, once a tick, not in `advance`.
            self.reach(goal);
        }
        if !self.scan.admit() {
            return false;
        }
        // A narrow clock may have come far since the look at `rd`. It does not while we may scan.
        let rd = if BUSY_FIRST {
            self.clock.observed()
        } else {
            rd
        };
        let met = self.scan_behind_barrier(goal, rd);
        self.scan.done();
        met
    }

    fn scan_behind_barrier(&self, goal: Seq, rd: Seq) -> bool {
        let mut w = self.clock.written(); // P2
        if w.before(goal) {
            if is_ancient(goal, w) {
                return true;
            }
            // A goal of a deferred advance, which no real one has followed yet. Where the hands are as
            // far apart as they may be, nothing moves before a scan does.
            if !BUSY_FIRST || self.hands_apart() < MAX_DELTA {
                return false;
            }
        }
        let ordered = barrier::heavy(self.barrier_in_use(), Step::P3); // P3
        if mutated(Step::P2Place) {
            w = self.clock.written();
        }
        ordered && self.scan(goal, rd, w)
    }

    /// Whether `goal` has been observed, as far as the clock alone tells. Acquire: what the sections
    /// before it did happens before the answer `true`.
    #[inline]
    pub(crate) fn is_observed(&self, goal: Seq) -> bool {
        goal.at_or_before(self.clock.observed())
            || (BUSY_FIRST && is_ancient(goal, self.clock.written()))
    }

    /// Moves the write sequence up to `goal`, if no real advance has followed it yet.
    pub(crate) fn reach(&self, goal: Seq) {
        let room = !BUSY_FIRST || self.hands_apart() < MAX_DELTA;
        if self.clock.written_relaxed().next() == goal && room {
            self.count(|c| &c.advance, 1);
            self.clock.advance();
        }
    }

    /// Whether the record that blocked the latest scan still blocks `goal`. Asked before the barrier,
    /// so it may only ever fail a poll.
    fn blocked_by_last(&self, goal: Seq, rd: Seq) -> bool {
        self.blocker().is_some_and(|record| {
            section(record.slot(), rd).is_some_and(|at| at.before(goal)) && !record.has_vanished()
        })
    }

    /// The record that blocked the latest scan.
    pub(crate) fn blocker(&self) -> Option<&Record> {
        // Acquire: pairs with the swap in `blocked_by`; the record was made before it was seen there.
        let record = self.scan.blocker.load(Acquire);
        // SAFETY: `blocked_by` stores null or a record of this domain, and records stay where they are
        // until the domain is dropped.
        unsafe { record.as_ref() }
    }

    /// Reads every occupied record's slot, and raises `rd` as far as they allow, at most to `w`.
    /// The caller has loaded `rd` and `w` and then passed a heavy barrier.
    fn scan(&self, goal: Seq, rd: Seq, w: Seq) -> bool {
        self.count(|c| &c.poll_scan, 1);
        let mut oldest = w;
        let mut blocker: Option<&Record> = None;
        let visit = |record| {
            let record: &Record = record;
            if let Some(at) = section(record.slot(), rd)
                && at.before(oldest)
                && !record.has_vanished()
            {
                oldest = at;
                blocker = Some(record);
            }
        };
        self.for_each_record(visit);
        self.scan.blocked_by(blocker);
        interruptible();
        goal.at_or_before(self.clock.raise(rd, oldest)) // P4
    }
}
