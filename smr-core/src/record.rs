//! One reader's record: the slot in which it publishes the number that its open section observes.
//!
//! - **R1** The slot is published, and the publication ordered before the section's first protected
//!   load, by a StoreLoad barrier (E3): a real fence, or a compiler fence if writers issue membarrier.
//! - **R2** The slot goes back to idle with Release, after the section's last protected access (X).
//! - **R3** Only the record's owner writes the slot and `extra`: the thread whose number is the
//!   record's index, or the holder of the `Reader` that claimed it. Ownership moves with
//!   Release/Acquire (see `registry`).
//!
//! # Enter, step by step
//! E1 loads `wr`, E2 stores the number into the slot, E3 is the StoreLoad barrier.
//!
//! - E1 is Acquire. Before a real fence Relaxed would do; with membarrier readers a weakly ordered
//!   machine could otherwise perform a protected load before E1 and publish a number that is too new.
//! - E2 is Release. A scan that finds the number `s ≥ goal` goes ahead and frees; it must synchronize
//!   with the *earlier* sections of this slot, whose X it never read.
//! - E3 pairs with the scan's P3. If E3 comes first the scan sees the slot; if P3 comes first the
//!   section sees every unlink up to the scan's `wr`.
//!
//! With a narrow sequence enter is *busy first*: the slot says [`BUSY`] before E1, so that a reader
//! preempted between E1 and E2, for however long, is never invisible.

use crate::domain::Core;
use crate::primitive::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::primitive::counter::Counter;
use crate::primitive::{
    AtomicU32, AtomicUsize, OwnerCell, compiler_fence, fence, interruptible, rarely,
};
use crate::seq::{AtomicSeq, BUSY, BUSY_FIRST, IDLE, Raw, Seq, VACANT};
use crate::step::{Step, mutated, order};

/// `attention`: somebody waits for this section to end.
pub(crate) const WAITER: u32 = 1;
/// `attention`: the record was claimed for this section only and goes back when it ends.
pub(crate) const TEMPORARY: u32 = 2;
/// `attention`: the owning thread has exited with the section open.
pub(crate) const ORPHAN: u32 = 4;

/// How many words a thread's name takes in its record; longer names are cut.
const NAME_WORDS: usize = 16 / size_of::<usize>();

/// Counters with one writer, the record's owner.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) advance: Counter,
    pub(crate) advance_wait: Counter,
    pub(crate) poll: Counter,
    pub(crate) poll_scan: Counter,
    pub(crate) poll_fail: Counter,
    pub(crate) retired_items: Counter,
    pub(crate) retired_bytes: Counter,
    pub(crate) reclaimed_items: Counter,
    pub(crate) reclaimed_bytes: Counter,
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self {
            advance: Counter::new(),
            advance_wait: Counter::new(),
            poll: Counter::new(),
            poll_scan: Counter::new(),
            poll_fail: Counter::new(),
            retired_items: Counter::new(),
            retired_bytes: Counter::new(),
            reclaimed_items: Counter::new(),
            reclaimed_bytes: Counter::new(),
        }
    }
}

/// The record. Two cache lines, of which `enter` and `exit` touch the first.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Record {
    /// The number of the open section, or a state (`seq`).
    slot: AtomicSeq,
    /// Guards open beyond the first.
    extra: OwnerCell<usize>,
    /// Reasons for `exit` to take its slow path.
    attention: AtomicU32,
    /// Whether E3 is a real fence. Fixed when the record is made, before it is first claimed.
    fenced: bool,
    /// Whether the index is a thread's number (else the record belongs to a `Reader`).
    pub(crate) of_thread: bool,
    /// The index in its registry.
    pub(crate) index: u32,
    /// Advances since the last real one, in deferred mode; the owner's.
    pub(crate) deferred: OwnerCell<u32>,
    /// The domain, which outlives its records.
    core: *const Core,
    pub(crate) counters: Counters,
    name: [AtomicUsize; NAME_WORDS],
}

#[cfg(all(target_pointer_width = "64", not(smr_loom)))]
const _: () = assert!(size_of::<Record>() == 128, "a record is two cache lines");

// SAFETY: `core` points to the domain that owns the record and may be shared; the `OwnerCell`s are
// touched by the record's owner only (R3), the rest is atomic.
unsafe impl Send for Record {}
// SAFETY: as above.
unsafe impl Sync for Record {}

impl Record {
    /// A record that nobody owns, of the domain `core`.
    pub(crate) fn new(core: *const Core, index: usize, of_thread: bool, fenced: bool) -> Record {
        Record {
            slot: AtomicSeq::new(VACANT),
            extra: OwnerCell::new(0),
            attention: AtomicU32::new(0),
            fenced,
            of_thread,
            index: u32::try_from(index).expect("an index is below chunks::MAX_LEN"),
            deferred: OwnerCell::new(0),
            core,
            counters: Counters::default(),
            name: core::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// The domain.
    pub(crate) fn core(&self) -> &Core {
        // SAFETY: the domain owns the registry that owns this record, so it outlives `&self`.
        unsafe { &*self.core }
    }

    /// The slot as a scan reads it (P3 lies before). Acquire: pairs with X, and with the E2 of later
    /// sections, so that what earlier sections did happens before what the scan's caller frees.
    #[inline]
    pub(crate) fn slot(&self) -> Raw {
        self.slot.load(order(Step::Slot, Acquire))
    }

    /// Whether the owner has claimed the record and has no section open. Relaxed: for the owner.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.slot.load(Relaxed) == IDLE
    }

    /// Whether nobody has claimed the record. Relaxed: for the owner-to-be.
    pub(crate) fn is_vacant(&self) -> bool {
        self.slot.load(Relaxed) == VACANT
    }

    /// Opens a section, or nests in the open one. False if the record is vacant: claim it first.
    ///
    /// # Safety
    /// The caller owns the record, or it is vacant and the caller may claim it (R3). `wr` is the
    /// write sequence of the record's domain.
    #[inline]
    pub(crate) unsafe fn enter(&self, wr: &AtomicSeq) -> bool {
        // SAFETY: the caller's contract; the record's own word on its fences.
        unsafe { self.enter_as(wr, self.fenced) }
    }

    /// [`enter`](Self::enter) on a record that is known not to fence.
    ///
    /// # Safety
    /// As for `enter`; and the record is not [`fenced`](Self::is_fenced).
    #[cfg(not(smr_loom))]
    #[inline]
    pub(crate) unsafe fn enter_light(&self, wr: &AtomicSeq) -> bool {
        debug_assert!(!self.fenced);
        // SAFETY: the caller's contract.
        unsafe { self.enter_as(wr, false) }
    }

    /// # Safety
    /// As for `enter`; `fenced` is the record's.
    #[inline]
    unsafe fn enter_as(&self, wr: &AtomicSeq, fenced: bool) -> bool {
        // Relaxed: the owner reads what it wrote itself.
        let now = self.slot.load(Relaxed);
        if rarely(now != IDLE) {
            if rarely(now == VACANT) {
                return false;
            }
            // SAFETY: the slot is not vacant, so the caller owns the record (R3).
            let extra = unsafe { self.extra.get() };
            // SAFETY: as above.
            unsafe { self.extra.set(deeper(extra)) };
            if mutated(Step::Nest) {
                self.publish(wr, fenced);
            }
        } else {
            self.publish(wr, fenced);
        }
        true
    }

    /// E1, E2, E3.
    #[inline]
    fn publish(&self, wr: &AtomicSeq, fenced: bool) {
        if BUSY_FIRST {
            self.slot.store(BUSY, Release);
            store_load(fenced);
        }
        let seq = wr.load(order(Step::E1, Acquire)); // E1
        debug_assert!(seq % 2 == 1, "C2");
        interruptible();
        self.slot.store(seq, order(Step::E2, Release)); // E2
        if !BUSY_FIRST {
            store_load(fenced); // E3
        }
    }

    /// Whether E3 is a real fence.
    pub(crate) fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// Closes a guard; the last one ends the section (X).
    ///
    /// # Safety
    /// The caller owns the record (R3) and has a guard open on it, which it gives up.
    #[inline]
    pub(crate) unsafe fn exit(&self) {
        debug_assert!(self.slot.load(Relaxed) != IDLE, "exit without enter");
        // SAFETY: the caller owns the record.
        let extra = unsafe { self.extra.get() };
        if rarely(extra != 0) {
            // SAFETY: the caller owns the record.
            unsafe { self.extra.set(extra - 1) };
        } else {
            self.slot.store(IDLE, order(Step::X, Release)); // X
            // Orders X before the load of `attention` against a waiter's heavy barrier between its
            // store of `attention` and its last scan; in fence mode waiters sleep with a time limit.
            compiler_fence();
            if rarely(self.attention.load(Relaxed) != 0) {
                self.exit_attended();
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn exit_attended(&self) {
        let why = self.attend();
        if why & (TEMPORARY | ORPHAN) != 0 {
            self.core().registry(self.of_thread).release(self);
        }
        if why & ORPHAN != 0 {
            crate::threads::orphan_ended();
        }
    }

    /// Wakes those who wait for the section that has just ended or moved; returns all the reasons.
    fn attend(&self) -> u32 {
        // Acquire: pairs with the Release of `flag`, so that the waiter's node is seen in the list.
        let why = self.attention.fetch_and(!WAITER, Acquire);
        if why & WAITER != 0 {
            self.core().waiters.wake_all();
        }
        why
    }

    /// Sets a reason for `exit` to take its slow path.
    pub(crate) fn flag(&self, why: u32) {
        // Release: the waiter's node is in the list, to the Acquire of `attend` and `vacate`.
        self.attention.fetch_or(why, Release);
    }

    /// Whether the owner is a thread that only an ancestor of this process has. One that had ended
    /// with its section open before the fork has not vanished: what it left open stays open.
    pub(crate) fn has_vanished(&self) -> bool {
        self.of_thread
            && crate::threads::has_vanished(self.index as usize)
            && self.attention.load(Relaxed) & ORPHAN == 0
    }

    /// Moves the open section up to the present, if it has one guard. What was read under it before
    /// must not be used after. No StoreLoad barrier: the slot is never idle in between, so that a
    /// scan sees either number; the old one blocks more, and the new one was loaded (Acquire) before
    /// any load that the section does next.
    ///
    /// # Safety
    /// The caller owns the record (R3) and has a guard open, under which it holds no pointers.
    #[inline]
    pub(crate) unsafe fn repin(&self, wr: &AtomicSeq) {
        // SAFETY: the caller owns the record.
        if unsafe { self.extra.get() } == 0 {
            let seq = wr.load(order(Step::RepinE1, Acquire));
            // Release: as E2, for the part of the section that ends here.
            self.slot.store(seq, order(Step::Repin, Release));
            compiler_fence();
            if self.attention.load(Relaxed) & WAITER != 0 {
                self.attend();
            }
        }
    }

    /// Makes the caller the owner: the slot becomes idle.
    ///
    /// # Safety
    /// The caller has won the record's index (R3), with Acquire against its last owner.
    pub(crate) unsafe fn claim(&self, why: u32, name: &str) {
        debug_assert!(self.is_vacant());
        for (i, word) in self.name.iter().enumerate() {
            let mut bytes = [0; size_of::<usize>()];
            let rest = name.as_bytes().get(i * bytes.len()..).unwrap_or(&[]);
            let n = rest.len().min(bytes.len());
            bytes[..n].copy_from_slice(&rest[..n]);
            word.store(usize::from_ne_bytes(bytes), Relaxed);
        }
        // Not a store: a waiter may have flagged the record.
        self.attention.fetch_or(why, Relaxed);
        // Release, here and in `vacate`: as X, for whoever scans; the owner's own loads need none.
        self.slot.store(IDLE, Release);
    }

    /// Gives the record up: the slot becomes vacant. The index is freed by the registry, after this.
    pub(crate) fn vacate(&self) {
        debug_assert!(self.is_idle());
        self.slot.store(VACANT, Release);
        // Acquire: as in `attend`.
        if self.attention.swap(0, Acquire) & WAITER != 0 {
            self.core().waiters.wake_all();
        }
    }

    /// The owner's thread name as of the claim; lossy, and a mixture if the owner changes meanwhile.
    pub(crate) fn owner_name(&self) -> String {
        let bytes: Vec<u8> = self
            .name
            .iter()
            .flat_map(|w| w.load(Relaxed).to_ne_bytes())
            .take_while(|&b| b != 0)
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether the owner has a section open, for its own checks.
    pub(crate) fn own_section(&self) -> bool {
        let now = self.slot.load(Relaxed);
        now != IDLE && now != VACANT
    }

    /// The number in the slot, if it holds one. For reports.
    pub(crate) fn published(&self) -> Option<Seq> {
        let raw = self.slot.load(Relaxed);
        (raw % 2 == 1).then(|| Seq::from_raw(raw))
    }
}

/// E3 (of the slot's first store). Partner: P3, the heavy barrier in `poll`.
#[inline]
fn store_load(fenced: bool) {
    if fenced {
        if !mutated(Step::E3) {
            fence(SeqCst);
        }
    } else {
        compiler_fence();
    }
}

/// One nesting level more.
#[inline]
fn deeper(extra: usize) -> usize {
    match extra.checked_add(1) {
        Some(more) => more,
        // Guards were forgotten 2^64 times: wrapping would end a section that is still used.
        None => std::process::abort(),
    }
}
