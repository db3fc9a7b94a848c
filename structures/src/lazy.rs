//! What a map makes at its first use, and has until it is dropped.

use core::ptr;

use smr_core::primitive::{AtomicPtr, Ordering};

/// What can be made so. Its end is told by its address, for what it drops may have that.
pub(crate) trait End {
    /// Drops it. May end with the first panic of a drop.
    ///
    /// # Safety
    /// A box, of which nobody else has anything. Once.
    unsafe fn end(this: *mut Self);
}

/// None until it is asked for.
pub(crate) struct Lazy<T: End>(AtomicPtr<T>);

impl<T: End> Lazy<T> {
    pub(crate) fn new() -> Self {
        Lazy(AtomicPtr::new(ptr::null_mut()))
    }

    /// What has been made.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: null, or there until the drop.
        unsafe { self.address().as_ref() }
    }

    /// Its address; null if there is none yet.
    #[inline]
    pub(crate) fn address(&self) -> *mut T {
        // Acquire: pairs with `make`.
        self.0.load(Ordering::Acquire)
    }

    /// What is there, or is made now; of several threads one has made it.
    #[inline]
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        match self.get() {
            Some(there) => there,
            None => self.make(make()),
        }
    }

    #[cold]
    fn make(&self, made: T) -> &T {
        let made = Box::into_raw(Box::new(made));
        // AcqRel, Acquire: publishes it to `address`, or finds another thread's.
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let null = ptr::null_mut();
        let there = match self.0.compare_exchange(null, made, order.0, order.1) {
            Ok(_) => made,
            Err(first) => {
                // SAFETY: made here, and not published.
                unsafe { T::end(made) };
                first
            }
        };
        // SAFETY: there until the drop.
        unsafe { &*there }
    }
}

impl<T: End> Drop for Lazy<T> {
    fn drop(&mut self) {
        let there = self.address();
        if !there.is_null() {
            // SAFETY: of `make`, and nothing is left that has it.
            unsafe { T::end(there) };
        }
    }
}
