//! Where blocks and extensions come from: a zone for both; in models, where reclamation is not the
//! question, plain memory that lives until the end.

use super::block::Block;

#[cfg(not(smr_loom))]
mod imp {
    use core::mem::ManuallyDrop;

    use super::Block;
    use smr_core::{Shared, Smr, Zone};

    /// Under which nothing is reclaimed that was reachable when it began.
    pub(in super::super) type Section<'g> = smr_core::Guard<'g>;

    pub(in super::super) struct Pool<I, M>(Zone<Piece<I, M>>);

    /// One or the other.
    union Piece<I, M> {
        block: ManuallyDrop<Block<I>>,
        more: ManuallyDrop<M>,
    }

    impl<I, M> Pool<I, M> {
        pub(in super::super) fn new(smr: &Smr) -> Self {
            Pool(Zone::new_in(smr))
        }

        #[inline]
        pub(in super::super) fn smr(&self) -> &Smr {
            self.0.smr()
        }

        pub(in super::super) fn flush(&self) -> usize {
            self.0.flush()
        }

        pub(in super::super) fn alloc(
            &self,
            block: Block<I>,
            section: &Section<'_>,
        ) -> *mut Block<I> {
            let block = ManuallyDrop::new(block);
            let piece = self.0.alloc(Piece { block });
            piece.into_shared(section).as_ptr().cast()
        }

        pub(in super::super) fn alloc_more(&self, more: M, section: &Section<'_>) -> *mut M {
            let more = ManuallyDrop::new(more);
            let piece = self.0.alloc(Piece { more });
            piece.into_shared(section).as_ptr().cast()
        }

        /// # Safety
        /// As for [`Zone::retire`]; of `alloc` or `alloc_more`.
        pub(in super::super) unsafe fn retire<T>(&self, piece: *mut T) {
            // SAFETY: the caller's contract.
            unsafe { self.0.retire(Shared::from_raw(piece.cast())) };
        }

        /// # Safety
        /// As for [`Zone::dispose`]; of `alloc` or `alloc_more`.
        pub(in super::super) unsafe fn dispose<T>(&self, piece: *mut T) {
            // SAFETY: the caller's contract.
            unsafe { self.0.dispose(Shared::from_raw(piece.cast())) };
        }
    }
}

#[cfg(smr_loom)]
mod imp {
    use super::Block;
    use std::collections::HashMap;
    use std::marker::PhantomData;
    use std::sync::Mutex;

    #[derive(Default)]
    pub(in super::super) struct Section<'g>(PhantomData<&'g ()>);

    /// Addresses, and how what is there is freed.
    type Pieces = Mutex<HashMap<usize, unsafe fn(usize)>>;

    /// Checks that nothing is retired or freed twice, or lost.
    pub(in super::super) struct Pool<I, M> {
        live: Pieces,
        retired: Pieces,
        values: PhantomData<fn(I, M)>,
    }

    /// # Safety
    /// A box that was exposed here, once.
    unsafe fn free<T>(at: usize) {
        let piece: *mut T = std::ptr::with_exposed_provenance_mut(at);
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(piece) });
    }

    impl<I, M> Pool<I, M> {
        pub(in super::super) fn new() -> Self {
            Pool {
                live: Mutex::default(),
                retired: Mutex::default(),
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

        pub(in super::super) fn alloc_more(&self, more: M, _: &Section<'_>) -> *mut M {
            self.keep(more)
        }

        /// # Safety
        /// Of this pool.
        pub(in super::super) unsafe fn retire<T>(&self, piece: *mut T) {
            let free = self.live.lock().unwrap().remove(&piece.addr());
            let free = free.expect("not retired twice");
            self.retired.lock().unwrap().insert(piece.addr(), free);
        }

        /// # Safety
        /// Of this pool, and nobody else's.
        pub(in super::super) unsafe fn dispose<T>(&self, piece: *mut T) {
            let free = self.live.lock().unwrap().remove(&piece.addr());
            let free = free.expect("not freed twice");
            // SAFETY: kept here, and taken out once.
            unsafe { free(piece.addr()) };
        }
    }

    impl<I, M> Drop for Pool<I, M> {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                assert!(self.live.get_mut().unwrap().is_empty(), "a piece is lost");
            }
            for (&at, free) in self.retired.get_mut().unwrap().iter() {
                // SAFETY: retired once, and the model is over.
                unsafe { free(at) };
            }
        }
    }
}

pub(super) use imp::{Pool, Section};
