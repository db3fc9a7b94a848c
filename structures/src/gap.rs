//! Where a cursor is.

/// A place between entries, by one that it is beside.
#[derive(Clone, Copy, Debug)]
pub enum Gap<E> {
    Start,
    Before(E),
    After(E),
    End,
}

impl<E> Gap<E> {
    /// The same, of something else that an entry has.
    pub(crate) fn map<F>(self, f: impl FnOnce(E) -> F) -> Gap<F> {
        match self {
            Gap::Start => Gap::Start,
            Gap::Before(entry) => Gap::Before(f(entry)),
            Gap::After(entry) => Gap::After(f(entry)),
            Gap::End => Gap::End,
        }
    }
}
