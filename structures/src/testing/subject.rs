//! What is tested.

use super::spec::Call;

/// A map from numbers to numbers, however it is made.
pub trait Subject: Sync + Sized {
    /// Its name, for messages.
    const NAME: &'static str;

    /// What a thread needs to use it.
    type Session<'s>: Session
    where
        Self: 's;

    /// An empty one; with tiny parameters where it has some, so that everything happens often.
    fn new() -> Self;

    /// For the calling thread.
    fn session(&self) -> Self::Session<'_>;

    /// The number of entries, when nobody changes it.
    fn count(&self) -> usize;

    /// The entries, in any order, when nobody changes it.
    fn entries(&self) -> Vec<(u64, u64)>;

    /// Asserts its invariants.
    fn check(&mut self);
}

/// One thread's use of a subject.
pub trait Session {
    /// Does it, and answers.
    fn apply(&mut self, call: Call) -> Option<u64>;
}
