//! Operations of threads, and what they would answer one after the other.

use std::collections::BTreeMap;

use super::map::{Bound, Key, Map};
use crate::modelling::Log;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Get(u8),
    Insert(u8, u32),
    Remove(u8),
    First,
    Last,
    Above(Bound),
    Below(Bound),
    PopFirst,
    PopLast,
    /// What a cursor goes over that is behind the first entry from a key on.
    Next(u8),
    /// And back over, that is before it.
    Prev(u8),
}

/// A value, or an entry.
type Answer = Option<(u8, u32)>;

pub(super) fn note<K: Key>(log: &Log<Op, Answer>, map: &Map<K>, op: Op) {
    let (mut op, mut begin) = (op, log.now());
    let value = |key, value: Option<u32>| value.map(|value| (key, value));
    let answer = match op {
        Op::Get(key) => value(key, map.get(key)),
        Op::Insert(key, new) => value(key, map.update(key, |_| Some(new))),
        Op::Remove(key) => value(key, map.update(key, |_| None)),
        Op::First => map.first(),
        Op::Last => map.below(Bound::End),
        Op::Above(bound) => map.above(bound),
        Op::Below(bound) => map.below(bound),
        Op::PopFirst => map.pop_first(),
        Op::PopLast => map.pop_last(),
        Op::Next(key) => map.beside(key, false, |at| (op, begin) = (Op::Next(at), log.now())),
        Op::Prev(key) => map.beside(key, true, |at| (op, begin) = (Op::Prev(at), log.now())),
    };
    log.note(begin, op, answer);
}

type State = BTreeMap<u8, u32>;

pub(super) fn apply(state: &mut State, op: Op) -> Answer {
    let pair = |(&key, &value): (&u8, &u32)| (key, value);
    match op {
        Op::Get(key) => state.get_key_value(&key).map(pair),
        Op::Insert(key, value) => state.insert(key, value).map(|old| (key, old)),
        Op::Remove(key) => state.remove_entry(&key),
        Op::First => state.iter().next().map(pair),
        Op::Last => state.iter().next_back().map(pair),
        Op::Above(bound) => state.iter().find(|&(&key, _)| !bound.holds(key)).map(pair),
        Op::Below(bound) => {
            let mut within = state.iter().filter(|&(&key, _)| bound.holds(key));
            within.next_back().map(pair)
        }
        Op::PopFirst => state.pop_first(),
        Op::PopLast => state.pop_last(),
        Op::Next(key) => state.iter().find(|&(&at, _)| at > key).map(pair),
        Op::Prev(key) => state.range(..key).next_back().map(pair),
    }
}
