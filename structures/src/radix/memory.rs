//! The pieces of a map, and who gives which of them back.

use core::mem::ManuallyDrop;

use super::content::Content;
use super::head::Head;
use super::node::{N4, N11, N25, N48, N256, Node, make_node};
use super::pop::Pop;
use super::word::{ALIGN, Kind, Tag, Word};
use crate::first_panic::FirstPanic;
use crate::lazy::{End, Lazy};
use crate::reclaim::{Domain, Pool, Section, see};

/// A key and its value.
#[repr(C, align(16))]
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Entry<K, V> {
    pub(crate) key: K,
    pub(crate) value: V,
}

struct Pools<K, V> {
    entries: ManuallyDrop<Pool<Entry<K, V>>>,
    pops: ManuallyDrop<Pool<Pop>>,
    n4: ManuallyDrop<Pool<N4>>,
    n11: ManuallyDrop<Pool<N11>>,
    n25: ManuallyDrop<Pool<N25>>,
    n48: ManuallyDrop<Pool<N48>>,
    n256: ManuallyDrop<Pool<N256>>,
}

impl<K, V> Pools<K, V> {
    fn new(domain: &Domain) -> Self {
        Pools {
            entries: ManuallyDrop::new(Pool::new(domain)),
            pops: ManuallyDrop::new(Pool::new(domain)),
            n4: ManuallyDrop::new(Pool::new(domain)),
            n11: ManuallyDrop::new(Pool::new(domain)),
            n25: ManuallyDrop::new(Pool::new(domain)),
            n48: ManuallyDrop::new(Pool::new(domain)),
            n256: ManuallyDrop::new(Pool::new(domain)),
        }
    }
}

impl<K, V> End for Pools<K, V> {
    /// Drops them, and all pieces that wait to be reclaimed. Ends with the first panic of a drop.
    unsafe fn end(pools: *mut Self) {
        let mut panic = FirstPanic::default();
        macro_rules! end {
            ($($field:ident),*) => {$(
                // SAFETY: the caller's contract; each field once.
                let field = unsafe { &mut (*pools).$field };
                // SAFETY: as above.
                panic.catch(|| unsafe { ManuallyDrop::drop(field) });
            )*};
        }
        end!(entries, pops, n4, n11, n25, n48, n256);
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(pools) });
        panic.finish();
    }
}

/// The memory of a map: none until something is made.
pub(crate) struct Memory<K, V> {
    pools: Lazy<Pools<K, V>>,
    domain: Domain,
}

/// Calls a method of the pool of a kind of nodes.
macro_rules! of_kind {
    ($pools:expr, $kind:expr, $pool:ident => $do:expr) => {
        match $kind {
            Kind::N4 => {
                let $pool = &$pools.n4;
                $do
            }
            Kind::N11 => {
                let $pool = &$pools.n11;
                $do
            }
            Kind::N25 => {
                let $pool = &$pools.n25;
                $do
            }
            Kind::N48 => {
                let $pool = &$pools.n48;
                $do
            }
            Kind::N256 => {
                let $pool = &$pools.n256;
                $do
            }
        }
    };
}

impl<K, V> Memory<K, V> {
    pub(super) fn new(domain: &Domain) -> Self {
        const { assert!(align_of::<Entry<K, V>>() >= ALIGN) };
        Memory {
            pools: Lazy::new(),
            domain: domain.clone(),
        }
    }

    #[inline]
    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }

    #[inline]
    fn pools(&self) -> &Pools<K, V> {
        self.pools.get_or_make(|| Pools::new(&self.domain))
    }

    /// One that nobody has yet. Aborts if there is no memory.
    #[inline]
    pub(super) fn entry(&self, entry: Entry<K, V>, section: &Section<'_>) -> *mut Entry<K, V> {
        self.pools().entries.alloc(entry, section)
    }

    /// Takes apart one that nobody else has.
    ///
    /// # Safety
    /// Of [`entry`](Self::entry), and not published; once.
    pub(super) unsafe fn take(&self, entry: *mut Entry<K, V>) -> Entry<K, V> {
        // SAFETY: the caller's contract.
        unsafe { self.pools().entries.take(entry) }
    }

    /// One that nobody has yet. Aborts if there is no memory.
    pub(super) fn pop(&self, pop: Pop, section: &Section<'_>) -> Word {
        Word::new(Tag::Pop, self.pools().pops.alloc(pop, section))
    }

    /// The pop itself, without its entry.
    ///
    /// # Safety
    /// As of [`retire`](Self::retire).
    pub(super) unsafe fn retire_pop(&self, word: Word) {
        // SAFETY: the caller's contract.
        unsafe { self.pools().pops.retire(word.piece()) };
    }

    /// The same of one that was never published.
    ///
    /// # Safety
    /// As of [`dispose`](Self::dispose).
    pub(super) unsafe fn dispose_pop(&self, word: Word) {
        // SAFETY: the caller's contract.
        unsafe { self.pools().pops.dispose(word.piece()) };
    }

    /// A node that nobody has yet. Aborts if there is no memory.
    pub(super) fn node(&self, head: Head, content: &Content, section: &Section<'_>) -> Word {
        let kind = content.kind();
        macro_rules! make {
            ($pool:ident, $node:expr) => {
                Word::new(Tag::Node(kind), self.pools().$pool.alloc($node, section))
            };
        }
        make_node!(kind, head, content, make)
    }

    /// What has been taken out of the map, and nothing else: an entry, with the pop that it is in, or a node without
    /// its children.
    ///
    /// # Safety
    /// Of this map; the caller has replaced it. Once.
    #[inline]
    pub(super) unsafe fn retire(&self, word: Word) {
        match word.tag() {
            Tag::Empty => {}
            // SAFETY: the caller's contract.
            Tag::Entry => unsafe { self.pools().entries.retire(word.piece()) },
            Tag::Pop => {
                // SAFETY: the caller's contract: it is there until it is retired.
                let entry = unsafe { &*word.piece::<Pop>() }.entry;
                // SAFETY: as above.
                unsafe { self.retire_pop(word) };
                // SAFETY: the pop's entry is in no other slot.
                unsafe { self.pools().entries.retire(entry.piece()) };
            }
            Tag::Node(kind) => of_kind!(self.pools(), kind, pool => {
                // SAFETY: as above; of this kind.
                unsafe { pool.retire(word.piece()) }
            }),
        }
    }

    /// The same of what nobody else can reach.
    ///
    /// # Safety
    /// Of this map; nobody else can reach it. Once.
    pub(super) unsafe fn dispose(&self, word: Word) {
        match word.tag() {
            Tag::Empty => {}
            // SAFETY: the caller's contract.
            Tag::Entry => unsafe { self.pools().entries.dispose(word.piece()) },
            Tag::Pop => {
                // SAFETY: the caller's contract.
                let entry = unsafe { &*word.piece::<Pop>() }.entry;
                // SAFETY: as above; an entry may panic when it is dropped, so it goes last.
                unsafe { self.dispose_pop(word) };
                // SAFETY: the pop's entry is in no other slot.
                unsafe { self.pools().entries.dispose(entry.piece()) };
            }
            Tag::Node(kind) => of_kind!(self.pools(), kind, pool => {
                // SAFETY: as above; of this kind.
                unsafe { pool.dispose(word.piece()) }
            }),
        }
    }

    /// Reclaims what may be. Returns how many pieces still wait.
    #[cfg(not(smr_loom))]
    pub(crate) fn flush(&self) -> usize {
        let Some(pools) = self.pools.get() else {
            return 0;
        };
        let nodes = Kind::ALL
            .into_iter()
            .map(|kind| of_kind!(pools, kind, pool => pool.flush()));
        pools.entries.flush() + pools.pops.flush() + nodes.sum::<usize>()
    }
}

/// A node.
///
/// # Safety
/// The word is a node's, and was found within the section.
#[inline(always)]
pub(super) unsafe fn node<'s>(kind: Kind, word: Word, section: &'s Section<'_>) -> Node<'s> {
    macro_rules! seen {
        ($node:path) => {
            // SAFETY: the caller's contract; of this kind.
            $node(unsafe { see(word.piece(), section) })
        };
    }
    match kind {
        Kind::N4 => seen!(Node::N4),
        Kind::N11 => seen!(Node::N11),
        Kind::N25 => seen!(Node::N25),
        Kind::N48 => seen!(Node::N48),
        Kind::N256 => seen!(Node::N256),
    }
}
