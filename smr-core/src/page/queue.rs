//! The queue of pages that have idle slots: who takes from it, and how it is trimmed.

use core::ptr::{self, NonNull};

use super::{Page, Plan, Source, free, touch};
use crate::bucket::Kind;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::step::{Step, order};
use crate::threads;

/// The right to take pages out of the queue.
pub(super) struct Taker<'s>(&'s Source);

impl<'s> Taker<'s> {
    /// None if another thread has it.
    pub(super) fn claim(source: &'s Source) -> Option<Self> {
        let mine = threads::generation() + 1;
        let last = source.taker.load(Relaxed);
        // Acquire: pairs with the Release of `drop`: what the last taker took is not there any more.
        let claimed = last != mine
            && source
                .taker
                .compare_exchange(last, mine, order(Step::TakerClaim, Acquire), Relaxed)
                .is_ok();
        // Not `then_some`: that would make one in any case, whose drop gives up the other's right.
        claimed.then(|| Taker(source))
    }

    pub(super) fn pop(&self) -> Option<NonNull<Page>> {
        let queue = &self.0.queue;
        // Acquire, here and when it has changed: pairs with the Release of `push`.
        let acquire = order(Step::PagePop, Acquire);
        let mut head = queue.load(acquire);
        loop {
            let Some(page) = NonNull::new(head) else {
                return self.pop_unseen();
            };
            // SAFETY: in the queue, out of which nobody else takes it.
            let next = unsafe { touch(page) }.next.load(Relaxed);
            // Relaxed: the page has been acquired.
            match queue.compare_exchange_weak(head, next, Relaxed, acquire) {
                Ok(_) => return Some(page),
                Err(now) => head = now,
            }
        }
    }

    fn pop_unseen(&self) -> Option<NonNull<Page>> {
        let unseen = &self.0.unseen;
        // Relaxed, here and below: the taker's.
        let page = NonNull::new(unseen.load(Relaxed))?;
        // SAFETY: taken out of the queue by `begin`, and not out of `unseen` yet.
        unseen.store(unsafe { touch(page) }.next.load(Relaxed), Relaxed);
        Some(page)
    }

    /// Begins a round of trimming, unless one is under way: of what is in the queue now.
    fn begin(&self) {
        let source = self.0;
        if source.unseen.load(Relaxed).is_null() {
            // Acquire: pairs with the Release of `went`, in spans.
            source.complete.swap(0, Acquire);
            source.kept.store(0, Relaxed);
            // Acquire: pairs with the Release of `push`.
            let all = source
                .queue
                .swap(ptr::null_mut(), order(Step::PagePop, Acquire));
            source.unseen.store(all, Relaxed);
        }
    }

    /// Looks at some pages of the round, frees those that are complete, and puts the others back; false
    /// if it was over.
    pub(super) fn look(&self, kind: &Kind, plan: Plan) -> bool {
        let source = self.0;
        let mut seen = Chain::new();
        // Relaxed, here and below: the taker's, or hints.
        let mut kept = source.kept.load(Relaxed);
        let mut spared = plan.spared();
        for i in 0..plan.look {
            let Some(page) = self.pop_unseen() else {
                // So that a round costs little for each page that it frees.
                source.trim_at.store(plan.complete.max(kept / 16), Relaxed);
                if i == 0 {
                    return false;
                }
                break;
            };
            // SAFETY: out of the queue, by this thread.
            let state = &unsafe { touch(page) }.state;
            // Acquire: pairs with the Release of every `count`.
            let state = state.load(order(Step::PageTrim, Acquire));
            let is_complete = state == (plan.len as u32) << 1 | 1;
            if is_complete && spared == 0 {
                // SAFETY: every slot is counted idle, and the page is out of the queue.
                unsafe { free(page, kind, plan) };
                source.pages.fetch_sub(1, Relaxed);
                continue;
            }
            spared -= usize::from(is_complete);
            kept += 1;
            seen.push(page);
        }
        source.kept.store(kept, Relaxed);
        seen.put_back(source);
        true
    }
}

impl Drop for Taker<'_> {
    fn drop(&mut self) {
        self.0.taker.store(0, order(Step::TakerDrop, Release));
    }
}

/// Pages that this thread has taken out of the queue, and is to put back.
pub(super) struct Chain {
    /// The first, and the last.
    ends: Option<(NonNull<Page>, NonNull<Page>)>,
}

impl Chain {
    pub(super) fn new() -> Self {
        Chain { ends: None }
    }

    /// Puts a page in front of the others.
    pub(super) fn push(&mut self, page: NonNull<Page>) {
        let last = self.ends.map_or(page, |(first, last)| {
            // SAFETY: out of the queue, by this thread.
            let next = &unsafe { touch(page) }.next;
            // Relaxed: published when it goes back.
            next.store(first.as_ptr(), Relaxed);
            last
        });
        self.ends = Some((page, last));
    }

    /// Puts all of them into the queue.
    pub(super) fn put_back(self, source: &Source) {
        if let Some((first, last)) = self.ends {
            source.push(first, last);
        }
    }
}

impl Source {
    /// Puts a chain of queued pages, the caller's, into the queue.
    pub(super) fn push(&self, first: NonNull<Page>, last: NonNull<Page>) {
        let mut head = self.queue.load(Relaxed);
        loop {
            // SAFETY: the caller's until it is in the queue.
            unsafe { touch(last) }.next.store(head, Relaxed);
            // Release: pairs with the Acquire of those who take the queue.
            match self.queue.compare_exchange_weak(
                head,
                first.as_ptr(),
                order(Step::PagePush, Release),
                Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Whether there may be pages to take.
    pub(super) fn has_queued(&self) -> bool {
        !self.queue.load(Relaxed).is_null() || self.is_in_round()
    }

    fn is_in_round(&self) -> bool {
        !self.unseen.load(Relaxed).is_null()
    }

    /// Whether the queue is worth a trim, or one is under way.
    pub(crate) fn is_untidy(&self) -> bool {
        self.has_complete() || self.is_in_round()
    }

    /// Whether it is worth a trim.
    #[allow(dead_code, reason = "there are no spans on some platforms")]
    pub(super) fn has_complete(&self) -> bool {
        self.complete.load(Relaxed) >= self.trim_at.load(Relaxed)
    }

    /// Goes on with a round of trimming, for some pages. False, and nothing, while another thread takes pages.
    pub(crate) fn trim_some(&self, kind: &Kind, plan: Plan) -> bool {
        let taker = Taker::claim(self);
        if let Some(taker) = &taker {
            taker.begin();
            taker.look(kind, plan);
        }
        taker.is_some()
    }

    /// Frees the complete pages in the queue, unless another thread takes pages just now. O(pages there).
    pub(crate) fn trim(&self, kind: &Kind, plan: Plan) {
        let Some(taker) = Taker::claim(self) else {
            return;
        };
        // What a round under way has kept may be complete by now.
        while taker.look(kind, plan) {}
        taker.begin();
        while taker.look(kind, plan) {}
    }
}
