//! Iterators, cursors and references that are held while the map changes.

use std::collections::BTreeSet;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use structures::OwnedGuard;
use structures::ordered::{Cursor, Range};
use structures::testing::payload::Value;

use super::kinds::{END, Kind};
use super::model::Model;
use super::{Pinned, Turn, equal, same};

/// So many of each kind are held at once.
const MOST: usize = 4;

type Bounds<K> = (Bound<K>, Bound<K>);
type Entry<'g, T> = (&'g <T as Kind>::Key, &'g <T as Kind>::Value);

type OfRange<'g, T> = Range<
    'g,
    <T as Kind>::Key,
    <T as Kind>::Value,
    <T as Kind>::Engine,
    OwnedGuard,
    <T as Kind>::Key,
    Bounds<<T as Kind>::Key>,
>;

/// An iterator, and what it has to meet.
struct Walk<'g, T: Kind> {
    range: OfRange<'g, T>,
    since: u64,
    /// What was there then, has been since, and has not been met.
    due: BTreeSet<u64>,
    /// So many removals have been taken into account.
    removed: usize,
    /// What it may still meet.
    left: std::ops::Range<u64>,
    is_over: bool,
}

impl<T: Kind> Walk<'_, T> {
    fn step(&mut self, model: &Model, back: bool) -> Result<bool, String> {
        for number in &model.removed()[self.removed..] {
            self.due.remove(number);
        }
        self.removed = model.removed().len();
        let found = if back {
            self.range.next_back()
        } else {
            self.range.next()
        };
        let Some((key, value)) = found else {
            self.is_over = true;
            return match self.due.first() {
                Some(missed) => Err(format!("it has missed {missed}")),
                None => Ok(false),
            };
        };
        let Some(number) = model.key_of(value.number(), self.since) else {
            return Err(format!("{key:?} had {value:?} long ago"));
        };
        if *key != T::key(number) || !self.left.contains(&number) || self.is_over {
            let left = &self.left;
            return Err(format!("{key:?}, which is {number}, of {left:?}"));
        }
        let passed = if back {
            number + 1..self.left.end
        } else {
            self.left.start..number
        };
        if let Some(missed) = self.due.range(passed).next() {
            return Err(format!("it has missed {missed}, and met {number}"));
        }
        self.due.remove(&number);
        if back {
            self.left.end = number;
        } else {
            self.left.start = number + 1;
        }
        Ok(true)
    }
}

/// A cursor. What is below `at` is on its left.
struct Place<'g, T: Kind> {
    cursor: Cursor<'g, T::Key, T::Value, T::Engine, OwnedGuard>,
    at: u64,
}

impl<T: Kind> Place<'_, T> {
    fn step(&mut self, model: &Model, way: u8) -> Result<(), String> {
        let pair = |(&key, &n): (&u64, &u64)| (key, n);
        let next = || model.entries().range(self.at..).next().map(pair);
        let prev = || model.entries().range(..self.at).next_back().map(pair);
        match way {
            0 => same::<T>(self.cursor.peek_next(), next()),
            1 => same::<T>(self.cursor.peek_prev(), prev()),
            _ if way.is_multiple_of(2) => {
                let expected = next();
                same::<T>(self.cursor.next(), expected)?;
                self.at = expected.map_or(self.at, |(number, _)| number + 1);
                Ok(())
            }
            _ => {
                let expected = prev();
                same::<T>(self.cursor.prev(), expected)?;
                self.at = expected.map_or(self.at, |(number, _)| number);
                Ok(())
            }
        }
    }

    fn go(&mut self, model: &Model, way: u8, number: u64) -> Result<(), String> {
        let key = T::key(number);
        let (bound, from) = match way % 5 {
            0 => {
                self.cursor.to_start();
                self.at = 0;
                return Ok(());
            }
            1 => {
                self.cursor.to_end();
                self.at = u64::MAX;
                return Ok(());
            }
            2 => (Excluded(&key), number + 1),
            3 => (Unbounded, 0),
            _ => (Included(&key), number),
        };
        let expected = model.entries().range(from..).next();
        let expected = expected.map(|(&number, &n)| (number, n));
        same::<T>(self.cursor.seek_bound(bound), expected)?;
        self.at = expected.map_or(u64::MAX, |(number, _)| number);
        Ok(())
    }
}

/// All that is held.
pub(super) struct Places<'g, T: Kind> {
    pinned: &'g Pinned<'g, T>,
    walks: Vec<Walk<'g, T>>,
    cursors: Vec<Place<'g, T>>,
    /// Entries, and what they were.
    entries: Vec<(Entry<'g, T>, (u64, u64))>,
}

impl<'g, T: Kind> Places<'g, T> {
    pub(super) fn new(pinned: &'g Pinned<'g, T>) -> Self {
        Places {
            pinned,
            walks: Vec::new(),
            cursors: Vec::new(),
            entries: Vec::new(),
        }
    }

    pub(super) fn act(&mut self, model: &Model, turn: Turn) -> Result<(), String> {
        let Turn { way, more, .. } = turn;
        let number = turn.key * 4 + more % 4;
        let some = turn.key as usize;
        match turn.what {
            10 => {
                if self.walks.len() == MOST {
                    let oldest = self.walks.remove(0);
                    finish(oldest, model)?;
                }
                self.walks.push(self.walk(model, way, number, more));
            }
            11 if self.walks.is_empty() => {}
            11 => {
                let at = some % self.walks.len();
                for i in 0..=more % 40 {
                    let back = way & 1 << (i % 4) != 0;
                    if !self.walks[at].step(model, back)? {
                        break;
                    }
                }
            }
            12 => {
                if self.cursors.len() == MOST {
                    self.cursors.remove(0);
                }
                let copied = self.cursors.last().filter(|_| way == 0);
                let place = copied.map(|place| (place.cursor.clone(), place.at));
                let (cursor, at) = place.unwrap_or_else(|| (self.pinned.cursor(), 0));
                let mut place = Place { cursor, at };
                if way > 1 {
                    place.go(model, way, number)?;
                }
                self.cursors.push(place);
            }
            13 if self.cursors.is_empty() => {}
            13 => {
                let at = some % self.cursors.len();
                let place = &mut self.cursors[at];
                if more >= 200 {
                    return place.go(model, way, number);
                }
                for _ in 0..=more % 8 {
                    place.step(model, way)?;
                }
            }
            _ => {
                let found = self.pinned.get_key_value(&T::key(number));
                if let (Some((key, value)), Some(&n)) = (found, model.entries().get(&number)) {
                    self.entries.push(((key, value), (number, n)));
                }
            }
        }
        Ok(())
    }

    fn walk(&self, model: &Model, way: u8, number: u64, more: u64) -> Walk<'g, T> {
        let lower = match way % 3 {
            0 => Unbounded,
            1 => Included(number),
            _ => Excluded(number),
        };
        let end = number + more;
        let upper = match way / 3 % 3 {
            0 => Unbounded,
            // As std's, so that it has no panics.
            2 if lower != Excluded(end) => Excluded(end),
            _ => Included(end),
        };
        let key = |bound: Bound<u64>| bound.map(T::key);
        let range = self.pinned.range((key(lower), key(upper)));
        let due = model.entries().range((lower, upper));
        let left = match (lower, upper) {
            (Excluded(from), Unbounded) => from + 1..END,
            (Included(from), Unbounded) => from..END,
            (Unbounded, Included(to)) => 0..to + 1,
            (Unbounded, Excluded(to)) => 0..to,
            (Excluded(from), Included(to)) => from + 1..to + 1,
            (Included(from), Included(to)) => from..to + 1,
            (Excluded(from), Excluded(to)) => from + 1..to,
            (Included(from), Excluded(to)) => from..to,
            (Unbounded, Unbounded) => 0..END,
        };
        Walk {
            range,
            since: model.now() as u64,
            due: due.map(|(&number, _)| number).collect(),
            removed: model.removed().len(),
            left,
            is_over: false,
        }
    }

    /// What is held is what it was, and iterators come to their ends.
    pub(super) fn end(self, model: &Model) -> Result<(), String> {
        for walk in self.walks {
            finish(walk, model)?;
        }
        for ((key, value), (number, n)) in self.entries {
            equal(key, &T::key(number))?;
            equal(value.number(), n)?;
        }
        Ok(())
    }
}

fn finish<T: Kind>(mut walk: Walk<'_, T>, model: &Model) -> Result<(), String> {
    while walk.step(model, false)? {}
    // Both ends stay there.
    walk.step(model, true)?;
    walk.step(model, false)?;
    Ok(())
}
