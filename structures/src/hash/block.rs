//! Blocks: what a bucket holds beyond its slots, as immutable lists.

use core::mem::MaybeUninit;
use core::ptr;

use smr_core::primitive::{AtomicU8, Ordering::Relaxed};

use super::header::{Header, Turn};
use super::reclaim::{Pool, Section};

/// Entries in one block. More are chained: few buckets have so many.
pub(super) const ITEMS: usize = 3;

/// Part of a list of entries. A bucket's link holds the list in force, or a proposal that would take
/// its place. Immutable once it is in a link, its fate aside.
pub(super) struct Block<I> {
    /// What the link held in force when this was made: the content as long as this is a proposal.
    pub(super) prev: Link<I>,
    /// The blocks after this one. Tagged if they are not the proposal's own, but those of `prev`.
    rest: Link<I>,
    /// The version of the header that the proposal is for. With another it is dead.
    pub(super) base: u64,
    /// The slots that become valid with it, which its maker has filled; and those that do not stay so.
    pub(super) set: u32,
    pub(super) clear: u32,
    /// The state and depth that its bucket gets with it.
    pub(super) turn: Option<Turn>,
    len: u8,
    fate: AtomicU8,
    items: [MaybeUninit<I>; ITEMS],
}

// SAFETY: `Copy` items that may be sent, and pointers to blocks of the same pool.
unsafe impl<I: Send> Send for Block<I> {}

/// What became of a proposal: written before it leaves the link, for its maker to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It was in force.
    Committed = 1,
    /// It never was, and never will be.
    Dead = 2,
}

/// The word that a bucket's link holds: a block or null, and a tag.
pub(super) struct Link<I>(*mut Block<I>);

impl<I> Clone for Link<I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Link<I> {}

impl<I> PartialEq for Link<I> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<I> Link<I> {
    #[inline]
    pub(super) fn from_raw(raw: *mut Block<I>) -> Self {
        Link(raw)
    }

    #[inline]
    pub(super) fn as_raw(self) -> *mut Block<I> {
        self.0
    }

    #[inline]
    pub(super) fn new(block: *mut Block<I>, tag: usize) -> Self {
        debug_assert!(block.addr() & 1 == 0 && tag <= 1);
        Link(block.map_addr(|at| at | tag))
    }

    #[inline]
    pub(super) fn tag(self) -> usize {
        self.0.addr() & 1
    }

    #[inline]
    pub(super) fn block(self) -> *mut Block<I> {
        self.0.map_addr(|at| at & !1)
    }

    #[inline]
    pub(super) fn is_null(self) -> bool {
        self.block().is_null()
    }

    /// # Safety
    /// Null, or a block that is not reclaimed during `'g`.
    #[inline]
    pub(super) unsafe fn as_ref<'g>(self) -> Option<&'g Block<I>> {
        // SAFETY: the caller's contract.
        unsafe { self.block().as_ref() }
    }

    /// The blocks from here on.
    ///
    /// # Safety
    /// Null, or a list that is not reclaimed during `'g`.
    pub(super) unsafe fn blocks<'g>(self) -> Blocks<'g, I>
    where
        I: 'g,
    {
        // SAFETY: the caller's contract.
        Blocks(unsafe { self.as_ref() })
    }
}

/// A list's blocks, in order.
pub(super) struct Blocks<'g, I>(Option<&'g Block<I>>);

impl<'g, I> Iterator for Blocks<'g, I> {
    type Item = &'g Block<I>;

    fn next(&mut self) -> Option<&'g Block<I>> {
        let block = self.0?;
        // SAFETY: a list lives as long as its first block.
        self.0 = unsafe { block.rest.as_ref() };
        Some(block)
    }
}

impl<I: Copy> Block<I> {
    pub(super) fn items(&self) -> &[I] {
        let items = &self.items[..usize::from(self.len)];
        // SAFETY: the first `len` are initialized.
        unsafe { &*(ptr::from_ref(items) as *const [I]) }
    }

    pub(super) fn is_full(&self) -> bool {
        usize::from(self.len) == ITEMS
    }

    /// Whether the list has no entries.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0 && self.rest.is_null()
    }

    pub(super) fn rest(&self) -> *mut Block<I> {
        self.rest.block()
    }

    /// What comes after `header`, which is of the version that the proposal is for, when it comes into force.
    pub(super) fn after(&self, header: Header) -> Header {
        let mut next = header.without_valid(self.clear);
        if self.set != 0 {
            // Its maker's right to fill ends with it.
            next = next.with_valid(self.set).without_filling();
        }
        if let Some(turn) = self.turn {
            next = next.turned(turn);
        }
        next.bumped().flipped()
    }

    pub(super) fn fate(&self) -> Option<Fate> {
        match self.fate.load(Relaxed) {
            1 => Some(Fate::Committed),
            2 => Some(Fate::Dead),
            _ => None,
        }
    }

    /// Relaxed: the compare-and-swap that takes the block out of the link publishes it.
    pub(super) fn set_fate(&self, fate: Fate) {
        debug_assert!(self.fate().is_none_or(|known| known == fate));
        self.fate.store(fate as u8, Relaxed);
    }
}

/// What a new list is made of.
pub(super) struct Proposal<I> {
    pub(super) prev: Link<I>,
    pub(super) base: u64,
    pub(super) set: u32,
    pub(super) clear: u32,
    pub(super) turn: Option<Turn>,
    /// Blocks of `prev` that stay, after the new ones.
    pub(super) rest: *mut Block<I>,
}

impl<I> Proposal<I> {
    /// A list of its own, for header version `base`.
    pub(super) fn new(prev: Link<I>, base: u64) -> Self {
        let rest = ptr::null_mut();
        Proposal {
            prev,
            base,
            set: 0,
            clear: 0,
            turn: None,
            rest,
        }
    }
}

/// Makes a list of `items` and what stays; at least one block of its own, which carries the proposal.
///
/// Aborts if there is no memory.
pub(super) fn make<I: Copy + Send>(
    pool: &Pool<I>,
    section: &Section<'_>,
    proposal: &Proposal<I>,
    items: &[I],
) -> *mut Block<I> {
    let mut rest = Link::new(proposal.rest, 1);
    let mut chunks = items.rchunks(ITEMS);
    loop {
        let chunk = chunks.next().unwrap_or(&[]);
        let mut block = Block {
            prev: proposal.prev,
            rest,
            base: proposal.base,
            set: proposal.set,
            clear: proposal.clear,
            turn: proposal.turn,
            len: chunk.len() as u8,
            fate: AtomicU8::new(0),
            items: [MaybeUninit::uninit(); ITEMS],
        };
        for (place, &item) in block.items.iter_mut().zip(chunk) {
            place.write(item);
        }
        let block = pool.alloc(block, section);
        if chunks.len() == 0 {
            return block;
        }
        rest = Link::new(block, 0);
    }
}

/// The first block that is not the proposal's own.
///
/// # Safety
/// A block that the section protects.
unsafe fn end_of<I>(block: *mut Block<I>) -> *mut Block<I> {
    let mut at = block;
    loop {
        // SAFETY: own blocks live as long as the first.
        let rest = unsafe { (*at).rest };
        if rest.tag() == 1 {
            return rest.block();
        }
        at = rest.block();
    }
}

/// Retires the blocks from `from` up to `to`.
///
/// # Safety
/// A list of the pool, out of reach of sections that begin now, up to `to`; retired once.
unsafe fn retire_until<I: Copy + Send>(pool: &Pool<I>, from: *mut Block<I>, to: *mut Block<I>) {
    let mut at = from;
    while at != to {
        // SAFETY: not retired yet.
        let rest = unsafe { (*at).rest() };
        // SAFETY: the caller's contract.
        unsafe { pool.retire(at) };
        at = rest;
    }
}

/// Retires what `block`, now in force, has taken the place of.
///
/// # Safety
/// Called once, by whoever brought it into force, in a section that began before.
pub(super) unsafe fn retire_replaced<I: Copy + Send>(pool: &Pool<I>, block: *mut Block<I>) {
    // SAFETY: the section protects it.
    let prev = unsafe { (*block).prev };
    // SAFETY: as above.
    let kept = unsafe { end_of(block) };
    // SAFETY: out of force, and with that out of reach.
    unsafe { retire_until(pool, prev.block(), kept) };
}

/// Retires a whole list.
///
/// # Safety
/// Called once, by whoever put it out of force, in a section that began before; no block of it stays.
pub(super) unsafe fn retire_list<I: Copy + Send>(pool: &Pool<I>, list: Link<I>) {
    // SAFETY: the caller's contract.
    unsafe { retire_until(pool, list.block(), ptr::null_mut()) };
}

/// Retires a dead proposal's own blocks.
///
/// # Safety
/// Called once, by whoever took it out of the link, in a section that began before.
pub(super) unsafe fn retire_own<I: Copy + Send>(pool: &Pool<I>, block: *mut Block<I>) {
    // SAFETY: the section protects it.
    let kept = unsafe { end_of(block) };
    // SAFETY: out of the link.
    unsafe { retire_until(pool, block, kept) };
}

/// Frees a proposal's own blocks at once.
///
/// # Safety
/// It was never in a link, or everything is exclusively borrowed.
pub(super) unsafe fn dispose_own<I: Copy + Send>(pool: &Pool<I>, block: *mut Block<I>) {
    // SAFETY: nobody else has it.
    let end = unsafe { end_of(block) };
    // SAFETY: as above.
    unsafe { dispose_until(pool, block, end) };
}

/// Frees a list at once.
///
/// # Safety
/// Everything is exclusively borrowed.
pub(super) unsafe fn dispose_all<I: Copy + Send>(pool: &Pool<I>, list: Link<I>) {
    // SAFETY: the caller's contract.
    unsafe { dispose_until(pool, list.block(), ptr::null_mut()) };
}

/// # Safety
/// Blocks that nobody else can reach.
unsafe fn dispose_until<I: Copy + Send>(pool: &Pool<I>, from: *mut Block<I>, to: *mut Block<I>) {
    let mut at = from;
    while at != to {
        // SAFETY: not freed yet.
        let rest = unsafe { (*at).rest() };
        // SAFETY: the caller's contract.
        unsafe { pool.dispose(at) };
        at = rest;
    }
}
