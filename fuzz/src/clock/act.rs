//! One turn of a thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::task::{Context, Waker};
use std::time::Duration;

use smr_core::{BarrierKind, Guard, Mode, Shared};

use super::item::{Item, Payload, Pod, Temper, expecting_panics};
use super::oracle::{Owner, Sort};
use super::program::{Op, Turn};
use super::world::{Domain, Held, Noted, Slot, Stack, World};

/// The most guards of a thread in a domain.
const DEEPEST: usize = 4;

/// A thread's part in a program.
#[derive(Debug)]
pub(super) struct Actor<'w> {
    pub(super) place: usize,
    pub(super) world: &'w World,
    pub(super) stacks: Vec<Stack<'w>>,
}

impl<'w> Actor<'w> {
    pub(super) fn new(place: usize, world: &'w World) -> Actor<'w> {
        Actor {
            place,
            world,
            stacks: world.domains.iter().map(|_| Stack::default()).collect(),
        }
    }

    fn owner(&self) -> Owner {
        Owner::Thread(self.place)
    }

    pub(super) fn act(&mut self, turn: Turn) {
        let world = self.world;
        let domain = &world.domains[turn.domain];
        let arg = turn.arg;
        let flag = |bit: usize| arg >> bit & 1 != 0;
        let pods = flag(0);
        let temper = match arg >> 1 {
            1 => Temper::Panics,
            2 | 3 => Temper::Busy,
            _ => Temper::Calm,
        };
        match turn.op {
            Op::Enter => self.enter(domain, flag(0)),
            Op::Exit => self.exit(domain, arg),
            Op::Repin => self.repin(domain, arg),
            Op::OwnedEnter => self.owned_enter(domain, arg % 4, flag(2)),
            Op::OwnedExit => self.owned_exit(arg % 4, flag(2)),
            Op::OwnedRepin => self.owned_repin(arg % 4),
            Op::ReaderEnter => self.reader_enter(arg % 4),
            Op::Read if flag(3) => self.owned_read(arg % 4),
            Op::Read if pods => self.read::<Pod>(domain),
            Op::Read => self.read::<Item>(domain),
            Op::Publish if pods => {
                replace(domain, self.owner(), Some(Temper::Calm), flag(3), Pod::zone)
            }
            Op::Publish => replace(domain, self.owner(), Some(temper), flag(3), Item::zone),
            Op::Unlink if pods => replace(domain, self.owner(), None, flag(3), Pod::zone),
            Op::Unlink => replace(domain, self.owner(), None, flag(3), Item::zone),
            Op::Replace => self.compare_exchange(domain, temper, flag(3)),
            Op::Churn => {
                for _ in 0..=arg * 3 {
                    if pods {
                        replace(domain, self.owner(), Some(Temper::Calm), flag(3), Pod::zone);
                    } else {
                        replace(
                            domain,
                            self.owner(),
                            Some(Temper::Calm),
                            flag(3),
                            Item::zone,
                        );
                    }
                }
            }
            Op::Discard => discard(domain, temper, flag(3)),
            Op::Advance => self.advance(domain, arg % 4),
            Op::Poll => self.poll(arg % 4, |d, n| d.smr.poll(n.goal)),
            Op::Observed => self.observed(arg % 4),
            Op::WaitBriefly => self.wait_briefly(arg % 4),
            Op::Wait if flag(3) => self.synchronize(domain),
            Op::Wait => self.wait(arg % 4),
            Op::Flush => flush(domain),
            Op::Reclaim => reclaim(domain, arg),
            Op::Barrier if world.oracle.has_any(turn.domain) => {}
            Op::Barrier => domain.drain(),
            Op::Defer => defer(domain),
            Op::RunDeferred if flag(0) || world.oracle.has_any(turn.domain) => {
                domain.smr.flush();
            }
            Op::RunDeferred => domain.drain_deferred(),
            Op::Report => report(domain),
            // Other threads leave their sections when they end.
            Op::Leave if self.place == 0 => self.leave_sections(),
            Op::Leave => {}
        }
    }

    // ---- sections ----

    fn enter(&mut self, domain: &'w Domain, shortest: bool) {
        let stack = &mut self.stacks[domain.number];
        if stack.guards.len() < DEEPEST {
            let guard = match domain.global && shortest {
                true => smr_core::enter(),
                false => domain.smr.enter(),
            };
            domain.oracle.demand(guard.is_of(&domain.smr), || {
                "a guard is of another domain".to_owned()
            });
            domain
                .oracle
                .entered(domain.number, Owner::Thread(self.place));
            stack.guards.push(guard);
        }
    }

    fn exit(&mut self, domain: &Domain, which: usize) {
        let owner = self.owner();
        let stack = &mut self.stacks[domain.number];
        if !stack.guards.is_empty() {
            stack.held.iter().for_each(|h| h.verify(&domain.oracle));
            let guard = stack.guards.remove(which % stack.guards.len());
            if domain.oracle.left(domain.number, owner) {
                stack.held.clear();
            }
            drop(guard);
        }
    }

    fn repin(&mut self, domain: &Domain, which: usize) {
        let owner = self.owner();
        let stack = &mut self.stacks[domain.number];
        let count = stack.guards.len();
        if count > 0 {
            stack.held.iter().for_each(|h| h.verify(&domain.oracle));
            stack.guards[which % count].repin();
            if domain.oracle.repinned(domain.number, owner) {
                stack.held.clear();
            }
        }
    }

    /// Ends all sections of the thread.
    pub(super) fn leave_sections(&mut self) {
        for domain in &self.world.domains {
            while !self.stacks[domain.number].guards.is_empty() {
                self.exit(domain, 0);
            }
        }
    }

    fn read<P: Payload>(&mut self, domain: &Domain) {
        let stack = &mut self.stacks[domain.number];
        if let Some(guard) = stack.guards.last() {
            stack.held.iter().for_each(|h| h.verify(&domain.oracle));
            stack.held.extend(Held::read::<P>(domain, guard));
        }
    }

    // ---- owned guards ----

    fn owned_enter(&self, domain: &Domain, slot: usize, by_reader: bool) {
        let mut place = self.world.slots[slot].lock().unwrap();
        let (number, guard) = match std::mem::take(&mut *place) {
            Slot::Empty if by_reader => (domain.number, domain.smr.reader().enter_owned()),
            Slot::Empty => (domain.number, domain.smr.enter_owned()),
            Slot::Idle(number, reader) => (number, reader.enter_owned()),
            open @ Slot::Open(..) => {
                *place = open;
                return;
            }
        };
        self.world.oracle.entered(number, Owner::Slot(slot));
        *place = Slot::Open(number, guard, Vec::new());
    }

    fn owned_exit(&self, slot: usize, keep: bool) {
        let mut place = self.world.slots[slot].lock().unwrap();
        match std::mem::take(&mut *place) {
            Slot::Open(number, guard, held) => {
                held.iter().for_each(|h| h.verify(&self.world.oracle));
                self.world.oracle.left(number, Owner::Slot(slot));
                if keep {
                    *place = Slot::Idle(number, guard.exit());
                } else {
                    drop(guard);
                }
            }
            idle if keep => *place = idle,
            _ => {}
        }
    }

    fn owned_repin(&self, slot: usize) {
        let mut place = self.world.slots[slot].lock().unwrap();
        if let Slot::Open(number, guard, held) = &mut *place {
            held.iter().for_each(|h| h.verify(&self.world.oracle));
            guard.repin();
            self.world.oracle.repinned(*number, Owner::Slot(slot));
            held.clear();
        }
    }

    fn owned_read(&self, slot: usize) {
        let mut place = self.world.slots[slot].lock().unwrap();
        if let Slot::Open(number, guard, held) = &mut *place {
            held.iter().for_each(|h| h.verify(&self.world.oracle));
            let domain = &self.world.domains[*number];
            held.extend(Held::read::<Item>(domain, guard));
            held.extend(Held::read::<Pod>(domain, guard));
        }
    }

    /// A section of a reader within the turn.
    fn reader_enter(&self, slot: usize) {
        let mut place = self.world.slots[slot].lock().unwrap();
        if let Slot::Idle(number, reader) = &mut *place {
            let domain = &self.world.domains[*number];
            let guard = reader.enter();
            domain.oracle.entered(*number, Owner::Passing);
            let held = Held::read::<Item>(domain, &guard);
            replace(domain, self.owner(), Some(Temper::Calm), true, Item::zone);
            flush(domain);
            held.iter().for_each(|h| h.verify(&domain.oracle));
            domain.oracle.left(*number, Owner::Passing);
            drop(guard);
        }
    }

    // ---- goals ----

    fn advance(&self, domain: &Domain, slot: usize) {
        // Outside of sections a narrow clock may wait for the readers: they would wait for the baton.
        let guard =
            (cfg!(smr_narrow) && domain.oracle.has_any(domain.number)).then(|| domain.smr.enter());
        let at = domain.oracle.tick();
        let goal = domain.smr.advance();
        drop(guard);
        *self.world.goals[slot].lock().unwrap() = Some(Noted {
            goal,
            domain: domain.number,
            at,
            observed: false,
        });
    }

    /// Asks whether a goal has been observed, and judges the answer.
    fn poll(&self, slot: usize, ask: impl FnOnce(&'w Domain, Noted) -> bool) {
        let oracle = &self.world.oracle;
        let mut place = self.world.goals[slot].lock().unwrap();
        let Some(noted) = place.as_mut() else {
            return;
        };
        let domain = &self.world.domains[noted.domain];
        let yes = ask(domain, *noted);
        let (number, at) = (noted.domain, noted.at);
        let blocked = oracle.has_older(number, at);
        oracle.demand(!(yes && blocked), || {
            format!("a goal of {at} is observed, under an older section of domain {number}")
        });
        oracle.demand(yes || !noted.observed || cfg!(smr_narrow), || {
            format!("a goal of {at} was observed and is not any more")
        });
        oracle.demand(yes || blocked || !domain.is_exact(), || {
            format!(
                "a goal of {at} is not observed, and there is no older section of domain {number}"
            )
        });
        let lazy = matches!(domain.smr.mode(), Mode::Lazy { .. });
        let at_rest = lazy && !oracle.has_any(number) && !cfg!(smr_narrow);
        oracle.demand(yes || !at_rest, || {
            format!(
                "a goal of {at} is not observed, and no section of lazy domain {number} is open"
            )
        });
        noted.observed |= yes;
    }

    fn observed(&self, slot: usize) {
        let goal = *self.world.goals[slot].lock().unwrap();
        // Where sleepers need a clock the future would start one, a thread.
        let quiet = goal.is_some_and(|g| {
            let smr = &self.world.domains[g.domain].smr;
            smr.barrier_in_use() == BarrierKind::Membarrier && smr.mode() == Mode::Eager
        });
        if quiet {
            self.poll(slot, |domain, noted| {
                let future = pin!(domain.smr.observed(noted.goal));
                future
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_ready()
            });
        }
    }

    fn wait_briefly(&self, slot: usize) {
        let goal = *self.world.goals[slot].lock().unwrap();
        if goal.is_some_and(|g| !self.world.oracle.has_own(g.domain, self.owner())) {
            self.poll(slot, |d, n| d.smr.wait_timeout(n.goal, Duration::ZERO));
        }
    }

    /// Waits, if that ends: in other modes than eager a section may be in the way that is not older.
    fn wait(&self, slot: usize) {
        let goal = *self.world.goals[slot].lock().unwrap();
        let ends = goal.is_some_and(|g| {
            let oracle = &self.world.oracle;
            let eager = self.world.domains[g.domain].smr.mode() == Mode::Eager;
            let free = !oracle.has_older(g.domain, g.at) && !oracle.has_own(g.domain, self.owner());
            free && (eager || !oracle.has_any(g.domain))
        });
        if ends && !cfg!(smr_narrow) {
            self.poll(slot, |d, n| {
                d.smr.wait(n.goal);
                true
            });
        }
    }

    fn synchronize(&self, domain: &Domain) {
        if !domain.oracle.has_any(domain.number) {
            domain.smr.synchronize();
        }
    }

    // ---- items ----

    /// Replaces the item in its cell by comparison, which fails if `lose`.
    fn compare_exchange(&self, domain: &Domain, temper: Temper, lose: bool) {
        let guard = domain.smr.enter();
        domain.oracle.entered(domain.number, self.owner());
        let seen = domain.item.load(Acquire, &guard);
        if lose {
            replace(domain, self.owner(), Some(Temper::Calm), true, Item::zone);
        }
        let new = domain.items.alloc(Item::make(domain, temper));
        domain.oracle.allocated(std::ptr::from_ref(&*new).addr());
        match domain
            .item
            .compare_exchange(seen, new, AcqRel, Acquire, &guard)
        {
            Ok(_) => {
                domain
                    .oracle
                    .demand(!lose, || "an exchange succeeded that had lost".to_owned());
                retire(domain, seen);
            }
            Err(error) => {
                domain
                    .oracle
                    .demand(lose, || "an exchange failed without cause".to_owned());
                domain.oracle.disposed(error.new.canary().id);
                expecting_panics(|| drop(error.new));
            }
        }
        domain.oracle.left(domain.number, self.owner());
        drop(guard);
    }
}

/// Publishes a new item, or none, and retires the one that was there, inside or outside of a section.
/// `_zone` tells the sort.
pub(super) fn replace<P: Payload>(
    domain: &Domain,
    owner: Owner,
    new: Option<Temper>,
    outside: bool,
    _zone: fn(&Domain) -> &smr_core::Zone<P>,
) {
    let guard: Guard<'_> = domain.smr.enter();
    domain.oracle.entered(domain.number, owner);
    let cell = P::cell(domain);
    let old = match new {
        Some(temper) => {
            let new = P::zone(domain).alloc(P::make(domain, temper));
            domain.oracle.allocated(std::ptr::from_ref(&*new).addr());
            cell.swap(new, AcqRel, &guard)
        }
        None => cell.swap(Shared::null(), AcqRel, &guard),
    };
    // Unlinked just now and not retired, so it is there until we retire it.
    let old: Shared<'_, P> = Shared::from_raw(old.as_raw());
    if outside {
        domain.oracle.left(domain.number, owner);
        drop(guard);
        retire(domain, old);
    } else {
        retire(domain, old);
        domain.oracle.left(domain.number, owner);
        drop(guard);
    }
}

/// Retires what the caller has unlinked.
fn retire<P: Payload>(domain: &Domain, old: Shared<'_, P>) {
    // SAFETY: null, or unlinked by the caller and not retired yet.
    let Some(item) = (unsafe { old.as_ref() }) else {
        return;
    };
    let slot = (P::SORT == Sort::Pod).then(|| old.as_ptr().addr());
    domain.oracle.retired(item.canary().id, slot);
    // SAFETY: of this zone, unlinked by the caller, who alone retires it.
    unsafe { P::zone(domain).retire(old) };
}

/// An item that is never published.
fn discard(domain: &Domain, temper: Temper, into_inner: bool) {
    let owned = domain.items.alloc(Item::make(domain, temper));
    domain.oracle.allocated(std::ptr::from_ref(&*owned).addr());
    domain.oracle.disposed(owned.canary().id);
    expecting_panics(|| {
        if into_inner {
            drop(owned.into_inner())
        } else {
            drop(owned)
        }
    });
}

fn defer(domain: &Domain) {
    let id = domain.oracle.made(domain.number, Sort::Closure);
    let oracle = Arc::clone(&domain.oracle);
    oracle.retired(id, None);
    domain.smr.defer(move || oracle.dropped(id));
}

/// One round over a domain's zones; at rest it leaves nothing.
fn flush(domain: &Domain) {
    let oracle = &domain.oracle;
    let before = oracle.tick();
    let retired = oracle.balance(domain.number, Sort::Item).0;
    let left = expecting_panics(|| domain.items.flush());
    let pods = domain.pods.flush();
    if domain.is_alone() && !oracle.has_any(domain.number) {
        oracle.expect_none_waits(domain.number, Sort::Item, before, "a flush at rest");
        let retired_since = oracle.balance(domain.number, Sort::Item).0 - retired;
        let none = left.is_none_or(|n| n as u64 == retired_since) && pods == 0;
        oracle.demand(none, || {
            format!("a flush at rest answers {left:?} and {pods}; drops retired {retired_since}")
        });
    }
}

fn reclaim(domain: &Domain, budget: usize) {
    let before = domain.oracle.balance(domain.number, Sort::Item).1;
    let answer = expecting_panics(|| domain.items.reclaim(budget));
    let dropped = domain.oracle.balance(domain.number, Sort::Item).1 - before;
    let fits = dropped <= budget as u64 && answer.is_none_or(|n| n as u64 == dropped);
    domain.oracle.demand(fits, || {
        format!("reclaim({budget}) answers {answer:?}, and {dropped} were dropped")
    });
    domain.pods.reclaim(budget);
}

/// The domain's own account of itself.
fn report(domain: &Domain) {
    domain.verify_counters();
    let open = domain.oracle.has_any(domain.number);
    let stalled = domain.smr.stalled();
    domain.oracle.demand(
        stalled.is_some() == open || (stalled.is_some() && !domain.is_alone()),
        || format!("a section is open: {open}; reported: {stalled:?}"),
    );
}
