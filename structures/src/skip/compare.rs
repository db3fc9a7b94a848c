//! Orders of keys.

use core::any::TypeId;
use core::cmp::Ordering;

use equivalent::Comparable;

/// An order of the keys of a map, in which `Q` can be looked for. Functions are.
///
/// It is to be total, and the same for every `Q`; where it is not, entries are not found, or found twice, or
/// operations do not end, and nothing worse. A `Q` to which several keys are equal stands for any of them: bounds
/// are then somewhere among these.
///
/// ```
/// use structures::SkipMap;
/// use structures::skip_map::Comparator;
/// use std::cmp::Ordering;
///
/// struct ByLength;
///
/// impl<Q: ?Sized + AsRef<str>> Comparator<String, Q> for ByLength {
///     fn compare(&self, key: &String, other: &Q) -> Ordering {
///         key.len().cmp(&other.as_ref().len())
///     }
/// }
///
/// let words = SkipMap::with_comparator(ByLength);
/// let words = words.pin();
/// words.insert("three".to_string(), 3);
/// assert_eq!(words.get("seven"), Some(&3));
/// ```
pub trait Comparator<K: ?Sized, Q: ?Sized = K> {
    /// How `key` compares with `other`.
    fn compare(&self, key: &K, other: &Q) -> Ordering;
}

/// The order that keys have by [`Ord`]. Whatever they are [borrowed](core::borrow::Borrow) as can be looked
/// for, or [compared](Comparable) with.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Natural;

impl<K, Q> Comparator<K, Q> for Natural
where
    K: ?Sized,
    Q: ?Sized + Comparable<K>,
{
    #[inline]
    fn compare(&self, key: &K, other: &Q) -> Ordering {
        other.compare(key).reverse()
    }
}

impl<K, Q, F> Comparator<K, Q> for F
where
    K: ?Sized,
    Q: ?Sized,
    F: Fn(&K, &Q) -> Ordering,
{
    #[inline]
    fn compare(&self, key: &K, other: &Q) -> Ordering {
        self(key, other)
    }
}

/// Whether it is the order by [`Ord`]: only then the hints of keys agree with it.
#[inline(always)]
pub(super) fn is_natural<C>() -> bool {
    typeid::of::<C>() == TypeId::of::<Natural>()
}
