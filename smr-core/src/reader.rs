//! Records without a thread: for async code, and for sections that move between threads.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

use crate::Smr;
use crate::guard::Guard;
use crate::record::Record;
use crate::threads;

/// A reader's record that belongs to no thread: it can be sent, and entered wherever it is.
///
/// Claimed by [`Smr::reader`], given back on drop. Claiming takes the lowest free record, O(readers /
/// word size); it is lock-free. Entering is wait-free and async-signal-safe; leaving too, as long as
/// nobody waits for the section.
///
/// ```
/// # use smr_core::Smr;
/// let smr = Smr::new();
/// let mut reader = smr.reader();
/// std::thread::spawn(move || {
///     let _guard = reader.enter();
/// })
/// .join()
/// .unwrap();
/// ```
#[derive(Debug)]
pub struct Reader {
    smr: Smr,
    record: NonNull<Record>,
}

// SAFETY: the record belongs to the reader (R3), and moving the reader orders its accesses.
unsafe impl Send for Reader {}
// SAFETY: a shared reference to a reader gives access to its domain's handle only, which is `Sync`.
unsafe impl Sync for Reader {}

impl Reader {
    pub(crate) fn new(smr: Smr) -> Reader {
        let record = NonNull::from(smr.core().claim_reader(0));
        Reader { smr, record }
    }

    fn record(&self) -> &Record {
        // SAFETY: `smr` keeps the domain, and with it the record, alive.
        unsafe { self.record.as_ref() }
    }

    /// The domain.
    #[must_use]
    pub fn smr(&self) -> &Smr {
        &self.smr
    }

    /// Opens a section on this record.
    ///
    /// If an earlier guard of this reader was forgotten the section is still open, and this nests.
    #[inline]
    pub fn enter(&mut self) -> Guard<'_> {
        // SAFETY: the reader owns the record, is borrowed exclusively, and its record is not vacant.
        let entered = unsafe { self.record().enter(self.smr.core().clock.wr()) };
        debug_assert!(entered, "a reader's record is claimed");
        // SAFETY: the section was opened for this guard; the record lives as long as the borrow.
        unsafe { Guard::new(self.record) }
    }

    /// Opens a section that can be sent: the guard takes the reader along, and
    /// [`OwnedGuard::exit`] gives it back.
    pub fn enter_owned(mut self) -> OwnedGuard {
        core::mem::forget(self.enter());
        // SAFETY: the section that was just opened is the owned guard's to close.
        let guard = unsafe { Guard::new(self.record) };
        OwnedGuard {
            guard: ManuallyDrop::new(guard),
            reader: ManuallyDrop::new(self),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let record = self.record();
        if record.is_idle() {
            self.smr.core().readers.release(record);
        } else {
            // A guard was forgotten: what it protects stays protected.
            threads::count_abandoned();
        }
    }
}

/// An open section that belongs to no thread: `Send` and `Sync`, to be held across `.await` or handed
/// to another thread. Dereferences to a [`Guard`].
///
/// Made by [`Smr::enter_owned`] and [`Reader::enter_owned`]. The domain cannot tell whose it is:
/// [`Smr::wait`] under one's own owned guard never returns, so use [`Smr::wait_timeout`] there.
///
/// ```
/// # use smr_core::Smr;
/// let smr = Smr::new();
/// let guard = smr.enter_owned();
/// std::thread::spawn(move || drop(guard)).join().unwrap();
/// ```
#[derive(Debug)]
#[must_use = "the section ends when the guard is dropped"]
pub struct OwnedGuard {
    guard: ManuallyDrop<Guard<'static>>,
    reader: ManuallyDrop<Reader>,
}

// SAFETY: the record belongs to the reader inside, not to a thread. Moving the guard orders the
// section's accesses, and its end, after those made before the move.
unsafe impl Send for OwnedGuard {}
// SAFETY: through `&OwnedGuard` only `&Guard` can be reached, whose methods do not touch the record's
// cells. Accesses under the guard by other threads happen after its making and before its end.
unsafe impl Sync for OwnedGuard {}

impl UnwindSafe for Reader {}
impl RefUnwindSafe for Reader {}
impl UnwindSafe for OwnedGuard {}
impl RefUnwindSafe for OwnedGuard {}

impl OwnedGuard {
    /// Ends the section and returns the reader for another.
    #[must_use = "dropping the reader gives its record back"]
    pub fn exit(self) -> Reader {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, and the field is not used again.
        unsafe { ManuallyDrop::drop(&mut this.guard) };
        // SAFETY: as above.
        unsafe { ManuallyDrop::take(&mut this.reader) }
    }

    /// See [`Guard::repin`].
    pub fn repin(&mut self) {
        self.guard.repin();
    }
}

impl Deref for OwnedGuard {
    type Target = Guard<'static>;

    /// A guard that lives as long as the borrow: it cannot be moved out.
    fn deref(&self) -> &Guard<'static> {
        &self.guard
    }
}

impl Drop for OwnedGuard {
    fn drop(&mut self) {
        // SAFETY: dropped once, here or in `exit`; the guard before the reader whose record it is on.
        unsafe { ManuallyDrop::drop(&mut self.guard) };
        // SAFETY: as above.
        unsafe { ManuallyDrop::drop(&mut self.reader) };
    }
}
