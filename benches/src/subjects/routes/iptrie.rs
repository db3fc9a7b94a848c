//! `iptrie`: a Patricia trie, and what it can be compressed to, which does not change any more.
//!
//! Its `remove` leaves indices behind that are not valid any more, so that lookups after it may look
//! beyond its memory: it takes no part where routes go. Version 0.11.2.

use iptrie::map::{LCTrieMap, RTrieMap};

use super::{Family, Longest, Prefix};

/// The value of the root, which such tries always have: that of no route.
const NOBODY: u32 = u32::MAX;

/// `RTrieMap`: `insert`, `lookup`.
pub(crate) struct Patricia<F: Family>(RTrieMap<F::Key, u32>);

impl<F: Family> Longest<F> for Patricia<F> {
    const NAME: &'static str = "iptrie";
    const SHARED: bool = false;

    type Pin<'a> = &'a RTrieMap<F::Key, u32>;

    fn filled(routes: impl Iterator<Item = (Prefix<F>, u32)>) -> Self {
        let mut table = RTrieMap::with_root(NOBODY);
        for (prefix, value) in routes {
            let old = table.insert(F::key(prefix), value);
            assert!(old.is_none(), "{prefix:?} was there");
        }
        Patricia(table)
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn longest(pin: &Self::Pin<'_>, address: F::Address) -> Option<u32> {
        let (_, &value) = pin.lookup(&address);
        (value != NOBODY).then_some(value)
    }
}

/// `LCTrieMap`, made of a Patricia trie by `compress`: `lookup`. It needs no lock.
pub(crate) struct LevelCompressed<F: Family>(LCTrieMap<F::Key, u32>);

impl<F: Family> Longest<F> for LevelCompressed<F> {
    const NAME: &'static str = "iptrie/lc";

    type Pin<'a> = &'a LCTrieMap<F::Key, u32>;

    fn filled(routes: impl Iterator<Item = (Prefix<F>, u32)>) -> Self {
        LevelCompressed(Patricia::filled(routes).0.compress())
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn longest(pin: &Self::Pin<'_>, address: F::Address) -> Option<u32> {
        let (_, &value) = pin.lookup(&address);
        (value != NOBODY).then_some(value)
    }
}
