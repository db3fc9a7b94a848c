//! Thread numbers: small, dense, reused; and what a thread gives back when it exits.
//!
//! A number indexes the thread's record in every domain and its cache in every zone. It is claimed
//! with Acquire and released with Release, so that its next owner sees the last one's state.
//!
//! A thread's exit touches domains only, never a zone: a dead thread's cache stays where it is until
//! an operation on that zone takes it over. If a section is still open at the exit (a guard was
//! leaked, or sits in a thread-local that is dropped later), its record is left to it, and the number
//! too until that section has ended: what the guard protects stays protected.
//!
//! After the exit hook has run (in destructors of other thread-locals) a thread has no number any
//! more: every section claims a record of its own for its duration.

use core::cell::{Cell, RefCell};
use core::ptr;

use crate::chunks::Place;
use crate::domain::CoreRef;
use crate::primitive::counter::Counter;
use crate::record::{ORPHAN, Record};
use crate::registry::Numbers;

/// Words of the number set: 65,536 threads at a time; those beyond have no number.
#[cfg(not(smr_loom))]
const WORDS: usize = 65_536 / usize::BITS as usize;
#[cfg(smr_loom)]
const WORDS: usize = 1;

crate::shared_static! {
    static NUMBERS: Numbers<WORDS> = Numbers::new();
}

/// Numbers and records that are not coming back: their threads exited with a section open.
static ABANDONED: Counter = Counter::new();

/// What the fast paths need of a thread: no destructor, so it is readable until the very end.
struct Local {
    place: Cell<Place>,
    global: Cell<*const Record>,
    /// Sections that were open when the exit hook ran, and the number that they keep taken.
    orphans: Cell<u32>,
    number: Cell<usize>,
}

crate::plain_thread_local! {
    static LOCAL: Local = Local {
        place: Cell::new(Place::NOWHERE),
        global: Cell::new(ptr::null()),
        orphans: Cell::new(0),
        number: Cell::new(0),
    };
}

crate::plain_thread_local! {
    static EXIT: ExitHook = ExitHook::new();
}

/// The calling thread's place in the domains' and zones' arrays; [`Place::NOWHERE`] without a number.
#[inline]
pub(crate) fn place() -> Place {
    // Never refused: it has no destructor. (loom's are destroyed all the same.)
    LOCAL.try_with(|l| l.place.get()).unwrap_or(Place::NOWHERE)
}

/// The calling thread's record of the global domain, claimed and light; or null.
#[cfg(not(smr_loom))]
#[inline]
pub(crate) fn light_global_record() -> *const Record {
    LOCAL.with(|l| l.global.get())
}

/// The records that a thread holds, given back by its drop.
struct ExitHook {
    /// The thread's number, if it has one.
    place: Cell<Place>,
    claims: RefCell<Vec<Claim>>,
}

struct Claim {
    /// Keeps the record's memory; the global domain's needs no keeping.
    core: CoreRef,
    record: *const Record,
}

impl ExitHook {
    crate::primitive::const_fn! {
        fn new() -> ExitHook {
            ExitHook {
                place: Cell::new(Place::NOWHERE),
                claims: RefCell::new(Vec::new()),
            }
        }
    }
}

/// The calling thread's place, its number claimed if it has none yet. None once the thread's exit
/// hook has run, or if all numbers are taken.
pub(crate) fn place_or_claim() -> Option<Place> {
    let now = place();
    if now != Place::NOWHERE {
        return Some(now);
    }
    EXIT.try_with(|hook| {
        fork::watch();
        let claimed = Place::of(NUMBERS.claim()?);
        hook.place.set(claimed);
        LOCAL.with(|l| l.place.set(claimed));
        Some(claimed)
    })
    .ok()
    .flatten()
}

/// Claims the calling thread's record in `core`. None if the thread cannot own records (any more), or
/// memory is short: the caller then takes a temporary one.
#[cold]
pub(crate) fn claim_record(core: &CoreRef) -> Option<*const Record> {
    let place = place_or_claim()?;
    EXIT.try_with(|hook| {
        // Refused only when the allocator, called below, itself enters a section.
        let mut claims = hook.claims.try_borrow_mut().ok()?;
        claims.retain(|c| !c.core.is_closed());
        claims.try_reserve(1).ok()?;
        let record = core.threads.occupy(core, place).ok()?;
        // SAFETY: the record's index is the number that this thread owns (`place_or_claim`), and it
        // is vacant, or `enter` would not have asked for a claim.
        unsafe { record.claim(0, std::thread::current().name().unwrap_or("")) };
        claims.push(Claim {
            core: core.clone(),
            record,
        });
        if core.is_global() && !record.is_fenced() {
            LOCAL.with(|l| l.global.set(record));
        }
        Some(ptr::from_ref(record))
    })
    .ok()
    .flatten()
}

impl Drop for ExitHook {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What a model's threads do at their end: loom destroys thread-locals too late, after its statics.
#[cfg(smr_loom)]
#[doc(hidden)]
pub fn leave() {
    EXIT.with(ExitHook::leave);
}

impl ExitHook {
    /// Gives everything back.
    fn leave(&self) {
        // From here on the thread is one without a number.
        let _ = LOCAL.try_with(|l| {
            l.place.set(Place::NOWHERE);
            l.global.set(ptr::null());
        });
        let place = self.place.replace(Place::NOWHERE);
        let mut orphans = 0;
        for claim in self.claims.take() {
            // SAFETY: `claim.core` keeps the domain, and with it the record, alive.
            let record = unsafe { &*claim.record };
            if claim.core.is_closed() {
                // Nobody can enter it any more, and this was one of the last references to it.
            } else if record.is_idle() {
                claim.core.threads.release(record);
            } else {
                // The section's last guard releases the record; the number stays taken, so that the
                // record is nobody else's until then.
                record.flag(ORPHAN);
                orphans += 1;
            }
        }
        if place != Place::NOWHERE {
            if orphans == 0 {
                NUMBERS.release(place.index());
            } else {
                ABANDONED.add(1);
                let _ = LOCAL.try_with(|l| {
                    l.orphans.set(orphans);
                    l.number.set(place.index());
                });
            }
        }
    }
}

/// A section that outlived its thread's exit hook has ended after all, in a later destructor of the
/// same thread (guards are not `Send`), and its record has been released. The last one gives the
/// number back.
pub(crate) fn orphan_ended() {
    let _ = LOCAL.try_with(|l| {
        let left = l.orphans.get().saturating_sub(1);
        if l.orphans.replace(left) == 1 {
            NUMBERS.release(l.number.get());
            ABANDONED.sub(1);
        }
    });
}

/// The calling thread's number, also if only sections that outlived its exit hook hold it.
#[cfg(all(unix, not(smr_loom)))]
fn own_number() -> Option<usize> {
    let place = place();
    if place != Place::NOWHERE {
        return Some(place.index());
    }
    LOCAL
        .try_with(|l| (l.orphans.get() > 0).then(|| l.number.get()))
        .ok()
        .flatten()
}

/// How many thread numbers have been abandoned by the process.
pub(crate) fn abandoned() -> u64 {
    ABANDONED.get()
}

/// Counts a record that was left behind with its section open.
pub(crate) fn count_abandoned() {
    ABANDONED.add(1);
}

/// Whether a live thread, or one that vanished in a `fork`, holds the number.
pub(crate) fn is_claimed(number: usize) -> bool {
    NUMBERS.is_claimed(number)
}

/// How many forks lie between this process and the first that used the library.
pub(crate) fn generation() -> usize {
    fork::generation()
}

/// Whether the number's thread exists only in an ancestor of this process.
#[inline]
pub(crate) fn has_vanished(number: usize) -> bool {
    fork::has_vanished(number)
}

/// After a `fork` the child has one thread. The records of the others, and their numbers, stay as
/// they were: scans skip the records, and nobody gets the numbers, because the caches that they index
/// may have been left in the middle of an operation.
#[cfg(all(unix, not(smr_loom)))]
mod fork {
    use super::{NUMBERS, Numbers, WORDS};
    use crate::primitive::AtomicUsize;
    use crate::primitive::Ordering::{Acquire, Release};

    static WATCHED: std::sync::Once = std::sync::Once::new();
    static FORKS: AtomicUsize = AtomicUsize::new(0);
    static VANISHED: Numbers<WORDS> = Numbers::new();

    pub(super) fn watch() {
        WATCHED.call_once(|| {
            // SAFETY: `in_child` is an `extern "C"` function of static lifetime that only performs
            // atomic operations.
            let failed = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
            debug_assert_eq!(failed, 0, "pthread_atfork is out of memory");
        });
    }

    pub(super) fn generation() -> usize {
        FORKS.load(Acquire)
    }

    extern "C" fn in_child() {
        VANISHED.absorb(&NUMBERS, super::own_number());
        FORKS.fetch_add(1, Release);
    }

    #[inline]
    pub(super) fn has_vanished(number: usize) -> bool {
        FORKS.load(Acquire) != 0 && VANISHED.is_claimed(number)
    }
}

#[cfg(not(all(unix, not(smr_loom))))]
mod fork {
    pub(super) fn watch() {}

    pub(super) fn generation() -> usize {
        0
    }

    #[inline]
    pub(super) fn has_vanished(_: usize) -> bool {
        false
    }
}
