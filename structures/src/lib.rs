//! Lock-free maps on the [`smr_core`] reclamation clock.
//!
//! - [`HashMap`]: a hash table of any keys and values.
//! - [`InlineHashMap`](hash_map::InlineHashMap): a hash table for small plain keys and values.
//!
//! Every operation is lock-free: a thread that is suspended anywhere stops no other.

#[cfg(doctest)]
mod compile_fail;
mod guard;

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;

#[cfg_attr(smr_loom, allow(dead_code, reason = "models use a part"))]
mod hash;

/// Hash tables.
#[cfg(not(smr_loom))]
pub mod hash_map {
    pub use crate::hash::boxed::{
        AndModify, Compute, Drain, Entry, HashMap, HashMapBuilder, HashMapRef, IntoIter, Iter,
        Keys, OccupiedError, Values,
    };
    pub use crate::hash::inline::{Computed, InlineHashMap, Iter as InlineIter, Operation};
}

#[cfg(not(smr_loom))]
pub use hash_map::{Compute, HashMap, HashMapBuilder, HashMapRef, OccupiedError, Operation};

pub use equivalent::Equivalent;
pub use guard::Guard;
pub use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};
