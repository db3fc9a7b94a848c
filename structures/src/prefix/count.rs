//! How prefixes are counted.

use core::cell::Cell;

#[cfg(any(test, feature = "testing"))]
use super::{IpPrefix, PrefixMap};
use crate::count::Count;

/// Counts, when it is dropped, that a prefix has gone: a panic may come behind that.
pub(super) struct Removal<'m> {
    count: &'m Count,
    is_done: Cell<bool>,
}

impl<'m> Removal<'m> {
    pub(super) fn of(count: &'m Count) -> Self {
        let is_done = Cell::new(false);
        Removal { count, is_done }
    }

    /// Whether one has gone, or nothing can panic before it has.
    pub(super) fn set_done(&self, is_done: bool) {
        self.is_done.set(is_done);
    }
}

impl Drop for Removal<'_> {
    fn drop(&mut self) {
        if self.is_done.get() {
            self.count.add(-1);
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl<P: IpPrefix, V> PrefixMap<P, V> {
    /// Asserts the invariants.
    ///
    /// # Panics
    /// If one does not hold.
    #[doc(hidden)]
    pub fn check(&mut self) {
        use crate::radix::walk::Walk;
        use core::ops::Bound::Unbounded;

        let section = self.guard();
        self.core.check(&section);
        let most = P::Octets::default().as_ref().len();
        let (mut walk, mut prefixes) = (Walk::new(), 0);
        while let Some(entry) = walk.next(&self.core, &section, (Unbounded, Unbounded)) {
            let bundle = &entry.value;
            let places: Vec<_> = bundle.iter().map(|(place, _)| place).collect();
            assert!(!places.is_empty(), "bundles are not empty");
            assert!(places.is_sorted_by(|a, b| a < b), "places ascend");
            let is_found = |place, value: *const V| {
                bundle
                    .get(place)
                    .is_some_and(|there| core::ptr::eq(there, value))
            };
            let mut all = bundle.iter();
            assert!(
                all.all(|(place, value)| is_found(place, value)),
                "values are those of places"
            );
            let len = entry.key.whole().len();
            assert!(len < most, "the last octet is of a place");
            // That of no bits is of nothing but the first octet.
            assert!(places[0].bits() > 0 || len == 0);
            prefixes += places.len();
        }
        assert_eq!(self.count.get(), prefixes, "prefixes are counted");
    }
}
