//! Orders of keys.

use core::borrow::Borrow;
use core::cmp::Ordering;

/// An order of the keys of a map, in which `Q` can be looked for.
///
/// It is to be total, and the same for every `Q`; where it is not, entries are not found, or found twice, and
/// nothing worse.
pub trait Comparator<K: ?Sized, Q: ?Sized = K> {
    #[doc(hidden)]
    const IS_NATURAL: bool = false;

    /// How `key` compares with `other`.
    fn compare(&self, key: &K, other: &Q) -> Ordering;
}

/// The order that keys have by [`Ord`].
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Natural;

impl<K, Q> Comparator<K, Q> for Natural
where
    K: ?Sized + Borrow<Q>,
    Q: ?Sized + Ord,
{
    const IS_NATURAL: bool = true;

    #[inline]
    fn compare(&self, key: &K, other: &Q) -> Ordering {
        key.borrow().cmp(other)
    }
}
