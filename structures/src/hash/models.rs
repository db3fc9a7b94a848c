//! Loom models of the table: a slot a bucket and one in its extension, keys that are their own hashes.
//! `LOOM_MAX_PREEMPTIONS` bounds them. One at a time: a weakened step is weak for all.

mod heap;
mod merges;
mod refer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use smr_core::primitive::{AtomicU64, Ordering::Relaxed, model, thread};

use super::batch::Batch;
use super::bucket::{Probe, Slots};
use super::reclaim::{Pool, Section};
use super::steps::{self, Step};
use super::table::{Decision, Table};
use super::tags::Tags;

/// A slot, and one in the extension.
struct Tiny {
    tags: Tags,
    pair: Cell,
}

struct Cell([AtomicU64; 2]);

type Pair = (u64, u64);

impl Cell {
    fn new() -> Self {
        Cell([AtomicU64::new(0), AtomicU64::new(0)])
    }

    fn load(&self) -> Pair {
        (self.0[0].load(Relaxed), self.0[1].load(Relaxed))
    }

    fn store(&self, item: Pair) {
        self.0[0].store(item.0, Relaxed);
        self.0[1].store(item.1, Relaxed);
    }
}

// SAFETY: models make their slots with `new`.
unsafe impl Slots for Tiny {
    const COUNT: u32 = 1;
    const MORE: u32 = 1;
    /// Far from anything: models split when they want to.
    const LOAD: usize = 1_000;
    type Item = Pair;
    type More = Cell;

    fn new() -> Self {
        Tiny {
            tags: Tags::new(),
            pair: Cell::new(),
        }
    }

    fn more() -> Cell {
        Cell::new()
    }

    fn load(&self, _slot: u32) -> Pair {
        self.pair.load()
    }

    fn load_more(more: &Cell, _slot: u32) -> Pair {
        more.load()
    }

    fn store(&self, _slot: u32, item: Pair) {
        self.pair.store(item);
    }

    fn store_more(more: &Cell, _slot: u32, item: Pair) {
        more.store(item);
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

struct Key(u64);

impl Probe<Pair> for Key {
    unsafe fn is(&self, item: Pair) -> bool {
        item.0 == self.0
    }
}

struct Map(Table<Tiny>);

fn hash(item: Pair) -> u64 {
    item.0
}

impl Map {
    fn with(entries: &[Pair]) -> Arc<Map> {
        let map = Map(Table::new(Pool::new()));
        for &(key, value) in entries {
            map.insert(key, value);
        }
        Arc::new(map)
    }

    fn write(&self, key: u64, mut f: impl FnMut(Option<u64>) -> Option<u64>) -> Option<u64> {
        let mut decide = |old: Option<Pair>| match f(old.map(|(_, value)| value)) {
            Some(value) => Decision::Put((key, value)),
            None => Decision::Remove,
        };
        let section = &Section::default();
        let tidy = |bucket: &_| self.0.curtail(section, bucket);
        // As the maps do.
        let mut old = self
            .0
            .write_at_once(None, key, &Key(key), &mut decide, tidy);
        if old.is_err() {
            old = self
                .0
                .write_at_once(Some(section), key, &Key(key), &mut decide, tidy);
        }
        let old = old.unwrap_or_else(|_| self.0.write(section, key, &Key(key), &hash, &mut decide));
        old.map(|(_, value)| value)
    }

    fn insert(&self, key: u64, value: u64) -> Option<u64> {
        self.write(key, |_| Some(value))
    }

    fn remove(&self, key: u64) -> Option<u64> {
        self.write(key, |_| None)
    }

    fn get(&self, key: u64) -> Option<u64> {
        let section = &Section::default();
        let glance = self.0.glance(None, key, &Key(key));
        let glance = glance.or_else(|| self.0.glance(Some(section), key, &Key(key)));
        let found = match glance {
            Some(glance) => glance.found,
            None => self.0.find(section, key, &Key(key)),
        };
        found.map(|(_, value)| value)
    }

    fn split(&self) {
        let grown = self.0.grow_to(&Section::default(), 2, &hash);
        grown.expect("there is memory");
        self.0.split_off(&Section::default(), 1, &hash);
    }

    fn entries(&self) -> Vec<Pair> {
        let mut cursor = self.0.start();
        let mut entries = Vec::new();
        while !cursor.is_at_end() {
            let mut batch = Batch::<_>::new();
            self.0
                .step(&Section::default(), &mut cursor, &hash, &mut batch);
            entries.extend(batch);
        }
        entries.sort_unstable();
        entries
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.check(hash);
            self.0.drain(|_| {});
        }
    }
}

/// Runs `other` beside `here`. Who changes something must do it `here`, which runs first: loom looks for
/// races with the last access to an atomic only, so that a change hides earlier loads of another thread
/// behind those of its own.
fn beside(map: &Arc<Map>, here: impl FnOnce(&Map), other: impl FnOnce(&Map) + 'static) {
    let other = {
        let map = map.clone();
        thread::spawn(move || other(&map))
    };
    here(map);
    other.join().expect("no assertion failed");
}

/// A slot is reused under a reader.
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

/// Two insertions of a key.
fn inserts() {
    let map = Map::with(&[(2, 1)]);
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

/// An insertion that needs the list, against a removal from it.
fn lists() {
    let map = Map::with(&[(2, 1), (0, 10)]);
    let insert = |map: &Map| {
        assert_eq!(map.insert(4, 40), None);
        assert_eq!(map.get(2), Some(1));
    };
    beside(&map, insert, |map| assert_eq!(map.remove(0), Some(10)));
    assert_eq!(map.entries(), [(2, 1), (4, 40)]);
}

/// A reader of a list that is replaced.
fn read_beside_lists() {
    let map = Map::with(&[(2, 1), (0, 10)]);
    let change = |map: &Map| {
        assert_eq!(map.insert(0, 11), Some(10));
        assert_eq!(map.remove(2), Some(1));
        assert_eq!(map.insert(0, 12), Some(11));
    };
    beside(&map, change, |map| {
        let first = map.get(0);
        assert!(matches!(first, Some(10..=12)), "{first:?}");
        let second = map.get(0);
        assert!(second >= first, "{first:?}, then {second:?}");
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

/// A reader, against the split that moves the entry.
fn read_beside_split() {
    let map = Map::with(&[(1, 10), (0, 5)]);
    beside(&map, Map::split, |map| {
        assert_eq!(map.get(1), Some(10));
        assert_eq!(map.get(0), Some(5));
    });
}

/// Two threads at one split; then one writes into what the other may still be filling.
fn helpers() {
    let map = Map::with(&[(1, 10)]);
    beside(&map, Map::split, |map| {
        map.split();
        assert_eq!(map.remove(1), Some(10));
        assert_eq!(map.insert(3, 30), None);
        assert_eq!(map.get(3), Some(30));
    });
    assert_eq!(map.entries(), [(3, 30)]);
}

/// More moves than there are slots.
fn crowded_helpers() {
    let map = Map::with(&[(1, 10), (3, 30)]);
    beside(&map, Map::split, |map| {
        map.split();
        assert_eq!(map.get(1), Some(10));
        assert_eq!(map.remove(3), Some(30));
    });
    assert_eq!(map.entries(), [(1, 10)]);
}

/// As above, and the list is used up before the thread that filled the slots comes with its own.
fn late_crowded_filler() {
    let map = Map::with(&[(1, 10), (3, 30)]);
    let here = |map: &Map| {
        map.split();
        assert_eq!(map.insert(1, 11), Some(10));
        assert_eq!(map.remove(3), Some(30));
        assert_eq!(map.remove(1), Some(11));
    };
    beside(&map, here, Map::split);
    assert_eq!(map.entries(), []);
}

/// Iteration, against a split.
fn walk_beside_split() {
    let map = Map::with(&[(0, 5), (1, 10)]);
    beside(&map, Map::split, |map| {
        assert_eq!(map.entries(), [(0, 5), (1, 10)]);
    });
}

/// An extension that comes with an update and goes with a removal, beside others who want it.
fn extension() {
    let map = Map::with(&[(0, 10)]);
    let here = |map: &Map| {
        assert_eq!(map.insert(0, 11), Some(10));
        assert_eq!(map.remove(0), Some(11));
    };
    beside(&map, here, |map| {
        let found = map.get(0);
        assert!(matches!(found, None | Some(10 | 11)), "{found:?}");
        assert_eq!(map.insert(2, 20), None);
        assert_eq!(map.insert(2, 21), Some(20));
    });
    assert_eq!(map.entries(), [(2, 21)]);
}

/// An extension that goes from one bucket to another under a reader.
fn extension_changes_hands() {
    let map = Map::with(&[(0, 10), (1, 20)]);
    map.split();
    assert_eq!(map.insert(0, 11), Some(10));
    let here = |map: &Map| {
        assert_eq!(map.remove(0), Some(11));
        assert_eq!(map.insert(1, 21), Some(20));
    };
    beside(&map, here, |map| {
        let found = map.get(0);
        assert!(matches!(found, None | Some(11)), "{found:?}");
    });
    assert_eq!(map.entries(), [(1, 21)]);
}

/// Lookups while one bucket after the other is added: those that are guessed may not be there yet.
fn read_beside_growth() {
    let map = Map::with(&[(1, 10), (2, 5), (3, 7)]);
    let grow = |map: &Map| {
        let grown = map.0.grow_to(&Section::default(), 4, &hash);
        grown.expect("there is memory");
    };
    beside(&map, grow, |map| {
        assert_eq!(map.get(3), Some(7));
        assert_eq!(map.get(2), Some(5));
    });
    assert_eq!(map.entries(), [(1, 10), (2, 5), (3, 7)]);
}

/// Growth by two threads, and a lookup: one of them says how many buckets there are before the other has
/// split the last but one.
fn growth_by_two() {
    let map = Map::with(&[(2, 10)]);
    map.split();
    let grow = |map: &Map| {
        let grown = map.0.grow_to(&Section::default(), 4, &hash);
        grown.expect("there is memory");
    };
    let other = {
        let map = map.clone();
        thread::spawn(move || grow(&map))
    };
    beside(&map, grow, |map| assert_eq!(map.get(2), Some(10)));
    other.join().expect("no assertion failed");
}

/// A named model, with a bound of its own on preemptions if it is large.
type Scenario = (&'static str, fn(), Option<usize>);

const SCENARIOS: [Scenario; 14] = [
    ("reuse", reuse, None),
    ("inserts", inserts, None),
    ("lists", lists, None),
    ("read beside lists", read_beside_lists, None),
    ("update beside split", update_beside_split, None),
    ("read beside split", read_beside_split, None),
    ("helpers", helpers, None),
    ("crowded helpers", crowded_helpers, Some(2)),
    ("late crowded filler", late_crowded_filler, Some(2)),
    ("walk beside split", walk_beside_split, None),
    ("extension", extension, None),
    ("extension changes hands", extension_changes_hands, None),
    // With one preemption more these take minutes.
    ("read beside growth", read_beside_growth, Some(2)),
    ("growth by two", growth_by_two, Some(2)),
];

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn explore((_, scenario, bound): Scenario) {
    let mut builder = model::Builder::new();
    // Growth takes more steps than loom's limit, which is against endless loops.
    builder.max_branches = 10_000;
    let bounds = builder.preemption_bound.into_iter().chain(bound);
    builder.preemption_bound = bounds.min();
    builder.check(scenario);
}

fn hold(scenarios: &[Scenario]) {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    steps::weaken(None);
    for &scenario in scenarios {
        let start = std::time::Instant::now();
        explore(scenario);
        println!("{}: {:?}", scenario.0, start.elapsed());
    }
}

#[test]
fn the_table_holds() {
    hold(&SCENARIOS);
}

#[test]
fn what_the_table_refers_to_holds() {
    hold(&refer::SCENARIOS);
}

#[test]
fn merges_hold() {
    hold(&merges::SCENARIOS);
}

#[test]
fn merges_of_what_refers_hold() {
    hold(&merges::REFERRING);
}

#[test]
fn every_weakened_step_is_noticed() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    for step in Step::ALL {
        steps::weaken(Some(step));
        let caught = SCENARIOS
            .into_iter()
            .find(|&scenario| catch_unwind(AssertUnwindSafe(|| explore(scenario))).is_err());
        steps::weaken(None);
        let (name, ..) = caught.unwrap_or_else(|| panic!("{step:?} is not noticed"));
        println!("{step:?}: {name}");
    }
}
