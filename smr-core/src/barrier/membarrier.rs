//! Linux's `membarrier`, and the count of calls begun and completed by which they are shared.

use super::Ticket;
use crate::primitive::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::primitive::{AtomicU64, fence};

const QUERY: libc::c_int = 0;
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

static BEGUN: AtomicU64 = AtomicU64::new(0);
static COMPLETED: AtomicU64 = AtomicU64::new(0);
static ISSUED: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);

fn membarrier(command: libc::c_int) -> libc::c_long {
    // SAFETY: membarrier takes a command, flags and a processor number, and touches no memory of ours.
    unsafe {
        libc::syscall(
            libc::SYS_membarrier,
            command,
            0 as libc::c_uint,
            0 as libc::c_int,
        )
    }
}

/// Registers the process; false if the kernel lacks the call or forbids it (ENOSYS, EPERM).
pub(super) fn register() -> bool {
    let supported = membarrier(QUERY);
    supported > 0
        && supported & libc::c_long::from(PRIVATE_EXPEDITED) != 0
        && membarrier(REGISTER_PRIVATE_EXPEDITED) == 0
        && membarrier(PRIVATE_EXPEDITED) == 0
}

/// Relaxed: a barrier begun later than this load counts a higher number, whatever else is reordered;
/// `super::ticket` fences before.
#[inline]
pub(super) fn begun() -> Ticket {
    Ticket(BEGUN.load(Relaxed))
}

/// Acquire: pairs with the Release of the completing call.
#[inline]
pub(super) fn completed_after(ticket: Ticket) -> bool {
    COMPLETED.load(Acquire) > ticket.0
}

pub(super) fn heavy() -> bool {
    // Counted before the call begins: a ticket at or above this number is not served by it. The fence
    // keeps the count before the call for those who combine.
    let mine = BEGUN.fetch_add(1, Relaxed) + 1;
    fence(SeqCst);
    let done = membarrier(PRIVATE_EXPEDITED) == 0;
    fence(SeqCst);
    if done {
        // Release: what the barrier ordered happens before `completed_after` answers true.
        COMPLETED.fetch_max(mine, Release);
        ISSUED.fetch_add(1, Relaxed);
    } else {
        REFUSED.fetch_add(1, Relaxed);
    }
    done
}

pub(super) fn issued() -> u64 {
    ISSUED.load(Relaxed)
}

pub(super) fn refused() -> u64 {
    REFUSED.load(Relaxed)
}
