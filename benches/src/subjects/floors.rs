//! The floors: what the hardware and the allocator ask for without any reclamation.
//!
//! They are not sound with a reader beside a writer, and no case has one for them: a case either
//! only reads, or writes each cell from one thread.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering, fence};

use super::{Handoff, Item, Reclaim};

/// A load and nothing else; a swap after `Box::new` and before the drop of the old box.
#[derive(Debug)]
pub struct Bare;

/// A store, a `SeqCst` fence and a load, then a store: what entering costs where it must fence.
#[derive(Debug)]
pub struct Fence;

impl Reclaim for Bare {
    const NAME: &'static str = "floor: no reclamation";
    const OWNS_GARBAGE: bool = true;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = AtomicPtr<T>;

    fn new() -> Self {
        Bare
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> AtomicPtr<T> {
        AtomicPtr::new(Box::into_raw(Box::new(value)))
    }

    #[inline]
    fn read<T: Item, R>(&self, _local: &mut (), cell: &AtomicPtr<T>, f: impl FnOnce(&T) -> R) -> R {
        // SAFETY: never null; nobody writes a cell of a floor that another thread reads.
        f(unsafe { &*cell.load(Ordering::Acquire) })
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
        let old = cell.swap(Box::into_raw(Box::new(value)), Ordering::AcqRel);
        // SAFETY: made by `Box`, never null; nobody else reads or writes this cell.
        let old = unsafe { Box::from_raw(old) };
        parting(&old);
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: AtomicPtr<T>) {
        // SAFETY: the cell is ours alone, not null, and made by `Box`.
        drop(unsafe { Box::from_raw(cell.into_inner()) });
    }
}

impl Handoff for Bare {
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
        // SAFETY: the slot was full, its item made by `Box`; only the taker reads it.
        f(&*unsafe { Box::from_raw(item) })
    }
}

impl Reclaim for Fence {
    const NAME: &'static str = "floor: fence(SeqCst)";
    const OWNS_GARBAGE: bool = true;

    type Local = Box<AtomicPtr<()>>;
    type Pool<T: Item> = ();
    type Cell<T: Item> = AtomicPtr<T>;

    fn new() -> Self {
        Fence
    }

    fn local(&self) -> Self::Local {
        Box::default()
    }

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, pool: &(), value: T) -> AtomicPtr<T> {
        Bare.cell(pool, value)
    }

    #[inline]
    fn read<T: Item, R>(
        &self,
        local: &mut Self::Local,
        cell: &AtomicPtr<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        local.store(ptr::without_provenance_mut(1), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let result = Bare.read(&mut (), cell, f);
        local.store(ptr::null_mut(), Ordering::Release);
        result
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut Self::Local,
        pool: &(),
        cell: &AtomicPtr<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        Bare.replace(&mut (), pool, cell, value, parting);
    }

    fn dispose<T: Item>(&self, pool: &(), cell: AtomicPtr<T>) {
        Bare.dispose(pool, cell);
    }
}
