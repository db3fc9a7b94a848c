//! Operations on the entry of a key, on those of many, and on the ends.

use std::ops::Bound::{Excluded, Included, Unbounded};

use structures::testing::payload::Value;
use structures::{Compute, Operation};

use super::kinds::{Kind, Map};
use super::model::Model;
use super::{Pinned, Turn, equal, same};

/// An operation on one key, under the long guard or one of its own.
pub(super) fn act<T: Kind>(
    map: &Map<T>,
    pinned: &Pinned<'_, T>,
    model: &mut Model,
    turn: Turn,
) -> Result<(), String> {
    let number = turn.key * 4 + turn.more % 4;
    if turn.more.is_multiple_of(2) {
        one::<T, _>(pinned, model, turn, number)
    } else {
        one::<T, _>(&map.pin(), model, turn, number)
    }
}

fn one<T: Kind, G: structures::Guard>(
    map: &structures::ordered::OrderedMapRef<'_, T::Key, T::Value, T::Engine, G>,
    model: &mut Model,
    turn: Turn,
    number: u64,
) -> Result<(), String> {
    let key = T::key(number);
    let there = model.entries().get(&number).map(|&n| (number, n));
    let old = there.map(|(_, n)| n);
    let of = |value: Option<&T::Value>| value.map(T::Value::number);
    match turn.what {
        0 => {
            let found = match turn.way {
                0 => map.get_key_value(&key),
                1 => map
                    .range::<T::Key, _>((Included(&key), Included(&key)))
                    .next(),
                2 => map
                    .range::<T::Key, _>((Unbounded, Included(&key)))
                    .next_back(),
                3 => map.lower_bound(Included(&key)),
                4 => map.upper_bound(Included(&key)),
                5 => map.cursor().seek(&key),
                6 => {
                    equal(map.contains_key(&key), there.is_some())?;
                    equal(of(map.entry(key.clone()).get()), old)?;
                    map.get_key_value(&key)
                }
                _ => {
                    equal(of(map.get(&key)), old)?;
                    return Ok(());
                }
            };
            same::<T>(found.filter(|found| *found.0 == key), there)
        }
        1 | 2 => {
            let value: T::Value = model.value(number);
            let n = value.number();
            let replaced = match turn.way % 3 {
                0 | 1 => of(map.insert(key, value)),
                _ => {
                    let mut value = Some(value);
                    let put = |_: Option<(&T::Key, &T::Value)>| {
                        Operation::<_, ()>::Insert(value.take().expect("it is asked once"))
                    };
                    match map.compute(key, put) {
                        Compute::Updated { old, .. } => Some(old.1.number()),
                        _ => None,
                    }
                }
            };
            model.insert(number, n);
            equal(replaced, old)
        }
        3 => {
            let value: T::Value = model.value(number);
            let n = value.number();
            let now = match turn.way % 5 {
                0 => match map.try_insert(key, value) {
                    Ok(new) => new,
                    Err(error) => {
                        equal(error.not_inserted.number(), n)?;
                        error.current
                    }
                },
                1 => map.try_insert_with(key, || value).unwrap_or_else(|old| old),
                2 => map.get_or_insert(key, value),
                3 => map.get_or_insert_with(key, || value),
                _ => map.entry(key).or_insert(value),
            };
            equal(now.number(), old.unwrap_or(n))?;
            if old.is_none() {
                model.insert(number, n);
            }
            Ok(())
        }
        4 => {
            let value: T::Value = model.value(number);
            let n = value.number();
            let other = value.clone();
            let more = |before: &T::Value| {
                assert_eq!(Some(before.number()), old);
                other.clone()
            };
            let now = match turn.way % 5 {
                0 => map.update(key, more),
                1 => map.entry(key).and_modify(more).or_nothing(),
                2 => Some(map.update_or_insert(key, more, value)),
                3 => Some(map.update_or_insert_with(key, more, || value)),
                _ => Some(map.entry(key).and_modify(more).or_insert(value)),
            };
            let is_stored = old.is_some() || turn.way % 5 > 1;
            equal(of(now), is_stored.then_some(n))?;
            if is_stored {
                model.insert(number, n);
            }
            Ok(())
        }
        _ => {
            let is_right = turn.way < 8 || old.is_none_or(|n| n.is_multiple_of(2));
            let condition = |_: &T::Key, value: &T::Value| {
                assert_eq!(Some(value.number()), old);
                is_right
            };
            let removed = match turn.way % 5 {
                0 if is_right => map.remove(&key).map(|value| (&key, value)),
                1 if is_right => map.remove_entry(&key),
                2 if is_right => map.entry(key.clone()).remove(),
                3 => match map.compute(key.clone(), |old| match old {
                    Some((key, value)) if condition(key, value) => Operation::Remove,
                    _ => Operation::Abort(()),
                }) {
                    Compute::Removed(key, value) => Some((key, value)),
                    _ => None,
                },
                _ => match map.remove_if(&key, condition) {
                    Ok(removed) => removed,
                    Err(kept) => {
                        same::<T>(Some(kept), there)?;
                        None
                    }
                },
            };
            same::<T>(removed, there.filter(|_| is_right))?;
            if is_right {
                model.remove(number);
            }
            Ok(())
        }
    }
}

/// One after the other: up or down, in small steps or large ones.
pub(super) fn many<T: Kind>(map: &Map<T>, model: &mut Model, turn: Turn) -> Result<(), String> {
    let step = [1, 2, 3, 16][turn.way as usize % 4];
    let count = turn.more % 64;
    for i in 0..count {
        let i = if turn.way & 4 == 0 { i } else { count - 1 - i };
        let number = turn.key * 4 + i * step;
        let map = map.pin();
        if turn.way < 8 {
            let value: T::Value = model.value(number);
            let n = value.number();
            let old = map.insert(T::key(number), value).map(T::Value::number);
            equal(old, model.insert(number, n))?;
        } else {
            let old = map.remove(&T::key(number)).map(T::Value::number);
            equal(old, model.remove(number))?;
        }
    }
    Ok(())
}

/// The ends, and the neighbours of a place.
pub(super) fn ends<T: Kind>(
    map: &Map<T>,
    pinned: &Pinned<'_, T>,
    model: &mut Model,
    turn: Turn,
) -> Result<(), String> {
    let pair = |(&key, &n): (&u64, &u64)| (key, n);
    let number = turn.key * 4 + turn.more % 4;
    let key = T::key(number);
    let entries = model.entries();
    match turn.way {
        0 => same::<T>(
            pinned.first_key_value(),
            entries.first_key_value().map(pair),
        ),
        1 => same::<T>(pinned.last_key_value(), entries.last_key_value().map(pair)),
        2..=5 => {
            for _ in 0..=turn.more % 40 {
                let map = map.pin();
                let is_first = turn.way.is_multiple_of(2);
                let (found, expected) = if is_first {
                    (map.pop_first(), model.entries().first_key_value())
                } else {
                    (map.pop_last(), model.entries().last_key_value())
                };
                let expected = expected.map(pair);
                same::<T>(found, expected)?;
                if let Some((number, _)) = expected {
                    model.remove(number);
                }
            }
            Ok(())
        }
        6..=8 => {
            let expected = entries.range(number..).next().map(pair);
            same::<T>(pinned.lower_bound(Included(&key)), expected)
        }
        9 | 10 => {
            let expected = entries.range(number + 1..).next().map(pair);
            same::<T>(pinned.lower_bound(Excluded(&key)), expected)
        }
        11..=13 => {
            let expected = entries.range(..=number).next_back().map(pair);
            same::<T>(pinned.upper_bound(Included(&key)), expected)
        }
        _ => {
            let expected = entries.range(..number).next_back().map(pair);
            same::<T>(pinned.upper_bound(Excluded(&key)), expected)
        }
    }
}
