//! `HashMap` drops each key and each value once: after every operation, whatever panics, however an
//! iterator or the map ends.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use structures::testing::maps::Hash;
use structures::testing::payload::{Counted, Tally};
use structures::{Compute, HashMap, Operation, Smr};

/// A map of counted keys and values, all of which must be gone in the end.
struct Balanced<const KEPT: u64> {
    map: Option<HashMap<Counted, Counted, Hash<KEPT>>>,
    keys: Tally,
    values: Tally,
}

/// All hashes count.
const HONEST: u64 = 0;
/// One hash: the entries beyond some twenty are in a list.
const ONE: u64 = 1;

impl<const KEPT: u64> Balanced<KEPT> {
    fn new() -> Self {
        Balanced {
            map: Some(HashMap::with_hasher_in(Hash::default(), &Smr::new())),
            keys: Tally::default(),
            values: Tally::default(),
        }
    }

    fn with(entries: u64) -> Self {
        let this = Self::new();
        for i in 0..entries {
            this.map().pin().insert(this.key(i), this.value(i));
        }
        this
    }

    fn map(&self) -> &HashMap<Counted, Counted, Hash<KEPT>> {
        self.map.as_ref().expect("it has not been taken")
    }

    fn take(&mut self) -> HashMap<Counted, Counted, Hash<KEPT>> {
        self.map.take().expect("it has not been taken")
    }

    fn key(&self, number: u64) -> Counted {
        self.keys.item(number)
    }

    fn value(&self, number: u64) -> Counted {
        self.values.item(number)
    }

    fn alive(&self) -> (usize, usize) {
        (self.keys.alive(), self.values.alive())
    }

    /// What is not in the map has been dropped, once no section is open.
    #[track_caller]
    fn balances(&mut self) {
        let map = self.map.as_mut().expect("it has not been taken");
        assert_eq!(map.flush(), 0, "no section is open");
        map.check();
        let len = map.len();
        assert_eq!(self.alive(), (len, len));
    }
}

impl<const KEPT: u64> Drop for Balanced<KEPT> {
    fn drop(&mut self) {
        drop(self.map.take());
        if !std::thread::panicking() {
            assert_eq!(self.alive(), (0, 0), "all have been dropped");
        }
    }
}

/// Whether the closure panics, on purpose.
fn panics<R>(f: impl FnOnce() -> R) -> bool {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => false,
        Err(panic) if panic.downcast_ref() == Some(&"on purpose") => true,
        Err(panic) => resume_unwind(panic),
    }
}

#[test]
fn entries_by_value_come_once_each() {
    fn run<const KEPT: u64>(len: u64, taken: usize) {
        let mut all = Balanced::<KEPT>::with(len);
        // Some that wait to be dropped.
        let guard = all.map().owned_guard();
        for i in 0..len / 4 {
            all.map().remove(&all.key(i * 4), &guard);
        }
        drop(guard);
        let left = all.map().len();
        let mut iter = all.take().into_iter();
        assert_eq!(iter.len(), left);
        let some: Vec<_> = iter.by_ref().take(taken).collect();
        assert!(some.iter().all(|(k, v)| k.number() == v.number()));
        assert_eq!(iter.len(), left - some.len());
        drop(iter);
        assert_eq!(all.alive(), (some.len(), some.len()), "the others are gone");
    }
    for len in [0, 1, 11, 12, 21, 40, 300] {
        for taken in [0, 1, 7, usize::MAX] {
            run::<HONEST>(len, taken);
            run::<ONE>(len, taken);
        }
    }
}

#[test]
fn every_operation_balances() {
    fn run<const KEPT: u64>() {
        for round in 0..40 {
            let mut all = Balanced::<KEPT>::with(round);
            for i in 0..50 {
                let step = |all: &Balanced<KEPT>, what: u64| {
                    let map = all.map().pin();
                    let (key, value) = (|| all.key(i), |n| all.value(n));
                    let more = |v: &Counted| all.value(v.number() + 1);
                    match what {
                        0 => _ = map.insert(key(), value(1)),
                        1 => _ = map.try_insert(key(), value(2)),
                        2 => _ = map.get_or_insert(key(), value(3)),
                        3 => _ = map.get_or_insert_with(key(), || value(4)),
                        4 => _ = map.try_insert_with(key(), || value(5)),
                        5 => _ = map.update(key(), more),
                        6 => _ = map.update_or_insert(key(), more, value(6)),
                        7 => _ = map.update_or_insert_with(key(), more, || value(7)),
                        8 => _ = map.remove(&key()),
                        9 => _ = map.remove_entry(&key()),
                        10 => _ = map.remove_if(&key(), |_, v| v.number().is_multiple_of(2)),
                        11 => _ = map.compute(key(), |_| Operation::<_, ()>::Insert(value(8))),
                        12 => {
                            _ = map.compute(key(), |old| match old {
                                Some(_) => Operation::Remove,
                                None => Operation::Abort(value(9)),
                            })
                        }
                        13 => _ = map.entry(key()).or_insert(value(10)),
                        14 => _ = map.entry(key()).and_modify(more).or_insert(value(11)),
                        15 => _ = map.entry(key()).and_modify(more).or_nothing(),
                        16 => _ = map.entry(key()).remove(),
                        17 => _ = map.entry(key()),
                        _ => _ = map.get(&key()),
                    }
                };
                let what = (i * 7 + round * 11) % 19;
                step(&all, what);
                all.balances();
                step(&all, (what + 5) % 19);
            }
            all.balances();
            all.map().pin().retain(|k, _| k.number() % 3 != 0);
            all.balances();
            assert!(all.map().pin().drain().take(5).count() <= 5);
            all.balances();
            let copy = all.map().clone();
            assert_eq!((&copy, copy.len()), (all.map(), all.map().len()));
            drop(copy);
            all.balances();
            all.map().pin().clear();
            all.balances();
            assert!(all.map().is_empty());
        }
    }
    run::<HONEST>();
    run::<ONE>();
}

/// What was removed and not reclaimed yet is dropped with the map.
#[test]
fn a_map_is_dropped_with_pending_items() {
    for entries in [5, 100, 2_000] {
        let all = Balanced::<HONEST>::with(entries);
        let guard = all.map().owned_guard();
        for i in 0..entries {
            all.map().insert(all.key(i), all.value(i + 1), &guard);
            if i % 2 == 0 {
                all.map().remove(&all.key(i), &guard);
            }
        }
        // The section outlives the map: it protects nothing of it any more.
        drop(all);
        drop(guard);
    }
}

#[test]
fn forgotten_guards_and_iterators_cost_memory_only() {
    let mut all = Balanced::<ONE>::with(60);
    std::mem::forget(all.map().pin().iter());
    let map = all.map();
    let pinned = map.pin_owned();
    let mut iter = pinned.iter();
    assert!(iter.next().is_some());
    std::mem::forget(iter);
    let mut drain = pinned.drain();
    assert!(drain.next().is_some());
    std::mem::forget(drain);
    drop(pinned);
    all.balances();
    assert_eq!(all.map().len(), 59);
    // For good: nothing is reclaimed in this domain from here on.
    std::mem::forget(all.map().pin());
    std::mem::forget(all.map().owned_guard());
    for i in 0..60 {
        all.map().pin().insert(all.key(i), all.value(i));
    }
    assert_eq!(all.map().flush(), 59);
    // But with the map it is.
}

/// Whatever a map that is given up and forgotten has: leaked, not broken.
#[test]
fn a_forgotten_iterator_by_value_leaks() {
    let mut all = Balanced::<ONE>::with(30);
    let mut iter = all.take().into_iter();
    drop(iter.next());
    let keys = std::mem::take(&mut all.keys);
    let values = std::mem::take(&mut all.values);
    if cfg!(any(smr_asan, smr_tsan)) {
        return; // it would be noticed
    }
    std::mem::forget(iter);
    assert_eq!((keys.alive(), values.alive()), (29, 29));
}

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

/// The value that is made stands by while an updated one is tried in its place, and comes back.
#[test]
fn what_was_made_is_made_once() {
    let mut all = Balanced::<HONEST>::with(0);
    {
        let map = all.map().pin();
        let mut made = 0;
        let mut updates = 0;
        let new = map.update_or_insert_with(
            all.key(5),
            |old| {
                updates += 1;
                // It goes away again, so that the one that was made is wanted after all.
                map.remove(&all.key(5));
                all.value(old.number() + 1)
            },
            || {
                made += 1;
                // Somebody else was faster.
                map.insert(all.key(5), all.value(1));
                all.value(100)
            },
        );
        assert_eq!((new.number(), made, updates), (100, 1, 1));
    }
    all.balances();
    assert_eq!(all.map().len(), 1);
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
    run::<HONEST>(40);
    run::<ONE>(200);
}

/// Threads insert, update and remove the same keys, and some of them panic: everything is dropped once.
#[test]
fn drops_balance_beside_others() {
    for round in 0..6 {
        let mut all = Balanced::<HONEST>::new();
        let (keys, work) = if round % 2 == 0 {
            (7, 3_000)
        } else {
            (400, 6_000)
        };
        std::thread::scope(|s| {
            for t in 0..3u64 {
                let all = &all;
                s.spawn(move || {
                    for i in 0..work {
                        let map = all.map().pin();
                        let key = all.key((i * (t * 2 + 1) + round) % keys);
                        let more = |v: &Counted| all.value(v.number() + 1);
                        match (i + t) % 8 {
                            0 | 1 => _ = map.insert(key, all.value(i)),
                            2 => _ = map.update(key, more),
                            3 => _ = map.remove(&key),
                            4 => _ = map.update_or_insert(key, more, all.value(i)),
                            5 => _ = map.try_insert(key, all.value(i)),
                            6 => _ = map.remove_if(&key, |_, v| v.number().is_multiple_of(2)),
                            _ if i % 100 == 7 => {
                                let oops = |_: &Counted| -> Counted { panic!("on purpose") };
                                panics(|| map.update(key, oops));
                            }
                            _ => {
                                let toggled = map.compute(key, |old| match old {
                                    Some((_, v)) if v.number() % 3 == 0 => Operation::Remove,
                                    Some(_) => Operation::Abort(()),
                                    None => Operation::Insert(all.value(i)),
                                });
                                assert!(!matches!(toggled, Compute::Updated { .. }));
                            }
                        }
                    }
                });
            }
        });
        all.balances();
    }
}

/// Drops run on any thread that has the map, but on no other: one that has not been sent needs no `Send`.
#[test]
fn drops_stay_with_the_threads_that_have_the_map() {
    struct Here(std::thread::ThreadId, Rc<Cell<u32>>);
    impl Drop for Here {
        fn drop(&mut self) {
            assert_eq!(self.0, std::thread::current().id());
            self.1.set(self.1.get() + 1);
        }
    }
    static OTHERS: AtomicU64 = AtomicU64::new(0);
    let dropped = Rc::new(Cell::new(0));
    let map = HashMap::new();
    let others: HashMap<u64, u64> = HashMap::new();
    std::thread::scope(|s| {
        // They use the same domain.
        let busy = s.spawn(|| {
            while OTHERS.load(Relaxed) == 0 {
                for i in 0..100 {
                    others.pin().insert(i, i);
                    others.pin().remove(&i);
                }
                others.flush();
            }
        });
        for i in 0..5_000 {
            let here = Here(std::thread::current().id(), dropped.clone());
            map.pin().insert(i % 50, here);
        }
        OTHERS.store(1, Relaxed);
        busy.join().unwrap();
    });
    drop(map);
    assert_eq!(dropped.get(), 5_000);
}
