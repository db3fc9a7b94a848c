//! What is in the map, what was, and when.

use std::collections::BTreeMap;

use structures::testing::payload::{Tally, Value};

/// When a value was in the map, and under which key.
#[derive(Clone, Copy)]
struct Life {
    number: u64,
    /// When it was taken out.
    end: u64,
}

pub(super) struct Model {
    entries: BTreeMap<u64, u64>,
    /// By value.
    lives: Vec<Life>,
    /// Keys that were removed, in this order.
    removed: Vec<u64>,
    values: Tally,
    now: u64,
}

impl Model {
    pub(super) fn new() -> Model {
        Model {
            entries: BTreeMap::new(),
            lives: Vec::new(),
            removed: Vec::new(),
            values: Tally::default(),
            now: 0,
        }
    }

    /// It is this turn.
    pub(super) fn tick(&mut self, now: u64) {
        self.now = now;
    }

    pub(super) fn now(&self) -> usize {
        self.now as usize
    }

    pub(super) fn entries(&self) -> &BTreeMap<u64, u64> {
        &self.entries
    }

    pub(super) fn values(&self) -> &Tally {
        &self.values
    }

    pub(super) fn removed(&self) -> &[u64] {
        &self.removed
    }

    /// A new value, which may become a key's.
    pub(super) fn value<V: Value>(&mut self, number: u64) -> V {
        self.lives.push(Life {
            number,
            end: u64::MAX,
        });
        V::of(self.lives.len() as u64 - 1, &self.values)
    }

    /// The value is the key's now. What was.
    pub(super) fn insert(&mut self, number: u64, value: u64) -> Option<u64> {
        let old = self.entries.insert(number, value);
        if let Some(old) = old {
            self.lives[old as usize].end = self.now;
        }
        old
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<u64> {
        let old = self.entries.remove(&number)?;
        self.lives[old as usize].end = self.now;
        self.removed.push(number);
        Some(old)
    }

    /// Whose value this is, if it was in the map then or has been since.
    pub(super) fn key_of(&self, value: u64, since: u64) -> Option<u64> {
        let life = self.lives.get(value as usize)?;
        (life.end >= since).then_some(life.number)
    }
}
