//! The map of any keys and values: each entry is a node of its own, to which the table's slots point, so
//! that references to values stay good as long as a guard.
//!
//! `word` and `node` say what the slots hold; `core` has the operations, of a section that is taken to be
//! of the map's domain; `map` is the API with explicit guards, `pinned` the one without, and the others
//! are parts of these.

mod builder;
mod core;
mod handle;
mod hashed;
mod iter;
mod keyed;
mod map;
mod node;
mod ops;
#[cfg(feature = "rayon")]
mod parallel;
mod pinned;
mod set;
mod traits;
mod word;

pub use builder::HashMapBuilder;
pub use handle::{AndModify, Entry};
pub use iter::{Drain, IntoIter, Iter, Keys, Values};
pub use map::HashMap;
#[cfg(feature = "rayon")]
pub use parallel::{ParIter, ParKeys};
pub use pinned::HashMapRef;
pub use set::{HashSet, HashSetBuilder, HashSetRef};
