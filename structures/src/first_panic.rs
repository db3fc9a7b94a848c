//! Panics on the way of something that has to be finished.

use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The first of them.
#[derive(Default)]
pub(crate) struct FirstPanic(Option<Box<dyn Any + Send>>);

impl FirstPanic {
    /// What `f` returns, unless it panics.
    pub(crate) fn catch<T>(&mut self, f: impl FnOnce() -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(answer) => Some(answer),
            Err(caught) => {
                match &self.0 {
                    None => self.0 = Some(caught),
                    Some(_) => discard(caught),
                }
                None
            }
        }
    }

    /// Goes on with it, unless the thread panics already.
    pub(crate) fn finish(self) {
        match self.0 {
            Some(panic) if std::thread::panicking() => discard(panic),
            Some(panic) => resume_unwind(panic),
            None => {}
        }
    }
}

/// Drops what a panic has left, which may panic, too.
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        core::mem::forget(again);
    }
}
