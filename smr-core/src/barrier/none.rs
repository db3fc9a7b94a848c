//! No asymmetric barrier here: every reader fences.

use super::Ticket;

pub(super) fn register() -> bool {
    false
}

pub(super) fn begun() -> Ticket {
    Ticket::NEVER
}

pub(super) fn completed_after(_: Ticket) -> bool {
    false
}

pub(super) fn heavy() -> bool {
    unreachable!("membarrier was never registered")
}

pub(super) fn issued() -> u64 {
    0
}

pub(super) fn refused() -> u64 {
    0
}
