//! `HashMap` and code of the caller's that comes back to the map from within an operation.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use structures::testing::balanced::{Balanced, HONEST, ONE};
use structures::testing::maps::Hash as Fnv;
use structures::testing::payload::{Counted, Tally};
use structures::{HashMap, Operation, Smr};

/// What a key does when it is hashed or compared: nothing while it is at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Looks,
    Inserts,
    Replaces,
    Removes,
    Clears,
    Grows,
    Walks,
}

const DEEDS: [Deed; 7] = [
    Deed::Looks,
    Deed::Inserts,
    Deed::Replaces,
    Deed::Removes,
    Deed::Clears,
    Deed::Grows,
    Deed::Walks,
];

/// Where the caller's code runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Hash,
    Eq,
    Closure,
}

thread_local! {
    /// What shall be done once, when the caller's code runs there.
    static NEXT: Cell<Option<(Place, Deed, u64)>> = const { Cell::new(None) };
    /// Where.
    static MAP: RefCell<Weak<Meddled>> = const { RefCell::new(Weak::new()) };
}

/// A key that uses the map that it is in.
#[derive(Clone, Copy, Debug)]
struct Meddler(u64);

type Meddled = HashMap<Meddler, u64, Fnv<1>>;

fn meddled() -> Arc<Meddled> {
    MAP.with_borrow(Weak::upgrade).expect("the test has it")
}

fn do_deed(deed: Deed, about: u64) {
    let map = meddled();
    let map = map.pin();
    match deed {
        Deed::Looks => _ = map.get(&Meddler(about)),
        Deed::Inserts => _ = map.insert(Meddler(about + 100), about),
        Deed::Replaces => _ = map.insert(Meddler(about), about),
        Deed::Removes => _ = map.remove(&Meddler(about)),
        Deed::Clears => map.clear(),
        Deed::Grows => map.reserve(2 * map.map().capacity().min(2_000)),
        Deed::Walks => assert!(map.iter().all(|(k, v)| k.0 % 100 == v % 100)),
    }
}

fn meddle(here: Place) {
    if let Some((place, deed, about)) = NEXT.get()
        && place == here
    {
        NEXT.set(None);
        do_deed(deed, about);
    }
}

impl Hash for Meddler {
    fn hash<H: Hasher>(&self, state: &mut H) {
        meddle(Place::Hash);
        self.0.hash(state);
    }
}

impl PartialEq for Meddler {
    fn eq(&self, other: &Meddler) -> bool {
        meddle(Place::Eq);
        self.0 == other.0
    }
}

impl Eq for Meddler {}

/// `Hash`, `Eq` and closures that use the map, about the very key or another, in every operation.
#[test]
fn callers_code_may_use_the_map() {
    let meddled = Arc::new(Meddled::default());
    MAP.set(Arc::downgrade(&meddled));
    for deed in DEEDS {
        for what in 0..12 {
            for number in 0..40 {
                let map = meddled.pin();
                for i in 0..30 {
                    map.insert(Meddler(i), i);
                }
                let key = Meddler(number);
                let place = [Place::Hash, Place::Eq, Place::Closure][number as usize % 3];
                let about = [number, (number + 1) % 30][number as usize % 2];
                let in_time = || meddle(Place::Closure);
                NEXT.set(Some((place, deed, about)));
                match what {
                    0 => _ = map.insert(key, number),
                    1 => _ = map.try_insert(key, number),
                    2 => {
                        let made = map.get_or_insert_with(key, || {
                            in_time();
                            number
                        });
                        assert_eq!(*made % 100, number);
                    }
                    3 => {
                        let new = map.update(key, |v| {
                            in_time();
                            v + 100
                        });
                        assert!(new.is_none_or(|v| v % 100 == number));
                    }
                    4 => {
                        let make = |v: &u64| {
                            in_time();
                            v + 100
                        };
                        map.update_or_insert(key, make, number);
                    }
                    5 => _ = map.remove(&key),
                    6 => {
                        let removed = map.remove_if(&key, |k, _| {
                            in_time();
                            k.0 == number
                        });
                        assert!(removed.is_ok());
                    }
                    7 => {
                        map.compute(key, |old| {
                            in_time();
                            match old {
                                Some((_, v)) if v % 2 == 0 => Operation::Remove,
                                Some(_) => Operation::Abort(()),
                                None => Operation::Insert(number),
                            }
                        });
                    }
                    8 => map.retain(|k, _| {
                        in_time();
                        k.0 % 2 == 0
                    }),
                    9 => {
                        for (k, _) in map.iter() {
                            in_time();
                            assert!(k.0 < 140);
                        }
                    }
                    10 => {
                        for (k, _) in map.drain() {
                            in_time();
                            assert!(k.0 < 140);
                        }
                    }
                    _ => map.get_many(&[key, Meddler(1)], &mut [None, None]),
                }
                NEXT.set(None);
                assert!(
                    map.iter().all(|(k, v)| k.0 % 100 == v % 100),
                    "{deed:?}, {what}"
                );
                let mut keys: Vec<_> = map.keys().map(|k| k.0).collect();
                assert_eq!(keys.len(), map.len());
                keys.sort_unstable();
                keys.dedup();
                assert_eq!(keys.len(), map.len(), "no key twice: {deed:?}, {what}");
            }
        }
        meddled.pin().clear();
        meddled.flush();
    }
}

/// A value that uses maps while it is dropped.
struct Reborn {
    number: u64,
    map: Weak<HashMap<u64, Reborn, Fnv<1>>>,
    dropped: Arc<AtomicUsize>,
    inner: Option<HashMap<u64, String>>,
}

impl Drop for Reborn {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Relaxed);
        drop(self.inner.take());
        let Some(map) = self.map.upgrade() else {
            return; // it is dropped itself
        };
        let pinned = map.pin();
        assert!(
            pinned
                .get(&self.number)
                .is_none_or(|r| r.number == self.number)
        );
        if self.number < 1_000 {
            pinned.insert(self.number + 1_000, self.again(self.number + 1_000));
        } else if self.number.is_multiple_of(3) {
            pinned.remove(&(self.number - 900));
        } else if self.number.is_multiple_of(5) {
            pinned.update(self.number - 950, |old| self.again(old.number));
            map.flush();
        }
    }
}

impl Reborn {
    fn again(&self, number: u64) -> Reborn {
        Reborn {
            number,
            map: self.map.clone(),
            dropped: self.dropped.clone(),
            inner: Some((0..number % 40).map(|i| (i, i.to_string())).collect()),
        }
    }
}

#[test]
fn drops_may_use_the_map() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let made = AtomicU64::new(0);
    // A domain of its own, in which no other test's sections hold drops back.
    let map = HashMap::with_hasher_in(Fnv::<1>::default(), &Smr::new());
    let map: Arc<HashMap<u64, Reborn, Fnv<1>>> = Arc::new(map);
    let seed = Reborn {
        number: 7_001,
        map: Arc::downgrade(&map),
        dropped: dropped.clone(),
        inner: None,
    };
    std::thread::scope(|s| {
        for t in 0..2 {
            let (map, seed, made) = (&map, &seed, &made);
            s.spawn(move || {
                for i in 0..600 {
                    let number = (i * (t + 1)) % 120;
                    made.fetch_add(1, Relaxed);
                    let pinned = map.pin();
                    match i % 4 {
                        0 => _ = pinned.remove(&number),
                        1 => pinned.retain(|k, _| *k != number),
                        _ => _ = pinned.insert(number, seed.again(number)),
                    }
                }
                map.flush();
            });
        }
    });
    map.pin().clear();
    for _ in 0..10 {
        map.flush();
    }
    assert!(dropped.load(Relaxed) > 500);
    let mut map = Arc::into_inner(map).expect("only drops have borrowed it");
    map.check();
    drop(map);
}

/// A map in its own values, several levels deep, goes when the outermost goes.
#[test]
fn maps_of_maps_are_dropped() {
    struct Nested(Option<Box<HashMap<u64, Nested>>>, Counted);
    fn nested(depth: u64, tally: &Tally) -> Nested {
        let inner = (depth > 0).then(|| {
            let map: HashMap<_, _> = (0..6).map(|i| (i, nested(depth - 1, tally))).collect();
            for i in 0..3 {
                map.pin().insert(i, nested(depth - 1, tally));
            }
            Box::new(map)
        });
        Nested(inner, tally.item(depth))
    }
    let tally = Tally::default();
    let all = nested(4, &tally);
    assert!(all.0.as_ref().is_some_and(|map| map.len() == 6) && all.1.number() == 4);
    assert!(tally.alive() > 1_000);
    drop(all);
    assert_eq!(tally.alive(), 0);
}

/// An entry that the caller's code changes each time goes on to be decided about, for as long as it does.
#[test]
fn a_closure_is_asked_again_when_its_entry_has_changed() {
    fn run<const KEPT: u64>() {
        let mut all = Balanced::<KEPT>::with(30);
        {
            let map = all.map().pin();
            for times in 0..5 {
                let mut calls = 0;
                let new = map.update(all.key(3), |old| {
                    calls += 1;
                    if calls <= times {
                        map.insert(all.key(3), all.value(calls));
                    }
                    all.value(old.number() + 1_000)
                });
                assert_eq!(calls, times + 1);
                let seen = if times == 0 { 3 } else { times };
                assert_eq!(new.unwrap().number(), seen + 1_000);
                map.insert(all.key(3), all.value(3));
                // Other entries of the bucket are no reason.
                let mut calls = 0;
                map.compute(all.key(4), |_| {
                    calls += 1;
                    map.insert(all.key(5), all.value(calls));
                    map.remove(&all.key(6));
                    map.insert(all.key(6), all.value(6));
                    Operation::<_, ()>::Insert(all.value(40))
                });
                assert_eq!(calls, 1);
                // Nor is one that is not there, and came and went.
                let mut calls = 0;
                map.compute(all.key(99), |old| {
                    calls += 1;
                    assert!(old.is_none());
                    map.insert(all.key(99), all.value(0));
                    map.remove(&all.key(99));
                    Operation::<_, ()>::Insert(all.value(99))
                });
                assert_eq!((calls, map.remove(&all.key(99)).unwrap().number()), (1, 99));
            }
        }
        all.balances();
    }
    run::<HONEST>();
    run::<ONE>();
}
