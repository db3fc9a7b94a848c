//! Lock-free maps on the [`smr_core`] reclamation clock.
//!
//! - [`InlineHashMap`](hash_map::InlineHashMap): a hash table for small plain keys and values.
//!
//! Every operation is lock-free: a thread that is suspended anywhere stops no other.

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;

#[cfg_attr(smr_loom, allow(dead_code, reason = "models use a part"))]
mod hash;

/// Hash tables.
#[cfg(not(smr_loom))]
pub mod hash_map {
    pub use crate::hash::inline::{Computed, InlineHashMap, Iter as InlineIter, Operation};
}

pub use smr_core::{Guard, OwnedGuard, Smr};
