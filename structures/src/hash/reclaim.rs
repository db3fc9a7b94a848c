//! Where blocks come from: a zone; in models, where reclamation is not the question, plain memory that
//! lives until the end.

use super::block::Block;
use super::bucket::Zeroed;
use super::segments::Segment;

#[cfg(not(smr_loom))]
mod imp {
    use core::ptr;

    use super::{Block, Segment, Zeroed};
    use smr_core::primitive::plain::{AtomicPtr, Ordering};
    use smr_core::{Shared, Smr, Zone};

    /// Under which nothing is reclaimed that was reachable when it began.
    pub(in super::super) type Section<'g> = smr_core::Guard<'g>;

    /// A zone that is made when the first block is: most small maps need none.
    pub(in super::super) struct Pool<I> {
        smr: Smr,
        zone: AtomicPtr<Zone<Block<I>>>,
    }

    // SAFETY: a zone, and a handle.
    unsafe impl<I: Send> Send for Pool<I> {}
    // SAFETY: as above.
    unsafe impl<I: Send> Sync for Pool<I> {}

    impl<I> Pool<I> {
        pub(in super::super) fn new(smr: &Smr) -> Self {
            Pool {
                smr: smr.clone(),
                zone: AtomicPtr::new(ptr::null_mut()),
            }
        }

        #[inline]
        pub(in super::super) fn smr(&self) -> &Smr {
            &self.smr
        }

        fn made(&self) -> Option<&Zone<Block<I>>> {
            // Acquire: pairs with the Release of `make`.
            let zone = self.zone.load(Ordering::Acquire);
            // SAFETY: null, or of `make`, and there until the pool is dropped.
            unsafe { zone.as_ref() }
        }

        fn zone(&self) -> &Zone<Block<I>> {
            self.made().unwrap_or_else(|| self.make())
        }

        #[cold]
        fn make(&self) -> &Zone<Block<I>> {
            let made = Box::into_raw(Box::new(Zone::new_in(&self.smr)));
            let order = (Ordering::AcqRel, Ordering::Acquire);
            let null = ptr::null_mut();
            let zone = match self.zone.compare_exchange(null, made, order.0, order.1) {
                Ok(_) => made,
                Err(first) => {
                    // SAFETY: made here, and not published.
                    drop(unsafe { Box::from_raw(made) });
                    first
                }
            };
            // SAFETY: there until the pool is dropped.
            unsafe { &*zone }
        }

        pub(in super::super) fn flush(&self) -> usize {
            self.made().map_or(0, Zone::flush)
        }

        pub(in super::super) fn alloc(
            &self,
            block: Block<I>,
            section: &Section<'_>,
        ) -> *mut Block<I> {
            self.zone().alloc(block).into_shared(section).as_ptr()
        }

        /// Frees a segment after a grace period.
        pub(in super::super) fn bury<T: Zeroed>(&self, segment: Segment<T>) {
            let memory = segment.memory();
            // SAFETY: it is in no directory, and who has it is in a section.
            self.smr.defer(move || unsafe { memory.free() });
        }

        /// # Safety
        /// As for [`Zone::retire`]; of `alloc`.
        pub(in super::super) unsafe fn retire(&self, block: *mut Block<I>) {
            // SAFETY: the caller's contract.
            unsafe { self.zone().retire(Shared::from_raw(block)) };
        }

        /// # Safety
        /// As for [`Zone::dispose`]; of `alloc`.
        pub(in super::super) unsafe fn dispose(&self, block: *mut Block<I>) {
            // SAFETY: the caller's contract.
            unsafe { self.zone().dispose(Shared::from_raw(block)) };
        }
    }

    impl<I> Drop for Pool<I> {
        fn drop(&mut self) {
            let zone = *self.zone.get_mut();
            if !zone.is_null() {
                // SAFETY: of `make`, and nobody has the pool any more.
                drop(unsafe { Box::from_raw(zone) });
            }
        }
    }
}

#[cfg(smr_loom)]
mod imp {
    use super::super::segments::Memory;
    use super::{Block, Segment, Zeroed};
    use std::collections::HashMap;
    use std::marker::PhantomData;
    use std::sync::Mutex;

    #[derive(Default)]
    pub(in super::super) struct Section<'g>(PhantomData<&'g ()>);

    /// Addresses, and how what is there is freed.
    type Pieces = Mutex<HashMap<usize, unsafe fn(usize)>>;

    /// Checks that nothing is retired or freed twice, or lost.
    pub(in super::super) struct Pool<I> {
        live: Pieces,
        retired: Pieces,
        buried: Mutex<Vec<Memory>>,
        values: PhantomData<fn(I)>,
    }

    /// # Safety
    /// A box that was exposed here, once.
    unsafe fn free<T>(at: usize) {
        let piece: *mut T = std::ptr::with_exposed_provenance_mut(at);
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(piece) });
    }

    impl<I> Pool<I> {
        pub(in super::super) fn new() -> Self {
            Pool {
                live: Mutex::default(),
                retired: Mutex::default(),
                buried: Mutex::default(),
                values: PhantomData,
            }
        }

        fn keep<T>(&self, value: T) -> *mut T {
            let piece = Box::into_raw(Box::new(value));
            let at = piece.expose_provenance();
            self.live.lock().unwrap().insert(at, free::<T>);
            piece
        }

        pub(in super::super) fn alloc(&self, block: Block<I>, _: &Section<'_>) -> *mut Block<I> {
            self.keep(block)
        }

        /// Frees a segment when the model is over.
        pub(in super::super) fn bury<T: Zeroed>(&self, segment: Segment<T>) {
            self.buried.lock().unwrap().push(segment.memory());
        }

        /// # Safety
        /// Of this pool.
        pub(in super::super) unsafe fn retire(&self, block: *mut Block<I>) {
            let free = self.live.lock().unwrap().remove(&block.addr());
            let free = free.expect("not retired twice");
            self.retired.lock().unwrap().insert(block.addr(), free);
        }

        /// # Safety
        /// Of this pool, and nobody else's.
        pub(in super::super) unsafe fn dispose(&self, block: *mut Block<I>) {
            let free = self.live.lock().unwrap().remove(&block.addr());
            let free = free.expect("not freed twice");
            // SAFETY: kept here, and taken out once.
            unsafe { free(block.addr()) };
        }
    }

    impl<I> Drop for Pool<I> {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                assert!(self.live.get_mut().unwrap().is_empty(), "a piece is lost");
            }
            for (&at, free) in self.retired.get_mut().unwrap().iter() {
                // SAFETY: retired once, and the model is over.
                unsafe { free(at) };
            }
            for memory in self.buried.get_mut().unwrap().drain(..) {
                // SAFETY: in no directory, and the model is over.
                unsafe { memory.free() };
            }
        }
    }
}

pub(super) use imp::{Pool, Section};
