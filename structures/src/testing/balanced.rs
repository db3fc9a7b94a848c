//! A map whose keys and values are counted.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::maps::Hash;
use super::payload::{Counted, Tally};
use crate::Smr;
use crate::hash_map::HashMap;

/// All hashes count.
pub const HONEST: u64 = 0;
/// One hash: the entries beyond some twenty are in a list.
pub const ONE: u64 = 1;

/// A map of counted keys and values, all of which must be gone in the end.
#[derive(Debug)]
pub struct Balanced<const KEPT: u64> {
    map: Option<HashMap<Counted, Counted, Hash<KEPT>>>,
    /// Counts the keys.
    pub keys: Tally,
    /// Counts the values.
    pub values: Tally,
}

impl<const KEPT: u64> Balanced<KEPT> {
    /// One with the keys, and values, below `entries`, in a domain of its own.
    #[must_use]
    pub fn with(entries: u64) -> Self {
        let this = Balanced {
            map: Some(HashMap::with_hasher_in(Hash::default(), &Smr::new())),
            keys: Tally::default(),
            values: Tally::default(),
        };
        for i in 0..entries {
            this.map().pin().insert(this.key(i), this.value(i));
        }
        this
    }

    /// The map.
    ///
    /// # Panics
    /// If it has been taken.
    #[must_use]
    pub fn map(&self) -> &HashMap<Counted, Counted, Hash<KEPT>> {
        self.map.as_ref().expect("it has not been taken")
    }

    /// The map itself: from here on only what it held is counted.
    ///
    /// # Panics
    /// If it has been taken.
    #[must_use]
    pub fn take(&mut self) -> HashMap<Counted, Counted, Hash<KEPT>> {
        self.map.take().expect("it has not been taken")
    }

    /// A key.
    #[must_use]
    pub fn key(&self, number: u64) -> Counted {
        self.keys.item(number)
    }

    /// A value.
    #[must_use]
    pub fn value(&self, number: u64) -> Counted {
        self.values.item(number)
    }

    /// Keys and values that have not been dropped.
    #[must_use]
    pub fn alive(&self) -> (usize, usize) {
        (self.keys.alive(), self.values.alive())
    }

    /// Asserts that what is not in the map has been dropped. No section may be open.
    ///
    /// # Panics
    /// If it has not, or the map has been taken.
    #[track_caller]
    pub fn balances(&mut self) {
        let map = self.map.as_mut().expect("it has not been taken");
        assert_eq!(map.flush(), 0, "no section is open");
        map.check();
        let len = map.len();
        assert_eq!(self.alive(), (len, len));
    }
}

impl<const KEPT: u64> Drop for Balanced<KEPT> {
    fn drop(&mut self) {
        drop(self.map.take());
        if !std::thread::panicking() {
            assert_eq!(self.alive(), (0, 0), "all have been dropped");
        }
    }
}

/// Whether the closure panics with "on purpose"; other panics go on.
///
/// # Panics
/// As the closure, otherwise.
pub fn panics<R>(f: impl FnOnce() -> R) -> bool {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => false,
        Err(panic) if panic.downcast_ref() == Some(&"on purpose") => true,
        Err(panic) => resume_unwind(panic),
    }
}
