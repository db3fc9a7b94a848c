//! What threads did and were told, and whether one after the other could have been told the same.

use std::collections::BTreeMap;
use std::sync::Mutex;

use smr_core::primitive::plain::{AtomicU64, Ordering};

use super::map::{Key, Map};

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Get(&'static [u8]),
    Insert(&'static [u8], u32),
    Remove(&'static [u8]),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    op: Op,
    answer: Option<u32>,
    begin: u64,
    end: u64,
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

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn run(&self, map: &Map, op: Op) -> Option<u32> {
        let begin = self.now();
        let answer = match op {
            Op::Get(key) => map.get(Key(key)),
            Op::Insert(key, new) => map.update(Key(key), |_| Some(new)),
            Op::Remove(key) => map.update(Key(key), |_| None),
        };
        let end = self.now();
        self.events.lock().unwrap().push(Event {
            op,
            answer,
            begin,
            end,
        });
        answer
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

pub(super) type State = BTreeMap<&'static [u8], u32>;

fn apply(state: &mut State, op: Op) -> Option<u32> {
    match op {
        Op::Get(key) => state.get(key).copied(),
        Op::Insert(key, value) => state.insert(key, value),
        Op::Remove(key) => state.remove(key),
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
