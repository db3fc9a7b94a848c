//! Random operations of ordered maps, every method on entries and ends under every kind of guard, of keys of all
//! kinds: the answers are those of std's `BTreeMap`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::ordered::{Alike, Fresh, Order, OrderedMap, OrderedMapRef};
use structures::radix_map::{Radix, RadixKey};
use structures::skip_map::Skip;
use structures::{Compute, Guard, Operation, Smr};

type Std<K> = BTreeMap<K, String>;
type Answer<K> = Option<(K, String)>;

/// What is drawn of the keys.
struct Draw<'d, K> {
    random: SmallRng,
    key: &'d dyn Fn(u32) -> K,
    keys: u32,
}

impl<K: Ord> Draw<'_, K> {
    fn below(&mut self, most: u32) -> u32 {
        self.random.random_range(0..most)
    }

    fn key(&mut self) -> K {
        let number = self.below(self.keys);
        (self.key)(number)
    }
}

fn bound<K>(what: u32, key: &K) -> Bound<&K> {
    [Included(key), Excluded(key), Unbounded][what as usize % 3]
}

#[expect(clippy::ptr_arg, reason = "methods are given it as it is")]
fn update(old: &String) -> String {
    // Not ever longer.
    format!("{}+", &old[old.len().saturating_sub(20)..])
}

fn owned<K: Clone>(entry: (&K, &String)) -> (K, String) {
    (entry.0.clone(), entry.1.clone())
}

/// How many operations there are.
const OPERATIONS: u32 = 36;

/// What std's map answers to the operation of this number.
fn std_answer<K: Ord + Clone>(std: &mut Std<K>, what: u32, key: &K, value: &str) -> Answer<K> {
    let value = value.to_string();
    let there = std.get(key).cloned();
    let of = |value: String| (key.clone(), value);
    match what {
        0..=5 => std.insert(key.clone(), value).map(of),
        6..=8 => Some(of(std.entry(key.clone()).or_insert(value).clone())),
        9 | 10 => {
            std.entry(key.clone()).or_insert(value);
            there.map(of)
        }
        11 | 12 => {
            std.entry(key.clone()).and_modify(|v| *v = update(v));
            std.get(key).cloned().map(of)
        }
        13..=16 => {
            let entry = std.entry(key.clone()).and_modify(|v| *v = update(v));
            Some(of(entry.or_insert(value).clone()))
        }
        17..=19 => std.remove_entry(key),
        20 => {
            let even = there.is_some_and(|v| v.len() % 2 == 0);
            even.then(|| std.remove_entry(key)).flatten()
        }
        21 => {
            // To and fro.
            if there.is_none() {
                std.insert(key.clone(), value);
            } else {
                std.remove(key);
            }
            there.map(of)
        }
        22 => std.pop_first(),
        23 => std.pop_last(),
        24 => std.first_key_value().map(owned),
        25 => std.last_key_value().map(owned),
        26..=28 => {
            let range = (bound(what, key), Unbounded);
            std.range::<K, _>(range).next().map(owned)
        }
        29..=31 => {
            let range = (Unbounded, bound(what, key));
            std.range::<K, _>(range).next_back().map(owned)
        }
        _ => there.map(of),
    }
}

/// All methods with explicit guards.
fn explicit<K: Ord + Clone + Debug, E: Order<K, String>>(
    map: &OrderedMap<K, String, E>,
    guard: &impl Guard,
    what: u32,
    key: &K,
    value: &str,
) -> Answer<K> {
    let (v, make) = (value.to_string(), || value.to_string());
    let of = |value: &String| (key.clone(), value.clone());
    let k = key.clone();
    match what {
        0..=5 => map.insert(k, v, guard).map(of),
        6 | 7 => Some(of(map.get_or_insert(k, v, guard))),
        8 => Some(of(map.get_or_insert_with(k, make, guard))),
        9 => {
            let refused = map.try_insert(k, v, guard).err();
            refused.map(|error| {
                assert_eq!(error.not_inserted, value);
                of(error.current)
            })
        }
        10 => map.try_insert_with(k, make, guard).err().map(of),
        11 | 12 => map.update(k, update, guard).map(of),
        13 | 14 => Some(of(map.update_or_insert(k, update, v, guard))),
        15 | 16 => Some(of(map.update_or_insert_with(k, update, make, guard))),
        17 | 18 => map.remove(key, guard).map(of),
        19 => map.remove_entry(key, guard).map(owned),
        20 => match map.remove_if(key, |k, v| k == key && v.len() % 2 == 0, guard) {
            Ok(removed) => removed.map(owned),
            Err((k, v)) => {
                assert!(k == key && v.len() % 2 == 1);
                None
            }
        },
        21 => {
            let toggle = |old: Option<(&K, &String)>| match old {
                None => Operation::Insert(value.to_string()),
                Some(_) => Operation::<_, ()>::Remove,
            };
            match map.compute(k, toggle, guard) {
                Compute::Inserted(k, new) => {
                    assert_eq!((k, new.as_str()), (key, value));
                    None
                }
                Compute::Removed(k, old) => Some(owned((k, old))),
                other => panic!("{other:?}"),
            }
        }
        22 => map.pop_first(guard).map(owned),
        23 => map.pop_last(guard).map(owned),
        24 => map.first_key_value(guard).map(owned),
        25 => map.last_key_value(guard).map(owned),
        26..=28 => map.lower_bound(bound(what, key), guard).map(owned),
        29..=31 => map.upper_bound(bound(what, key), guard).map(owned),
        32 => map.get_key_value(key, guard).map(owned),
        33 => map
            .contains_key(key, guard)
            .then(|| of(map.get(key, guard).unwrap())),
        _ => map.get(key, guard).map(of),
    }
}

/// All methods of the handle.
fn pinned<K: Ord + Clone + Debug, E: Order<K, String>, G: Guard>(
    map: &OrderedMapRef<'_, K, String, E, G>,
    what: u32,
    key: &K,
    value: &str,
) -> Answer<K> {
    let (v, make) = (value.to_string(), || value.to_string());
    let of = |value: &String| (key.clone(), value.clone());
    let k = key.clone();
    match what {
        0..=5 => map.insert(k, v).map(of),
        6 => Some(of(map.get_or_insert(k, v))),
        7 => Some(of(map.get_or_insert_with(k, make))),
        8 => Some(of(map.entry(k).or_insert_with_key(|_| value.to_string()))),
        9 => map.try_insert(k, v).err().map(|error| of(error.current)),
        10 => map.try_insert_with(k, make).err().map(of),
        11 => map.update(k, update).map(of),
        12 => map.entry(k).and_modify(update).or_nothing().map(of),
        13 => Some(of(map.update_or_insert(k, update, v))),
        14 => Some(of(map.update_or_insert_with(k, update, make))),
        15 => Some(of(map.entry(k).and_modify(update).or_insert(v))),
        16 => Some(of(map.entry(k).and_modify(update).or_insert_with(make))),
        17 => map.remove(key).map(of),
        18 => map.entry(k).remove().map(owned),
        19 => map.remove_entry(key).map(owned),
        20 => map
            .remove_if(key, |_, v| v.len() % 2 == 0)
            .unwrap_or(None)
            .map(owned),
        21 => match map.compute(k, |old| match old {
            None => Operation::Insert(value.to_string()),
            Some(_) => Operation::<_, ()>::Remove,
        }) {
            Compute::Removed(k, old) => Some(owned((k, old))),
            _ => None,
        },
        22 => map.pop_first().map(owned),
        23 => map.pop_last().map(owned),
        24 => map.first_key_value().map(owned),
        25 => map.last_key_value().map(owned),
        26..=28 => map.lower_bound(bound(what, key)).map(owned),
        29..=31 => map.upper_bound(bound(what, key)).map(owned),
        32 => map.get_key_value(key).map(owned),
        33 => map.contains_key(key).then(|| of(map.get(key).unwrap())),
        34 => map.entry(k).get().map(of),
        _ => map.get(key).map(of),
    }
}

fn step<K: Ord + Clone + Debug>(
    draw: &mut Draw<'_, K>,
    std: &mut Std<K>,
    answer: impl Fn(u32, &K, &str) -> Answer<K>,
) {
    let key = draw.key();
    let what = draw.below(OPERATIONS);
    let value = draw.below(1_000).to_string();
    let found = answer(what, &key, &value);
    let expected = std_answer(std, what, &key, &value);
    assert_eq!(found, expected, "{what} of {key:?}");
}

fn same<K: Ord + Clone + Debug, E: Order<K, String>>(
    map: &mut OrderedMap<K, String, E>,
    std: &Std<K>,
) {
    map.check();
    assert_eq!((map.len(), map.is_empty()), (std.len(), std.is_empty()));
    let map = map.pin();
    assert!(map.iter().eq(std));
    assert!(map.iter().rev().eq(std.iter().rev()));
    assert!(map.keys().eq(std.keys()) && map.values().eq(std.values()));
}

/// Some operations in a row.
type Steps<K, E> = fn(&OrderedMap<K, String, E>, &mut Draw<'_, K>, &mut Std<K>, u32);

/// Under a guard of each kind.
fn of_all_guards<K: Ord + Clone + Debug, E: Order<K, String>>(
    map: &OrderedMap<K, String, E>,
    draw: &mut Draw<'_, K>,
    std: &mut Std<K>,
    steps: u32,
) {
    match draw.below(4) {
        0 => of_handles(map, draw, std, steps),
        1 => {
            let handle = map.pin_owned();
            let answer = |what, key: &K, value: &str| pinned(&handle, what, key, value);
            (0..steps).for_each(|_| step(draw, std, answer));
        }
        2 => {
            let guard = map.guard();
            let answer = |what, key: &K, value: &str| explicit(map, &guard, what, key, value);
            (0..steps).for_each(|_| step(draw, std, answer));
        }
        _ => {
            let guard = map.owned_guard();
            let answer = |what, key: &K, value: &str| explicit(map, &guard, what, key, value);
            (0..steps).for_each(|_| step(draw, std, answer));
        }
    }
}

fn of_handles<K: Ord + Clone + Debug, E: Order<K, String>>(
    map: &OrderedMap<K, String, E>,
    draw: &mut Draw<'_, K>,
    std: &mut Std<K>,
    steps: u32,
) {
    let handle = map.pin();
    let answer = |what, key: &K, value: &str| pinned(&handle, what, key, value);
    (0..steps).for_each(|_| step(draw, std, answer));
}

fn answers_are_stds<K: RadixKey + Ord + Clone + Debug>(keys: u32, key: impl Fn(u32) -> K) {
    compare::<K, Skip>(keys, &key, of_handles);
    compare::<K, Radix>(keys, &key, of_handles);
}

fn compare<K, E>(keys: u32, key: &dyn Fn(u32) -> K, in_a_row: Steps<K, E>)
where
    K: Ord + Clone + Debug,
    E: Order<K, String> + Fresh<K, String> + Alike<K, String>,
{
    let mut draw = Draw {
        random: SmallRng::seed_from_u64(u64::from(keys)),
        key,
        keys,
    };
    let mut map = E::fresh(&Smr::new());
    let mut std = Std::new();
    for round in 0..20 {
        let steps = draw.below(8 * keys.min(100));
        match draw.below(8) {
            0..5 => in_a_row(&map, &mut draw, &mut std, steps),
            // It grows.
            5 => (0..steps).for_each(|_| {
                let (key, value) = (draw.key(), draw.below(10).to_string());
                let found = map.pin().insert(key.clone(), value.clone()).cloned();
                assert_eq!(found, std.insert(key, value));
            }),
            6 => {
                let n = 2 + steps as usize % 5;
                let keep = |v: &String| !v.len().is_multiple_of(n);
                map.pin().retain(|_, v| keep(v));
                std.retain(|_, v| keep(v));
            }
            _ if round % 3 != 0 => {}
            _ if steps.is_multiple_of(2) => {
                map.pin().clear();
                std.clear();
            }
            _ => {
                let drained: Vec<_> = map.pin().drain().map(owned).collect();
                assert!(drained.into_iter().eq(std::mem::take(&mut std)));
            }
        }
        same(&mut map, &std);
    }
    assert!(map.clone().into_iter().eq(std.clone()));
    assert!(map.into_iter().rev().eq(std.into_iter().rev()));
}

#[test]
fn of_all_kinds_of_guards() {
    compare::<u64, Skip>(1_000, &u64::from, of_all_guards);
    compare::<_, Skip>(1_000, &|n| format!("user:{n:06}"), of_all_guards);
    compare::<_, Skip>(1_000, &|n| (n % 13, n / 13), of_all_guards);
    compare::<u64, Radix>(1_000, &u64::from, of_all_guards);
    compare::<_, Radix>(1_000, &|n| format!("user:{n:06}"), of_all_guards);
    compare::<_, Radix>(1_000, &|n| (n % 13, n / 13), of_all_guards);
}

#[test]
fn of_keys_that_are_their_hints() {
    answers_are_stds(3_000, u64::from);
    answers_are_stds(100, |n| u64::from(n).wrapping_neg());
    answers_are_stds(1_000, |n| n as i32 - 500);
    answers_are_stds(900, |n| i64::from(n) << 54);
    answers_are_stds(256, |n| n as u8);
    answers_are_stds(256, |n| n as i8);
    answers_are_stds(2, |n| n == 1);
    answers_are_stds(2_000, |n| char::from_u32(n * 550).unwrap_or('?'));
    answers_are_stds(700, |n| Ipv4Addr::from(n << 22));
}

#[test]
fn of_keys_with_hints() {
    answers_are_stds(2_000, |n| u128::from(n) << 58);
    answers_are_stds(500, |n| i128::from(n) - 250);
    answers_are_stds(900, |n| Ipv6Addr::from(u128::from(n) << 60 | 7));
    answers_are_stds(900, |n| n.to_string());
    answers_are_stds(2_000, |n| format!("{:>300}", n * 7));
    // As if between all lengths of what they have in common.
    answers_are_stds(400, |n| "a".repeat(n as usize));
    answers_are_stds(900, |n| Arc::<str>::from(format!("user:{n:010}")));
    answers_are_stds(600, |n| Box::<str>::from(format!("{:b}", n * 37)));
    answers_are_stds(900, |n| {
        let mut key = [0_u8; 16];
        key[n as usize % 16] = (n / 16) as u8;
        key
    });
}

/// Zeros are what hints of short keys are filled with.
#[test]
fn of_keys_with_zeros() {
    answers_are_stds(60, |n| vec![0_u8; n as usize]);
    answers_are_stds(1_000, |n| {
        (0..10).map(|bit| (n >> bit & 1) as u8).collect::<Vec<_>>()
    });
    answers_are_stds(1_000, |n| {
        "\0".repeat(n as usize % 20) + &"b".repeat(n as usize / 20)
    });
    const TEXTS: [&str; 8] = ["", "\0", "\0\0", "a", "a\0", "abcdefgh", "abcdefgh\0", "ß"];
    answers_are_stds(8, |n| TEXTS[n as usize]);
    answers_are_stds(64, |n| {
        TEXTS[n as usize / 8].to_string() + TEXTS[n as usize % 8]
    });
}

#[test]
fn of_keys_without_hints() {
    /// As a user has it.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct Name {
        last: String,
        first: Option<char>,
    }
    answers_are_stds(2_000, |n| (n % 13, n / 13));
    compare::<_, Skip>(1_000, &|n| (n.to_string(), ()), of_handles);
    answers_are_stds(1, |_| ());
    compare::<_, Skip>(1_000, &|n| Reverse(n.to_string()), of_handles);
    let name = |n: u32| Name {
        last: (n / 3).to_string(),
        first: ['a', 'b'].get(n as usize % 3).copied(),
    };
    compare::<_, Skip>(1_000, &name, of_handles);
    answers_are_stds(300, |n| [n as u8; 3]);
}
