//! Lock-free maps on the [`smr_core`] reclamation clock.
//!
//! - [`HashMap`]: a hash table of any keys and values.
//! - [`HashSet`]: a set of any keys.
//! - [`InlineHashMap`](hash_map::InlineHashMap): a hash table for small plain keys and values.
//!
//! Every operation is lock-free: a thread that is suspended anywhere stops no other.
//!
//! # Features
//! - `rayon`: parallel iterators. Those that borrow entries are of the handles that
//!   [`pin_owned`](HashMap::pin_owned) gives, for only their guards may be shared; maps of values are iterated
//!   over themselves. Maps and sets are made of, and extended by, parallel iterators.
//! - `serde`: maps are serde's maps, sets its sequences. Other threads may write meanwhile: what is written is
//!   collected before, as references, so that its length is right. What is read is not trusted to have the
//!   length that it claims.

mod guard;

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;

#[cfg_attr(smr_loom, allow(dead_code, reason = "models use a part"))]
mod hash;

#[cfg(all(feature = "rayon", not(smr_loom)))]
mod parallel;

/// Hash tables.
#[cfg(not(smr_loom))]
pub mod hash_map {
    pub use crate::hash::answers::{Compute, Computed, OccupiedError, Operation};
    #[cfg(feature = "rayon")]
    pub use crate::hash::boxed::ParIter;
    pub use crate::hash::boxed::{
        AndModify, Drain, Entry, HashMap, HashMapBuilder, HashMapRef, IntoIter, Iter, Keys, Values,
    };
    pub use crate::hash::builder::Builder;
    #[cfg(feature = "rayon")]
    pub use crate::hash::inline::ParIter as InlineParIter;
    pub use crate::hash::inline::{
        Drain as InlineDrain, InlineHashMap, InlineHashMapBuilder, IntoIter as InlineIntoIter,
        Iter as InlineIter, Keys as InlineKeys, Values as InlineValues,
    };
}

/// Hash sets.
#[cfg(not(smr_loom))]
pub mod hash_set {
    #[cfg(feature = "rayon")]
    pub use crate::hash::boxed::ParKeys as ParIter;
    pub use crate::hash::boxed::{HashSet, HashSetBuilder, HashSetRef};
}

#[cfg(all(feature = "serde", not(smr_loom)))]
mod serial;

#[cfg(not(smr_loom))]
pub mod set;

#[cfg(not(smr_loom))]
pub use hash_map::{Compute, HashMap, HashMapBuilder, HashMapRef, OccupiedError, Operation};
#[cfg(not(smr_loom))]
pub use hash_set::{HashSet, HashSetBuilder, HashSetRef};

pub use equivalent::Equivalent;
pub use guard::Guard;
pub use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

/// Entries must not be passed off as longer-lived than they are: the maps are invariant.
///
/// ```compile_fail
/// use structures::hash_map::InlineHashMap;
///
/// fn shorter<'a, 's>(
///     map: &'a InlineHashMap<u8, std::marker::PhantomData<&'static ()>>,
/// ) -> &'a InlineHashMap<u8, std::marker::PhantomData<&'s ()>> {
///     map
/// }
/// ```
///
/// Without the lifetimes it compiles:
///
/// ```
/// use structures::hash_map::InlineHashMap;
///
/// fn shorter<'a>(
///     map: &'a InlineHashMap<u8, std::marker::PhantomData<&'static ()>>,
/// ) -> &'a InlineHashMap<u8, std::marker::PhantomData<&'static ()>> {
///     map
/// }
/// ```
///
/// Iterators are in a section, which belongs to its thread:
///
/// ```compile_fail
/// let map = structures::hash_map::InlineHashMap::<u8, u8>::new();
/// let mut iter = map.iter();
/// std::thread::scope(|s| {
///     s.spawn(move || iter.next());
/// });
/// ```
///
/// Keys have at most eight bytes:
///
/// ```compile_fail
/// structures::hash_map::InlineHashMap::<u128, u8>::new().insert(1, 1);
/// ```
#[cfg(doctest)]
struct CompileFail;
