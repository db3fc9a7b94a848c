//! What a set needs of its map. Sections and guards are taken to be of the map's domain: the set sees to
//! that.

use core::iter::FusedIterator;

use smr_core::{Guard as LocalGuard, Smr};

use crate::guard::Guard;

/// A map of keys to nothing.
pub trait KeyMap {
    type Key;
    type Keys<'g, G: Guard + 'g>: FusedIterator<Item = &'g Self::Key> + Clone
    where
        Self: 'g;

    fn smr(&self) -> &Smr;

    fn len(&self) -> usize;

    fn flush(&self) -> usize;

    fn keys<'g, G: Guard>(&'g self, guard: &'g G) -> Self::Keys<'g, G>;
}

/// One in which keys are found by a `Q`.
pub trait Find<Q: ?Sized>: KeyMap {
    fn find<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g Self::Key>;

    fn take<'g>(&'g self, section: &'g LocalGuard<'_>, key: &Q) -> Option<&'g Self::Key>;
}

/// One that can be changed.
pub trait Change: KeyMap + Find<<Self as KeyMap>::Key> {
    type Drain<'g, G: Guard + 'g>: FusedIterator<Item = (&'g Self::Key, &'g ())>
    where
        Self: 'g;

    /// Keeps what is there; whether nothing was.
    fn insert(&self, section: &LocalGuard<'_>, key: Self::Key) -> bool;

    /// Stores it in any case; what was there.
    fn replace<'g>(&'g self, section: &'g LocalGuard<'_>, key: Self::Key) -> Option<&'g Self::Key>;

    fn retain(&self, guard: &impl Guard, keep: impl FnMut(&Self::Key) -> bool);

    fn clear(&self, guard: &impl Guard);

    fn drain<'g, G: Guard>(&'g self, guard: &'g G) -> Self::Drain<'g, G>;

    /// So many keys are about to come.
    fn expect(&self, section: &LocalGuard<'_>, additional: usize);
}
