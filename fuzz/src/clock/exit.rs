//! Threads that end with work left for the destructors of their locals.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::act::{Actor, replace};
use super::item::{Item, Payload, Temper};
use super::oracle::Owner;
use super::world::Held;

/// How many threads of a process end with sections open. Each costs the library a thread number for
/// good, and the numbers are dense: later programs would crawl.
const ABANDONED: u32 = 200;
static ABANDONS: AtomicU32 = AtomicU32::new(0);

/// Runs its work when it is dropped.
struct Late(Option<Box<dyn FnOnce()>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

thread_local! {
    static LATE: RefCell<Late> = const { RefCell::new(Late(None)) };
}

/// Registers the local's destructor now: before the library's own locals are registered, if called
/// first, and thus to run after theirs.
pub(super) fn register() {
    LATE.with(|_| ());
}

impl Actor<'_> {
    /// Leaves the thread's guards, and some work, to the destructor of a thread-local.
    ///
    /// # Safety
    /// The thread is joined before the world ends.
    pub(super) unsafe fn leave_late(mut self) {
        let open = self.stacks.iter().any(|s| !s.guards.is_empty());
        if open && ABANDONS.fetch_add(1, Relaxed) >= ABANDONED {
            self.leave_sections();
        }
        let work: Box<dyn FnOnce() + '_> = Box::new(move || {
            self.work_late();
            self.leave_sections();
            self.work_late();
        });
        // SAFETY: what the work refers to outlives the thread, as the caller says.
        let work: Box<dyn FnOnce()> = unsafe { std::mem::transmute(work) };
        LATE.with(|late| late.borrow_mut().0 = Some(work));
    }

    /// Enters, reads and retires, with no guard left over. The thread may have lost its record: then
    /// this is a section beside the one that is open, not inside.
    fn work_late(&self) {
        for domain in &self.world.domains {
            let guard = domain.smr.enter();
            domain.oracle.entered(domain.number, Owner::Passing);
            let held = Held::read::<Item>(domain, &guard);
            replace(
                domain,
                Owner::Passing,
                Some(Temper::Calm),
                false,
                Item::zone,
            );
            held.iter().for_each(|h| h.verify(&domain.oracle));
            domain.oracle.left(domain.number, Owner::Passing);
            drop(guard);
        }
    }
}
