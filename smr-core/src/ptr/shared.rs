//! An item read under a guard.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::{Owned, sealed, tag};
use crate::zone::Zone;

/// A pointer, possibly null, to an item that stays readable as long as the guard `'g` (G1), with tag
/// bits. `Copy`; compares by address and tag.
///
/// ```
/// use smr_core::Zone;
///
/// let zone = Zone::new();
/// let guard = zone.enter();
/// let item = zone.alloc(5u64).into_shared(&guard);
/// let marked = item.with_tag(1);
/// assert!(marked != item && marked.as_ptr() == item.as_ptr());
/// assert_eq!((item.tag(), marked.tag()), (0, 1));
/// // SAFETY: of this zone, never published, retired once.
/// unsafe { zone.retire(item) };
/// ```
pub struct Shared<'g, T> {
    ptr: *mut T,
    guard: PhantomData<(&'g (), *const T)>,
}

impl<T> Clone for Shared<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

impl<'g, T> Shared<'g, T> {
    /// The null pointer, untagged.
    #[inline]
    #[must_use]
    pub const fn null() -> Self {
        Shared {
            ptr: ptr::null_mut(),
            guard: PhantomData,
        }
    }

    /// A pointer that came from [`as_raw`](Self::as_raw), its tag included. It promises nothing of its
    /// item: whoever dereferences or retires it does.
    #[inline]
    #[must_use]
    pub const fn from_raw(ptr: *mut T) -> Self {
        Shared {
            ptr,
            guard: PhantomData,
        }
    }

    /// The pointer, its tag included.
    #[inline]
    #[must_use]
    pub const fn as_raw(self) -> *mut T {
        self.ptr
    }

    /// The pointer without its tag.
    #[inline]
    #[must_use]
    pub fn as_ptr(self) -> *mut T {
        tag::strip(self.ptr)
    }

    /// Whether the pointer is null, whatever its tag.
    #[inline]
    #[must_use]
    pub fn is_null(self) -> bool {
        self.as_ptr().is_null()
    }

    /// The tag.
    #[inline]
    #[must_use]
    pub fn tag(self) -> usize {
        tag::of(self.ptr)
    }

    /// The same pointer with another tag; bits beyond the alignment of `T` are cut off.
    #[inline]
    #[must_use]
    pub fn with_tag(self, tag: usize) -> Self {
        Shared {
            ptr: tag::with(self.ptr, tag),
            guard: PhantomData,
        }
    }

    /// The item.
    ///
    /// # Safety
    /// - The pointer is not null and its item has been initialized, which the loading thread has
    ///   synchronized with (Acquire).
    /// - The item is reclaimed through the domain that the guard is of, and was reachable at some time
    ///   while the guard's section was open.
    /// - Nobody has a mutable reference to it.
    #[inline]
    #[must_use]
    pub unsafe fn deref(self) -> &'g T {
        // SAFETY: the caller's contract.
        unsafe { &*self.as_ptr() }
    }

    /// The item as one that nobody else has seen yet, or that nobody else can reach any more.
    ///
    /// ```
    /// # use smr_core::Zone;
    /// let zone = Zone::new();
    /// let item = zone.alloc(5u64).into_shared(&zone.enter()).as_raw();
    /// // SAFETY: of this zone, and never published.
    /// let owned = unsafe { smr_core::Shared::from_raw(item).into_owned(&zone) };
    /// assert_eq!(owned.into_inner(), 5);
    /// ```
    ///
    /// # Safety
    /// The pointer is not null, its item was allocated from this zone, nobody else can reach it or refers
    /// to it, and it is not retired, disposed of, or owned otherwise.
    #[inline]
    #[must_use]
    pub unsafe fn into_owned(self, zone: &Zone<T>) -> Owned<'_, T> {
        // SAFETY: the caller's contract: it is not null.
        let item = unsafe { NonNull::new_unchecked(self.as_ptr()) };
        // SAFETY: the caller's contract.
        unsafe { Owned::new(item, zone) }.with_tag(self.tag())
    }

    /// The item, if the pointer is not null.
    ///
    /// # Safety
    /// As for [`deref`](Self::deref), unless the pointer is null.
    #[inline]
    #[must_use]
    pub unsafe fn as_ref(self) -> Option<&'g T> {
        // SAFETY: the caller's contract.
        unsafe { self.as_ptr().as_ref() }
    }
}

impl<T> sealed::Sealed<T> for Shared<'_, T> {
    #[inline]
    fn raw(&self) -> *mut T {
        self.ptr
    }
}

impl<T> PartialEq for Shared<'_, T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.ptr == other.ptr
    }
}

impl<T> Eq for Shared<'_, T> {}

impl<T> Default for Shared<'_, T> {
    fn default() -> Self {
        Shared::null()
    }
}

impl<T> fmt::Debug for Shared<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("ptr", &self.as_ptr())
            .field("tag", &self.tag())
            .finish()
    }
}

impl<T> fmt::Pointer for Shared<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.as_ptr(), f)
    }
}
