//! Taking out the first entry, or the last.
//!
//! That an entry is the first does not show in its own slot. So the slot is made to say that it may be about to go: it
//! leads to a *pop*, which has the entry and a *verdict*. The thread looks again whether anything has come before the
//! entry since it looked first (`exact.rs`). If not, the entry was the first when its slot was changed, and is declared
//! *taken*: the pop linearizes at that change. Whoever meets the pop before that declares the entry *kept*, unless it
//! pops as well, and so nobody can tell that it was there after it had gone. One that pops looks, for the other,
//! whether the entry is the first, and decides: so no two undo what the other has done for ever.

use smr_core::primitive::{AtomicU8, Ordering};

use super::core::{Core, Path, Step};
use super::exact::{Record, Side};
use super::key::RadixKey;
use super::memory::Entry;
use super::rules::Rule;
use super::stamp;
use super::word::Word;
use crate::reclaim::Section;

/// What becomes of a pop's entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Verdict {
    Open,
    Kept,
    Taken,
}

impl Verdict {
    pub(super) fn is_taken(self) -> bool {
        self == Verdict::Taken
    }

    fn new(number: u8) -> Verdict {
        match number {
            0 => Verdict::Open,
            1 => Verdict::Kept,
            _ => Verdict::Taken,
        }
    }
}

/// An entry that may be about to go.
#[repr(C, align(16))]
pub(super) struct Pop {
    pub(super) entry: Word,
    side: Side,
    verdict: AtomicU8,
}

impl Pop {
    pub(super) fn new(entry: Word, side: Side) -> Pop {
        Pop {
            entry,
            side,
            verdict: AtomicU8::new(Verdict::Open as u8),
        }
    }

    /// Decides what is open; the verdict, which does not change any more.
    pub(super) fn decide(&self, verdict: Verdict) -> Verdict {
        let (open, verdict) = (Verdict::Open as u8, verdict as u8);
        // SeqCst: as of slots, of whose content it is part.
        let order = Ordering::SeqCst;
        let now = self.verdict.compare_exchange(open, verdict, order, order);
        Verdict::new(match now {
            Ok(_) => verdict,
            Err(other) => other,
        })
    }

    pub(super) fn verdict(&self) -> Verdict {
        // SeqCst: as above.
        Verdict::new(self.verdict.load(Ordering::SeqCst))
    }
}

impl<K: RadixKey, V> Core<K, V> {
    /// Takes out the first entry, or the last. Lock-free; linearizes at the change of the entry's slot, of nothing at
    /// the second look.
    pub(super) fn pop<'s>(
        &'s self,
        section: &'s Section<'_>,
        side: Side,
    ) -> Option<&'s Entry<K, V>> {
        loop {
            let mut path = Path::new();
            let mut record = Record::new(self);
            let found = |word| Self::undecided(word, section);
            let Some(first) = self.search(section, side, None, &mut path, &mut record, found)
            else {
                if record.holds(self, section) {
                    return None;
                }
                continue;
            };
            let step = *path.last().expect("the entry's slot");
            if Self::pop_of(step.word, section).is_some() {
                self.help(section, &path, &record, side);
                continue;
            }
            let pop = self.memory.pop(Pop::new(step.word, side), section);
            if !self.install(&path, pop, section) {
                // SAFETY: made here, and not published.
                unsafe { self.memory.dispose_pop(pop) };
                continue;
            }
            path.last_mut().expect("the entry's slot").word = pop;
            record.forget_last();
            let verdict = match record.holds(self, section) || !Rule::SecondLook.holds() {
                true => Verdict::Taken,
                false => Verdict::Kept,
            };
            let made = Self::pop_of(pop, section).expect("it is one");
            let is_taken = made.decide(verdict).is_taken();
            if is_taken {
                // What follows may panic.
                self.count.add(-1);
            }
            self.settle(section, &mut path, pop, first, is_taken);
            if is_taken {
                return Some(first);
            }
        }
    }

    /// An entry that has not gone. One that may be about to go is found as it is.
    pub(super) fn undecided<'s>(word: Word, section: &'s Section<'_>) -> Option<&'s Entry<K, V>> {
        match Self::pop_of(word, section) {
            Some(pop) if pop.verdict().is_taken() => None,
            _ => Self::ever(word, section),
        }
    }

    /// Decides about another thread's pop, which a search from a side has met, and takes it out of its slot.
    pub(super) fn help<'s>(
        &'s self,
        section: &'s Section<'_>,
        path: &Path<'s>,
        record: &Record<'s>,
        side: Side,
    ) {
        let step = *path.last().expect("the pop's slot");
        let pop = Self::pop_of(step.word, section).expect("it is one");
        let is_first = if pop.side == side {
            record.holds(self, section)
        } else {
            let (mut path, mut record) = (Path::new(), Record::new(self));
            let found = |word| Self::undecided(word, section);
            self.search(section, pop.side, None, &mut path, &mut record, found);
            let met = path.last().is_some_and(|other| other.word == step.word);
            met && record.holds(self, section)
        };
        let verdict = match is_first {
            true => Verdict::Taken,
            false => Verdict::Kept,
        };
        let is_taken = pop.decide(verdict).is_taken();
        let mut path = path.clone();
        let entry = Self::popped(pop, section);
        self.settle(section, &mut path, step.word, entry, is_taken);
    }

    /// Takes a pop that is decided out of its slot, if nobody has: with its entry, or without. The path leads there, or
    /// did.
    fn settle<'s>(
        &'s self,
        section: &'s Section<'_>,
        path: &mut Path<'s>,
        word: Word,
        entry: &Entry<K, V>,
        is_taken: bool,
    ) {
        let bytes = entry.key.key_bytes();
        let to = match is_taken {
            true => stamp::empty(),
            false => Self::pop_of(word, section).expect("it is one").entry,
        };
        while path.last().is_some_and(|step: &Step<'_>| step.word == word) {
            if !self.install(path, to, section) {
                self.find(section, bytes.as_ref(), path);
                continue;
            }
            if is_taken {
                // SAFETY: this thread has taken it out.
                unsafe { self.memory.retire(word) };
                self.tidy(section, bytes.as_ref(), path, to);
            } else {
                // SAFETY: this thread has replaced it by its entry.
                unsafe { self.memory.retire_pop(word) };
            }
            return;
        }
    }
}
