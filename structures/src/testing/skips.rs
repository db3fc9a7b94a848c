//! The map in order as a subject, for keys of several kinds.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::Bound;

use super::ordered::{Ask, Found, Ordered, Steps};
use super::payload::{Counted, Tally, Value};
use super::spec::{Call, Op};
use super::subject::{Session, Subject};
use crate::skip_map::{Cursor, Natural};
use crate::{Compute, Guard, Operation, SkipMap, Smr};

/// A number in another shape, in the same order.
pub trait Key: Ord + Debug + Send + Sync + 'static {
    /// The map's name.
    const NAME: &'static str;

    /// What belongs to them.
    type Value: Value;

    /// The key of a number; keys that count are counted there.
    fn of(number: u64, keys: &Tally) -> Self;

    /// The number of the key.
    fn number(&self) -> u64;
}

/// Its hint is all of it.
impl Key for u64 {
    const NAME: &'static str = "SkipMap of numbers";
    type Value = Counted;

    fn of(number: u64, _: &Tally) -> u64 {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// Its hint is all of it, and the entry is in the revision.
impl Key for u32 {
    const NAME: &'static str = "SkipMap of plain numbers";
    type Value = u64;

    fn of(number: u64, _: &Tally) -> u32 {
        u32::try_from(number).expect("a small number")
    }

    fn number(&self) -> u64 {
        u64::from(*self)
    }
}

/// Its hint is some bytes of it, mostly behind a prefix.
impl Key for String {
    const NAME: &'static str = "SkipMap of strings";
    type Value = Counted;

    fn of(number: u64, _: &Tally) -> String {
        format!("a prefix, {number:020}")
    }

    fn number(&self) -> u64 {
        let digits = &self[self.len() - 20..];
        digits.parse().expect("a number is behind the prefix")
    }
}

/// It has no hint.
impl Key for Counted {
    const NAME: &'static str = "SkipMap of keys without hints";
    type Value = Counted;

    fn of(number: u64, keys: &Tally) -> Counted {
        keys.item(number)
    }

    fn number(&self) -> u64 {
        Counted::number(self)
    }
}

/// A number without a hint, whose comparisons now and then let others go first.
#[derive(Debug)]
pub struct Hesitant(u64);

impl PartialEq for Hesitant {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Hesitant {}

impl PartialOrd for Hesitant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hesitant {
    fn cmp(&self, other: &Self) -> Ordering {
        thread_local! {
            static TURN: Cell<u32> = const { Cell::new(0) };
        }
        let turn = TURN.replace(TURN.get().wrapping_add(1));
        if turn.wrapping_mul(0x9E37_79B1) >> 27 == 0 {
            std::thread::yield_now();
        }
        self.0.cmp(&other.0)
    }
}

impl Key for Hesitant {
    const NAME: &'static str = "SkipMap of hesitant keys";
    type Value = Counted;

    fn of(number: u64, _: &Tally) -> Hesitant {
        Hesitant(number)
    }

    fn number(&self) -> u64 {
        self.0
    }
}

/// A map in order, in a domain of its own, whose keys and values count themselves where they can.
#[derive(Debug)]
pub struct Skip<K: Key> {
    map: Option<SkipMap<K, K::Value>>,
    keys: Tally,
    values: Tally,
}

/// In use by a thread.
#[derive(Debug)]
pub struct SkipInUse<'s, K: Key>(&'s Skip<K>);

impl<K: Key> Skip<K> {
    /// The map.
    ///
    /// # Panics
    /// While it is dropped.
    #[must_use]
    pub fn map(&self) -> &SkipMap<K, K::Value> {
        self.map.as_ref().expect("it is there until the end")
    }

    /// A key for it.
    #[must_use]
    pub fn key(&self, number: u64) -> K {
        K::of(number, &self.keys)
    }

    /// A value for it, that counts itself if it can.
    #[must_use]
    pub fn value(&self, number: u64) -> K::Value {
        K::Value::of(number, &self.values)
    }

    /// A bound, by a key of it.
    #[must_use]
    pub fn bound(&self, bound: Bound<u64>) -> Bound<K> {
        bound.map(|number| self.key(number))
    }
}

/// An entry, as numbers.
pub fn numbers<K: Key>((key, value): (&K, &K::Value)) -> (u64, u64) {
    (key.number(), value.number())
}

impl<K: Key> Subject for Skip<K> {
    const NAME: &'static str = K::NAME;

    type Session<'s> = SkipInUse<'s, K>;

    fn new() -> Self {
        let map = SkipMap::builder().domain(&Smr::new()).build();
        Skip {
            map: Some(map),
            keys: Tally::default(),
            values: Tally::default(),
        }
    }

    fn session(&self) -> SkipInUse<'_, K> {
        SkipInUse(self)
    }

    fn count(&self) -> usize {
        self.map().len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        self.map().pin().iter().map(numbers).collect()
    }

    fn check(&mut self) {
        let map = self.map.as_mut().expect("it is there until the end");
        map.check();
        assert_eq!(map.flush(), 0, "no section is open");
        let len = map.len();
        let values = if K::Value::COUNTS { len } else { 0 };
        assert_eq!(self.values.alive(), values, "all others are dropped");
        // A chunk may have the key of an entry that is gone.
        let keys = self.keys.alive();
        let chunks = len / 4 + 5;
        assert!(
            self.keys.made() == 0 || (len..=len + chunks).contains(&keys),
            "{keys} keys of {len} entries"
        );
    }
}

impl<K: Key> Drop for Skip<K> {
    fn drop(&mut self) {
        drop(self.map.take());
        if !std::thread::panicking() {
            let alive = (self.keys.alive(), self.values.alive());
            assert_eq!(alive, (0, 0), "the map has dropped what it had");
        }
    }
}

impl<K: Key> Session for SkipInUse<'_, K> {
    fn apply(&mut self, call: Call) -> Option<u64> {
        let map = self.0.map().pin();
        let key = self.0.key(call.key);
        let item = |n| self.0.value(n);
        let more = |by: u64| move |v: &K::Value| item(v.number().wrapping_add(by));
        let found = match call.op {
            Op::Get => map.get(&key),
            Op::Insert(value) => map.insert(key, item(value)),
            Op::TryInsert(value) => map.try_insert_with(key, || item(value)).err(),
            Op::Update(by) => map.entry(key).and_modify(more(by)).or_nothing(),
            Op::Upsert(by) => {
                let entry = map.entry(key).and_modify(more(by));
                Some(entry.or_insert_with(|| item(by)))
            }
            Op::Remove => map.remove(&key),
            Op::RemoveIfEven => {
                match map.compute(key, |old| match old {
                    Some((_, v)) if v.number().is_multiple_of(2) => Operation::Remove,
                    _ => Operation::Abort(()),
                }) {
                    Compute::Removed(_, old) => Some(old),
                    _ => None,
                }
            }
        };
        found.map(Value::number)
    }
}

impl<K: Key> Ordered for Skip<K> {
    fn ask(&self, ask: Ask) -> Found {
        let map = self.map().pin();
        let found = match ask {
            Ask::Of(call) => {
                let answer = self.session().apply(call);
                return answer.map(|value| (call.key, value));
            }
            Ask::First => map.first_key_value(),
            Ask::Last => map.last_key_value(),
            Ask::PopFirst => map.pop_first(),
            Ask::PopLast => map.pop_last(),
            Ask::Above(bound) => map.lower_bound(self.bound(bound).as_ref()),
            Ask::Below(bound) => map.upper_bound(self.bound(bound).as_ref()),
            Ask::All => unreachable!("it is not asked"),
        };
        found.map(numbers)
    }

    fn with_cursor<R>(&self, f: impl FnOnce(&mut dyn Steps) -> R) -> R {
        let map = self.map().pin();
        let mut walker = Walker {
            subject: self,
            cursor: map.cursor(),
        };
        f(&mut walker)
    }
}

struct Walker<'g, K: Key, G> {
    subject: &'g Skip<K>,
    cursor: Cursor<'g, K, K::Value, Natural, G>,
}

impl<K: Key, G: Guard> Steps for Walker<'_, K, G> {
    fn next(&mut self) -> Found {
        self.cursor.next().map(numbers)
    }

    fn prev(&mut self) -> Found {
        self.cursor.prev().map(numbers)
    }

    fn peek_next(&mut self) -> Found {
        self.cursor.peek_next().map(numbers)
    }

    fn peek_prev(&mut self) -> Found {
        self.cursor.peek_prev().map(numbers)
    }

    fn seek(&mut self, bound: Bound<u64>) -> Found {
        let bound = self.subject.bound(bound);
        self.cursor.seek_bound(bound.as_ref()).map(numbers)
    }

    fn to_start(&mut self) {
        self.cursor.to_start();
    }

    fn to_end(&mut self) {
        self.cursor.to_end();
    }
}
