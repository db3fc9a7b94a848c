//! A map that is made of entries which are all there.

use core::ptr;

use super::compare::Comparator;
use super::content::{Content, Part};
use super::core::Core;
use super::index::STRIPED;
use super::inline;
use super::memory::Entry;
use super::rev::{CAP, Item};
use crate::reclaim::Section;

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// Stores entries in a map that is empty, and that nobody else has: of those with the same key the last.
    /// O(n log n), O(n) if they are in order. Chunks are full then.
    pub(super) fn fill(&mut self, mut entries: Vec<(K, V)>) {
        debug_assert_eq!(self.count.get(), 0, "it is empty");
        let comparator = &self.comparator;
        entries.sort_by(|a, b| comparator.compare(&a.0, &b.0));
        entries.dedup_by(|later, kept| {
            let is_same = comparator.compare(&kept.0, &later.0).is_eq();
            if is_same {
                core::mem::swap(later, kept);
            }
            is_same
        });
        if entries.is_empty() {
            return;
        }
        self.count.add(entries.len().cast_signed());
        let domain = self.memory.domain().clone();
        let section = &domain.enter();
        let make = |(key, value)| {
            let hint = Self::hint(&key, 0);
            let item = match Self::is_inline() {
                true => inline::item(&value),
                false => self.memory.entry(Entry { key, value }, section).cast(),
            };
            (hint, item)
        };
        let (mut hints, mut items): (Vec<u64>, Vec<Item>) = entries.into_iter().map(make).unzip();
        let mut level = 0;
        loop {
            items = self.fill_level(&hints, &items, level, section);
            if let [top] = items[..] {
                let raised = self.raise(ptr::null_mut(), top.cast());
                assert!(raised, "nobody else has the map, and it was never used");
                if level >= STRIPED {
                    self.count.spread();
                }
                return;
            }
            level += 1;
            let hint = |&item: &Item| Self::hint_of(item, level, 0, section);
            hints = items.iter().map(hint).collect();
        }
    }

    /// Makes the chunks of a level, from the last to the first, which is the head.
    fn fill_level(
        &self,
        hints: &[u64],
        items: &[Item],
        level: u16,
        section: &Section<'_>,
    ) -> Vec<Item> {
        let all = Part::new(hints, items);
        let content = |next| Content {
            parts: [all, Part::NONE, Part::NONE],
            next,
        };
        let range = |start: usize| start..items.len().min(start + CAP);
        let mut chunks = Vec::new();
        let mut next = (ptr::null_mut(), 0);
        for start in (CAP..items.len()).step_by(CAP).rev() {
            let born = self.bear(&content(next), range(start), level, section);
            next = born.expect("its entries are there");
            chunks.push(next.0.cast());
        }
        let rev = self.compose(&content(next), range(0), next, (level, 0), section);
        chunks.push(self.memory.head(rev, level, section).cast());
        chunks.reverse();
        chunks
    }
}
