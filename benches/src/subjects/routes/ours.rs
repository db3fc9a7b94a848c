//! This workspace's map of prefixes.

use structures::{LocalGuard, PrefixMap, PrefixMapRef};

use super::{Family, Longest, Prefix, Routes};

/// `PrefixMap`, pinned for each operation, in the global domain.
pub(crate) struct Prefixes<F: Family>(PrefixMap<F::Net, u32>);

impl<F: Family> Longest<F> for Prefixes<F> {
    const NAME: &'static str = "PrefixMap";

    type Pin<'a> = PrefixMapRef<'a, F::Net, u32, LocalGuard<'a>>;

    fn filled(routes: impl Iterator<Item = (Prefix<F>, u32)>) -> Self {
        let table = Prefixes(PrefixMap::new());
        for (prefix, value) in routes {
            let added = Self::announce(&table.pin(), prefix, value);
            assert!(added, "{prefix:?} was there");
        }
        table
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        self.0.pin()
    }

    #[inline]
    fn longest(pin: &Self::Pin<'_>, address: F::Address) -> Option<u32> {
        pin.longest_match(address).map(|(_, &value)| value)
    }

    fn settle() {
        structures::Smr::global().flush();
    }
}

impl<F: Family> Routes<F> for Prefixes<F> {
    #[inline]
    fn announce(pin: &Self::Pin<'_>, prefix: Prefix<F>, value: u32) -> bool {
        pin.insert(F::net(prefix), value).is_none()
    }

    #[inline]
    fn withdraw(pin: &Self::Pin<'_>, prefix: Prefix<F>) -> bool {
        pin.remove(F::net(prefix)).is_some()
    }
}
