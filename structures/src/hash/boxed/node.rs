//! Nodes: a key and a value, where references to them stay good.

use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use equivalent::Equivalent;
use smr_core::{Guard as Section, Shared, Zone};

use super::super::bucket::Probe;
use super::super::prefetch;
use super::word::{self, Head, Word};

/// An entry. Nobody changes it once it is published.
#[repr(C, align(8))]
pub(super) struct Node<K, V> {
    head: Head,
    pub(super) key: K,
    pub(super) value: V,
}

const _: () = assert!(align_of::<Node<u8, u8>>() >= word::ALIGN);

impl<K, V> Node<K, V> {
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        self.head.hash
    }

    #[inline]
    pub(super) fn pair(&self) -> (&K, &V) {
        (&self.key, &self.value)
    }
}

impl Word {
    /// # Safety
    /// It points to such a node, which is not reclaimed during `'g`.
    #[inline]
    pub(super) unsafe fn entry<'g, K, V>(self) -> &'g Node<K, V> {
        // SAFETY: the address of a node.
        unsafe { core::hint::assert_unchecked(!self.node().is_null()) };
        // SAFETY: the caller's contract; a head is the start of its node, and the pointer was made of one
        // to all of it.
        unsafe { &*self.node().cast() }
    }
}

/// A key that is looked for among the nodes of a map.
pub(super) struct Wanted<'k, Q: ?Sized, K, V> {
    hash: u64,
    key: &'k Q,
    entries: PhantomData<fn(K, V)>,
}

impl<'k, Q: ?Sized + Equivalent<K>, K, V> Wanted<'k, Q, K, V> {
    #[inline]
    pub(super) fn new(hash: u64, key: &'k Q) -> Self {
        let entries = PhantomData;
        Wanted { hash, key, entries }
    }
}

impl<Q: ?Sized, K, V> Wanted<'_, Q, K, V> {
    /// Asks the cache for the node, if it may be the one.
    #[inline]
    pub(super) fn prefetch(&self, word: Word) {
        if word.may_be(self.hash) {
            prefetch(word.node().cast());
        }
    }
}

impl<Q: ?Sized + Equivalent<K>, K, V> Probe<Word> for Wanted<'_, Q, K, V> {
    #[inline]
    unsafe fn is(&self, word: Word) -> bool {
        // SAFETY: the caller's contract.
        unsafe { self.is_likely(word, false) }
    }

    /// One in 256 of the others has the same tag. To ask its word as well costs more, of all lookups, than the
    /// node's miss now and then.
    #[inline]
    unsafe fn is_likely(&self, word: Word, tagged: bool) -> bool {
        if !tagged && !word.may_be(self.hash) {
            return false;
        }
        // SAFETY: it was in a bucket of this map within the section.
        let entry = unsafe { word.entry::<K, V>() };
        entry.head.hash == self.hash && self.key.equivalent(&entry.key)
    }
}

/// A node that is about to be published. Until it is made the key waits here, and the value if it is known
/// by then. Dropped with what is in it, unless it is published.
///
/// Shared references only, so that the key can be looked for while the closure that decides about the value
/// has the draft, too.
pub(super) struct Draft<'z, 'g, K, V> {
    zone: &'z Zone<Node<K, V>>,
    section: &'g Section<'g>,
    hash: u64,
    /// As for [`Word::new`].
    depth: u32,
    state: Cell<State>,
    /// Initialized as long as the state is `Key` or `Entry`.
    key: UnsafeCell<MaybeUninit<K>>,
    /// Initialized as long as the state is `Entry`.
    value: UnsafeCell<MaybeUninit<V>>,
    /// A node of the zone, and this draft's own, if the state is `Node`.
    node: Cell<*mut Node<K, V>>,
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

impl<'z, 'g, K, V> Draft<'z, 'g, K, V> {
    #[inline]
    pub(super) fn new(
        zone: &'z Zone<Node<K, V>>,
        section: &'g Section<'g>,
        (key, value): (K, Option<V>),
        hash: u64,
        depth: u32,
    ) -> Self {
        let state = match value {
            None => State::Key,
            Some(_) => State::Entry,
        };
        Draft {
            zone,
            section,
            hash,
            depth,
            state: Cell::new(state),
            key: UnsafeCell::new(MaybeUninit::new(key)),
            value: UnsafeCell::new(value.map_or(MaybeUninit::uninit(), MaybeUninit::new)),
            node: Cell::new(core::ptr::null_mut()),
        }
    }

    #[inline]
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn key(&self) -> &K {
        match self.state.get() {
            State::Key | State::Entry => {
                // SAFETY: who moves it is not called by who looks at it.
                let key = unsafe { &*self.key.get() };
                // SAFETY: it is there in these states.
                unsafe { key.assume_init_ref() }
            }
            // SAFETY: this draft's own node.
            State::Node => unsafe { &(*self.node.get()).key },
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

    /// Aborts if there is no memory.
    #[inline(always)]
    fn make(&self, key: K, value: V) {
        let node = make(self.zone, self.section, self.hash, key, value);
        self.node.set(node);
        self.state.set(State::Node);
    }

    /// The node, with the value that was known.
    ///
    /// Aborts if there is no memory.
    #[inline(always)]
    pub(super) fn whole(&self) -> Word {
        if self.state.get() == State::Entry {
            self.state.set(State::Gone);
            // SAFETY: it was there, and is not used here again.
            let key = unsafe { self.take_key() };
            // SAFETY: as above.
            let value = unsafe { self.take_value() };
            self.make(key, value);
        }
        self.again()
    }

    /// The node, with this value in it; what it had before is dropped.
    ///
    /// Aborts if there is no memory.
    #[inline]
    pub(super) fn with(&self, value: V) -> Word {
        if self.state.get() == State::Key {
            self.state.set(State::Gone);
            // SAFETY: it was there, and is not used here again.
            let key = unsafe { self.take_key() };
            self.make(key, value);
        } else {
            assert!(self.state.get() == State::Node, "it is published once");
            // SAFETY: this draft's own: the attempt to publish it has failed.
            unsafe { (*self.node.get()).value = value };
        }
        self.again()
    }

    /// The node, with this value in it, and the one that it had.
    pub(super) fn exchange(&self, value: V) -> (Word, V) {
        let word = self.again();
        // SAFETY: this draft's own: the attempt to publish it has failed.
        let place = unsafe { &mut (*self.node.get()).value };
        (word, core::mem::replace(place, value))
    }

    /// The node, with the value that it has.
    #[inline]
    pub(super) fn again(&self) -> Word {
        assert!(self.state.get() == State::Node, "it has a value");
        Word::new(self.node.get().cast(), self.hash, self.depth)
    }

    /// It has been published: it is the map's now.
    #[inline]
    pub(super) fn published(self) -> &'g Node<K, V> {
        assert!(self.state.get() == State::Node, "it was made before");
        self.state.set(State::Gone);
        // SAFETY: of the map; if it has been retired since, then within this section.
        unsafe { &*self.node.get() }
    }

    /// The value back, if it has one.
    pub(super) fn into_value(self) -> Option<V> {
        match self.state.replace(State::Gone) {
            State::Entry => {
                // SAFETY: it was there, and is not used here again.
                let value = unsafe { self.take_value() };
                // SAFETY: as above.
                drop(unsafe { self.take_key() });
                Some(value)
            }
            State::Node => {
                let node = Shared::from_raw(self.node.get());
                // SAFETY: of this zone, and this draft's own.
                let owned = unsafe { node.into_owned(self.zone) };
                Some(owned.into_inner().value)
            }
            before => {
                self.state.set(before);
                None
            }
        }
    }
}

/// Makes a node. Of its parts, not of a draft, which then need not be in memory; and not inlined, so that
/// what decides is.
#[inline(never)]
fn make<K, V>(
    zone: &Zone<Node<K, V>>,
    section: &Section<'_>,
    hash: u64,
    key: K,
    value: V,
) -> *mut Node<K, V> {
    let head = Head { hash };
    let node = zone.alloc(Node { head, key, value });
    node.into_shared(section).as_raw()
}

impl<K: Eq, V> Probe<Word> for Draft<'_, '_, K, V> {
    #[inline]
    unsafe fn is(&self, word: Word) -> bool {
        // SAFETY: the caller's contract.
        unsafe { Wanted::<K, K, V>::new(self.hash, self.key()).is(word) }
    }
}

impl<K, V> Drop for Draft<'_, '_, K, V> {
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
        unsafe { discard(self.zone, state, key, value, self.node.get()) }
    }
}

/// Drops what is in a draft. Of its parts, as [`make`]: each operation may panic, and so calls this.
///
/// # Safety
/// They are a draft's, in this state. Once.
#[inline(never)]
unsafe fn discard<K, V>(
    zone: &Zone<Node<K, V>>,
    state: State,
    key: MaybeUninit<K>,
    value: MaybeUninit<V>,
    node: *mut Node<K, V>,
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
        // SAFETY: of this zone, and the draft's own: it is in no bucket's content.
        State::Node => unsafe { zone.dispose(Shared::from_raw(node)) },
        State::Gone => {}
    }
}
