//! The place where items are published.

use core::fmt;

use super::{Owned, Pointer, Shared};
use crate::guard::Guard;
use crate::primitive::{AtomicPtr, Ordering, interruptible};

/// An atomic pointer, possibly null, to an item of a [`Zone`](crate::Zone), with tag bits.
///
/// Loads need a [`Guard`] and return a [`Shared`] that lives as long. Dropping an `Atomic` does
/// nothing to the item: retire it, or dispose of it, first. Every method is one operation of
/// [`AtomicPtr`](core::sync::atomic::AtomicPtr), with the orderings that it is given: wait-free, O(1),
/// and that is where it takes effect.
///
/// ```
/// use smr_core::{Atomic, Zone};
/// use std::sync::atomic::Ordering::{Acquire, AcqRel};
///
/// let zone = Zone::new();
/// let cell = Atomic::null();
/// let guard = zone.enter();
/// cell.store(zone.alloc("one"), std::sync::atomic::Ordering::Release);
/// let old = cell.swap(zone.alloc("two"), AcqRel, &guard);
/// // SAFETY: loaded under the guard of the zone's domain, and not null.
/// assert_eq!(unsafe { cell.load(Acquire, &guard).deref() }, &"two");
/// // SAFETY: the swap has unlinked it, it is of this zone, and nobody else retires it.
/// unsafe { zone.retire(old) };
/// # unsafe { zone.retire(cell.swap(smr_core::Shared::null(), AcqRel, &guard)) };
/// ```
pub struct Atomic<T> {
    ptr: AtomicPtr<T>,
}

// SAFETY: through it `&T` reaches other threads, and items are dropped on other threads.
unsafe impl<T: Send + Sync> Send for Atomic<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Atomic<T> {}

/// A failed [`Atomic::compare_exchange`].
pub struct CompareExchangeError<'g, T, P> {
    /// What was there.
    pub current: Shared<'g, T>,
    /// What was not stored.
    pub new: P,
}

impl<T, P> fmt::Debug for CompareExchangeError<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompareExchangeError")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl<T> Atomic<T> {
    crate::primitive::const_fn! {
        /// A null pointer.
        #[must_use]
        pub fn null() -> Atomic<T> {
            Atomic {
                ptr: AtomicPtr::new(core::ptr::null_mut()),
            }
        }
    }

    /// A pointer to an item.
    #[must_use]
    pub fn new(item: impl Pointer<T>) -> Atomic<T> {
        Atomic {
            ptr: AtomicPtr::new(item.into_raw()),
        }
    }

    /// Loads the pointer. The guard must be of the items' domain, or dereferencing is unsound.
    #[inline]
    pub fn load<'g>(&self, order: Ordering, _guard: &'g Guard<'_>) -> Shared<'g, T> {
        let found = self.ptr.load(order);
        interruptible();
        Shared::from_raw(found)
    }

    /// Stores `new`; what was there is leaked unless it is known otherwise.
    #[inline]
    pub fn store(&self, new: impl Pointer<T>, order: Ordering) {
        self.ptr.store(new.into_raw(), order);
    }

    /// Stores `new` and returns what was there.
    #[inline]
    pub fn swap<'g>(
        &self,
        new: impl Pointer<T>,
        order: Ordering,
        _guard: &'g Guard<'_>,
    ) -> Shared<'g, T> {
        Shared::from_raw(self.ptr.swap(new.into_raw(), order))
    }

    /// Stores `new` if the pointer, its tag included, is `current`. Returns the pointer stored.
    ///
    /// ```
    /// use smr_core::{Atomic, Shared, Zone};
    /// use std::sync::atomic::Ordering::{AcqRel, Acquire};
    ///
    /// let zone = Zone::new();
    /// let cell = Atomic::new(zone.alloc(1));
    /// let guard = zone.enter();
    /// let one = cell.load(Acquire, &guard);
    /// let stored = cell.compare_exchange(one, zone.alloc(2), AcqRel, Acquire, &guard);
    /// assert!(stored.is_ok());
    /// // It has changed: what was not stored comes back.
    /// let refused = cell.compare_exchange(one, zone.alloc(3), AcqRel, Acquire, &guard);
    /// assert_eq!(*refused.unwrap_err().new, 3);
    /// # for item in [one, cell.swap(Shared::null(), AcqRel, &guard)] {
    /// #     unsafe { zone.retire(item) };
    /// # }
    /// ```
    ///
    /// # Errors
    /// The pointer found instead, and `new` back, if it is not `current`.
    #[inline]
    pub fn compare_exchange<'g, P: Pointer<T>>(
        &self,
        current: Shared<'_, T>,
        new: P,
        success: Ordering,
        failure: Ordering,
        _guard: &'g Guard<'_>,
    ) -> Result<Shared<'g, T>, CompareExchangeError<'g, T, P>> {
        let raw = new.raw();
        let result = self
            .ptr
            .compare_exchange(current.as_raw(), raw, success, failure);
        exchanged(new, result)
    }

    /// Like [`compare_exchange`](Self::compare_exchange), but may fail without cause.
    ///
    /// # Errors
    /// The pointer found, which may be `current`, and `new` back.
    #[inline]
    pub fn compare_exchange_weak<'g, P: Pointer<T>>(
        &self,
        current: Shared<'_, T>,
        new: P,
        success: Ordering,
        failure: Ordering,
        _guard: &'g Guard<'_>,
    ) -> Result<Shared<'g, T>, CompareExchangeError<'g, T, P>> {
        let raw = new.raw();
        let result = self
            .ptr
            .compare_exchange_weak(current.as_raw(), raw, success, failure);
        exchanged(new, result)
    }

    /// The pointer, when nobody else can reach the `Atomic`: for teardown, without a guard.
    #[inline]
    pub fn get_mut(&mut self) -> Shared<'_, T> {
        Shared::from_raw(self.ptr.load(Ordering::Acquire))
    }
}

/// What came of an exchange for `new`.
#[inline]
fn exchanged<'g, T, P: Pointer<T>>(
    new: P,
    result: Result<*mut T, *mut T>,
) -> Result<Shared<'g, T>, CompareExchangeError<'g, T, P>> {
    match result {
        Ok(_) => Ok(Shared::from_raw(new.into_raw())),
        Err(found) => Err(CompareExchangeError {
            current: Shared::from_raw(found),
            new,
        }),
    }
}

impl<T> Default for Atomic<T> {
    fn default() -> Self {
        Atomic::null()
    }
}

impl<T> From<Owned<'_, T>> for Atomic<T> {
    fn from(owned: Owned<'_, T>) -> Self {
        Atomic::new(owned)
    }
}

impl<T> fmt::Debug for Atomic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now: Shared<'_, T> = Shared::from_raw(self.ptr.load(Ordering::Relaxed));
        f.debug_tuple("Atomic").field(&now).finish()
    }
}
