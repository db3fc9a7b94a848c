//! Waiting until a goal has been observed: spinning, then sleeping until a section ends.
//!
//! A waiter puts itself into the domain's list, flags the record that blocks it, passes a heavy
//! barrier, and polls again before it sleeps. A section's end stores the slot (X), then looks at the
//! flag; it wakes everybody in the list. Both orders: if X comes before the barrier, the second poll
//! sees the slot idle; if the barrier comes first, the exit's load sees the flag. The barrier is the
//! asymmetric one, so exits pay a load. In fence mode exits have no fence, the handshake can miss,
//! and sleepers are woken by a clock as well: likewise in lazy mode, where a poll fails until a tick
//! has passed.

use core::future::Future;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;

use crate::barrier::{self, BarrierKind, Ticket};
use crate::bucket::discard;
use crate::domain::{Core, Mode};
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::primitive::hint::AtomicUsize;
use crate::primitive::{Arc, AtomicBool, AtomicPtr, MODEL, spin_loop, yield_now};
use crate::record::WAITER;
use crate::seq::{Seq, section};
use crate::step::Step;
use crate::ticker;

/// How long a waiter spins before it yields, and yields before it sleeps.
const SPIN: Duration = Duration::from_micros(20);
const YIELDS: u32 = 8;
/// How long a sleep lasts at most where exits may miss the flag.
pub(crate) const NAP: Duration = Duration::from_millis(1);

/// Whether there is memory for a sleeper: a probe, because `Arc` only aborts.
fn there_is_memory() -> bool {
    Vec::<Waiter>::new().try_reserve_exact(4).is_ok()
}

/// One sleeper.
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    waker: AtomicWaker,
    /// In the list at present: a node is pushed again only after it was taken out.
    queued: AtomicBool,
    next: AtomicPtr<Waiter>,
}

/// The sleepers of a domain: a stack that is only ever taken whole.
#[derive(Debug)]
pub(crate) struct WaitList {
    head: AtomicPtr<Waiter>,
    /// About how many nodes in the list nobody waits on any more.
    abandoned: AtomicUsize,
}

/// Abandoned nodes for whose sake everybody is woken, those who wait only to come back.
const ABANDONED: usize = 64;

impl WaitList {
    crate::primitive::const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                head: AtomicPtr::new(ptr::null_mut()),
                abandoned: AtomicUsize::new(0),
            }
        }
    }

    /// Its owner does not wait any more: the node goes with the next that are taken out, and when there
    /// are many of them, now.
    fn abandon(&self, waiter: &Waiter) {
        // Relaxed: a hint, off by those that are being taken out meanwhile.
        if waiter.queued.load(Relaxed) && self.abandoned.fetch_add(1, Relaxed) >= ABANDONED {
            self.wake_all();
        }
    }

    fn push(&self, waiter: &Arc<Waiter>) {
        // AcqRel: orders this push after the `wake_all` that took the node out, which reads `next`.
        if waiter.queued.swap(true, AcqRel) {
            return;
        }
        let node = Arc::into_raw(Arc::clone(waiter)).cast_mut();
        let mut head = self.head.load(Relaxed);
        loop {
            waiter.next.store(head, Relaxed);
            // Release: publishes `next`, to the Acquire of `wake_all`.
            match self
                .head
                .compare_exchange_weak(head, node, Release, Relaxed)
            {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Wakes everybody, and empties the list. Lock-free. A waker that panics does not keep the others
    /// from being woken, nor the section's end from returning.
    pub(crate) fn wake_all(&self) {
        self.abandoned.store(0, Relaxed);
        // Acquire: pairs with the Release of `push`.
        let mut node = self.head.swap(ptr::null_mut(), Acquire);
        while !node.is_null() {
            // SAFETY: the list owned a reference to the node (`push`), which is ours since the swap.
            let waiter = unsafe { Arc::from_raw(node) };
            node = waiter.next.load(Relaxed);
            // Release: `next` has been read; `push` may write it. A read-modify-write, so that a `push`
            // which finds the node queued is ordered before this wake.
            waiter.queued.swap(false, AcqRel);
            let woken = catch_unwind(AssertUnwindSafe(|| waiter.waker.wake()));
            if let Err(panic) = woken {
                discard(panic);
            }
        }
    }
}

impl Drop for WaitList {
    fn drop(&mut self) {
        self.wake_all();
    }
}

impl Core {
    /// Waits until `goal` has been observed, or the deadline has passed; false if it passed first.
    ///
    /// # Panics
    /// Under a guard of the calling thread: the wait would be for itself.
    pub(crate) fn wait_until(&self, goal: Seq, ticket: Ticket, deadline: Option<Instant>) -> bool {
        assert!(
            !self.in_own_section(),
            "waiting inside a section of the same domain would never end: drop this thread's guards first"
        );
        if self.poll(goal, ticket) {
            return true;
        }
        self.reach(goal);
        if MODEL {
            return self.wait_in_model(goal, ticket);
        }
        let start = Instant::now();
        let mut yields = 0;
        while yields < YIELDS {
            if start.elapsed() < SPIN {
                for _ in 0..64 {
                    spin_loop();
                }
            } else {
                yields += 1;
                yield_now();
            }
            if self.poll(goal, ticket) {
                return true;
            }
            if deadline.is_some_and(|d| Instant::now() >= d) {
                return false;
            }
        }
        self.sleep_until(goal, ticket, deadline)
    }

    /// Without a clock and without sleep, which models do not have.
    fn wait_in_model(&self, goal: Seq, ticket: Ticket) -> bool {
        while !self.poll(goal, ticket) {
            yield_now();
        }
        true
    }

    /// Polls at an interval: for those who have no memory to wait with.
    fn nap_until(&self, goal: Seq, ticket: Ticket, deadline: Option<Instant>) -> bool {
        while !self.poll(goal, ticket) {
            self.reach(goal);
            let left = deadline.map_or(NAP, |d| d.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(NAP));
        }
        true
    }

    fn sleep_until(&self, goal: Seq, ticket: Ticket, deadline: Option<Instant>) -> bool {
        if !there_is_memory() {
            return self.nap_until(goal, ticket, deadline);
        }
        let waiter = Arc::new(Waiter::default());
        let waker = Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        let nap = match self.mode() {
            Mode::Lazy { tick } => tick.clamp(SPIN, NAP),
            _ => NAP,
        };
        loop {
            if self
                .poll_asleep(goal, ticket, &waiter, &mut context)
                .is_ready()
            {
                self.waiters.abandon(&waiter);
                return true;
            }
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                self.waiters.abandon(&waiter);
                return false;
            }
            match (self.exits_may_miss(), left) {
                (true, left) => std::thread::park_timeout(left.map_or(nap, |l| l.min(nap))),
                (false, Some(left)) => std::thread::park_timeout(left),
                (false, None) => std::thread::park(),
            }
        }
    }

    /// Whether the flag and the exits' loads do not make a handshake here.
    pub(crate) fn exits_may_miss(&self) -> bool {
        self.barrier_in_use() == BarrierKind::Fence || matches!(self.mode(), Mode::Lazy { .. })
    }

    /// One turn of a sleeper: ready, or registered to be woken.
    fn poll_asleep(
        &self,
        goal: Seq,
        ticket: Ticket,
        waiter: &Arc<Waiter>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if self.poll(goal, ticket) {
            return Poll::Ready(());
        }
        waiter.waker.register(context.waker());
        self.waiters.push(waiter);
        if self.exit_will_wake(goal) {
            return Poll::Pending;
        }
        // No record in the way, or one that has just left it; or the poll failed for another reason
        // (a scan under way, a refused barrier). Nobody's exit is known to wake us: ask again.
        self.reach(goal);
        if self.poll(goal, ticket) {
            return Poll::Ready(());
        }
        if !self.exits_may_miss() {
            context.waker().wake_by_ref();
            yield_now();
        }
        // Else a clock wakes us: the nap's end, or the ticker.
        Poll::Pending
    }

    /// Flags the record that blocked the latest scan; true if it blocks `goal` still, so that the end
    /// of its section, which is yet to come, finds the flag. The waiter is in the list already.
    fn exit_will_wake(&self, goal: Seq) -> bool {
        let Some(blocker) = self.blocker() else {
            return false;
        };
        blocker.flag(WAITER);
        // Partner: X, and the load of the flag after it, in `Record::exit`.
        barrier::heavy(self.barrier_in_use(), Step::None)
            && section(blocker.slot(), self.clock.observed()).is_some_and(|at| at.before(goal))
            && !blocker.has_vanished()
    }
}

struct Unpark(std::thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// A future that completes when a goal has been observed; see [`Smr::observed`](crate::Smr::observed).
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Observed<'d> {
    smr: &'d crate::Smr,
    goal: crate::Goal,
    waiter: Option<Arc<Waiter>>,
}

impl<'d> Observed<'d> {
    pub(crate) fn new(smr: &'d crate::Smr, goal: crate::Goal) -> Self {
        Self {
            smr,
            goal,
            waiter: None,
        }
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        if let Some(waiter) = &self.waiter {
            self.smr.core().waiters.abandon(waiter);
        }
    }
}

impl Future for Observed<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let core = this.smr.core();
        let (goal, ticket) = this.goal.of(core);
        let waiter = this.waiter.get_or_insert_with(Arc::default);
        let turn = core.poll_asleep(goal, ticket, waiter, context);
        if turn.is_pending() && core.exits_may_miss() && !ticker::wake_later(this.smr) {
            // No clock to be had: fall back to asking again and again.
            context.waker().wake_by_ref();
        }
        turn
    }
}
