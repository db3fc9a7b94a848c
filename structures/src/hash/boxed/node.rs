//! Nodes: a key and a value, where references to them stay good.

use core::marker::PhantomData;

use equivalent::Equivalent;
use smr_core::{Guard as Section, Shared, Zone};

use super::super::bucket::Probe;
use super::super::prefetch;
use super::word::{self, Head, Word};
use crate::entries::{Draft, Nodes};

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

/// The map's memory, for the node of one key.
pub(super) struct Making<'g, K, V> {
    zone: &'g Zone<Node<K, V>>,
    section: &'g Section<'g>,
    hash: u64,
    /// As for [`Word::new`].
    depth: u32,
}

pub(super) type Drafted<'g, K, V> = Draft<Making<'g, K, V>, K, V>;

impl<'g, K, V> Making<'g, K, V> {
    #[inline]
    pub(super) fn new(
        zone: &'g Zone<Node<K, V>>,
        section: &'g Section<'g>,
        hash: u64,
        depth: u32,
    ) -> Self {
        Making {
            zone,
            section,
            hash,
            depth,
        }
    }

    #[inline]
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// What points to a node that has been made.
    #[inline]
    pub(super) fn word(&self, node: *mut Node<K, V>) -> Word {
        Word::new(node.cast(), self.hash, self.depth)
    }
}

// SAFETY: made of them.
unsafe impl<'g, K, V> Nodes<K, V> for Making<'g, K, V> {
    type Node = Node<K, V>;
    type Pool = &'g Zone<Node<K, V>>;

    #[inline]
    fn pool(&self) -> Self::Pool {
        self.zone
    }

    #[inline]
    fn make(&self, key: K, value: V) -> *mut Node<K, V> {
        make(self.zone, self.section, self.hash, key, value)
    }

    #[inline]
    fn pair(node: &Node<K, V>) -> (&K, &V) {
        node.pair()
    }

    #[inline]
    fn value(node: &mut Node<K, V>) -> &mut V {
        &mut node.value
    }

    unsafe fn take(zone: Self::Pool, node: *mut Node<K, V>) -> (K, V) {
        // SAFETY: the caller's contract.
        let owned = unsafe { Shared::from_raw(node).into_owned(zone) };
        let Node { key, value, .. } = owned.into_inner();
        (key, value)
    }
}

/// Makes a node. Not inlined, so that what decides is.
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

impl<K: Eq, V> Probe<Word> for Drafted<'_, K, V> {
    #[inline]
    unsafe fn is(&self, word: Word) -> bool {
        // SAFETY: the caller's contract.
        unsafe { Wanted::<K, K, V>::new(self.nodes().hash, self.key()).is(word) }
    }
}
