//! What must not compile, with what does beside it.
//!
//! # `InlineHashMap`
//!
//! Entries must not be passed off as longer-lived than they are: the maps are invariant.
//!
//! ```compile_fail
//! use structures::hash_map::InlineHashMap;
//!
//! fn shorter<'a, 's>(
//!     map: &'a InlineHashMap<u8, std::marker::PhantomData<&'static ()>>,
//! ) -> &'a InlineHashMap<u8, std::marker::PhantomData<&'s ()>> {
//!     map
//! }
//! ```
//!
//! Without the lifetimes it compiles:
//!
//! ```
//! use structures::hash_map::InlineHashMap;
//!
//! fn shorter<'a>(
//!     map: &'a InlineHashMap<u8, std::marker::PhantomData<&'static ()>>,
//! ) -> &'a InlineHashMap<u8, std::marker::PhantomData<&'static ()>> {
//!     map
//! }
//! ```
//!
//! Iterators are in a section, which belongs to its thread:
//!
//! ```compile_fail
//! let map = structures::hash_map::InlineHashMap::<u8, u8>::new();
//! let mut iter = map.iter();
//! std::thread::scope(|s| {
//!     s.spawn(move || iter.next());
//! });
//! ```
//!
//! Keys have at most eight bytes:
//!
//! ```compile_fail
//! structures::hash_map::InlineHashMap::<u128, u8>::new().insert(1, 1);
//! ```
//! # `HashMap`
//!
//! What is found is borrowed from the guard and from the map:
//!
//! ```
//! use structures::HashMap;
//!
//! let map = HashMap::from([(1, "one".to_string())]);
//! let guard = map.guard();
//! let one = map.get(&1, &guard);
//! assert!(one.is_some());
//! drop(guard);
//! drop(map);
//! ```
//!
//! ```compile_fail,E0505
//! use structures::HashMap;
//!
//! let map = HashMap::from([(1, "one".to_string())]);
//! let guard = map.guard();
//! let one = map.get(&1, &guard);
//! drop(guard);
//! assert!(one.is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::{HashMap, Smr};
//!
//! let map = HashMap::from([(1, "one".to_string())]);
//! let guard = Smr::global().enter();
//! let one = map.get(&1, &guard);
//! drop(map);
//! assert!(one.is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::HashMap;
//!
//! let map = HashMap::from([(1, "one".to_string())]);
//! let mut guard = map.guard();
//! let one = map.insert(1, "two".to_string(), &guard);
//! guard.repin();
//! assert!(one.is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::HashMap;
//!
//! let map = HashMap::from([(1, "one".to_string())]);
//! let mut map = map.pin();
//! let one = map.remove(&1);
//! map.repin();
//! assert!(one.is_some());
//! ```
//!
//! ```compile_fail,E0716
//! use structures::HashMap;
//!
//! let map = HashMap::from([(1, "one".to_string())]);
//! let one = map.pin().get(&1);
//! assert!(one.is_some());
//! ```
//!
//! ```compile_fail,E0515
//! use structures::HashMap;
//!
//! fn first(map: &HashMap<u8, String>) -> Option<&String> {
//!     let pinned = map.pin();
//!     pinned.iter().next().map(|(_, value)| value)
//! }
//! ```
//!
//! The map is no longer there than what it holds, for its drop may look at it:
//!
//! ```compile_fail,E0597
//! use structures::HashMap;
//!
//! let map = HashMap::new();
//! {
//!     let value = "one".to_string();
//!     map.pin().insert(1, value.as_str());
//! }
//! ```
//!
//! It is invariant in keys and values, as is a handle:
//!
//! ```
//! use structures::HashMap;
//!
//! fn same<'a>(map: &'a HashMap<&'static str, u8>) -> &'a HashMap<&'static str, u8> {
//!     map
//! }
//! ```
//!
//! ```compile_fail
//! use structures::HashMap;
//!
//! fn shorter<'a, 's>(map: &'a HashMap<&'static str, u8>) -> &'a HashMap<&'s str, u8> {
//!     map
//! }
//! ```
//!
//! ```compile_fail
//! use structures::HashMap;
//!
//! fn shorter<'a, 's>(map: &'a HashMap<u8, &'static str>) -> &'a HashMap<u8, &'s str> {
//!     map
//! }
//! ```
//!
//! ```compile_fail
//! use std::collections::hash_map::RandomState as S;
//! use structures::{HashMapRef, OwnedGuard};
//!
//! fn shorter<'a, 's>(
//!     map: HashMapRef<'a, u8, &'static str, S, OwnedGuard>,
//! ) -> HashMapRef<'a, u8, &'s str, S, OwnedGuard> {
//!     map
//! }
//! ```
//!
//! Threads share it if they may share what it holds, and it is sent if that may be sent:
//!
//! ```
//! fn shared<T: Sync>() {}
//! fn sent<T: Send>() {}
//!
//! shared::<structures::HashMap<u8, std::sync::atomic::AtomicU8>>();
//! sent::<structures::HashMap<u8, std::cell::Cell<u8>>>();
//! sent::<structures::HashMap<u8, std::sync::Arc<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::HashMap<u8, std::cell::Cell<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::HashMap<std::cell::Cell<u8>, u8>>();
//! ```
//!
//! What threads share they also drop, so that must be `Send`, too:
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::HashMap<u8, std::sync::MutexGuard<'static, u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::HashMap<u8, std::rc::Rc<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::hash_map::IntoIter<u8, std::rc::Rc<u8>, ()>>();
//! ```
//!
//! A handle of a thread stays there, as do its iterators; an owned one may go:
//!
//! ```
//! let map = structures::HashMap::from([(1, 2)]);
//! let pinned = map.pin_owned();
//! std::thread::scope(|s| {
//!     s.spawn(|| assert_eq!(pinned.get(&1), Some(&2)));
//!     s.spawn(|| assert_eq!(pinned.iter().count(), 1));
//! });
//! std::thread::scope(|s| s.spawn(move || drop(pinned)).join().unwrap());
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::HashMap::from([(1, 2)]);
//! let pinned = map.pin();
//! std::thread::scope(|s| {
//!     s.spawn(move || drop(pinned));
//! });
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::HashMap::from([(1, 2)]);
//! let pinned = map.pin();
//! std::thread::scope(|s| {
//!     s.spawn(|| pinned.get(&1));
//! });
//! ```
//!
//! ```compile_fail,E0277
//! let map = structures::HashMap::from([(1, 2)]);
//! let pinned = map.pin();
//! let iter = pinned.iter();
//! std::thread::scope(|s| {
//!     s.spawn(move || iter.count());
//! });
//! ```
//!
//! An owned handle goes only where keys and values may be shared:
//!
//! ```compile_fail,E0277
//! let map = structures::HashMap::from([(1, std::cell::Cell::new(2))]);
//! let pinned = map.pin_owned();
//! std::thread::scope(|s| {
//!     s.spawn(move || drop(pinned));
//! });
//! ```
//!
//! Guards are those of the clock: nothing else can be passed off as one.
//!
//! ```compile_fail,E0277
//! struct Mine;
//! impl structures::Guard for Mine {}
//! ```

mod prefix_map;
mod radix_map;
mod skip_map;
