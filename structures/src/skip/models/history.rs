//! What threads did and were told, and whether one after the other could have been told the same.

use std::collections::BTreeMap;
use std::sync::Mutex;

use smr_core::primitive::plain::{AtomicU64, Ordering};

use super::map::{Bound, Key, Map};

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

#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) op: Op,
    pub(super) answer: Answer,
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// Its clock and its list order nothing: loom does not know of them.
pub(super) struct Log {
    clock: AtomicU64,
    events: Mutex<Vec<Event>>,
}

impl Log {
    pub(super) fn new() -> Log {
        Log {
            clock: AtomicU64::new(0),
            events: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn run<K: Key>(&self, map: &Map<K>, op: Op) {
        let (mut op, mut begin) = (op, self.now());
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
            Op::Next(key) => map.beside(key, false, |at| (op, begin) = (Op::Next(at), self.now())),
            Op::Prev(key) => map.beside(key, true, |at| (op, begin) = (Op::Prev(at), self.now())),
        };
        let end = self.now();
        self.events.lock().unwrap().push(Event {
            op,
            answer,
            begin,
            end,
        });
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

type State = BTreeMap<u8, u32>;

fn apply(state: &mut State, op: Op) -> Answer {
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

/// Whether the operations, each at an instant between its begin and its end, give these answers.
pub(super) fn is_linearizable(events: &[Event], start: &State) -> bool {
    fn search(events: &[Event], left: u64, state: &State) -> bool {
        let waiting = || (0..events.len()).filter(|i| left & (1 << i) != 0);
        let Some(first_end) = waiting().map(|i| events[i].end).min() else {
            return true;
        };
        waiting().any(|i| {
            let mut state = state.clone();
            events[i].begin < first_end
                && apply(&mut state, events[i].op) == events[i].answer
                && search(events, left & !(1 << i), &state)
        })
    }
    search(events, (1 << events.len()) - 1, start)
}
