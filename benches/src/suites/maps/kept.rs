//! Filled maps that live on from one round to the next.
//!
//! To fill a map takes longer than to measure it. What is only read, or is at the end of a
//! measurement what it was before but for chance, is filled once; one that is written goes on from
//! where it was, with whatever it has to clear away by then, as in a program that runs for long.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Larger maps are filled for each measurement: there would be no room for all of them.
const MOST: u64 = 2_000_000;

/// What a map is kept for. Cases whose uses are the same share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::suites) enum Use {
    /// Lookups, and nothing else.
    Read,
    /// Entries come and go; any half of the keys may be there.
    Mix,
    /// Values change.
    Update,
    /// Entries come and go in order, by so many threads.
    Churn(usize),
    /// The least entries go.
    Queue,
    /// So many of the entries go and come back in turn, by one thread.
    Flap(usize),
}

/// Maps, and how often each was asked for.
type Store = HashMap<(TypeId, Use, u64), (Arc<dyn Any + Send + Sync>, u64)>;

static KEPT: Mutex<Option<Store>> = Mutex::new(None);

/// The map of `n` entries that is kept for a use, or a fresh one if there is none yet; and how often
/// it was asked for before. Who writes to it derives random numbers from that: the same writes once
/// more would find everything done.
pub(in crate::suites) fn kept<T: Send + Sync + 'static>(
    purpose: Use,
    n: u64,
    fill: impl FnOnce() -> T,
) -> (Arc<T>, u64) {
    if n > MOST {
        return (Arc::new(fill()), 0);
    }
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = (TypeId::of::<T>(), purpose, n);
    let (map, asked) = kept
        .get_or_insert_default()
        .entry(slot)
        .or_insert_with(|| (Arc::new(fill()), 0));
    let before = *asked;
    *asked += 1;
    let map = Arc::clone(map).downcast();
    (map.expect("the type is part of the slot"), before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_for_each_type_use_and_size() {
        let ask = |purpose, n, fresh: u8| {
            let (value, before) = kept(purpose, n, || fresh);
            (*value, before)
        };
        assert_eq!(ask(Use::Read, 10, 1), (1, 0));
        assert_eq!(ask(Use::Read, 10, 2), (1, 1));
        assert_eq!(ask(Use::Mix, 10, 3), (3, 0));
        assert_eq!(ask(Use::Churn(1), 10, 4), (4, 0));
        assert_eq!(ask(Use::Churn(2), 10, 5), (5, 0));
        assert_eq!(ask(Use::Flap(1), 10, 9), (9, 0));
        assert_eq!(ask(Use::Read, 11, 6), (6, 0));
        assert_eq!(ask(Use::Read, MOST + 1, 7), (7, 0));
        assert_eq!(ask(Use::Read, MOST + 1, 8), (8, 0));
        assert_eq!(*kept(Use::Read, 10, || "another type").0, "another type");
    }
}
