//! `arc-swap`: reference counts, with reads that usually leave the count alone.

use std::sync::Arc;

use arc_swap::ArcSwap as Cell;

use super::{Item, Reclaim};

/// `ArcSwap::load`; `ArcSwap::store`, or `ArcSwap::swap`, of an `Arc::new`.
#[derive(Debug)]
pub struct ArcSwap;

impl Reclaim for ArcSwap {
    const NAME: &'static str = "arc-swap";
    const OWNS_GARBAGE: bool = true;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = Cell<T>;

    fn new() -> Self {
        ArcSwap
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> Cell<T> {
        Cell::from_pointee(value)
    }

    #[inline]
    fn read<T: Item, R>(&self, _local: &mut (), cell: &Cell<T>, f: impl FnOnce(&T) -> R) -> R {
        f(&cell.load())
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        _pool: &(),
        cell: &Cell<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        parting(&cell.swap(Arc::new(value)));
    }

    #[inline]
    fn overwrite<T: Item>(&self, _local: &mut (), _pool: &(), cell: &Cell<T>, value: T) {
        cell.store(Arc::new(value));
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: Cell<T>) {
        drop(cell);
    }
}
