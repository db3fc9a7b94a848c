//! The routing tables that are compared, behind one trait.
//!
//! Values are `u32`. All start empty, and each is used as its own documentation says it is used
//! fastest. None is given a default route.

mod family;
mod ip_network_table;
mod iptrie;
mod ours;
mod prefix_trie;
mod rib;
#[cfg(test)]
mod tests;

pub(crate) use family::{Family, Ip4, Ip6};
pub(crate) use ip_network_table::{LockedTreebitmap, OwnTreebitmap};
pub(crate) use iptrie::{LevelCompressed, Patricia};
pub(crate) use ours::Prefixes;
pub(crate) use prefix_trie::{LockedTrie, OwnTrie};

/// A prefix as a routing protocol tells it; each table makes of it what it wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix<F: Family> {
    /// The first address.
    pub(crate) first: F::Address,
    pub(crate) length: u8,
}

/// A table of routes that are looked up.
///
/// As with maps, an operation takes a pin.
pub(crate) trait Longest<F: Family>: Sized + Send + Sync + 'static {
    /// The name in every report: that of the crate, and of the type where there are several.
    const NAME: &'static str;

    /// Whether several threads may use it at once. Cases of more than one thread refuse one that
    /// is not.
    const SHARED: bool = true;

    /// The table, entered: a guard and the table, or the table alone.
    type Pin<'a>
    where
        Self: 'a;

    /// A table of some routes, added one after the other.
    fn filled(routes: impl Iterator<Item = (Prefix<F>, u32)>) -> Self;

    /// Enters.
    fn pin(&self) -> Self::Pin<'_>;

    /// The value of the longest prefix that an address begins with.
    fn longest(pin: &Self::Pin<'_>, address: F::Address) -> Option<u32>;

    /// Drains what tables that were dropped left in global state.
    fn settle() {}
}

/// One whose routes come and go.
pub(crate) trait Routes<F: Family>: Longest<F> {
    /// Adds a prefix, which is not there; whether it was added.
    fn announce(pin: &Self::Pin<'_>, prefix: Prefix<F>, value: u32) -> bool;

    /// Removes a prefix; whether it was there.
    fn withdraw(pin: &Self::Pin<'_>, prefix: Prefix<F>) -> bool;
}
