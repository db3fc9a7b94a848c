//! What nodes are made of.

use smallvec::SmallVec;

use super::node::ROOM;
use super::word::{Kind, Word};

/// The kind of a node that has room for more than so many children.
pub(super) fn kind_for(children: usize) -> Kind {
    let fits = |&kind: &Kind| ROOM[kind as usize] > children;
    Kind::ALL.into_iter().find(fits).unwrap_or(Kind::N256)
}

/// What a node has, or is to have.
pub(super) struct Content {
    pub(super) term: Word,
    /// None of them is empty; each has another byte.
    pub(super) children: SmallVec<[(u8, Word); 26]>,
}

impl Content {
    pub(super) fn new(term: Word) -> Content {
        Content {
            term,
            children: SmallVec::new(),
        }
    }

    pub(super) fn word(&self, i: usize) -> Word {
        self.children.get(i).map_or(Word::EMPTY, |&(_, word)| word)
    }

    /// Adds what a key leads to whose byte at the depth is this, or that ends there.
    pub(super) fn add(&mut self, byte: Option<u8>, word: Word) {
        match byte {
            None => self.term = word,
            Some(byte) => self.children.push((byte, word)),
        }
    }

    /// The kind of a node that has room for more children.
    pub(super) fn kind(&self) -> Kind {
        kind_for(self.children.len())
    }

    /// The only word; an empty one if there is none; None if there are more.
    pub(super) fn sole(&self) -> Option<Word> {
        match (self.term.is_empty(), &self.children[..]) {
            (true, &[(_, only)]) => Some(only),
            (_, []) => Some(self.term),
            _ => None,
        }
    }
}
