//! Pools of pieces that are reclaimed when the sections are over in which they may be looked into: zones; in
//! models memory that is reclaimed as quickly as may be.

#[cfg(not(smr_loom))]
mod imp {
    use smr_core::{Shared, Smr, Zone};

    /// Under which nothing is reclaimed that was reachable when it began.
    pub(crate) type Section<'g> = smr_core::Guard<'g>;
    /// Where a section is opened.
    pub(crate) type Domain = Smr;

    pub(crate) struct Pool<T>(Zone<T>);

    /// Bytes that a thread may keep of a pool. A map has several pools, and need not be large.
    const LEAST: usize = 8 << 10;
    const MOST: usize = 192 << 10;

    impl<T> Pool<T> {
        pub(crate) fn new(smr: &Domain) -> Self {
            Pool(Zone::with_cache_range(smr, LEAST..=MOST))
        }

        /// Aborts if there is no memory.
        #[inline]
        pub(crate) fn alloc(&self, value: T, section: &Section<'_>) -> *mut T {
            self.0.alloc(value).into_shared(section).as_raw()
        }

        /// # Safety
        /// Of this pool, and nobody else retires it, or disposes of it; who comes to look for it does not find it.
        #[inline]
        pub(crate) unsafe fn retire(&self, piece: *mut T) {
            // SAFETY: the caller's contract.
            unsafe { self.0.retire(Shared::from_raw(piece)) };
        }

        /// # Safety
        /// Of this pool, and nobody else can reach it.
        #[inline]
        pub(crate) unsafe fn dispose(&self, piece: *mut T) {
            // SAFETY: the caller's contract.
            unsafe { self.0.dispose(Shared::from_raw(piece)) };
        }

        /// What is in a piece, whose memory is given back.
        ///
        /// # Safety
        /// As for [`dispose`](Self::dispose).
        pub(crate) unsafe fn take(&self, piece: *mut T) -> T {
            // SAFETY: the caller's contract.
            let owned = unsafe { Shared::from_raw(piece).into_owned(&self.0) };
            owned.into_inner()
        }

        /// Reclaims what may be, and returns how many pieces still wait.
        pub(crate) fn flush(&self) -> usize {
            self.0.flush()
        }
    }

    /// A piece of any pool.
    ///
    /// # Safety
    /// It is there, and not reclaimed as long as the section lasts.
    #[inline]
    pub(crate) unsafe fn see<'s, T>(piece: *const T, _section: &'s Section<'_>) -> &'s T {
        // SAFETY: the caller's contract.
        unsafe { &*piece }
    }
}

#[cfg(smr_loom)]
mod imp {
    use core::marker::PhantomData;
    use core::mem::{ManuallyDrop, take};
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use smr_core::primitive::UnsafeCell;

    use crate::grace::Grace;

    /// What is made has the address of what has gone last.
    pub(crate) struct Domain(Arc<Heap>);

    struct Heap {
        grace: Grace<Gone>,
        books: Mutex<Books>,
        /// Whether revisions are reclaimed no earlier than the map. Then they give no thread a view of what
        /// others have done: they would have no number yet.
        keeps_revisions: bool,
    }

    #[derive(Default)]
    struct Books {
        /// By the type: addresses of pieces that are gone.
        free: HashMap<&'static str, Vec<usize>>,
        kept: Vec<Gone>,
        live: usize,
    }

    #[derive(Clone, Copy)]
    struct Gone {
        at: usize,
        drop: unsafe fn(usize),
        pool: &'static str,
    }

    impl PartialEq for Gone {
        fn eq(&self, other: &Gone) -> bool {
            self.at == other.at
        }
    }

    struct Meta {
        written: UnsafeCell<()>,
        is_there: bool,
    }

    /// `value` is behind `meta` whatever its type is.
    #[repr(C, align(16))]
    struct Piece<T> {
        meta: ManuallyDrop<Meta>,
        value: Aligned<T>,
    }

    #[repr(C, align(16))]
    struct Aligned<T>(ManuallyDrop<T>);

    const META: usize = size_of::<Meta>().next_multiple_of(16);

    pub(crate) struct Section<'g>(&'g Heap, usize);

    pub(crate) struct Pool<T>(Arc<Heap>, PhantomData<fn(T)>);

    impl Domain {
        pub(crate) fn new(keeps_revisions: bool) -> Self {
            Domain(Arc::new(Heap {
                grace: Grace::new(),
                books: Mutex::default(),
                keeps_revisions,
            }))
        }

        pub(crate) fn enter(&self) -> Section<'_> {
            Section(&self.0, self.0.grace.enter())
        }

        /// Nothing is left.
        pub(crate) fn check_empty(&self) {
            let kept = take(&mut self.0.books().kept);
            kept.into_iter().for_each(|gone| self.0.free(gone));
            assert!(self.0.grace.is_idle());
            let books = self.0.books();
            assert_eq!(books.live, 0, "pieces are lost");
        }
    }

    impl Clone for Domain {
        fn clone(&self) -> Self {
            Domain(self.0.clone())
        }
    }

    impl Heap {
        fn books(&self) -> MutexGuard<'_, Books> {
            self.books.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// What goes may retire more.
        fn reclaim(&self) {
            loop {
                let mut gone = self.grace.gone().peekable();
                if gone.peek().is_none() {
                    return;
                }
                gone.for_each(|gone| self.free(gone));
            }
        }

        fn free(&self, gone: Gone) {
            // SAFETY: retired or disposed of, once.
            unsafe { (gone.drop)(gone.at) };
            let mut books = self.books();
            books.live -= 1;
            books.free.entry(gone.pool).or_default().push(gone.at);
        }
    }

    impl Drop for Section<'_> {
        fn drop(&mut self) {
            self.0.grace.leave(self.1);
            if !std::thread::panicking() {
                self.0.reclaim();
            }
        }
    }

    /// # Safety
    /// A piece of a pool of this type, which is there. Once.
    unsafe fn end<T>(at: usize) {
        let piece: *mut Piece<T> = core::ptr::with_exposed_provenance_mut(at);
        // SAFETY: the caller's contract.
        let piece = unsafe { &mut *piece };
        assert!(piece.meta.is_there, "not gone twice");
        piece.meta.is_there = false;
        // SAFETY: it is there until now.
        unsafe { ManuallyDrop::drop(&mut piece.value.0) };
    }

    impl<T> Pool<T> {
        pub(crate) fn new(domain: &Domain) -> Self {
            assert_eq!(core::mem::offset_of!(Piece<T>, value), META);
            Pool(domain.0.clone(), PhantomData)
        }

        pub(crate) fn alloc(&self, value: T, _: &Section<'_>) -> *mut T {
            let meta = Meta {
                written: UnsafeCell::new(()),
                is_there: true,
            };
            let piece = Piece {
                meta: ManuallyDrop::new(meta),
                value: Aligned(ManuallyDrop::new(value)),
            };
            let mut books = self.0.books();
            books.live += 1;
            let free = books.free.entry(core::any::type_name::<T>()).or_default();
            let at = match free.pop() {
                Some(at) => {
                    let at: *mut Piece<T> = core::ptr::with_exposed_provenance_mut(at);
                    // SAFETY: of a piece of this type that is gone.
                    unsafe { at.write(piece) };
                    at
                }
                None => Box::into_raw(Box::new(piece)),
            };
            at.expose_provenance();
            at.wrapping_byte_add(META).cast()
        }

        fn gone(piece: *mut T) -> Gone {
            Gone {
                at: piece.wrapping_byte_sub(META).addr(),
                drop: end::<T>,
                pool: core::any::type_name::<T>(),
            }
        }

        /// # Safety
        /// As of the other.
        pub(crate) unsafe fn retire(&self, piece: *mut T) {
            let gone = Self::gone(piece);
            let heap = &*self.0;
            let is_revision = gone.pool.contains("::Sized<");
            if heap.keeps_revisions && is_revision {
                let kept = &mut heap.books().kept;
                assert!(
                    kept.iter().all(|other| other.at != gone.at),
                    "not retired twice"
                );
                kept.push(gone);
                return;
            }
            heap.grace.retire(gone);
            heap.reclaim();
        }

        /// # Safety
        /// As of the other.
        pub(crate) unsafe fn dispose(&self, piece: *mut T) {
            self.0.free(Self::gone(piece));
        }

        /// # Safety
        /// As of the other.
        pub(crate) unsafe fn take(&self, piece: *mut T) -> T {
            // SAFETY: it is there; it is not used again.
            let value = unsafe { piece.read() };
            let nothing: unsafe fn(usize) = |at| {
                let piece: *mut Piece<T> = core::ptr::with_exposed_provenance_mut(at);
                // SAFETY: the caller's contract.
                unsafe { &mut *piece }.meta.is_there = false;
            };
            self.0.free(Gone {
                drop: nothing,
                ..Self::gone(piece)
            });
            value
        }
    }

    /// # Safety
    /// As of the other, which is checked.
    pub(crate) unsafe fn see<'s, T>(piece: *const T, _section: &'s Section<'_>) -> &'s T {
        let meta = piece.wrapping_byte_sub(META).cast::<Meta>();
        // SAFETY: of a piece; its memory is not given back.
        let meta = unsafe { &*meta };
        assert!(meta.is_there, "what is looked into is there");
        meta.written.with(|_| ());
        // SAFETY: it is there.
        unsafe { &*piece }
    }
}

pub(crate) use imp::{Domain, Pool, Section, see};
