//! Models of pages: threads give slots back, take pages, and trim the queue, beside each other.

use core::cell::RefCell;

use super::*;
use crate::primitive::{Arc, OwnerCell, model, thread};
use crate::step::holds_and_catches;

const SLOTS: usize = 2;
const PLAN: Plan = Plan {
    page: PAGE,
    size: SIZE,
    first: 256,
    len: SLOTS,
    complete: COMPLETE,
    look: LOOK,
};
const KIND: &Kind = &Kind::of::<u64>();

/// Whether a page has been freed: read by whoever touches it. Loom checks that all of them came before.
#[derive(Debug)]
pub(super) struct Freed(OwnerCell<bool>);

impl Freed {
    pub(super) fn new() -> Freed {
        Freed(OwnerCell::new(false))
    }

    pub(super) fn is_not(&self) {
        // SAFETY: loom checks it.
        let freed = unsafe { self.0.get() };
        assert!(!freed, "the page has been freed");
    }
}

std::thread_local! {
    /// The pages that have been freed. All of a model's threads run on the same one of the system's.
    static BURIED: RefCell<Vec<NonNull<Page>>> = const { RefCell::new(Vec::new()) };
}

/// Instead of returning its memory.
///
/// # Safety
/// Of `fresh`, and not used again.
pub(super) unsafe fn bury(page: NonNull<Page>, _: Plan) {
    // SAFETY: the caller's contract.
    let freed = unsafe { &touch(page).freed };
    // SAFETY: loom checks it.
    unsafe { freed.0.set(true) };
    BURIED.with_borrow_mut(|buried| buried.push(page));
}

/// A source of one page, and what its slots hold: only who has a slot may touch that.
struct World {
    source: NonNull<Source>,
    items: [OwnerCell<u32>; SLOTS],
    page: NonNull<Page>,
}

// SAFETY: loom checks what is done with the items.
unsafe impl Send for World {}
// SAFETY: as above.
unsafe impl Sync for World {}

/// What a thread does.
#[derive(Clone, Copy, PartialEq)]
enum Act {
    /// Gives back a slot that has been taken at first.
    Give(usize),
    /// Gives back both, one after the other.
    GiveBoth,
    /// Takes what is there, or a fresh page, and gives that back.
    Take,
    TakeAndTrim,
    /// Takes one of the slots that are there, and gives it back.
    TakeOne,
    TrimSome,
    Trim,
}
use Act::{Give, GiveBoth, Take, TakeAndTrim, TakeOne, Trim, TrimSome};

impl World {
    fn source(&self) -> &Source {
        // SAFETY: there until the end.
        unsafe { self.source.as_ref() }
    }

    fn use_it(&self, slot: Slot) {
        if PLAN.page_of(slot) == self.page {
            let i = PLAN.index_of(slot, KIND);
            // SAFETY: whose slot it is; loom checks that.
            unsafe { self.items[i].with(|n| *n += 1) };
        }
    }

    fn give(&self, slots: &[Slot]) {
        slots.iter().for_each(|&slot| self.use_it(slot));
        // SAFETY: of this source, and not used again.
        unsafe { Source::give(self.source, KIND, PLAN, slots.iter().copied()) };
    }

    fn act(&self, act: Act, slots: &[Slot]) {
        match act {
            Give(i) => self.give(&slots[i..=i]),
            GiveBoth => slots.chunks(1).for_each(|slot| self.give(slot)),
            Take => {
                let taken = self.source().take(KIND, PLAN);
                let taken = taken.expect("there is memory");
                taken.iter().for_each(|&slot| self.use_it(slot));
                self.give(&taken);
            }
            TakeAndTrim => {
                self.act(Take, slots);
                self.act(TrimSome, slots);
            }
            TakeOne => {
                let taken = Taker::claim(self.source()).and_then(|taker| {
                    taker
                        .pop()
                        .and_then(|page| self.source().take_one(page, KIND, PLAN))
                });
                taken.into_iter().for_each(|slot| self.give(&[slot]));
            }
            TrimSome => _ = self.source().trim_some(KIND, PLAN),
            Trim => self.source().trim(KIND, PLAN),
        }
    }
}

/// Each act is a thread's. Slots that none of them gives back are idle at first. At the end all are, and no
/// page is lost.
fn play(acts: &[Act]) {
    BURIED.with_borrow_mut(Vec::clear); // a failed model's
    let source = Source::make(KIND).expect("there is memory");
    // SAFETY: made just now.
    let slots = unsafe { source.as_ref() }.take(KIND, PLAN);
    let slots = slots.expect("there is memory");
    let world = Arc::new(World {
        source,
        items: std::array::from_fn(|_| OwnerCell::new(0)),
        page: PLAN.page_of(slots[0]),
    });
    for i in 0..SLOTS {
        if !acts.contains(&Give(i)) && !acts.contains(&GiveBoth) {
            world.give(&slots[i..=i]);
        }
    }
    // Loom looks for races with the last access only: who changes something runs first.
    let threads: Vec<_> = acts[1..]
        .iter()
        .map(|&act| {
            let (world, slots) = (world.clone(), slots.clone());
            thread::spawn(move || world.act(act, &slots))
        })
        .collect();
    world.act(acts[0], &slots);
    threads.into_iter().for_each(|t| t.join().unwrap());
    world.act(Trim, &[]);
    let buried = BURIED.take();
    assert!(buried.contains(&world.page), "a slot is lost");
    // SAFETY: nobody else uses it.
    unsafe { Source::free(source, KIND, PLAN) };
    for page in buried {
        // SAFETY: of `fresh`, and all threads have ended.
        unsafe { std::alloc::dealloc(page.as_ptr().cast(), PLAN.layout()) };
    }
}

const PLAYS: &[&[Act]] = &[
    &[Give(0), Give(1), Take],
    &[Give(0), Give(1), TrimSome],
    &[Give(0), Take, TrimSome],
    &[Give(0), Take, Trim],
    &[Give(0), Take, TakeAndTrim],
    &[GiveBoth, Take, Trim],
    &[Take, Take, Trim],
    &[Trim, TrimSome, GiveBoth],
];

/// Slots that are taken one by one, as from spans.
const ONE_BY_ONE: &[&[Act]] = &[
    &[GiveBoth, TakeOne],
    &[TakeOne, Take],
    &[Give(0), TakeOne, TrimSome],
];

#[test]
fn every_slot_comes_back() {
    holds_and_catches(
        || PLAYS.iter().for_each(|acts| model(|| play(acts))),
        &[
            Step::PageGive,
            Step::PageTake,
            Step::PageCount,
            Step::PageRelease,
            Step::PageTrim,
            Step::PagePush,
            Step::PagePop,
            Step::TakerClaim,
            Step::TakerDrop,
        ],
    );
}

#[test]
fn every_slot_that_is_taken_alone_comes_back() {
    holds_and_catches(
        || ONE_BY_ONE.iter().for_each(|acts| model(|| play(acts))),
        &[Step::PageTake],
    );
}
