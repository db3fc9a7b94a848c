//! `sdd`: epochs, with items that are handed over when their owner is dropped.

use std::sync::atomic::Ordering;

use sdd::{AtomicOwned, Guard, Owned, Tag};

use super::{Handoff, Item, Reclaim, Sections};

/// `Guard::new`, `AtomicOwned::load`; `AtomicOwned::swap` and the drop of `Owned` under a guard.
#[derive(Debug)]
pub struct Sdd;

impl Reclaim for Sdd {
    const NAME: &'static str = "sdd";
    const OWNS_GARBAGE: bool = false;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = AtomicOwned<T>;

    fn new() -> Self {
        Sdd
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> AtomicOwned<T> {
        AtomicOwned::new(value)
    }

    #[inline]
    fn read<T: Item, R>(
        &self,
        _local: &mut (),
        cell: &AtomicOwned<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let guard = Guard::new();
        f(cell
            .load(Ordering::Acquire, &guard)
            .as_ref()
            .expect("a cell is never null"))
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        _pool: &(),
        cell: &AtomicOwned<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        // It collects when guards are dropped: without one, garbage would pile up.
        let _guard = Guard::new();
        let (old, _) = cell.swap((Some(Owned::new(value)), Tag::None), Ordering::AcqRel);
        parting(old.as_ref().expect("a cell is never null"));
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: AtomicOwned<T>) {
        drop(cell);
    }

    fn nudge(&self) {
        Guard::new().accelerate();
    }
}

impl Sections for Sdd {
    #[inline]
    fn section<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = Guard::new();
        f()
    }
}

impl Handoff for Sdd {
    type Slot<T: Item> = AtomicOwned<T>;

    fn slot<T: Item>(&self) -> AtomicOwned<T> {
        AtomicOwned::null()
    }

    #[inline]
    fn publish<T: Item>(&self, _pool: &(), slot: &AtomicOwned<T>, value: T) {
        slot.swap((Some(Owned::new(value)), Tag::None), Ordering::AcqRel);
    }

    #[inline]
    fn take<T: Item, R>(
        &self,
        _local: &mut (),
        _pool: &(),
        slot: &AtomicOwned<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let _guard = Guard::new();
        let (item, _) = slot.swap((None, Tag::None), Ordering::AcqRel);
        f(item.as_ref().expect("the slot was full"))
    }
}
