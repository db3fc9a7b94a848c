//! Lock-free maps on the [`smr_core`] reclamation clock.
//!
//! - [`HashMap`]: a hash table of any keys and values.
//! - [`HashSet`]: a set of any keys.
//! - [`SkipMap`]: an ordered map of any keys and values.
//! - [`SkipSet`]: an ordered set.
//! - [`RadixMap`]: an ordered map of byte strings, strings and numbers, with prefixes.
//! - [`RadixSet`]: a set of these.
//! - [`InlineHashMap`](hash_map::InlineHashMap): a hash table for small plain keys and values.
//!
//! Every operation is lock-free: a thread that is suspended anywhere stops no other.
//!
//! - `PrefixMap`, with the feature `ipnet`: a map of prefixes of IP addresses, with the longest match.
//!
//! # Features
//! - `ipnet`: `PrefixMap`, whose keys are that crate's.
//! - `rayon`: parallel iterators. Those that borrow entries are of the handles that
//!   [`pin_owned`](HashMap::pin_owned) gives, for only their guards may be shared; maps of values are iterated
//!   over themselves. Maps and sets are made of, and extended by, parallel iterators.
//! - `serde`: maps are serde's maps, sets its sequences. Other threads may write meanwhile: what is written is
//!   collected before, as references, so that its length is right. What is read is not trusted to have the
//!   length that it claims.

#[cfg(not(smr_loom))]
mod answers;
#[cfg(doctest)]
mod compile_fail;
mod count;
#[cfg(not(smr_loom))]
mod entries;
mod first_panic;
#[cfg_attr(
    smr_loom,
    allow(dead_code, unreachable_pub, reason = "models use a part")
)]
mod gap;
#[cfg(smr_loom)]
#[allow(dead_code, reason = "for models")]
mod grace;
mod guard;
mod lazy;
#[cfg(all(test, smr_loom))]
mod modelling;
#[cfg_attr(smr_loom, allow(dead_code, reason = "models use a part"))]
mod reclaim;

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;

#[cfg_attr(smr_loom, allow(dead_code, reason = "models use a part"))]
mod hash;

#[cfg_attr(
    smr_loom,
    allow(dead_code, unreachable_pub, reason = "models use a part")
)]
mod skip;

#[cfg_attr(
    smr_loom,
    allow(dead_code, unreachable_pub, reason = "models use a part")
)]
mod radix;

#[cfg(all(feature = "rayon", not(smr_loom)))]
mod parallel;

/// What shall become of one key, said in steps: of any map.
#[cfg(not(smr_loom))]
pub mod entry {
    pub use crate::entries::{AndModify, Entry};
}

/// Hash tables.
#[cfg(not(smr_loom))]
pub mod hash_map {
    pub use crate::answers::{Compute, Computed, OccupiedError, Operation};
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

/// What ordered maps have in common.
#[cfg(not(smr_loom))]
pub mod ordered;

/// Skip maps.
#[cfg(not(smr_loom))]
pub mod skip_map {
    pub use crate::answers::{Compute, OccupiedError, Operation};
    pub use crate::skip::compare::{Comparator, Natural};
    pub use crate::skip::engine::Skip;
    pub use crate::skip::into_iter::IntoIter;
    pub use crate::skip::map::{SkipMap, SkipMapBuilder, SkipMapRef};
    crate::ordered::names! { Skip<C>, C }
}

/// Skip sets.
#[cfg(not(smr_loom))]
pub mod skip_set {
    pub use crate::skip::map::{SkipSet, SkipSetRef};

    /// See [`ordered::RangeKeys`](crate::ordered::RangeKeys).
    pub type Range<'g, K, C, G, Q, R> =
        crate::ordered::RangeKeys<'g, K, crate::skip_map::Skip<C>, G, Q, R>;
}

/// Radix maps.
#[cfg(not(smr_loom))]
pub mod radix_map {
    pub use crate::answers::{Compute, OccupiedError, Operation};
    pub use crate::radix::engine::Radix;
    pub use crate::radix::into_iter::IntoIter;
    pub use crate::radix::key::{FixedRadixKey, RadixKey};
    pub use crate::radix::map::{Ancestors, Prefix, RadixMap, RadixMapRef};
    crate::ordered::names! { Radix }
}

/// Radix sets.
#[cfg(not(smr_loom))]
pub mod radix_set {
    pub use crate::radix::map::{RadixSet, RadixSetRef};

    /// See [`ordered::RangeKeys`](crate::ordered::RangeKeys).
    pub type Range<'g, K, G, Q, R> =
        crate::ordered::RangeKeys<'g, K, crate::radix_map::Radix, G, Q, R>;
}

#[cfg(all(feature = "ipnet", not(smr_loom)))]
mod prefix;

/// Maps of prefixes of IP addresses.
#[cfg(all(feature = "ipnet", not(smr_loom)))]
pub mod prefix_map {
    pub use crate::prefix::{IpPrefix, PrefixMap, PrefixMapRef, Subnets, Supernets};
}

#[cfg(all(feature = "serde", not(smr_loom)))]
mod serial;

#[cfg(not(smr_loom))]
pub mod set;

#[cfg(not(smr_loom))]
pub use hash_map::{Compute, HashMap, HashMapBuilder, HashMapRef, OccupiedError, Operation};
#[cfg(not(smr_loom))]
pub use hash_set::{HashSet, HashSetBuilder, HashSetRef};
#[cfg(all(feature = "ipnet", not(smr_loom)))]
pub use prefix_map::{PrefixMap, PrefixMapRef};
#[cfg(not(smr_loom))]
pub use radix_map::{RadixKey, RadixMap, RadixMapRef};
#[cfg(not(smr_loom))]
pub use radix_set::{RadixSet, RadixSetRef};
#[cfg(not(smr_loom))]
pub use skip_map::{SkipMap, SkipMapBuilder, SkipMapRef};
#[cfg(not(smr_loom))]
pub use skip_set::{SkipSet, SkipSetRef};

pub use equivalent::{Comparable, Equivalent};
pub use guard::Guard;
pub use smr_core::{Guard as LocalGuard, OwnedGuard, Smr};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
