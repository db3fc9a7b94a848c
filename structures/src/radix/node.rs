//! Nodes: what they test, and how they find their children.
//!
//! A node tests the byte at its *depth*, which is the same for all keys; before it, all keys below the node are the
//! same. So a node may get another one above it, or lose that, and stays as it is. It notes up to eight of the bytes
//! before its depth, which are true for as long as it is there. Besides the children that go on by a byte there is one
//! slot, the *term*, for a key that ends at the depth.
//!
//! A child's byte is *claimed* by a compare-and-swap before there is anything in its slot, and stays claimed as long as
//! the node is there: so no two slots have the same byte.

use core::ops::RangeInclusive;

use smallvec::SmallVec;
use smr_core::primitive::{AtomicU32, AtomicUsize, Ordering};

use super::exact::Side;
use super::head::Head;
use super::rules::Rule;
#[cfg(all(test, smr_loom))]
use super::rules::SWITCHES;
use super::word::{Kind, Slot, Word};

/// What bytes there are. Models have fewer.
pub(super) const BYTES: usize = if cfg!(smr_loom) { 5 } else { 256 };
/// Bytes in a word of a node, besides their number.
const PER: usize = if cfg!(smr_loom) {
    2
} else {
    size_of::<usize>() - 1
};
const COUNT: u32 = usize::BITS - 8;
/// Bytes in a word of an index.
const EACH: usize = size_of::<usize>();
const ONES: usize = usize::MAX / 255;
const HIGHS: usize = ONES << 7;

/// Children that there is room for.
const ROOM: [usize; 5] = if cfg!(smr_loom) {
    [2, 3, 3, 4, BYTES]
} else {
    [4, 11, 25, 48, BYTES]
};

const fn words(room: usize) -> usize {
    room.div_ceil(PER)
}

/// A node whose children's bytes are in a list, word by word; a word's number of bytes is in its highest byte.
#[repr(C, align(16))]
pub(super) struct Listed<const WORDS: usize, const ROOM: usize> {
    head: Head,
    bytes: [AtomicUsize; WORDS],
    term: Slot,
    slots: [Slot; ROOM],
}

/// One that finds a child's slot by its byte.
#[repr(C, align(16))]
pub(super) struct Indexed<const ROOM: usize> {
    head: Head,
    term: Slot,
    /// Slots that have been given out. Some may have got no byte.
    used: AtomicU32,
    /// For each byte 0, or one more than a slot's place; so many a word.
    index: [AtomicUsize; BYTES.div_ceil(EACH)],
    slots: [Slot; ROOM],
}

/// One with a slot for each byte.
#[repr(C, align(16))]
pub(super) struct Full {
    head: Head,
    term: Slot,
    slots: [Slot; BYTES],
}

pub(super) type N4 = Listed<{ words(ROOM[0]) }, { ROOM[0] }>;
pub(super) type N11 = Listed<{ words(ROOM[1]) }, { ROOM[1] }>;
pub(super) type N25 = Listed<{ words(ROOM[2]) }, { ROOM[2] }>;
pub(super) type N48 = Indexed<{ ROOM[3] }>;
pub(super) type N256 = Full;

#[cfg(all(target_pointer_width = "64", not(smr_loom)))]
const _: () = {
    assert!(size_of::<N4>() == 64 && size_of::<N11>() == 128 && size_of::<N25>() == 256);
    assert!(size_of::<N48>() == 672 && size_of::<N256>() == 2080);
};

/// What comes of asking for a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// It may be there by now.
    Look,
    /// There is no room.
    Full,
}

/// Of claims, and of reading what is claimed. SeqCst: that a byte is not there decides a lookup as an empty slot does.
/// That bytes are read after slots (T4) holds with any order: who finds an entry in a slot acquires it, and so what
/// those who have put it there knew of bytes. Where a claim fails, Relaxed: what is there is looked at again.
const CLAIM: Ordering = Ordering::SeqCst;

/// A word that says which bytes are claimed. It is never all ones.
#[inline(always)]
pub(super) fn claims(word: &AtomicUsize) -> usize {
    #[cfg(all(test, smr_loom))]
    if SWITCHES.is_strict() && Rule::Claim.holds() {
        // As of slots in models.
        let never = usize::MAX;
        return match word.compare_exchange(never, never, CLAIM, CLAIM) {
            Ok(now) | Err(now) => now,
        };
    }
    word.load(CLAIM)
}

impl<const WORDS: usize, const ROOM: usize> Listed<WORDS, ROOM> {
    pub(super) fn new(head: Head, content: &Content) -> Self {
        let mut bytes = [0; WORDS];
        for (i, &(byte, _)) in content.children.iter().enumerate() {
            bytes[i / PER] |= usize::from(byte) << (8 * (i % PER));
            bytes[i / PER] += 1 << COUNT;
        }
        Listed {
            head,
            bytes: bytes.map(AtomicUsize::new),
            term: Slot::new(content.term),
            slots: core::array::from_fn(|i| Slot::new(content.word(i))),
        }
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> Option<usize> {
        for (i, word) in self.bytes.iter().enumerate() {
            let word = claims(word);
            let at = position(word, byte);
            let count = word >> COUNT;
            // Bytes that are not claimed yet are 0, and behind all others.
            if at < count {
                return Some(i * PER + at);
            }
            if count < PER {
                return None;
            }
        }
        None
    }

    fn claim(&self, byte: u8) -> Claim {
        for (i, word) in self.bytes.iter().enumerate() {
            let now = claims(word);
            let count = now >> COUNT;
            if position(now, byte) < count {
                return Claim::Look;
            }
            if i * PER + count == ROOM {
                return Claim::Full;
            }
            if count < PER {
                let more = (now + (1 << COUNT)) | usize::from(byte) << (8 * count);
                // Somebody else's byte may come first.
                let _ = word.compare_exchange(now, more, CLAIM, Ordering::Relaxed);
                return Claim::Look;
            }
        }
        Claim::Full
    }

    fn for_each<'s>(&'s self, mut f: impl FnMut(u8, &'s Slot)) {
        for (i, word) in self.bytes.iter().enumerate() {
            let word = claims(word);
            for at in 0..word >> COUNT {
                f((word >> (8 * at)) as u8, &self.slots[i * PER + at]);
            }
        }
    }
}

impl<const WORDS: usize, const ROOM: usize> Listed<WORDS, ROOM> {
    /// The least byte that is claimed, from one on, and its slot.
    fn from(&self, least: u8) -> Option<(u8, &Slot)> {
        let mut best = None;
        self.for_each(|byte, slot| {
            if byte >= least && best.is_none_or(|(other, _)| byte < other) {
                best = Some((byte, slot));
            }
        });
        best
    }

    /// The greatest, up to one.
    fn to(&self, most: u8) -> Option<(u8, &Slot)> {
        let mut best = None;
        self.for_each(|byte, slot| {
            if byte <= most && best.is_none_or(|(other, _)| byte > other) {
                best = Some((byte, slot));
            }
        });
        best
    }
}

impl<const WORDS: usize, const ROOM: usize> Listed<WORDS, ROOM> {
    /// The slots of claimed bytes within a range, in order, or in the other one: without comparisons, by a set of bits.
    #[inline]
    fn in_order<'s, const UP: bool>(
        &'s self,
        bytes: RangeInclusive<u8>,
        mut f: impl FnMut(&'s Slot),
    ) {
        let mut set = [0_u64; 4];
        let mut places = [0_u8; 256];
        for (i, word) in self.bytes.iter().enumerate() {
            let word = claims(word);
            for at in 0..word >> COUNT {
                let byte = (word >> (8 * at)) as u8;
                set[usize::from(byte / 64)] |= u64::from(bytes.contains(&byte)) << (byte % 64);
                places[usize::from(byte)] = (i * PER + at) as u8;
            }
        }
        for i in 0..4 {
            let i = if UP { i } else { 3 - i };
            while set[i] != 0 {
                let bit = match UP {
                    true => set[i].trailing_zeros(),
                    false => set[i].ilog2(),
                } as usize;
                set[i] &= !(1 << bit);
                f(&self.slots[usize::from(places[64 * i + bit])]);
            }
        }
    }
}

/// Where the byte is first among those of a word; PER or more, if it is not.
#[inline(always)]
fn position(word: usize, byte: u8) -> usize {
    let differ = word ^ (ONES * usize::from(byte));
    // The lowest byte that is 0 is found; of those above it this may be wrong.
    let zeros = differ.wrapping_sub(ONES) & !differ & HIGHS;
    let first = (zeros.trailing_zeros() / 8) as usize;
    if first < PER { first } else { usize::MAX }
}

impl<const ROOM: usize> Indexed<ROOM> {
    pub(super) fn new(head: Head, content: &Content) -> Self {
        let mut index = [0; BYTES.div_ceil(EACH)];
        for (i, &(byte, _)) in content.children.iter().enumerate() {
            let (word, shift) = in_index(byte);
            index[word] |= (i + 1) << shift;
        }
        Indexed {
            head,
            term: Slot::new(content.term),
            used: AtomicU32::new(content.children.len() as u32),
            index: index.map(AtomicUsize::new),
            slots: core::array::from_fn(|i| Slot::new(content.word(i))),
        }
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> Option<usize> {
        let (word, shift) = in_index(byte);
        let at = claims(&self.index[word]) >> shift & 0xff;
        at.checked_sub(1)
    }

    fn claim(&self, byte: u8) -> Claim {
        let (word, shift) = in_index(byte);
        let word = &self.index[word];
        let mut now = claims(word);
        if now >> shift & 0xff != 0 {
            return Claim::Look;
        }
        // Relaxed: it gives each place out once.
        let room = ROOM as u32;
        if self.used.load(Ordering::Relaxed) >= room {
            return Claim::Full;
        }
        let at = self.used.fetch_add(1, Ordering::Relaxed);
        if at >= room {
            return Claim::Full;
        }
        // If the byte has got another place meanwhile, this one is lost.
        while now >> shift & 0xff == 0 {
            let more = now | (at as usize + 1) << shift;
            match word.compare_exchange(now, more, CLAIM, Ordering::Relaxed) {
                Ok(_) => break,
                Err(other) => now = other,
            }
        }
        Claim::Look
    }

    fn for_each<'s>(&'s self, mut f: impl FnMut(u8, &'s Slot)) {
        for (i, word) in self.index.iter().enumerate() {
            let mut word = claims(word);
            while word != 0 {
                let at = word.trailing_zeros() / 8;
                let place = word >> (8 * at) & 0xff;
                f((i * EACH + at as usize) as u8, &self.slots[place - 1]);
                word &= !(0xff << (8 * at));
            }
        }
    }
}

impl<const ROOM: usize> Indexed<ROOM> {
    /// As of the other nodes.
    fn from(&self, least: u8) -> Option<(u8, &Slot)> {
        let (first, shift) = in_index(least);
        for (i, word) in self.index.iter().enumerate().skip(first) {
            let mut word = claims(word);
            if i == first {
                word = word >> shift << shift;
            }
            if word != 0 {
                return Some(self.place(i, word, word.trailing_zeros() as usize / 8));
            }
        }
        None
    }

    fn to(&self, most: u8) -> Option<(u8, &Slot)> {
        let (last, shift) = in_index(most);
        for (i, word) in self.index[..=last].iter().enumerate().rev() {
            let mut word = claims(word);
            if i == last {
                let above = usize::BITS as usize - 8 - shift;
                word = word << above >> above;
            }
            if word != 0 {
                return Some(self.place(i, word, word.ilog2() as usize / 8));
            }
        }
        None
    }

    /// The byte that is there in a word, and its slot.
    fn place(&self, i: usize, word: usize, at: usize) -> (u8, &Slot) {
        let place = word >> (8 * at) & 0xff;
        ((i * EACH + at) as u8, &self.slots[place - 1])
    }
}

/// Where an index has a byte: the word, and by how much it is shifted there.
#[inline(always)]
fn in_index(byte: u8) -> (usize, usize) {
    let byte = usize::from(byte);
    (byte / EACH, byte % EACH * 8)
}

impl Full {
    pub(super) fn new(head: Head, content: &Content) -> Self {
        let mut words = [Word::EMPTY; BYTES];
        for &(byte, word) in &content.children {
            words[usize::from(byte)] = word;
        }
        Full {
            head,
            term: Slot::new(content.term),
            slots: words.map(Slot::new),
        }
    }
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

    fn word(&self, i: usize) -> Word {
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
        let len = self.children.len();
        let fits = |&kind: &Kind| ROOM[kind as usize] > len;
        Kind::ALL.into_iter().find(fits).unwrap_or(Kind::N256)
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

/// A node, whichever it is.
#[derive(Clone, Copy)]
pub(super) enum Node<'s> {
    N4(&'s N4),
    N11(&'s N11),
    N25(&'s N25),
    N48(&'s N48),
    N256(&'s N256),
}

macro_rules! each {
    ($node:expr, $found:ident => $do:expr) => {
        match $node {
            Node::N4($found) => $do,
            Node::N11($found) => $do,
            Node::N25($found) => $do,
            Node::N48($found) => $do,
            Node::N256($found) => $do,
        }
    };
}

impl<'s> Node<'s> {
    #[inline(always)]
    pub(super) fn head(self) -> &'s Head {
        each!(self, node => &node.head)
    }

    #[inline(always)]
    pub(super) fn term(self) -> &'s Slot {
        each!(self, node => &node.term)
    }

    /// The slot of a byte, if it has been claimed.
    #[inline(always)]
    pub(super) fn find(self, byte: u8) -> Option<&'s Slot> {
        match self {
            Node::N4(node) => node.find(byte).map(|at| &node.slots[at]),
            Node::N11(node) => node.find(byte).map(|at| &node.slots[at]),
            Node::N25(node) => node.find(byte).map(|at| &node.slots[at]),
            Node::N48(node) => node.find(byte).map(|at| &node.slots[at]),
            Node::N256(node) => Some(&node.slots[usize::from(byte)]),
        }
    }

    /// Where a key goes on whose bytes before the depth are the same.
    #[inline(always)]
    pub(super) fn next(self, key: &[u8]) -> Option<&'s Slot> {
        match key.get(self.head().depth()) {
            None => Some(self.term()),
            Some(&byte) => self.find(byte),
        }
    }

    /// Asks for a slot of the byte.
    pub(super) fn claim(self, byte: u8) -> Claim {
        match self {
            Node::N4(node) => node.claim(byte),
            Node::N11(node) => node.claim(byte),
            Node::N25(node) => node.claim(byte),
            Node::N48(node) => node.claim(byte),
            Node::N256(_) => Claim::Look,
        }
    }

    /// The slots, whether their bytes are claimed or not, but for the term.
    pub(super) fn slots(self) -> &'s [Slot] {
        each!(self, node => &node.slots)
    }

    /// The words that say which bytes are claimed. They only grow.
    pub(super) fn claims(self) -> &'s [AtomicUsize] {
        match self {
            Node::N4(node) => &node.bytes,
            Node::N11(node) => &node.bytes,
            Node::N25(node) => &node.bytes,
            Node::N48(node) => &node.index,
            Node::N256(_) => &[],
        }
    }

    /// The slots whose bytes are claimed, in no order.
    pub(super) fn for_each(self, mut f: impl FnMut(u8, &'s Slot)) {
        match self {
            Node::N4(node) => node.for_each(f),
            Node::N11(node) => node.for_each(f),
            Node::N25(node) => node.for_each(f),
            Node::N48(node) => node.for_each(f),
            Node::N256(node) => {
                for (byte, slot) in node.slots.iter().enumerate() {
                    f(byte as u8, slot);
                }
            }
        }
    }

    /// The first place from one on, and its slot. Places are in the order of keys: that of the term is 0, that of a
    /// byte one more than it.
    #[inline]
    pub(super) fn place_from(self, place: usize) -> Option<(usize, &'s Slot)> {
        let Some(byte) = place.checked_sub(1) else {
            return Some((0, self.term()));
        };
        if byte >= BYTES {
            return None;
        }
        let least = byte as u8;
        let found = match self {
            Node::N4(node) => node.from(least),
            Node::N11(node) => node.from(least),
            Node::N25(node) => node.from(least),
            Node::N48(node) => node.from(least),
            Node::N256(node) => Some((least, &node.slots[byte])),
        };
        found.map(|(byte, slot)| (usize::from(byte) + 1, slot))
    }

    /// The last place before one, and its slot.
    #[inline]
    pub(super) fn place_before(self, place: usize) -> Option<(usize, &'s Slot)> {
        let before = place.checked_sub(1)?;
        let Some(byte) = before.checked_sub(1) else {
            return Some((0, self.term()));
        };
        let most = byte as u8;
        let found = match self {
            Node::N4(node) => node.to(most),
            Node::N11(node) => node.to(most),
            Node::N25(node) => node.to(most),
            Node::N48(node) => node.to(most),
            Node::N256(node) => Some((most, &node.slots[byte])),
        };
        let (place, slot) = found.map_or((0, self.term()), |(byte, slot)| {
            (usize::from(byte) + 1, slot)
        });
        Some((place, slot))
    }

    /// The slots of a small node from a place on, or before it, the farthest first.
    #[inline]
    pub(super) fn far_to_near(self, side: Side, place: usize, f: &mut impl FnMut(&'s Slot)) {
        // Of bytes; the term is before them.
        let (bytes, has_term) = match side {
            Side::First if place > BYTES => return,
            Side::First => (Some(place.saturating_sub(1) as u8..=u8::MAX), place == 0),
            Side::Last if place < 2 => (None, place == 1),
            Side::Last => (Some(0..=(place - 2) as u8), true),
        };
        if has_term && side == Side::Last {
            f(self.term());
        }
        macro_rules! go {
            ($node:expr, $bytes:expr) => {
                match side {
                    Side::First => $node.in_order::<false>($bytes, &mut *f),
                    Side::Last => $node.in_order::<true>($bytes, &mut *f),
                }
            };
        }
        if let Some(bytes) = bytes {
            match self {
                Node::N4(node) => go!(node, bytes),
                Node::N11(node) => go!(node, bytes),
                Node::N25(node) => go!(node, bytes),
                Node::N48(_) | Node::N256(_) => unreachable!("it is large"),
            }
        }
        if has_term && side == Side::First {
            f(self.term());
        }
    }

    /// Freezes all slots: nothing in the node changes any more that counts. What is there then; with `edit`, what is in
    /// a slot is replaced.
    pub(super) fn freeze(self, edit: Option<(&Slot, Word)>) -> Content {
        let mut early: SmallVec<[u8; 8]> = SmallVec::new();
        if !Rule::BytesLast.holds() {
            self.for_each(|byte, _| early.push(byte));
        }
        self.term().freeze();
        let first = usize::from(!Rule::FreezeAll.holds());
        self.slots()[first..].iter().for_each(Slot::freeze);
        let word = |slot: &Slot| match edit {
            Some((edited, new)) if core::ptr::eq(edited, slot) => new,
            _ => slot.load().thawed(),
        };
        let mut content = Content::new(word(self.term()));
        // Bytes are read last (T4).
        self.for_each(|byte, slot| {
            let word = word(slot);
            let is_known = Rule::BytesLast.holds() || early.contains(&byte);
            if !word.is_empty() && is_known {
                content.add(Some(byte), word);
            }
        });
        content
    }

    /// Whether so many slots, at least, are not empty.
    pub(super) fn has(self, least: usize) -> bool {
        let slots = self.slots().iter().chain([self.term()]);
        let live = slots.filter(|slot| !slot.load().is_empty());
        live.take(least).count() == least
    }
}

/// Makes a node of a kind.
macro_rules! make_node {
    ($kind:expr, $head:expr, $content:expr, $make:ident) => {
        match $kind {
            Kind::N4 => $make!(n4, N4::new($head, $content)),
            Kind::N11 => $make!(n11, N11::new($head, $content)),
            Kind::N25 => $make!(n25, N25::new($head, $content)),
            Kind::N48 => $make!(n48, N48::new($head, $content)),
            Kind::N256 => $make!(n256, N256::new($head, $content)),
        }
    };
}
pub(super) use make_node;
