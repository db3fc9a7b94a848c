//! A number that knows its domain.

use crate::barrier::Ticket;
use crate::domain::Core;
use crate::seq::Seq;

/// A number of a domain's clock: what was unlinked before the [`advance`](crate::Smr::advance) that returned
/// it can be reused once it has been observed. `Copy`; may be kept for any time, and sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Goal {
    seq: Seq,
    ticket: Ticket,
    domain: u64,
}

impl Goal {
    /// What an advance of `core` returned.
    #[inline]
    pub(crate) fn new(core: &Core, (seq, ticket): (Seq, Ticket)) -> Goal {
        Goal {
            seq,
            ticket,
            domain: core.id(),
        }
    }

    /// The number, for the domain that it belongs to.
    ///
    /// # Panics
    /// If that is not `core`.
    #[inline]
    #[track_caller]
    pub(crate) fn of(self, core: &Core) -> (Seq, Ticket) {
        assert!(
            self.domain == core.id(),
            "this goal is of another domain: only the domain that advanced can tell whether it has \
             been observed"
        );
        (self.seq, self.ticket)
    }
}
