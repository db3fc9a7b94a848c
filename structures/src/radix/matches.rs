//! The keys that are prefixes of a key.

use smallvec::SmallVec;

use super::core::Core;
use super::exact::{Glance, Look, Record};
use super::key::{RadixKey, differ};
use super::memory::Entry;
use super::node::{Finds, with_node};
use super::rules::Rule;
use super::word::Word;
use crate::reclaim::Section;

/// Entries whose keys are prefixes of a key, the shortest first.
pub(crate) type Matches<'s, K, V> = SmallVec<[&'s Entry<K, V>; 8]>;

impl<K: RadixKey, V> Core<K, V> {
    /// The entries whose keys are prefixes of a key. Each was there at some time during the call. Wait-free.
    pub(crate) fn matches<'s>(&'s self, section: &'s Section<'_>, key: &[u8]) -> Matches<'s, K, V> {
        self.look_for_matches(section, key, &mut Glance)
    }

    /// The same, which were all there at once, and no others. Lock-free; linearizes at the second look.
    pub(crate) fn matches_at_once<'s>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
    ) -> Matches<'s, K, V> {
        loop {
            let mut record = Record::new(self);
            let found = self.look_for_matches(section, key, &mut record);
            if record.holds(self, section) || !Rule::SecondLook.holds() {
                return found;
            }
        }
    }

    /// The first answer about an entry that may be such a match, from the longest on: whoever answers looks at the
    /// entry's key. Wait-free.
    #[inline]
    pub(crate) fn longest<'s, R>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
        mut answer: impl FnMut(&'s Entry<K, V>) -> Option<R>,
    ) -> Option<R> {
        /// More than are asked for, mostly.
        const LAST: usize = 7;
        const ROOM: usize = LAST + 1;
        let (mut last, mut met) = ([Word::EMPTY; ROOM], 0);
        // What is empty is where the next one comes.
        let mut meet = |word: Word| {
            last[met % ROOM] = word;
            met += usize::from(!word.is_empty());
        };
        let mut word = self.root.load();
        // Of the next node, unless it tests a later byte.
        let mut depth = 0;
        loop {
            let next = with_node!(word, section, node => {
                key.get(depth).inspect(|&&byte| node.prefetch(byte));
                depth = node.depth() + 1;
                if node.depth() <= key.len() {
                    meet(node.term().load());
                }
                key.get(node.depth()).and_then(|&byte| node.find(byte))
            });
            match next {
                Some(Some(slot)) => word = slot.load(),
                Some(None) => break,
                None => {
                    meet(word);
                    break;
                }
            }
        }
        let mut last = (met.saturating_sub(LAST)..met)
            .rev()
            .map(|at| last[at % ROOM]);
        let found = last.find_map(|word| answer(Self::entry(word, section)?));
        // Those before are not known any more.
        let again = || {
            self.matches(section, key)
                .into_iter()
                .rev()
                .find_map(&mut answer)
        };
        found.or_else(|| (met > LAST).then(again).flatten())
    }

    fn look_for_matches<'s>(
        &'s self,
        section: &'s Section<'_>,
        key: &[u8],
        look: &mut impl Look<'s>,
    ) -> Matches<'s, K, V> {
        let mut found = Matches::new();
        let mut slot = &self.root;
        loop {
            let word = look.slot(slot);
            let Some(node) = Self::node(word, section) else {
                found.extend(Self::entry(word, section));
                break;
            };
            let depth = node.head().depth();
            if depth > key.len() {
                break;
            }
            found.extend(Self::entry(look.slot(node.term()), section));
            let Some(&byte) = key.get(depth) else {
                break;
            };
            let next = node.find(byte).or_else(|| {
                look.claims(node);
                node.find(byte)
            });
            match next {
                Some(next) => slot = next,
                None => break,
            }
        }
        // What was skipped on the way is in the keys: each of the others is a prefix of the longest, or of what all
        // keys below its node have in common. Where that is not the key's own, nothing longer is a match.
        while let Some(longest) = found.last() {
            let bytes = longest.key.key_bytes();
            let bytes = bytes.as_ref();
            let same = differ(key, bytes).unwrap_or(key.len());
            if same >= bytes.len() {
                break;
            }
            found.pop();
            while found
                .last()
                .is_some_and(|last| last.key.key_bytes().as_ref().len() > same)
            {
                found.pop();
            }
        }
        found
    }
}
