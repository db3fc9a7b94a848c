//! `RadixMap` with keys whose bytes change while they are in the map: wrong answers at worst, and everything is dropped
//! once. And with keys that use the map when they are asked for their bytes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::testing::payload::{Counted, Tally};
use structures::{Operation, RadixKey, RadixMap, Smr};

use crate::panics::bytes;

/// Runs it on a thread, and panics if it does not end.
fn ends(work: impl FnOnce() + Send + 'static) {
    let (done, is_done) = channel();
    let thread = std::thread::spawn(move || {
        work();
        drop(done);
    });
    let answer: Result<(), _> = is_done.recv_timeout(Duration::from_secs(400));
    assert_ne!(answer, Err(RecvTimeoutError::Timeout), "it does not end");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// How bytes change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    /// Others each time.
    Whim,
    /// Now and then another key's.
    Turns,
    /// Now and then all are the same.
    Same,
    /// Now and then they end early, or are none at all.
    Shorter,
    /// Now and then they go on.
    Longer,
}

const CHANGES: [Change; 5] = [
    Change::Whim,
    Change::Turns,
    Change::Same,
    Change::Shorter,
    Change::Longer,
];

/// Questions to keys by one operation, at most: it may not end.
const PATIENCE: u64 = 20_000;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// A key whose bytes depend on what time it is.
struct Fickle {
    counted: Counted,
    change: Change,
    time: Arc<AtomicU64>,
}

impl RadixKey for Fickle {
    type Bytes<'k> = Vec<u8>;

    fn key_bytes(&self) -> Vec<u8> {
        ASKED.set(ASKED.get() + 1);
        if ASKED.get() > PATIENCE {
            std::panic::panic_any("it does not end");
        }
        let (number, time) = (self.counted.number(), self.time.load(Relaxed));
        let is_other = time % 2 == 1;
        match self.change {
            Change::Whim => {
                let time = self.time.fetch_add(1, Relaxed);
                bytes(number + time.wrapping_mul(0x9E37_79B9) % 7 / 3)
            }
            Change::Turns => bytes(number + time % 5),
            Change::Same if is_other => bytes(40),
            Change::Shorter if is_other => {
                let mut bytes = bytes(number);
                bytes.truncate(bytes.len() / 2 * (time % 4 / 2) as usize);
                bytes
            }
            Change::Longer if is_other => [bytes(number), vec![time as u8 % 7]].concat(),
            _ => bytes(number),
        }
    }
}

/// One operation, which may panic.
fn act(map: &RadixMap<Fickle, Counted>, key: impl Fn(u64) -> Fickle, values: &Tally, n: u64) {
    // From three digits on.
    let number = 9 + n * 7 % 200;
    let value = || values.item(n);
    let more = |v: &Counted| values.item(v.number() + 1);
    let map = map.pin();
    match n * 11 % 25 {
        0..=6 => _ = map.insert(key(number), value()),
        7 => _ = map.try_insert(key(number), value()),
        8 => _ = map.update_or_insert_with(key(number), more, value),
        9..12 => _ = map.remove(&key(number)).map(Counted::number),
        12 => _ = map.remove_if(&key(number), |_, v| v.number().is_multiple_of(2)),
        13 => {
            map.compute(key(number), |old| match old {
                Some(_) => Operation::Remove,
                None => Operation::<_, ()>::Insert(value()),
            });
        }
        14 if n.is_multiple_of(16) => map.retain(|k, _| !k.counted.number().is_multiple_of(4)),
        14 if n % 64 == 1 => map.clear(),
        15 => _ = map.remove_prefix(&bytes(number)),
        16 => _ = map.drain().take(3).count() + map.drain().rev().take(3).count(),
        17 => _ = map.iter().map(|(_, v)| v.number()).max(),
        18 => {
            let mut range = map.range(key(number)..key(number + 40));
            while range.next().is_some() && range.next_back().is_some() {}
        }
        19 => {
            _ = map
                .prefix(&bytes(number % 9))
                .rev()
                .map(|(_, v)| v.number())
                .max()
        }
        20 => _ = map.pop_first().map(|(k, _)| k.counted.number()),
        21 => _ = map.pop_last().map(|(k, _)| k.counted.number()),
        22 => {
            let key = key(number);
            _ = map.lower_bound(Excluded(&key)).map(|e| e.1.number());
            _ = map.upper_bound(Included(&key)).map(|e| e.1.number());
            let mut cursor = map.cursor();
            cursor.seek(&key);
            cursor.prev().map(|(k, _)| k.counted.number());
        }
        23 => {
            let key = key(number);
            _ = map.longest_match(&key).map(|e| e.1.number());
            _ = map.longest_match_strict(&key).map(|e| e.1.number());
        }
        _ => _ = map.get(&key(number)).map(Counted::number),
    }
}

/// Whatever the bytes are, what is in the map is dropped once.
fn bytes_change(change: Change, threads: u64, work: u64) {
    let (keys, values) = (Tally::default(), Tally::default());
    let time = Arc::new(AtomicU64::new(0));
    let map = RadixMap::new_in(&Smr::new());
    std::thread::scope(|s| {
        for t in 0..threads {
            let (map, keys, values, time) = (&map, &keys, &values, &time);
            let key = move |n| Fickle {
                counted: keys.item(n),
                change,
                time: Arc::clone(time),
            };
            s.spawn(move || {
                for n in 0..work {
                    if n % 40 == 0 {
                        time.fetch_add(1, Relaxed);
                    }
                    ASKED.set(0);
                    let act = || act(map, key, values, n * (t * 2 + 1));
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
                        match panic.downcast_ref() {
                            Some(&"it does not end" | &"a key's bytes have changed in the map") => {
                            }
                            _ => std::panic::resume_unwind(panic),
                        }
                    }
                }
            });
        }
    });
    ASKED.set(0);
    assert_eq!(map.flush(), 0);
    let there = map.pin().iter().count();
    assert_eq!((keys.alive(), values.alive()), (there, there), "{change:?}");
    if work.is_multiple_of(2) {
        let half: Vec<_> = map.into_iter().take(there / 2).collect();
        assert_eq!((half.len(), values.alive()), (there / 2, there / 2));
    } else {
        drop(map);
    }
    assert_eq!((keys.alive(), values.alive()), (0, 0), "{change:?}");
}

#[test]
fn bytes_that_change_do_no_harm() {
    ends(|| {
        for change in CHANGES {
            bytes_change(change, 1, 3_000);
            bytes_change(change, 1, 1_001);
        }
    });
}

#[test]
fn bytes_that_change_do_no_harm_to_threads() {
    ends(|| {
        for change in CHANGES {
            bytes_change(change, 3, 1_001);
        }
    });
}

/// A map, and who meddles with it.
struct World {
    map: RadixMap<Busy, Counted>,
    keys: Tally,
    values: Tally,
    random: RefCell<SmallRng>,
    /// So many more times.
    meddles: Cell<u32>,
    /// Whether operations are on one key each.
    is_by_key: bool,
    std: RefCell<BTreeMap<u64, u64>>,
    balance: Cell<usize>,
}

/// A key that uses the map when it is asked.
struct Busy {
    counted: Counted,
    world: Weak<World>,
}

impl RadixKey for Busy {
    type Bytes<'k> = Vec<u8>;

    fn key_bytes(&self) -> Vec<u8> {
        if let Some(world) = self.world.upgrade() {
            let left = world.meddles.take();
            if left > 0 {
                world.act(1);
                world.meddles.set(left - 1);
            }
        }
        bytes(self.counted.number())
    }
}

impl World {
    fn below(&self, most: u64) -> u64 {
        self.random.borrow_mut().random_range(0..most)
    }

    /// One operation. Those who meddle have other keys.
    fn act(self: &Rc<Self>, odd: u64) {
        let number = 2 * self.below(40) + odd;
        let key = || Busy {
            counted: self.keys.item(number),
            world: Rc::downgrade(self),
        };
        let map = self.map.pin();
        let come = |n: usize| self.balance.set(self.balance.get() + n);
        let go = |n: usize| self.balance.set(self.balance.get() - n);
        let value = self.below(1_000);
        match self.below(if self.is_by_key { 16 } else { 22 }) {
            0..7 => {
                let old = map.insert(key(), self.values.item(value));
                come(usize::from(old.is_none()));
                let std = self.std.borrow_mut().insert(number, value);
                assert!(!self.is_by_key || old.map(Counted::number) == std);
            }
            7..12 => {
                let old = map.remove(&key());
                go(usize::from(old.is_some()));
                let std = self.std.borrow_mut().remove(&number);
                assert!(!self.is_by_key || old.map(Counted::number) == std);
            }
            12..16 => {
                let there = map.get(&key()).map(Counted::number);
                let std = self.std.borrow().get(&number).copied();
                assert!(!self.is_by_key || there == std);
            }
            16 | 17 => go(usize::from(map.pop_first().is_some())),
            18 | 19 => go(usize::from(map.pop_last().is_some())),
            20 => go(map.remove_prefix(&key())),
            _ => go(map.drain().take(2).count()),
        }
    }
}

/// What a key does is done at one instant of the operation that asks it, as if by another thread.
#[test]
fn keys_may_use_the_map() {
    for seed in 0..40 {
        let world = Rc::new(World {
            map: RadixMap::new_in(&Smr::new()),
            keys: Tally::default(),
            values: Tally::default(),
            random: RefCell::new(SmallRng::seed_from_u64(seed)),
            meddles: Cell::new(0),
            is_by_key: seed % 2 == 0,
            std: RefCell::default(),
            balance: Cell::new(0),
        });
        for _ in 0..400 {
            let meddles = world.below(5) as u32;
            world.meddles.set(meddles);
            world.act(0);
            world.meddles.set(0);
            assert_eq!(world.map.len(), world.balance.get());
        }
        let mut world = Rc::into_inner(world).expect("keys have it weakly");
        world.map.check();
        let len = world.map.len();
        assert_eq!(world.map.flush(), 0);
        assert_eq!((world.keys.alive(), world.values.alive()), (len, len));
        if world.is_by_key {
            let map = world.map.pin();
            assert_eq!(len, world.std.borrow().len());
            let entry = |(k, v): (&Busy, &Counted)| (k.counted.number(), v.number());
            assert!(
                map.iter()
                    .map(entry)
                    .all(|(k, v)| world.std.borrow()[&k] == v)
            );
        }
        drop(world.map);
        assert_eq!((world.keys.alive(), world.values.alive()), (0, 0));
    }
}
