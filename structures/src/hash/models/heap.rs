//! Nodes that items refer to. Reclamation here is as quick as may be: what is retired is gone when the sections
//! are that were open then, and the next node has its address. A node that is looked into before it has been
//! published to the thread, or after it is gone, fails the model.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smr_core::primitive::UnsafeCell;

use super::Pair;
use crate::grace::Grace;

/// Where a node is. Not 0.
pub(super) type Address = usize;

/// Nodes, and who may still look into them.
pub(super) struct Heap {
    grace: Grace<Address>,
    books: Mutex<Books>,
}

/// Hidden from loom; they order nothing.
#[derive(Default)]
struct Books {
    nodes: Vec<Option<Arc<UnsafeCell<Pair>>>>,
    free: Vec<Address>,
}

/// An open section.
pub(super) struct Pin<'h>(&'h Heap, usize);

impl Heap {
    pub(super) fn new() -> Heap {
        Heap {
            grace: Grace::new(),
            books: Mutex::default(),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pin(&self) -> Pin<'_> {
        Pin(self, self.grace.enter())
    }

    pub(super) fn alloc(&self, pair: Pair) -> Address {
        let node = Some(Arc::new(UnsafeCell::new(pair)));
        let mut books = self.books();
        match books.free.pop() {
            Some(at) => {
                books.nodes[at - 1] = node;
                at
            }
            None => {
                books.nodes.push(node);
                books.nodes.len()
            }
        }
    }

    fn node(&self, at: Address) -> Arc<UnsafeCell<Pair>> {
        let node = self.books().nodes[at - 1].clone();
        node.expect("a node that is looked into is there")
    }

    pub(super) fn read(&self, at: Address) -> Pair {
        // SAFETY: loom checks that nobody writes meanwhile.
        self.node(at).with(|pair| unsafe { *pair })
    }

    pub(super) fn write(&self, at: Address, new: Pair) {
        // SAFETY: loom checks that nobody looks meanwhile.
        self.node(at).with_mut(|pair| unsafe { *pair = new });
    }

    pub(super) fn retire(&self, at: Address) {
        self.grace.retire(at);
        self.reclaim();
    }

    /// Of one that was never published, or of a map that is nobody else's.
    pub(super) fn dispose(&self, at: Address) {
        let mut books = self.books();
        let node = books.nodes[at - 1].take();
        assert!(node.is_some(), "not freed twice");
        books.free.push(at);
    }

    fn reclaim(&self) {
        self.grace.gone().for_each(|at| self.dispose(at));
    }

    /// Nothing is left.
    pub(super) fn check_empty(&self) {
        assert!(self.grace.is_idle());
        let books = self.books();
        assert!(books.nodes.iter().all(Option::is_none), "a node is lost");
    }
}

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        self.0.grace.leave(self.1);
        self.0.reclaim();
    }
}
