//! What the threads of a program share, and its end.

use std::sync::{Arc, Mutex, PoisonError};

use smr_core::{Atomic, Goal, Guard, Mode, OwnedGuard, Reader, Shared, Smr, Zone};

use super::item::{Canary, Item, Payload, Pod, expecting_panics};
use super::oracle::{Moment, Oracle, Owner, Sort};
use super::program::{Plan, Program};

/// A domain, a zone and a cell for each sort of items.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) number: usize,
    pub(super) oracle: Arc<Oracle>,
    pub(super) smr: Smr,
    pub(super) global: bool,
    pub(super) items: Zone<Item>,
    pub(super) pods: Zone<Pod>,
    pub(super) item: Atomic<Item>,
    pub(super) pod: Atomic<Pod>,
}

/// A goal, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    pub(super) goal: Goal,
    pub(super) domain: usize,
    pub(super) at: Moment,
    pub(super) observed: bool,
}

/// A place for an owned guard, which any thread can use.
#[derive(Debug, Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    Idle(usize, Reader),
    Open(usize, OwnedGuard, Vec<Held>),
}

/// A reference that was read under a section still open.
#[derive(Debug)]
pub(super) struct Held {
    id: usize,
    canary: *const Canary,
}

// SAFETY: a shared reference in disguise, to what is `Sync`; it moves along with its guard.
unsafe impl Send for Held {}

#[derive(Debug)]
pub(super) struct World {
    pub(super) oracle: Arc<Oracle>,
    pub(super) domains: Vec<Domain>,
    pub(super) slots: [Mutex<Slot>; 4],
    pub(super) goals: [Mutex<Option<Noted>>; 4],
}

/// What belongs to a thread: its guards of each domain, in the order of their making, and what it has
/// read under them.
#[derive(Debug, Default)]
pub(super) struct Stack<'w> {
    pub(super) guards: Vec<Guard<'w>>,
    pub(super) held: Vec<Held>,
}

impl Held {
    /// Reads a cell under `guard`.
    pub(super) fn read<P: Payload>(domain: &Domain, guard: &Guard<'_>) -> Option<Held> {
        let now = P::cell(domain).load(std::sync::atomic::Ordering::Acquire, guard);
        // SAFETY: null or an item of the domain, and the guard is of the domain.
        let canary = unsafe { now.as_ref() }?.canary();
        let held = Held {
            id: canary.id,
            canary,
        };
        held.verify(&domain.oracle);
        Some(held)
    }

    /// The item is there, and intact.
    pub(super) fn verify(&self, oracle: &Oracle) {
        let id = self.id;
        if oracle.is_gone(id) {
            oracle.fail(format!(
                "item {id} is gone, under a section that refers to it"
            ));
            return;
        }
        // SAFETY: read under a section that is still open, so the item is there; if the library is
        // wrong about that and the oracle blind, then this is what the sanitizer is for.
        let intact = unsafe { (*self.canary).sings_of(id) };
        oracle.demand(intact, || {
            format!("item {id} is not intact, under a section that refers to it")
        });
    }
}

impl Domain {
    fn new(number: usize, plan: &Plan, oracle: &Arc<Oracle>) -> Domain {
        let smr = plan.domain();
        let (items, pods) = if plan.tight {
            (
                Zone::with_cache_bytes(&smr, 0),
                Zone::with_cache_bytes(&smr, 0),
            )
        } else {
            (Zone::new_in(&smr), Zone::new_in(&smr))
        };
        Domain {
            number,
            oracle: Arc::clone(oracle),
            smr,
            global: plan.global,
            items,
            pods,
            item: Atomic::null(),
            pod: Atomic::null(),
        }
    }

    /// Whether polls must answer true as soon as they may. In the other modes a goal is a number that
    /// later sections can still be behind; others use the global domain as well; a narrow clock
    /// expires goals.
    pub(super) fn is_exact(&self) -> bool {
        self.smr.mode() == Mode::Eager && self.is_alone() && !cfg!(smr_narrow)
    }

    /// Whether nobody else uses the domain.
    pub(super) fn is_alone(&self) -> bool {
        !self.global
    }

    /// The zones' own counters against the books.
    pub(super) fn verify_counters(&self) {
        let stats = self.items.stats();
        let counted = (stats.retired_items, stats.reclaimed_items);
        let kept = self.oracle.balance(self.number, Sort::Item);
        self.oracle.demand(counted == kept, || {
            format!("a zone counts {counted:?} items retired and reclaimed: {kept:?}")
        });
        let stats = self.pods.stats();
        let retired = self.oracle.balance(self.number, Sort::Pod).0;
        self.oracle.demand(
            stats.retired_items == retired && stats.reclaimed_items <= retired,
            || format!("a zone of pods, of which {retired} were retired, counts {stats:?}"),
        );
    }

    /// Waits until nothing waits. No section is open.
    pub(super) fn drain(&self) {
        let before = self.oracle.tick();
        while expecting_panics(|| self.items.barrier()).is_none() {}
        self.oracle
            .expect_none_waits(self.number, Sort::Item, before, "a barrier of the zone");
        self.pods.barrier();
    }

    /// Likewise for closures.
    pub(super) fn drain_deferred(&self) {
        let before = self.oracle.tick();
        self.smr.barrier();
        self.oracle.expect_none_waits(
            self.number,
            Sort::Closure,
            before,
            "a barrier of the domain",
        );
    }

    /// Disposes of what is published, and drops the zones and the domain with all that waits.
    fn finish(mut self) {
        self.items.check();
        self.pods.check();
        let last = self.item.get_mut();
        // SAFETY: null or an item of the domain, and nobody else is left.
        if let Some(item) = unsafe { last.as_ref() } {
            self.oracle.disposed(item.canary().id);
        }
        // SAFETY: as above; it is unpublished below.
        expecting_panics(|| unsafe { self.items.dispose(last) });
        self.item
            .store(Shared::null(), std::sync::atomic::Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { self.pods.dispose(self.pod.get_mut()) };
        let Domain {
            number,
            oracle,
            smr,
            items,
            pods,
            ..
        } = self;
        expecting_panics(|| drop(items));
        oracle.expect_all_gone(number, Sort::Item);
        drop((pods, smr));
        oracle.expect_all_gone(number, Sort::Closure);
    }
}

impl World {
    pub(super) fn new(program: &Program) -> World {
        let oracle = Arc::new(Oracle::default());
        let plans = program.domains.iter().enumerate();
        World {
            domains: plans
                .map(|(i, plan)| Domain::new(i, plan, &oracle))
                .collect(),
            slots: Default::default(),
            goals: Default::default(),
            oracle,
        }
    }

    /// After a failure: ends the sections, which may be of the global domain, and leaks the rest.
    pub(super) fn abandon(self) {
        self.oracle.close();
        for slot in &self.slots {
            drop(std::mem::take(
                &mut *slot.lock().unwrap_or_else(PoisonError::into_inner),
            ));
        }
        std::mem::forget(self);
    }

    /// Everybody has left: whatever waits is dropped, with barriers first or at once.
    pub(super) fn finish(self, orderly: bool) {
        for (i, slot) in self.slots.iter().enumerate() {
            if let Slot::Open(domain, guard, held) = std::mem::take(&mut *slot.lock().unwrap()) {
                held.iter().for_each(|h| h.verify(&self.oracle));
                self.oracle.left(domain, Owner::Slot(i));
                drop(guard);
            }
        }
        for domain in &self.domains {
            if orderly {
                domain.drain();
                // Once more, for what drops have retired.
                domain.drain();
                let waiting = domain.items.stats().unreclaimed_items();
                let waiting = waiting + domain.pods.stats().unreclaimed_items();
                self.oracle.demand(waiting == 0, || {
                    format!("{waiting} items wait at the end, by the zones' own account")
                });
            }
            if orderly || domain.global {
                domain.drain_deferred();
            }
            domain.verify_counters();
        }
        self.oracle.close();
        for domain in self.domains {
            domain.finish();
        }
    }
}
