//! Taking over what nobody looks after: the strays, and what dead and idle threads have left.
//!
//! A busy thread comes by now and then, from inside its own cache, and looks at one other cache. It
//! takes what it has room for; the rest stays.

use crate::barrier;
use crate::cache::{Cache, Local};
use crate::limbo::RawZone;
use crate::primitive::Ordering::Relaxed;
use crate::step::Step;
use crate::threads;

/// The least time between two visits to other threads' caches, nanoseconds.
const VISIT_APART: u64 = 10_000_000;

impl RawZone {
    /// Looks at the depot, and at the next cache. The caller owns `local`.
    pub(crate) fn visit(&self, local: &mut Local, now: u64) {
        let age = self.visited_at.age(now);
        if age < VISIT_APART || !self.visited_at.renew(now, age) {
            return;
        }
        let Some(_moving) = self.movers.begin() else {
            return;
        };
        self.adopt_strays(local);
        let Some(caches) = self.caches() else {
            return;
        };
        let made = caches.iter().count();
        let turn = self.next_visit.fetch_add(1, Relaxed) % made.max(1);
        if let Some((number, cache)) = caches.iter().nth(turn)
            && !threads::has_vanished(number)
            && is_left_alone(cache, number)
            && let Some(asked) = cache.ask()
        {
            let mut all = None;
            // Partner: the light barrier in `Cache::owned`.
            if barrier::heavy(self.barrier, Step::StealHeavy) {
                // SAFETY: asked and granted, and a heavy barrier since. Not the caller's own cache:
                // that is busy.
                all = unsafe { cache.seized(asked, |left| self.adopt(local, left)) };
            }
            if all == Some(true) {
                cache.swept.set(cache.retired.get());
            }
            cache.give_back(asked, all.is_some());
        }
    }

    fn adopt_strays(&self, local: &mut Local) {
        let mut taken = self.limbo.take();
        while local.has_room_for(1)
            && let Some(bucket) = taken.next()
        {
            local.enter_limbo(bucket);
        }
        self.limbo.put_back(taken);
    }

    /// Moves another cache's garbage to the caller's, if there is room; whether all of it went.
    fn adopt(&self, local: &mut Local, left: &mut Local) -> bool {
        let room = local.has_room_for(left.limbo.len() + 2);
        if room {
            let garbage = left.take_garbage();
            for bucket in garbage.limbo {
                local.enter_limbo(bucket);
            }
            for slots in garbage.loose {
                if !slots.is_empty() {
                    local.enter_limbo(self.number(slots));
                }
            }
        }
        room
    }
}

/// Whether there is something in the cache, and nobody who sees to it.
fn is_left_alone(cache: &Cache, number: usize) -> bool {
    let retired = cache.retired.get();
    let idle = cache.seen.get() == retired;
    cache.seen.set(retired);
    (idle || !threads::is_claimed(number)) && cache.swept.get() != retired
}
