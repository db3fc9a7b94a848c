//! `smr-core`: the global domain, a private one, and private ones whose readers fence, or whose clock
//! moves less often.

use std::sync::atomic::Ordering;
use std::time::Duration;

use smr_core::{Atomic, Barrier, Guard, Mode, Shared, Smr, Zone};

use super::{Handoff, Item, Reclaim, Sections};

/// Which domain, and how it is entered.
pub trait Domain: Send + Sync + 'static {
    /// The subject's name.
    const NAME: &'static str;

    /// The domain.
    fn new() -> Self;

    /// Its handle.
    fn smr(&self) -> &Smr;

    /// Opens a section.
    fn enter(&self) -> Guard<'_>;
}

/// The global domain, entered by the crate's own function.
#[derive(Debug)]
pub struct Global;

impl Domain for Global {
    const NAME: &'static str = "smr-core";

    fn new() -> Self {
        smr_core::init();
        Global
    }

    fn smr(&self) -> &Smr {
        Smr::global()
    }

    #[inline]
    fn enter(&self) -> Guard<'_> {
        smr_core::enter()
    }
}

/// A domain of the structure's own.
#[derive(Debug)]
pub struct Private(Smr);

impl Domain for Private {
    const NAME: &'static str = "smr-core/private";

    fn new() -> Self {
        Private(Smr::new())
    }

    fn smr(&self) -> &Smr {
        &self.0
    }

    #[inline]
    fn enter(&self) -> Guard<'_> {
        self.0.enter()
    }
}

/// A domain of the structure's own whose readers fence, as where membarrier is refused.
#[derive(Debug)]
pub struct Fenced(Smr);

impl Domain for Fenced {
    const NAME: &'static str = "smr-core/fence";

    fn new() -> Self {
        Fenced(Smr::builder().barrier(Barrier::Fence).build())
    }

    fn smr(&self) -> &Smr {
        &self.0
    }

    #[inline]
    fn enter(&self) -> Guard<'_> {
        self.0.enter()
    }
}

/// A deferred one: every eighth advance of a thread is real.
#[derive(Debug)]
pub struct Deferring(Smr);

impl Domain for Deferring {
    const NAME: &'static str = "smr-core/deferred";

    fn new() -> Self {
        let mode = Mode::Deferred { every: 8 };
        Deferring(Smr::builder().mode(mode).build())
    }

    fn smr(&self) -> &Smr {
        &self.0
    }

    #[inline]
    fn enter(&self) -> Guard<'_> {
        self.0.enter()
    }
}

/// A lazy one, whose clock moves once in a millisecond.
#[derive(Debug)]
pub struct Ticking(Smr);

impl Domain for Ticking {
    const NAME: &'static str = "smr-core/lazy";

    fn new() -> Self {
        let tick = Duration::from_millis(1);
        Ticking(Smr::builder().mode(Mode::Lazy { tick }).build())
    }

    fn smr(&self) -> &Smr {
        &self.0
    }

    #[inline]
    fn enter(&self) -> Guard<'_> {
        self.0.enter()
    }
}

/// `enter`, `Atomic::load`; `Zone::alloc`, `Atomic::swap`, `Zone::retire`.
#[derive(Debug)]
pub struct Gus<D> {
    domain: D,
}

impl<D: Domain> Gus<D> {
    /// The domain's handle.
    pub fn smr(&self) -> &Smr {
        self.domain.smr()
    }
}

impl<D: Domain> Reclaim for Gus<D> {
    const NAME: &'static str = D::NAME;
    const OWNS_GARBAGE: bool = true;

    type Local = ();
    type Pool<T: Item> = Zone<T>;
    type Cell<T: Item> = Atomic<T>;

    fn new() -> Self {
        Gus { domain: D::new() }
    }

    fn local(&self) {}

    fn pool<T: Item>(&self) -> Zone<T> {
        Zone::new_in(self.domain.smr())
    }

    fn cell<T: Item>(&self, zone: &Zone<T>, value: T) -> Atomic<T> {
        Atomic::new(zone.alloc(value))
    }

    #[inline]
    fn read<T: Item, R>(&self, _local: &mut (), cell: &Atomic<T>, f: impl FnOnce(&T) -> R) -> R {
        let guard = self.domain.enter();
        let item = cell.load(Ordering::Acquire, &guard);
        // SAFETY: a cell is never null, the guard is of its zone's domain.
        f(unsafe { item.deref() })
    }

    #[inline]
    fn replace<T: Item>(
        &self,
        _local: &mut (),
        zone: &Zone<T>,
        cell: &Atomic<T>,
        value: T,
        parting: impl FnOnce(&T),
    ) {
        let guard = self.domain.enter();
        let old = cell.swap(zone.alloc(value), Ordering::AcqRel, &guard);
        // SAFETY: a cell is never null, the guard is of its zone's domain.
        parting(unsafe { old.deref() });
        // SAFETY: of this zone, unlinked by the swap, retired once; the zone outlives all readers.
        unsafe { zone.retire(old) };
    }

    fn dispose<T: Item>(&self, zone: &Zone<T>, cell: Atomic<T>) {
        let guard = self.domain.enter();
        let item = cell.load(Ordering::Acquire, &guard);
        // SAFETY: of this zone; the cell is ours alone and gone after this.
        unsafe { zone.dispose(item) };
    }

    fn flush<T: Item>(&self, zone: &Zone<T>) -> bool {
        zone.flush();
        true
    }
}

impl<D: Domain> Sections for Gus<D> {
    #[inline]
    fn section<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.domain.enter();
        f()
    }
}

impl<D: Domain> Handoff for Gus<D> {
    type Slot<T: Item> = Atomic<T>;

    fn slot<T: Item>(&self) -> Atomic<T> {
        Atomic::null()
    }

    #[inline]
    fn publish<T: Item>(&self, zone: &Zone<T>, slot: &Atomic<T>, value: T) {
        slot.store(zone.alloc(value), Ordering::Release);
    }

    #[inline]
    fn take<T: Item, R>(
        &self,
        _local: &mut (),
        zone: &Zone<T>,
        slot: &Atomic<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        let guard = self.domain.enter();
        let item = slot.swap(Shared::null(), Ordering::AcqRel, &guard);
        // SAFETY: the slot was full, the guard is of its zone's domain.
        let result = f(unsafe { item.deref() });
        // SAFETY: of this zone, unlinked by the swap, retired once; the zone outlives all readers.
        unsafe { zone.retire(item) };
        result
    }
}
