//! Operations of threads, and what they would answer one after the other.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use super::super::exact::Side;
use super::map::{Key, Map};
use crate::modelling::Log;

type Bytes = &'static [u8];

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Get(Bytes),
    Insert(Bytes, u32),
    Remove(Bytes),
    First,
    Last,
    /// The next entry behind a key.
    Above(Bytes),
    /// The last one before a key.
    Below(Bytes),
    PopFirst,
    PopLast,
    /// Removes all with a prefix; answers how many.
    Cut(Bytes),
    /// The longest key that is a prefix of this.
    Longest(Bytes),
}

/// An entry, or a number.
pub(super) type Answer = Option<(Bytes, u32)>;

impl Op {
    /// A key that it is about.
    pub(super) fn key(self) -> Option<Bytes> {
        match self {
            Op::Get(key) | Op::Insert(key, _) | Op::Remove(key) => Some(key),
            _ => None,
        }
    }
}

pub(super) fn note(log: &Log<Op, Answer>, map: &Map, op: Op) {
    let begin = log.now();
    let answer = match op {
        Op::Get(key) => map.get(Key(key)).map(|value| (key, value)),
        Op::Insert(key, new) => map.update(Key(key), |_| Some(new)).map(|old| (key, old)),
        Op::Remove(key) => map.update(Key(key), |_| None).map(|old| (key, old)),
        Op::First => map.nearest(Side::First, None),
        Op::Last => map.nearest(Side::Last, None),
        Op::Above(key) => map.nearest(Side::First, Some(key)),
        Op::Below(key) => map.nearest(Side::Last, Some(key)),
        Op::PopFirst => map.pop(Side::First),
        Op::PopLast => map.pop(Side::Last),
        Op::Cut(prefix) => Some((prefix, map.cut(prefix))),
        Op::Longest(key) => map.longest(key),
    };
    log.note(begin, op, answer);
}

pub(super) type State = BTreeMap<Bytes, u32>;

pub(super) fn apply(state: &mut State, op: Op) -> Answer {
    let both = |(key, value): (&Bytes, &u32)| (*key, *value);
    match op {
        Op::Get(key) => state.get_key_value(key).map(both),
        Op::Insert(key, value) => state.insert(key, value).map(|old| (key, old)),
        Op::Remove(key) => state.remove_entry(key),
        Op::First => state.first_key_value().map(both),
        Op::Last => state.last_key_value().map(both),
        Op::Above(key) => state
            .range::<Bytes, _>((Excluded(key), Unbounded))
            .next()
            .map(both),
        Op::Below(key) => state.range::<Bytes, _>(..key).next_back().map(both),
        Op::PopFirst => state.pop_first(),
        Op::PopLast => state.pop_last(),
        Op::Cut(prefix) => {
            let before = state.len();
            state.retain(|key, _| !key.starts_with(prefix));
            Some((prefix, (before - state.len()) as u32))
        }
        Op::Longest(key) => {
            let mut all = state.iter().map(both);
            all.rfind(|(other, _)| key.starts_with(other))
        }
    }
}
