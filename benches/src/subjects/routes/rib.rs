//! Tables for one thread, kept where several may reach them, or by themselves.

use super::{Family, Longest, Prefix, Routes};
use crate::subjects::plain::Kept;

/// A table that one thread changes, while nobody else looks.
pub(crate) trait Rib<F: Family>: Default {
    /// Its name for one thread.
    const OWN: &'static str;

    /// Its name behind a lock.
    const LOCKED: &'static str;

    /// As [`Longest::longest`].
    fn longest(&self, address: F::Address) -> Option<u32>;

    /// As [`Routes::announce`].
    fn announce(&mut self, prefix: Prefix<F>, value: u32) -> bool;

    /// As [`Routes::withdraw`].
    fn withdraw(&mut self, prefix: Prefix<F>) -> bool;
}

impl<F: Family, M: Kept> Longest<F> for M
where
    M::Table: Rib<F>,
{
    const NAME: &'static str = if M::SHARED {
        M::Table::LOCKED
    } else {
        M::Table::OWN
    };
    const SHARED: bool = M::SHARED;

    type Pin<'a> = &'a Self;

    fn filled(routes: impl Iterator<Item = (Prefix<F>, u32)>) -> Self {
        let table = M::default();
        for (prefix, value) in routes {
            assert!(M::announce(&&table, prefix, value), "{prefix:?} was there");
        }
        table
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self
    }

    #[inline]
    fn longest(pin: &Self::Pin<'_>, address: F::Address) -> Option<u32> {
        pin.read().longest(address)
    }
}

impl<F: Family, M: Kept> Routes<F> for M
where
    M::Table: Rib<F>,
{
    #[inline]
    fn announce(pin: &Self::Pin<'_>, prefix: Prefix<F>, value: u32) -> bool {
        pin.write().announce(prefix, value)
    }

    #[inline]
    fn withdraw(pin: &Self::Pin<'_>, prefix: Prefix<F>) -> bool {
        pin.write().withdraw(prefix)
    }
}
