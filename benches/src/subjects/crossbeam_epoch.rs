//! `crossbeam-epoch` with its default collector.

use std::sync::atomic::Ordering;

use crossbeam_epoch::{Atomic, Owned, Shared, pin};

use super::{Handoff, Item, Reclaim, Sections};

/// `pin`, `Owned::new`, `swap`, `defer_destroy`.
#[derive(Debug)]
pub struct CrossbeamEpoch;

impl Reclaim for CrossbeamEpoch {
    const NAME: &'static str = "crossbeam-epoch";
    const OWNS_GARBAGE: bool = false;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = Atomic<T>;

    fn new() -> Self {
        CrossbeamEpoch
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> Atomic<T> {
        Atomic::new(value)
    }

    #[inline]
    fn read<T: Item, R>(&self, _local: &mut (), cell: &Atomic<T>, f: impl FnOnce(&T) -> R) -> R {
        let guard = pin();
        let item = cell.load(Ordering::Acquire, &guard);
        // SAFETY: a cell is never null, and the guard protects what it held.
        f(unsafe { item.deref() })
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        _pool: &(),
        cell: &Atomic<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        let guard = pin();
        let old = cell.swap(Owned::new(value), Ordering::AcqRel, &guard);
        // SAFETY: a cell is never null, and the guard protects what it held.
        parting(unsafe { old.deref() });
        // SAFETY: the swap unlinked it, and no other thread got it from a swap.
        unsafe { guard.defer_destroy(old) };
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: Atomic<T>) {
        // SAFETY: the cell is ours alone, and not null.
        drop(unsafe { cell.into_owned() });
    }

    fn nudge(&self) {
        pin().flush();
    }
}

impl Sections for CrossbeamEpoch {
    #[inline]
    fn section<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = pin();
        f()
    }
}

impl Handoff for CrossbeamEpoch {
    type Slot<T: Item> = Atomic<T>;

    fn slot<T: Item>(&self) -> Atomic<T> {
        Atomic::null()
    }

    #[inline]
    fn publish<T: Item>(&self, _pool: &(), slot: &Atomic<T>, value: T) {
        slot.store(Owned::new(value), Ordering::Release);
    }

    #[inline]
    fn take<T: Item, R>(
        &self,
        _local: &mut (),
        _pool: &(),
        slot: &Atomic<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let guard = pin();
        let item = slot.swap(Shared::null(), Ordering::AcqRel, &guard);
        // SAFETY: the slot was full, and the guard protects what it held.
        let result = f(unsafe { item.deref() });
        // SAFETY: the swap unlinked it, and no other thread got it from a swap.
        unsafe { guard.defer_destroy(item) };
        result
    }
}
