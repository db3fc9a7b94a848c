//! `ip_network_table`: a tree bitmap of nibbles for each family.

use std::marker::PhantomData;

use ip_network_table::IpNetworkTable;

use super::rib::Rib;
use super::{Family, Prefix};
use crate::subjects::plain::{Locked, Own};

/// `longest_match_ipv4` or `longest_match_ipv6`, `insert`, `remove`; routes of one family.
pub(crate) struct Treebitmap<F>(IpNetworkTable<u32>, PhantomData<F>);

/// One behind `std`'s `RwLock`.
pub(crate) type LockedTreebitmap<F> = Locked<Treebitmap<F>>;

/// One that a measurement's only thread uses as its own.
pub(crate) type OwnTreebitmap<F> = Own<Treebitmap<F>>;

impl<F> Default for Treebitmap<F> {
    fn default() -> Self {
        Treebitmap(IpNetworkTable::new(), PhantomData)
    }
}

impl<F: Family> Rib<F> for Treebitmap<F> {
    const OWN: &'static str = "ip_network_table";
    const LOCKED: &'static str = "RwLock<ip_network_table>";

    #[inline]
    fn longest(&self, address: F::Address) -> Option<u32> {
        F::longest(&self.0, address)
    }

    #[inline]
    fn announce(&mut self, prefix: Prefix<F>, value: u32) -> bool {
        self.0.insert(F::network(prefix), value).is_none()
    }

    #[inline]
    fn withdraw(&mut self, prefix: Prefix<F>) -> bool {
        self.0.remove(F::network(prefix)).is_some()
    }
}
