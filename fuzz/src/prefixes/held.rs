//! Iterators and references that are held while the map changes.

use std::collections::BTreeSet;

use structures::OwnedGuard;
use structures::prefix_map::Subnets;
use structures::testing::payload::Counted;
use structures::testing::prefixes::{Bits, Net, plain};

use super::model::Model;
use super::{Pinned, Turn, equal};

/// So many iterators are held at once.
const MOST: usize = 4;

/// An iterator, and what it has to meet.
struct Walk<'g, P: Net> {
    subnets: Subnets<'g, P, Counted, OwnedGuard>,
    of: Bits,
    since: u64,
    /// What was there then, has been since, and has not been met.
    due: BTreeSet<Bits>,
    /// So many removals have been taken into account.
    removed: usize,
    last: Option<Bits>,
    is_over: bool,
}

impl<P: Net> Walk<'_, P> {
    fn step(&mut self, model: &Model) -> Result<bool, String> {
        for net in &model.removed()[self.removed..] {
            self.due.remove(net);
        }
        self.removed = model.removed().len();
        let Some((net, value)) = self.subnets.next().map(plain) else {
            self.is_over = true;
            return match self.due.first() {
                Some(missed) => Err(format!("it has missed {missed:?}")),
                None => Ok(false),
            };
        };
        if !model.was(net, value, self.since) {
            return Err(format!("{net:?} had {value} long ago"));
        }
        if self.is_over || Some(net) <= self.last || !self.of.covers(net) {
            let (of, last) = (self.of, self.last);
            return Err(format!("{net:?} of {of:?} behind {last:?}"));
        }
        if let Some(missed) = self.due.range(..net).next() {
            return Err(format!("it has missed {missed:?}, and met {net:?}"));
        }
        self.due.remove(&net);
        self.last = Some(net);
        Ok(true)
    }
}

/// All that is held.
pub(super) struct Held<'g, P: Net> {
    pinned: &'g Pinned<'g, P>,
    walks: Vec<Walk<'g, P>>,
    /// Values, and what they were.
    values: Vec<(&'g Counted, u64)>,
}

impl<'g, P: Net> Held<'g, P> {
    pub(super) fn new(pinned: &'g Pinned<'g, P>) -> Self {
        Held {
            pinned,
            walks: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn act(&mut self, model: &Model, turn: Turn) -> Result<(), String> {
        let net: P = turn.net();
        match turn.what {
            11 => {
                if self.walks.len() == MOST {
                    finish(self.walks.remove(0), model)?;
                }
                self.walks.push(self.walk(model, turn));
            }
            12 | 13 if self.walks.is_empty() => {}
            12 => {
                let at = usize::from(turn.key) % self.walks.len();
                for _ in 0..=turn.more % 40 {
                    if !self.walks[at].step(model)? {
                        break;
                    }
                }
            }
            // It goes on as the one that it was cloned of.
            13 => {
                let at = usize::from(turn.key) % self.walks.len();
                let walk = &self.walks[at];
                let mut other = Walk {
                    subnets: walk.subnets.clone(),
                    due: walk.due.clone(),
                    ..*walk
                };
                other.step(model)?;
                finish(other, model)?;
            }
            _ => {
                let above = self.pinned.supernets(net);
                let found = above.map(|(_, value)| (value, value.number()));
                self.values.extend(found.chain(self.held_of(net)));
            }
        }
        Ok(())
    }

    fn held_of(&self, net: P) -> Option<(&'g Counted, u64)> {
        self.pinned.get(net).map(|value| (value, value.number()))
    }

    fn walk(&self, model: &Model, turn: Turn) -> Walk<'g, P> {
        let net: P = turn.net();
        let is_all = turn.way.is_multiple_of(4);
        let (subnets, of) = match is_all {
            true => (self.pinned.iter(), Bits::new(0, 0)),
            false => (self.pinned.subnets(net), net.bits()),
        };
        let due = model.table().those(|net| of.covers(net));
        Walk {
            subnets,
            of,
            since: model.now(),
            due: due.map(|(net, _)| net).collect(),
            removed: model.removed().len(),
            last: None,
            is_over: false,
        }
    }

    /// What is held is what it was, and iterators come to their ends.
    pub(super) fn end(self, model: &Model) -> Result<(), String> {
        for walk in self.walks {
            finish(walk, model)?;
        }
        for (value, n) in self.values {
            equal(value.number(), n)?;
        }
        Ok(())
    }
}

fn finish<P: Net>(mut walk: Walk<'_, P>, model: &Model) -> Result<(), String> {
    while walk.step(model)? {}
    // It stays at its end.
    walk.step(model)?;
    Ok(())
}
