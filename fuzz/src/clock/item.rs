//! What programs allocate, publish and retire.

use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

use smr_core::{Atomic, Zone};

use super::oracle::{Oracle, Owner, Sort};
use super::world::Domain;

/// The payload of the panics that drops raise on purpose.
#[derive(Debug)]
pub(super) struct Planned;

/// What a drop does besides reporting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Temper {
    Calm,
    Panics,
    /// Enters, reads, allocates and retires.
    Busy,
}

/// Knows whether it is intact.
#[derive(Debug)]
pub(super) struct Canary {
    pub(super) id: usize,
    song: u64,
}

impl Canary {
    fn new(id: usize) -> Canary {
        Canary { id, song: song(id) }
    }

    /// Whether this is the canary of item `id`, alive.
    pub(super) fn sings_of(&self, id: usize) -> bool {
        self.id == id && self.song == song(id)
    }
}

fn song(id: usize) -> u64 {
    (id as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// An item with a drop.
#[derive(Debug)]
pub(super) struct Item {
    canary: Canary,
    temper: Temper,
    oracle: Arc<Oracle>,
    home: *const Domain,
}

// SAFETY: `home` outlives its zone, and with it the item; domains are shared state.
unsafe impl Send for Item {}
// SAFETY: as above.
unsafe impl Sync for Item {}

/// An item without one.
#[derive(Debug)]
pub(super) struct Pod {
    canary: Canary,
}

/// Items of either sort, in their zone and their cell of a domain.
pub(super) trait Payload: Sized {
    const SORT: Sort;
    fn make(domain: &Domain, temper: Temper) -> Self;
    fn zone(domain: &Domain) -> &Zone<Self>;
    fn cell(domain: &Domain) -> &Atomic<Self>;
    fn canary(&self) -> &Canary;
}

impl Payload for Item {
    const SORT: Sort = Sort::Item;

    fn make(domain: &Domain, temper: Temper) -> Item {
        Item {
            canary: Canary::new(domain.oracle.made(domain.number, Sort::Item)),
            temper,
            oracle: Arc::clone(&domain.oracle),
            home: domain,
        }
    }

    fn zone(domain: &Domain) -> &Zone<Item> {
        &domain.items
    }

    fn cell(domain: &Domain) -> &Atomic<Item> {
        &domain.item
    }

    fn canary(&self) -> &Canary {
        &self.canary
    }
}

impl Payload for Pod {
    const SORT: Sort = Sort::Pod;

    fn make(domain: &Domain, _: Temper) -> Pod {
        Pod {
            canary: Canary::new(domain.oracle.made(domain.number, Sort::Pod)),
        }
    }

    fn zone(domain: &Domain) -> &Zone<Pod> {
        &domain.pods
    }

    fn cell(domain: &Domain) -> &Atomic<Pod> {
        &domain.pod
    }

    fn canary(&self) -> &Canary {
        &self.canary
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        let id = self.canary.id;
        if !self.canary.sings_of(id) {
            self.oracle
                .fail(format!("item {id} was dropped, and is not intact"));
        }
        self.canary.song = 0;
        self.oracle.dropped(id);
        match self.temper {
            Temper::Busy if !self.oracle.is_closing() => {
                // SAFETY: the domain outlives its zone, whose item this was.
                work_in_drop(unsafe { &*self.home });
            }
            // Without the panic hook, which fuzzers take for a crash.
            Temper::Panics => std::panic::resume_unwind(Box::new(Planned)),
            _ => {}
        }
    }
}

/// What a busy drop does: everything that a drop may.
fn work_in_drop(domain: &Domain) {
    let guard = domain.smr.enter();
    domain.oracle.entered(domain.number, Owner::Passing);
    let now = domain.item.load(Acquire, &guard);
    // SAFETY: an item of this domain, under its guard.
    if let Some(item) = unsafe { now.as_ref() } {
        let id = item.canary.id;
        let fine = item.canary.sings_of(id) && !domain.oracle.is_gone(id);
        domain
            .oracle
            .demand(fine, || format!("a drop read item {id}, which is gone"));
    }
    let leaf = domain.items.alloc(Item::make(domain, Temper::Calm));
    domain.oracle.allocated(std::ptr::from_ref(&*leaf).addr());
    domain.oracle.retired(leaf.canary.id, None);
    let leaf = leaf.into_shared(&guard);
    // SAFETY: allocated just now from this zone, never published, retired once.
    unsafe { domain.items.retire(leaf) };
    domain.oracle.left(domain.number, Owner::Passing);
    drop(guard);
}

/// Runs `f`, in which drops may panic as planned.
pub(super) fn expecting_panics<R>(f: impl FnOnce() -> R) -> Option<R> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
        Ok(done) => Some(done),
        Err(panic) if panic.is::<Planned>() => None,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
