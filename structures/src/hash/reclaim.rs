//! Where blocks come from: a zone; in models, where reclamation is not the question, plain memory that
//! lives until the end.

use super::block::Block;

#[cfg(not(smr_loom))]
mod imp {
    use super::Block;
    use smr_core::{Shared, Smr, Zone};

    /// Under which nothing is reclaimed that was reachable when it began.
    pub(in super::super) type Section<'g> = smr_core::Guard<'g>;

    pub(in super::super) struct Pool<I>(Zone<Block<I>>);

    // SAFETY: blocks hold `Copy` items that may be sent, and pointers to blocks of the same pool.
    unsafe impl<I: Send> Send for Pool<I> {}
    // SAFETY: as above; shared, it hands out no items.
    unsafe impl<I: Send> Sync for Pool<I> {}

    impl<I: Copy + Send> Pool<I> {
        pub(in super::super) fn new(smr: &Smr) -> Self {
            Pool(Zone::new_in(smr))
        }

        #[inline]
        pub(in super::super) fn smr(&self) -> &Smr {
            self.0.smr()
        }

        pub(in super::super) fn alloc(
            &self,
            block: Block<I>,
            section: &Section<'_>,
        ) -> *mut Block<I> {
            self.0.alloc(block).into_shared(section).as_ptr()
        }

        /// # Safety
        /// As for [`Zone::retire`].
        pub(in super::super) unsafe fn retire(&self, block: Shared<'_, Block<I>>) {
            // SAFETY: the caller's contract.
            unsafe { self.0.retire(block) };
        }

        /// # Safety
        /// As for [`Zone::dispose`].
        pub(in super::super) unsafe fn dispose(&self, block: Shared<'_, Block<I>>) {
            // SAFETY: the caller's contract.
            unsafe { self.0.dispose(block) };
        }
    }
}

#[cfg(smr_loom)]
mod imp {
    use super::Block;
    use smr_core::Shared;
    use std::collections::HashSet;
    use std::marker::PhantomData;
    use std::sync::Mutex;

    #[derive(Default)]
    pub(in super::super) struct Section<'g>(PhantomData<&'g ()>);

    /// Checks that nothing is retired or freed twice, or lost.
    pub(in super::super) struct Pool<I> {
        live: Mutex<HashSet<usize>>,
        retired: Mutex<HashSet<usize>>,
        blocks: PhantomData<fn(I)>,
    }

    impl<I> Pool<I> {
        pub(in super::super) fn new() -> Self {
            Pool {
                live: Mutex::default(),
                retired: Mutex::default(),
                blocks: PhantomData,
            }
        }

        pub(in super::super) fn alloc(
            &self,
            block: Block<I>,
            _section: &Section<'_>,
        ) -> *mut Block<I> {
            let block = Box::into_raw(Box::new(block));
            self.live.lock().unwrap().insert(block.addr());
            block
        }

        /// # Safety
        /// Of this pool.
        pub(in super::super) unsafe fn retire(&self, block: Shared<'_, Block<I>>) {
            let at = block.as_ptr().expose_provenance();
            assert!(self.live.lock().unwrap().remove(&at), "retired twice");
            self.retired.lock().unwrap().insert(at);
        }

        /// # Safety
        /// Of this pool, and nobody else's.
        pub(in super::super) unsafe fn dispose(&self, block: Shared<'_, Block<I>>) {
            let live = self.live.lock().unwrap().remove(&block.as_ptr().addr());
            assert!(live, "freed twice");
            // SAFETY: of a box, once.
            drop(unsafe { Box::from_raw(block.as_ptr()) });
        }
    }

    impl<I> Drop for Pool<I> {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                assert!(self.live.get_mut().unwrap().is_empty(), "a block is lost");
            }
            for &at in self.retired.get_mut().unwrap().iter() {
                let block: *mut Block<I> = std::ptr::with_exposed_provenance_mut(at);
                // SAFETY: retired once, and the model is over.
                drop(unsafe { Box::from_raw(block) });
            }
        }
    }
}

pub(super) use imp::{Pool, Section};
