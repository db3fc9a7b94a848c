//! What must not compile.
//!
//! A guard stays on its thread.
//! ```compile_fail,E0277
//! let guard = smr_core::enter();
//! std::thread::spawn(move || drop(guard));
//! ```
//!
//! Nor is it shared.
//! ```compile_fail,E0277
//! let guard = smr_core::enter();
//! std::thread::scope(|s| { s.spawn(|| { let _ = &guard; }); });
//! ```
//!
//! A zone of items that stay on their thread stays there too.
//! ```compile_fail,E0277
//! let zone: smr_core::Zone<std::rc::Rc<u8>> = smr_core::Zone::new();
//! std::thread::spawn(move || drop(zone));
//! ```
//!
//! And is not shared.
//! ```compile_fail,E0277
//! let zone: smr_core::Zone<std::rc::Rc<u8>> = smr_core::Zone::new();
//! std::thread::scope(|s| { s.spawn(|| { zone.flush(); }); });
//! ```
//!
//! G1: what was loaded does not outlive its guard.
//! ```compile_fail,E0505
//! use std::sync::atomic::Ordering::Acquire;
//! let zone = smr_core::Zone::new();
//! let cell = smr_core::Atomic::new(zone.alloc(1u32));
//! let guard = smr_core::enter();
//! let seen = cell.load(Acquire, &guard);
//! drop(guard);
//! assert!(!seen.is_null());
//! ```
//!
//! Nor a repin.
//! ```compile_fail,E0502
//! use std::sync::atomic::Ordering::Acquire;
//! let zone = smr_core::Zone::new();
//! let cell = smr_core::Atomic::new(zone.alloc(1u32));
//! let mut guard = smr_core::enter();
//! let seen = cell.load(Acquire, &guard);
//! guard.repin();
//! assert!(!seen.is_null());
//! ```
//!
//! A zone is invariant in its items.
//! ```compile_fail
//! use smr_core::Zone;
//! fn shorten<'z, 'a>(zone: &'z Zone<&'static str>) -> &'z Zone<&'a str> { zone }
//! ```
//!
//! A zone outlives what was allocated from it and not published.
//! ```compile_fail,E0505
//! let zone = smr_core::Zone::new();
//! let owned = zone.alloc(1u32);
//! drop(zone);
//! assert_eq!(*owned, 1);
//! ```
//!
//! A deferred closure borrows only what outlives the zone.
//! ```compile_fail,E0597
//! use smr_core::{Deferred, Zone};
//! let zone: Zone<Deferred<'_>> = Zone::new();
//! {
//!     let text = String::new();
//!     let text = &text;
//!     zone.defer(move || println!("{text}"));
//! }
//! zone.barrier();
//! ```
//!
//! A domain's deferred closure borrows nothing.
//! ```compile_fail,E0597
//! let smr = smr_core::Smr::new();
//! let text = String::new();
//! let text = &text;
//! smr.defer(move || println!("{text}"));
//! ```
//!
//! The guard inside an owned one cannot be moved out.
//! ```compile_fail,E0507
//! let owned = smr_core::Smr::new().enter_owned();
//! let guard: smr_core::Guard<'static> = *owned;
//! ```
//!
//! A reader has one guard at a time.
//! ```compile_fail,E0499
//! let smr = smr_core::Smr::new();
//! let mut reader = smr.reader();
//! let a = reader.enter();
//! let b = reader.enter();
//! drop((a, b));
//! ```
//!
//! A domain outlives the guards of its handle.
//! ```compile_fail,E0505
//! let smr = smr_core::Smr::new();
//! let guard = smr.enter();
//! drop(smr);
//! drop(guard);
//! ```
//!
//! An item's borrows outlive the zone, whose drop may drop it.
//! ```compile_fail,E0505
//! struct Loud<'a>(&'a String);
//! impl Drop for Loud<'_> { fn drop(&mut self) { println!("{}", self.0); } }
//! let zone = smr_core::Zone::new();
//! let text = String::new();
//! drop(zone.alloc(Loud(&text)));
//! drop(text);
//! drop(zone);
//! ```
