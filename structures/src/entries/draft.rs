//! Entries that are about to be published.

use core::cell::{Cell, UnsafeCell};
use core::mem::MaybeUninit;
use core::ptr;

/// Where the nodes of a map are from.
///
/// # Safety
/// Nodes are what they are said to be: `key` and `value` point into the node, to what it was made of, until it
/// is taken apart or disposed of.
pub(crate) unsafe trait Nodes<K, V> {
    type Node;

    /// A node that nobody else has. Aborts if there is no memory.
    fn make(&self, key: K, value: V) -> *mut Self::Node;

    /// # Safety
    /// A node, which is there.
    unsafe fn key(node: *mut Self::Node) -> *mut K;

    /// # Safety
    /// A node, which is there.
    unsafe fn value(node: *mut Self::Node) -> *mut V;

    /// What is in a node.
    ///
    /// # Safety
    /// Of `make`, and nobody else has it. Once.
    unsafe fn take(&self, node: *mut Self::Node) -> (K, V);
}

/// An entry that is about to be published. Until it is made the key waits here, and the value if it is known
/// by then. Dropped with what is in it, unless it is published.
///
/// Shared references only, so that the key can be looked for while the closure that decides about the value
/// has the draft, too.
pub(crate) struct Draft<N: Nodes<K, V>, K, V> {
    nodes: N,
    state: Cell<State>,
    /// Initialized as long as the state is `Key` or `Entry`.
    key: UnsafeCell<MaybeUninit<K>>,
    /// Initialized as long as the state is `Entry`.
    value: UnsafeCell<MaybeUninit<V>>,
    /// This draft's own, if the state is `Node`.
    node: Cell<*mut N::Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Key,
    /// A key and its value.
    Entry,
    Node,
    /// Published, or taken apart.
    Gone,
}

impl<N: Nodes<K, V>, K, V> Draft<N, K, V> {
    #[inline]
    pub(crate) fn new(nodes: N, key: K, value: Option<V>) -> Self {
        let state = match value {
            None => State::Key,
            Some(_) => State::Entry,
        };
        Draft {
            nodes,
            state: Cell::new(state),
            key: UnsafeCell::new(MaybeUninit::new(key)),
            value: UnsafeCell::new(value.map_or(MaybeUninit::uninit(), MaybeUninit::new)),
            node: Cell::new(ptr::null_mut()),
        }
    }

    #[inline]
    pub(crate) fn key(&self) -> &K {
        match self.state.get() {
            State::Key | State::Entry => {
                // SAFETY: who moves it is not called by who looks at it.
                let key = unsafe { &*self.key.get() };
                // SAFETY: it is there in these states.
                unsafe { key.assume_init_ref() }
            }
            State::Node => {
                // SAFETY: a node.
                let key = unsafe { N::key(self.node.get()) };
                // SAFETY: this draft's own.
                unsafe { &*key }
            }
            State::Gone => unreachable!("only a draft in use is looked at"),
        }
    }

    /// Moves the key out. The draft's state says so by then.
    ///
    /// # Safety
    /// It was there until just now.
    #[inline]
    unsafe fn take_key(&self) -> K {
        // SAFETY: nobody looks at it meanwhile.
        let key = unsafe { &*self.key.get() };
        // SAFETY: the caller's contract.
        unsafe { key.assume_init_read() }
    }

    /// The same of the value.
    ///
    /// # Safety
    /// As for `take_key`.
    #[inline]
    unsafe fn take_value(&self) -> V {
        // SAFETY: nobody looks at it meanwhile.
        let value = unsafe { &*self.value.get() };
        // SAFETY: the caller's contract.
        unsafe { value.assume_init_read() }
    }

    #[inline]
    fn make(&self, key: K, value: V) {
        self.node.set(self.nodes.make(key, value));
        self.state.set(State::Node);
    }

    /// Makes the node, with the value that was known, if it is not made yet.
    ///
    /// Aborts if there is no memory.
    #[inline]
    pub(crate) fn make_whole(&self) {
        if self.state.get() == State::Entry {
            self.state.set(State::Gone);
            // SAFETY: it was there, and is not used here again.
            let key = unsafe { self.take_key() };
            // SAFETY: as above.
            let value = unsafe { self.take_value() };
            self.make(key, value);
        }
    }

    /// Makes the node with this value; what it had before is dropped.
    ///
    /// Aborts if there is no memory.
    #[inline]
    pub(crate) fn make_with(&self, value: V) {
        if self.state.get() == State::Key {
            self.state.set(State::Gone);
            // SAFETY: it was there, and is not used here again.
            let key = unsafe { self.take_key() };
            self.make(key, value);
        } else {
            drop(self.exchange(value));
        }
    }

    /// Gives the node this value; the one that it had.
    pub(crate) fn exchange(&self, value: V) -> V {
        // SAFETY: a node.
        let place = unsafe { N::value(self.node()) };
        // SAFETY: this draft's own: the attempt to publish it has failed.
        unsafe { place.replace(value) }
    }

    /// The node, which has been made. Still the draft's.
    #[inline]
    pub(crate) fn node(&self) -> *mut N::Node {
        assert!(self.state.get() == State::Node, "it has been made");
        self.node.get()
    }

    /// It has been published: it is the map's now.
    #[inline]
    pub(crate) fn publish(&self) {
        self.state.set(State::Gone);
    }

    /// What has been published.
    #[inline]
    pub(crate) fn published(self) -> *mut N::Node {
        assert!(self.state.get() == State::Gone && !self.node.get().is_null());
        self.node.get()
    }

    /// The value back, if it has one.
    pub(crate) fn into_value(self) -> Option<V> {
        match self.state.replace(State::Gone) {
            State::Entry => {
                // SAFETY: it was there, and is not used here again.
                let value = unsafe { self.take_value() };
                // SAFETY: as above.
                drop(unsafe { self.take_key() });
                Some(value)
            }
            State::Node => {
                // SAFETY: this draft's own.
                let (_, value) = unsafe { self.nodes.take(self.node.get()) };
                Some(value)
            }
            before => {
                self.state.set(before);
                None
            }
        }
    }
}

impl<N: Nodes<K, V>, K, V> Drop for Draft<N, K, V> {
    #[inline]
    fn drop(&mut self) {
        if self.state.get() != State::Gone {
            self.discard();
        }
    }
}

impl<N: Nodes<K, V>, K, V> Draft<N, K, V> {
    #[cold]
    #[inline(never)]
    fn discard(&mut self) {
        match self.state.replace(State::Gone) {
            // SAFETY: it is there.
            State::Key => drop(unsafe { self.take_key() }),
            State::Entry => {
                // SAFETY: it is there. Dropped even if the key's drop panics.
                let _value = unsafe { self.take_value() };
                // SAFETY: as above.
                drop(unsafe { self.take_key() });
            }
            // SAFETY: this draft's own.
            State::Node => drop(unsafe { self.nodes.take(self.node.get()) }),
            State::Gone => {}
        }
    }
}
