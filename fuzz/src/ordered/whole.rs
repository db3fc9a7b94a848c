//! What is done to all of the map, and whether all of it is right.

use structures::Smr;
use structures::testing::payload::Value;

use super::kinds::{Kind, Map};
use super::model::Model;
use super::{Turn, equal, same};

/// While it is shared.
pub(super) fn act<T: Kind>(map: &Map<T>, model: &mut Model, turn: Turn) -> Result<(), String> {
    let map = map.pin();
    let all: Vec<(u64, u64)> = model.entries().iter().map(|(&k, &n)| (k, n)).collect();
    match turn.way {
        0 if turn.key < 8 => {
            map.clear();
            for (number, _) in all {
                model.remove(number);
            }
        }
        0 | 1 => {
            let keeps = |n: u64| !n.is_multiple_of(turn.key % 5 + 2);
            let mut left = all.iter();
            let mut wrong = Ok(());
            map.retain(|key, value| {
                if wrong.is_ok() {
                    wrong = same::<T>(Some((key, value)), left.next().copied());
                }
                keeps(value.number())
            });
            wrong?;
            for &(number, n) in &all {
                if !keeps(n) {
                    model.remove(number);
                }
            }
        }
        _ => {
            let some = turn.more as usize;
            let mut drain = map.drain();
            for i in 0..some.min(all.len()) {
                let (found, expected) = if turn.way == 2 {
                    (drain.next(), all[i])
                } else {
                    (drain.next_back(), all[all.len() - 1 - i])
                };
                same::<T>(found, Some(expected))?;
                model.remove(expected.0);
            }
        }
    }
    Ok(())
}

/// While nobody else has it: it may become another one.
pub(super) fn change<T: Kind>(map: Map<T>, model: &Model, turn: Turn) -> Result<Map<T>, String> {
    let changed = match turn.way {
        12 => map.clone(),
        13 => {
            let changed: Map<T> = map.into_iter().collect();
            changed
        }
        14 => {
            let mut left = map.into_iter();
            let last = left.next_back();
            let (mut other, smr) = (Vec::new(), Smr::new());
            other.extend(left);
            other.reverse();
            other.extend(last);
            let mut changed = T::map(&smr);
            changed.extend(other);
            changed
        }
        _ => map,
    };
    equal(changed.len(), model.entries().len())?;
    Ok(changed)
}

/// Both hold the same, and the map's invariants hold.
pub(super) fn agree<T: Kind>(map: &mut Map<T>, model: &Model, smr: &Smr) -> Result<(), String> {
    map.check();
    let is_own = map.smr().is_same(smr);
    if is_own {
        equal(map.flush(), 0)?;
        let counted = if T::Value::COUNTS {
            model.entries().len()
        } else {
            0
        };
        equal(model.values().alive(), counted)?;
    }
    let pinned = map.pin();
    let mut expected = model.entries().iter().map(|(&number, &n)| (number, n));
    let mut all = pinned.iter();
    loop {
        let (found, expected) = (all.next(), expected.next());
        same::<T>(found, expected)?;
        if found.is_none() {
            break;
        }
    }
    let mut expected = model
        .entries()
        .iter()
        .map(|(&number, &n)| (number, n))
        .rev();
    for found in pinned.iter().rev() {
        same::<T>(Some(found), expected.next())?;
    }
    equal(expected.next(), None)
}
