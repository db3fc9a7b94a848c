//! Models of pages: what a thread does to them beside others that do something else.

use super::*;
use crate::primitive::{Arc, OwnerCell, model, thread};
use crate::step::weaken;

const SLOTS: usize = 2;
const PLAN: Plan = Plan {
    first: 256,
    len: SLOTS,
};
const KIND: &Kind = &Kind::of::<u64>();

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

impl World {
    fn use_it(&self, slot: Slot) {
        if page_of(slot) == self.page {
            let i = (slot.0.addr().get() % PAGE - PLAN.first) / size_of::<u64>();
            // SAFETY: whose slot it is; loom checks that.
            unsafe { self.items[i].with(|n| *n += 1) };
        }
    }

    fn give(&self, slots: &[Slot]) {
        slots.iter().for_each(|&slot| self.use_it(slot));
        // SAFETY: of this source, and not used again.
        unsafe { Source::give(self.source, KIND, PLAN, slots.iter().copied()) };
    }

    fn take(&self) -> Vec<Slot> {
        // SAFETY: there until the end.
        let slots = unsafe { self.source.as_ref() }.take(KIND, PLAN);
        let slots = slots.expect("there is memory");
        slots.iter().for_each(|&slot| self.use_it(slot));
        slots
    }

    /// Whether the page is the source's, complete.
    fn is_back(&self) -> bool {
        // SAFETY: there until the end.
        let source = unsafe { self.source.as_ref() };
        // SAFETY: as above.
        let state = unsafe { self.page.as_ref() }.state.load(Relaxed);
        state == (SLOTS as u32) << 1 | 1 && !source.queue.load(Relaxed).is_null()
    }
}

/// Two threads give a page's slots back, one takes what is there by then, and gives that back, too.
fn give_and_take() {
    let source = Source::make(KIND).expect("there is memory");
    // SAFETY: made just now.
    let slots = unsafe { source.as_ref() }.take(KIND, PLAN);
    let slots = slots.expect("there is memory");
    let page = page_of(slots[0]);
    let world = Arc::new(World {
        source,
        items: std::array::from_fn(|_| OwnerCell::new(0)),
        page,
    });
    let taker = {
        let world = world.clone();
        thread::spawn(move || {
            let slots = world.take();
            world.give(&slots);
        })
    };
    // Loom looks for races with the last access only: who changes something runs first.
    let giver = {
        let (world, slot) = (world.clone(), [slots[1]]);
        thread::spawn(move || world.give(&slot))
    };
    world.give(&slots[..1]);
    giver.join().unwrap();
    taker.join().unwrap();
    assert!(world.is_back(), "a slot is lost");
    // SAFETY: nobody else uses it.
    unsafe { Source::free(source, KIND, PLAN) };
}

#[test]
fn every_slot_comes_back() {
    model(give_and_take);
    for step in [Step::PageGive, Step::PageTake] {
        weaken(step);
        let result = std::panic::catch_unwind(|| model(give_and_take));
        weaken(Step::None);
        assert!(result.is_err(), "{step:?} weakened is not caught");
    }
}
