//! Grace periods for models: what is retired is gone when the sections are that were open then. What only keeps
//! books is hidden from loom, and orders nothing.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smr_core::primitive::{AtomicUsize, Ordering};

/// Sections, and what waits for their ends.
pub(crate) struct Grace<T> {
    books: Mutex<Books<T>>,
    /// What a section's opening acquires from what has been retired before: reclamation sees to that.
    clock: AtomicUsize,
}

struct Books<T> {
    open: BTreeSet<usize>,
    opened: usize,
    /// With the sections that were open when it was retired, and are.
    retired: Vec<(T, BTreeSet<usize>)>,
}

impl<T: PartialEq> Grace<T> {
    pub(crate) fn new() -> Self {
        let books = Books {
            open: BTreeSet::new(),
            opened: 0,
            retired: Vec::new(),
        };
        Grace {
            books: Mutex::new(books),
            clock: AtomicUsize::new(0),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books<T>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a section; its number.
    pub(crate) fn enter(&self) -> usize {
        self.clock.fetch_add(0, Ordering::Acquire);
        let mut books = self.books();
        books.opened += 1;
        let number = books.opened;
        books.open.insert(number);
        number
    }

    /// Closes it; [`gone`](Self::gone) tells what is gone by that.
    pub(crate) fn leave(&self, number: usize) {
        let mut books = self.books();
        books.open.remove(&number);
        for (_, open) in &mut books.retired {
            open.remove(&number);
        }
    }

    /// Retires something; [`gone`](Self::gone) tells whether it is gone at once.
    pub(crate) fn retire(&self, what: T) {
        self.clock.fetch_add(1, Ordering::Release);
        let mut books = self.books();
        let is_new = books.retired.iter().all(|(other, _)| *other != what);
        assert!(is_new, "not retired twice");
        let open = books.open.clone();
        books.retired.push((what, open));
    }

    /// What waited for sections that are over. Once each.
    pub(crate) fn gone(&self) -> impl Iterator<Item = T> {
        let mut books = self.books();
        let (gone, waiting): (Vec<_>, Vec<_>) = take(&mut books.retired)
            .into_iter()
            .partition(|(_, open)| open.is_empty());
        books.retired = waiting;
        gone.into_iter().map(|(what, _)| what)
    }

    /// Nothing waits, and no section is open.
    pub(crate) fn is_idle(&self) -> bool {
        let books = self.books();
        books.open.is_empty() && books.retired.is_empty()
    }
}
