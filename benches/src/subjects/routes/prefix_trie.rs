//! `prefix-trie`: a tree of nodes of five bits.

use prefix_trie::PrefixMap;

use super::rib::Rib;
use super::{Family, Prefix};
use crate::subjects::plain::{Locked, Own};

/// `get_lpm`, `insert`, `remove_keep_tree`, the cheaper removal where the same prefix comes back.
pub(crate) struct Trie<F: Family>(PrefixMap<F::Net, u32>);

/// One behind `std`'s `RwLock`.
pub(crate) type LockedTrie<F> = Locked<Trie<F>>;

/// One that a measurement's only thread uses as its own.
pub(crate) type OwnTrie<F> = Own<Trie<F>>;

impl<F: Family> Default for Trie<F> {
    fn default() -> Self {
        Trie(PrefixMap::new())
    }
}

impl<F: Family> Rib<F> for Trie<F> {
    const OWN: &'static str = "prefix-trie";
    const LOCKED: &'static str = "RwLock<prefix-trie>";

    #[inline]
    fn longest(&self, address: F::Address) -> Option<u32> {
        self.0.get_lpm(&address.into()).map(|(_, &value)| value)
    }

    #[inline]
    fn announce(&mut self, prefix: Prefix<F>, value: u32) -> bool {
        self.0.insert(F::net(prefix), value).is_none()
    }

    #[inline]
    fn withdraw(&mut self, prefix: Prefix<F>) -> bool {
        self.0.remove_keep_tree(&F::net(prefix)).is_some()
    }
}
