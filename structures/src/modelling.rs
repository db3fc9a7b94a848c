//! What models of several structures share: which rule of a protocol is broken, what threads were told, and whether one
//! after the other could have been told the same. None of it orders anything: loom does not know of it.

use std::fmt::Debug;
use std::sync::Mutex;

use smr_core::primitive::plain::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use smr_core::primitive::{AtomicPtr, Ordering as Modelled};

/// Of a protocol's rules, by their numbers, which are above 0.
pub(crate) struct Switches {
    broken: AtomicU8,
    strict: AtomicBool,
}

impl Switches {
    pub(crate) const fn new() -> Switches {
        Switches {
            broken: AtomicU8::new(0),
            strict: AtomicBool::new(true),
        }
    }

    pub(crate) fn holds(&self, rule: u8) -> bool {
        self.broken.load(Ordering::Relaxed) != rule
    }

    pub(crate) fn break_one(&self, rule: Option<u8>) {
        self.broken.store(rule.unwrap_or(0), Ordering::Relaxed);
    }

    /// Whether words are loaded by operations that change nothing.
    pub(crate) fn is_strict(&self) -> bool {
        self.strict.load(Ordering::Relaxed)
    }

    pub(crate) fn set_strict(&self, strict: bool) {
        self.strict.store(strict, Ordering::Relaxed);
    }
}

/// A word, loaded by an operation that changes nothing: it sees the latest value, and loom takes it for a conflict with
/// all others. Of words that are never 2.
pub(crate) fn latest<T>(word: &AtomicPtr<T>) -> *mut T {
    let nowhere = core::ptr::without_provenance_mut(2);
    let order = (Modelled::AcqRel, Modelled::Acquire);
    let found = word.compare_exchange(nowhere, nowhere, order.0, order.1);
    found.expect_err("nothing is there")
}

/// Breaks one rule after the other; whether `caught` names a scenario that notices it, each time.
pub(crate) fn are_noticed<R: Copy + Debug>(
    rules: &[R],
    caught: impl Fn(R) -> Option<&'static str>,
) -> bool {
    rules.iter().fold(true, |all, &rule| {
        let caught = caught(rule);
        println!("{rule:?}: {}", caught.unwrap_or("NOT NOTICED"));
        all && caught.is_some()
    })
}

/// What a thread did, and was told, between two ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<O, A> {
    pub(crate) op: O,
    pub(crate) answer: A,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

pub(crate) struct Log<O, A> {
    clock: AtomicU64,
    events: Mutex<Vec<Event<O, A>>>,
}

impl<O: Copy, A: Copy> Log<O, A> {
    pub(crate) fn new() -> Self {
        Log {
            clock: AtomicU64::new(0),
            events: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// What has begun then ends now.
    pub(crate) fn note(&self, begin: u64, op: O, answer: A) {
        let event = Event {
            op,
            answer,
            begin,
            end: self.now(),
        };
        self.events.lock().unwrap().push(event);
    }

    pub(crate) fn events(&self) -> Vec<Event<O, A>> {
        self.events.lock().unwrap().clone()
    }
}

/// Whether the operations, each at an instant between its begin and its end, give these answers.
pub(crate) fn is_linearizable<O: Copy, A: PartialEq, S: Clone>(
    events: &[Event<O, A>],
    start: &S,
    apply: fn(&mut S, O) -> A,
) -> bool {
    fn search<O: Copy, A: PartialEq, S: Clone>(
        events: &[Event<O, A>],
        left: u64,
        state: &S,
        apply: fn(&mut S, O) -> A,
    ) -> bool {
        let waiting = || (0..events.len()).filter(|i| left & (1 << i) != 0);
        let Some(first_end) = waiting().map(|i| events[i].end).min() else {
            return true;
        };
        waiting().any(|i| {
            let mut state = state.clone();
            events[i].begin < first_end
                && apply(&mut state, events[i].op) == events[i].answer
                && search(events, left & !(1 << i), &state, apply)
        })
    }
    search(events, (1 << events.len()) - 1, start, apply)
}
