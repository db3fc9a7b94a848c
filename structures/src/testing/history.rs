//! Histories, and whether they are linearizable: whether there is an order of the operations that the
//! specification allows and that keeps to the order of those that did not overlap.
//!
//! A history of a map is linearizable if that of each key is (Herlihy and Wing: linearizability is
//! local), so keys are checked one by one, unless there are operations that depend on several. The search
//! is Wing and Gong's with Lowe's memory of where it has been.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use super::spec::{Call, Spec};

/// What orders events: each tick is later than every tick before it.
#[derive(Default, Debug)]
pub struct Clock(AtomicU64);

impl Clock {
    /// A clock that goes on after these.
    #[must_use]
    pub fn after<C, A>(events: &[Event<C, A>]) -> Clock {
        let last = events.iter().map(|e| e.end).max();
        Clock(AtomicU64::new(last.map_or(0, |last| last + 1)))
    }

    fn tick(&self) -> u64 {
        // SeqCst: what is recorded is the order of calls in real time, not one that some thread may see.
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// An operation that has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event<C = Call, A = Option<u64>> {
    /// What was asked.
    pub call: C,
    /// What came of it.
    pub answer: A,
    start: u64,
    end: u64,
}

/// The events of one thread.
#[derive(Debug)]
pub struct Log<'c, C = Call, A = Option<u64>> {
    clock: &'c Clock,
    events: Vec<Event<C, A>>,
}

impl<'c, C: Copy, A: Clone> Log<'c, C, A> {
    /// An empty one.
    #[must_use]
    pub fn new(clock: &'c Clock) -> Self {
        Log {
            clock,
            events: Vec::new(),
        }
    }

    /// Records what `f` does, and what came of it.
    pub fn record(&mut self, call: C, f: impl FnOnce(C) -> A) -> A {
        let start = self.clock.tick();
        let answer = f(call);
        let end = self.clock.tick();
        self.events.push(Event {
            call,
            answer: answer.clone(),
            start,
            end,
        });
        answer
    }

    /// What has been recorded.
    #[must_use]
    pub fn into_events(self) -> Vec<Event<C, A>> {
        self.events
    }
}

/// The most events of one key.
pub const MOST: usize = 256;

/// Events that have been put in order.
type Set = [u64; MOST / 64];

/// Checks a history that began with `initial`.
///
/// # Errors
/// The events of a key for which there is no order.
///
/// # Panics
/// If there are more than [`MOST`] events of a key.
pub fn linearizable(
    initial: &BTreeMap<u64, u64>,
    events: impl IntoIterator<Item = Event>,
) -> Result<(), Vec<Event>> {
    let mut keys: BTreeMap<u64, Vec<Event>> = BTreeMap::new();
    for event in events {
        keys.entry(event.call.key).or_default().push(event);
    }
    for (key, events) in keys {
        in_one_order(initial.get(&key).copied(), events)?;
    }
    Ok(())
}

/// An event of what is specified so.
type Of<S> = Event<<S as Spec>::Call, <S as Spec>::Answer>;

/// Checks a history of what began in the state `initial`, as a whole.
///
/// # Errors
/// The events, by start, if there is no order.
///
/// # Panics
/// If there are more than [`MOST`].
pub fn in_one_order<S: Spec>(
    initial: S,
    events: impl IntoIterator<Item = Of<S>>,
) -> Result<(), Vec<Of<S>>> {
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort_by_key(|e| e.start);
    if has_order(initial, &events) {
        Ok(())
    } else {
        Err(events)
    }
}

/// An event that has been put in order.
struct Placed<S> {
    event: usize,
    /// The state before it.
    before: S,
    /// There is no use in trying another one in its place.
    only: bool,
}

/// Searches in depth. An event that may come next and changes nothing is put there at once, and nothing
/// else is tried: wherever else it could stand, the others can stay as they are.
fn has_order<S: Spec>(mut state: S, events: &[Of<S>]) -> bool {
    assert!(events.len() <= MOST, "at most {MOST} events together");
    let mut placed: Set = Set::default();
    let mut path: Vec<Placed<S>> = Vec::new();
    let mut seen: HashSet<(Set, S)> = HashSet::new();
    let mut from = 0;
    while path.len() < events.len() {
        match next(events, &placed, &state, from) {
            Some((event, after)) => {
                placed[event / 64] |= 1 << (event % 64);
                let only = after == state;
                if only || seen.insert((placed, after.clone())) {
                    let before = std::mem::replace(&mut state, after);
                    path.push(Placed {
                        event,
                        before,
                        only,
                    });
                    from = 0;
                } else {
                    placed[event / 64] &= !(1 << (event % 64));
                    from = event + 1;
                }
            }
            None => loop {
                let Some(last) = path.pop() else {
                    return false;
                };
                placed[last.event / 64] &= !(1 << (last.event % 64));
                state = last.before;
                if !last.only {
                    from = last.event + 1;
                    break;
                }
            },
        }
    }
    true
}

/// An event that may come next: no other that is left ended before it began, and the specification gives
/// its answer. One that changes nothing if there is one, else the first from `from` on.
fn next<S: Spec>(events: &[Of<S>], placed: &Set, state: &S, from: usize) -> Option<(usize, S)> {
    let left = |i: &usize| placed[i / 64] & (1 << (i % 64)) == 0;
    let first_end = (0..events.len())
        .filter(left)
        .map(|i| events[i].end)
        .min()?;
    let candidates = (0..events.len())
        .filter(left)
        .take_while(|&i| events[i].start < first_end);
    let allowed = candidates.filter_map(|i| {
        let mut after = state.clone();
        let answer = after.answer(events[i].call);
        (answer == events[i].answer).then_some((i, after))
    });
    let mut first = None;
    for (i, after) in allowed {
        if after == *state {
            return Some((i, after));
        }
        if i >= from && first.is_none() {
            first = Some((i, after));
        }
    }
    first
}

/// A history as text, one line an event, by start.
#[must_use]
pub fn show<C: Debug, A: Debug>(events: &[Event<C, A>]) -> String {
    let line = |e: &Event<C, A>| {
        let Event { call, answer, .. } = e;
        format!("{:6} – {:6}  {call:?} → {answer:?}\n", e.start, e.end)
    };
    events.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Op;

    fn event(op: Op, answer: Option<u64>, start: u64, end: u64) -> Event {
        let call = Call { key: 1, op };
        Event {
            call,
            answer,
            start,
            end,
        }
    }

    fn ok(events: &[Event]) -> bool {
        linearizable(&BTreeMap::new(), events.iter().copied()).is_ok()
    }

    #[test]
    fn sequences_are_checked_in_order() {
        let insert = event(Op::Insert(1), None, 0, 1);
        assert!(ok(&[insert, event(Op::Get, Some(1), 2, 3)]));
        assert!(!ok(&[insert, event(Op::Get, None, 2, 3)]));
        assert!(!ok(&[insert, event(Op::Insert(2), None, 2, 3)]));
        let initial = BTreeMap::from([(1, 4)]);
        assert!(linearizable(&initial, [event(Op::Remove, Some(4), 0, 1)]).is_ok());
        assert!(linearizable(&initial, [event(Op::Remove, None, 0, 1)]).is_err());
    }

    #[test]
    fn what_overlaps_may_come_in_either_order() {
        let insert = event(Op::Insert(1), None, 0, 9);
        for seen in [None, Some(1)] {
            assert!(ok(&[insert, event(Op::Get, seen, 1, 2)]));
        }
        // But not back and forth.
        let back = [event(Op::Get, Some(1), 1, 2), event(Op::Get, None, 3, 4)];
        assert!(!ok(&[insert, back[0], back[1]]));
        // Two removals of one value.
        let twice = [
            event(Op::Remove, Some(1), 10, 20),
            event(Op::Remove, Some(1), 11, 21),
        ];
        assert!(!ok(&[insert, twice[0], twice[1]]));
    }

    #[test]
    fn the_search_goes_back() {
        // Insert(1) must come after Insert(2), although it is tried first.
        let events = [
            event(Op::Insert(1), Some(2), 0, 10),
            event(Op::Insert(2), None, 1, 11),
            event(Op::Get, Some(1), 20, 21),
        ];
        assert!(ok(&events));
    }

    /// Many operations at once: without a memory the search would take for ever.
    #[test]
    fn a_wide_history_is_checked_fast() {
        let mut events: Vec<_> = (0..30).map(|i| event(Op::Get, None, i, 1_000)).collect();
        events.push(event(Op::Insert(1), None, 500, 1_000));
        assert!(ok(&events));
        events.push(event(Op::Get, Some(2), 501, 1_000));
        assert!(!ok(&events));
    }
}
