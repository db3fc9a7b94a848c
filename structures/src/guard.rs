//! Open sections, as the maps take them.

use smr_core::{Guard as LocalGuard, OwnedGuard};

/// An open section of a domain: a [`LocalGuard`], which belongs to its thread, or an [`OwnedGuard`], which
/// may be sent and held across `.await`.
///
/// What a map returns under a guard stays good until the guard is dropped. A guard of another domain than
/// the map's is refused with a panic. Sealed.
///
/// ```
/// use structures::{Guard, HashMap};
///
/// fn sum(map: &HashMap<u32, u64>, guard: &impl Guard) -> u64 {
///     map.values(guard).sum()
/// }
///
/// let map = HashMap::from([(1, 10), (2, 20)]);
/// assert_eq!(sum(&map, &map.guard()), 30);
/// assert_eq!(sum(&map, &map.owned_guard()), 30);
/// ```
pub trait Guard: sealed::Sealed {}

impl Guard for LocalGuard<'_> {}
impl Guard for OwnedGuard {}

pub(crate) mod sealed {
    use smr_core::{Guard as LocalGuard, OwnedGuard};

    pub trait Sealed {
        /// The section itself.
        fn section(&self) -> &LocalGuard<'_>;
    }

    impl Sealed for LocalGuard<'_> {
        #[inline]
        fn section(&self) -> &LocalGuard<'_> {
            self
        }
    }

    impl Sealed for OwnedGuard {
        #[inline]
        fn section(&self) -> &LocalGuard<'_> {
            self
        }
    }
}
