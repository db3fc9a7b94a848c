//! Counters, and the report on a section that holds memory back.

use std::time::Duration;

use crate::domain::Core;
use crate::record::{Counters, Record};
use crate::seq::{Raw, Seq, section};

/// A domain's counters since it was made; see [`Smr::stats`](crate::Smr::stats). The first five are
/// the kernel's (`debug.smr`).
///
/// Counted in each thread's record without synchronization: a snapshot taken while threads work is
/// recent, not exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Times the write sequence was advanced.
    pub advance: u64,
    /// Advances that had to wait for readers first (narrow sequences only).
    pub advance_wait: u64,
    /// Polls.
    pub poll: u64,
    /// Polls that looked at the records.
    pub poll_scan: u64,
    /// Polls that found the goal not yet observed.
    pub poll_fail: u64,
    /// Heavy barriers that the *process* has issued, for all domains together.
    pub barriers: u64,
    /// Heavy barriers that the kernel refused after having granted one at the start: while it does,
    /// nothing can be reclaimed in domains with light readers. For the process.
    pub barriers_refused: u64,
    /// Items that zones of the domain have retired, counted when their bucket takes its number.
    pub retired_items: u64,
    /// The bytes of their slots.
    pub retired_bytes: u64,
    /// Items of the domain's zones whose drop has run.
    pub reclaimed_items: u64,
    /// The bytes of their slots.
    pub reclaimed_bytes: u64,
    /// Threads that have a record.
    pub threads: usize,
    /// Records without a thread: [`Reader`](crate::Reader)s, and sections of exiting threads.
    pub readers: usize,
    /// Thread numbers and records given up because a section was left open. For the process.
    pub abandoned: u64,
}

/// A zone's counters since it was made; see [`Zone::stats`](crate::Zone::stats).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ZoneStats {
    /// The bytes of a slot.
    pub item_bytes: usize,
    /// Items retired.
    pub retired_items: u64,
    /// Retired items whose drop has run.
    pub reclaimed_items: u64,
    /// Retired items given up because there was no memory for keeping them in mind.
    pub leaked_items: u64,
    /// Drops that panicked, those whose panic was passed on included.
    pub drop_panics: u64,
}

impl ZoneStats {
    /// Items retired and not yet dropped.
    #[must_use]
    pub fn unreclaimed_items(&self) -> u64 {
        self.retired_items
            .saturating_sub(self.reclaimed_items + self.leaked_items)
    }

    /// The bytes of their slots.
    #[must_use]
    pub fn unreclaimed_bytes(&self) -> u64 {
        self.unreclaimed_items() * self.item_bytes as u64
    }
}

/// The oldest open section of a domain; see [`Smr::stalled`](crate::Smr::stalled).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Stall {
    /// The name of the section's thread, at most 16 bytes of it; None for a [`Reader`](crate::Reader)
    /// or a thread without a name.
    pub thread: Option<String>,
    /// The index of the section's record: a thread's number, or a reader's.
    pub record: usize,
    /// Whether the record is a thread's.
    pub of_thread: bool,
    /// The section's age in sequence numbers: advances since it was opened, or last repinned.
    pub age: u64,
    /// How long polls have been seeing this section in their way; None if none has.
    pub blocking_for: Option<Duration>,
}

impl Core {
    pub(crate) fn stats(&self) -> Stats {
        let mut s = Stats {
            barriers: crate::barrier::issued(),
            barriers_refused: crate::barrier::refused(),
            threads: self.threads.len(),
            readers: self.readers.len(),
            abandoned: crate::threads::abandoned(),
            ..Stats::default()
        };
        let records = self.threads.all().map(|r| &r.counters);
        for c in records.chain([&self.shared]) {
            s.add(c);
        }
        s
    }

    pub(crate) fn stalled(&self) -> Option<Stall> {
        let floor = self.clock.observed();
        let now = self.clock.written();
        let mut oldest: Option<(Seq, Stall)> = None;
        self.for_each_record(|record: &Record| {
            let raw: Raw = record.slot();
            let Some(at) = section(raw, floor) else {
                return;
            };
            if record.has_vanished() || oldest.as_ref().is_some_and(|(o, _)| !at.before(*o)) {
                return;
            }
            let name = record.owner_name();
            let stall = Stall {
                thread: (!name.is_empty()).then_some(name),
                record: record.index as usize,
                of_thread: record.of_thread,
                // A section may have published a number read long ago: count from that.
                age: now.steps_since(record.published().unwrap_or(at)),
                blocking_for: self.scan.blocking_for(record, raw),
            };
            oldest = Some((at, stall));
        });
        oldest.map(|(_, stall)| stall)
    }
}

impl Stats {
    fn add(&mut self, c: &Counters) {
        self.advance += c.advance.get();
        self.advance_wait += c.advance_wait.get();
        self.poll += c.poll.get();
        self.poll_scan += c.poll_scan.get();
        self.poll_fail += c.poll_fail.get();
        self.retired_items += c.retired_items.get();
        self.retired_bytes += c.retired_bytes.get();
        self.reclaimed_items += c.reclaimed_items.get();
        self.reclaimed_bytes += c.reclaimed_bytes.get();
    }
}
