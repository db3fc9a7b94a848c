//! # `PrefixMap`
//!
//! What is found is borrowed from the guard, and from the map:
//!
//! ```
//! use structures::PrefixMap;
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let guard = map.guard();
//! assert_eq!(map.insert(net, 2, &guard), Some(&1));
//! assert_eq!(map.subnets(net, &guard).count(), 1);
//! assert_eq!(map.supernets(net, &guard).count(), 1);
//! assert!(map.longest_match_strict(net.addr(), &guard).is_some());
//! drop(guard);
//! drop(map);
//! ```
//!
//! ```compile_fail,E0505
//! use structures::PrefixMap;
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let guard = map.guard();
//! let old = map.insert(net, 2, &guard);
//! drop(guard);
//! assert_eq!(old, Some(&1));
//! ```
//!
//! ```compile_fail,E0505
//! use structures::PrefixMap;
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let guard = map.guard();
//! let mut subnets = map.subnets(net, &guard);
//! drop(guard);
//! assert!(subnets.next().is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::PrefixMap;
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let guard = map.guard();
//! let mut supernets = map.supernets(net, &guard);
//! drop(guard);
//! assert!(supernets.next().is_some());
//! ```
//!
//! ```compile_fail,E0505
//! use structures::{PrefixMap, Smr};
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let guard = Smr::global().enter();
//! let found = map.longest_match(net.addr(), &guard);
//! drop(map);
//! assert!(found.is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::PrefixMap;
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let mut map = map.pin();
//! let mut subnets = map.subnets(net);
//! map.repin();
//! assert!(subnets.next().is_some());
//! ```
//!
//! ```compile_fail,E0502
//! use structures::PrefixMap;
//!
//! let net = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap();
//! let map = PrefixMap::from_iter([(net, 1)]);
//! let mut map = map.pin_owned();
//! let removed = map.remove(net);
//! map.repin_owned();
//! assert_eq!(removed, Some(&1));
//! ```
//!
//! The map is invariant in values:
//!
//! ```compile_fail
//! use structures::PrefixMap;
//!
//! type Map<'v> = PrefixMap<ipnet::Ipv4Net, &'v str>;
//! fn shorter<'a, 's>(map: &'a Map<'static>) -> &'a Map<'s> {
//!     map
//! }
//! ```
//!
//! Threads share it if they may share, and drop, what it holds; it is sent if that may be sent:
//!
//! ```
//! use structures::prefix_map::{PrefixMap, Subnets, Supernets};
//! fn shared<T: Sync>() {}
//! fn sent<T: Send>() {}
//!
//! shared::<PrefixMap<ipnet::Ipv4Net, std::sync::atomic::AtomicU8>>();
//! sent::<PrefixMap<ipnet::Ipv4Net, std::cell::Cell<u8>>>();
//! sent::<Supernets<'static, ipnet::Ipv4Net, u8>>();
//! sent::<Subnets<'static, ipnet::Ipv4Net, u8, structures::OwnedGuard>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::PrefixMap<ipnet::Ipv4Net, std::cell::Cell<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//!
//! shared::<structures::PrefixMap<ipnet::Ipv4Net, std::sync::MutexGuard<'static, u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! sent::<structures::PrefixMap<ipnet::Ipv4Net, std::rc::Rc<u8>>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//!
//! type Shared = std::cell::Cell<u8>;
//! sent::<structures::prefix_map::Supernets<'static, ipnet::Ipv4Net, Shared>>();
//! ```
//!
//! ```compile_fail,E0277
//! use structures::prefix_map::Subnets;
//! fn sent<T: Send>() {}
//!
//! sent::<Subnets<'static, ipnet::Ipv4Net, u8, structures::LocalGuard<'static>>>();
//! ```
//!
//! There are no other prefixes than the two families', whose octets can be relied upon:
//!
//! ```compile_fail,E0277
//! #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
//! struct Mine;
//! impl structures::prefix_map::IpPrefix for Mine {
//!     type Addr = u8;
//!     type Octets = [u8; 1];
//!     fn octets(_: u8) -> [u8; 1] {
//!         [0]
//!     }
//!     fn parts(self) -> ([u8; 1], u8) {
//!         ([0], 200)
//!     }
//!     fn of(_: [u8; 1], _: u8) -> Mine {
//!         Mine
//!     }
//! }
//! ```
