//! What is compared: every way of reclaiming memory, ours and the peers', behind one trait.
//!
//! The loops that are timed are generic over the trait, so that each subject gets a loop of its
//! own with nothing dynamic in it, and each subject is used as its own documentation says it is
//! used fastest.

mod arc_swap;
mod crossbeam_epoch;
mod floors;
mod haphazard;
mod kovan;
pub(crate) mod maps;
pub(crate) mod ordered;
mod plain;
pub(crate) mod points;
pub(crate) mod routes;
mod rw_lock;
mod sdd;
mod seize;
mod shelf;
mod smr_core;

pub use arc_swap::ArcSwap;
pub use crossbeam_epoch::CrossbeamEpoch;
pub use floors::{Bare, Fence};
pub use haphazard::Haphazard;
pub use kovan::Kovan;
pub use rw_lock::RwLockArc;
pub use sdd::Sdd;
pub use seize::Seize;
pub use shelf::Shelf;
pub(crate) use shelf::settle;
pub use smr_core::{Deferring, Domain, Fenced, Global, Gus, Private, Ticking};

/// What a cell may hold: readers on every thread see it, any thread may drop it.
pub trait Item: Send + Sync + 'static {}

impl<T: Send + Sync + 'static> Item for T {}

/// The payload of the cases that move memory: 48 bytes.
pub type Payload = [u64; 6];

/// One way of reclaiming memory: cells that hold one item each, readers, and writers that replace
/// an item and retire the old one.
pub trait Reclaim: Sized + Send + Sync + 'static {
    /// The name in every report: that of the crate, and of the type where there are several.
    const NAME: &'static str;

    /// Whether dropping a pool and its subject drops all that was retired. If not, the garbage is
    /// global, and [`Reclaim::nudge`] drains it between two measurements.
    const OWNS_GARBAGE: bool;

    /// What a thread keeps from one operation to the next.
    type Local;

    /// Where the items of some cells are allocated.
    type Pool<T: Item>: Send + Sync;

    /// An atomic pointer to an item, never null.
    type Cell<T: Item>: Send + Sync;

    /// A fresh subject.
    fn new() -> Self;

    /// What the calling thread will keep.
    fn local(&self) -> Self::Local;

    /// A pool without items.
    fn pool<T: Item>(&self) -> Self::Pool<T>;

    /// A cell that holds `value`.
    fn cell<T: Item>(&self, pool: &Self::Pool<T>, value: T) -> Self::Cell<T>;

    /// Enters, loads the item, hands it to `f`, and leaves.
    fn read<T: Item, R>(
        &self,
        local: &mut Self::Local,
        cell: &Self::Cell<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R;

    /// Allocates `value`, swaps it in, hands the old item to `parting`, and retires it.
    fn replace<T: Item>(
        &self,
        local: &mut Self::Local,
        pool: &Self::Pool<T>,
        cell: &Self::Cell<T>,
        value: T,
        parting: impl FnOnce(&T),
    );

    /// The same without a look at the old item, where that is cheaper.
    #[inline]
    fn overwrite<T: Item>(
        &self,
        local: &mut Self::Local,
        pool: &Self::Pool<T>,
        cell: &Self::Cell<T>,
        value: T,
    ) {
        self.replace(local, pool, cell, value, |_| {});
    }

    /// Drops a cell with its item. No reader is left.
    fn dispose<T: Item>(&self, pool: &Self::Pool<T>, cell: Self::Cell<T>);

    /// Asks for all that was retired to be dropped, with every thread at rest. False if the
    /// subject has no such request, or only one that each thread must make for itself.
    fn flush<T: Item>(&self, pool: &Self::Pool<T>) -> bool {
        let _ = pool;
        false
    }

    /// Moves reclamation on by a step, from a thread that is in no section.
    fn nudge(&self) {}
}

/// A subject whose sections nest and protect whatever is loaded in them.
pub trait Sections: Reclaim {
    /// Runs `f` in a section.
    fn section<R>(&self, f: impl FnOnce() -> R) -> R;
}

/// A subject with cells that may be empty, through which one thread hands items to another.
pub trait Handoff: Reclaim {
    /// An atomic pointer to an item, or null.
    type Slot<T: Item>: Send + Sync;

    /// An empty slot.
    fn slot<T: Item>(&self) -> Self::Slot<T>;

    /// Allocates `value` and publishes it in an empty slot.
    fn publish<T: Item>(&self, pool: &Self::Pool<T>, slot: &Self::Slot<T>, value: T);

    /// Takes the item out of a full slot, hands it to `f`, and retires it.
    fn take<T: Item, R>(
        &self,
        local: &mut Self::Local,
        pool: &Self::Pool<T>,
        slot: &Self::Slot<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R;
}
