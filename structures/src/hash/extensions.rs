//! Where extensions come from: memory that is a table's until the end, so that they are read without a
//! section, and used again at once.

use core::mem::offset_of;

use smr_core::primitive::{AtomicU32, AtomicU64, Ordering};

use self::memory::All;
use super::bucket::{Slots, Zeroed};

/// The extensions of a table, those in use and those that wait for it.
///
/// One that has been given back may be another bucket's while a late reader still looks into it. That finds
/// its bucket's header changed: who gave it back had seen that change, by which none of its slots was valid,
/// and every store by the next owner comes after it got the extension, and after its release fence of
/// `filling` (partner: the acquire fence of `still`).
pub(super) struct Extensions<S: Slots> {
    all: All<S>,
    /// A stack: the first one's number, plus one, and above it how often this has been changed: 2^32 changes
    /// within one step of another thread are taken to be impossible.
    free: AtomicU64,
}

/// Two cache lines, if they hold pairs.
#[repr(C, align(128))]
pub(super) struct Extension<S: Slots> {
    more: S::More,
    /// Its number, plus one.
    number: AtomicU32,
    /// That of the one below, on the stack.
    next: AtomicU32,
}

// SAFETY: atomics, and slots, of which `Slots` says it; aligned so.
unsafe impl<S: Slots> Zeroed for Extension<S> {
    #[cfg(smr_loom)]
    fn new() -> Self {
        Extension {
            more: S::more(),
            number: AtomicU32::new(0),
            next: AtomicU32::new(0),
        }
    }
}

impl<S: Slots> Default for Extensions<S> {
    fn default() -> Self {
        Extensions {
            all: All::new(),
            free: AtomicU64::new(0),
        }
    }
}

impl<S: Slots> Extensions<S> {
    /// One that nobody has. Lock-free. Aborts if there is no memory.
    pub(super) fn take(&self) -> *mut S::More {
        // Acquire, also below: pairs with `give`, so that who fills it comes after its last owner.
        let mut head = self.free.load(Ordering::Acquire);
        while let Some(first) = (head as u32 as usize).checked_sub(1) {
            let extension = self.all.get(first);
            // Nonsense if another thread has taken it meanwhile; but then the head has changed.
            let next = extension.next.load(Ordering::Relaxed);
            match self.replace_free(head, next) {
                Ok(()) => return Self::more_of(extension),
                Err(now) => head = now,
            }
        }
        self.make()
    }

    #[cold]
    fn make(&self) -> *mut S::More {
        let made = self.all.make();
        let number = made.and_then(|index| u32::try_from(index + 1).ok());
        let Some(number) = number else {
            std::alloc::handle_alloc_error(core::alloc::Layout::new::<Extension<S>>());
        };
        let extension = self.all.get(number as usize - 1);
        // Relaxed: who gives it back has got it from this thread.
        extension.number.store(number, Ordering::Relaxed);
        Self::more_of(extension)
    }

    /// Gives one back. Lock-free.
    ///
    /// # Safety
    /// Of `take`, since the last time that it was given back; it is in no bucket, and what the headers say
    /// has it that none of its slots is valid.
    pub(super) unsafe fn give(&self, more: *mut S::More) {
        let extension: *const Extension<S> = more.cast_const().cast();
        const { assert!(offset_of!(Extension<S>, more) == 0) };
        // SAFETY: `more` is its first field, and the pointer is one to the whole; it lives as long as `self`.
        let extension = unsafe { &*extension };
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            extension.next.store(head as u32, Ordering::Relaxed);
            let number = extension.number.load(Ordering::Relaxed);
            match self.replace_free(head, number) {
                Ok(()) => return,
                Err(now) => head = now,
            }
        }
    }

    /// AcqRel: a `take` comes after the `give` of what it takes, and what is below that.
    fn replace_free(&self, head: u64, number: u32) -> Result<(), u64> {
        let changes = (head >> 32).wrapping_add(1);
        let new = changes << 32 | u64::from(number);
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let replaced = self.free.compare_exchange(head, new, order.0, order.1);
        replaced.map(|_| ())
    }

    fn more_of(extension: *const Extension<S>) -> *mut S::More {
        extension.cast_mut().cast()
    }
}

#[cfg(not(smr_loom))]
mod memory {
    use super::{Extension, Slots};
    use crate::hash::segments::Segments;
    use smr_core::primitive::{AtomicUsize, Ordering};

    pub(super) struct All<S: Slots> {
        segments: Segments<Extension<S>>,
        /// So many are in use, or have been.
        made: AtomicUsize,
    }

    impl<S: Slots> All<S> {
        pub(super) fn new() -> Self {
            All {
                segments: Segments::new(),
                made: AtomicUsize::new(0),
            }
        }

        /// The number of a new one; none if there is no memory.
        pub(super) fn make(&self) -> Option<usize> {
            // Relaxed: each number is one thread's, and `provide` has its own orderings.
            let index = self.made.fetch_add(1, Ordering::Relaxed);
            self.segments.provide(index, |_| {}).ok()?;
            Some(index)
        }

        #[inline]
        pub(super) fn get(&self, index: usize) -> &Extension<S> {
            self.segments.get(index)
        }
    }
}

/// Nothing that loom sees: segments are modelled as the buckets' memory.
#[cfg(smr_loom)]
mod memory {
    use super::{Extension, Slots, Zeroed};
    use std::sync::Mutex;

    pub(super) struct All<S: Slots>(Mutex<Vec<Box<Extension<S>>>>);

    impl<S: Slots> All<S> {
        pub(super) fn new() -> Self {
            All(Mutex::default())
        }

        pub(super) fn make(&self) -> Option<usize> {
            let made = Box::new(Extension::new());
            let mut all = self.0.lock().unwrap();
            all.push(made);
            Some(all.len() - 1)
        }

        pub(super) fn get(&self, index: usize) -> &Extension<S> {
            let extension = &raw const *self.0.lock().unwrap()[index];
            // SAFETY: in its box until `self` is dropped.
            unsafe { &*extension }
        }
    }
}
