//! The heavy barrier (P3), the writers' half of the StoreLoad that readers leave out.
//!
//! `membarrier(PRIVATE_EXPEDITED)` makes every running thread of the process execute a full barrier
//! between the call's start and its return; threads that do not run pass through the scheduler's.
//! Whether readers are light is decided once a process, before the first record is made, and never
//! taken back: a later refusal (a seccomp filter, say) makes [`heavy`] answer false, polls fail, and
//! memory waits; nothing is freed early.
//!
//! # Combining
//! One call serves every bucket of the process that was tagged before it began. [`ticket`] is taken
//! after the tag; [`served`] tells whether a call that began after the ticket has completed. The
//! scan's `w` is then the tag itself, not a `wr` read later. The rule is exact, and its relaxations
//! are unsound: see `docs/ordering.md`.

use crate::primitive::Ordering::{AcqRel, Acquire, SeqCst};
use crate::primitive::plain::AtomicU8;
use crate::primitive::{compiler_fence, fence};
use crate::seq::BUSY_FIRST;
use crate::step::{Step, mutated};

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_has_atomic = "64",
    not(any(smr_loom, smr_tsan, miri))
))]
#[path = "barrier/membarrier.rs"]
mod process;
#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    target_has_atomic = "64",
    not(any(smr_loom, smr_tsan, miri))
)))]
#[path = "barrier/none.rs"]
mod process;

/// How readers and scans order their accesses against each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum BarrierKind {
    /// Readers execute no fence; scans call the kernel's `membarrier`.
    Membarrier,
    /// Readers and scans both execute a sequentially consistent fence.
    Fence,
}

const UNDECIDED: u8 = 0;
const MEMBARRIER: u8 = 1;
const FENCE: u8 = 2;

/// The process's choice. Not a protocol variable, and decided once for all executions of a model.
static KIND: AtomicU8 = AtomicU8::new(UNDECIDED);

/// The process's choice, made by the first caller.
pub(crate) fn kind() -> BarrierKind {
    // Acquire: pairs with the AcqRel of `decide`: the process has been registered with the kernel.
    match KIND.load(Acquire) {
        MEMBARRIER => BarrierKind::Membarrier,
        FENCE => BarrierKind::Fence,
        _ => decide(),
    }
}

#[cold]
fn decide() -> BarrierKind {
    // The process's other choice, made at the same time.
    crate::page::decide();
    let off = std::env::var_os(OFF_SWITCH).is_some_and(|v| v == "0");
    let found = if !off && process::register() {
        MEMBARRIER
    } else {
        FENCE
    };
    // The first decision stands, should several threads race here.
    let _ = KIND.compare_exchange(UNDECIDED, found, AcqRel, Acquire);
    kind()
}

/// The environment variable that turns membarrier off when it is `0`.
pub(crate) const OFF_SWITCH: &str = "SMR_CORE_MEMBARRIER";

/// When a tag was taken, in heavy barriers begun by the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// A ticket that no barrier serves.
    pub(crate) const NEVER: Ticket = Ticket(u64::MAX);
}

/// A ticket for what the caller did before: its tag, in particular. The caller's last shared access
/// must have been the RMW that took the tag (W).
#[inline]
pub(crate) fn ticket(kind: BarrierKind) -> Ticket {
    match kind {
        BarrierKind::Fence => Ticket::NEVER,
        // A number that has come round could pass for one that an old barrier covered.
        BarrierKind::Membarrier if BUSY_FIRST => Ticket::NEVER,
        BarrierKind::Membarrier => {
            after_rmw();
            process::begun()
        }
    }
}

/// Whether a barrier that began after `ticket` was taken has completed. If so, what it ordered
/// happens before the return (Acquire).
#[inline]
pub(crate) fn served(ticket: Ticket) -> bool {
    ticket != Ticket::NEVER && process::completed_after(ticket)
}

/// A full fence after an atomic read-modify-write; on x86 the locked instruction was one already.
#[inline]
fn after_rmw() {
    if cfg!(any(target_arch = "x86", target_arch = "x86_64")) {
        compiler_fence();
    } else {
        fence(SeqCst);
    }
}

/// P3. A barrier between what the caller did before (P2, a raised flag) and its loads after (slots),
/// and between every reader's stores before it and loads after it. Partner: E3.
///
/// False if the kernel refused: the caller must then take nothing for observed.
pub(crate) fn heavy(kind: BarrierKind, step: Step) -> bool {
    match kind {
        BarrierKind::Fence => {
            if !mutated(step) {
                fence(SeqCst);
            }
            true
        }
        BarrierKind::Membarrier => process::heavy(),
    }
}

/// How many heavy barriers the process has completed.
pub(crate) fn issued() -> u64 {
    process::issued()
}

/// Whether the kernel has refused a barrier that it had granted at the start.
pub(crate) fn refused() -> u64 {
    process::refused()
}

/// The light half of a Dekker handshake whose other half calls [`heavy`]: orders the caller's store
/// before its next load.
#[inline]
pub(crate) fn light(kind: BarrierKind, step: Step) {
    match kind {
        BarrierKind::Fence if mutated(step) => {}
        BarrierKind::Fence => fence(SeqCst),
        BarrierKind::Membarrier => compiler_fence(),
    }
}
