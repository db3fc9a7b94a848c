//! `SkipMap` with orders that lie and panic: wrong answers at worst, and everything is dropped once.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Bound::{Excluded, Included};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use structures::testing::balanced::{Key, Ordered};
use structures::testing::payload::{Counted, Tally};
use structures::{Comparable, Equivalent, Operation, SkipMap, Smr};

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

/// How an order lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lie {
    /// Another answer each time.
    Random,
    /// Rarely another answer.
    Seldom,
    /// Of three numbers each is less than the next, in a circle.
    Circle,
    /// Another order from time to time.
    Turns,
    Less,
    Equal,
    Greater,
    /// Equal are others than those between which there is nothing.
    Blurred,
    Panics,
}

const LIES: [Lie; 9] = [
    Lie::Random,
    Lie::Seldom,
    Lie::Circle,
    Lie::Turns,
    Lie::Less,
    Lie::Equal,
    Lie::Greater,
    Lie::Blurred,
    Lie::Panics,
];

/// Questions to an order by one operation, at most.
const PATIENCE: u64 = 100_000;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

impl Lie {
    fn order(self, asked: &AtomicU64, a: u64, b: u64) -> Ordering {
        ASKED.set(ASKED.get() + 1);
        if ASKED.get() > PATIENCE {
            std::panic::panic_any("it does not end");
        }
        let asked = asked.fetch_add(1, Relaxed);
        let whim = asked.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let any = [Ordering::Less, Ordering::Equal, Ordering::Greater][whim as usize % 3];
        match self {
            Lie::Random => any,
            Lie::Seldom if whim % 64 == 1 => any,
            Lie::Circle => ((a + 1) % 3)
                .cmp(&((b + 1) % 3))
                .then(((b + 1) % 3).cmp(&(a % 3)))
                .then(a.cmp(&b)),
            Lie::Turns if asked / 5_000 % 2 == 1 => b.cmp(&a),
            Lie::Less => Ordering::Less,
            Lie::Equal => Ordering::Equal,
            Lie::Greater => Ordering::Greater,
            Lie::Blurred => match a.abs_diff(b) {
                0..10 => Ordering::Equal,
                _ => a.cmp(&b),
            },
            Lie::Panics if whim % 50 == 1 => std::panic::panic_any("an order, on purpose"),
            _ => a.cmp(&b),
        }
    }
}

/// The operation that iterates backward and may not end if an order goes in circles: each chunk is before another.
const BACKWARD: u64 = 18;

/// One operation, which may panic.
fn act<C>(map: &SkipMap<Counted, Counted, C>, keys: &Tally, values: &Tally, number: u64, n: u64)
where
    C: structures::skip_map::Comparator<Counted>,
{
    let (key, value) = (keys.item(number), || values.item(n));
    let more = |v: &Counted| values.item(v.number() + 1);
    let map = map.pin();
    match n * 7 % 29 {
        0..=4 => _ = map.insert(key, value()),
        5 => _ = map.try_insert(key, value()),
        6 => _ = map.get_or_insert_with(key, value),
        7 => _ = map.update(key, more),
        8 => _ = map.update_or_insert(key, more, value()),
        9 => _ = map.update_or_insert_with(key, more, value),
        10..13 => _ = map.remove(&key).map(Counted::number),
        13 => _ = map.remove_if(&key, |_, v| v.number().is_multiple_of(2)),
        14 => {
            map.compute(key, |old| match old {
                Some(_) => Operation::Remove,
                None => Operation::<_, ()>::Insert(value()),
            });
        }
        15 => _ = map.entry(key).and_modify(more).or_insert(value()),
        16 if n.is_multiple_of(31) => map.retain(|k, _| !k.number().is_multiple_of(4)),
        17 if n.is_multiple_of(61) => map.clear(),
        BACKWARD if n.is_multiple_of(23) => {
            _ = map.drain().take(3).count() + map.drain().rev().take(3).count()
        }
        19 => _ = map.iter().take(300).map(|(_, v)| v.number()).sum::<u64>(),
        20 => {
            _ = map
                .iter()
                .rev()
                .take(300)
                .map(|(_, v)| v.number())
                .sum::<u64>()
        }
        21 => {
            let mut range = map.range(key..keys.item(number + 40));
            for _ in 0..100 {
                range.next().map(|(k, _)| k.number());
                range.next_back().map(|(k, _)| k.number());
            }
        }
        22 => _ = map.pop_first().map(|(k, _)| k.number()),
        23 => _ = map.pop_last().map(|(k, _)| k.number()),
        24 => _ = map.lower_bound(Excluded(&key)).map(|(k, _)| k.number()),
        25 => _ = map.upper_bound(Included(&key)).map(|(k, _)| k.number()),
        26 => {
            let mut cursor = map.cursor();
            cursor.seek(&key);
            for _ in 0..20 {
                cursor.next().map(|(k, _)| k.number());
                cursor.prev().map(|(k, _)| k.number());
                cursor.prev().map(|(k, _)| k.number());
            }
            cursor.to_end();
            cursor.prev().map(|(k, _)| k.number());
        }
        27 => {
            _ = (
                map.first_key_value().map(|(k, _)| k.number()),
                map.last_key_value().map(|(_, v)| v.number()),
            )
        }
        _ => _ = map.get(&key).map(Counted::number),
    }
}

/// Whatever the order says, what is in the map is counted, and dropped once.
fn orders_lie(lie: Lie, threads: u64, numbers: u64, work: u64) {
    let (keys, values) = (Tally::default(), Tally::default());
    let asked = Arc::new(AtomicU64::new(0));
    let order = {
        let asked = Arc::clone(&asked);
        move |a: &Counted, b: &Counted| lie.order(&asked, a.number(), b.number())
    };
    let map = SkipMap::with_comparator_in(order, &Smr::new());
    std::thread::scope(|s| {
        for t in 0..threads {
            let (map, keys, values) = (&map, &keys, &values);
            s.spawn(move || {
                for n in 0..work {
                    // Waves, so that it grows and shrinks.
                    let n = if n / 500 % 2 == 0 {
                        n
                    } else {
                        n * 29 + 10 + n % 3
                    };
                    let number = n * (t * 2 + 7) % numbers;
                    ASKED.set(0);
                    let act = || act(map, keys, values, number, n);
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
                        match panic.downcast_ref() {
                            Some(&"an order, on purpose") => {}
                            Some(&"it does not end") => {
                                let what = n * 7 % 29;
                                assert_eq!(what, BACKWARD, "{lie:?}");
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
    let len = map.len();
    assert_eq!(map.pin().iter().count(), len, "{lie:?}");
    assert_eq!(values.alive(), len, "{lie:?}");
    if work.is_multiple_of(2) {
        let half: Vec<_> = map.into_iter().take(len / 2).collect();
        assert_eq!(
            (half.len(), values.alive(), keys.alive()),
            (len / 2, len / 2, len / 2),
            "{lie:?}"
        );
    } else {
        drop(map);
    }
    assert_eq!((keys.alive(), values.alive()), (0, 0), "{lie:?}");
}

#[test]
fn orders_that_lie_do_no_harm() {
    ends(|| {
        for lie in LIES {
            orders_lie(lie, 1, 300, 4_000);
            orders_lie(lie, 1, 3_000, 3_001);
        }
    });
}

#[test]
fn orders_that_lie_do_no_harm_to_threads() {
    ends(|| {
        for lie in LIES {
            orders_lie(lie, 3, 300, 1_501);
        }
    });
}

/// What can be looked for, and says what it likes of where it is.
struct Liar(Lie, u64, AtomicU64);

impl<K: Key> Equivalent<K> for Liar {
    fn equivalent(&self, key: &K) -> bool {
        self.compare(key).is_eq()
    }
}

impl<K: Key> Comparable<K> for Liar {
    fn compare(&self, key: &K) -> Ordering {
        self.0.order(&self.2, self.1, key.number())
    }
}

/// The keys are honest; what is looked for does not have their order. Hints say nothing about it.
#[test]
fn what_is_looked_for_may_lie() {
    fn run<K: Key + 'static>() {
        for lie in LIES.into_iter().filter(|lie| *lie != Lie::Panics) {
            let mut all = Ordered::<K>::with(400);
            let mut removed = 0;
            for n in 0..600 {
                let map = all.map().pin();
                let liar = |n| Liar(lie, n, AtomicU64::new(n * 977));
                ASKED.set(0);
                match n % 6 {
                    0 => removed += usize::from(map.remove(&liar(n)).is_some()),
                    1 => {
                        removed +=
                            usize::from(matches!(map.remove_if(&liar(n), |_, _| true), Ok(Some(_))))
                    }
                    2 => assert!(map.range(liar(n)..liar(n + 50)).count() <= map.len()),
                    3 => _ = map.range(liar(n + 50)..=liar(n)).rev().count(),
                    4 => {
                        _ = (
                            map.lower_bound(Excluded(&liar(n))),
                            map.upper_bound(Included(&liar(n))),
                        )
                    }
                    _ => {
                        _ = (
                            map.get(&liar(n)).map(Counted::number),
                            map.cursor().seek(&liar(n)),
                        )
                    }
                }
            }
            all.balances();
            assert_eq!(all.map().len(), 400 - removed, "{lie:?}");
        }
    }
    ends(|| {
        run::<u64>();
        run::<String>();
        run::<Counted>();
    });
}
