//! `congee`: an adaptive radix tree whose writers lock nodes; its keys have eight bytes.

use std::cell::RefCell;

use congee::Congee;
use crossbeam_epoch::Guard;

use super::{Ordered, Points};
use crate::subjects::{CrossbeamEpoch, settle};

/// So many entries are copied at once where all are visited.
const PART: usize = 1024;

/// `get`, `insert`, `remove`, `range`, pinned for each operation. There is no way to visit entries but
/// to copy them into a buffer, and none in descending order; the greatest key cannot be visited.
pub(crate) struct Art(Congee<usize, usize>);

thread_local! {
    /// What ranges are copied to: a fresh one each time would have to be cleared.
    static BUFFER: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
}

impl Points<u64> for Art {
    const NAME: &'static str = "congee";

    type Pin<'a> = (Guard, &'a Congee<usize, usize>);

    fn new() -> Self {
        Art(Congee::default())
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        (self.0.pin(), &self.0)
    }

    #[inline]
    fn get((guard, tree): &Self::Pin<'_>, key: &u64) -> Option<u64> {
        tree.get(&(*key as usize), guard).map(|v| v as u64)
    }

    #[inline]
    fn insert((guard, tree): &Self::Pin<'_>, key: u64, value: u64) -> bool {
        let old = tree.insert(key as usize, value as usize, guard);
        old.expect("there is memory").is_none()
    }

    #[inline]
    fn remove((guard, tree): &Self::Pin<'_>, key: &u64) -> bool {
        tree.remove(&(*key as usize), guard).is_some()
    }

    fn settle() {
        settle(&CrossbeamEpoch);
    }
}

impl Ordered<u64> for Art {
    #[inline]
    fn replace((guard, tree): &Self::Pin<'_>, key: u64, value: u64) {
        let old = tree.insert(key as usize, value as usize, guard);
        old.expect("there is memory");
    }

    #[inline]
    fn scan((guard, tree): &Self::Pin<'_>, from: &u64, count: usize, mut f: impl FnMut(&u64, u64)) {
        BUFFER.with_borrow_mut(|buffer| {
            if buffer.len() < count {
                buffer.resize(count, (0, 0));
            }
            let buffer = &mut buffer[..count];
            let found = tree.range(&(*from as usize), &usize::MAX, buffer, guard);
            for &(key, value) in &buffer[..found] {
                f(&(key as u64), value as u64);
            }
        });
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&u64, u64)) {
        let mut from = Some(0);
        while let Some(start) = from {
            let (mut visited, mut last) = (0, 0);
            Self::scan(pin, &start, PART, |&key, value| {
                f(&key, value);
                (visited, last) = (visited + 1, key);
            });
            from = (visited == PART).then(|| last + 1);
        }
    }
}
