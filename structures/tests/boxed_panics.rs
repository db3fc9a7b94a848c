//! A panic of the caller's code, wherever it comes from, leaves a `HashMap` as it was, and nothing is lost
//! or dropped twice.

#[path = "panics/fuses.rs"]
#[macro_use]
mod fuses;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use structures::testing::balanced::{Balanced, HONEST, ONE, panics};
use structures::testing::maps::Hash;
use structures::testing::payload::{Counted, Tally};
use structures::{HashMap, Operation, Smr};

/// A panic in a closure leaves the entry as it was.
#[test]
fn closures_may_panic() {
    fn run<const KEPT: u64>() {
        let mut all = Balanced::<KEPT>::with(40);
        for i in (0..80).step_by(3) {
            let (key, value) = (|| all.key(i), |n| all.value(n));
            let there = i < 40;
            {
                let map = all.map().pin();
                let oops = |_: &Counted| -> Counted { panic!("on purpose") };
                let make = || -> Counted { panic!("on purpose") };
                assert_eq!(panics(|| map.update(key(), oops)), there);
                assert!(panics(|| map.update_or_insert_with(key(), oops, make)));
                assert_eq!(panics(|| map.get_or_insert_with(key(), make)), !there);
                assert_eq!(panics(|| _ = map.try_insert_with(key(), make)), !there);
                assert!(panics(|| map
                    .compute(key(), |_| -> Operation<Counted, ()> {
                        panic!("on purpose")
                    })));
                let refuse = |_: &Counted, _: &Counted| -> bool { panic!("on purpose") };
                assert_eq!(panics(|| _ = map.remove_if(&key(), refuse)), there);
                assert_eq!(panics(|| _ = map.entry(key()).or_insert_with(make)), !there);
                let made_of = |_: &Counted| -> Counted { panic!("on purpose") };
                let or_made = || _ = map.entry(key()).or_insert_with_key(made_of);
                assert_eq!(panics(or_made), !there);
                assert!(panics(|| map.retain(|_, _| panic!("on purpose"))));
                assert_eq!(map.get(&key()).map(Counted::number), there.then_some(i));
                map.insert(key(), value(i));
                if !there {
                    map.remove(&key());
                }
            }
            all.balances();
            assert_eq!(all.map().len(), 40);
        }
    }
    run::<HONEST>();
    run::<ONE>();
}

#[test]
#[should_panic(expected = "there is no entry that could be removed")]
fn what_is_not_there_cannot_be_computed_away() {
    let all = Balanced::<HONEST>::with(0);
    all.map()
        .pin()
        .compute(all.key(1), |_| Operation::<_, ()>::Remove);
}

/// A closure that panics when it is asked again, after a value of its was made.
#[test]
fn closures_may_panic_when_they_are_asked_again() {
    for which in 0..3 {
        let mut all = Balanced::<HONEST>::with(1);
        {
            let map = all.map().pin();
            let mut calls = 0;
            let mut again = |n| {
                calls += 1;
                assert!(calls < 2, "on purpose");
                map.insert(all.key(0), all.value(n));
                all.value(n + 1)
            };
            let panicked = catch_unwind(AssertUnwindSafe(|| match which {
                0 => _ = map.update(all.key(0), |_| again(10)),
                1 => _ = map.compute(all.key(0), |_| Operation::<_, ()>::Insert(again(10))),
                _ => {
                    _ = map.update_or_insert_with(
                        all.key(1),
                        |_| panic!("on purpose"),
                        || {
                            map.insert(all.key(1), all.value(3));
                            all.value(4)
                        },
                    )
                }
            }));
            assert!(panicked.is_err());
            let there = [(0, 10), (0, 10), (1, 3)][which];
            assert_eq!(map.get(&all.key(there.0)).unwrap().number(), there.1);
        }
        all.balances();
    }
}

/// An operation that changes nothing drops the key that it was given, and what it was to answer if that panics.
#[test]
fn nothing_is_lost_with_a_key_whose_drop_panics() {
    nothing_is_lost_with_fuses!(HashMap);
}

/// Counts itself, and panics when it is dropped, every so often.
struct Bomb {
    _counted: Counted,
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

/// Keys and values whose drops panic: an operation that does not answer has been done or not, and
/// everything is dropped once.
#[test]
fn drops_may_panic() {
    fn run<const KEPT: u64>(every: u64) {
        let tally = Tally::default();
        let drops = Rc::new(Cell::new(0));
        let bomb = |n| Bomb {
            _counted: tally.item(n),
            every,
            drops: drops.clone(),
        };
        let mut map =
            HashMap::<u64, Bomb, Hash<KEPT>>::with_hasher_in(Hash::default(), &Smr::new());
        for i in 0..400 {
            let key = i % 60;
            panics(|| {
                let pinned = map.pin();
                match i % 7 {
                    0..=2 => _ = pinned.insert(key, bomb(i)),
                    3 => _ = pinned.update(key, |_| bomb(i)),
                    4 => _ = pinned.try_insert(key, bomb(i)).is_ok(),
                    5 => _ = pinned.remove(&key),
                    _ => _ = pinned.get_or_insert(key, bomb(i)),
                }
            });
            if i % 50 == 0 {
                while panics(|| map.flush()) {}
                assert_eq!(tally.alive(), map.len(), "{i}");
            }
        }
        while panics(|| map.flush()) {}
        map.check();
        assert_eq!(tally.alive(), map.len());
        if i_is_even(every) {
            panics(|| drop(map));
        } else {
            panics(|| {
                let mut iter = map.into_iter();
                iter.by_ref().take(3).for_each(drop);
                drop(iter);
            });
        }
        assert_eq!(tally.alive(), 0, "every {every}");
    }
    fn i_is_even(n: u64) -> bool {
        n.is_multiple_of(2)
    }
    for every in 1..12 {
        run::<HONEST>(every);
        run::<ONE>(every);
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
    let make = |removed: u8| {
        let map: HashMap<u8, Loud> = (0..20).map(|i| (i, Loud)).collect();
        let guard = map.owned_guard();
        for i in 0..removed {
            map.remove(&i, &guard);
        }
        drop(guard);
        map
    };
    for removed in [0, 5, 20] {
        let map = make(removed);
        assert!(panics(|| drop(map)), "{removed}");
        let iter = make(removed).into_iter();
        assert!(panics(|| drop(iter)), "{removed}");
        let map = make(removed);
        let during = catch_unwind(AssertUnwindSafe(|| {
            let _map = map;
            std::panic::panic_any("another");
        }));
        assert_eq!(during.unwrap_err().downcast_ref(), Some(&"another"));
    }
}

/// A key whose `Hash` and `Eq` panic when they are told to.
#[derive(Debug)]
struct Touchy(Counted);

thread_local! {
    /// How many questions from now one panics; 0 for never.
    static PANICS_IN: Cell<u32> = const { Cell::new(0) };
}

fn question() {
    let left = PANICS_IN.get();
    PANICS_IN.set(left.saturating_sub(1));
    if left == 1 {
        std::panic::panic_any("on purpose");
    }
}

impl std::hash::Hash for Touchy {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        question();
        self.0.hash(state);
    }
}

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        question();
        self.0 == other.0
    }
}

impl Eq for Touchy {}

/// `Hash` or `Eq` panics at each place where it is asked, in each operation.
#[test]
fn keys_may_panic() {
    fn run<const KEPT: u64>(least: u32) {
        let (keys, values) = (Tally::default(), Tally::default());
        let smr = Smr::new();
        let mut map = HashMap::<Touchy, Counted, Hash<KEPT>>::with_hasher_in(Hash::default(), &smr);
        for i in 0..30 {
            map.pin().insert(Touchy(keys.item(i)), values.item(i));
        }
        let mut caught = 0;
        for what in 0..12 {
            for n in 1..60 {
                for number in [n % 30, n + 100] {
                    let (key, value) = (|| Touchy(keys.item(number)), || values.item(number));
                    let panicked = panics(|| {
                        let pinned = map.pin();
                        let key = key();
                        PANICS_IN.set(n as u32);
                        match what {
                            0 => _ = pinned.insert(key, value()),
                            1 => _ = pinned.try_insert(key, value()),
                            2 => _ = pinned.get_or_insert_with(key, value),
                            3 => _ = pinned.update(key, |_| value()),
                            4 => _ = pinned.update_or_insert_with(key, |_| value(), value),
                            5 => _ = pinned.remove(&key),
                            6 => _ = pinned.remove_if(&key, |_, _| false),
                            7 => _ = pinned.compute(key, |_| Operation::<_, ()>::Insert(value())),
                            8 => _ = pinned.get(&key),
                            9 => pinned.get_many(&[key], &mut [None]),
                            10 => _ = pinned.entry(key).or_insert_with_key(|_| value()),
                            _ => pinned.clear(),
                        }
                    });
                    PANICS_IN.set(0);
                    caught += u32::from(panicked);
                    map.check();
                    assert_eq!(map.flush(), 0);
                    assert_eq!((keys.alive(), values.alive()), (map.len(), map.len()));
                }
            }
            for i in 0..30 {
                map.pin().insert(Touchy(keys.item(i)), values.item(i));
            }
            map.pin().retain(|k, _| k.0.number() < 30);
            assert_eq!(map.len(), 30);
        }
        assert!(caught >= least, "{caught}");
        drop(map);
        assert_eq!((keys.alive(), values.alive()), (0, 0));
    }
    run::<HONEST>(25);
    run::<ONE>(200);
}
