//! What is in the map, what was, and when.

use structures::testing::payload::{Counted, Tally};
use structures::testing::prefixes::{Bits, Table};

/// When a value was in the map, and under which prefix.
#[derive(Clone, Copy)]
struct Life {
    net: Bits,
    /// When it was taken out.
    end: u64,
}

#[derive(Default)]
pub(super) struct Model {
    table: Table,
    /// By value.
    lives: Vec<Life>,
    /// Prefixes that were removed, in this order.
    removed: Vec<Bits>,
    values: Tally,
    now: u64,
}

impl Model {
    /// It is this turn.
    pub(super) fn tick(&mut self, now: u64) {
        self.now = now;
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn values(&self) -> &Tally {
        &self.values
    }

    pub(super) fn removed(&self) -> &[Bits] {
        &self.removed
    }

    /// A new value is the prefix's now. What was.
    pub(super) fn insert(&mut self, net: Bits) -> (Counted, Option<u64>) {
        let value = self.lives.len() as u64;
        self.lives.push(Life { net, end: u64::MAX });
        let old = self.table.insert(net, value);
        self.end(old);
        (self.values.item(value), old)
    }

    pub(super) fn remove(&mut self, net: Bits) -> Option<u64> {
        let old = self.table.remove(net);
        self.end(old);
        self.removed.extend(old.map(|_| net));
        old
    }

    fn end(&mut self, value: Option<u64>) {
        if let Some(value) = value {
            self.lives[value as usize].end = self.now;
        }
    }

    /// Whether this was the prefix's value then, or has been since.
    pub(super) fn was(&self, net: Bits, value: u64, since: u64) -> bool {
        let life = self.lives.get(value as usize);
        life.is_some_and(|life| life.net == net && life.end >= since)
    }
}
