//! A panic of the caller's code, wherever it comes from, leaves a `SkipMap` as it was or with the operation done,
//! and nothing is lost or dropped twice.

#[path = "../panics/fuses.rs"]
#[macro_use]
mod fuses;

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use structures::skip_map::Natural;
use structures::testing::balanced::{Key, Ordered, panics};
use structures::testing::payload::{Counted, Tally};
use structures::{Operation, SkipMap, Smr};

/// A panic in a closure leaves the entry as it was.
#[test]
fn closures_may_panic() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(40);
        for i in (0..80).step_by(3) {
            let (key, value) = (|| all.key(i), |n| all.value(n));
            let there = i < 40;
            {
                let map = all.map().pin();
                let oops = |_: &Counted| -> Counted { panic!("on purpose") };
                let make = || -> Counted { panic!("on purpose") };
                assert_eq!(panics(|| map.update(key(), oops)), there);
                assert!(panics(|| map.update_or_insert_with(key(), oops, make)));
                assert_eq!(
                    panics(|| map.update_or_insert(key(), oops, value(1))),
                    there
                );
                if !there {
                    map.remove(&key());
                }
                assert_eq!(panics(|| map.get_or_insert_with(key(), make)), !there);
                assert_eq!(panics(|| _ = map.try_insert_with(key(), make)), !there);
                assert!(panics(|| map
                    .compute(key(), |_| -> Operation<Counted, ()> {
                        panic!("on purpose")
                    })));
                let refuse = |_: &K, _: &Counted| -> bool { panic!("on purpose") };
                assert_eq!(panics(|| _ = map.remove_if(&key(), refuse)), there);
                assert_eq!(panics(|| _ = map.entry(key()).or_insert_with(make)), !there);
                let made_of = |_: &K| -> Counted { panic!("on purpose") };
                let or_made = || _ = map.entry(key()).or_insert_with_key(made_of);
                assert_eq!(panics(or_made), !there);
                assert!(panics(|| map.retain(|_, _| panic!("on purpose"))));
                let extended = [(key(), value(i))].into_iter().map(|e| match there {
                    true => panic!("on purpose"),
                    false => e,
                });
                assert_eq!(panics(|| map.map().extend(extended)), there);
                assert_eq!(map.get(&key()).map(Counted::number), Some(i));
                map.insert(key(), value(i));
                if !there {
                    map.remove(&key());
                }
            }
            all.balances();
            assert_eq!(all.map().len(), 40);
        }
        // In the midst of one operation for each entry: what was done before stays done.
        let mut seen = 0;
        let half = |_: &K, _: &Counted| {
            seen += 1;
            assert!(seen < 21, "on purpose");
            false
        };
        assert!(panics(|| all.map().pin().retain(half)));
        all.balances();
        assert_eq!(all.map().len(), 20);
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

#[test]
#[should_panic(expected = "there is no entry that could be removed")]
fn what_is_not_there_cannot_be_computed_away() {
    let all = Ordered::<Counted>::with(0);
    let map = all.map().pin();
    map.compute(all.key(1), |_| Operation::<_, ()>::Remove);
}

/// An operation that changes nothing drops the key that it was given, and what it was to answer if that panics.
#[test]
fn nothing_is_lost_with_a_key_whose_drop_panics() {
    nothing_is_lost_with_fuses!(SkipMap);
}

/// Counts itself, and panics when it is dropped, every so often.
#[derive(Debug)]
struct Bomb {
    counted: Counted,
    every: u64,
    drops: Rc<Cell<u64>>,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        let drops = self.drops.get() + 1;
        self.drops.set(drops);
        if drops.is_multiple_of(self.every) && !std::thread::panicking() {
            std::panic::panic_any("on purpose");
        }
    }
}

impl Ord for Bomb {
    fn cmp(&self, other: &Self) -> Ordering {
        self.counted.cmp(&other.counted)
    }
}

impl PartialOrd for Bomb {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bomb {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Bomb {}

/// How a map comes to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    Drop,
    ByValue,
    Drain,
    Clear,
    /// Nothing is in it, and all waits to be dropped.
    Empty,
    Pops,
    Forgotten,
}

const ENDS: [End; 7] = [
    End::Drop,
    End::ByValue,
    End::Drain,
    End::Clear,
    End::Empty,
    End::Pops,
    End::Forgotten,
];

/// Keys and values whose drops panic: an operation that does not answer has been done or not, and everything is
/// dropped once, however the map ends: keys where chunks begin among it, whose entries are gone.
#[test]
fn drops_may_panic() {
    fn run<K: Ord + Debug>(every: u64, end: End, key: impl Fn(u64, &dyn Fn(u64) -> Bomb) -> K) {
        let tally = Tally::default();
        let drops = Rc::new(Cell::new(0));
        let bomb = |n| Bomb {
            counted: tally.item(n),
            every,
            drops: drops.clone(),
        };
        let key = |n| key(n, &bomb);
        let mut map = SkipMap::<K, Bomb>::with_comparator_in(Natural, &Smr::new());
        for i in 0..500 {
            let n = i * 7 % 200;
            panics(|| {
                let pinned = map.pin();
                match i % 7 {
                    0..=2 => _ = pinned.insert(key(n), bomb(i)),
                    3 => _ = pinned.update(key(n), |_| bomb(i)),
                    4 => _ = pinned.try_insert(key(n), bomb(i)).is_ok(),
                    5 => _ = pinned.remove(&key(n)),
                    _ => _ = pinned.get_or_insert(key(n), bomb(i)),
                }
            });
        }
        while panics(|| map.flush()) {}
        map.check();
        // Removed, and not dropped yet.
        let guard = map.owned_guard();
        for n in 0..180 {
            panics(|| map.remove(&key(n), &guard));
        }
        drop(guard);
        match end {
            End::Drop => _ = panics(|| drop(map)),
            End::ByValue => {
                panics(|| {
                    let mut iter = map.into_iter();
                    iter.by_ref().take(3).for_each(drop);
                    drop(iter);
                });
            }
            End::Drain => {
                panics(|| map.pin().drain().for_each(|_| ()));
                panics(|| drop(map));
            }
            End::Clear => {
                while panics(|| map.pin().clear()) {}
                while panics(|| map.flush()) {}
                assert!(map.is_empty() && tally.alive() == 0);
            }
            End::Empty => {
                let guard = map.owned_guard();
                map.clear(&guard);
                panics(|| drop(map));
            }
            End::Pops => {
                while panics(|| {
                    while map.pin().pop_last().is_some() && map.pin().pop_first().is_some() {}
                }) {}
                panics(|| drop(map));
            }
            End::Forgotten => {
                panics(|| _ = map.into_iter().rev().take(5).map(std::mem::drop).count());
            }
        }
        assert_eq!(tally.alive(), 0, "every {every}, {end:?}");
    }
    for every in [1, 2, 5, 50] {
        for end in ENDS {
            run(every, end, |n, _| n);
            run(every, end, |n, bomb| bomb(n));
            run(every, end, |n, _| format!("they have this in common: {n}"));
        }
    }
}

/// A panic in a drop while the map goes is passed on, not swallowed; and one during another does not end
/// the process.
#[test]
fn panics_of_the_last_drops_are_passed_on() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            std::panic::panic_any("on purpose");
        }
    }
    fn run<K: Ord>(key: impl Fn(u8) -> K) {
        let make = |removed: u8| {
            let map: SkipMap<K, Loud> = (0..100).map(|i| (key(i), Loud)).collect();
            let guard = map.owned_guard();
            for i in 0..removed {
                map.remove(&key(i), &guard);
            }
            drop(guard);
            map
        };
        for removed in [0, 5, 100] {
            let map = make(removed);
            assert!(panics(|| drop(map)), "{removed}");
            let map = make(removed);
            assert!(panics(|| drop(map.into_iter())), "{removed}");
            let map = make(removed);
            let during = catch_unwind(AssertUnwindSafe(|| {
                let _map = map;
                std::panic::panic_any("another");
            }));
            assert_eq!(during.unwrap_err().downcast_ref(), Some(&"another"));
        }
    }
    run(|n| n);
    run(|n| (n, ()));
}
