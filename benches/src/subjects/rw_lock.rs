//! The plain way: a lock around a counted reference.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Item, Reclaim};

/// `std`'s `RwLock<Arc<T>>`: a reader clones the `Arc` under the lock and reads outside of it.
#[derive(Debug)]
pub struct RwLockArc;

impl Reclaim for RwLockArc {
    const NAME: &'static str = "RwLock<Arc>";
    const OWNS_GARBAGE: bool = true;

    type Local = ();
    type Pool<T: Item> = ();
    type Cell<T: Item> = RwLock<Arc<T>>;

    fn new() -> Self {
        RwLockArc
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) {}

    fn cell<T: Item>(&self, _pool: &(), value: T) -> RwLock<Arc<T>> {
        RwLock::new(Arc::new(value))
    }

    #[inline]
    fn read<T: Item, R>(
        &self,
        _local: &mut (),
        cell: &RwLock<Arc<T>>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let item = Arc::clone(&cell.read().unwrap_or_else(PoisonError::into_inner));
        f(&item)
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        _pool: &(),
        cell: &RwLock<Arc<T>>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        let mut item = Arc::new(value);
        std::mem::swap(
            &mut item,
            &mut *cell.write().unwrap_or_else(PoisonError::into_inner),
        );
        parting(&item);
    }

    fn dispose<T: Item>(&self, _pool: &(), cell: RwLock<Arc<T>>) {
        drop(cell);
    }
}
