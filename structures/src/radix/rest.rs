//! A map that nobody else has: its end, and its invariants.

use super::core::Core;
#[cfg(any(test, feature = "testing"))]
use super::key::RadixKey;
#[cfg(not(smr_loom))]
use super::memory::Entry;
#[cfg(not(smr_loom))]
use super::node::BYTES;
use super::node::Node;
#[cfg(any(test, feature = "testing", not(smr_loom)))]
use super::word::Tag;
use super::word::Word;
use crate::first_panic::FirstPanic;
use crate::reclaim::Section;

/// The words of a node, in no order.
fn words<'s>(node: Node<'s>) -> impl Iterator<Item = Word> + 's {
    let all = node.slots().iter().chain([node.term()]);
    all.map(|slot| slot.load().thawed())
}

impl<K, V> Core<K, V> {
    /// Disposes of all entries and nodes; a node's words are read before it goes. Ends with the first panic of a drop.
    ///
    /// # Safety
    /// Nobody else has the map.
    unsafe fn end(&self, section: &Section<'_>) {
        let mut panic = FirstPanic::default();
        let mut all = vec![self.root.load()];
        while let Some(word) = all.pop() {
            if let Some(node) = Self::node(word, section) {
                all.extend(words(node).filter(|word| !word.is_empty()));
            }
            // SAFETY: of this map, and reached once: whatever is in it is in one slot.
            panic.catch(|| unsafe { self.memory.dispose(word) });
        }
        panic.finish();
    }
}

#[cfg(not(smr_loom))]
impl<K, V> Core<K, V> {
    /// Takes the map apart: its entries, in their order, and the panic of a drop. It is empty then.
    ///
    /// # Safety
    /// Nobody else has the map.
    pub(super) unsafe fn take_apart(&self) -> (Vec<*mut Entry<K, V>>, FirstPanic) {
        let domain = self.memory.domain().clone();
        let section = &domain.enter();
        let mut entries = Vec::with_capacity(self.count.get());
        let root = self.root.load();
        assert!(self.root.change(root, Word::EMPTY), "nobody else has it");
        let mut panic = FirstPanic::default();
        let mut all = vec![root];
        while let Some(word) = all.pop() {
            match word.tag() {
                Tag::Empty => continue,
                Tag::Entry => {
                    entries.push(word.piece());
                    continue;
                }
                // Left by a panic.
                Tag::Pop => {
                    let pop = Self::pop_of(word, section).expect("it is one");
                    if !pop.verdict().is_taken() {
                        entries.push(pop.entry.piece());
                        // SAFETY: of this map, and reached once; its entry is not.
                        unsafe { self.memory.dispose_pop(word) };
                        continue;
                    }
                }
                Tag::Node(_) => {
                    let node = Self::node(word, section).expect("it is one");
                    let mut place = usize::MAX;
                    while let Some((at, slot)) = node.place_before(place.min(BYTES + 1)) {
                        all.push(slot.load().thawed());
                        place = at;
                    }
                }
            }
            // SAFETY: of this map, and reached once.
            panic.catch(|| unsafe { self.memory.dispose(word) });
        }
        self.count.add(-self.count.get().cast_signed());
        (entries, panic)
    }
}

impl<K, V> Drop for Core<K, V> {
    fn drop(&mut self) {
        // A model that has failed stays as it is.
        if self.root.load().is_empty() || cfg!(smr_loom) && std::thread::panicking() {
            return;
        }
        let domain = self.memory.domain().clone();
        // SAFETY: it is dropped.
        unsafe { self.end(&domain.enter()) };
    }
}

#[cfg(any(test, feature = "testing"))]
impl<K: RadixKey, V> Core<K, V> {
    /// Asserts the invariants of a map that nobody changes.
    pub(crate) fn check(&self, section: &Section<'_>) {
        let mut entries = 0;
        // Each word with the bytes that keys below it begin with; of an entry in a term, all.
        let mut all = vec![(self.root.load(), Vec::new(), false)];
        assert!(!self.root.load().is_frozen(), "T3");
        while let Some((word, prefix, is_term)) = all.pop() {
            let word = word.thawed();
            match word.tag() {
                Tag::Empty => {}
                Tag::Entry | Tag::Pop => {
                    // A pop is there if a thread has panicked.
                    let Some(entry) = Self::entry(word, section) else {
                        continue;
                    };
                    let bytes = entry.key.key_bytes();
                    assert!(bytes.as_ref().starts_with(&prefix), "T1");
                    assert!(!is_term || bytes.as_ref() == prefix, "T1: a term");
                    entries += 1;
                }
                Tag::Node(_) => {
                    assert!(!is_term, "a term is an entry");
                    let node = Self::node(word, section).expect("a node");
                    let head = node.head();
                    // Whatever is below has the same bytes.
                    let mut below = prefix.clone();
                    if head.depth() > prefix.len() {
                        let bytes = self.any(word, section);
                        below = bytes[..head.depth()].to_vec();
                        assert!(below.starts_with(&prefix), "T1");
                    }
                    assert_eq!(below.len(), head.depth(), "T1: depths ascend");
                    for (at, &byte) in below.iter().enumerate().rev().take(8) {
                        assert_eq!(head.byte(at), Some(byte), "T1: noted bytes");
                    }
                    assert!(node.has(2), "a node has two children");
                    all.push((node.term().load(), below.clone(), true));
                    let mut bytes = std::collections::BTreeSet::new();
                    let mut of_bytes = 0;
                    node.for_each(|byte, slot| {
                        assert!(bytes.insert(byte), "a byte is claimed once");
                        of_bytes += usize::from(!slot.load().is_empty());
                        let mut longer = below.clone();
                        longer.push(byte);
                        all.push((slot.load(), longer, false));
                    });
                    let filled = node.slots().iter().filter(|slot| !slot.load().is_empty());
                    assert_eq!(filled.count(), of_bytes, "slots are those of bytes");
                }
            }
        }
        assert_eq!(self.count.get(), entries, "entries are counted");
    }

    /// The bytes of any key below.
    fn any(&self, word: Word, section: &Section<'_>) -> Vec<u8> {
        let mut all = vec![word];
        while let Some(word) = all.pop() {
            if let Some(entry) = Self::entry(word, section) {
                return entry.key.key_bytes().as_ref().to_vec();
            }
            if let Some(node) = Self::node(word, section) {
                all.extend(words(node));
            }
        }
        panic!("a node has children");
    }
}
