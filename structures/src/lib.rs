//! Lock-free maps on the [`smr_core`] reclamation clock.
//!
//! The maps are under construction; so far this crate re-exports what they are built on.

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;

pub use smr_core::{Guard, OwnedGuard, Smr};
