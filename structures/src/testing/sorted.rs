//! Maps in order as subjects, for keys of several kinds.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::ops::Bound;

use super::ordered::{Ask, Found, Ordered, Steps};
use super::payload::{Counted, Tally, Value};
use super::spec::{Call, Op};
use super::subject::{Session, Subject};
use crate::ordered::{Cursor, Engine, Fresh, Order, OrderedMap};
use crate::radix_map::RadixKey;
use crate::{Compute, Guard, Operation, Smr, radix_map, skip_map};

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
    const NAME: &'static str = "a map of numbers";
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
    const NAME: &'static str = "a map of plain numbers";
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
    const NAME: &'static str = "a map of strings";
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
    const NAME: &'static str = "a map of keys without hints";
    type Value = Counted;

    fn of(number: u64, keys: &Tally) -> Counted {
        keys.item(number)
    }

    fn number(&self) -> u64 {
        Counted::number(self)
    }
}

fn hesitate() {
    thread_local! {
        static TURN: Cell<u32> = const { Cell::new(0) };
    }
    let turn = TURN.replace(TURN.get().wrapping_add(1));
    if turn.wrapping_mul(0x9E37_79B1) >> 27 == 0 {
        std::thread::yield_now();
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
        hesitate();
        self.0.cmp(&other.0)
    }
}

/// Its bytes now and then let others go first.
impl RadixKey for Hesitant {
    type Bytes<'k> = [u8; 8];

    fn key_bytes(&self) -> [u8; 8] {
        hesitate();
        self.0.to_be_bytes()
    }
}

impl RadixKey for Counted {
    type Bytes<'k> = [u8; 8];

    fn key_bytes(&self) -> [u8; 8] {
        Counted::number(self).to_be_bytes()
    }
}

impl Key for Hesitant {
    const NAME: &'static str = "a map of hesitant keys";
    type Value = Counted;

    fn of(number: u64, _: &Tally) -> Hesitant {
        Hesitant(number)
    }

    fn number(&self) -> u64 {
        self.0
    }
}

/// A number with long parts in it that all keys have in common, so that nodes do not note them.
impl Key for Vec<u8> {
    const NAME: &'static str = "a map of byte strings";
    type Value = Counted;

    fn of(number: u64, _: &Tally) -> Vec<u8> {
        let digits = format!("{number:020}");
        digits.bytes().flat_map(|digit| [digit; 12]).collect()
    }

    fn number(&self) -> u64 {
        let digits: Vec<u8> = self.iter().copied().step_by(12).collect();
        let digits = String::from_utf8(digits).expect("digits");
        digits.parse().expect("a number")
    }
}

/// How an engine keeps keys.
pub trait Keeping {
    /// Keys that may be there besides those of so many entries.
    fn spare(entries: usize) -> usize;
}

/// A chunk may have the key of an entry that is gone.
impl Keeping for skip_map::Skip {
    fn spare(entries: usize) -> usize {
        entries / 4 + 5
    }
}

impl Keeping for radix_map::Radix {
    fn spare(_: usize) -> usize {
        0
    }
}

/// What a [`Sorted`] is made of.
pub trait Kind<K: Key>:
    Order<K, K::Value> + Fresh<K, K::Value> + Engine<K, K::Value, Core: Send + Sync> + Keeping + 'static
{
}

impl<K: Key, E> Kind<K> for E where
    E: Order<K, K::Value>
        + Fresh<K, K::Value>
        + Engine<K, K::Value, Core: Send + Sync>
        + Keeping
        + 'static
{
}

/// A skip map.
pub type Skip<K> = Sorted<K, skip_map::Skip>;

/// A radix map.
pub type Radix<K> = Sorted<K, radix_map::Radix>;

/// A map in order, in a domain of its own, whose keys and values count themselves where they can.
pub struct Sorted<K: Key, E: Engine<K, K::Value>> {
    map: Option<OrderedMap<K, K::Value, E>>,
    keys: Tally,
    values: Tally,
}

/// In use by a thread.
pub struct SortedInUse<'s, K: Key, E: Engine<K, K::Value>>(&'s Sorted<K, E>);

impl<K: Key, E: Engine<K, K::Value>> Debug for Sorted<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorted").finish_non_exhaustive()
    }
}

impl<K: Key, E: Engine<K, K::Value>> Debug for SortedInUse<'_, K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedInUse").finish_non_exhaustive()
    }
}

impl<K: Key, E: Engine<K, K::Value>> Sorted<K, E> {
    /// The map.
    ///
    /// # Panics
    /// While it is dropped.
    #[must_use]
    pub fn map(&self) -> &OrderedMap<K, K::Value, E> {
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

impl<K: Key, E: Kind<K>> Subject for Sorted<K, E> {
    const NAME: &'static str = K::NAME;

    type Session<'s> = SortedInUse<'s, K, E>;

    fn new() -> Self {
        let map = E::fresh(&Smr::new());
        Sorted {
            map: Some(map),
            keys: Tally::default(),
            values: Tally::default(),
        }
    }

    fn session(&self) -> SortedInUse<'_, K, E> {
        SortedInUse(self)
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
        let keys = self.keys.alive();
        let spare = E::spare(len);
        assert!(
            self.keys.made() == 0 || (len..=len + spare).contains(&keys),
            "{keys} keys of {len} entries"
        );
    }
}

impl<K: Key, E: Engine<K, K::Value>> Drop for Sorted<K, E> {
    fn drop(&mut self) {
        drop(self.map.take());
        if !std::thread::panicking() {
            let alive = (self.keys.alive(), self.values.alive());
            assert_eq!(alive, (0, 0), "the map has dropped what it had");
        }
    }
}

impl<K: Key, E: Kind<K>> Session for SortedInUse<'_, K, E> {
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

impl<K: Key, E: Kind<K>> Ordered for Sorted<K, E> {
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

struct Walker<'g, K: Key, E: Engine<K, K::Value>, G> {
    subject: &'g Sorted<K, E>,
    cursor: Cursor<'g, K, K::Value, E, G>,
}

impl<K: Key, E: Kind<K>, G: Guard> Steps for Walker<'_, K, E, G> {
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
