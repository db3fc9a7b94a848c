//! Random operations of `HashMap`, every method on entries under every kind of guard: the answers are
//! std's.

use std::collections::HashMap as Std;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::testing::maps::Hash as Fnv;
use structures::{Compute, Guard, HashMap, HashMapRef, Operation, Smr};

type Map<const KEPT: u64> = HashMap<u32, String, Fnv<KEPT>>;
type Answer = Option<String>;

/// One random operation on both.
trait Both<const KEPT: u64> {
    fn step(&self, random: &mut SmallRng, std: &mut Std<u32, String>);
}

fn update(old: &String) -> String {
    format!("{old}+")
}

fn owned(answer: Option<&String>) -> Answer {
    answer.cloned()
}

fn pair(entry: (&u32, &String)) -> (u32, String) {
    (*entry.0, entry.1.clone())
}

/// What std's map answers to the operation of this number.
fn std_answer(std: &mut Std<u32, String>, what: u32, key: u32, value: &str) -> Answer {
    let value = value.to_string();
    let there = std.get(&key).cloned();
    match what {
        0..=3 => std.insert(key, value),
        4 | 5 | 20 => Some(std.entry(key).or_insert(value).clone()),
        6 | 7 => {
            std.entry(key).or_insert(value);
            there
        }
        8 | 21 => {
            std.entry(key).and_modify(|v| *v = update(v));
            std.get(&key).cloned()
        }
        9 | 10 | 22 | 23 => {
            std.entry(key)
                .and_modify(|v| *v = update(v))
                .or_insert(value);
            std.get(&key).cloned()
        }
        11 | 24 => std.remove(&key),
        12 => std.remove_entry(&key).map(|(_, v)| v),
        13 => {
            let even = there.is_some_and(|v| v.len() % 2 == 0);
            even.then(|| std.remove(&key)).flatten()
        }
        14 => {
            // To and fro.
            if there.is_none() {
                std.insert(key, value);
            } else {
                std.remove(&key);
            }
            there
        }
        25 => Some(std.entry(key).or_default().clone()),
        _ => there,
    }
}

impl<const KEPT: u64, G: Guard> Both<KEPT> for HashMapRef<'_, u32, String, Fnv<KEPT>, G> {
    fn step(&self, random: &mut SmallRng, std: &mut Std<u32, String>) {
        let key = random.random_range(0..70);
        let what = random.random_range(0..30);
        let value = format!("{key}, {}", random.random_range(0..200));
        let expected = std_answer(std, what, key, &value);
        let (v, make) = (value.clone(), || value.clone());
        let found = match what {
            0..=3 => owned(self.insert(key, v)),
            4 => Some(self.get_or_insert(key, v).clone()),
            5 => Some(self.get_or_insert_with(key, make).clone()),
            6 => match self.try_insert(key, v) {
                Ok(new) => {
                    assert_eq!(new, &value);
                    None
                }
                Err(error) => {
                    assert_eq!(error.not_inserted, value);
                    Some(error.current.clone())
                }
            },
            7 => self.try_insert_with(key, make).err().cloned(),
            8 => owned(self.update(key, update)),
            9 => Some(self.update_or_insert(key, update, v).clone()),
            10 => Some(self.update_or_insert_with(key, update, make).clone()),
            11 => owned(self.remove(&key)),
            12 => self.remove_entry(&key).map(|e| pair(e).1),
            13 => match self.remove_if(&key, |k, v| *k == key && v.len() % 2 == 0) {
                Ok(removed) => removed.map(|e| pair(e).1),
                Err((k, v)) => {
                    assert!(*k == key && v.len() % 2 == 1);
                    None
                }
            },
            14 => match self.compute(key, |old| match old {
                None => Operation::Insert(value.clone()),
                Some(_) => Operation::<_, ()>::Remove,
            }) {
                Compute::Inserted(k, new) => {
                    assert_eq!((k, new), (&key, &value));
                    None
                }
                Compute::Removed(_, old) => Some(old.clone()),
                other => panic!("{other:?}"),
            },
            20 => Some(
                self.entry(key)
                    .or_insert_with_key(|_| value.clone())
                    .clone(),
            ),
            21 => owned(self.entry(key).and_modify(update).or_nothing()),
            22 => Some(self.entry(key).and_modify(update).or_insert(v).clone()),
            23 => Some(
                self.entry(key)
                    .and_modify(update)
                    .or_insert_with(make)
                    .clone(),
            ),
            24 => self.entry(key).remove().map(|e| pair(e).1),
            25 => Some(self.entry(key).or_default().clone()),
            26 => owned(self.entry(key).get()),
            27 => self
                .contains_key(&key)
                .then(|| self.get(&key).unwrap().clone()),
            28 => self.get_key_value(&key).map(|e| pair(e).1),
            _ => owned(self.get(&key)),
        };
        assert_eq!(found, expected, "{what} of {key}");
        assert_eq!((self.len(), self.is_empty()), (std.len(), std.is_empty()));
    }
}

/// A map and a guard.
struct Explicit<'m, const KEPT: u64, G>(&'m Map<KEPT>, &'m G);

impl<const KEPT: u64, G: Guard> Both<KEPT> for Explicit<'_, KEPT, G> {
    fn step(&self, random: &mut SmallRng, std: &mut Std<u32, String>) {
        let &Explicit(map, guard) = self;
        let key = random.random_range(0..70);
        let what = [random.random_range(0..15), random.random_range(27..30)][key as usize % 8 / 7];
        let value = format!("{key}, {}", random.random_range(0..200));
        let expected = std_answer(std, what, key, &value);
        let (v, make) = (value.clone(), || value.clone());
        let found = match what {
            0..=3 => owned(map.insert(key, v, guard)),
            4 => Some(map.get_or_insert(key, v, guard).clone()),
            5 => Some(map.get_or_insert_with(key, make, guard).clone()),
            6 => map
                .try_insert(key, v, guard)
                .err()
                .map(|e| e.current.clone()),
            7 => map.try_insert_with(key, make, guard).err().cloned(),
            8 => owned(map.update(key, update, guard)),
            9 => Some(map.update_or_insert(key, update, v, guard).clone()),
            10 => Some(map.update_or_insert_with(key, update, make, guard).clone()),
            11 => owned(map.remove(&key, guard)),
            12 => map.remove_entry(&key, guard).map(|e| pair(e).1),
            13 => match map.remove_if(&key, |_, v| v.len() % 2 == 0, guard) {
                Ok(removed) => removed.map(|e| pair(e).1),
                Err(_) => None,
            },
            14 => match map.compute(
                key,
                |old| match old {
                    None => Operation::Insert(value.clone()),
                    Some(_) => Operation::<_, ()>::Remove,
                },
                guard,
            ) {
                Compute::Removed(_, old) => Some(old.clone()),
                _ => None,
            },
            27 => map
                .contains_key(&key, guard)
                .then(|| map.get(&key, guard).unwrap().clone()),
            28 => map.get_key_value(&key, guard).map(|e| pair(e).1),
            _ => owned(map.get(&key, guard)),
        };
        assert_eq!(found, expected, "{what} of {key}");
        assert_eq!((map.len(), map.is_empty()), (std.len(), std.is_empty()));
    }
}

fn same<const KEPT: u64>(map: &Map<KEPT>, std: &Std<u32, String>) {
    let mut found: Vec<_> = map.pin().iter().map(pair).collect();
    found.sort();
    let mut expected: Vec<_> = std.iter().map(pair).collect();
    expected.sort();
    assert_eq!(found, expected);
    let mut keys: Vec<_> = map.pin().keys().copied().collect();
    keys.sort_unstable();
    assert!(keys.iter().eq(expected.iter().map(|(k, _)| k)));
    let mut values: Vec<_> = map.pin().values().cloned().collect();
    values.sort();
    let mut all: Vec<_> = std.values().cloned().collect();
    all.sort();
    assert_eq!(values, all);
}

fn answers_are_stds<const KEPT: u64>() {
    for seed in 0..10 {
        let mut map = Map::<KEPT>::with_hasher_in(Fnv::default(), &Smr::new());
        let mut std = Std::new();
        let mut random = SmallRng::seed_from_u64(seed);
        for _ in 0..80 {
            let rounds = random.random_range(0..30);
            match random.random_range(0..8) {
                0 | 1 => {
                    let pinned = map.pin();
                    (0..rounds).for_each(|_| pinned.step(&mut random, &mut std));
                }
                2 => {
                    let pinned = map.pin_owned();
                    (0..rounds).for_each(|_| pinned.step(&mut random, &mut std));
                }
                3 => {
                    let guard = map.guard();
                    let both = Explicit(&map, &guard);
                    (0..rounds).for_each(|_| both.step(&mut random, &mut std));
                }
                4 => {
                    let guard = map.owned_guard();
                    let both = Explicit(&map, &guard);
                    (0..rounds).for_each(|_| both.step(&mut random, &mut std));
                }
                5 => {
                    let keep = random.random_range(2..6);
                    let keep = |k: &u32, v: &String| !(k + v.len() as u32).is_multiple_of(keep);
                    map.pin().retain(keep);
                    std.retain(|k, v| keep(k, v));
                }
                6 if random.random_range(0..6) == 0 => {
                    if rounds % 2 == 0 {
                        map.pin().clear();
                    } else {
                        let mut drained: Vec<_> = map.pin().drain().map(pair).collect();
                        drained.sort();
                        let mut all: Vec<_> = std.drain().collect();
                        all.sort();
                        assert_eq!(drained, all);
                    }
                    std.clear();
                }
                _ => {
                    let keys: Vec<_> = (0..80).collect();
                    let pinned = map.pin();
                    let mut values = vec![None; keys.len()];
                    pinned.get_many(&keys, &mut values);
                    assert!(values.into_iter().eq(keys.iter().map(|k| std.get(k))));
                }
            }
            same(&map, &std);
        }
        map.check();
        let mut left: Vec<_> = map.into_iter().collect();
        left.sort();
        let mut all: Vec<_> = std.into_iter().collect();
        all.sort();
        assert_eq!(left, all);
    }
}

#[test]
fn all_answers_are_stds() {
    answers_are_stds::<0>();
}

#[test]
fn all_answers_are_stds_with_one_hash() {
    answers_are_stds::<1>();
}

#[test]
fn all_answers_are_stds_with_few_hashes() {
    answers_are_stds::<4>();
}
