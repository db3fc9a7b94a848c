//! A panic of keys' `Ord` or `Clone`, at each place where they are asked, leaves a `SkipMap` as it was or with the
//! operation done, and nothing is lost or dropped twice.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Bound::{Excluded, Included};

use structures::skip_map::Natural;
use structures::testing::balanced::panics;
use structures::testing::payload::{Counted, Tally};
use structures::{LocalGuard, Operation, SkipMap, SkipMapRef, SkipSet, Smr};

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

/// A key whose `Ord` and `Clone` panic when they are told to.
#[derive(Debug)]
struct Touchy(Counted);

impl Ord for Touchy {
    fn cmp(&self, other: &Self) -> Ordering {
        question();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Touchy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Touchy {}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        question();
        Touchy(self.0.clone())
    }
}

struct Tallies {
    keys: Tally,
    values: Tally,
    smr: Smr,
}

type Delicate = SkipMap<Touchy, Counted>;
type Plain = BTreeMap<u64, u64>;

impl Tallies {
    fn new() -> Self {
        Tallies {
            keys: Tally::default(),
            values: Tally::default(),
            smr: Smr::new(),
        }
    }

    fn key(&self, n: u64) -> Touchy {
        Touchy(self.keys.item(n))
    }

    fn map(&self, entries: u64) -> Delicate {
        let entry = |n| (self.key(2 * n), self.values.item(n));
        let mut map = SkipMap::with_comparator_in(Natural, &self.smr);
        map.extend((0..entries).map(entry));
        map
    }
}

fn contents(map: &Delicate) -> Plain {
    let map = map.pin();
    map.iter()
        .map(|(k, v)| (k.0.number(), v.number()))
        .collect()
}

/// What is done to a map, and what std's then has.
struct Deed {
    act: fn(&SkipMapRef<'_, Touchy, Counted, Natural, LocalGuard<'_>>, &Tallies, u64),
    std: fn(&mut Plain, u64),
    /// It is several operations, of which a part may be done.
    is_many: bool,
}

fn nothing(_: &mut Plain, _: u64) {}

#[rustfmt::skip]
const DEEDS: [Deed; 21] = [
    Deed { act: |m, t, n| _ = m.insert(t.key(n), t.values.item(7)), std: |m, n| _ = m.insert(n, 7), is_many: false },
    Deed { act: |m, t, n| _ = m.try_insert(t.key(n), t.values.item(7)), std: |m, n| _ = m.entry(n).or_insert(7), is_many: false },
    Deed { act: |m, t, n| _ = m.get_or_insert_with(t.key(n), || t.values.item(7)), std: |m, n| _ = m.entry(n).or_insert(7), is_many: false },
    Deed { act: |m, t, n| _ = m.update(t.key(n), |_| t.values.item(7)), std: |m, n| _ = m.entry(n).and_modify(|v| *v = 7), is_many: false },
    Deed { act: |m, t, n| _ = m.update_or_insert_with(t.key(n), |_| t.values.item(7), || t.values.item(7)), std: |m, n| _ = m.insert(n, 7), is_many: false },
    Deed { act: |m, t, n| _ = m.remove(&t.key(n)), std: |m, n| _ = m.remove(&n), is_many: false },
    Deed { act: |m, t, n| _ = m.remove_if(&t.key(n), |_, _| true), std: |m, n| _ = m.remove(&n), is_many: false },
    Deed { act: |m, t, n| _ = m.compute(t.key(n), |old| match old {
        Some(_) => Operation::<_, ()>::Remove,
        None => Operation::Insert(t.values.item(7)),
    }), std: |m, n| if m.remove(&n).is_none() { m.insert(n, 7); }, is_many: false },
    Deed { act: |m, t, n| _ = m.entry(t.key(n)).and_modify(|_| t.values.item(7)).or_nothing(), std: |m, n| _ = m.entry(n).and_modify(|v| *v = 7), is_many: false },
    Deed { act: |m, _, _| _ = m.pop_first(), std: |m, _| _ = m.pop_first(), is_many: false },
    Deed { act: |m, _, _| _ = m.pop_last(), std: |m, _| _ = m.pop_last(), is_many: false },
    Deed { act: |m, t, n| _ = (m.get(&t.key(n)), m.contains_key(&t.key(n + 1))), std: nothing, is_many: false },
    Deed { act: |m, t, n| _ = (m.lower_bound(Excluded(&t.key(n))), m.upper_bound(Included(&t.key(n)))), std: nothing, is_many: false },
    Deed { act: |m, _, _| _ = (m.first_key_value(), m.last_key_value(), m.iter().rev().count()), std: nothing, is_many: false },
    Deed { act: |m, t, n| _ = m.range(t.key(n)..t.key(n + 90)).rev().count(), std: nothing, is_many: false },
    Deed { act: |m, t, n| { let mut range = m.range(t.key(n)..); while range.next().is_some() && range.next_back().is_some() {} }, std: nothing, is_many: false },
    Deed { act: |m, t, n| { let mut c = m.cursor(); c.seek(&t.key(n)); c.prev(); c.to_end(); c.prev(); c.seek_bound(Excluded(&t.key(n + 77))); c.next(); }, std: nothing, is_many: false },
    Deed { act: |m, _, _| m.clear(), std: |m, _| m.clear(), is_many: true },
    Deed { act: |m, _, n| m.retain(|key, _| key.0.number() < n), std: |m, n| m.retain(|key, _| *key < n), is_many: true },
    Deed { act: |m, _, _| _ = m.drain().count(), std: |m, _| m.clear(), is_many: true },
    Deed { act: |m, _, _| _ = m.drain().rev().count(), std: |m, _| m.clear(), is_many: true },
];

/// After a panic: all is there that should be, can be found, and goes away.
fn is_of_use(map: Delicate, tallies: &Tallies) {
    let std = contents(&map);
    assert_eq!((map.flush(), map.len()), (0, std.len()));
    let pinned = map.pin();
    assert!(pinned.keys().is_sorted() && pinned.keys().rev().is_sorted_by(|a, b| a > b));
    for n in 0..10 {
        let key = tallies.key(n * 11);
        let there = std.get(&(n * 11)).copied();
        assert_eq!(pinned.get(&key).map(Counted::number), there);
        pinned.insert(key, tallies.values.item(n));
    }
    assert!(pinned.first_key_value().is_some() && pinned.last_key_value().is_some());
    assert!((0..10).all(|n| pinned.remove(&tallies.key(n * 11)).is_some()));
    let left = std.keys().filter(|n| *n % 11 != 0 || **n >= 110);
    assert!(pinned.keys().map(|key| key.0.number()).eq(left.copied()));
    for _ in 0..8 {
        pinned.pop_first();
        pinned.pop_last();
    }
    pinned.clear();
    assert!(pinned.is_empty() && pinned.iter().next().is_none());
}

/// `Ord` panics at each place where it is asked, in each operation, of maps of full chunks from which some keys have
/// been removed. All of them are even.
fn keys_panic(entries: u64, is_kept: impl Fn(u64) -> bool, keys: &[u64], deeds: &[Deed]) -> u32 {
    let tallies = Tallies::new();
    let full = tallies.map(entries);
    let alive = || (tallies.keys.alive(), tallies.values.alive());
    let mut caught = 0;
    for (what, deed) in deeds.iter().enumerate() {
        for &number in keys {
            // Of many questions not at each.
            let numbers = std::iter::successors(Some(1), |n| Some(n + 1 + n / 30 * 15));
            for n in numbers {
                let (others, map) = (alive(), full.clone());
                map.pin().retain(|key, _| is_kept(key.0.number() / 2));
                let before = contents(&map);
                let panicked = panics(|| {
                    let pinned = map.pin();
                    PANICS_IN.set(n);
                    (deed.act)(&pinned, &tallies, number);
                });
                PANICS_IN.set(0);
                let (now, mut after) = (contents(&map), before.clone());
                (deed.std)(&mut after, number);
                let is_part = now.iter().all(|e| before.get(e.0) == Some(e.1))
                    && after.iter().all(|e| now.get(e.0) == Some(e.1));
                assert!(
                    now == after || panicked && (now == before || deed.is_many && is_part),
                    "{what}, {number}, {n}"
                );
                is_of_use(map, &tallies);
                assert_eq!(alive(), others);
                caught += u32::from(panicked);
                if !panicked {
                    break;
                }
            }
        }
    }
    caught
}

#[test]
fn orders_may_panic() {
    // Splits.
    assert!(keys_panic(90, |_| true, &[0, 61], &DEEDS) > 150);
    // Chunks that are absorbed: they have few entries, or one.
    assert!(keys_panic(90, |n| n % 30 < 8, &[0, 61], &DEEDS) > 150);
    assert!(keys_panic(90, |n| n % 30 == 17 || n == 0, &[0, 94], &DEEDS) > 150);
}

/// Splits on all levels.
#[test]
fn orders_may_panic_in_the_index() {
    assert!(keys_panic(930, |_| true, &[901, 1_201], &DEEDS[..1]) > 25);
    assert!(keys_panic(930, |n| !(30..900).contains(&n), &[0, 1_820], &DEEDS[5..6]) > 10);
}

/// What makes a map as a whole.
#[test]
fn whatever_makes_a_map_may_panic() {
    let tallies = Tallies::new();
    let entry = |n| (tallies.key(n * 7 % 100), tallies.values.item(n));
    let mut caught = 0;
    for n in 1.. {
        let panicked = panics(|| {
            PANICS_IN.set(n);
            let map: Delicate = (0..150).map(entry).collect();
            let copy = map.clone();
            assert!(copy == map);
            let mut extended = copy;
            extended.extend((50..70).map(entry));
            let set: SkipSet<Touchy> = (0..10).map(|n| tallies.key(n)).collect();
            drop(set.clone());
        });
        PANICS_IN.set(0);
        assert_eq!(
            (tallies.keys.alive(), tallies.values.alive()),
            (0, 0),
            "{n}"
        );
        caught += u32::from(panicked);
        if !panicked {
            break;
        }
    }
    assert!(caught > 300, "{caught}");
}
