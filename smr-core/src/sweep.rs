//! Reaching what other threads have retired: `flush`, `reclaim`, `barrier`.
//!
//! Everything here holds a reference to the zone (Z2). Other threads' caches are seized by the
//! handshake in `cache`, group by group: one heavy barrier for a group. A sweep goes round twice. First
//! it *seals*: what has no number yet gets one, in place. After one poll for all it takes what has been
//! observed, by the handful, and drops it outside the caches. What waits stays where it is, and nothing
//! is allocated, so that a sweep works when memory is short.

use crate::advance::WhenFull;
use crate::barrier;
use crate::bucket::{Panic, Slot, discard};
use crate::cache::{Cache, Local};
use crate::chunks::Chunks;
use crate::drops::InDrop;
use crate::limbo::RawZone;
use crate::movers::wait_a_little;
use crate::primitive::MODEL;
use crate::primitive::Ordering::Relaxed;
use crate::seq::{BUSY_FIRST, Seq};
use crate::step::Step;
use crate::threads;

/// Caches that are seized behind one heavy barrier.
const GROUP: usize = if MODEL { 2 } else { 32 };
/// Slots that a sweep takes out of a group of caches before it drops them.
const HAND: usize = if MODEL { 4 } else { 1_024 };

/// Caches that a sweep has yet to be done with.
struct Group<'z> {
    left: [Option<&'z Cache>; GROUP],
}

impl<'z> Group<'z> {
    /// The zone's caches, in groups. A cache whose thread vanished in a fork may have been left in the
    /// middle of an operation; its contents are the fork's loss.
    fn all(zone: &'z RawZone) -> impl Iterator<Item = Group<'z>> {
        let caches = zone.caches().into_iter().flat_map(Chunks::iter);
        let mut caches = caches
            .filter(|&(number, _)| !threads::has_vanished(number))
            .map(|(_, cache)| cache);
        core::iter::from_fn(move || {
            let left = core::array::from_fn(|_| caches.next());
            left[0].is_some().then_some(Group { left })
        })
    }

    fn is_done(&self) -> bool {
        self.left.iter().all(Option::is_none)
    }

    /// Seizes the caches that are left, as far as they can be had, and calls `visit` with the place of
    /// each in the group; true from it means that the group is done with that cache. Those that cannot
    /// be had are given up, unless the caller insists.
    fn seize(
        &mut self,
        zone: &RawZone,
        insist: bool,
        mut visit: impl FnMut(usize, &Cache, &mut Local) -> bool,
    ) {
        let mut asked = [None; GROUP];
        for (asked, cache) in asked.iter_mut().zip(&self.left) {
            *asked = cache.and_then(Cache::ask);
        }
        // Partner: the light barrier in `Cache::owned`.
        let ordered = barrier::heavy(zone.barrier, Step::StealHeavy);
        for (i, left) in self.left.iter_mut().enumerate() {
            let Some(cache) = *left else { continue };
            let mut done = None;
            if let Some(asked) = asked[i] {
                if ordered {
                    // SAFETY: asked and granted, and a heavy barrier since.
                    done = unsafe { cache.seized(asked, |local| visit(i, cache, local)) };
                }
                cache.give_back(asked, done.is_some());
            }
            if done.unwrap_or(!insist) {
                *left = None;
            }
        }
    }
}

/// Slots of observed buckets, out of their caches and not dropped yet.
struct Hand {
    slots: [Slot; HAND],
    len: usize,
}

impl Hand {
    fn new() -> Hand {
        Hand {
            slots: [Slot::DANGLING; HAND],
            len: 0,
        }
    }

    /// Takes up to `share` ripe slots, the oldest first, until there are `budget` in the hand.
    fn pick(&mut self, local: &mut Local, share: &mut usize, budget: usize) {
        loop {
            let most = (HAND.min(budget) - self.len).min(*share);
            let n = local.take_ripe(most, |slots| {
                for slot in slots {
                    self.slots[self.len] = slot;
                    self.len += 1;
                }
            });
            *share -= n;
            if local.ripe == 0 {
                *share = 0; // the owner may have been faster
            }
            if n == 0 || *share == 0 {
                return;
            }
        }
    }
}

/// What one sweep is to do, and what has come of it.
struct Order {
    /// Drops that it may run yet.
    budget: usize,
    /// Raw slots go back to the system as well.
    raw: bool,
    /// No cache is passed over.
    insist: bool,
    first: Option<Panic>,
}

impl RawZone {
    /// Numbers what has no number yet, in place; returns the latest number that has not been observed.
    fn seal_all(&self, insist: bool) -> Option<Seq> {
        let mut latest = None;
        let mut note = |goal: Seq| {
            if !self.core().is_observed(goal) {
                latest = Some(latest.map_or(goal, |l| goal.later(l)));
            }
        };
        for mut group in Group::all(self) {
            loop {
                group.seize(self, insist, |_, _, local| {
                    self.seal(local);
                    local.limbo.iter().for_each(|bucket| note(bucket.goal));
                    true
                });
                if group.is_done() {
                    break;
                }
                wait_a_little();
            }
        }
        let strays = self.limbo.take();
        strays.iter().for_each(|bucket| note(bucket.goal));
        self.limbo.put_back(strays);
        latest
    }

    /// Moves a cache's partial buckets to its limbo, which has room for them. B1: they have been
    /// acquired from their owner, so their unlinks happened before.
    fn seal(&self, local: &mut Local) {
        for partial in [Local::free_mut, Local::reserve_mut] {
            if !partial(local).is_empty() {
                let slots = std::mem::take(partial(local));
                // A real advance in every mode: whoever sweeps wants to see the end of it.
                let tag = self.core().advance_now(WhenFull::GoOn);
                local.enter_limbo(self.tagged(tag, slots));
            }
        }
        if !local.has_room_for(0) {
            local.free = Vec::new();
            local.reserve = Vec::new();
        }
    }

    /// Polls for `goal`, which a deferred advance may only have promised.
    fn poll_for(&self, goal: Option<Seq>) {
        if let Some(goal) = goal {
            self.core().reach(goal);
            self.core().poll_up_to(goal);
            // A narrow clock that was full had no room for the goal's number before that scan.
            if BUSY_FIRST && !self.core().is_observed(goal) {
                self.core().reach(goal);
                self.core().poll_up_to(goal);
            }
        }
    }

    /// Drops and frees what has been observed by now, wherever it is.
    fn drop_observed(&self, order: &mut Order) {
        for mut group in Group::all(self) {
            // What was there at the first look; what owners add meanwhile must not keep us for ever.
            let mut shares = [None; GROUP];
            while !group.is_done() {
                let mut hand = Hand::new();
                let mut raw = [const { None }; GROUP];
                group.seize(self, order.insist, |i, cache, local| {
                    let share = shares[i].get_or_insert_with(|| self.ripen(local));
                    hand.pick(local, share, order.budget);
                    let done = *share == 0 || hand.len >= order.budget;
                    if done && order.raw {
                        raw[i] = Some(local.take_raw());
                    }
                    if local.has_no_garbage() {
                        cache.swept.set(cache.retired.get());
                    }
                    done
                });
                order.budget -= hand.len;
                self.drop_slots(&hand.slots[..hand.len], &mut order.first);
                self.free_all(raw.into_iter().flatten().flatten());
                if hand.len == 0 && !group.is_done() {
                    wait_a_little();
                }
            }
        }
        self.drop_strays(order);
        if order.raw {
            for bucket in self.ready.take() {
                self.ready_slots.fetch_sub(bucket.len(), Relaxed);
                self.free_all(bucket);
            }
            self.trim();
        }
    }

    /// Looks how far the cache's buckets have been observed; returns how many slots that are.
    fn ripen(&self, local: &mut Local) -> usize {
        while let Some(bucket) = local.limbo.get(local.ripe)
            && self.core().is_observed(bucket.goal)
        {
            local.waiting -= bucket.slots.len();
            local.ripe += 1; // Z1
        }
        let ripe = local.limbo.iter().take(local.ripe);
        ripe.map(|b| b.slots.len()).sum()
    }

    /// Drops and frees slots that are in no list any more.
    fn drop_slots(&self, slots: &[Slot], first: &mut Option<Panic>) {
        for &slot in slots {
            // SAFETY: Z1 (all callers): the slot's bucket has been observed; it has left its list.
            unsafe { self.drop_and_free(slot, first) };
        }
        self.count_reclaimed(None, slots.len());
    }

    /// Drops what has been observed of what no cache has.
    fn drop_strays(&self, order: &mut Order) {
        let taken = self.limbo.take();
        let (mut observed, waiting) = taken.partition(|b| self.core().is_observed(b.goal));
        self.limbo.put_back(waiting);
        while let Some(bucket) = observed.first_mut()
            && order.budget > 0
        {
            let n = bucket.slots.len().min(order.budget);
            let rest = bucket.slots.len() - n;
            self.drop_slots(&bucket.slots[rest..], &mut order.first); // Z1
            bucket.slots.truncate(rest);
            order.budget -= n;
            if rest == 0 {
                observed.next();
            }
        }
        self.limbo.put_back(observed);
    }

    /// Seals, polls once, and drops. Nothing inside another drop, or while a barrier runs.
    fn sweep(&self, budget: usize, raw: bool) -> (usize, Option<Panic>) {
        let mut order = Order {
            budget,
            raw,
            insist: false,
            first: None,
        };
        if let (Some(_in_drop), Some(_moving)) = (InDrop::enter(), self.movers.begin()) {
            let latest = self.seal_all(order.insist);
            self.poll_for(latest);
            self.drop_observed(&mut order);
        }
        (budget - order.budget, order.first)
    }

    /// One round over everything: what has expired is dropped, memory goes back to the system.
    /// Returns how many items wait, and the first panic.
    pub(crate) fn flush(&self) -> (u64, Option<Panic>) {
        let (_, first) = self.sweep(usize::MAX, true);
        (self.unreclaimed(), first)
    }

    /// Runs up to `budget` drops of what has expired, wherever it is; returns how many it ran.
    pub(crate) fn reclaim(&self, budget: usize) -> (usize, Option<Panic>) {
        self.sweep(budget, false)
    }

    /// What a reclaimer does now and then. Raw slots go back to the system once nothing has been retired
    /// since the last time: a busy zone needs them. Panics are counted.
    pub(crate) fn tend(&self) {
        let retired = self.retired_items();
        let idle = self.tended.get() == retired;
        self.tended.set(retired);
        if self.unreclaimed() > 0 || idle && self.trimmed.get() != retired {
            if let (_, Some(counted)) = self.sweep(usize::MAX, idle) {
                discard(counted);
            }
            if idle {
                self.trimmed.set(retired);
            }
        }
    }

    /// Waits until everything retired before has been dropped, by whomever.
    pub(crate) fn barrier(&self) -> Option<Panic> {
        self.core().assert_may_wait();
        let raised = self.movers.raise();
        let mut order = Order {
            budget: usize::MAX,
            raw: false,
            insist: true,
            first: None,
        };
        if let Some(latest) = self.seal_all(order.insist) {
            self.core().wait_until(latest, barrier::Ticket::NEVER, None);
        }
        let in_drop = InDrop::enter();
        self.drop_observed(&mut order);
        drop(in_drop);
        self.wait_for_hands();
        drop(raised);
        order.first
    }

    /// Waits until the drops that owners have taken out of their caches have run.
    fn wait_for_hands(&self) {
        let Some(caches) = self.caches() else {
            return;
        };
        for (number, cache) in caches.iter() {
            let hand = cache.hand();
            while hand % 2 == 1 && cache.hand() == hand && !threads::has_vanished(number) {
                wait_a_little();
            }
        }
    }

    /// Looks through the strays of a zone without caches; returns how many must wait.
    pub(crate) fn sweep_strays(&self) -> usize {
        let mut left = 0;
        if let (Some(_in_drop), Some(_moving)) = (InDrop::enter(), self.movers.begin()) {
            let mut order = Order {
                budget: usize::MAX,
                raw: false,
                insist: false,
                first: None,
            };
            let taken = self.limbo.take();
            let unmet = taken.iter().map(|b| b.goal);
            let unmet = unmet.filter(|&goal| !self.core().is_observed(goal));
            let latest = unmet.reduce(Seq::later);
            self.limbo.put_back(taken);
            self.poll_for(latest);
            self.drop_strays(&mut order);
            if let Some(counted) = order.first {
                discard(counted);
            }
            let taken = self.limbo.take();
            left = taken.iter().count();
            self.limbo.put_back(taken);
        }
        left
    }
}
