//! `seize` with a collector of its own in the default settings.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use seize::{Collector, Guard, reclaim};

use super::{Handoff, Item, Reclaim, Sections};

/// `Collector::enter`, `Guard::protect`, `Collector::retire` with `reclaim::boxed`.
#[derive(Debug)]
pub struct Seize {
    collector: Collector,
}

impl Reclaim for Seize {
    const NAME: &'static str = "seize";
    const OWNS_GARBAGE: bool = true;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = AtomicPtr<T>;

    fn new() -> Self {
        Seize {
            collector: Collector::new(),
        }
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> AtomicPtr<T> {
        AtomicPtr::new(Box::into_raw(Box::new(value)))
    }

    #[inline]
    fn read<T: Item, R>(&self, _local: &mut (), cell: &AtomicPtr<T>, f: impl FnOnce(&T) -> R) -> R {
        let guard = self.collector.enter();
        let item = guard.protect(cell, Ordering::Acquire);
        // SAFETY: a cell is never null, and the guard protects what it held.
        f(unsafe { &*item })
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        _pool: &(),
        cell: &AtomicPtr<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        // Whoever swaps an item out owns it: no guard is needed before it is retired.
        let old = cell.swap(Box::into_raw(Box::new(value)), Ordering::AcqRel);
        // SAFETY: a cell is never null, and the item is ours until it is retired.
        parting(unsafe { &*old });
        // SAFETY: unlinked by the swap, retired once, made by `Box`.
        unsafe { self.collector.retire(old, reclaim::boxed) };
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: AtomicPtr<T>) {
        // SAFETY: the cell is ours alone, not null, and made by `Box`.
        drop(unsafe { Box::from_raw(cell.into_inner()) });
    }
}

impl Sections for Seize {
    #[inline]
    fn section<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.collector.enter();
        f()
    }
}

impl Handoff for Seize {
    type Slot<T: Item> = AtomicPtr<T>;

    fn slot<T: Item>(&self) -> AtomicPtr<T> {
        AtomicPtr::new(ptr::null_mut())
    }

    #[inline]
    fn publish<T: Item>(&self, _pool: &(), slot: &AtomicPtr<T>, value: T) {
        slot.store(Box::into_raw(Box::new(value)), Ordering::Release);
    }

    #[inline]
    fn take<T: Item, R>(
        &self,
        _local: &mut (),
        _pool: &(),
        slot: &AtomicPtr<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let item = slot.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: the slot was full, and the item is ours until it is retired.
        let result = f(unsafe { &*item });
        // SAFETY: unlinked by the swap, retired once, made by `Box`.
        unsafe { self.collector.retire(item, reclaim::boxed) };
        result
    }
}
