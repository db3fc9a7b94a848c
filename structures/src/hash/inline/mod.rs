//! The map of small keys and values, which are in the buckets themselves.
//!
//! `slots` says what the buckets hold; `map` is the type, `keyed` its operations on one key, all of which
//! `hashed` has for a hash that is known.

mod builder;
mod drain;
mod hashed;
mod iter;
mod keyed;
mod map;
#[cfg(feature = "rayon")]
mod parallel;
mod slots;
mod traits;

pub use builder::InlineHashMapBuilder;
pub use drain::{Drain, IntoIter};
pub use iter::{Iter, Keys, Values};
pub use map::InlineHashMap;
#[cfg(feature = "rayon")]
pub use parallel::ParIter;
