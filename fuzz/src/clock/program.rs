//! Programs and their encoding.
//!
//! Four bytes of plan: one for the whole, one for each of three domains. Then two bytes a turn: the
//! thread (2 bits), the domain (2), an argument (4); and the operation, modulo the length of its
//! table. Every sequence of bytes is a program.

use std::time::Duration;

use smr_core::{Barrier, Mode, Smr};

/// Places of threads; place 0 is the caller's own.
pub(super) const THREADS: usize = 4;
/// The most turns that are replayed.
const TURNS: usize = 256;

#[derive(Debug)]
pub(super) struct Program {
    pub(super) domains: Vec<Plan>,
    /// Barriers before everything is dropped; else the zones are dropped with what waits in them.
    pub(super) orderly: bool,
    pub(super) turns: Vec<Turn>,
}

/// A domain and its zones.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) global: bool,
    pub(super) mode: Mode,
    pub(super) barrier: Barrier,
    /// A quota so small that zones poll all the time.
    pub(super) tight: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) thread: usize,
    pub(super) domain: usize,
    pub(super) arg: usize,
    pub(super) op: Op,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Enter,
    Exit,
    Repin,
    OwnedEnter,
    OwnedExit,
    OwnedRepin,
    ReaderEnter,
    Read,
    Publish,
    Unlink,
    Replace,
    Churn,
    Discard,
    Advance,
    Poll,
    WaitBriefly,
    Wait,
    Observed,
    Flush,
    Reclaim,
    Barrier,
    Defer,
    RunDeferred,
    Report,
    Leave,
}

/// Frequent operations have several places.
const OPS: [Op; 40] = {
    use Op::*;
    [
        Enter,
        Enter,
        Enter,
        Exit,
        Exit,
        Exit,
        Repin,
        Repin,
        OwnedEnter,
        OwnedEnter,
        OwnedExit,
        OwnedExit,
        OwnedRepin,
        ReaderEnter,
        Read,
        Read,
        Read,
        Publish,
        Publish,
        Publish,
        Unlink,
        Replace,
        Churn,
        Churn,
        Discard,
        Advance,
        Advance,
        Poll,
        Poll,
        WaitBriefly,
        Wait,
        Observed,
        Flush,
        Reclaim,
        Reclaim,
        Barrier,
        Defer,
        RunDeferred,
        Report,
        Leave,
    ]
};

impl Program {
    pub(super) fn parse(bytes: &[u8]) -> Program {
        let (head, turns) = bytes.split_at(bytes.len().min(4));
        let at = |i: usize| head.get(i).copied().unwrap_or(0);
        let whole = at(0);
        let count = 2 + usize::from(whole & 1);
        let domains: Vec<Plan> = (0..count)
            .map(|i| Plan::parse(at(1 + i), whole & 2 != 0 && i + 1 == count))
            .collect();
        let turns = turns
            .as_chunks::<2>()
            .0
            .iter()
            .take(TURNS)
            .map(|&[who, what]| Turn {
                thread: usize::from(who) % THREADS,
                domain: usize::from(who >> 2 & 3) % count,
                arg: usize::from(who >> 4),
                op: OPS[usize::from(what) % OPS.len()],
            })
            .collect();
        Program {
            domains,
            orderly: whole & 4 == 0,
            turns,
        }
    }
}

impl Plan {
    fn parse(byte: u8, global: bool) -> Plan {
        let mode = match byte & 3 {
            1 => Mode::Deferred { every: 3 },
            2 => Mode::Lazy {
                tick: Duration::ZERO,
            },
            _ => Mode::Eager,
        };
        let fence = byte & 4 != 0;
        Plan {
            global,
            mode: if global { Mode::Eager } else { mode },
            barrier: if fence { Barrier::Fence } else { Barrier::Auto },
            tight: byte & 8 != 0,
        }
    }

    pub(super) fn domain(&self) -> Smr {
        if self.global {
            Smr::global().clone()
        } else {
            Smr::builder().mode(self.mode).barrier(self.barrier).build()
        }
    }
}
