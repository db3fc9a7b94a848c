//! # `SkipMap`
//!
//! What is found is borrowed from the guard and from the map:
//!
//! ```
//! use structures::SkipMap;
//!
//! let map = SkipMap::from([(1, "one".to_string())]);
//! let guard = map.guard();
//! let (one, first) = (map.get(&1, &guard), map.pop_first(&guard));
//! assert!(one.is_some() && first.is_some());
//! drop(guard);
//! drop(map);
//! ```
//!
//! ```compile_fail,E0505
//! use structures::SkipMap;
//!
//! let map = SkipMap::from([(1, "one".to_string())]);
//! let guard = map.guard();
//! let first = map.pop_first(&guard);
//! drop(guard);
//! assert!(first.is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::{SkipMap, Smr};
//!
//! let map = SkipMap::from([(1, "one".to_string())]);
//! let guard = Smr::global().enter();
//! let first = map.first_key_value(&guard);
//! drop(map);
//! assert!(first.is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::SkipMap;
//!
//! let map = SkipMap::from([(1, "one".to_string())]);
//! let mut map = map.pin();
//! let one = map.lower_bound(std::ops::Bound::Included(&1));
//! map.repin();
//! assert!(one.is_some());
//! ```
//!
//! Neither do iterators and cursors outlive it, nor what they have met:
//!
//! ```compile_fail,E0502
//! use structures::SkipMap;
//!
//! let map = SkipMap::from([(1, "one".to_string())]);
//! let mut map = map.pin();
//! let mut range = map.range(1..);
//! map.repin();
//! assert!(range.next().is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::SkipMap;
//!
//! let map = SkipMap::from([(1, "one".to_string())]);
//! let guard = map.guard();
//! let mut cursor = map.cursor(&guard);
//! drop(guard);
//! assert!(cursor.next().is_some());
//! ```
//!
//! ```compile_fail,E0515
//! use structures::SkipMap;
//!
//! fn first(map: &SkipMap<u8, String>) -> Option<&String> {
//!     let pinned = map.pin();
//!     pinned.cursor().next().map(|(_, value)| value)
//! }
//! ```
//!
//! ```compile_fail,E0716
//! use structures::SkipSet;
//!
//! let set = SkipSet::from(["one".to_string()]);
//! let one = set.pin().first();
//! assert!(one.is_some());
//! ```
//!
//! Bounds of a range live as long as it:
//!
//! ```compile_fail,E0597
//! use std::ops::Bound::{Included, Unbounded};
//! use structures::SkipMap;
//!
//! let map = SkipMap::from([("one".to_string(), 1)]);
//! let map = map.pin();
//! let mut range = {
//!     let bound = "one".to_string();
//!     map.range::<str, _>((Included(bound.as_str()), Unbounded))
//! };
//! assert!(range.next().is_some());
//! ```
//!
//! The map is no longer there than what it holds, for its drop may look at it:
//!
//! ```compile_fail,E0597
//! use structures::SkipMap;
//!
//! let map = SkipMap::new();
//! {
//!     let key = "one".to_string();
//!     map.pin().insert(key.as_str(), 1);
//! }
//! ```
//!
//! It is invariant in keys and values, as is a handle:
//!
//! ```
//! use structures::SkipMap;
//!
//! fn same<'a>(map: &'a SkipMap<&'static str, u8>) -> &'a SkipMap<&'static str, u8> {
//!     map
//! }
//! ```
//!
//! ```compile_fail
//! use structures::SkipMap;
//!
//! fn shorter<'a, 's>(map: &'a SkipMap<&'static str, u8>) -> &'a SkipMap<&'s str, u8> {
//!     map
//! }
//! ```
//!
//! ```compile_fail
//! use structures::SkipMap;
//!
//! fn shorter<'a, 's>(map: &'a SkipMap<u8, &'static str>) -> &'a SkipMap<u8, &'s str> {
//!     map
//! }
//! ```
//!
//! ```compile_fail
//! use structures::skip_map::Natural;
//! use structures::{OwnedGuard, SkipMapRef};
//!
//! fn shorter<'a, 's>(
//!     map: SkipMapRef<'a, u8, &'static str, Natural, OwnedGuard>,
//! ) -> SkipMapRef<'a, u8, &'s str, Natural, OwnedGuard> {
//!     map
//! }
//! ```
//!
//! Threads share it if they may share, and drop, what it holds and its order; it is sent if that may be sent:
//!
//! ```
//! fn shared<T: Sync>() {}
//! fn sent<T: Send>() {}
//!
//! shared::<structures::SkipMap<u8, std::sync::atomic::AtomicU8>>();
//! sent::<structures::SkipMap<u8, std::cell::Cell<u8>>>();
//! sent::<structures::SkipMap<std::sync::Arc<u8>, u8>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::SkipMap<u8, std::cell::Cell<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::SkipMap<std::cell::Cell<u8>, u8>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::SkipMap<u8, std::sync::MutexGuard<'static, u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::SkipMap<u8, u8, std::cell::Cell<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::SkipMap<std::rc::Rc<u8>, u8>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::skip_map::IntoIter<u8, std::rc::Rc<u8>, ()>>();
//! ```
//!
//! A handle of a thread stays there, as do its iterators and cursors; those of an owned one may go, where keys and
//! values may be shared:
//!
//! ```
//! let map = structures::SkipMap::from([(1, 2)]);
//! let pinned = map.pin_owned();
//! std::thread::scope(|s| {
//!     let (iter, mut cursor) = (pinned.iter(), pinned.cursor());
//!     s.spawn(|| assert_eq!(iter.count(), 1));
//!     s.spawn(move || assert_eq!(cursor.next(), Some((&1, &2))));
//! });
//! std::thread::scope(|s| s.spawn(move || drop(pinned)).join().unwrap());
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::SkipMap::from([(1, 2)]);
//! let pinned = map.pin();
//! std::thread::scope(|s| {
//!     s.spawn(|| pinned.first_key_value());
//! });
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::SkipMap::from([(1, 2)]);
//! let pinned = map.pin();
//! let iter = pinned.iter();
//! std::thread::scope(|s| {
//!     s.spawn(move || iter.count());
//! });
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::SkipMap::from([(1, 2)]);
//! let pinned = map.pin();
//! let mut cursor = pinned.cursor();
//! std::thread::scope(|s| {
//!     s.spawn(move || cursor.next().is_some());
//! });
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::SkipMap::from([(1, std::cell::Cell::new(2))]);
//! let pinned = map.pin_owned();
//! std::thread::scope(|s| {
//!     s.spawn(move || drop(pinned));
//! });
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! type Shared = std::cell::Cell<u8>;
//! use structures::skip_map::{Iter, Natural};
//! sent::<Iter<'static, u8, Shared, Natural, structures::OwnedGuard>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! type Shared = std::cell::Cell<u8>;
//! use structures::skip_map::{Cursor, Natural};
//! sent::<Cursor<'static, Shared, u8, Natural, structures::OwnedGuard>>();
//! ```
