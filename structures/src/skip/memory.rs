//! The pieces of a map, and who gives which of them back.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr;

use smr_core::primitive::{AtomicU32, Ordering};

use super::chunk::{Chunk, Low};
use super::rev::{CAP, Draft, Item, Rev, class_in, class_of};
use super::revs::Revs;
use super::rules::Rule;
use crate::first_panic::FirstPanic;
use crate::lazy::{End, Lazy};
use crate::reclaim::{Domain, Pool, Section};

/// A key and its value, in memory of their own (others: `inline.rs`).
#[repr(C)]
pub(super) struct Entry<K, V> {
    pub(super) key: K,
    pub(super) value: V,
}

/// One whose key may be chunks' low (S7).
#[repr(C)]
struct Counted<K, V> {
    entry: ManuallyDrop<Entry<K, V>>,
    /// One as long as the entry is in the map or its value waits, and one for each chunk whose low its key is.
    uses: AtomicU32,
    /// Whether it has been taken out as a whole. Else what is left of it belongs to its uses. Written by who took
    /// it out, read when it is reclaimed.
    is_whole: Cell<bool>,
}

impl<K, V> Drop for Counted<K, V> {
    fn drop(&mut self) {
        if self.is_whole.get() {
            // SAFETY: it was in one piece then, and nobody has found it since.
            unsafe { ManuallyDrop::drop(&mut self.entry) };
        }
    }
}

/// The value of an entry whose key is still used; it gives its use up when it goes.
struct Value<K, V> {
    entry: *mut Counted<K, V>,
    pools: *const Pools<K, V>,
}

impl<K, V> Drop for Value<K, V> {
    fn drop(&mut self) {
        /// Also if the value's drop panics.
        struct Release<K, V>(*mut Counted<K, V>, *const Pools<K, V>);
        impl<K, V> Drop for Release<K, V> {
            fn drop(&mut self) {
                // SAFETY: the pools that the value is of, and its use.
                unsafe { Pools::release(self.1, self.0) };
            }
        }
        let _release = Release(self.entry, self.pools);
        let entry = self.entry.cast::<Entry<K, V>>();
        // SAFETY: the entry's memory is there as long as there are uses.
        let value = unsafe { &raw mut (*entry).value };
        // SAFETY: it waited for this; nobody looks at it any more.
        unsafe { ptr::drop_in_place(value) };
    }
}

/// A chunk whose low is an entry's key.
#[repr(C)]
struct Separated<K, V> {
    chunk: Chunk,
    pools: *const Pools<K, V>,
}

impl<K, V> Drop for Separated<K, V> {
    fn drop(&mut self) {
        if Rule::Count.holds() {
            // SAFETY: such a chunk has an entry there.
            let entry = unsafe { self.chunk.low.entry };
            // SAFETY: the pools that the chunk is of, and its use of the low.
            unsafe { Pools::<K, V>::release(self.pools, entry.cast()) };
        }
    }
}

struct Pools<K, V> {
    values: ManuallyDrop<Pool<Value<K, V>>>,
    separated: ManuallyDrop<Pool<Separated<K, V>>>,
    chunks: ManuallyDrop<Pool<Chunk>>,
    revs: ManuallyDrop<Revs>,
    counted: ManuallyDrop<Pool<Counted<K, V>>>,
    entries: ManuallyDrop<Pool<Entry<K, V>>>,
}

impl<K, V> Pools<K, V> {
    fn new(domain: &Domain) -> Self {
        Pools {
            values: ManuallyDrop::new(Pool::new(domain)),
            separated: ManuallyDrop::new(Pool::new(domain)),
            chunks: ManuallyDrop::new(Pool::new(domain)),
            revs: ManuallyDrop::new(Revs::new(domain)),
            counted: ManuallyDrop::new(Pool::new(domain)),
            entries: ManuallyDrop::new(Pool::new(domain)),
        }
    }

    /// Gives up a use of a key; the last takes it along.
    ///
    /// # Safety
    /// Of these pools; the caller's use.
    unsafe fn release(pools: *const Self, entry: *mut Counted<K, V>) {
        // SAFETY: there are uses, the caller's at least.
        let uses = unsafe { &(*entry).uses };
        // AcqRel: whatever was done by way of the others comes before the key goes.
        if uses.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        /// Also if the key's drop panics.
        struct Dispose<K, V>(*mut Counted<K, V>, *const Pools<K, V>);
        impl<K, V> Drop for Dispose<K, V> {
            fn drop(&mut self) {
                // SAFETY: these pools, which are there.
                let pool = unsafe { &(*self.1).counted };
                // SAFETY: without uses nobody has it.
                unsafe { pool.dispose(self.0) };
            }
        }
        let _dispose = Dispose(entry, pools);
        // SAFETY: the entry's memory is there.
        let key = unsafe { &raw mut (*entry.cast::<Entry<K, V>>()).key };
        // SAFETY: the last use was the key's.
        unsafe { ptr::drop_in_place(key) };
    }
}

impl<K, V> End for Pools<K, V> {
    /// Drops them, and all pieces that wait to be reclaimed. Ends with the first panic of a drop.
    unsafe fn end(pools: *mut Self) {
        let mut panic = FirstPanic::default();
        macro_rules! end {
            ($($field:ident),*) => {$(
                // SAFETY: the caller's contract; each field once, and the others are there for what it drops.
                let field = unsafe { &mut (*pools).$field };
                // SAFETY: as above.
                panic.catch(|| unsafe { ManuallyDrop::drop(field) });
            )*};
        }
        // Those first whose pieces give up uses when they are dropped.
        end!(values, separated, chunks, revs, counted, entries);
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(pools) });
        panic.finish();
    }
}

/// The memory of a map: none until something is made.
pub(super) struct Memory<K, V> {
    /// Behind one pointer that does not change: pieces that are dropped late know where their pools are.
    pools: Lazy<Pools<K, V>>,
    domain: Domain,
    /// Whether keys may be lows.
    is_counted: bool,
}

impl<K, V> Memory<K, V> {
    pub(super) fn new(domain: &Domain, is_counted: bool) -> Self {
        Memory {
            pools: Lazy::new(),
            domain: domain.clone(),
            is_counted,
        }
    }

    #[inline]
    pub(super) fn domain(&self) -> &Domain {
        &self.domain
    }

    #[inline]
    fn pools(&self) -> &Pools<K, V> {
        self.pools.get_or_make(|| Pools::new(&self.domain))
    }

    // Entries.

    /// One that nobody has yet. Aborts if there is no memory.
    #[inline]
    pub(super) fn entry(&self, entry: Entry<K, V>, section: &Section<'_>) -> *mut Entry<K, V> {
        if !self.is_counted {
            return self.pools().entries.alloc(entry, section);
        }
        let counted = Counted {
            entry: ManuallyDrop::new(entry),
            uses: AtomicU32::new(1),
            is_whole: Cell::new(false),
        };
        self.pools().counted.alloc(counted, section).cast()
    }

    /// Takes apart one that nobody else has.
    ///
    /// # Safety
    /// Of [`entry`](Self::entry), and not published; once.
    pub(super) unsafe fn take(&self, entry: *mut Entry<K, V>) -> Entry<K, V> {
        if !self.is_counted {
            // SAFETY: the caller's contract.
            return unsafe { self.pools().entries.take(entry) };
        }
        // SAFETY: the caller's contract; one of these.
        let mut counted = unsafe { self.pools().counted.take(entry.cast()) };
        // SAFETY: it is not used again.
        unsafe { ManuallyDrop::take(&mut counted.entry) }
    }

    /// Takes an entry out whose revision has been replaced by one without it.
    ///
    /// # Safety
    /// The caller has replaced it; once.
    #[inline]
    pub(super) unsafe fn retire(&self, entry: *mut Entry<K, V>, section: &Section<'_>) {
        if !self.is_counted {
            // SAFETY: the caller's contract.
            unsafe { self.pools().entries.retire(entry) };
            return;
        }
        let counted = entry.cast::<Counted<K, V>>();
        // SAFETY: it is there as long as the section.
        let uses = unsafe { &(*counted).uses };
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        let is_whole =
            !Rule::LeaveKey.holds() || uses.compare_exchange(1, 0, order.0, order.1).is_ok();
        if is_whole {
            // SAFETY: it is there, and of this field nobody has a reference.
            unsafe { &(*counted).is_whole }.set(true);
            // SAFETY: no chunk has the key for its low, and none will.
            unsafe { self.pools().counted.retire(counted) };
        } else {
            let value = Value {
                entry: counted,
                pools: self.pools(),
            };
            let value = self.pools().values.alloc(value, section);
            // SAFETY: made here; the value is to be found no more.
            unsafe { self.pools().values.retire(value) };
        }
    }

    /// Counts a chunk's low. False if the entry has been taken out as a whole.
    ///
    /// # Safety
    /// Counted, and it was in the map within the section.
    unsafe fn count(entry: Item) -> bool {
        if !Rule::Count.holds() {
            return true;
        }
        let counted = entry.cast::<Counted<K, V>>();
        // SAFETY: it is there as long as the section.
        let uses = unsafe { &(*counted).uses };
        if !Rule::CountLiving.holds() {
            uses.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        // Acquire: pairs with `retire`, so that the revision without it is found next.
        let order = Ordering::Acquire;
        let mut now = uses.load(order);
        while now != 0 {
            assert!(
                now < u32::MAX / 2,
                "fewer chunks begin at one key than there is memory for"
            );
            match uses.compare_exchange(now, now + 1, order, order) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    // Revisions.

    /// One that has room for so many items.
    #[inline]
    pub(super) fn draft(
        &self,
        len: usize,
        next: (*mut Chunk, u64),
        known: usize,
        section: &Section<'_>,
    ) -> Draft {
        // What is last may be about to grow at its end.
        let room = if next.0.is_null() {
            CAP.min(4 * len)
        } else {
            len
        };
        let class = class_of(room);
        let rev = self.pools().revs.alloc(class, section);
        // SAFETY: of this class, and not published.
        unsafe { Draft::new(rev, class, next, known) }
    }

    /// # Safety
    /// Of [`draft`](Self::draft); the caller has replaced it. Once.
    #[inline]
    pub(super) unsafe fn retire_rev(&self, rev: *mut Rev) {
        // SAFETY: it is there.
        let class = unsafe { class_in(rev) };
        // SAFETY: the caller's contract.
        unsafe { self.pools().revs.retire(class, rev) };
    }

    /// # Safety
    /// Of [`draft`](Self::draft); nobody else can reach it. Once.
    pub(super) unsafe fn dispose_rev(&self, rev: *mut Rev) {
        // SAFETY: it is there.
        let class = unsafe { class_in(rev) };
        // SAFETY: the caller's contract.
        unsafe { self.pools().revs.dispose(class, rev) };
    }

    // Chunks.

    /// The first of a level. Aborts if there is no memory.
    pub(super) fn head(&self, rev: *mut Rev, level: u16, section: &Section<'_>) -> *mut Chunk {
        self.pools().chunks.alloc(Chunk::head(rev, level), section)
    }

    /// Another one. None if the entry whose key the low is has been taken out as a whole. Aborts if there is no
    /// memory.
    ///
    /// # Safety
    /// As the map counts, the low is an entry that was in it within the section, or a chunk's low.
    pub(super) unsafe fn chunk(
        &self,
        rev: *mut Rev,
        low: Low,
        level: u16,
        section: &Section<'_>,
    ) -> Option<*mut Chunk> {
        let chunk = Chunk::new(rev, low, level);
        if !self.is_counted {
            return Some(self.pools().chunks.alloc(chunk, section));
        }
        // SAFETY: as the map counts, it is an entry.
        let entry = unsafe { low.entry };
        // SAFETY: the caller's contract.
        let is_counted = unsafe { Self::count(entry) };
        is_counted.then(|| {
            let pools = ptr::from_ref(self.pools());
            let separated = Separated { chunk, pools };
            self.pools().separated.alloc(separated, section).cast()
        })
    }

    /// # Safety
    /// Of this map; its last link has been given up. Once.
    pub(super) unsafe fn retire_chunk(&self, chunk: *mut Chunk) {
        if self.is_counted {
            // SAFETY: the caller's contract: it has been linked, so it is no head.
            unsafe { self.pools().separated.retire(chunk.cast()) };
        } else {
            // SAFETY: the caller's contract.
            unsafe { self.pools().chunks.retire(chunk) };
        }
    }

    /// # Safety
    /// Of this map; nobody else can reach it. Once.
    pub(super) unsafe fn dispose_chunk(&self, chunk: *mut Chunk) {
        // SAFETY: it is there.
        let is_head = unsafe { (*chunk).is_head };
        if self.is_counted && !is_head {
            // SAFETY: the caller's contract.
            unsafe { self.pools().separated.dispose(chunk.cast()) };
        } else {
            // SAFETY: as above.
            unsafe { self.pools().chunks.dispose(chunk) };
        }
    }

    /// Drops an entry of a map that nobody else has any more.
    ///
    /// # Safety
    /// It was in the map at the end. Once.
    pub(super) unsafe fn end(&self, entry: *mut Entry<K, V>) {
        if !self.is_counted {
            // SAFETY: the caller's contract.
            unsafe { self.pools().entries.dispose(entry) };
            return;
        }
        // Its key is still used by chunks, maybe.
        drop(Value {
            entry: entry.cast(),
            pools: self.pools(),
        });
    }

    /// Drops what waits to be dropped and gives up uses then: of each key that is in the map one use is left. Ends
    /// with the first panic of a drop.
    ///
    /// # Safety
    /// Nobody else has the map any more, and it has no chunks.
    #[cfg(not(smr_loom))]
    pub(super) unsafe fn settle(&self) {
        let pools = self.pools.address();
        if pools.is_null() {
            return;
        }
        let mut panic = FirstPanic::default();
        macro_rules! settle {
            ($($field:ident),*) => {$(
                // SAFETY: the caller's contract; the others are there for what it drops.
                let field = unsafe { &mut (*pools).$field };
                let old = core::mem::replace(&mut **field, Pool::new(&self.domain));
                panic.catch(|| drop(old));
            )*};
        }
        settle!(values, separated);
        panic.finish();
    }

    /// Asserts that a key has so many uses, at least: others may wait to be given up (S7).
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn check_uses(&self, entry: *mut Entry<K, V>, least: u32) {
        if self.is_counted {
            // SAFETY: it is in the map, or a chunk's low.
            let uses = unsafe { &(*entry.cast::<Counted<K, V>>()).uses };
            assert!(uses.load(Ordering::Relaxed) >= least, "S7");
        }
    }

    /// Reclaims what may be, and returns how many pieces still wait.
    #[cfg(not(smr_loom))]
    pub(super) fn flush(&self) -> usize {
        let Some(pools) = self.pools.get() else {
            return 0;
        };
        // Those first that give up uses.
        pools.values.flush()
            + pools.separated.flush()
            + pools.chunks.flush()
            + pools.revs.flush()
            + pools.counted.flush()
            + pools.entries.flush()
    }
}
