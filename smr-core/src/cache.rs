//! A thread's cache in a zone: the slots that it allocates from, those that it has retired, and the
//! buckets that wait.
//!
//! The cache belongs to the thread whose number is its index, dead or alive; others may *seize* it
//! for a moment. The handshake:
//!
//! - the owner sets `busy`, passes a light barrier, and looks at `steal`: if it is set the owner does
//!   without its cache, for this one operation;
//! - a thief sets `steal`, passes a heavy barrier, and looks at `busy`: if it is set the thief gives up.
//!
//! If the owner's store comes first the thief sees `busy`; if the barrier comes first the owner sees
//! `steal`. Neither ever waits, so a suspended owner or thief stops nobody. `busy` is cleared, and
//! `steal` too, with Release, to the Acquire of the other side: the contents move with them.
//!
//! Nothing of the user's runs inside. An operation that finds its own `busy` set was called from the
//! allocator underneath another one, and does without the cache.

use core::mem;
use std::collections::VecDeque;
use std::vec::Drain;

use crate::barrier::{self, BarrierKind};
use crate::bucket::{Bucket, Slot};
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::primitive::counter::Counter;
use crate::primitive::{AtomicBool, AtomicUsize, MODEL, OwnerCell};
use crate::step::{Step, order};
use crate::threads;

/// See the module.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Cache {
    busy: AtomicBool,
    /// 0, or the thief's [`thief`] number, and [`INSIDE`].
    steal: AtomicUsize,
    /// Odd while the owner runs drops of slots that it has taken out of the cache.
    hand: AtomicUsize,
    /// Items retired through this cache.
    pub(crate) retired: Counter,
    /// Items retired here or elsewhere whose drop the owner has run.
    pub(crate) reclaimed: Counter,
    /// A visitor's note: `retired` when it last came by.
    pub(crate) seen: Counter,
    /// A thief's note: `retired` when it last took everything.
    pub(crate) swept: Counter,
    local: OwnerCell<Local>,
}

/// The thief is at the contents.
const INSIDE: usize = 1;

/// What a thief of this process puts into `steal`.
fn thief() -> usize {
    (threads::generation() + 1) << 1
}

/// Nothing of the user's runs inside, so a panic there is a defect, after which the contents might be anything.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        // A model's panics are its findings.
        if !MODEL {
            std::process::abort();
        }
    }
}

/// A thief's permission.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// 0, or a thief that vanished in a fork after it had asked.
    last: usize,
}

/// The contents, the owner's or the thief's.
#[derive(Debug)]
pub(crate) struct Local {
    /// Raw slots to allocate from.
    pub(crate) raw: Vec<Slot>,
    /// Retired slots without a number yet.
    pub(crate) free: Vec<Slot>,
    /// Buckets with numbers, oldest first. While `free` or `reserve` holds anything there is room for
    /// both.
    pub(crate) limbo: VecDeque<Bucket>,
    /// How many buckets at the front of `limbo` are known to have been observed: their drops are due.
    pub(crate) ripe: usize,
    /// Slots in the others.
    pub(crate) waiting: usize,
    /// Raw slots, a bucket each.
    pub(crate) ready: Vec<Vec<Slot>>,
    /// Raw slots on their way to the system, some with each slot that is retired or given back.
    pub(crate) surplus: Vec<Slot>,
    /// Empty containers.
    spare: [Vec<Slot>; 4],
    /// A container for the time when memory for others cannot be had.
    pub(crate) reserve: Vec<Slot>,
    /// Slots in a bucket that is begun now.
    pub(crate) size: usize,
    /// When the rate was last measured, and what has been retired since.
    pub(crate) window_from: u64,
    pub(crate) in_window: u64,
    /// Buckets filled.
    pub(crate) turns: usize,
    /// Whether a ready bucket was used since the latest turn.
    pub(crate) refilled: bool,
    /// Refills to let pass before the next poll, after one that failed.
    pub(crate) patience: u32,
}

impl Cache {
    /// A cache whose first bucket holds `size` slots.
    pub(crate) fn new(size: usize) -> Cache {
        Cache {
            busy: AtomicBool::new(false),
            steal: AtomicUsize::new(0),
            hand: AtomicUsize::new(0),
            retired: Counter::new(),
            reclaimed: Counter::new(),
            seen: Counter::new(),
            swept: Counter::new(),
            local: OwnerCell::new(Local::new(size)),
        }
    }

    /// Runs `f` on the contents; None if a thief is at them, or the caller is.
    ///
    /// # Safety
    /// The caller's thread number is the cache's index.
    #[inline]
    pub(crate) unsafe fn owned<R>(
        &self,
        barrier: BarrierKind,
        f: impl FnOnce(&mut Local) -> R,
    ) -> Option<R> {
        // Relaxed: the owner reads its own store.
        if self.busy.load(Relaxed) {
            return None;
        }
        self.busy.store(true, Relaxed);
        barrier::light(barrier, Step::OwnLight); // Partner: the heavy barriers in `Group::seize` and `visit`.
        // Acquire: pairs with the Release of `give_back`.
        let thief = self.steal.load(order(Step::StealRead, Acquire));
        let result = if thief != 0 && !self.recover(thief) {
            None
        } else {
            let whole = AbortOnPanic;
            // SAFETY: `busy` is set and was seen by, or precedes, every thief's look (module).
            let result = unsafe { self.local.with(f) };
            mem::forget(whole);
            Some(result)
        };
        self.busy.store(false, order(Step::BusyClear, Release));
        result
    }

    /// Whether the thief vanished in a fork: then the cache is the owner's again, who is the caller.
    /// Unless another thief has taken over. If it vanished inside, the contents are the fork's loss.
    #[cold]
    fn recover(&self, thief: usize) -> bool {
        let recovered = thief & !INSIDE != self::thief()
            && self
                .steal
                .compare_exchange(thief, 0, Acquire, Relaxed)
                .is_ok();
        if recovered && thief & INSIDE != 0 {
            // SAFETY: that thief does not exist in this process, and others give up while the owner is
            // busy.
            unsafe { self.local.with(Local::abandon) };
        }
        recovered
    }

    /// The thief's first step: asks for the cache. None if another thief has it.
    pub(crate) fn ask(&self) -> Option<Asked> {
        let mine = thief();
        let last = self.steal.load(Relaxed);
        // Acquire: pairs with the Release of the last thief's `give_back`.
        let granted = last & !INSIDE != mine
            && self
                .steal
                .compare_exchange(last, mine, Acquire, Relaxed)
                .is_ok();
        granted.then_some(Asked { last })
    }

    /// The thief's second step, after a heavy barrier: None if the owner is at work.
    ///
    /// # Safety
    /// The caller has been granted `ask`, and has passed a heavy barrier since.
    pub(crate) unsafe fn seized<R>(
        &self,
        asked: Asked,
        f: impl FnOnce(&mut Local) -> R,
    ) -> Option<R> {
        // Acquire: pairs with the Release at the end of `owned`.
        if self.busy.load(order(Step::BusyRead, Acquire)) {
            return None;
        }
        // For the child of a fork. Relaxed: what the thread does is in order in the fork's snapshot.
        self.steal.store(thief() | INSIDE, Relaxed);
        let visit = |local: &mut Local| {
            if asked.last & INSIDE != 0 {
                local.abandon();
            }
            f(local)
        };
        let whole = AbortOnPanic;
        // SAFETY: the owner is not inside, and will see `steal` before it gets in (module).
        let result = unsafe { self.local.with(visit) };
        mem::forget(whole);
        Some(result)
    }

    /// The thief's last step; whether it `had` the cache.
    pub(crate) fn give_back(&self, asked: Asked, had: bool) {
        let left = if had { 0 } else { asked.last };
        self.steal.store(left, order(Step::StealClear, Release));
    }

    /// The contents of a cache that nobody else can reach; None if somebody vanished inside.
    pub(crate) fn exclusive(&mut self) -> Option<&mut Local> {
        if self.busy.load(Relaxed) || self.steal.load(Relaxed) != 0 {
            return None;
        }
        Some(self.local.get_mut())
    }

    /// The owner takes slots into its hand, or has dropped them all. Release: see `hand`.
    pub(crate) fn turn_hand(&self) {
        self.hand
            .store(self.hand.load(Relaxed).wrapping_add(1), Release);
    }

    /// The hand's state: odd while drops run. Acquire: the drops of a finished hand happened before.
    pub(crate) fn hand(&self) -> usize {
        self.hand.load(Acquire)
    }
}

impl Local {
    fn new(size: usize) -> Local {
        Local {
            raw: Vec::new(),
            free: Vec::new(),
            limbo: VecDeque::new(),
            ripe: 0,
            waiting: 0,
            ready: Vec::new(),
            surplus: Vec::new(),
            spare: [const { Vec::new() }; 4],
            reserve: Vec::new(),
            size,
            window_from: 0,
            in_window: 0,
            turns: 0,
            refilled: false,
            patience: 0,
        }
    }

    /// Begins anew after somebody vanished in the middle of an operation: what that was at is lost.
    fn abandon(&mut self) {
        mem::forget(mem::replace(self, Local::new(self.size)));
    }

    /// An empty container of the present size; one without capacity if memory is short.
    pub(crate) fn container(&mut self) -> Vec<Slot> {
        let mut other = Vec::new();
        for place in &mut self.spare {
            if place.capacity() == self.size {
                return mem::take(place);
            }
            if place.capacity() > 0 {
                other = mem::take(place);
            }
        }
        let mut fresh = Vec::new();
        match fresh.try_reserve_exact(self.size) {
            Ok(()) => fresh,
            Err(_) => other,
        }
    }

    /// Keeps an emptied container, if there is room.
    pub(crate) fn keep(&mut self, empty: Vec<Slot>) {
        debug_assert!(empty.is_empty());
        if let Some(place) = self.spare.iter_mut().find(|s| s.capacity() == 0) {
            *place = empty;
        }
    }

    /// Whether the limbo has, or gets, room for `more` buckets and those that it must have room for.
    pub(crate) fn has_room_for(&mut self, more: usize) -> bool {
        self.limbo.try_reserve(more + 2).is_ok()
    }

    /// Adds a bucket, for which there is room.
    pub(crate) fn enter_limbo(&mut self, bucket: Bucket) {
        debug_assert!(self.limbo.len() < self.limbo.capacity());
        self.waiting += bucket.slots.len();
        self.limbo.push_back(bucket);
    }

    /// Up to `most` slots of the oldest ripe bucket, as far as `take` likes.
    pub(crate) fn take_ripe(&mut self, most: usize, take: impl FnOnce(Drain<'_, Slot>)) -> usize {
        if self.ripe == 0 {
            return 0;
        }
        let bucket = self.limbo.front_mut().expect("ripe buckets are in limbo");
        let n = bucket.slots.len().min(most);
        take(bucket.slots.drain(bucket.slots.len() - n..));
        if bucket.slots.is_empty() {
            self.ripe -= 1;
            let bucket = self.limbo.pop_front().expect("it was there just now");
            self.keep(bucket.slots);
        }
        n
    }

    /// The oldest ripe bucket.
    pub(crate) fn take_ripe_bucket(&mut self) -> Option<Bucket> {
        self.ripe = self.ripe.checked_sub(1)?;
        self.limbo.pop_front()
    }

    /// Keeps a raw slot to allocate from; false if there is no room.
    pub(crate) fn put_raw(&mut self, slot: Slot) -> bool {
        if self.raw.len() == self.raw.capacity() {
            if self.ready.try_reserve(1).is_err() {
                return false;
            }
            let fresh = self.container();
            if fresh.capacity() == 0 {
                return false;
            }
            let full = mem::replace(&mut self.raw, fresh);
            if full.is_empty() {
                self.keep(full);
            } else {
                self.ready.push(full);
            }
        }
        self.raw.push(slot);
        true
    }

    /// Takes everything that is retired and not dropped. Allocates nothing.
    pub(crate) fn take_garbage(&mut self) -> Garbage {
        self.waiting = 0;
        self.ripe = 0;
        Garbage {
            loose: [mem::take(&mut self.free), mem::take(&mut self.reserve)],
            limbo: mem::take(&mut self.limbo),
        }
    }

    /// The retired slots that have no number yet.
    pub(crate) fn free_mut(&mut self) -> &mut Vec<Slot> {
        &mut self.free
    }

    /// Those that found no other room.
    pub(crate) fn reserve_mut(&mut self) -> &mut Vec<Slot> {
        &mut self.reserve
    }

    /// Whether nothing here waits for anything.
    pub(crate) fn has_no_garbage(&self) -> bool {
        self.free.is_empty() && self.reserve.is_empty() && self.limbo.is_empty()
    }

    /// Takes the raw slots.
    pub(crate) fn take_raw(&mut self) -> impl Iterator<Item = Slot> + use<> {
        let raw = mem::take(&mut self.raw);
        let surplus = mem::take(&mut self.surplus);
        let ready = mem::take(&mut self.ready);
        let loose = raw.into_iter().chain(surplus);
        loose.chain(ready.into_iter().flatten())
    }
}

/// What was retired through a cache and waits: without a number, or in limbo.
#[derive(Debug)]
pub(crate) struct Garbage {
    pub(crate) loose: [Vec<Slot>; 2],
    pub(crate) limbo: VecDeque<Bucket>,
}

impl Garbage {
    /// All of it, whatever its state.
    pub(crate) fn into_slots(self) -> impl Iterator<Item = Slot> {
        self.limbo
            .into_iter()
            .flat_map(|b| b.slots)
            .chain(self.loose.into_iter().flatten())
    }
}
