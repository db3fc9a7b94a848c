//! `SkipMap` with code of the caller's that comes back to the map: from its order, closures and drops.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::ops::Bound::{Excluded, Included};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use structures::{Operation, SkipMap, Smr};

/// What a key does when it is compared: nothing while it is at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Looks,
    Inserts,
    Replaces,
    Removes,
    Clears,
    Pops,
    Walks,
}

const DEEDS: [Deed; 7] = [
    Deed::Looks,
    Deed::Inserts,
    Deed::Replaces,
    Deed::Removes,
    Deed::Clears,
    Deed::Pops,
    Deed::Walks,
];

/// Where the caller's code runs: in the n-th comparison, or a closure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Order(u64),
    Closure,
}

thread_local! {
    /// What shall be done once, when the caller's code runs there.
    static NEXT: Cell<Option<(Place, Deed, u64)>> = const { Cell::new(None) };
    /// Where.
    static MAP: RefCell<Weak<Meddled>> = const { RefCell::new(Weak::new()) };
}

/// A key that uses the map that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meddler(u64);

type Meddled = SkipMap<Meddler, u64>;

fn do_deed(deed: Deed, about: u64) {
    let map = MAP.with_borrow(Weak::upgrade).expect("the test has it");
    let map = map.pin();
    match deed {
        Deed::Looks => {
            _ = (
                map.get(&Meddler(about)),
                map.lower_bound(Included(&Meddler(about))),
            )
        }
        Deed::Inserts => (0..40).for_each(|n| _ = map.insert(Meddler(about + 100 * n), about)),
        Deed::Replaces => _ = map.insert(Meddler(about), about),
        Deed::Removes => (0..20).for_each(|n| _ = map.remove(&Meddler((about + n) % 100))),
        Deed::Clears => map.clear(),
        Deed::Pops => _ = (map.pop_first(), map.pop_last()),
        Deed::Walks => assert!(map.iter().rev().all(|(k, v)| k.0 % 100 == v % 100)),
    }
}

fn meddle(here: Place) {
    match (NEXT.get(), here) {
        (Some((Place::Order(n), deed, about)), Place::Order(_)) if n > 0 => {
            NEXT.set(Some((Place::Order(n - 1), deed, about)));
        }
        (Some((place, deed, about)), here) if place == here => {
            NEXT.set(None);
            do_deed(deed, about);
        }
        _ => {}
    }
}

impl Ord for Meddler {
    fn cmp(&self, other: &Meddler) -> Ordering {
        meddle(Place::Order(0));
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Meddler {
    fn partial_cmp(&self, other: &Meddler) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `Ord` and closures that use the map, about the very key or another, in every operation.
#[test]
fn callers_code_may_use_the_map() {
    let mut meddled = Arc::new(Meddled::default());
    for deed in DEEDS {
        for what in 0..14 {
            for number in [0, 31, 99] {
                for place in [
                    Place::Closure,
                    Place::Order(0),
                    Place::Order(4),
                    Place::Order(9),
                    Place::Order(15),
                ] {
                    let about = (number + u64::from(place == Place::Closure)) % 100;
                    MAP.set(Arc::downgrade(&meddled));
                    let map = meddled.pin();
                    (0..100).for_each(|i| _ = map.insert(Meddler(i), i));
                    NEXT.set(Some((place, deed, about)));
                    meddled_with(&meddled, what, number);
                    NEXT.set(None);
                    let keys: Vec<_> = map.keys().map(|key| key.0).collect();
                    assert!(
                        map.iter().all(|(k, v)| k.0 % 100 == v % 100),
                        "{deed:?}, {what}"
                    );
                    assert!(keys.is_sorted_by(|a, b| a < b), "{deed:?}, {what}");
                    assert_eq!(keys.len(), map.len());
                    assert!(
                        keys.iter()
                            .step_by(9)
                            .all(|key| map.contains_key(&Meddler(*key)))
                    );
                    map.clear();
                    drop(map);
                    MAP.set(Weak::new());
                    Arc::get_mut(&mut meddled)
                        .expect("nobody else has it")
                        .check();
                }
            }
        }
    }
}

fn meddled_with(map: &Meddled, what: u64, number: u64) {
    let (map, key) = (map.pin(), Meddler(number));
    let in_time = || meddle(Place::Closure);
    let more = |v: &u64| {
        in_time();
        v + 100
    };
    match what {
        0 => _ = map.insert(key, number),
        1 => _ = map.try_insert(key, number),
        2 => {
            let made = map.get_or_insert_with(Meddler(number + 100), || {
                in_time();
                number
            });
            assert_eq!(*made % 100, number);
        }
        3 => assert!(map.update(key, more).is_none_or(|v| v % 100 == number)),
        4 => _ = map.update_or_insert(key, more, number),
        5 => _ = map.remove(&key),
        6 => {
            let removed = map.remove_if(&key, |k, v| more(v) > 0 && k.0 == number);
            assert!(removed.is_ok());
        }
        7 => {
            map.compute(key, |old| match old {
                Some((_, v)) if more(v) % 2 == 0 => Operation::Remove,
                Some(_) => Operation::Abort(()),
                None => Operation::Insert(number),
            });
        }
        8 => map.retain(|k, v| more(v) > 0 && k.0 % 2 == 0),
        9 => {
            let mut range = map.range(key..);
            while let Some((k, v)) = range.next_back() {
                assert!(
                    more(v) > 0 && k.0 < 4_100 && range.next().is_none_or(|(k, _)| k.0 < 4_100)
                );
            }
        }
        10 => map
            .drain()
            .for_each(|(k, v)| assert!(more(v) > 0 && k.0 < 4_100)),
        11 => {
            _ = (
                map.pop_first(),
                map.pop_last(),
                map.first_key_value(),
                map.last_key_value(),
            )
        }
        12 => {
            _ = (
                map.lower_bound(Excluded(&key)),
                map.upper_bound(Excluded(&key)),
            )
        }
        _ => {
            let mut cursor = map.cursor();
            cursor.seek(&key);
            for _ in 0..9 {
                cursor.prev().map(|(_, v)| more(v));
            }
            for _ in 0..40 {
                cursor.next().map(|(_, v)| more(v));
            }
        }
    }
}

/// An entry that has come instead of another is not removed for it.
#[test]
fn what_is_replaced_meanwhile_is_asked_about_again() {
    let map: SkipMap<u64, u64> = (0..100).map(|n| (n, 0)).collect();
    let map = map.pin();
    let mut asked = 0;
    map.retain(|key, value| {
        asked += 1;
        let is_replaced = *value == 0 && key.is_multiple_of(10);
        if is_replaced {
            map.insert(*key, 1);
        }
        *value == 1
    });
    assert_eq!((asked, map.len()), (110, 10));
    // Those that a drain has read already.
    let mut drain = map.drain();
    assert_eq!(drain.next(), Some((&0, &1)));
    map.insert(50, 2);
    map.remove(&60);
    assert_eq!(drain.count(), 7);
    assert!(map.iter().eq([(&50, &2)]));
}

/// A value that uses maps while it is dropped.
struct Reborn {
    number: u64,
    map: Weak<SkipMap<(u64, u64), Reborn>>,
    dropped: Arc<AtomicUsize>,
    inner: Option<SkipMap<u64, String>>,
}

impl Drop for Reborn {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Relaxed);
        drop(self.inner.take());
        let Some(map) = self.map.upgrade() else {
            return; // it is dropped itself
        };
        let (pinned, n) = (map.pin(), self.number);
        assert!(pinned.get(&(n, 0)).is_none_or(|r| r.number == n));
        if n < 1_000 {
            pinned.insert((n + 1_000, 0), self.again(n + 1_000));
        } else if n.is_multiple_of(3) {
            pinned.remove(&(n - 900, 0));
        } else if n.is_multiple_of(5) {
            pinned.update((n - 950, 0), |old| self.again(old.number));
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
    let map: Arc<SkipMap<(u64, u64), Reborn>> =
        Arc::new(SkipMap::builder().domain(&Smr::new()).build());
    let seed = Reborn {
        number: 7_001,
        map: Arc::downgrade(&map),
        dropped: dropped.clone(),
        inner: None,
    };
    for i in 0..600 {
        let (number, pinned) = (i * 7 % 120, map.pin());
        match i % 4 {
            0 => _ = pinned.remove(&(number, 0)),
            1 => pinned.retain(|k, _| k.0 != number),
            _ => _ = pinned.insert((number, 0), seed.again(number)),
        }
    }
    map.flush();
    map.pin().clear();
    for _ in 0..10 {
        map.flush();
    }
    assert!(dropped.load(Relaxed) > 300);
    let mut map = Arc::into_inner(map).expect("only drops have borrowed it");
    map.check();
    drop(map);
}
