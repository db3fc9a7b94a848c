//! Entries that are about to be published.

use core::cell::{Cell, UnsafeCell};
use core::mem::{self, MaybeUninit};
use core::ptr;

/// Where the nodes of a map are from.
///
/// # Safety
/// What `make` answers is a node, with that key and that value, until it is taken apart or disposed of. `are_copied`
/// always answers the same; if entries are copied, keys and values have no drop.
pub(crate) unsafe trait Nodes<K, V> {
    type Node;
    /// What their memory is from, and goes back to.
    type Pool: Copy;

    /// Whether entries are copied to where they are found: then no node is made, and the draft keeps both parts.
    #[inline(always)]
    fn are_copied(&self) -> bool {
        false
    }

    fn pool(&self) -> Self::Pool;

    /// A node that nobody else has. Aborts if there is no memory.
    fn make(&self, key: K, value: V) -> *mut Self::Node;

    fn pair(node: &Self::Node) -> (&K, &V);

    fn value(node: &mut Self::Node) -> &mut V;

    /// What is in a node.
    ///
    /// # Safety
    /// Of this pool, and nobody else has it. Once.
    unsafe fn take(pool: Self::Pool, node: *mut Self::Node) -> (K, V);
}

/// An entry that is about to be published. Until it is made, or throughout if entries are copied, the key waits here,
/// and the value if it is known by then. Dropped with what is in it, unless it is published.
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
    #[inline(always)]
    pub(crate) fn new(nodes: N, key: K, value: Option<V>) -> Self {
        let (state, value) = match value {
            None => (State::Key, MaybeUninit::uninit()),
            Some(value) => (State::Entry, MaybeUninit::new(value)),
        };
        Draft {
            nodes,
            state: Cell::new(state),
            key: UnsafeCell::new(MaybeUninit::new(key)),
            value: UnsafeCell::new(value),
            node: Cell::new(ptr::null_mut()),
        }
    }

    /// Where its node is from.
    #[inline]
    pub(crate) fn nodes(&self) -> &N {
        &self.nodes
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
                // SAFETY: this draft's own.
                let node = unsafe { &*self.node.get() };
                N::pair(node).0
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

    #[inline(always)]
    fn make(&self, key: K, value: V) {
        self.node.set(self.nodes.make(key, value));
        self.state.set(State::Node);
    }

    /// Makes the node, with the value that was known, if it is not made yet; none if entries are copied.
    ///
    /// Aborts if there is no memory.
    #[inline(always)]
    pub(crate) fn make_whole(&self) {
        if self.state.get() == State::Entry && !self.nodes.are_copied() {
            self.state.set(State::Gone);
            // SAFETY: it was there, and is not used here again.
            let key = unsafe { self.take_key() };
            // SAFETY: as above.
            let value = unsafe { self.take_value() };
            self.make(key, value);
        }
    }

    /// Makes the node with this value, or keeps that if entries are copied; what there was before is dropped.
    ///
    /// Aborts if there is no memory.
    #[inline]
    pub(crate) fn make_with(&self, value: V) {
        if self.state.get() == State::Key && self.nodes.are_copied() {
            // SAFETY: nobody looks at it meanwhile.
            unsafe { &mut *self.value.get() }.write(value);
            self.state.set(State::Entry);
        } else if self.state.get() == State::Key {
            self.state.set(State::Gone);
            // SAFETY: it was there, and is not used here again.
            let key = unsafe { self.take_key() };
            self.make(key, value);
        } else {
            drop(self.exchange(value));
        }
    }

    /// Gives the node this value; the one that it had.
    #[inline(always)]
    pub(crate) fn exchange(&self, value: V) -> V {
        if self.nodes.are_copied() {
            assert!(self.state.get() == State::Entry, "it has been made");
            // SAFETY: nobody looks at it meanwhile.
            let there = unsafe { &mut *self.value.get() };
            // SAFETY: it is there in this state.
            return mem::replace(unsafe { there.assume_init_mut() }, value);
        }
        // SAFETY: this draft's own: the attempt to publish it has failed.
        unsafe { exchange::<N, K, V>(self.node(), value) }
    }

    /// The node, which has been made. Still the draft's.
    #[inline]
    pub(crate) fn node(&self) -> *mut N::Node {
        assert!(self.state.get() == State::Node, "it has been made");
        self.node.get()
    }

    /// The value of an entry that is to be copied.
    #[inline]
    pub(crate) fn value(&self) -> &V {
        assert!(self.state.get() == State::Entry, "it has been made");
        // SAFETY: who moves it is not called by who looks at it.
        let value = unsafe { &*self.value.get() };
        // SAFETY: it is there in this state.
        unsafe { value.assume_init_ref() }
    }

    /// It has been published: it is the map's now.
    #[inline]
    pub(crate) fn publish(&self) {
        self.state.set(State::Gone);
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
                let (_, value) = unsafe { N::take(self.nodes.pool(), self.node.get()) };
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
    #[inline(always)]
    fn drop(&mut self) {
        let state = self.state.get();
        if state == State::Gone {
            return;
        }
        let parts = (self.key.get(), self.value.get());
        // SAFETY: this draft's own; whether they are there the state tells.
        let key = unsafe { parts.0.read() };
        // SAFETY: as above.
        let value = unsafe { parts.1.read() };
        // SAFETY: of a draft in this state, which is not used again.
        unsafe { discard::<N, K, V>(self.nodes.pool(), state, key, value, self.node.get()) }
    }
}

/// Gives a node this value; the one that it had. Not inlined: only a second attempt comes here.
///
/// # Safety
/// A node that nobody else has.
#[inline(never)]
unsafe fn exchange<N: Nodes<K, V>, K, V>(node: *mut N::Node, value: V) -> V {
    // SAFETY: the caller's contract.
    mem::replace(N::value(unsafe { &mut *node }), value)
}

/// Drops what is in a draft. Of its parts, so that the draft need not be in memory: each operation may panic, and
/// so calls this.
///
/// # Safety
/// They are a draft's, in this state. Once.
#[inline(never)]
unsafe fn discard<N: Nodes<K, V>, K, V>(
    pool: N::Pool,
    state: State,
    key: MaybeUninit<K>,
    value: MaybeUninit<V>,
    node: *mut N::Node,
) {
    match state {
        // SAFETY: it is there.
        State::Key => drop(unsafe { key.assume_init() }),
        State::Entry => {
            // SAFETY: it is there. Dropped even if the key's drop panics.
            let _value = unsafe { value.assume_init() };
            // SAFETY: as above.
            drop(unsafe { key.assume_init() });
        }
        // SAFETY: this draft's own.
        State::Node => drop(unsafe { N::take(pool, node) }),
        State::Gone => {}
    }
}
