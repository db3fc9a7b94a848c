//! Answers about several slots at one instant.
//!
//! A walk notes each slot that it has looked at, and each word of claims, and looks again in the end. If all are what
//! they were, and none has been anything else meanwhile, they were so at once, at any instant between the two looks.
//! None has: no empty slot is what another one was (`stamp.rs`), what has been taken out does not come back as long as
//! the section lasts, claims only grow; but for a collapse, which puts back what was in the slot before a node came
//! above it. Those are counted before they happen (T7).

use core::ops::Bound;

use smallvec::SmallVec;
use smr_core::primitive::{AtomicUsize, Ordering};

use super::claim::claims;
use super::core::{Core, Path, Step};
use super::head::Fit;
use super::key::{RadixKey, differ};
use super::memory::Entry;
use super::node::{BYTES, Node};
use super::rules::Rule;
use super::word::{Slot, Word};
use crate::reclaim::Section;

/// An end of the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    First,
    Last,
}

/// A place between keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut<'k> {
    pub(super) key: &'k [u8],
    /// Whether the key itself is on the side that is looked at.
    pub(super) is_in: bool,
}

/// How slots are looked at, and what is claimed.
pub(super) trait Look<'s> {
    /// What is in a slot.
    fn slot(&mut self, slot: &'s Slot) -> Word;

    /// What a node has claimed is part of the answer: to be told before it is looked at.
    fn claims(&mut self, node: Node<'s>);
}

/// Nothing is noted.
pub(super) struct Glance;

impl<'s> Look<'s> for Glance {
    fn slot(&mut self, slot: &'s Slot) -> Word {
        slot.load().thawed()
    }

    fn claims(&mut self, _: Node<'s>) {}
}

/// What has been looked at.
pub(super) struct Record<'s> {
    slots: SmallVec<[(&'s Slot, Word); 24]>,
    claims: SmallVec<[(&'s AtomicUsize, usize); 16]>,
    collapses: usize,
}

impl<'s> Record<'s> {
    /// To be made first.
    pub(super) fn new<K, V>(core: &Core<K, V>) -> Self {
        Record {
            slots: SmallVec::new(),
            claims: SmallVec::new(),
            collapses: collapses(core),
        }
    }

    /// Its last slot counts no more.
    pub(super) fn forget_last(&mut self) {
        self.slots.pop();
    }

    /// Looks again: whether all was so at once. An entry counts as the same whether it has been about to go or not.
    pub(super) fn holds<K, V>(&self, core: &'s Core<K, V>, section: &'s Section<'_>) -> bool {
        let is_same = |&(slot, word): &(&Slot, Word)| {
            let now = slot.load().thawed();
            now == word || Self::is_entry_of::<K, V>(now, word, section)
        };
        self.slots.iter().all(is_same)
            && self.claims.iter().all(|&(word, then)| claims(word) == then)
            && collapses(core) == self.collapses
    }

    fn is_entry_of<K, V>(now: Word, then: Word, section: &'s Section<'_>) -> bool {
        let address = |entry: &Entry<K, V>| core::ptr::from_ref(entry);
        let is_pop = |word| Core::<K, V>::pop_of(word, section).is_some();
        (is_pop(now) || is_pop(then))
            && Core::<K, V>::entry(now, section)
                .map(address)
                .is_some_and(|now| Core::<K, V>::ever(then, section).map(address) == Some(now))
    }
}

impl<'s> Look<'s> for Record<'s> {
    fn slot(&mut self, slot: &'s Slot) -> Word {
        let word = slot.load().thawed();
        self.slots.push((slot, word));
        word
    }

    fn claims(&mut self, node: Node<'s>) {
        let all = node.claims().iter().map(|word| (word, claims(word)));
        self.claims.extend(all);
    }
}

fn collapses<K, V>(core: &Core<K, V>) -> usize {
    // SeqCst: in one order with slots.
    #[cfg(all(test, smr_loom))]
    if super::rules::SWITCHES.is_strict() {
        return core.collapses.fetch_add(0, Ordering::SeqCst);
    }
    core.collapses.load(Ordering::SeqCst)
}

/// A node on the way, whose children are looked at one after the other.
pub(super) struct Level {
    /// From here on, or before here, they have not been looked at.
    pub(super) place: usize,
    /// Behind the cut's own place all keys are on the same side of it.
    pub(super) of_cut: Option<usize>,
}

impl<K: RadixKey, V> Core<K, V> {
    /// The first entry behind a cut, or the last one before it; without a cut, of all. Lock-free; linearizes at the
    /// second look.
    pub(super) fn nearest<'s>(
        &'s self,
        section: &'s Section<'_>,
        side: Side,
        cut: Option<Cut<'_>>,
    ) -> Option<&'s Entry<K, V>> {
        loop {
            let (mut path, mut record) = (Path::new(), Record::new(self));
            let found = |word| Self::entry(word, section);
            let found = self.search(section, side, cut, &mut path, &mut record, found);
            if record.holds(self, section) || !Rule::SecondLook.holds() {
                return found;
            }
        }
    }

    /// The same at no instant: what is looked at is noted. The path leads to what is found.
    pub(super) fn search<'s>(
        &'s self,
        section: &'s Section<'_>,
        side: Side,
        cut: Option<Cut<'_>>,
        path: &mut Path<'s>,
        record: &mut Record<'s>,
        mut found: impl FnMut(Word) -> Option<&'s Entry<K, V>>,
    ) -> Option<&'s Entry<K, V>> {
        path.clear();
        let mut levels: SmallVec<[Level; 12]> = SmallVec::new();
        let mut slot = &self.root;
        // Of the cut so many bytes are those of all keys that are to be met; none if these are all on one side.
        let mut same = cut.map(|_| 0);
        loop {
            let word = record.slot(slot);
            path.push(Step { slot, word });
            if let Some(node) = Self::node(word, section) {
                record.claims(node);
                levels.push(match (cut, same) {
                    (Some(cut), Some(same)) => Self::level(section, node, side, cut, same),
                    _ => Level::all(side),
                });
            } else {
                if let Some(entry) = found(word)
                    && cut.is_none_or(|cut| cut.lets(side, entry.key.key_bytes().as_ref()))
                {
                    return Some(entry);
                }
                path.pop();
            }
            // The next slot.
            loop {
                let level = levels.last_mut()?;
                let step = path.last().expect("the level's node");
                let node = Self::node(step.word, section).expect("the level's node");
                let next = match side {
                    Side::First => node.place_from(level.place),
                    Side::Last => node.place_before(level.place),
                };
                let Some((place, next)) = next else {
                    levels.pop();
                    path.pop();
                    continue;
                };
                level.place = match side {
                    Side::First => place + 1,
                    Side::Last => place,
                };
                slot = next;
                same = (level.of_cut == Some(place)).then(|| node.head().depth());
                break;
            }
        }
    }

    /// What of a node's children is to be looked at, if so many bytes are the cut's.
    pub(super) fn level(
        section: &Section<'_>,
        node: Node<'_>,
        side: Side,
        cut: Cut<'_>,
        same: usize,
    ) -> Level {
        let depth = node.head().depth();
        // Where keys below the node differ from the cut's, and by what.
        let differs = match node.head().fit(cut.key, same) {
            Fit::Same => None,
            Fit::Differs(at, byte) => Some((at, byte)),
            Fit::Unsure => match Self::witness(node, section) {
                // Nothing is to be met, or was not.
                None => return Level::all(side),
                Some(witness) => {
                    let bytes = witness.key.key_bytes();
                    let prefix = bytes.as_ref();
                    let prefix = prefix.get(..depth).unwrap_or(prefix);
                    let differs = differ(cut.key, prefix).filter(|&at| at < depth);
                    differs.and_then(|at| Some((at, *prefix.get(at)?)))
                }
            },
        };
        if let Some((at, byte)) = differs {
            let are_above = cut.key.get(at).is_none_or(|&of_cut| byte > of_cut);
            return match are_above == (side == Side::First) {
                true => Level::all(side),
                false => Level::none(side),
            };
        }
        let place = cut.key.get(depth).map_or(0, |&byte| usize::from(byte) + 1);
        let of_cut = Some(place);
        match side {
            Side::First => Level { place, of_cut },
            Side::Last => Level {
                place: place + 1,
                of_cut,
            },
        }
    }
}

impl Level {
    pub(super) fn all(side: Side) -> Level {
        Level {
            place: match side {
                Side::First => 0,
                Side::Last => BYTES + 1,
            },
            of_cut: None,
        }
    }

    fn none(side: Side) -> Level {
        let other = match side {
            Side::First => Side::Last,
            Side::Last => Side::First,
        };
        Level::all(other)
    }
}

impl<'k> Cut<'k> {
    /// Of a bound; none if all is within.
    pub(super) fn of(bound: Bound<&'k [u8]>) -> Option<Self> {
        let (key, is_in) = match bound {
            Bound::Included(key) => (key, true),
            Bound::Excluded(key) => (key, false),
            Bound::Unbounded => return None,
        };
        Some(Cut { key, is_in })
    }

    /// Whether a key is on the side that is looked at.
    pub(super) fn lets(&self, side: Side, key: &[u8]) -> bool {
        match key.cmp(self.key) {
            core::cmp::Ordering::Equal => self.is_in,
            order => (order == core::cmp::Ordering::Greater) == (side == Side::First),
        }
    }
}
