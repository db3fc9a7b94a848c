//! What the map's operations are made of: slots, the memory of what they lead to, and how a key is found. Sections are
//! taken to be of the map's domain; the public types see to that.

use core::marker::PhantomData;

use crossbeam_utils::CachePadded;
use smallvec::SmallVec;
use smr_core::primitive::AtomicUsize;

use super::head::Fit;
use super::key::{RadixKey, differ};
use super::memory::{Entry, Memory, node};
use super::node::{Finds, Node, with_node};
use super::pop::{Pop, Verdict};
use super::rules::Rule;
use super::word::{Slot, Tag, Word};
use crate::count::Count;
use crate::reclaim::{Domain, Section, see};

#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Core<K, V> {
    /// Never frozen.
    pub(super) root: Slot,
    pub(crate) memory: Memory<K, V>,
    /// Of entries.
    pub(super) count: Count,
    /// How often a slot may have become what it was before: by a collapse (T7).
    pub(super) collapses: CachePadded<AtomicUsize>,
    /// Invariant, and neither `Send` nor `Sync` by itself.
    entries: PhantomData<*mut (K, V)>,
}

// SAFETY: entries are owned; what is retired is dropped by any thread that has the map.
unsafe impl<K: Send, V: Send> Send for Core<K, V> {}
// SAFETY: as above; and threads that share the map share keys and values.
unsafe impl<K: Send + Sync, V: Send + Sync> Sync for Core<K, V> {}

/// A slot on the way to a key, and what was in it.
#[derive(Clone, Copy)]
pub(super) struct Step<'s> {
    pub(super) slot: &'s Slot,
    /// Thawed.
    pub(super) word: Word,
}

/// The slots from the root on; each but the first is of the node that is in the one before.
pub(super) type Path<'s> = SmallVec<[Step<'s>; 12]>;

/// Where a way ends.
pub(super) enum End<'s, K, V> {
    /// At an entry with the key.
    Found(&'s Entry<K, V>),
    /// At an entry with another key, which differs first there.
    Other(&'s Entry<K, V>, usize),
    /// At a slot of the key, where nothing is.
    Empty,
    /// At a node which has no slot for the byte.
    Lacks(Node<'s>, u8),
    /// At a node of keys that have another byte there, before the node's depth.
    Above(usize, u8),
    /// At a node of keys of which nothing is known, as it has none.
    Vain,
}

impl<K, V> Core<K, V> {
    pub(crate) fn new(domain: &Domain) -> Self {
        Core {
            root: Slot::new(Word::EMPTY),
            memory: Memory::new(domain),
            count: Count::new(),
            collapses: CachePadded::new(AtomicUsize::new(0)),
            entries: PhantomData,
        }
    }

    /// A node that has been found within the section; None if it is none.
    #[inline(always)]
    pub(super) fn node<'s>(word: Word, section: &'s Section<'_>) -> Option<Node<'s>> {
        match word.tag() {
            // SAFETY: found within the section.
            Tag::Node(kind) => Some(unsafe { node(kind, word, section) }),
            _ => None,
        }
    }

    /// An entry, likewise. One that may be about to go stays: whoever has seen it has decided that.
    #[inline(always)]
    pub(super) fn entry<'s>(word: Word, section: &'s Section<'_>) -> Option<&'s Entry<K, V>> {
        match word.tag() {
            // SAFETY: found within the section.
            Tag::Entry => Some(unsafe { see(word.piece::<Entry<K, V>>(), section) }),
            Tag::Pop => Self::keep(word, section),
            _ => None,
        }
    }

    #[cold]
    fn keep<'s>(word: Word, section: &'s Section<'_>) -> Option<&'s Entry<K, V>> {
        let pop = Self::pop_of(word, section)?;
        let verdict = match Rule::Keep.holds() {
            true => pop.decide(Verdict::Kept),
            false => pop.verdict(),
        };
        (!verdict.is_taken()).then(|| Self::popped(pop, section))
    }

    /// An entry that is there, or may have gone.
    pub(super) fn ever<'s>(word: Word, section: &'s Section<'_>) -> Option<&'s Entry<K, V>> {
        match Self::pop_of(word, section) {
            Some(pop) => Some(Self::popped(pop, section)),
            None => Self::entry(word, section),
        }
    }

    #[inline]
    pub(super) fn pop_of<'s>(word: Word, section: &'s Section<'_>) -> Option<&'s Pop> {
        match word.tag() {
            // SAFETY: found within the section.
            Tag::Pop => Some(unsafe { see(word.piece::<Pop>(), section) }),
            _ => None,
        }
    }

    pub(super) fn popped<'s>(pop: &'s Pop, section: &'s Section<'_>) -> &'s Entry<K, V> {
        // SAFETY: found within the section: its entry goes with it.
        unsafe { see(pop.entry.piece::<Entry<K, V>>(), section) }
    }
}

impl<K: RadixKey, V> Core<K, V> {
    /// A lookup. Wait-free: depths ascend; O(bytes of the key). Linearizes at the load of the last slot, or, if that
    /// was frozen by then and its node out of the map, when it was taken out.
    #[inline]
    pub(crate) fn get<'s>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
    ) -> Option<&'s Entry<K, V>> {
        let mut word = self.root.load();
        // Of the next node, unless it tests a later byte.
        let mut depth = 0;
        while let Some(next) = with_node!(word, section, node => {
            key.get(depth).inspect(|&&byte| node.prefetch(byte));
            depth = node.depth() + 1;
            match key.get(depth - 1) {
                Some(&byte) => node.find(byte)?,
                None => node.term(),
            }
        }) {
            word = next.load();
        }
        let entry = Self::entry(word, section)?;
        (entry.key.key_bytes().as_ref() == key).then_some(entry)
    }

    /// The way to a key, to be changed at its end.
    pub(super) fn find<'s>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
        path: &mut Path<'s>,
    ) -> End<'s, K, V> {
        path.clear();
        let mut slot = &self.root;
        // So many bytes are the same in all keys that are to be met; as far as is known.
        let (mut same, mut is_sure) = (0, true);
        // What the next node tests, unless it is a later byte.
        let mut guess = 0;
        let lacks = loop {
            let word = slot.load().thawed();
            path.push(Step { slot, word });
            let Some(node) = Self::node(word, section) else {
                break None;
            };
            key.get(guess).inspect(|&&byte| node.prefetch(byte));
            let head = node.head();
            guess = head.depth() + 1;
            if is_sure {
                match head.fit(key, same) {
                    Fit::Same => {}
                    Fit::Differs(at, byte) => return End::Above(at, byte),
                    Fit::Unsure => is_sure = !Rule::Evidence.holds(),
                }
            }
            same = head.depth();
            if key.len() < same {
                // Only if it is not sure.
                break None;
            }
            match node.next(key) {
                Some(next) => slot = next,
                None => break Some((node, key[same])),
            }
        };
        let last = path.last().expect("the root").word;
        let entry = Self::entry(last, section);
        if let Some(entry) = entry
            && entry.key.key_bytes().as_ref() == key
        {
            return End::Found(entry);
        }
        if !is_sure || entry.is_some() {
            // Any key below the last node tells, whether it is still there or not: what they have in common does not
            // change.
            let below = || {
                let mut up = path.iter().rev();
                let node = up.find_map(|step| Self::node(step.word, section))?;
                Self::witness(node, section)
            };
            let Some(witness) = entry.or_else(below) else {
                return match lacks {
                    _ if Rule::Prune.holds() => End::Vain,
                    Some((node, byte)) => End::Lacks(node, byte),
                    None => End::Empty,
                };
            };
            let bytes = witness.key.key_bytes();
            let bytes = bytes.as_ref();
            // None if it is an entry of this key that has gone, or if keys' bytes change.
            let at = differ(key, bytes).unwrap_or(key.len());
            let is_deeper = |step: &Step<'_>| {
                Self::node(step.word, section).is_some_and(|node| node.head().depth() > at)
            };
            if let Some(i) = path.iter().position(is_deeper)
                && let Some(&byte) = bytes.get(at)
            {
                path.truncate(i + 1);
                return End::Above(at, byte);
            }
            if entry.is_some() {
                return End::Other(witness, at);
            }
            // What is below a node is not given up.
            let has_changed = lacks.is_none() && last.is_node();
            assert!(!has_changed, "a key's bytes have changed in the map");
        }
        match lacks {
            Some((node, byte)) => End::Lacks(node, byte),
            None => End::Empty,
        }
    }

    /// A key below a node: of an entry that is there, or was.
    pub(super) fn witness<'s>(node: Node<'s>, section: &'s Section<'_>) -> Option<&'s Entry<K, V>> {
        let mut nodes: SmallVec<[Node<'s>; 12]> = SmallVec::from_slice(&[node]);
        while let Some(node) = nodes.pop() {
            for slot in node.slots().iter().chain([node.term()]) {
                let word = slot.load();
                if let Some(entry) = Self::ever(word, section) {
                    return Some(entry);
                }
                nodes.extend(Self::node(word, section));
            }
        }
        None
    }
}
