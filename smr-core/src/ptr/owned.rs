//! An item that nobody else has seen yet.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::{Shared, sealed, tag};
use crate::bucket::Slot;
use crate::guard::Guard;
use crate::zone::Zone;

/// An item allocated from a [`Zone`] and not yet published: like a `Box`, with tag bits.
///
/// Made by [`Zone::alloc`]; published by storing it in an [`Atomic`](crate::Atomic). Dropping it
/// drops the item and returns the slot to the zone at once.
///
/// ```
/// # use smr_core::{Smr, Zone};
/// let zone = Zone::new();
/// let mut owned = zone.alloc(41);
/// *owned += 1;
/// assert_eq!(*owned, 42);
/// ```
pub struct Owned<'z, T> {
    /// The item, with the tag in the low bits.
    ptr: *mut T,
    zone: &'z Zone<T>,
}

// SAFETY: an owned item moves like a box; its zone must be shareable to take the slot back.
unsafe impl<T: Send> Send for Owned<'_, T> {}
// SAFETY: a shared borrow gives shared access to the item.
unsafe impl<T: Send + Sync> Sync for Owned<'_, T> {}

impl<'z, T> Owned<'z, T> {
    /// # Safety
    /// `ptr` points to an item in a slot of `zone` that is the caller's alone.
    #[inline]
    pub(crate) unsafe fn new(ptr: NonNull<T>, zone: &'z Zone<T>) -> Self {
        Owned {
            ptr: ptr.as_ptr(),
            zone,
        }
    }

    /// Gives up ownership, to store the item in several places, say. An item that is neither retired
    /// nor disposed of later is leaked.
    #[inline]
    pub fn into_shared<'g>(self, _guard: &'g Guard<'_>) -> Shared<'g, T> {
        Shared::from_raw(sealed::Sealed::into_raw(self))
    }

    /// Takes the item out and returns the slot to the zone.
    #[must_use = "dropping an `Owned` drops the item as well"]
    pub fn into_inner(self) -> T {
        let this = core::mem::ManuallyDrop::new(self);
        let item = this.item();
        // SAFETY: the item is ours, and `this` does not drop it.
        let value = unsafe { item.read() };
        // SAFETY: the slot is the zone's, raw now, and nobody else has seen it.
        unsafe { this.zone.raw().give_back(Slot(item.cast())) };
        value
    }

    /// The tag.
    #[inline]
    #[must_use]
    pub fn tag(&self) -> usize {
        tag::of(self.ptr)
    }

    /// The same item with another tag; bits beyond the alignment of `T` are cut off.
    #[inline]
    #[must_use]
    pub fn with_tag(mut self, tag: usize) -> Self {
        self.ptr = tag::with(self.ptr, tag);
        self
    }

    #[inline]
    fn item(&self) -> NonNull<T> {
        // SAFETY: the pointer came from a `NonNull` (`new`) and tags are in bits that are free.
        unsafe { NonNull::new_unchecked(tag::strip(self.ptr)) }
    }
}

impl<T> sealed::Sealed<T> for Owned<'_, T> {
    #[inline]
    fn raw(&self) -> *mut T {
        self.ptr
    }
}

impl<T> Deref for Owned<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the item is ours alone, for as long as the borrow.
        unsafe { self.item().as_ref() }
    }
}

impl<T> DerefMut for Owned<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the item is ours alone, for as long as the borrow.
        unsafe { self.item().as_mut() }
    }
}

impl<T> Drop for Owned<'_, T> {
    fn drop(&mut self) {
        let item = self.item();
        /// Returns the slot even if the item's drop panics.
        struct GiveBack<'a, T>(&'a Zone<T>, Slot);
        impl<T> Drop for GiveBack<'_, T> {
            fn drop(&mut self) {
                // SAFETY: the slot is the zone's, its item is gone, and nobody else has seen it.
                unsafe { self.0.raw().give_back(self.1) };
            }
        }
        let _slot = GiveBack(self.zone, Slot(item.cast()));
        // SAFETY: the item is ours alone and is not used again.
        unsafe { item.drop_in_place() };
    }
}

impl<T: fmt::Debug> fmt::Debug for Owned<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned")
            .field("item", &**self)
            .field("tag", &self.tag())
            .finish()
    }
}
