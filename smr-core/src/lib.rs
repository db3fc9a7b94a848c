//! Safe memory reclamation for lock-free code, fused with its allocator.
//!
//! Threads that read a shared structure without a lock may still hold a pointer to a node that
//! another thread has just removed. This crate tells the remover when nobody does any more, drops the
//! node then, and hands its memory straight back to the next allocation. It is a user-space
//! implementation of *Global Unbounded Sequences*, the scheme behind FreeBSD's `smr(9)` and its UMA
//! allocator.
//!
//! - [`enter`] opens a read *section*: a load and a store, without a fence where Linux's `membarrier`
//!   is available. Sections nest.
//! - A [`Zone`] allocates items, takes removed ones back ([`Zone::retire`]), and drops and reuses them
//!   once every section that could see them has ended.
//! - [`Atomic`], [`Owned`] and [`Shared`] are the pointers between, with tag bits.
//! - An [`Smr`] is a domain: one clock, and the sections that are held against it. Most programs use
//!   the global one without naming it.
//!
//! # Quick start
//! ```
//! use smr_core::{Atomic, Zone};
//! use std::sync::atomic::Ordering::{AcqRel, Acquire};
//!
//! let zone = Zone::new(); // allocator and limbo, on the global domain
//! let mut cell = Atomic::new(zone.alloc("first".to_owned()));
//!
//! // A reader: what it loads stays readable until the guard is dropped.
//! let guard = smr_core::enter();
//! // SAFETY: not null, an item of the zone, loaded under a guard of the zone's domain.
//! let seen = unsafe { cell.load(Acquire, &guard).deref() };
//!
//! // A writer: replace, then retire what has been unlinked. Nobody waits.
//! let old = cell.swap(zone.alloc("second".to_owned()), AcqRel, &guard);
//! // SAFETY: the swap unlinked it, it is of this zone, and nobody else got it.
//! unsafe { zone.retire(old) };
//!
//! assert_eq!(seen, "first"); // still there
//! drop(guard);
//! zone.barrier(); // now it has been dropped
//!
//! // At the end the structure disposes of what is still published.
//! // SAFETY: of the zone, and nobody else can reach it: the cell is exclusively borrowed.
//! unsafe { zone.dispose(cell.get_mut()) };
//! ```
//!
//! # The clock
//! A domain has a clock with two hands. The *write sequence* is the number of the latest
//! [advance](Smr::advance): a writer that has unlinked something advances it and keeps the new number
//! as its [`Goal`]. A reader that enters publishes the write sequence that it finds in a slot of its
//! own, and clears the slot when it leaves; readers move neither hand. A [poll](Smr::poll) reads the
//! slots and raises the *read sequence* to the oldest number in them, or to the write sequence if all
//! are clear. A goal at or before the read sequence has been *observed*: every section that could
//! have reached what was unlinked before it has ended.
//!
//! | number | what is there | retired with it |
//! |---|---|---|
//! | 41 | the read sequence, raised by some earlier poll | free |
//! | 45 | section A, the oldest | free as soon as a poll has looked: the read sequence can come so far |
//! | 51 | section B | waits for A |
//! | 53 | the write sequence: the latest advance | waits for A and B |
//!
//! Nothing bounds the distance between the two (save on targets without 64-bit atomics). In an epoch
//! scheme the clock cannot tick again before everybody has seen the last tick; here a slow reader costs
//! memory, and the numbers go on being as fine as before. One poll, made when it is likely to succeed,
//! frees whatever the oldest section has left behind.
//!
//! # The buckets
//! Numbers and polls are cheap because they are few. A retired item goes into its thread's *free*
//! bucket. Only a full bucket takes a number, one for all its items, and goes to the end of the
//! thread's limbo. By the time an allocation wants a bucket, the oldest one's number has usually been
//! observed already, by a scan that some other bucket paid for: its drops run, a few an operation,
//! and the bucket itself is what the thread allocates from next.
//!
//! ```text
//!   alloc ← raw ← ready ← (drops) ← ripe ← limbo ← free ← retire
//! ```
//!
//! So steady insertion and removal never call the system's allocator, the clock is advanced once a
//! bucket, and the busier a thread is the larger its buckets grow. Retired items belong to their
//! zone, not to the domain: dropping the zone runs all their drops at once without waiting for
//! anybody, which is why items need not be `'static`.
//!
//! # Example: a stack
//! Treiber's stack, complete. Popping needs no protection against a node's address coming round again
//! (the ABA problem): a node that a section has seen is not reused before the section ends.
//!
//! ```
//! use smr_core::{Atomic, Zone};
//! use std::mem::ManuallyDrop;
//! use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
//!
//! struct Node<T> {
//!     value: ManuallyDrop<T>,
//!     next: Atomic<Node<T>>,
//! }
//!
//! pub struct Stack<T> {
//!     head: Atomic<Node<T>>,
//!     zone: Zone<Node<T>>,
//! }
//!
//! impl<T> Stack<T> {
//!     pub fn new() -> Stack<T> {
//!         Stack { head: Atomic::null(), zone: Zone::new() }
//!     }
//!
//!     pub fn push(&self, value: T) {
//!         let guard = self.zone.enter();
//!         let mut node = self.zone.alloc(Node {
//!             value: ManuallyDrop::new(value),
//!             next: Atomic::null(),
//!         });
//!         let mut head = self.head.load(Relaxed, &guard);
//!         loop {
//!             node.next.store(head, Relaxed);
//!             // Release: publishes the node, to the Acquire in `pop`.
//!             match self.head.compare_exchange_weak(head, node, Release, Relaxed, &guard) {
//!                 Ok(_) => return,
//!                 Err(failed) => (head, node) = (failed.current, failed.new),
//!             }
//!         }
//!     }
//!
//!     pub fn pop(&self) -> Option<T> {
//!         let guard = self.zone.enter();
//!         loop {
//!             let head = self.head.load(Acquire, &guard);
//!             // SAFETY: null, or a node that `push` published (Acquire), loaded under our guard;
//!             // nobody has a mutable reference to a published node.
//!             let node = unsafe { head.as_ref() }?;
//!             let next = node.next.load(Relaxed, &guard);
//!             if self.head.compare_exchange_weak(head, next, AcqRel, Relaxed, &guard).is_ok() {
//!                 // SAFETY: only the pop that unlinked the node takes its value, and the node's drop
//!                 // does not touch it.
//!                 let value = unsafe { std::ptr::read(&*node.value) };
//!                 // SAFETY: unlinked just now, by us alone; the zone outlives every guard that can
//!                 // see the node, as each borrows the stack.
//!                 unsafe { self.zone.retire(head) };
//!                 return Some(value);
//!             }
//!         }
//!     }
//! }
//!
//! impl<T> Drop for Stack<T> {
//!     fn drop(&mut self) {
//!         while self.pop().is_some() {}
//!         // The zone's drop returns the nodes.
//!     }
//! }
//!
//! let stack = Stack::new();
//! std::thread::scope(|s| {
//!     for t in 0..4 {
//!         let stack = &stack;
//!         s.spawn(move || {
//!             for i in 0..1_000 {
//!                 stack.push((t, i.to_string()));
//!                 stack.pop().unwrap();
//!             }
//!         });
//!     }
//! });
//! assert!(stack.pop().is_none());
//! ```
//!
//! # Example: a read-mostly configuration
//! Readers pay a section and a load. Writers copy, change the copy, and publish it.
//!
//! ```
//! use smr_core::{Atomic, Guard, Zone};
//! use std::collections::HashMap;
//! use std::sync::atomic::Ordering::{AcqRel, Acquire};
//!
//! type Settings = HashMap<String, String>;
//!
//! pub struct Config {
//!     zone: Zone<Settings>,
//!     now: Atomic<Settings>,
//! }
//!
//! impl Config {
//!     pub fn new(settings: Settings) -> Config {
//!         let zone = Zone::new();
//!         let now = Atomic::new(zone.alloc(settings));
//!         Config { zone, now }
//!     }
//!
//!     /// The settings of this moment; they do not change while the guard is held.
//!     pub fn get<'g>(&'g self, guard: &'g Guard<'_>) -> &'g Settings {
//!         guard.assert_of(self.zone.smr()); // another domain's guard protects nothing here
//!         // SAFETY: never null, published with Release, of the zone, under a guard of its domain.
//!         unsafe { self.now.load(Acquire, guard).deref() }
//!     }
//!
//!     /// Applies a change to a copy, again if another writer was faster.
//!     pub fn update(&self, change: impl Fn(&mut Settings)) {
//!         let guard = self.zone.enter();
//!         loop {
//!             let old = self.now.load(Acquire, &guard);
//!             // SAFETY: as in `get`.
//!             let mut new = self.zone.alloc(unsafe { old.deref() }.clone());
//!             change(&mut new);
//!             if self.now.compare_exchange(old, new, AcqRel, Acquire, &guard).is_ok() {
//!                 // SAFETY: of the zone, and unlinked by the exchange, which only we have won.
//!                 unsafe { self.zone.retire(old) };
//!                 return;
//!             }
//!         }
//!     }
//! }
//!
//! impl Drop for Config {
//!     fn drop(&mut self) {
//!         let last = self.now.get_mut();
//!         // SAFETY: of the zone, and nobody else can reach it.
//!         unsafe { self.zone.dispose(last) };
//!     }
//! }
//!
//! let config = Config::new(Settings::from([("colour".into(), "red".into())]));
//! let guard = smr_core::enter();
//! let before = config.get(&guard);
//! config.update(|s| drop(s.insert("colour".into(), "blue".into())));
//! assert_eq!(before["colour"], "red");
//! assert_eq!(config.get(&guard)["colour"], "blue");
//! ```
//!
//! # Modes
//! When the write sequence of a domain moves; chosen with [`Builder::mode`]. The global domain is
//! eager.
//!
//! | mode | an advance | memory comes back | for |
//! |---|---|---|---|
//! | [`Mode::Eager`] | one atomic addition to a shared line | soonest | nearly everything |
//! | [`Mode::Deferred`] | one addition in `every` of a thread; a full fence for the others | up to `every` buckets later | many writing threads that contend for the clock |
//! | [`Mode::Lazy`] | a fence and a load | after two ticks or so | readers that must not be disturbed: polls pass at most one heavy barrier a tick |
//!
//! Which barrier readers rely on is chosen with [`Builder::barrier`]. [`Barrier::Auto`] takes
//! `membarrier` where it exists; [`Barrier::Fence`] makes every outermost `enter` execute a full
//! fence, and polls no system call. [`Smr::barrier_in_use`] tells which it is.
//!
//! # Which guard
//! | | opened by | moves between threads | costs | for |
//! |---|---|---|---|---|
//! | [`Guard`] | [`enter`], [`Smr::enter`], [`Zone::enter`] | no | a load and a store; nested, a counter | nearly everything |
//! | [`Guard`] of a [`Reader`] | [`Reader::enter`] | the `Reader` does | the same | worker pools; a signal handler's reads |
//! | [`OwnedGuard`] | [`Smr::enter_owned`], [`Reader::enter_owned`] | yes | a record, claimed and given back, unless the `Reader` is kept | async code, sections that outlive a call |
//!
//! Long loops call [`Guard::repin`] now and then: it moves the section up to the present.
//!
//! # What is promised
//! **Progress.** Entering is wait-free once the thread has a record in the domain (its first section
//! there allocates one). Leaving is wait-free, save that the section which a sleeper in
//! [`Smr::wait`] waits for also wakes it. [`Smr::advance`], [`Smr::poll`], [`Zone::alloc`] and
//! [`Zone::retire`] are lock-free: a thread suspended anywhere in them stops nobody else. Where the
//! system's allocator is called, its own progress is what counts. [`Smr::wait`],
//! [`Smr::synchronize`], [`Zone::barrier`] and [`Smr::barrier`] wait, and say so.
//!
//! **Memory.** An item is dropped exactly once, and never while a section is open that could reach
//! it. How much waits is not bounded: one section that stays open holds back everything that is
//! retired after it was opened, in every zone of the domain. [`Smr::stalled`] names its thread,
//! [`Smr::stats`] and [`Zone::stats`] count what waits, and a domain of one's own keeps others' slow
//! readers out. While sections are short a thread keeps about 192 KiB of retired items, and as much of
//! raw slots, a zone ([`Zone::with_cache_bytes`]).
//!
//! **Late drops.** Only operations on a zone touch its limbo. A zone that nobody uses keeps its last
//! buckets until somebody calls [`Zone::flush`] or [`Zone::barrier`], until it is dropped, or, for
//! shared zones of `'static` items, until a [`Reclaimer`] comes by.
//!
//! **Leaks.** Nothing leaks in ordinary operation. A guard that is forgotten ([`core::mem::forget`],
//! [`Box::leak`]) stalls its domain for good; it never frees early. When the system's allocator fails,
//! `alloc` reports it; a retired item for which not even a list entry can be allocated is given up and
//! counted ([`ZoneStats::leaked_items`]).
//!
//! **Panics.** A drop that panics does not stop the others; the first panic is resumed by explicit
//! calls ([`Zone::flush`], [`Zone::reclaim`], [`Zone::barrier`], the zone's drop) and counted by the
//! rest. Waiting inside a section of the same domain, or inside a deferred drop, panics instead of
//! hanging. A goal or a guard of another domain is refused with a panic.
//!
//! # Environment
//! `SMR_CORE_MEMBARRIER=0` turns `membarrier` off for the process, for sandboxes that kill on unknown
//! system calls: every reader then fences. It is read once, at the first use of a domain or at
//! [`init`].
//!
//! `SMR_CORE_HUGE_PAGES=0` keeps zones from mapping memory for themselves. Otherwise, on Linux and Android with 64
//! bits, a process whose zones have more than 512 KiB of pages takes further ones from spans of 2 MiB, which it maps,
//! and whose pages it has brought into memory some at a time (`madvise(MADV_POPULATE_WRITE)`; where the kernel is older
//! than 5.14 they come one by one). Above 8 MiB one thread at a time makes spans that the kernel is advised to back by
//! a huge page (`MADV_HUGEPAGE`). For all others it is advised not to (`MADV_NOHUGEPAGE`), whatever the system's
//! setting, as a huge page takes up to a millisecond to come. Spans are not the global allocator's memory: whoever
//! counts that adds [`mapped_bytes`]. LeakSanitizer does not look into them, so what only an item there refers to is a
//! leak to it; it is best run without spans. The variable is read once, when the other is, or when the first domain
//! with [`Barrier::Fence`] is made.
//!
//! # Platforms
//! - **Linux and Android** with 64-bit atomics: `membarrier(PRIVATE_EXPEDITED)`, probed and registered
//!   once. Registering in a process that already runs threads takes some 15 ms: call [`init`] at the
//!   start of `main`. If the kernel refuses a barrier *after* it was granted (a seccomp filter
//!   installed later), readers are light already, so nothing more can be proven: polls answer false,
//!   waits do not end, memory waits, and [`Stats::barriers_refused`] counts. Install such filters first,
//!   or set the variable.
//! - **Elsewhere**, and under Miri, loom and ThreadSanitizer: fences.
//! - **Targets without 64-bit atomics** have 32-bit numbers that wrap. Entering costs a second store,
//!   and an advance outside of sections waits for readers that are some 2^30 advances behind.
//! - **`fork`**: the child keeps its own thread's sections and skips those of threads that it does not
//!   have; these threads' numbers and caches are not reused there. Sections of [`Reader`]s stay open in
//!   the child, which may hold them.
//! - **Signal handlers**: [`enter`] is not async-signal-safe. Entering a [`Reader`] that was claimed
//!   beforehand, and is used by the handler alone, is; ending its section is too, unless somebody
//!   sleeps in [`Smr::wait`] for it.
//! - At most 65,536 threads at a time have numbers, and with them records and caches of their own;
//!   those beyond claim a record for every section.
//!
//! # Sources
//! Jeffrey Roberson's design and its implementation in FreeBSD, `sys/kern/subr_smr.c` and
//! `sys/vm/uma_core.c`, which in turn was inspired by the epochs of Samy Al Bahra's Concurrency Kit
//! (after K. Fraser, *Practical Lock-Freedom*, 2004) and is related to Wang, Stamler and Parmer,
//! *Parallel Sections: Scaling System-Level Data-Structures*, 2016. Apple's XNU carries a later
//! relative (`osfmk/kern/smr.c`) with 64-bit sequences and explicit fences. No code was taken from any
//! of them. The orderings are argued one by one in `docs/ordering.md`.

#[doc(hidden)]
pub mod primitive;

mod advance;
mod alloc;
mod barrier;
mod bucket;
mod builder;
mod cache;
mod chunks;
mod clock;
#[cfg(doctest)]
mod compile_fail;
mod deferred;
mod depot;
mod domain;
mod drops;
mod goal;
mod guard;
mod limbo;
mod movers;
mod page;
mod poll;
mod ptr;
mod reader;
mod reclaimer;
mod record;
mod registry;
mod retire;
mod seq;
mod smr;
mod stats;
mod step;
mod sweep;
mod threads;
mod ticker;
mod visit;
mod wait;
mod zone;

pub use barrier::BarrierKind;
pub use builder::Builder;
pub use deferred::Deferred;
pub use domain::{Barrier, Mode};
pub use goal::Goal;
pub use guard::Guard;
pub use ptr::{Atomic, CompareExchangeError, Owned, Pointer, Shared};
pub use reader::{OwnedGuard, Reader};
pub use reclaimer::{Reclaim, Reclaimer};
#[cfg(not(smr_loom))]
pub use smr::enter;
pub use smr::{Smr, init, mapped_bytes};
pub use stats::{Stall, Stats, ZoneStats};
#[cfg(smr_loom)]
#[doc(hidden)]
pub use step::{Step, weaken};
#[cfg(smr_loom)]
#[doc(hidden)]
pub use threads::leave;
pub use wait::Observed;
pub use zone::{AllocError, Zone};

#[doc = include_str!("../../README.md")]
#[cfg(doctest)]
struct ReadmeDoctests;
