//! `HashMap` with keys that lie and panic, and code of the caller's that comes back to the map: wrong
//! answers at worst, and a map that stays of use.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use structures::testing::balanced::{Balanced, HONEST, ONE};
use structures::testing::maps::Hash as Fnv;
use structures::testing::payload::{Counted, Hostile, Malice, Tally};
use structures::{HashMap, Operation, Smr};

const MALICES: [Malice; 6] = [
    Malice::None,
    Malice::FickleHash,
    Malice::SameHash,
    Malice::FickleEq,
    Malice::Panics(5),
    Malice::Panics(2),
];

type OfHostile<const KEPT: u64> = HashMap<Hostile, Counted, Fnv<KEPT>>;

/// One random operation, which may panic.
fn act<const KEPT: u64>(map: &OfHostile<KEPT>, key: Hostile, values: &Tally, n: u64) {
    let value = || values.item(n);
    let more = |v: &Counted| values.item(v.number() + 1);
    let map = map.pin();
    match n * 7 % 20 {
        0..=3 => _ = map.insert(key, value()),
        4 => _ = map.try_insert(key, value()),
        5 => _ = map.get_or_insert_with(key, value),
        6 => _ = map.update(key, more),
        7 => _ = map.update_or_insert(key, more, value()),
        8 => _ = map.update_or_insert_with(key, more, value),
        9 => _ = map.remove(&key),
        10 => _ = map.remove_if(&key, |_, v| v.number().is_multiple_of(2)),
        11 => {
            map.compute(key, |old| match old {
                Some(_) => Operation::Remove,
                None => Operation::<_, ()>::Insert(value()),
            });
        }
        12 => map.get_many(&[key.clone(), key], &mut [None, None]),
        13 => _ = map.entry(key).and_modify(more).or_insert(value()),
        14 if n.is_multiple_of(31) => map.retain(|k, _| !k.number.is_multiple_of(4)),
        15 if n.is_multiple_of(61) => map.clear(),
        16 if n.is_multiple_of(23) => _ = map.drain().take(3).count(),
        17 => _ = map.iter().take(30).map(|(_, v)| v.number()).sum::<u64>(),
        _ => _ = map.get(&key).map(Counted::number),
    }
}

fn hostile_keys<const KEPT: u64>() {
    for malice in MALICES {
        let values = Tally::default();
        let mut map = OfHostile::<KEPT>::with_hasher_in(Fnv::default(), &Smr::new());
        let asked = Arc::default();
        std::thread::scope(|s| {
            for t in 0..3 {
                let (map, values, asked) = (&map, &values, &asked);
                s.spawn(move || {
                    for n in 0..1_500 {
                        let number = n * (t * 2 + 3) % 90;
                        // Some honest ones among them.
                        let malice = if n % 5 == t { Malice::None } else { malice };
                        let key = Hostile::new(number, malice, asked);
                        let act = || act(map, key, values, n);
                        if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
                            assert_eq!(panic.downcast_ref(), Some(&"a key, on purpose"));
                        }
                    }
                });
            }
        });
        map.check();
        assert_eq!(map.flush(), 0);
        assert_eq!(values.alive(), map.len(), "{malice:?}");
        // It is still a map, for who is honest.
        for number in 1_000..1_100 {
            let key = || Hostile::new(number, Malice::None, &Arc::default());
            assert!(map.pin().insert(key(), values.item(number)).is_none());
            let found = |map: &OfHostile<KEPT>| map.pin().get(&key()).map(Counted::number);
            assert_eq!(found(&map), Some(number), "{malice:?}");
            assert!(map.pin().remove(&key()).is_some() && found(&map).is_none());
        }
        let len = map.len();
        assert_eq!(map.pin().iter().count(), len);
        if malice == Malice::SameHash {
            assert_eq!(map.into_iter().count(), len);
        } else {
            assert_eq!(map.pin().drain().count(), len);
            assert_eq!((map.len(), map.flush()), (0, 0));
        }
        assert_eq!(values.alive(), 0, "{malice:?}");
    }
}

#[test]
fn hostile_keys_do_no_harm() {
    hostile_keys::<HONEST>();
}

#[test]
fn hostile_keys_do_no_harm_in_lists() {
    hostile_keys::<ONE>();
}

/// As numbers that are none: not equal to itself.
#[derive(Debug)]
struct Never;

impl Hash for Never {
    fn hash<H: Hasher>(&self, state: &mut H) {
        0.hash(state);
    }
}

impl PartialEq for Never {
    fn eq(&self, _: &Never) -> bool {
        false
    }
}

impl Eq for Never {}

#[test]
fn keys_that_do_not_equal_themselves_can_be_removed() {
    let map = HashMap::new();
    let fill = || (0..40).for_each(|i| _ = map.pin().insert(Never, i));
    fill();
    assert_eq!((map.len(), map.pin().get(&Never)), (40, None));
    assert_eq!(map.pin().drain().count(), 40);
    assert!(map.is_empty());
    fill();
    map.pin().retain(|_, i| i % 2 == 0);
    assert_eq!(map.len(), 20);
    map.pin().clear();
    assert!(map.is_empty(), "{} are left", map.len());
}

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
    let map: Arc<HashMap<u64, Reborn, Fnv<1>>> = Arc::new(HashMap::default());
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

/// A drop that runs within another operation, and panics, does not disturb it.
#[test]
fn others_drops_may_panic_within_an_operation() {
    struct Loud(Tally, Counted);
    impl Drop for Loud {
        fn drop(&mut self) {
            assert!(
                self.0.alive() > 0 && self.1.number() == u64::MAX,
                "on purpose"
            );
        }
    }
    let tally = Tally::default();
    let map = HashMap::<u64, Loud, Fnv<0>>::with_hasher_in(Fnv::default(), &Smr::new());
    let (mut inserted, mut refused) = (0, 0);
    for i in 0..4_000 {
        let loud = Loud(tally.clone(), tally.item(i));
        let insert = || _ = map.pin().insert(i % 50, loud);
        match catch_unwind(AssertUnwindSafe(insert)) {
            Ok(()) => inserted += 1,
            Err(_) => refused += 1,
        }
    }
    assert_eq!(
        (inserted, refused),
        (4_000, 0),
        "drops of retired values are not ours"
    );
    assert_eq!(map.pin().iter().count(), 50);
    while catch_unwind(AssertUnwindSafe(|| map.flush())).is_err() {}
    assert_eq!(tally.alive(), 50);
    let last = catch_unwind(AssertUnwindSafe(|| drop(map)));
    assert!(last.is_err());
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

/// Hashes that agree in all that buckets and slots note of them are still not the same.
#[test]
fn wrong_hashes_put_nothing_where_it_does_not_belong() {
    /// What the map makes `spread` of.
    fn hash_of(spread: u64) -> u64 {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let inverse = (0..6).fold(FACTOR, |x, _| {
            x.wrapping_mul(2u64.wrapping_sub(FACTOR.wrapping_mul(x)))
        });
        spread.swap_bytes().wrapping_mul(inverse)
    }
    let right = 0xAB << 56;
    for others in [0, 10_000] {
        let mut map = HashMap::<u64, u64>::new();
        let pinned = map.pin();
        pinned.insert_with_hash(hash_of(right), 0, 0);
        for n in 1..=others {
            pinned.insert(n, n);
        }
        for wrong in (0..64).map(|bit| hash_of(right ^ 1 << bit)) {
            assert_eq!(pinned.get_with_hash(wrong, &0), None);
            assert_eq!(pinned.insert_with_hash(wrong, 0, 1), None);
        }
        drop(pinned);
        map.check();
        map.pin().clear();
        assert_eq!(map.len(), 0);
    }
}
