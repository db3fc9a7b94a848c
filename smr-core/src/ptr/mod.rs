//! Pointers to items that a zone reclaims: [`Atomic`], [`Owned`], [`Shared`], each with tag bits.
//!
//! Invariant **G1**: no `Shared<'g, T>` outlives the guard that it was loaded under.

mod atomic;
mod owned;
mod shared;
mod tag;

pub use atomic::{Atomic, CompareExchangeError};
pub use owned::Owned;
pub use shared::Shared;

/// What can be stored in an [`Atomic`]: an [`Owned`] or a [`Shared`].
pub trait Pointer<T>: sealed::Sealed<T> {}

impl<T> Pointer<T> for Owned<'_, T> {}
impl<T> Pointer<T> for Shared<'_, T> {}

mod sealed {
    /// The pointer with its tag bits; giving it away, or only looking at it.
    pub trait Sealed<T>: Sized {
        fn raw(&self) -> *mut T;

        /// Gives the pointer away: what it owned is the receiver's.
        fn into_raw(self) -> *mut T {
            core::mem::ManuallyDrop::new(self).raw()
        }
    }
}
