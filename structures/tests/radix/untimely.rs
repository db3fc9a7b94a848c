//! Keys of `RadixMap` that panic, change the map, or meet another thread at an awkward moment.

use std::cell::{Cell, RefCell};
use std::ops::Bound::{Included, Unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use structures::testing::payload::{Counted, Tally};
use structures::{RadixKey, RadixMap, Smr};

use crate::prefixes::Over;

thread_local! {
    /// The how manieth panics, from 1 on; 0: none.
    static FUSE: Cell<u32> = const { Cell::new(0) };
    static HOOK: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

fn burn() {
    let left = FUSE.get();
    FUSE.set(left.saturating_sub(1));
    assert!(left != 1, "on purpose");
}

/// Runs with the fuse set; whether it panicked.
fn panics(at: u32, act: impl FnOnce()) -> bool {
    FUSE.set(at);
    let result = catch_unwind(AssertUnwindSafe(act));
    FUSE.set(0);
    result.is_err()
}

/// What a key's bytes are lent by panics when it is dropped.
#[derive(Clone)]
struct Lent(Vec<u8>);

struct Bytes(Vec<u8>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        burn();
    }
}

impl RadixKey for Lent {
    type Bytes<'k> = Bytes;

    fn key_bytes(&self) -> Bytes {
        Bytes(self.0.clone())
    }
}

/// The bytes themselves panic.
#[derive(Clone)]
struct Panicky(Vec<u8>);

impl RadixKey for Panicky {
    type Bytes<'k> = Vec<u8>;

    fn key_bytes(&self) -> Vec<u8> {
        burn();
        self.0.clone()
    }
}

/// Each operation, with a panic at each of its calls: what is there is counted, and dropped once.
fn nothing_is_dropped_twice<K: RadixKey + Clone + 'static>(key: impl Fn(&[u8]) -> K) {
    type Act<K> = fn(&RadixMap<K, Counted>, K, Counted);
    let acts: [Act<K>; 8] = [
        |map, key, value| _ = map.pin().insert(key, value),
        |map, key, value| _ = map.pin().try_insert(key, value).is_ok(),
        |map, key, _| _ = map.pin().remove(&key),
        |map, key, value| _ = map.pin().update(key, |_| value.clone()),
        |map, _, _| _ = map.pin().pop_first(),
        |map, _, _| _ = map.pin().pop_last(),
        |map, key, _| _ = map.pin().remove_prefix(&key),
        |map, key, _| _ = map.pin().range((Included(key), Unbounded)).count(),
    ];
    let mut panicked = 0;
    for act in acts {
        for target in [&b"a"[..], b"aa", b"ab", b"b", b"bbbbbbbbbbbbbbb", b""] {
            for at in 1..40 {
                let tally = Tally::default();
                let mut map = RadixMap::new_in(&Smr::new());
                for there in [&b"aa"[..], b"ab", b"b", b"bbbbbbbbbbbbbbbc"] {
                    map.pin().insert(key(there), tally.item(1));
                }
                let did = panics(at, || act(&map, key(target), tally.item(2)));
                panicked += u32::from(did);
                assert_eq!(map.len(), map.pin().iter().count());
                let all: Vec<_> = map.pin().iter().map(|(key, _)| key.clone()).collect();
                assert!(all.iter().all(|key| map.pin().contains_key(key)));
                map.check();
                drop(map);
                assert_eq!(tally.alive(), 0);
                if !did {
                    break;
                }
            }
        }
    }
    assert!(panicked > 50, "{panicked} panics");
}

#[test]
fn bytes_whose_drop_panics_do_no_harm() {
    nothing_is_dropped_twice(|bytes| Lent(bytes.to_vec()));
}

#[test]
fn bytes_that_panic_do_no_harm() {
    nothing_is_dropped_twice(|bytes| Panicky(bytes.to_vec()));
}

/// Changes the map when it is asked for its bytes.
#[derive(Clone, PartialEq, Debug)]
struct Hooked(&'static str);

impl RadixKey for Hooked {
    type Bytes<'k> = &'k [u8];

    fn key_bytes(&self) -> &[u8] {
        if self.0 == "b7"
            && let Some(hook) = HOOK.with(|hook| hook.borrow_mut().take())
        {
            hook();
        }
        self.0.as_bytes()
    }
}

/// The slot in which an iteration begins becomes a node, with a key that is not within the bounds.
#[test]
fn an_iteration_does_not_leave_its_bounds() {
    let map: Rc<RadixMap<Hooked, u32>> = Rc::new(RadixMap::new());
    for key in ["b7", "c7"] {
        map.pin().insert(Hooked(key), 7);
    }
    let own = map.clone();
    let hook = move || _ = own.pin().insert(Hooked("b1"), 1);
    HOOK.with(|place| *place.borrow_mut() = Some(Box::new(hook)));
    let pinned = map.pin();
    let found = pinned.range((Included(Hooked("b5")), Unbounded));
    let found: Vec<_> = found.map(|(key, _)| key.0).collect();
    assert_eq!(found, ["b7", "c7"]);
    assert!(pinned.contains_key(&Hooked("b1")), "it has come");
}

#[test]
fn iterations_beside_a_writer_do_not_leave_their_bounds() {
    let map = RadixMap::<String, u32>::new_in(&Smr::new());
    map.pin().insert("b7".into(), 7);
    map.pin().insert("c".into(), 7);
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            while !done.load(Relaxed) {
                let map = map.pin();
                map.insert("b1".into(), 1);
                map.remove("b1");
                map.insert("b9".into(), 1);
                map.remove("b9");
            }
        });
        let _over = Over(&done);
        for _ in 0..100_000 {
            let map = map.pin();
            let first = map.range::<str, _>((Included("b5"), Unbounded)).next();
            assert!(
                first.is_some_and(|(key, _)| key.as_str() >= "b5"),
                "{first:?}"
            );
            let last = map.range::<str, _>((Unbounded, Included("b8"))).next_back();
            assert!(
                last.is_some_and(|(key, _)| key.as_str() <= "b8"),
                "{last:?}"
            );
            let first = map.prefix("b7").next();
            assert!(first.is_some_and(|(key, _)| key == "b7"), "{first:?}");
        }
    });
}
