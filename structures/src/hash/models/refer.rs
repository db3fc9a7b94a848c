//! The same of items that refer to nodes, as those of the map of any keys and values do.

use std::sync::{Arc, Mutex};

use smr_core::primitive::{AtomicUsize, Ordering, thread};

use super::super::batch::Batch;
use super::super::bucket::{Probe, Slots};
use super::super::reclaim::{Pool, Section};
use super::super::table::{self, Decision, Table};
use super::super::tags::Tags;
use super::heap::{Address, Heap};
use super::{Pair, Scenario};

/// A slot, and one in the extension.
struct Slot {
    tags: Tags,
    item: AtomicUsize,
}

// SAFETY: models make their slots with `new`.
unsafe impl Slots for Slot {
    const COUNT: u32 = 1;
    const MORE: u32 = 1;
    /// Far from anything: models split when they want to.
    const LOAD: usize = 1_000;
    type Item = Address;
    type More = AtomicUsize;

    fn new() -> Self {
        Slot {
            tags: Tags::new(),
            item: AtomicUsize::new(0),
        }
    }

    fn more() -> AtomicUsize {
        AtomicUsize::new(0)
    }

    fn load(&self, _slot: u32) -> Address {
        self.item.load(Ordering::Relaxed)
    }

    fn load_more(more: &AtomicUsize, _slot: u32) -> Address {
        more.load(Ordering::Relaxed)
    }

    fn store(&self, _slot: u32, item: Address) {
        self.item.store(item, Ordering::Relaxed);
    }

    fn store_more(more: &AtomicUsize, _slot: u32, item: Address) {
        more.store(item, Ordering::Relaxed);
    }

    fn set_tag(&self, slot: u32, tag: u8) {
        self.tags.store(slot, tag);
    }

    fn all_tagged(&self, _tag: u8) -> u32 {
        0b11
    }

    fn near(_hash: u64) -> u32 {
        1
    }

    fn line(&self, _hash: u64) -> *const u8 {
        core::ptr::null()
    }
}

struct Key<'h>(&'h Heap, u64);

impl Probe<Address> for Key<'_> {
    unsafe fn is(&self, at: Address) -> bool {
        self.0.read(at).0 == self.1
    }
}

pub(super) struct Map {
    table: Table<Slot>,
    heap: Heap,
}

impl Map {
    pub(super) fn with(entries: &[Pair]) -> Arc<Map> {
        let map = Map {
            table: Table::new(Pool::new()),
            heap: Heap::new(),
        };
        for &(key, value) in entries {
            map.insert(key, value);
        }
        Arc::new(map)
    }

    fn hash(&self) -> impl Fn(Address) -> u64 + '_ {
        |at| self.heap.read(at).0
    }

    /// As the map of any keys and values does it. None is to remove the entry.
    pub(super) fn write(
        &self,
        key: u64,
        mut f: impl FnMut(Option<u64>) -> Option<u64>,
    ) -> Option<u64> {
        let _pin = self.heap.pin();
        let (section, heap) = (&Section::default(), &self.heap);
        let mut draft = None;
        let mut last = Decision::Keep;
        let mut decide = |old: Option<Address>| {
            last = match f(old.map(|at| heap.read(at).1)) {
                None => Decision::Remove,
                Some(value) => Decision::Put(match draft {
                    None => *draft.insert(heap.alloc((key, value))),
                    Some(at) => {
                        heap.write(at, (key, value));
                        at
                    }
                }),
            };
            last
        };
        let probe = Key(heap, key);
        let tidy = |bucket: &_| self.table.curtail(section, bucket);
        let done = self
            .table
            .write_at_once(Some(section), key, &probe, &mut decide, tidy);
        let old = done.unwrap_or_else(|last| {
            let mut decide = table::stable(&mut decide, last);
            self.table
                .write(section, key, &probe, &self.hash(), &mut decide)
        });
        if let (Decision::Remove | Decision::Keep, Some(at)) = (last, draft) {
            heap.dispose(at);
        }
        let old = old?;
        heap.retire(old);
        Some(heap.read(old).1)
    }

    pub(super) fn insert(&self, key: u64, value: u64) -> Option<u64> {
        self.write(key, |_| Some(value))
    }

    pub(super) fn remove(&self, key: u64) -> Option<u64> {
        self.write(key, |_| None)
    }

    pub(super) fn get(&self, key: u64) -> Option<u64> {
        let _pin = self.heap.pin();
        let section = &Section::default();
        let probe = Key(&self.heap, key);
        let found = match self.table.glance(Some(section), key, &probe) {
            Some(glance) => glance.found,
            None => self.table.find(section, key, &probe),
        };
        found.map(|at| self.heap.read(at).1)
    }

    /// The same at once by the way that is for what is unusual.
    pub(super) fn find(&self, key: u64) -> Option<u64> {
        let _pin = self.heap.pin();
        let section = &Section::default();
        let found = self.table.find(section, key, &Key(&self.heap, key));
        found.map(|at| self.heap.read(at).1)
    }

    pub(super) fn split(&self) {
        let _pin = self.heap.pin();
        let section = &Section::default();
        let grown = self.table.grow_to(section, 2, &self.hash());
        grown.expect("there is memory");
        self.table.split_off(section, 1, &self.hash());
    }

    pub(super) fn merge(&self) {
        let _pin = self.heap.pin();
        let section = &Section::default();
        self.table.shrink(section, 0, &mut 1, &self.hash());
        self.table.merge(section, 1, &self.hash());
    }

    pub(super) fn entries(&self) -> Vec<Pair> {
        let _pin = self.heap.pin();
        let mut cursor = self.table.start();
        let mut found = Vec::new();
        while !cursor.is_at_end() {
            let (section, mut batch) = (&Section::default(), Batch::<_>::new());
            self.table
                .step(section, &mut cursor, &self.hash(), &mut batch);
            found.extend(batch.map(|at| self.heap.read(at)));
        }
        found.sort_unstable();
        found
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let Map { table, heap } = self;
        table.check(|at| heap.read(at).0);
        table.drain(|at| heap.dispose(at));
        heap.check_empty();
    }
}

/// As [`super::beside`].
fn beside(map: &Arc<Map>, here: impl FnOnce(&Map), other: impl FnOnce(&Map) + 'static) {
    let other = {
        let map = map.clone();
        thread::spawn(move || other(&map))
    };
    here(map);
    other.join().expect("no assertion failed");
}

/// A reader, against a slot that is emptied and filled again, with a node of the same address.
fn reuse() {
    let map = Map::with(&[(0, 10)]);
    let change = |map: &Map| {
        assert_eq!(map.remove(0), Some(10));
        assert_eq!(map.insert(2, 20), None);
    };
    beside(&map, change, |map| {
        let found = map.get(0);
        assert!(matches!(found, None | Some(10)), "{found:?}");
        let found = map.get(2);
        assert!(matches!(found, None | Some(20)), "{found:?}");
    });
    assert_eq!(map.entries(), [(2, 20)]);
}

/// The same of one key: it is found with one of its values, or not at all.
fn come_and_go() {
    let map = Map::with(&[(0, 10)]);
    let change = |map: &Map| {
        assert_eq!(map.insert(0, 11), Some(10));
        assert_eq!(map.remove(0), Some(11));
        assert_eq!(map.insert(0, 12), None);
    };
    beside(&map, change, |map| {
        let found = map.get(0);
        assert!(matches!(found, None | Some(10..=12)), "{found:?}");
    });
}

/// A reader that looks closely, against the same.
fn close_look() {
    let map = Map::with(&[(0, 10)]);
    let change = |map: &Map| {
        assert_eq!(map.remove(0), Some(10));
        assert_eq!(map.insert(2, 20), None);
    };
    beside(&map, change, |map| {
        let found = map.find(2);
        assert!(matches!(found, None | Some(20)), "{found:?}");
    });
}

/// Two insertions of a key.
fn inserts() {
    let map = Map::with(&[]);
    let seen = Arc::new(Mutex::new(None));
    let mut ours = None;
    let theirs = seen.clone();
    let other = move |map: &Map| *theirs.lock().unwrap() = map.insert(0, 10);
    beside(&map, |map| ours = map.insert(0, 20), other);
    let theirs = *seen.lock().unwrap();
    match map.get(0) {
        Some(10) => assert_eq!((theirs, ours), (Some(20), None)),
        Some(20) => assert_eq!((theirs, ours), (None, Some(10))),
        other => panic!("{other:?}"),
    }
}

/// An update looks at what a removal takes away.
fn update_beside_removal() {
    let map = Map::with(&[(0, 10)]);
    let seen = Arc::new(Mutex::new(None));
    let theirs = seen.clone();
    let remove = move |map: &Map| *theirs.lock().unwrap() = map.remove(0);
    let mut ours = None;
    let update = |map: &Map| ours = map.write(0, |old| Some(old.map_or(1, |v| v + 1)));
    beside(&map, update, remove);
    let theirs = *seen.lock().unwrap();
    match map.get(0) {
        Some(1) => assert_eq!((theirs, ours), (Some(10), None)),
        None => assert_eq!((theirs, ours), (Some(11), Some(10))),
        other => panic!("{other:?}"),
    }
}

/// Lists: an insertion that finds no slot, against a removal, both of which may have to start again with
/// what they had proposed.
fn lists() {
    let map = Map::with(&[(2, 1), (0, 10)]);
    let insert = |map: &Map| {
        assert_eq!(map.insert(4, 40), None);
        assert_eq!(map.get(2), Some(1));
    };
    beside(&map, insert, |map| assert_eq!(map.remove(0), Some(10)));
    assert_eq!(map.entries(), [(2, 1), (4, 40)]);
}

/// A reader of a list whose items are replaced, and go.
fn read_beside_lists() {
    let map = Map::with(&[(2, 1), (4, 4), (0, 10)]);
    let change = |map: &Map| {
        assert_eq!(map.insert(0, 11), Some(10));
        assert_eq!(map.remove(2), Some(1));
    };
    beside(&map, change, |map| {
        let found = map.get(0);
        assert!(matches!(found, Some(10 | 11)), "{found:?}");
        assert_eq!(map.get(4), Some(4));
    });
}

/// A reader, against the split that moves the entry, and an update of it where it is then.
fn read_beside_split() {
    let map = Map::with(&[(1, 10), (0, 5)]);
    let split = |map: &Map| {
        map.split();
        assert_eq!(map.insert(1, 11), Some(10));
    };
    beside(&map, split, |map| {
        let found = map.get(1);
        assert!(matches!(found, Some(10 | 11)), "{found:?}");
        assert_eq!(map.get(0), Some(5));
    });
}

/// An update, which must not be lost, against the split that moves the entry.
fn update_beside_split() {
    let map = Map::with(&[(1, 10)]);
    beside(&map, Map::split, |map| {
        assert_eq!(map.write(1, |old| old.map(|v| v + 1)), Some(10));
        assert_eq!(map.get(1), Some(11));
    });
    assert_eq!(map.entries(), [(1, 11)]);
}

/// A late helper of a split, against a removal of what has moved, and a node in its place on either side.
fn late_helper() {
    let map = Map::with(&[(1, 10)]);
    let here = |map: &Map| {
        map.split();
        assert_eq!(map.remove(1), Some(10));
        assert_eq!(map.insert(2, 20), None);
    };
    beside(&map, here, Map::split);
    assert_eq!(map.entries(), [(2, 20)]);
}

/// H7: what has moved is not gone before the split is at its end, or a helper would look into it.
fn help_after_removal() {
    let map = Map::with(&[(1, 10)]);
    beside(&map, Map::split, |map| {
        assert_eq!(map.remove(1), Some(10));
        map.split();
    });
    assert_eq!(map.entries(), []);
}

/// The same with more moves than there are slots.
fn late_crowded_helper() {
    let map = Map::with(&[(1, 10), (3, 30)]);
    let here = |map: &Map| {
        map.split();
        assert_eq!(map.remove(3), Some(30));
    };
    beside(&map, here, Map::split);
    assert_eq!(map.entries(), [(1, 10)]);
}

/// Iteration, against a split and a removal.
fn walk_beside_split() {
    let map = Map::with(&[(0, 5), (1, 10), (2, 7)]);
    let here = |map: &Map| {
        map.split();
        assert_eq!(map.remove(2), Some(7));
    };
    beside(&map, here, |map| {
        let mut found = map.entries();
        found.retain(|&(key, _)| key != 2);
        assert_eq!(found, [(0, 5), (1, 10)]);
    });
}

/// An extension that comes with an update and goes with a removal, beside a reader.
fn extension() {
    let map = Map::with(&[(0, 10)]);
    let here = |map: &Map| {
        assert_eq!(map.insert(0, 11), Some(10));
        assert_eq!(map.remove(0), Some(11));
        assert_eq!(map.insert(2, 20), None);
    };
    beside(&map, here, |map| {
        let found = map.get(0);
        assert!(matches!(found, None | Some(10 | 11)), "{found:?}");
        let found = map.get(2);
        assert!(matches!(found, None | Some(20)), "{found:?}");
    });
}

pub(super) const SCENARIOS: [Scenario; 14] = [
    ("reuse", reuse, None),
    ("close look", close_look, None),
    ("come and go", come_and_go, None),
    ("inserts", inserts, None),
    ("update beside removal", update_beside_removal, None),
    ("lists", lists, None),
    ("read beside lists", read_beside_lists, None),
    ("read beside split", read_beside_split, None),
    ("update beside split", update_beside_split, None),
    ("late helper", late_helper, None),
    ("help after removal", help_after_removal, None),
    ("late crowded helper", late_crowded_helper, None),
    ("walk beside split", walk_beside_split, None),
    ("extension", extension, None),
];
