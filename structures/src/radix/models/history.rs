//! Operations of threads, and what they would answer one after the other.

use std::collections::BTreeMap;

use super::map::{Key, Map};
use crate::modelling::Log;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Get(&'static [u8]),
    Insert(&'static [u8], u32),
    Remove(&'static [u8]),
}

pub(super) fn note(log: &Log<Op, Option<u32>>, map: &Map, op: Op) {
    let begin = log.now();
    let answer = match op {
        Op::Get(key) => map.get(Key(key)),
        Op::Insert(key, new) => map.update(Key(key), |_| Some(new)),
        Op::Remove(key) => map.update(Key(key), |_| None),
    };
    log.note(begin, op, answer);
}

pub(super) type State = BTreeMap<&'static [u8], u32>;

pub(super) fn apply(state: &mut State, op: Op) -> Option<u32> {
    match op {
        Op::Get(key) => state.get(key).copied(),
        Op::Insert(key, value) => state.insert(key, value),
        Op::Remove(key) => state.remove(key),
    }
}
