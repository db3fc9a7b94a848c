//! What a chunk shall hold, in parts that lie elsewhere.

use core::ops::Range;

use super::chunk::Chunk;
use super::rev::{Item, View};

/// Some of the items that a revision is made of.
#[derive(Clone, Copy)]
pub(super) struct Part<'p> {
    pub(super) hints: &'p [u64],
    pub(super) items: &'p [Item],
    /// So many bytes of the keys are before what the hints say.
    pub(super) known: usize,
}

impl<'p> Part<'p> {
    pub(super) const NONE: Part<'static> = Part {
        hints: &[],
        items: &[],
        known: 0,
    };

    /// Of hints that say all.
    pub(super) fn new(hints: &'p [u64], items: &'p [Item]) -> Self {
        Part {
            hints,
            items,
            known: 0,
        }
    }

    #[inline]
    pub(super) fn of(view: View<'p>, range: Range<usize>) -> Self {
        Part {
            hints: &view.hints()[range.clone()],
            items: &view.items()[range],
            known: view.known(),
        }
    }

    #[inline]
    pub(super) fn one(hint: &'p u64, item: &'p Item, known: usize) -> Self {
        Part {
            hints: core::slice::from_ref(hint),
            items: core::slice::from_ref(item),
            known,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}

/// A chunk's new content.
pub(super) struct Content<'p> {
    pub(super) parts: [Part<'p>; 3],
    /// The next chunk, and the hint of its low.
    pub(super) next: (*mut Chunk, u64),
}

impl<'p> Content<'p> {
    /// That of a revision, of which some items give way to others.
    #[inline]
    pub(super) fn with(view: View<'p>, out: Range<usize>, new: Part<'p>) -> Self {
        let before = Part::of(view, 0..out.start);
        let after = Part::of(view, out.end..view.len());
        Content {
            parts: [before, new, after],
            next: (view.next(), view.head().next_hint),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// One of the items.
    pub(super) fn item(&self, at: usize) -> Item {
        let (part, at) = self.place(at);
        part.items[at]
    }

    pub(super) fn hint(&self, at: usize) -> u64 {
        let (part, at) = self.place(at);
        part.hints[at]
    }

    fn place(&self, mut at: usize) -> (&Part<'p>, usize) {
        for part in &self.parts {
            if at < part.len() {
                return (part, at);
            }
            at -= part.len();
        }
        unreachable!("there are so many")
    }
}
