//! Iteration in the order of keys, from either end.
//!
//! What is still to be met is on a stack: slots, each of which leads to keys between those before and after it whatever
//! comes there (T1), so that no key is met twice or out of order. A node that is copied meanwhile has had in its slots
//! what stays.

use core::ops::Bound;

use smallvec::SmallVec;

use super::core::Core;
use super::exact::{Cut, Level, Side};
use super::key::RadixKey;
use super::memory::Entry;
use super::node::Node;
use super::word::{Kind, Slot, Tag, Word};
use crate::hash::prefetch;
use crate::reclaim::Section;

/// What is still to be met.
#[derive(Clone, Copy)]
enum Rest<'s> {
    /// What a slot leads to, when its turn comes.
    Slot(&'s Slot),
    /// A node's children from a place on, or before it.
    Node(Word, u16),
}

/// Asks the cache for what a word leads to: of a node as many lines as small ones have.
fn prefetch_piece(word: Word) {
    const LINE: usize = 64;
    let lines = match word.tag() {
        Tag::Empty => 0,
        Tag::Entry | Tag::Pop | Tag::Node(Kind::N4) => 1,
        Tag::Node(Kind::N11) => 2,
        Tag::Node(_) => 4,
    };
    let at = word.piece::<u8>();
    (0..lines).for_each(|line| prefetch(at.wrapping_add(line * LINE)));
}

#[derive(Clone)]
struct End<'s> {
    rest: SmallVec<[Rest<'s>; 32]>,
    has_begun: bool,
}

/// What an iteration has met, from either end.
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Walk<'s, K, V> {
    front: End<'s>,
    back: End<'s>,
    /// The last entries, by which the ends know that they have met.
    first: Option<&'s Entry<K, V>>,
    last: Option<&'s Entry<K, V>>,
}

// SAFETY: slots, and addresses of nodes of which references are made in a section: a map's threads share all of them.
unsafe impl Send for End<'_> {}
// SAFETY: as above.
unsafe impl Sync for End<'_> {}

/// What is below the first, or above the second, is not met.
pub(crate) type Bounds<'k> = (Bound<&'k [u8]>, Bound<&'k [u8]>);

impl<K, V> Clone for Walk<'_, K, V> {
    fn clone(&self) -> Self {
        Walk {
            front: self.front.clone(),
            back: self.back.clone(),
            ..*self
        }
    }
}

impl<'s> End<'s> {
    fn new() -> Self {
        End {
            rest: SmallVec::new(),
            has_begun: false,
        }
    }

    /// Nothing is left.
    fn finish(&mut self) {
        self.rest.clear();
        self.has_begun = true;
    }

    /// A node's children, from a place on or before it: those of small nodes one by one, as it takes long to find out
    /// which is the next.
    fn push(&mut self, node: Node<'s>, word: Word, side: Side, place: usize) {
        if matches!(node, Node::N48(_) | Node::N256(_)) {
            self.rest.push(Rest::Node(word, place as u16));
            return;
        }
        // The next one is to be on top.
        node.far_to_near(side, place, &mut |slot: &'s Slot| {
            prefetch_piece(slot.load());
            self.rest.push(Rest::Slot(slot));
        });
    }
}

impl<K, V> Walk<'_, K, V> {
    pub(crate) fn new() -> Self {
        Walk {
            front: End::new(),
            back: End::new(),
            first: None,
            last: None,
        }
    }
}

impl<'s, K: RadixKey, V> Walk<'s, K, V> {
    /// The next entry from the front. Lock-free.
    pub(crate) fn next(
        &mut self,
        core: &'s Core<K, V>,
        section: &'s Section<'_>,
        bounds: Bounds<'_>,
    ) -> Option<&'s Entry<K, V>> {
        if !self.front.has_begun {
            core.seek(section, &mut self.front, Side::First, Cut::of(bounds.0));
        }
        let low = Cut::of(bounds.0);
        let next = core.advance(section, &mut self.front, Side::First, low);
        let is_over = next.is_none_or(|next| {
            let bytes = next.key.key_bytes();
            let is_out = Cut::of(bounds.1).is_some_and(|cut| !cut.lets(Side::Last, bytes.as_ref()));
            let met = |last: &Entry<K, V>| bytes.as_ref() >= last.key.key_bytes().as_ref();
            is_out || self.last.is_some_and(met)
        });
        if is_over {
            self.finish();
            return None;
        }
        self.first = next;
        next
    }

    /// The next from the back. Lock-free.
    pub(crate) fn next_back(
        &mut self,
        core: &'s Core<K, V>,
        section: &'s Section<'_>,
        bounds: Bounds<'_>,
    ) -> Option<&'s Entry<K, V>> {
        if !self.back.has_begun {
            core.seek(section, &mut self.back, Side::Last, Cut::of(bounds.1));
        }
        let high = Cut::of(bounds.1);
        let next = core.advance(section, &mut self.back, Side::Last, high);
        let is_over = next.is_none_or(|next| {
            let bytes = next.key.key_bytes();
            let is_out =
                Cut::of(bounds.0).is_some_and(|cut| !cut.lets(Side::First, bytes.as_ref()));
            let met = |first: &Entry<K, V>| bytes.as_ref() <= first.key.key_bytes().as_ref();
            is_out || self.first.is_some_and(met)
        });
        if is_over {
            self.finish();
            return None;
        }
        self.last = next;
        next
    }

    fn finish(&mut self) {
        self.front.finish();
        self.back.finish();
    }
}

impl<K: RadixKey, V> Core<K, V> {
    /// What is to be met from a cut on.
    fn seek<'s>(
        &'s self,
        section: &'s Section<'_>,
        end: &mut End<'s>,
        side: Side,
        cut: Option<Cut<'_>>,
    ) {
        end.has_begun = true;
        let mut slot = &self.root;
        let mut same = 0;
        let Some(cut) = cut else {
            end.rest.push(Rest::Slot(slot));
            return;
        };
        loop {
            let word = slot.load().thawed();
            let Some(node) = Self::node(word, section) else {
                if let Some(entry) = Self::entry(word, section)
                    && cut.lets(side, entry.key.key_bytes().as_ref())
                {
                    end.rest.push(Rest::Slot(slot));
                }
                return;
            };
            let level = Self::level(section, node, side, cut, same);
            let Some(of_cut) = level.of_cut else {
                end.push(node, word, side, level.place);
                return;
            };
            let behind = match side {
                Side::First => of_cut + 1,
                Side::Last => of_cut,
            };
            end.push(node, word, side, behind);
            same = node.head().depth();
            let Some(next) = node.next(cut.key) else {
                return;
            };
            slot = next;
        }
    }

    /// While one child is gone through, what is in the next is on its way, and the one after that itself.
    fn look_ahead(section: &Section<'_>, node: Node<'_>, side: Side, place: usize) {
        let beyond = |place| match side {
            Side::First => node.place_from(place).map(|(at, slot)| (at + 1, slot)),
            Side::Last => node.place_before(place),
        };
        let Some((place, next)) = beyond(place) else {
            return;
        };
        match Self::node(next.load().thawed(), section) {
            None | Some(Node::N48(_) | Node::N256(_)) => {}
            Some(next) => next
                .slots()
                .iter()
                .for_each(|slot| prefetch_piece(slot.load())),
        }
        if let Some((_, after)) = beyond(place) {
            prefetch_piece(after.load());
        }
    }

    fn advance<'s>(
        &'s self,
        section: &'s Section<'_>,
        end: &mut End<'s>,
        side: Side,
        begin: Option<Cut<'_>>,
    ) -> Option<&'s Entry<K, V>> {
        // Where the iteration began an entry may have come before it, in a slot that is still to be met.
        let is_in = |entry: &Entry<K, V>| {
            begin.is_none_or(|cut| cut.lets(side, entry.key.key_bytes().as_ref()))
        };
        loop {
            let slot = match end.rest.pop()? {
                Rest::Slot(slot) => slot,
                Rest::Node(word, place) => {
                    let node = Self::node(word, section).expect("it is one");
                    let next = match side {
                        Side::First => node.place_from(usize::from(place)),
                        Side::Last => node.place_before(usize::from(place)),
                    };
                    let Some((at, slot)) = next else {
                        continue;
                    };
                    let place = match side {
                        Side::First => at + 1,
                        Side::Last => at,
                    };
                    end.rest.push(Rest::Node(word, place as u16));
                    Self::look_ahead(section, node, side, place);
                    slot
                }
            };
            let word = slot.load().thawed();
            if let Some(node) = Self::node(word, section) {
                let Level { place, .. } = Level::all(side);
                end.push(node, word, side, place);
            } else if let Some(entry) = Self::entry(word, section)
                && is_in(entry)
            {
                return Some(entry);
            }
        }
    }
}
