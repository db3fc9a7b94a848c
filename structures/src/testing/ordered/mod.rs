//! Maps in order: what depends on all of their keys, and so must be explained by one order of all operations.

mod histories;
mod shapes;

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::spec::{Call, Op, Oracle, Spec};
use super::subject::Subject;
use super::workload::{Mix, Workload};

pub use histories::{Recorded, agrees_with_the_oracle, histories_are_linearizable};
pub use shapes::{ALL, LARGE, Shape};

/// An operation on a map in order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ask {
    /// On the entry of one key.
    Of(Call),
    /// Answers the first entry.
    First,
    /// Answers the last entry.
    Last,
    /// Removes the first entry, and answers it.
    PopFirst,
    /// Removes the last entry, and answers it.
    PopLast,
    /// Answers the first entry that is not below the bound.
    Above(Bound<u64>),
    /// Answers the last entry that is not above the bound.
    Below(Bound<u64>),
    /// Answers how many entries there are, and a number made of all of them. For when nobody changes the map.
    All,
}

/// An entry: a key, and what is said of it.
pub type Found = Option<(u64, u64)>;

impl Spec for Oracle {
    type Call = Ask;
    type Answer = Found;

    fn answer(&mut self, ask: Ask) -> Found {
        let pair = |(&key, &value): (&u64, &u64)| (key, value);
        match ask {
            Ask::Of(call) => self.apply(call).map(|value| (call.key, value)),
            Ask::First => self.entries().first_key_value().map(pair),
            Ask::Last => self.entries().last_key_value().map(pair),
            Ask::PopFirst => self.entries_mut().pop_first(),
            Ask::PopLast => self.entries_mut().pop_last(),
            Ask::Above(bound) => {
                let mut above = self.entries().range((bound, Bound::Unbounded));
                above.next().map(pair)
            }
            Ask::Below(bound) => {
                let mut below = self.entries().range((Bound::Unbounded, bound));
                below.next_back().map(pair)
            }
            Ask::All => all(self.entries().iter().map(pair)),
        }
    }
}

/// The answer to [`Ask::All`].
fn all(entries: impl ExactSizeIterator<Item = (u64, u64)>) -> Found {
    let len = entries.len() as u64;
    let mut hasher = DefaultHasher::new();
    entries.for_each(|entry| entry.hash(&mut hasher));
    Some((len, hasher.finish()))
}

/// A map in order.
pub trait Ordered: Subject {
    /// Does it, if it is not about all, and answers.
    fn ask(&self, ask: Ask) -> Found;

    /// Runs `f` with a cursor, which has one guard all the time.
    fn with_cursor<R>(&self, f: impl FnOnce(&mut dyn Steps) -> R) -> R;
}

/// A cursor. Where it is, its user knows, by what it has answered: see [`Gap`].
pub trait Steps {
    /// Goes over the next entry.
    fn next(&mut self) -> Found;
    /// Goes back over the entry before.
    fn prev(&mut self) -> Found;
    /// Answers the next entry.
    fn peek_next(&mut self) -> Found;
    /// Answers the entry before.
    fn peek_prev(&mut self) -> Found;
    /// Goes to before the first entry that is not below a bound.
    fn seek(&mut self, bound: Bound<u64>) -> Found;
    /// Goes to before the first entry.
    fn to_start(&mut self);
    /// Goes to behind the last entry.
    fn to_end(&mut self);
}

/// Where a cursor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gap {
    /// Before the first entry.
    Start,
    /// Before this key.
    Before(u64),
    /// Behind this key.
    After(u64),
    /// Behind the last entry.
    End,
}

impl Gap {
    /// Which operation finds the next entry.
    #[must_use]
    pub fn next(self) -> Option<Ask> {
        match self {
            Gap::Start => Some(Ask::First),
            Gap::Before(key) => Some(Ask::Above(Bound::Included(key))),
            Gap::After(key) => Some(Ask::Above(Bound::Excluded(key))),
            Gap::End => None,
        }
    }

    /// Which one finds the entry before.
    #[must_use]
    pub fn prev(self) -> Option<Ask> {
        match self {
            Gap::Start => None,
            Gap::Before(key) => Some(Ask::Below(Bound::Excluded(key))),
            Gap::After(key) => Some(Ask::Below(Bound::Included(key))),
            Gap::End => Some(Ask::Last),
        }
    }

    /// Takes a random step; `asked` is told which operation it is to be, and what takes it.
    pub fn step(
        &mut self,
        cursor: &mut dyn Steps,
        random: &mut SmallRng,
        key: u64,
        asked: impl FnOnce(Ask, &mut dyn FnMut() -> Found) -> Found,
    ) {
        let roll = random.random_range(0..10);
        let ask = match roll {
            0..=4 => self.next(),
            5..=7 => self.prev(),
            _ => None,
        };
        let Some(ask) = ask else {
            match roll {
                0..=4 => assert_eq!((cursor.peek_next(), cursor.next()), (None, None)),
                5..=7 => assert_eq!((cursor.peek_prev(), cursor.prev()), (None, None)),
                8 if key.is_multiple_of(2) => {
                    cursor.to_start();
                    *self = Gap::Start;
                    return;
                }
                8 => {
                    cursor.to_end();
                    *self = Gap::End;
                    return;
                }
                _ => {
                    let bound = bound(random, key);
                    let found = asked(Ask::Above(bound), &mut || cursor.seek(bound));
                    *self = found.map_or(Gap::End, |(key, _)| Gap::Before(key));
                    return;
                }
            }
            return;
        };
        let found = asked(ask, &mut || match roll {
            0 => cursor.peek_next(),
            1..=4 => cursor.next(),
            5 => cursor.peek_prev(),
            _ => cursor.prev(),
        });
        match found {
            Some((key, _)) if (1..=4).contains(&roll) => *self = Gap::After(key),
            Some((key, _)) if roll > 5 => *self = Gap::Before(key),
            _ => {}
        }
    }
}

fn bound(random: &mut SmallRng, key: u64) -> Bound<u64> {
    match random.random_range(0..9) {
        0..4 => Bound::Included(key),
        4..8 => Bound::Excluded(key),
        _ => Bound::Unbounded,
    }
}

/// Random operations, the same for the same seed: half of them on one key.
#[derive(Debug)]
pub struct Asks {
    calls: Workload,
    random: SmallRng,
    keys: &'static [u64],
}

impl Asks {
    /// On these keys. Values that are written are different for different seeds.
    #[must_use]
    pub fn new(seed: u64, mix: Mix, keys: &'static [u64]) -> Asks {
        Asks {
            calls: Workload::new(seed, mix, keys.len() as u64),
            random: SmallRng::seed_from_u64(!seed),
            keys,
        }
    }
}

impl Iterator for Asks {
    type Item = Ask;

    fn next(&mut self) -> Option<Ask> {
        let Call { key, op } = self.calls.next()?;
        let key = self.keys[key as usize];
        Some(match self.random.random_range(0..16) {
            0 => Ask::First,
            1 => Ask::Last,
            2 => Ask::PopFirst,
            3 => Ask::PopLast,
            4 | 5 => Ask::Above(bound(&mut self.random, key)),
            6 | 7 => Ask::Below(bound(&mut self.random, key)),
            _ => Ask::Of(Call { key, op }),
        })
    }
}

/// Stores a number as the value of the same key.
#[must_use]
pub fn insert(key: u64) -> Call {
    let op = Op::Insert(key);
    Call { key, op }
}
