//! Orders that contradict themselves, change, or panic: whatever is answered, all is dropped once.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Bound::{Excluded, Included};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use structures::skip_map::Comparator;
use structures::testing::payload::{Counted, Tally};
use structures::{SkipMap, Smr};

use super::Turn;

/// So many questions an operation may ask before the order panics: it may have no end.
const PATIENCE: u64 = 20_000;

/// Without a message: fuzzers take one for a failure.
fn panics() -> ! {
    resume_unwind(Box::new("no more questions"))
}

/// An order with a fault.
struct Bad {
    fault: u8,
    asked: Cell<u64>,
    left: Cell<u64>,
}

impl Comparator<Counted> for Bad {
    fn compare(&self, key: &Counted, other: &Counted) -> Ordering {
        let asked = self.asked.replace(self.asked.get() + 1);
        let left = self.left.get();
        if left == 0 {
            panics();
        }
        self.left.set(left - 1);
        let (a, b) = (key.number(), other.number());
        let whim = |n: u64| match n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62 {
            0 => Ordering::Less,
            1 => Ordering::Equal,
            _ => Ordering::Greater,
        };
        match self.fault {
            // The same each time, and no order.
            0 => whim(a * 4_099 + b),
            // Another each time.
            1 => whim(asked),
            // Right, mostly.
            2 if asked.is_multiple_of(17) => whim(asked),
            // A circle.
            3 => (b.wrapping_sub(a) % 7).cmp(&3),
            // It changes its mind, once in a while.
            4 if asked / 2_000 % 2 == 1 => b.cmp(&a),
            // Right, until it panics.
            5 if asked % 97 == 96 => panics(),
            // All is the same, or nothing.
            6 => [Ordering::Equal, Ordering::Less][asked as usize / 1_000 % 2],
            _ => a.cmp(&b),
        }
    }
}

/// Runs a program.
pub(super) fn run(fault: u8, program: &[u8]) -> Result<(), String> {
    let items = Tally::default();
    let order = Bad {
        fault: fault % 8,
        asked: Cell::new(0),
        left: Cell::new(0),
    };
    let mut map = SkipMap::with_comparator_in(order, &Smr::new());
    for turn in program.chunks_exact(3).map(Turn::new) {
        map.comparator().left.set(PATIENCE);
        let done = catch_unwind(AssertUnwindSafe(|| act(&map, &items, turn)));
        if let Err(panic) = done
            && panic.downcast_ref() != Some(&"no more questions")
        {
            resume_unwind(panic);
        }
        if turn.what == 15 {
            map.flush();
        }
    }
    if fault % 8 == 7 {
        map.comparator().left.set(u64::MAX);
        map.check();
    }
    if fault.is_multiple_of(2) {
        drop(map);
    } else {
        let mut all = map.into_iter();
        all.next_back();
    }
    match items.alive() {
        0 => Ok(()),
        left => Err(format!("an order with fault {fault}: {left} are left")),
    }
}

fn act(map: &SkipMap<Counted, Counted, Bad>, items: &Tally, turn: Turn) {
    let map = map.pin();
    let number = turn.key * 4 + turn.more % 4;
    let item = || items.item(number);
    let few = turn.more as usize;
    match turn.what {
        0 => _ = map.get(&item()),
        1 => _ = map.insert(item(), item()),
        2 => _ = map.update_or_insert_with(item(), Counted::clone, item),
        3 => _ = map.get_or_insert_with(item(), item),
        4 => _ = map.remove(&item()),
        5 | 6 => {
            for n in number..number + turn.more % 64 {
                map.insert(items.item(n), items.item(n));
            }
        }
        7 => {
            for n in number..number + turn.more % 64 {
                map.remove(&items.item(n));
            }
        }
        8 => {
            _ = (map.first_key_value(), map.last_key_value());
            for _ in 0..few {
                map.pop_first();
            }
        }
        9 => (0..few).for_each(|_| _ = map.pop_last()),
        10 => {
            _ = map.lower_bound(Included(&item()));
            _ = map.upper_bound(Excluded(&item()));
        }
        11 => {
            let range = map.range((Included(item()), Excluded(items.item(turn.more))));
            range.clone().take(2_000).for_each(drop);
            range.rev().take(2_000).for_each(drop);
        }
        12 => {
            let mut all = map.iter();
            while all.next().is_some() && all.next_back().is_some() {}
        }
        13 => {
            let mut cursor = map.cursor();
            _ = cursor.seek(&item());
            for n in 0..few {
                _ = if n % 3 == 0 {
                    cursor.prev()
                } else {
                    cursor.next()
                };
            }
        }
        14 => map.retain(|key, _| key.number() % 8 != u64::from(turn.way) % 8),
        _ => map.drain().take(few).for_each(drop),
    }
}
