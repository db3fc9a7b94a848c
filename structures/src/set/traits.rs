//! std's traits of sets.

use core::fmt;

use super::Set;
use super::backing::{Change, KeyMap};
use super::iter::{IntoIter, Iter};
use super::pinned::SetRef;
use crate::guard::Guard;

impl<M: Default> Default for Set<M> {
    fn default() -> Self {
        Set(M::default())
    }
}

impl<M: KeyMap> fmt::Debug for Set<M>
where
    M::Key: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pin().fmt(f)
    }
}

impl<M: KeyMap, G: Guard> fmt::Debug for SetRef<'_, M, G>
where
    M::Key: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A copy of what [`iter`](Set::iter) sees, in the same domain.
impl<M: Clone> Clone for Set<M> {
    fn clone(&self) -> Self {
        Set(self.0.clone())
    }
}

/// Whether both have the same keys: exact when nobody changes them.
impl<M: PartialEq> PartialEq for Set<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M: Eq> Eq for Set<M> {}

/// Keys that are there are kept as they are.
impl<M: Change> Extend<M::Key> for &Set<M> {
    fn extend<I: IntoIterator<Item = M::Key>>(&mut self, keys: I) {
        let keys = keys.into_iter();
        // As std's: keys may be there already, or come twice.
        let expected = match (keys.size_hint().0, self.is_empty()) {
            (least, true) => least,
            (least, false) => least.div_ceil(2),
        };
        self.0.expect(&self.guard(), expected);
        for key in keys {
            // No section is open while the iterator makes the next one: it may take its time.
            self.insert(key, &self.guard());
        }
    }
}

impl<M: Change> Extend<M::Key> for Set<M> {
    fn extend<I: IntoIterator<Item = M::Key>>(&mut self, keys: I) {
        (&*self).extend(keys);
    }
}

impl<M: Change + Default> FromIterator<M::Key> for Set<M> {
    fn from_iter<I: IntoIterator<Item = M::Key>>(keys: I) -> Self {
        let set = Self::default();
        (&set).extend(keys);
        set
    }
}

/// The keys by value.
impl<K, M: IntoIterator<Item = (K, ())>> IntoIterator for Set<M> {
    type Item = K;
    type IntoIter = IntoIter<M>;

    fn into_iter(self) -> IntoIter<M> {
        IntoIter(self.0.into_iter())
    }
}

impl<'r, M: KeyMap, G: Guard> IntoIterator for &'r SetRef<'_, M, G> {
    type Item = &'r M::Key;
    type IntoIter = Iter<'r, M, G>;

    fn into_iter(self) -> Iter<'r, M, G> {
        self.iter()
    }
}
