//! `kovan` through its `Atom` and `AtomOption`.

use kovan::{Atom, AtomOption};

use super::{Handoff, Item, Reclaim, Sections};

/// `Atom::load`; `Atom::store`, or `Atom::swap`, whose result retires the node when it is dropped.
#[derive(Debug)]
pub struct Kovan;

impl Reclaim for Kovan {
    const NAME: &'static str = "kovan";
    const OWNS_GARBAGE: bool = false;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = Atom<T>;

    fn new() -> Self {
        Kovan
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> Atom<T> {
        Atom::new(value)
    }

    #[inline]
    fn read<T: Item, R>(&self, _local: &mut (), cell: &Atom<T>, f: impl FnOnce(&T) -> R) -> R {
        f(&cell.load())
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        _pool: &(),
        cell: &Atom<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        parting(&cell.swap(value));
    }

    #[inline]
    fn overwrite<T: Item>(&self, _local: &mut (), _pool: &(), cell: &Atom<T>, value: T) {
        cell.store(value);
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: Atom<T>) {
        drop(cell);
    }

    fn nudge(&self) {
        kovan::flush();
    }
}

impl Sections for Kovan {
    #[inline]
    fn section<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = kovan::pin();
        f()
    }
}

impl Handoff for Kovan {
    type Slot<T: Item> = AtomOption<T>;

    fn slot<T: Item>(&self) -> AtomOption<T> {
        AtomOption::none()
    }

    #[inline]
    fn publish<T: Item>(&self, _pool: &(), slot: &AtomOption<T>, value: T) {
        slot.store_some(value);
    }

    #[inline]
    fn take<T: Item, R>(
        &self,
        _local: &mut (),
        _pool: &(),
        slot: &AtomOption<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        f(&slot.take().expect("the slot was full"))
    }
}
