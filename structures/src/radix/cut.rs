//! Removal of all keys with a prefix, in one step.
//!
//! They are all below one slot, and no others are: that becomes empty. Threads that are on their way below it may still
//! change what is there, as if just before. So all slots are frozen, from above, before what they lead to is counted,
//! and retired: after that none of it changes, and who has to change it looks for it again.

use super::core::{Core, Path, Step};
use super::head::Fit;
use super::key::RadixKey;
use super::pop::Verdict;
use super::rules::Rule;
use super::stamp;
use super::word::{Slot, Tag, Word};
use crate::reclaim::Section;

impl<K: RadixKey, V> Core<K, V> {
    /// Removes all entries whose keys begin with this; how many. Lock-free; linearizes at the change of the slot above
    /// them, or, if there are none, as a lookup.
    pub(super) fn cut<'s>(&'s self, section: &'s Section<'_>, prefix: &[u8]) -> usize {
        let mut path = Path::new();
        while let Some(top) = self.top(section, prefix, &mut path) {
            let empty = stamp::empty();
            if !self.install(&path, empty, section) {
                continue;
            }
            let count = self.release(section, top);
            self.count.add(-(count as isize));
            self.tidy(section, prefix, &mut path, empty);
            return count;
        }
        0
    }

    /// The word that leads to all keys with a prefix, and to no others; the path ends there. None if there is no such
    /// key.
    fn top<'s>(
        &'s self,
        section: &'s Section<'_>,
        prefix: &[u8],
        path: &mut Path<'s>,
    ) -> Option<Word> {
        'again: loop {
            path.clear();
            let mut slot = &self.root;
            let mut same = 0;
            loop {
                let word = slot.load().thawed();
                path.push(Step { slot, word });
                let Some(node) = Self::node(word, section) else {
                    let entry = Self::entry(word, section)?;
                    return entry
                        .key
                        .key_bytes()
                        .as_ref()
                        .starts_with(prefix)
                        .then_some(word);
                };
                let depth = node.head().depth();
                let is_of_it = match node.head().fit(prefix, same) {
                    Fit::Same => true,
                    Fit::Differs(at, _) => at >= prefix.len(),
                    // On the way down it does not matter yet.
                    Fit::Unsure if depth < prefix.len() => true,
                    Fit::Unsure => match Self::witness(node, section) {
                        Some(witness) => witness.key.key_bytes().as_ref().starts_with(prefix),
                        None => {
                            self.prune(path, section);
                            continue 'again;
                        }
                    },
                };
                if !is_of_it {
                    return None;
                }
                if depth >= prefix.len() {
                    return Some(word);
                }
                // What has not been compared yet is not the same: it stays to be compared.
                same = match node.head().fit(prefix, same) {
                    Fit::Unsure => same,
                    _ => depth,
                };
                slot = node.find(prefix[depth])?;
            }
        }
    }

    /// Retires what was below a slot, from above, and counts the entries.
    fn release(&self, section: &Section<'_>, word: Word) -> usize {
        let mut count = 0;
        let mut all = vec![word];
        while let Some(word) = all.pop() {
            match word.tag() {
                Tag::Empty => continue,
                Tag::Entry => count += 1,
                Tag::Pop => {
                    let pop = Self::pop_of(word, section).expect("it is one");
                    count += usize::from(!pop.decide(Verdict::Kept).is_taken());
                }
                Tag::Node(_) => {
                    let node = Self::node(word, section).expect("it is one");
                    let slots = || node.slots().iter().chain([node.term()]);
                    if Rule::CutFrozen.holds() {
                        slots().for_each(Slot::freeze);
                    }
                    all.extend(slots().map(|slot| slot.load().thawed()));
                }
            }
            // SAFETY: nothing leads there any more, and what is frozen is in no other slot.
            unsafe { self.memory.retire(word) };
        }
        count
    }
}
