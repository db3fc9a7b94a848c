//! `haphazard` with its global domain: hazard pointers.

use std::ptr;

use haphazard::{AtomicPtr, Domain, HazardPointer};

use super::{Handoff, Item, Reclaim};

/// A `HazardPointer` that each thread keeps, `AtomicPtr::safe_load`, `Replaced::retire`.
#[derive(Debug)]
pub struct Haphazard;

impl Reclaim for Haphazard {
    const NAME: &'static str = "haphazard";
    const OWNS_GARBAGE: bool = false;

    type Local = HazardPointer<'static>;
    type Pool<T: Item> = ();
    type Cell<T: Item> = AtomicPtr<T>;

    fn new() -> Self {
        Haphazard
    }

    fn local(&self) -> HazardPointer<'static> {
        HazardPointer::new()
    }

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> AtomicPtr<T> {
        AtomicPtr::from(Box::new(value))
    }

    #[inline]
    fn read<T: Item, R>(
        &self,
        local: &mut HazardPointer<'static>,
        cell: &AtomicPtr<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let result = f(cell.safe_load(local).expect("a cell is never null"));
        local.reset_protection();
        result
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut HazardPointer<'static>,
        _pool: &(),
        cell: &AtomicPtr<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        let old = cell.swap(Box::new(value)).expect("a cell is never null");
        // SAFETY: the item is ours until it is retired.
        parting(unsafe { old.as_ref().as_ref() });
        // SAFETY: unlinked by the swap, retired once, loaded in the global domain only.
        unsafe { old.retire() };
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: AtomicPtr<T>) {
        // SAFETY: the cell is ours alone: nothing can load from it again.
        unsafe { cell.retire() };
    }

    fn flush<T: Item>(&self, _pool: &()) -> bool {
        Domain::global().eager_reclaim();
        true
    }

    fn nudge(&self) {
        Domain::global().eager_reclaim();
    }
}

impl Handoff for Haphazard {
    type Slot<T: Item> = AtomicPtr<T>;

    fn slot<T: Item>(&self) -> AtomicPtr<T> {
        // SAFETY: null is allowed.
        unsafe { AtomicPtr::new(ptr::null_mut()) }
    }

    #[inline]
    fn publish<T: Item>(&self, _pool: &(), slot: &AtomicPtr<T>, value: T) {
        slot.store(Box::new(value));
    }

    #[inline]
    fn take<T: Item, R>(
        &self,
        _local: &mut HazardPointer<'static>,
        _pool: &(),
        slot: &AtomicPtr<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        // SAFETY: null is allowed.
        let item = unsafe { slot.swap_ptr(ptr::null_mut()) }.expect("the slot was full");
        // SAFETY: the item is ours until it is retired.
        let result = f(unsafe { item.as_ref().as_ref() });
        // SAFETY: unlinked by the swap, retired once, loaded in the global domain only.
        unsafe { item.retire() };
        result
    }
}
