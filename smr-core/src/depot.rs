//! Where threads leave buckets for each other: a lock-free stack that is only ever taken whole.
//!
//! Taking everything with one swap needs no protection against reuse of addresses; what the taker
//! does not want it puts back with one compare-and-swap.

use core::alloc::Layout;
use core::ptr;

use crate::primitive::AtomicPtr;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::step::{Step, order};

#[derive(Debug)]
struct Node<B> {
    next: *mut Node<B>,
    item: B,
}

/// The stack.
#[derive(Debug)]
pub(crate) struct Depot<B> {
    head: AtomicPtr<Node<B>>,
}

// SAFETY: the items move between threads, nothing is shared.
unsafe impl<B: Send> Send for Depot<B> {}
// SAFETY: as above.
unsafe impl<B: Send> Sync for Depot<B> {}

/// What was taken from a depot; an iterator over it, latest first.
#[derive(Debug)]
pub(crate) struct Taken<B> {
    head: *mut Node<B>,
}

impl<B> Depot<B> {
    crate::primitive::const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                head: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// Whether there was nothing at the time of the load.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head.load(Relaxed).is_null()
    }

    /// Leaves an item, or hands it back if there is no memory for its node. Lock-free.
    pub(crate) fn push(&self, item: B) -> Result<(), B> {
        let next = ptr::null_mut();
        let node = try_box(Node { next, item }).map_err(|node| node.item)?;
        self.push_chain(node, node);
        Ok(())
    }

    /// Links `first..=last` in front.
    fn push_chain(&self, first: *mut Node<B>, last: *mut Node<B>) {
        let mut head = self.head.load(Relaxed);
        loop {
            // SAFETY: the chain is the caller's until the CAS publishes it.
            unsafe { (*last).next = head };
            // Release: publishes the chain, to the Acquire of `take`.
            match self.head.compare_exchange_weak(
                head,
                first,
                order(Step::DepotPush, Release),
                Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Takes everything. Wait-free.
    pub(crate) fn take(&self) -> Taken<B> {
        if self.is_empty() {
            return Taken {
                head: ptr::null_mut(),
            };
        }
        Taken {
            // Acquire: pairs with the Release of every push whose chain is taken (each push's CAS is
            // in the release sequence of those before it).
            head: self
                .head
                .swap(ptr::null_mut(), order(Step::DepotTake, Acquire)),
        }
    }

    /// Takes one item, the latest; what else is there is away for a moment.
    pub(crate) fn take_one(&self) -> Option<B> {
        let mut taken = self.take();
        let item = taken.next()?;
        self.put_back(taken);
        Some(item)
    }

    /// Puts back what was taken.
    pub(crate) fn put_back(&self, mut taken: Taken<B>) {
        let first = core::mem::replace(&mut taken.head, ptr::null_mut());
        if first.is_null() {
            return;
        }
        // Mostly nothing has come meanwhile. Else each node may cost a miss. Release: publishes the chain, to the
        // Acquire of `take`. Relaxed on failure: `push_chain` looks again.
        let release = order(Step::DepotPush, Release);
        let null = ptr::null_mut();
        if self
            .head
            .compare_exchange(null, first, release, Relaxed)
            .is_ok()
        {
            return;
        }
        let mut last = first;
        loop {
            // SAFETY: the nodes are the taker's.
            let next = unsafe { (*last).next };
            if next.is_null() {
                break;
            }
            last = next;
        }
        self.push_chain(first, last);
    }
}

/// `Box::into_raw(Box::new(value))`, except that the value comes back if memory is short.
pub(crate) fn try_box<T>(value: T) -> Result<*mut T, T> {
    const { assert!(size_of::<T>() > 0) };
    // SAFETY: the size is not zero.
    let place = unsafe { std::alloc::alloc(Layout::new::<T>()) }.cast::<T>();
    if place.is_null() {
        return Err(value);
    }
    // SAFETY: fresh memory of the value's layout.
    unsafe { place.write(value) };
    Ok(place)
}

impl<B> Iterator for Taken<B> {
    type Item = B;

    fn next(&mut self) -> Option<B> {
        if self.head.is_null() {
            return None;
        }
        // SAFETY: the node was allocated like a box by `try_box` and is the taker's alone.
        let node = unsafe { Box::from_raw(self.head) };
        self.head = node.next;
        Some(node.item)
    }
}

impl<B> Taken<B> {
    /// What was taken, in place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &B> {
        let mut node = self.head;
        core::iter::from_fn(move || {
            // SAFETY: null, or a node of the taker's, which is borrowed.
            let this = unsafe { node.as_ref() }?;
            node = this.next;
            Some(&this.item)
        })
    }

    /// The item that `next` would take.
    pub(crate) fn first_mut(&mut self) -> Option<&mut B> {
        // SAFETY: null, or a node of the taker's, which is borrowed.
        let this = unsafe { self.head.as_mut() }?;
        Some(&mut this.item)
    }

    /// Splits what was taken in two: that for which `f` is true, and the rest. Allocates nothing.
    pub(crate) fn partition(mut self, mut f: impl FnMut(&B) -> bool) -> (Taken<B>, Taken<B>) {
        let mut split = [ptr::null_mut(), ptr::null_mut()];
        let mut node = core::mem::replace(&mut self.head, ptr::null_mut());
        // SAFETY: null, or a node of the taker's, which nobody else refers to.
        while let Some(this) = unsafe { node.as_mut() } {
            let to = &mut split[usize::from(f(&this.item))];
            let rest = core::mem::replace(&mut this.next, *to);
            *to = node;
            node = rest;
        }
        let [no, yes] = split.map(|head| Taken { head });
        (yes, no)
    }
}

impl<B> Drop for Taken<B> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl<B> Drop for Depot<B> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_taken_once() {
        let depot = Depot::new();
        assert!(depot.is_empty());
        for i in 0..5 {
            depot.push(Box::new(i)).unwrap();
        }
        assert_eq!(*depot.take_one().unwrap(), 4);
        let mut rest = depot.take();
        assert!(depot.is_empty());
        assert_eq!(*rest.next().unwrap(), 3);
        depot.push(Box::new(9)).unwrap();
        depot.put_back(rest);
        let all: Vec<i32> = depot.take().map(|b| *b).collect();
        assert_eq!(all, [2, 1, 0, 9]);
        assert!(depot.take_one().is_none());
        for i in 0..6 {
            depot.push(Box::new(i)).unwrap();
        }
        let taken = depot.take();
        assert_eq!(taken.iter().map(|b| **b).sum::<i32>(), 15);
        let (even, odd) = taken.partition(|b| **b % 2 == 0);
        depot.put_back(odd);
        assert_eq!(even.map(|b| *b).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(depot.take().map(|b| *b).collect::<Vec<_>>(), [1, 3, 5]);
        depot.push(Box::new(7)).unwrap();
    }
}

#[cfg(all(test, smr_loom))]
mod models {
    use super::Depot;
    use crate::primitive::{Arc, OwnerCell, model, thread};
    use crate::step::{Step, holds_and_catches};

    /// Two threads push, take, and put back; what an item holds must come along with it.
    fn push_and_take() {
        let depot = Arc::new(Depot::new());
        let other = {
            let depot = depot.clone();
            thread::spawn(move || {
                let item = OwnerCell::new(0);
                // SAFETY: loom checks that nobody else is at the item.
                unsafe { item.set(1) };
                depot.push(item).unwrap();
                if let Some(item) = depot.take_one() {
                    // SAFETY: as above.
                    unsafe { item.with(|value| *value += 1) };
                    depot.push(item).unwrap();
                }
            })
        };
        depot.push(OwnerCell::new(1)).unwrap();
        let mut taken = 0;
        for item in depot.take() {
            // SAFETY: as above.
            assert!(unsafe { item.get() } > 0);
            taken += 1;
        }
        other.join().unwrap();
        assert_eq!(taken + depot.take().count(), 2, "an item was lost");
    }

    #[test]
    fn items_come_whole() {
        let steps = [Step::DepotPush, Step::DepotTake];
        holds_and_catches(|| model(push_and_take), &steps);
    }
}
