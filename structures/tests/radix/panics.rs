//! A panic of the caller's code leaves a `RadixMap` as it was or with the operation done, and nothing is lost or dropped
//! twice: that of a key that is asked for its bytes, and of closures. Those of drops are in `drops`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};

use structures::testing::balanced::panics;
use structures::testing::payload::{Counted, Tally};
use structures::{LocalGuard, Operation, RadixKey, RadixMap, RadixMapRef, RadixSet, Smr};

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

/// A key that panics when it is told to.
#[derive(Debug)]
struct Touchy {
    bytes: Vec<u8>,
    counted: Counted,
}

impl RadixKey for Touchy {
    type Bytes<'k> = &'k [u8];

    fn key_bytes(&self) -> &[u8] {
        question();
        &self.bytes
    }
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        question();
        let (bytes, counted) = (self.bytes.clone(), self.counted.clone());
        Touchy { bytes, counted }
    }
}

/// Some are prefixes of others, and most have long parts in common, which nodes do not note.
pub(crate) fn bytes(n: u64) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut left = n;
    while left > 0 {
        digits.push(b'0' + (left % 3) as u8);
        left /= 3;
    }
    let digit = |digit: &u8| [&[*digit], &b", and so on; "[..]].concat();
    digits.iter().rev().flat_map(digit).collect()
}

struct Tallies {
    keys: Tally,
    values: Tally,
    smr: Smr,
}

type Delicate = RadixMap<Touchy, Counted>;
type Plain = BTreeMap<Vec<u8>, u64>;

impl Tallies {
    fn new() -> Self {
        Tallies {
            keys: Tally::default(),
            values: Tally::default(),
            smr: Smr::new(),
        }
    }

    fn key(&self, n: u64) -> Touchy {
        Touchy {
            bytes: bytes(n),
            counted: self.keys.item(n),
        }
    }

    fn alive(&self) -> (usize, usize) {
        (self.keys.alive(), self.values.alive())
    }
}

fn contents(map: &Delicate) -> Plain {
    let map = map.pin();
    map.iter()
        .map(|(k, v)| (k.bytes.clone(), v.number()))
        .collect()
}

/// What is done to a map, and what std's then has.
struct Deed {
    act: fn(&RadixMapRef<'_, Touchy, Counted, LocalGuard<'_>>, &Tallies, u64),
    std: fn(&mut Plain, u64),
    /// It is several operations, of which a part may be done.
    is_many: bool,
}

fn nothing(_: &mut Plain, _: u64) {}

#[rustfmt::skip]
const DEEDS: [Deed; 24] = [
    Deed { act: |m, t, n| _ = m.insert(t.key(n), t.values.item(7)), std: |m, n| _ = m.insert(bytes(n), 7), is_many: false },
    Deed { act: |m, t, n| _ = m.try_insert(t.key(n), t.values.item(7)), std: |m, n| _ = m.entry(bytes(n)).or_insert(7), is_many: false },
    Deed { act: |m, t, n| _ = m.get_or_insert_with(t.key(n), || t.values.item(7)), std: |m, n| _ = m.entry(bytes(n)).or_insert(7), is_many: false },
    Deed { act: |m, t, n| _ = m.update(t.key(n), |_| t.values.item(7)), std: |m, n| _ = m.entry(bytes(n)).and_modify(|v| *v = 7), is_many: false },
    Deed { act: |m, t, n| _ = m.update_or_insert_with(t.key(n), |_| t.values.item(7), || t.values.item(7)), std: |m, n| _ = m.insert(bytes(n), 7), is_many: false },
    Deed { act: |m, t, n| _ = m.remove(&t.key(n)), std: |m, n| _ = m.remove(&bytes(n)), is_many: false },
    Deed { act: |m, t, n| _ = m.remove_if(&t.key(n), |_, _| true), std: |m, n| _ = m.remove(&bytes(n)), is_many: false },
    Deed { act: |m, t, n| _ = m.compute(t.key(n), |old| match old {
        Some(_) => Operation::<_, ()>::Remove,
        None => Operation::Insert(t.values.item(7)),
    }), std: |m, n| if m.remove(&bytes(n)).is_none() { m.insert(bytes(n), 7); }, is_many: false },
    Deed { act: |m, t, n| _ = m.entry(t.key(n)).and_modify(|_| t.values.item(7)).or_nothing(), std: |m, n| _ = m.entry(bytes(n)).and_modify(|v| *v = 7), is_many: false },
    Deed { act: |m, _, _| _ = m.pop_first(), std: |m, _| _ = m.pop_first(), is_many: false },
    Deed { act: |m, _, _| _ = m.pop_last(), std: |m, _| _ = m.pop_last(), is_many: false },
    Deed { act: |m, t, n| _ = m.remove_prefix(&t.key(n)), std: |m, n| m.retain(|key, _| !key.starts_with(&bytes(n))), is_many: false },
    Deed { act: |m, _, _| m.clear(), std: |m, _| m.clear(), is_many: false },
    Deed { act: |m, t, n| _ = (m.get(&t.key(n)), m.contains_key(&t.key(n + 1))), std: nothing, is_many: false },
    Deed { act: |m, t, n| _ = (m.lower_bound(Excluded(&t.key(n))), m.upper_bound(Included(&t.key(n)))), std: nothing, is_many: false },
    Deed { act: |m, _, _| _ = (m.first_key_value(), m.last_key_value(), m.iter().rev().count()), std: nothing, is_many: false },
    Deed { act: |m, t, n| _ = m.range(t.key(n)..t.key(n + 9)).rev().count(), std: nothing, is_many: false },
    Deed { act: |m, t, n| { let mut range = m.range(t.key(n)..); while range.next().is_some() && range.next_back().is_some() {} }, std: nothing, is_many: false },
    Deed { act: |m, t, n| { let mut c = m.cursor(); c.seek(&t.key(n)); c.prev(); c.to_end(); c.prev(); c.seek_bound(Excluded(&t.key(n + 7))); c.next(); }, std: nothing, is_many: false },
    Deed { act: |m, t, n| { let mut prefix = m.prefix(&t.key(n)); while prefix.next().is_some() && prefix.next_back().is_some() {} }, std: nothing, is_many: false },
    Deed { act: |m, t, n| _ = (m.longest_match(&t.key(n)), m.longest_match_strict(&t.key(n)), m.ancestors(&t.key(n * 3)).count()), std: nothing, is_many: false },
    Deed { act: |m, _, n| m.retain(|key, _| key.bytes > bytes(n)), std: |m, n| m.retain(|key, _| *key > bytes(n)), is_many: true },
    Deed { act: |m, _, _| _ = m.drain().count(), std: |m, _| m.clear(), is_many: true },
    Deed { act: |m, _, _| _ = m.drain().rev().count(), std: |m, _| m.clear(), is_many: true },
];

/// After a panic: all is there that should be, can be found, and goes away.
fn is_of_use(mut map: Delicate, tallies: &Tallies) {
    let mut std = contents(&map);
    assert_eq!((map.flush(), map.len()), (0, std.len()));
    let pinned = map.pin();
    let keys = || pinned.keys().map(|key| &key.bytes);
    assert!(keys().eq(std.keys()) && keys().rev().eq(std.keys().rev()));
    for n in 0..30 {
        let key = bytes(n);
        let there = std.get(&key).copied();
        assert_eq!(pinned.get(&tallies.key(n)).map(Counted::number), there);
        let begin = std.keys().filter(|other| other.starts_with(&key));
        assert_eq!(pinned.prefix(&key).count(), begin.count());
        let found = pinned.longest_match_strict(&key).map(|e| &e.0.bytes);
        let mut longest = std.keys().filter(|other| key.starts_with(other));
        assert_eq!(found, longest.next_back());
    }
    for n in 0..30 {
        let old = pinned.insert(tallies.key(n), tallies.values.item(n));
        assert_eq!(old.map(Counted::number), std.insert(bytes(n), n));
    }
    while let Some((first, _)) = std.pop_first() {
        assert_eq!(pinned.pop_first().map(|e| &e.0.bytes), Some(&first));
        let last = std.pop_last().map(|e| e.0);
        assert_eq!(pinned.pop_last().map(|e| &e.0.bytes), last.as_ref());
        let Some(some) = std.keys().next().cloned() else {
            break;
        };
        assert!(std.remove(&some).is_some() && pinned.remove_prefix(&some) >= 1);
        std.retain(|key, _| !key.starts_with(&some));
    }
    assert!(pinned.is_empty() && pinned.iter().next().is_none());
    drop(pinned);
    map.check();
}

/// `key_bytes` panics at each place where it is asked, in each operation, of maps of these keys; and these are the keys
/// that operations are given.
fn keys_panic(there: impl Fn(&u64) -> bool, keys: &[u64]) -> u32 {
    let tallies = Tallies::new();
    let full: Delicate = {
        let mut map = RadixMap::new_in(&tallies.smr);
        let entry = |n| (tallies.key(n), tallies.values.item(n));
        map.extend((0..90).filter(there).map(entry));
        map
    };
    let before = contents(&full);
    let mut caught = 0;
    for (what, deed) in DEEDS.iter().enumerate() {
        for &number in keys {
            // Of many questions not at each; and three ends.
            let numbers = std::iter::successors(Some(1), |n| Some(n + 1 + n / 30 * 15));
            for (n, end) in numbers.flat_map(|n| [0, 1, 2].map(|end| (n, end))) {
                let (others, mut map) = (tallies.alive(), full.clone());
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
                assert_eq!(map.len(), now.len(), "{what}, {number}, {n}");
                map.check();
                match end {
                    0 => is_of_use(map, &tallies),
                    1 => {
                        let all = map.into_iter().map(|(k, v)| (k.bytes, v.number()));
                        assert!(all.eq(now));
                    }
                    _ => drop(map),
                }
                assert_eq!(tallies.alive(), others, "{what}, {number}, {n}");
                caught += u32::from(panicked);
                if !panicked && end == 2 {
                    break;
                }
            }
        }
    }
    caught
}

#[test]
fn keys_may_panic() {
    assert!(keys_panic(|_| true, &[0, 1, 13, 100, 243]) > 1_000);
    // Nodes of two, which go with one of them.
    assert!(keys_panic(|n| n % 9 == 0, &[0, 9, 10, 81]) > 500);
    assert!(keys_panic(|n| n % 27 == 1, &[1, 28, 55, 56]) > 300);
    assert!(keys_panic(|n| *n == 40, &[0, 13, 40, 41, 121]) > 100);
    assert!(keys_panic(|_| false, &[0, 5]) > 20);
}

/// What makes a map as a whole.
#[test]
fn whatever_makes_a_map_may_panic() {
    let tallies = Tallies::new();
    let entry = |n| (tallies.key(n * 7 % 50), tallies.values.item(n));
    let mut caught = 0;
    for n in std::iter::successors(Some(1), |n| Some(n + 1 + n / 40)) {
        let panicked = panics(|| {
            PANICS_IN.set(n);
            let map: Delicate = (0..70).map(entry).collect();
            let copy = map.clone();
            let mut extended = copy;
            extended.extend((40..60).map(entry));
            assert!(extended.len() == map.len());
            let set: RadixSet<Touchy> = (0..10).map(|n| tallies.key(n)).collect();
            drop(set.clone());
        });
        PANICS_IN.set(0);
        assert_eq!(tallies.alive(), (0, 0), "{n}");
        caught += u32::from(panicked);
        if !panicked {
            break;
        }
    }
    assert!(caught > 80, "{caught}");
}

/// A panic in a closure leaves the entry as it was.
#[test]
fn closures_may_panic() {
    let tallies = Tallies::new();
    let mut map: Delicate = RadixMap::new_in(&tallies.smr);
    for n in 0..40 {
        map.pin().insert(tallies.key(n), tallies.values.item(n));
    }
    for n in (0..80).step_by(3) {
        let (key, value) = (|| tallies.key(n), |n| tallies.values.item(n));
        let there = n < 40;
        let oops = |_: &Counted| -> Counted { panic!("on purpose") };
        let make = || -> Counted { panic!("on purpose") };
        {
            let map = map.pin();
            assert_eq!(panics(|| map.update(key(), oops)), there);
            assert!(panics(|| map.update_or_insert_with(key(), oops, make)));
            assert_eq!(panics(|| map.get_or_insert_with(key(), make)), !there);
            assert_eq!(panics(|| _ = map.try_insert_with(key(), make)), !there);
            let compute = |_: Option<_>| -> Operation<Counted, ()> { panic!("on purpose") };
            assert!(panics(|| map.compute(key(), compute)));
            let refuse = |_: &Touchy, _: &Counted| -> bool { panic!("on purpose") };
            assert_eq!(panics(|| _ = map.remove_if(&key(), refuse)), there);
            assert_eq!(panics(|| _ = map.entry(key()).or_insert_with(make)), !there);
            assert_eq!(
                panics(|| map.update_or_insert(key(), oops, value(n))),
                there
            );
            assert!(panics(|| map.retain(|_, _| panic!("on purpose"))));
            assert_eq!(map.get(&key()).map(Counted::number), Some(n));
            assert!(there || map.remove(&key()).is_some());
        }
        map.check();
        assert_eq!((map.flush(), map.len()), (0, 40));
        assert_eq!(tallies.alive(), (40, 40));
    }
    // In the midst of one operation for each entry: what was done before stays done.
    let mut seen = 0;
    let half = |_: &Touchy, _: &Counted| {
        seen += 1;
        assert!(seen < 21, "on purpose");
        false
    };
    assert!(panics(|| map.pin().retain(half)));
    map.check();
    assert_eq!((map.flush(), map.len(), tallies.alive()), (0, 20, (20, 20)));
}
