//! Keys and values whose drops panic: an ordered map drops each of them once.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use structures::Smr;
use structures::ordered::{Fresh, Order, OrderedMap};
use structures::radix_map::{Radix, RadixKey};
use structures::skip_map::Skip;
use structures::testing::balanced::panics;
use structures::testing::payload::{Counted, Tally};

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

impl RadixKey for Bomb {
    type Bytes<'k> = [u8; 8];

    fn key_bytes(&self) -> [u8; 8] {
        self.counted.number().to_be_bytes()
    }
}

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
    fn run<K, E>(every: u64, end: End, key: impl Fn(u64, &dyn Fn(u64) -> Bomb) -> K)
    where
        K: Debug,
        E: Order<K, Bomb> + Fresh<K, Bomb>,
    {
        let tally = Tally::default();
        let drops = Rc::new(Cell::new(0));
        let bomb = |n| Bomb {
            counted: tally.item(n),
            every,
            drops: drops.clone(),
        };
        let key = |n| key(n, &bomb);
        let mut map: OrderedMap<K, Bomb, E> = E::fresh(&Smr::new());
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
            run::<_, Skip>(every, end, |n, _| n);
            run::<_, Radix>(every, end, |n, _| n);
            run::<_, Skip>(every, end, |n, bomb| bomb(n));
            run::<_, Radix>(every, end, |n, bomb| bomb(n));
            run::<_, Skip>(every, end, |n, _| format!("they have this in common: {n}"));
            run::<_, Radix>(every, end, |n, _| format!("they have this in common: {n}"));
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
    fn run<K, E: Order<K, Loud> + Fresh<K, Loud>>(key: impl Fn(u8) -> K) {
        let make = |removed: u8| {
            let map: OrderedMap<K, Loud, E> = (0..100).map(|i| (key(i), Loud)).collect();
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
    run::<_, Skip>(|n| n);
    run::<_, Skip>(|n| (n, ()));
    run::<_, Radix>(|n| n);
}
