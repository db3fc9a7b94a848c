//! What the map's operations are made of: chunks, their memory, a comparator. Sections are taken to be of the
//! map's domain; the public types see to that.

use core::cmp::Ordering as Order;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr;

use smr_core::primitive::{AtomicPtr, Ordering};

use super::chunk::{At, Chunk, Word};
use super::compare::Comparator;
use super::hint::{self, Kind};
use super::inline;
use super::memory::{Entry, Memory};
use super::pair::Pair;
use super::probe::{LowKey, Probe, kind_of, lower, search};
use super::rev::{Item, View};
use super::rules::Rule;
use crate::count::Count;
use crate::reclaim::{Domain, Section, see};

#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Core<K, V, C> {
    /// The head of the highest level; null as long as there has been no entry.
    top: AtomicPtr<Chunk>,
    pub(super) memory: Memory<K, V>,
    /// Of entries.
    pub(super) count: Count,
    pub(super) comparator: C,
    /// Invariant, and neither `Send` nor `Sync` by itself.
    entries: PhantomData<*mut (K, V)>,
}

// SAFETY: entries, and the comparator, are owned; what is retired is dropped by any thread that has the map.
unsafe impl<K: Send, V: Send, C: Send> Send for Core<K, V, C> {}
// SAFETY: as above; and threads that share the map share keys and values.
unsafe impl<K: Send + Sync, V: Send + Sync, C: Sync> Sync for Core<K, V, C> {}

/// A chunk, and the word that it had.
#[derive(Clone, Copy)]
pub(super) struct Seen<'s> {
    pub(super) chunk: At<'s>,
    pub(super) word: Word,
}

impl<'s> Seen<'s> {
    #[inline]
    pub(super) fn now(chunk: At<'s>) -> Self {
        let word = chunk.load();
        Seen { chunk, word }
    }

    #[inline]
    pub(super) fn is_frozen(self) -> bool {
        self.word.is_frozen()
    }

    /// What the chunk holds. Of one that may be looked into (S3).
    #[inline]
    pub(super) fn view(self, section: &'s Section<'_>) -> View<'s> {
        let rev = self.word.rev();
        // SAFETY: S3: it was the content of a chunk that was linked, within the section.
        unsafe { see(rev, section) };
        // SAFETY: as above.
        unsafe { View::new(self.word) }
    }
}

impl<K, V, C> Core<K, V, C> {
    /// The head of the highest level.
    #[inline]
    pub(super) fn top<'s>(&self, section: &'s Section<'_>) -> Option<At<'s>> {
        #[cfg(all(test, smr_loom))]
        let top = if super::rules::SWITCHES.is_strict() {
            super::rules::latest(&self.top)
        } else {
            self.top.load(Rule::Top.order(Ordering::Acquire))
        };
        // Acquire: pairs with `raise`.
        #[cfg(not(all(test, smr_loom)))]
        let top = self.top.load(Ordering::Acquire);
        // SAFETY: null, or a head, which is there as long as the map.
        (!top.is_null()).then(|| unsafe { At::new(top, section) })
    }

    /// Nothing is left in a map that nobody else has.
    pub(super) fn forget(&self) {
        self.top.store(ptr::null_mut(), Ordering::Relaxed);
    }

    /// Another head on top. Release: pairs with `top`.
    pub(super) fn raise(&self, from: *mut Chunk, to: *mut Chunk) -> bool {
        let order = (Rule::Raise.order(Ordering::AcqRel), Ordering::Relaxed);
        self.top
            .compare_exchange(from, to, order.0, order.1)
            .is_ok()
    }

    /// The head of a level that is there.
    pub(super) fn head<'s>(&self, level: u16, section: &'s Section<'_>) -> Option<At<'s>> {
        let mut head = self.top(section)?;
        while head.level > level {
            let first = Seen::now(head).view(section).items()[0];
            head = Self::child(first, section);
        }
        Some(head)
    }

    /// An item of a level above 0, which is in a revision that may be looked into.
    #[inline]
    pub(super) fn child<'s>(item: Item, section: &'s Section<'_>) -> At<'s> {
        // SAFETY: S6: it has a link as long as it is in the index; so it was not retired before the section.
        unsafe { At::new(item.cast(), section) }
    }

    /// An entry's memory, which is in a revision of level 0 that may be looked into. Not inline.
    #[inline]
    pub(super) fn entry<'s>(item: Item, section: &'s Section<'_>) -> Pair<'s, K, V> {
        // SAFETY: S5: it was not retired before the section.
        Pair::of(unsafe { see(item.cast::<Entry<K, V>>(), section) })
    }

    /// The key of an entry that is in a revision that may be looked into, or a chunk's low. Not by a reference
    /// to the entry, whose value may be gone. Not of an inline one, which has no address.
    #[inline]
    pub(super) fn key<'s>(item: Item, section: &'s Section<'_>) -> &'s K {
        const { assert!(core::mem::offset_of!(Entry<K, V>, key) == 0) };
        // SAFETY: S5, or S7: the chunk counts it, and is there.
        unsafe { see(item.cast::<K>(), section) }
    }

    /// The chunk behind one, by a revision that may be looked into.
    #[inline]
    pub(super) fn next<'s>(view: View<'s>, section: &'s Section<'_>) -> Option<At<'s>> {
        let next = view.next();
        // SAFETY: S6: it was linked by that revision within the section.
        (!next.is_null()).then(|| unsafe { At::new(next, section) })
    }
}

impl<K, V, C> Core<K, V, C> {
    pub(super) fn new(comparator: C, domain: &Domain) -> Self {
        Core {
            top: AtomicPtr::new(ptr::null_mut()),
            memory: Memory::new(domain, !Self::is_whole()),
            count: Count::new(),
            comparator,
            entries: PhantomData,
        }
    }

    /// Whether hints are whole keys.
    #[inline(always)]
    pub(super) fn is_whole() -> bool {
        kind_of::<K, C>() == Kind::Whole
    }

    /// Whether entries are parts of revisions: all items of level 0 are values then.
    #[inline(always)]
    pub(super) fn is_inline() -> bool {
        Self::is_whole() && inline::is_inline::<K, V>()
    }

    /// The hint of a key.
    #[inline(always)]
    pub(super) fn hint(key: &K, known: usize) -> u64 {
        match kind_of::<K, C>() {
            Kind::None => 0,
            _ => hint::of(key, known),
        }
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// An entry in a revision of level 0 that may be looked into: of its hint and its item.
    #[inline(always)]
    pub(super) fn pair<'s>(
        hint: &'s u64,
        item: &'s Item,
        section: &'s Section<'_>,
    ) -> Pair<'s, K, V> {
        match Self::is_inline() {
            // SAFETY: what lies there in such maps.
            true => unsafe { inline::pair(hint, item) },
            false => Self::entry(*item, section),
        }
    }

    /// The same, by its place.
    #[inline(always)]
    pub(super) fn at<'s>(view: View<'s>, at: usize, section: &'s Section<'_>) -> Pair<'s, K, V> {
        Self::pair(&view.hints()[at], &view.items()[at], section)
    }

    /// Whether an entry is this one, or cannot be told from it: of the same key.
    #[inline]
    pub(super) fn is_same(a: Pair<'_, K, V>, b: Pair<'_, K, V>) -> bool {
        match Self::is_inline() {
            true => inline::item(a.value) == inline::item(b.value),
            false => ptr::eq(a.key, b.key),
        }
    }

    #[inline]
    pub(super) fn low<'s>(chunk: &Chunk, section: &'s Section<'_>) -> LowKey<'s, K> {
        if chunk.is_head {
            LowKey::Least
        } else if Self::is_whole() {
            // SAFETY: that is what such maps have there.
            LowKey::Hint(unsafe { chunk.low.hint })
        } else {
            // SAFETY: the others have this.
            let item = unsafe { chunk.low.entry };
            LowKey::Key(Self::key(item, section))
        }
    }

    /// An item's key; a chunk's is its low. On level 0 not of an inline entry.
    #[inline]
    pub(super) fn key_of<'s>(item: Item, level: u16, section: &'s Section<'_>) -> LowKey<'s, K> {
        match level {
            0 => LowKey::Key(Self::key(item, section)),
            _ => Self::low(&Self::child(item, section), section),
        }
    }

    /// The hint of an item. As for [`key_of`](Self::key_of).
    pub(super) fn hint_of(item: Item, level: u16, known: usize, section: &Section<'_>) -> u64 {
        match Self::key_of(item, level, section) {
            LowKey::Least => 0,
            LowKey::Hint(hint) => hint,
            LowKey::Key(key) => Self::hint(key, known),
        }
    }

    /// Where a key is, seen from what is looked for.
    #[inline]
    pub(super) fn order(low: &LowKey<'_, K>, probe: &impl Probe<K>) -> Order {
        match *low {
            LowKey::Least => Order::Less,
            LowKey::Hint(hint) if probe.is_hinted() => hint.cmp(&probe.hint(0)),
            LowKey::Hint(hint) => probe.compare(&*ManuallyDrop::new(hint::key::<K>(hint))),
            LowKey::Key(key) => probe.compare(key),
        }
    }

    /// Where in a revision what is looked for is, or would be.
    #[inline(always)]
    pub(super) fn locate<P: Probe<K>>(
        view: View<'_>,
        level: u16,
        probe: &P,
        section: &Section<'_>,
    ) -> (usize, bool) {
        let hints = view.hints();
        let mut range = 0..hints.len();
        if probe.is_hinted() {
            let hint = probe.hint(view.known());
            range.start = lower(hints, hint);
            if Self::is_whole() {
                return (range.start, hints.get(range.start) == Some(&hint));
            }
            let same = hints[range.start..]
                .iter()
                .take_while(|&&other| other == hint);
            range.end = range.start + same.count();
        }
        Self::locate_by_keys(view, range, level, probe, section)
    }

    #[inline]
    fn locate_by_keys<P: Probe<K>>(
        view: View<'_>,
        range: core::ops::Range<usize>,
        level: u16,
        probe: &P,
        section: &Section<'_>,
    ) -> (usize, bool) {
        search(range, |i| {
            let key = match Self::is_whole() && (level == 0 || i > 0) {
                // Not of the entry, which may be in no cache.
                true => LowKey::Hint(view.hints()[i]),
                false => Self::key_of(view.items()[i], level, section),
            };
            Self::order(&key, probe)
        })
    }
}
