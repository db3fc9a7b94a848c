//! A head and items behind it, in memory of their own, which take one word to refer to.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{align_of, size_of};
use core::ptr::{self, NonNull};
use core::slice;
use std::alloc::{alloc, dealloc, handle_alloc_error};

use crate::hash::prefetch;

#[repr(C)]
struct Begin<H> {
    head: H,
    len: usize,
}

/// Owns the items.
pub(super) struct Thin<H: Copy, T> {
    begin: NonNull<Begin<H>>,
    items: PhantomData<T>,
}

// SAFETY: owns the items, and a head that has no owner.
unsafe impl<H: Copy + Send, T: Send> Send for Thin<H, T> {}
// SAFETY: gives shared references to them, and nothing else.
unsafe impl<H: Copy + Sync, T: Sync> Sync for Thin<H, T> {}

impl<H: Copy, T> Thin<H, T> {
    /// Where the items begin.
    const ITEMS: usize = size_of::<Begin<H>>().next_multiple_of(align_of::<T>());

    fn layout(len: usize) -> Layout {
        let items = Layout::array::<T>(len).expect("they have been in memory before");
        let all = Layout::new::<Begin<H>>().extend(items);
        all.expect("a head is small").0
    }

    /// Of so many items. Aborts if there is no memory.
    ///
    /// # Panics
    /// If there are fewer, or if one's making does.
    pub(super) fn new(head: H, len: usize, items: impl IntoIterator<Item = T>) -> Self {
        let layout = Self::layout(len);
        // SAFETY: the length, at least, is not of size 0.
        let at = unsafe { alloc(layout) }.cast::<Begin<H>>();
        let Some(begin) = NonNull::new(at) else {
            handle_alloc_error(layout);
        };
        let mut filling = Filling::<H, T> {
            begin,
            len,
            filled: 0,
            items: PhantomData,
        };
        // SAFETY: just allocated, for this.
        unsafe { begin.write(Begin { head, len }) };
        for item in items.into_iter().take(len) {
            let at = Self::first(begin).wrapping_add(filling.filled);
            // SAFETY: as above, for as many.
            unsafe { at.write(item) };
            filling.filled += 1;
        }
        assert_eq!(filling.filled, len, "as many as it was said");
        core::mem::forget(filling);
        Thin {
            begin,
            items: PhantomData,
        }
    }

    fn first(begin: NonNull<Begin<H>>) -> *mut T {
        begin.as_ptr().wrapping_byte_add(Self::ITEMS).cast()
    }

    #[inline]
    pub(super) fn head(&self) -> &H {
        // SAFETY: written, and there until it is dropped.
        &unsafe { self.begin.as_ref() }.head
    }

    #[inline]
    pub(super) fn items(&self) -> &[T] {
        // SAFETY: as above.
        let len = unsafe { self.begin.as_ref() }.len;
        // SAFETY: so many are there, behind the head.
        unsafe { slice::from_raw_parts(Self::first(self.begin), len) }
    }

    /// Asks the cache for the head and so many items, a few lines at most: to wait once for all of them.
    #[inline]
    pub(super) fn prefetch(&self, items: usize) {
        const LINE: usize = 64;
        let bytes = Self::ITEMS + items * size_of::<T>();
        for line in 0..bytes.div_ceil(LINE).min(6) {
            prefetch(self.begin.as_ptr().cast::<u8>().wrapping_add(line * LINE));
        }
    }
}

impl<H: Copy, T> Drop for Thin<H, T> {
    fn drop(&mut self) {
        let len = self.items().len();
        drop(Filling::<H, T> {
            begin: self.begin,
            len,
            filled: len,
            items: PhantomData,
        });
    }
}

/// Memory for so many items, of which some are there. Frees all of it.
struct Filling<H: Copy, T> {
    begin: NonNull<Begin<H>>,
    len: usize,
    filled: usize,
    items: PhantomData<T>,
}

impl<H: Copy, T> Drop for Filling<H, T> {
    fn drop(&mut self) {
        /// Also if the drop of an item panics.
        struct Free(*mut u8, Layout);
        impl Drop for Free {
            fn drop(&mut self) {
                // SAFETY: allocated so, in `new`, and nobody else has it.
                unsafe { dealloc(self.0, self.1) };
            }
        }
        let _free = Free(self.begin.as_ptr().cast(), Thin::<H, T>::layout(self.len));
        let items = ptr::slice_from_raw_parts_mut(Thin::<H, T>::first(self.begin), self.filled);
        // SAFETY: so many are there, and nobody looks at them any more.
        unsafe { items.drop_in_place() };
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use super::*;

    #[test]
    fn items_are_there_until_it_is_dropped() {
        let one = Rc::new(1);
        let items = [Rc::clone(&one), Rc::new(2), Rc::clone(&one)];
        let thin = Thin::new(7_u8, 3, items);
        assert_eq!((*thin.head(), thin.items().len()), (7, 3));
        assert!(thin.items().iter().map(|n| **n).eq([1, 2, 1]));
        assert_eq!(Rc::strong_count(&one), 3);
        drop(thin);
        assert_eq!(Rc::strong_count(&one), 1);
    }

    #[test]
    fn items_that_are_not_made_leave_nothing() {
        let one = Rc::new(1);
        let few = || drop(Thin::new((), 3, [Rc::clone(&one), Rc::clone(&one)]));
        assert!(catch_unwind(AssertUnwindSafe(few)).is_err());
        let panics = |i| (i < 2).then(|| Rc::clone(&one)).expect("on purpose");
        let panics = || drop(Thin::new((), 3, (0..3).map(panics)));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(Rc::strong_count(&one), 1);
    }

    #[test]
    fn items_may_be_large_or_nothing() {
        #[repr(align(128))]
        #[derive(Clone, Copy, PartialEq, Debug)]
        struct Large(u8);
        let large = [Large(1), Large(2)];
        let thin = Thin::new([3_u64; 3], 2, large);
        assert_eq!((thin.head(), thin.items()), (&[3; 3], &large[..]));
        assert!(thin.items().as_ptr().is_aligned());
        assert_eq!(Thin::new((), 5, [(); 5]).items().len(), 5);
        assert!(Thin::<u64, u64>::new(1, 0, []).items().is_empty());
    }
}
