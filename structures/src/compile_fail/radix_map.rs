//! # `RadixMap`
//!
//! It is a map of the same type as `SkipMap`, over another engine. What is found is borrowed from the guard and from
//! the map, by its own operations, too:
//!
//! ```
//! use structures::RadixMap;
//!
//! let map = RadixMap::from([("a".to_string(), 1)]);
//! let guard = map.guard();
//! assert_eq!(map.prefix("a", &guard).count(), 1);
//! assert_eq!(map.ancestors("ab", &guard).count(), 1);
//! assert!(map.longest_match("ab", &guard).is_some());
//! drop(guard);
//! drop(map);
//! ```
//!
//! ```compile_fail,E0505
//! use structures::RadixMap;
//!
//! let map = RadixMap::from([("a".to_string(), 1)]);
//! let guard = map.guard();
//! let mut prefix = map.prefix("a", &guard);
//! drop(guard);
//! assert!(prefix.next().is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::RadixMap;
//!
//! let map = RadixMap::from([("a".to_string(), 1)]);
//! let guard = map.guard();
//! let mut ancestors = map.ancestors("ab", &guard);
//! drop(guard);
//! assert!(ancestors.next().is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::{RadixMap, Smr};
//!
//! let map = RadixMap::from([("a".to_string(), 1)]);
//! let guard = Smr::global().enter();
//! let found = map.longest_match_strict("ab", &guard);
//! drop(map);
//! assert!(found.is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::RadixMap;
//!
//! let map = RadixMap::from([("a".to_string(), 1)]);
//! let mut map = map.pin();
//! let found = map.longest_match("ab");
//! map.repin();
//! assert!(found.is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::RadixMap;
//!
//! let map = RadixMap::from([("a".to_string(), 1)]);
//! let mut map = map.pin();
//! let mut prefix = map.prefix("a");
//! map.repin();
//! assert!(prefix.next().is_some());
//! ```
//!
//! The map is invariant in keys and values:
//!
//! ```compile_fail
//! use structures::RadixMap;
//!
//! fn shorter<'a, 's>(map: &'a RadixMap<&'static str, u8>) -> &'a RadixMap<&'s str, u8> {
//!     map
//! }
//! ```
//!
//! Threads share it if they may share, and drop, what it holds; it is sent if that may be sent:
//!
//! ```
//! fn shared<T: Sync>() {}
//! fn sent<T: Send>() {}
//!
//! shared::<structures::RadixMap<u8, std::sync::atomic::AtomicU8>>();
//! sent::<structures::RadixMap<u8, std::cell::Cell<u8>>>();
//! sent::<structures::radix_map::Ancestors<'static, u8, u8>>();
//! sent::<structures::radix_map::Prefix<'static, u8, u8, structures::OwnedGuard>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::RadixMap<u8, std::cell::Cell<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::RadixMap<u8, std::sync::MutexGuard<'static, u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::RadixMap<std::rc::Rc<u8>, u8>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::radix_map::IntoIter<u8, std::rc::Rc<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::radix_map::Prefix<'static, u8, u8, structures::LocalGuard<'static>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! type Shared = std::cell::Cell<u8>;
//! sent::<structures::radix_map::Ancestors<'static, u8, Shared>>();
//! ```
//!
//! What engines do with a map's core takes it for granted that the section is of its domain, so nobody is given a core:
//!
//! ```
//! use structures::ordered::{Fresh, Lookup};
//! use structures::radix_map::Radix;
//!
//! let map: structures::RadixMap<u8, u8> = Radix::fresh(structures::Smr::global());
//! assert!(map.is_empty());
//! ```
//!
//! ```compile_fail,E0616
//! use structures::ordered::{Fresh, Lookup};
//! use structures::radix_map::Radix;
//!
//! let map: structures::RadixMap<u8, u8> = Radix::fresh(structures::Smr::global());
//! let core = map.core;
//! ```
//!
//! Nor are there other engines than the crate's:
//!
//! ```compile_fail,E0433
//! struct Mine;
//! impl structures::ordered::engine::Sealed for Mine {}
//! ```
//!
//! ```compile_fail,E0277
//! use std::ops::{Bound, RangeBounds};
//! use structures::ordered::{Engine, Lookup};
//! use structures::radix_map::Radix;
//!
//! struct Mine;
//! type Core = <Radix as Engine<u64, u64>>::Core;
//! type Found<'g> = <Radix as Engine<u64, u64>>::Found<'g>;
//! type Walk<'g> = <Radix as Engine<u64, u64>>::Walk<'g>;
//! type Place<'g> = <Radix as Engine<u64, u64>>::Place<'g>;
//! type Guard<'g> = structures::LocalGuard<'g>;
//! impl Lookup<u64, u64, Mine> for Radix {
//!     fn get<'g>(_: &'g Core, _: &'g Guard<'_>, _: &Mine) -> Option<Found<'g>> {
//!         None
//!     }
//!     fn remove<'g>(_: &'g Core, _: &'g Guard<'_>, _: &Mine) -> Option<Found<'g>> {
//!         None
//!     }
//!     fn remove_if<'g>(
//!         _: &'g Core,
//!         _: &'g Guard<'_>,
//!         _: &Mine,
//!         _: impl FnMut(&u64, &u64) -> bool,
//!     ) -> Result<Option<Found<'g>>, Found<'g>> {
//!         Ok(None)
//!     }
//!     fn at_or_above<'g>(_: &'g Core, _: &'g Guard<'_>, _: Bound<&Mine>) -> Option<Found<'g>> {
//!         None
//!     }
//!     fn at_or_below<'g>(_: &'g Core, _: &'g Guard<'_>, _: Bound<&Mine>) -> Option<Found<'g>> {
//!         None
//!     }
//!     fn next<'g>(
//!         _: &'g Core,
//!         _: &'g Guard<'_>,
//!         _: &mut Walk<'g>,
//!         _: &impl RangeBounds<Mine>,
//!     ) -> Option<Found<'g>> {
//!         None
//!     }
//!     fn next_back<'g>(
//!         _: &'g Core,
//!         _: &'g Guard<'_>,
//!         _: &mut Walk<'g>,
//!         _: &impl RangeBounds<Mine>,
//!     ) -> Option<Found<'g>> {
//!         None
//!     }
//!     fn seek<'g>(
//!         _: &'g Core,
//!         _: &'g Guard<'_>,
//!         _: &mut Place<'g>,
//!         _: Bound<&Mine>,
//!     ) -> Option<Found<'g>> {
//!         None
//!     }
//! }
//! ```
