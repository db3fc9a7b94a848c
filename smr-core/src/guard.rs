//! An open read section.

use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

use crate::record::Record;

/// An open read section of a domain: what is reachable when it is opened, or becomes reachable later,
/// is not reclaimed before it ends.
///
/// Made by [`enter`](crate::enter), [`Smr::enter`](crate::Smr::enter) and
/// [`Reader::enter`](crate::Reader::enter); the section ends when the last guard on its record is
/// dropped. Guards nest: an inner one costs a counter. A guard belongs to its thread (`!Send`,
/// `!Sync`); for one that moves see [`OwnedGuard`](crate::OwnedGuard).
///
/// A section that stays open holds memory back, that of every zone of the domain; nothing else. A
/// guard that is forgotten ([`core::mem::forget`]) leaves its section open for good:
/// [`Smr::stalled`](crate::Smr::stalled) names its thread.
///
/// Entering and leaving are wait-free: a load and a store each with membarrier, a fence more without.
/// They are not async-signal-safe, except on a [`Reader`](crate::Reader) claimed beforehand: entering
/// always is there, leaving as long as nobody [waits](crate::Smr::wait).
///
/// ```
/// let guard = smr_core::enter();
/// let inner = smr_core::enter(); // nests
/// drop(guard);                   // the section is still open
/// drop(inner);                   // now it ends
/// ```
#[derive(Debug)]
#[must_use = "the section ends when the guard is dropped"]
pub struct Guard<'d> {
    record: NonNull<Record>,
    domain: PhantomData<&'d Record>,
    /// Neither `Send` nor `Sync`: the record's cells are its thread's.
    thread: PhantomData<*mut ()>,
}

impl<'d> Guard<'d> {
    /// # Safety
    /// A section, or a nesting level of one, has been opened on `record` for this guard to close, on
    /// this thread. The record lives for `'d`.
    #[inline]
    pub(crate) unsafe fn new(record: NonNull<Record>) -> Guard<'d> {
        Guard {
            record,
            domain: PhantomData,
            thread: PhantomData,
        }
    }

    #[inline]
    fn record(&self) -> &'d Record {
        // SAFETY: the record lives for 'd (`new`).
        unsafe { self.record.as_ref() }
    }

    /// Ends the section and opens another at once, if this is its only guard; else does nothing.
    ///
    /// References obtained through the guard are dead afterwards, which the exclusive borrow ensures.
    /// Long-running loops call this now and then so as not to hold memory back. Costs a load and a
    /// store, in every barrier mode.
    ///
    /// ```
    /// let mut guard = smr_core::enter();
    /// for _batch in 0..10 {
    ///     // ... read under the guard ...
    ///     guard.repin();
    /// }
    /// ```
    #[inline]
    pub fn repin(&mut self) {
        let record = self.record();
        // SAFETY: the guard is open on its own record and thread; `&mut self` excludes pointers
        // borrowed from it, and the record sees to those of other guards.
        unsafe { record.repin(record.core().clock.wr()) };
    }

    /// Whether this guard opens sections of `smr`.
    #[inline]
    #[must_use]
    pub fn is_of(&self, smr: &crate::Smr) -> bool {
        core::ptr::eq(self.record().core(), smr.core())
    }

    /// Panics unless this guard is of `smr`: what it protects lives in one domain only.
    ///
    /// # Panics
    /// If the guard is of another domain.
    #[inline]
    #[track_caller]
    pub fn assert_of(&self, smr: &crate::Smr) {
        assert!(
            self.is_of(smr),
            "this guard is of another domain: it does not protect what is read here; \
             use the guard that the structure's own domain hands out"
        );
    }
}

impl UnwindSafe for Guard<'_> {}
impl RefUnwindSafe for Guard<'_> {}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard is open on its record, on its own thread (`!Send`), and is given up here.
        unsafe { self.record().exit() };
    }
}
