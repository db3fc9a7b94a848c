//! What several threads have done to something, recorded as they do it and checked in the end.

use std::fmt::Debug;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::history::{self, Clock, Event, Log};
use super::spec::Spec;

/// An event of what is specified so.
type Of<S> = Event<<S as Spec>::Call, <S as Spec>::Answer>;

/// What has happened to something that is specified so.
#[derive(Default, Debug)]
pub struct Past<S: Spec> {
    clock: Clock,
    /// What was there to begin with, and what has happened since.
    happened: Mutex<(S, Vec<Of<S>>)>,
}

impl<S: Spec<Answer: Clone>> Past<S> {
    fn happened(&self) -> MutexGuard<'_, (S, Vec<Of<S>>)> {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This is there to begin with.
    pub fn begin(&self, state: S) {
        self.happened().0 = state;
    }

    /// For what a thread is about to do.
    pub fn log(&self) -> Log<'_, S::Call, S::Answer> {
        Log::new(&self.clock)
    }

    /// What a thread has done.
    pub fn add(&self, log: Log<'_, S::Call, S::Answer>) {
        self.happened().1.extend(log.into_events());
    }

    /// Does these, one after the other, and records it.
    pub fn record(
        &self,
        calls: impl IntoIterator<Item = S::Call>,
        mut act: impl FnMut(S::Call) -> S::Answer,
    ) {
        let mut log = self.log();
        for call in calls {
            log.record(call, &mut act);
        }
        self.add(log);
    }

    /// Asserts that one order explains all that has happened, with this as the last. What is there now is what the past
    /// begins with then.
    ///
    /// # Panics
    /// If there is none, with the history.
    pub fn check(&self, name: &str, last: S::Call, answer: S::Answer, now: S)
    where
        S: Debug,
    {
        self.record([last], |_| answer.clone());
        let end = format!("{now:?}");
        let (before, events) = mem::replace(&mut *self.happened(), (now, Vec::new()));
        if let Err(events) = history::in_one_order(before, events) {
            let history = history::show(&events);
            panic!("{name}: no order explains\n{history}in the end {end}");
        }
    }
}
