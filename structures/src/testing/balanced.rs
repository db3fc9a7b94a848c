//! Maps whose keys and values are counted.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::maps::Hash;
use super::payload::{Counted, Tally};
use crate::Smr;
use crate::hash_map::HashMap;
use crate::skip_map::SkipMap;

/// All hashes count.
pub const HONEST: u64 = 0;
/// One hash: the entries beyond some twenty are in a list.
pub const ONE: u64 = 1;

/// A key that is made of a number. Equal numbers make equal keys, lower ones lower keys.
pub trait Key: Ord + Clone + Debug + Send + Sync {
    /// Whether keys count themselves.
    const COUNTS: bool = false;

    /// That of a number.
    fn of(number: u64, keys: &Tally) -> Self;

    /// Its number.
    fn number(&self) -> u64;
}

impl Key for Counted {
    const COUNTS: bool = true;

    fn of(number: u64, keys: &Tally) -> Counted {
        keys.item(number)
    }

    fn number(&self) -> u64 {
        self.number()
    }
}

impl Key for u64 {
    fn of(number: u64, _: &Tally) -> u64 {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// What the keys that are strings begin with.
const PREFIX: &str = "what they have in common: ";

impl Key for String {
    fn of(number: u64, _: &Tally) -> String {
        format!("{PREFIX}{number:08}")
    }

    fn number(&self) -> u64 {
        let number = self.strip_prefix(PREFIX).expect("one of these");
        number.parse().expect("one of these")
    }
}

/// A map of such keys and of counted values.
pub trait Holder: Sized {
    /// Its keys.
    type Key: Key;
    /// Whether keys of entries that are gone may stay, at most one for each that is there, and two: they are where
    /// chunks begin.
    const KEEPS_KEYS: bool = false;

    /// An empty one, in a domain of its own.
    fn empty() -> Self;

    /// Stores an entry.
    fn put(&self, key: Self::Key, value: Counted);

    /// How many there are.
    fn count(&self) -> usize;

    /// Drops what was removed; what still waits.
    fn flush(&self) -> usize;

    /// Asserts the invariants.
    fn check(&mut self);
}

impl<const KEPT: u64> Holder for HashMap<Counted, Counted, Hash<KEPT>> {
    type Key = Counted;

    fn empty() -> Self {
        HashMap::with_hasher_in(Hash::default(), &Smr::new())
    }

    fn put(&self, key: Counted, value: Counted) {
        self.pin().insert(key, value);
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn flush(&self) -> usize {
        self.flush()
    }

    fn check(&mut self) {
        self.check();
    }
}

impl<K: Key> Holder for SkipMap<K, Counted> {
    type Key = K;
    const KEEPS_KEYS: bool = true;

    fn empty() -> Self {
        SkipMap::builder().domain(&Smr::new()).build()
    }

    fn put(&self, key: K, value: Counted) {
        self.pin().insert(key, value);
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn flush(&self) -> usize {
        self.flush()
    }

    fn check(&mut self) {
        self.check();
    }
}

/// A hash map of counted keys and values.
pub type Balanced<const KEPT: u64> = Balance<HashMap<Counted, Counted, Hash<KEPT>>>;

/// An ordered map of counted values, and of keys that may be counted.
pub type Ordered<K> = Balance<SkipMap<K, Counted>>;

/// A map whose keys and values must all be gone in the end.
#[derive(Debug)]
pub struct Balance<M: Holder> {
    map: Option<M>,
    /// Counts the keys.
    pub keys: Tally,
    /// Counts the values.
    pub values: Tally,
}

impl<M: Holder> Balance<M> {
    /// One with the keys, and values, below `entries`, in a domain of its own.
    #[must_use]
    pub fn with(entries: u64) -> Self {
        let this = Balance {
            map: Some(M::empty()),
            keys: Tally::default(),
            values: Tally::default(),
        };
        for i in 0..entries {
            this.map().put(this.key(i), this.value(i));
        }
        this
    }

    /// The map.
    ///
    /// # Panics
    /// If it has been taken.
    #[must_use]
    pub fn map(&self) -> &M {
        self.map.as_ref().expect("it has not been taken")
    }

    /// The map itself: from here on only what it held is counted.
    ///
    /// # Panics
    /// If it has been taken.
    #[must_use]
    pub fn take(&mut self) -> M {
        self.map.take().expect("it has not been taken")
    }

    /// A key.
    #[must_use]
    pub fn key(&self, number: u64) -> M::Key {
        M::Key::of(number, &self.keys)
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

    /// What is alive if so many entries are.
    #[must_use]
    pub fn of(entries: usize) -> (usize, usize) {
        (entries * usize::from(M::Key::COUNTS), entries)
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
        let len = map.count();
        let (keys, values) = Self::of(len);
        let kept = self.keys.alive() - keys;
        assert_eq!((kept.min(keys + 2), self.values.alive()), (kept, values));
        assert!(kept == 0 || M::KEEPS_KEYS, "{kept} keys too many");
    }
}

impl<M: Holder> Drop for Balance<M> {
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
