//! How slots are changed, whose nodes may be frozen.

use core::ptr;

use smallvec::SmallVec;
use smr_core::primitive::Ordering;

use super::claim::Claim;
use super::content::Content;
use super::core::{Core, End, Path, Step};
use super::head::Head;
use super::key::RadixKey;
use super::memory::Entry;
use super::rules::Rule;
use super::stamp;
use super::word::{Kind, Slot, Tag, Word};
use crate::reclaim::Section;

/// Removals after which one looks whether a node is too large. Models, and threads that are suspended, do it each time.
const LOOK_EVERY: usize = if cfg!(any(smr_loom, smr_steps)) {
    1
} else {
    32
};

/// What shall be done with an entry, or its place.
#[derive(Clone, Copy)]
pub(super) enum Decision {
    /// Nothing.
    Keep,
    /// If there is an entry.
    Remove,
    /// Instead of the entry, if there is one: another one, of the map's memory, and the map's if it is put there.
    Put(Word),
}

/// What has been done.
pub(super) enum Changed<'s, K, V> {
    /// Nothing: what is there.
    Kept(Option<&'s Entry<K, V>>),
    /// What was there.
    Removed(Option<&'s Entry<K, V>>),
    /// What was there, and what is now.
    Put(Option<&'s Entry<K, V>>, &'s Entry<K, V>),
}

/// What is made for a slot: a word, and whether it is a node of this operation's own.
#[derive(Clone, Copy)]
struct Made {
    word: Word,
    is_own: bool,
}

impl<K, V> Core<K, V> {
    /// A node with this content, or what it comes down to.
    fn make(&self, head: &Head, content: &Content, section: &Section<'_>) -> Made {
        // Nothing there has to be another nothing than before (T7).
        let sole = content.sole().map(|word| match word.is_empty() {
            true => stamp::empty(),
            false => word,
        });
        if sole.is_some_and(|word| !word.is_empty()) {
            // T7. SeqCst: after the node has been frozen, and before its slot is changed. Partners: the loads of
            // `exact.rs`.
            self.collapses.fetch_add(1, Ordering::SeqCst);
        }
        Made {
            word: sole.unwrap_or_else(|| self.memory.node(*head, content, section)),
            is_own: sole.is_none(),
        }
    }

    /// Gives up what has been made in vain.
    fn discard(&self, made: Made) {
        if made.is_own {
            // SAFETY: made here, and not published.
            unsafe { self.memory.dispose(made.word) };
        }
    }

    /// Replaces what is in a path's last slot; false if something else has come there, or anywhere on the way.
    /// Linearizes what it does.
    ///
    /// If the slot is frozen its node is replaced by a copy that has the new word there; if that node's slot is frozen,
    /// so is the node above, and so on. The root's slot is not.
    pub(super) fn install<'s>(
        &self,
        path: &[Step<'s>],
        to: Word,
        section: &'s Section<'_>,
    ) -> bool {
        let mut copies: SmallVec<[(Word, Made); 4]> = SmallVec::new();
        let mut to = to;
        let mut is_done = false;
        for (i, step) in path.iter().enumerate().rev() {
            if step.slot.change(step.word, to) {
                is_done = true;
                break;
            }
            if i == 0 || step.slot.load() != step.word.frozen() {
                break;
            }
            let owner = path[i - 1].word;
            let node = Self::node(owner, section).expect("the slot is of a node");
            let content = node.freeze(Some((step.slot, to)));
            let made = self.make(node.head(), &content, section);
            copies.push((owner, made));
            to = made.word;
        }
        for (owner, made) in copies {
            if is_done {
                // SAFETY: this thread has replaced it.
                unsafe { self.memory.retire(owner) };
            } else {
                self.discard(made);
            }
        }
        is_done
    }

    /// Replaces the node in a path's last slot by a copy with what it has, or by that alone; what is there now, if no
    /// other thread has come between.
    fn renew<'s>(&self, path: &[Step<'s>], section: &'s Section<'_>) -> Option<Word> {
        let last = path.last().expect("the node's slot");
        let node = Self::node(last.word, section).expect("it is a node");
        let made = self.make(node.head(), &node.freeze(None), section);
        if self.install(path, made.word, section) {
            // SAFETY: this thread has replaced it.
            unsafe { self.memory.retire(last.word) };
            return Some(made.word);
        }
        self.discard(made);
        None
    }
}

impl<K: RadixKey, V> Core<K, V> {
    /// Does with the entry of a key what `decide` says, in one atomic step; it is asked again when there has come
    /// another entry meanwhile. Nothing is held while it runs; it may move the key. `done` is told as soon as a change
    /// has happened whether something was put: what follows may panic. Lock-free; O(bytes of the key).
    pub(super) fn change<'s, Q: RadixKey + ?Sized>(
        &'s self,
        section: &'s Section<'_>,
        key: &Q,
        mut decide: impl FnMut(Option<&'s Entry<K, V>>) -> Decision,
        done: impl FnOnce(bool),
    ) -> Changed<'s, K, V> {
        let mut path = Path::new();
        // What was there, and what was decided.
        let mut last: Option<(Option<&'s Entry<K, V>>, Decision)> = None;
        loop {
            let end = self.find(section, key.key_bytes().as_ref(), &mut path);
            let old = match end {
                End::Found(entry) => Some(entry),
                _ => None,
            };
            // What goes with the change: an entry that has been taken, for instance.
            let there = match end {
                End::Found(_) | End::Empty => path.last().expect("the slot").word,
                _ => Word::EMPTY,
            };
            let decision = match last {
                Some((before, decision)) if before.map(ptr::from_ref) == old.map(ptr::from_ref) => {
                    decision
                }
                _ => decide(old),
            };
            last = Some((old, decision));
            let new = match decision {
                Decision::Put(new) => Some(new),
                Decision::Remove if old.is_some() => None,
                Decision::Remove => return Changed::Removed(None),
                Decision::Keep => return Changed::Kept(old),
            };
            // Dropped when all is done: that may panic.
            let bytes = key.key_bytes();
            let Some(new) = new else {
                let empty = stamp::empty();
                if !self.install(&path, empty, section) {
                    continue;
                }
                done(false);
                self.count.add(-1);
                // SAFETY: this thread has taken it out.
                unsafe { self.memory.retire(there) };
                self.tidy(section, bytes.as_ref(), &mut path, empty);
                return Changed::Removed(old);
            };
            if !self.put(section, bytes.as_ref(), &mut path, end, new) {
                continue;
            }
            let now = Self::entry(new, section).expect("it is one");
            done(true);
            if old.is_none() {
                self.count.add_and_spread(1);
            }
            // SAFETY: this thread has replaced it.
            unsafe { self.memory.retire(there) };
            return Changed::Put(old, now);
        }
    }

    /// Puts an entry where its way ends; false if that has changed.
    fn put<'s>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
        path: &mut Path<'s>,
        end: End<'s, K, V>,
        new: Word,
    ) -> bool {
        let (at, other) = match end {
            // Insert, replace.
            End::Empty | End::Found(_) => return self.install(path, new, section),
            // Expand.
            End::Other(other, at) => (at, other.key.key_bytes().as_ref().get(at).copied()),
            // Split.
            End::Above(at, byte) => (at, Some(byte)),
            End::Lacks(node, byte) => {
                if node.claim(byte) == Claim::Look {
                    return false;
                }
                // Copy: it grows.
                let mut content = node.freeze(None);
                if node.find(byte).is_some() {
                    return false;
                }
                content.add(Some(byte), new);
                let made = self.make(node.head(), &content, section);
                let is_done = self.install(path, made.word, section);
                if is_done {
                    let step = path.last().expect("the node's slot");
                    // SAFETY: this thread has replaced it.
                    unsafe { self.memory.retire(step.word) };
                } else {
                    self.discard(made);
                }
                return is_done;
            }
            End::Vain => {
                self.prune(path, section);
                return false;
            }
        };
        let own = key.get(at).copied();
        let Some(prefix) = key.get(..at).filter(|_| own != other) else {
            return false; // keys' bytes change
        };
        let mut content = Content::new(Word::EMPTY);
        let last = path.last().expect("the slot").word;
        content.add(other, last);
        content.add(own, new);
        let head = Head::new(prefix);
        let word = self.memory.node(head, &content, section);
        let is_done = self.install(path, word, section);
        self.discard(Made {
            word,
            is_own: !is_done,
        });
        is_done
    }

    /// Below the path's last node there is no entry: takes away the lowest of the nodes there.
    pub(super) fn prune<'s>(&'s self, path: &mut Path<'s>, section: &'s Section<'_>) {
        while let Some(last) = path.last()
            && !last.word.is_node()
        {
            path.pop();
        }
        while let Some(node) = path.last().and_then(|last| Self::node(last.word, section)) {
            let step = |slot: &'s Slot| Step {
                slot,
                word: slot.load().thawed(),
            };
            let mut all = node.slots().iter().chain([node.term()]).map(step);
            match all.find(|step| step.word.is_node()) {
                Some(below) => path.push(below),
                None => {
                    self.renew(path, section);
                    return;
                }
            }
        }
    }

    /// After a removal, which has left this at the end of the path: nodes with one child, or none, go. Now and then it
    /// looks whether the node above is too large, and makes a smaller one: once, so that this is no obstacle to others
    /// for ever.
    pub(super) fn tidy<'s>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
        path: &mut Path<'s>,
        empty: Word,
    ) {
        // Who takes out one of the last two, and finds the other one still there, relies on its remover to look after
        // this. Partner: the same fence there.
        Rule::Fence.fence();
        let is_bare =
            |step: &Step<'s>| Self::node(step.word, section).is_some_and(|node| !node.has(2));
        // Mostly it has more.
        let Some(above) = path.len().checked_sub(2) else {
            return;
        };
        if !is_bare(&path[above]) {
            if let Tag::Node(kind) = path[above].word.tag()
                && (Kind::N4 < kind && empty.is_turn(LOOK_EVERY))
                && Self::node(path[above].word, section).is_some_and(|node| node.is_thin(kind))
            {
                self.renew(&path[..=above], section);
            }
            return;
        }
        // If something has come in its place the node above has as many as before.
        let mut renewed = self.renew(&path[..=above], section);
        while renewed.is_none_or(Word::is_empty) {
            self.find(section, key, path);
            let Some(i) = path.iter().rposition(is_bare) else {
                return;
            };
            renewed = self.renew(&path[..=i], section);
        }
    }
}
