//! The map at rest, and its end.

#[cfg(any(test, feature = "testing"))]
use std::collections::HashMap;

use super::chunk::At;
#[cfg(any(test, feature = "testing"))]
use super::compare::Comparator;
use super::core::{Core, Seen};
#[cfg(any(test, feature = "testing"))]
use super::probe::{LowKey, WantedLow};
#[cfg(any(test, feature = "testing"))]
use super::rev::CAP;
use super::rev::Item;
use crate::first_panic::FirstPanic;
#[cfg(any(test, feature = "testing"))]
use crate::reclaim::Section;

#[cfg(any(test, feature = "testing"))]
impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// Asserts the invariants, when nobody changes the map and no comparison has lied or panicked.
    pub(super) fn check(&self, section: &Section<'_>) {
        let mut level = self.top(section);
        let mut indexed: Option<Vec<Item>> = None;
        let mut lows: HashMap<Item, u32> = HashMap::new();
        while let Some(head) = level {
            let mut here: Vec<Item> = Vec::new();
            let mut items: Vec<Item> = Vec::new();
            let mut chunk = Some(head);
            while let Some(at) = chunk {
                let seen = Seen::now(at);
                assert!(!seen.is_frozen(), "S4: a frozen chunk is left");
                assert_eq!(at.level, head.level);
                assert_eq!(at.is_head, here.is_empty(), "S2");
                assert_eq!(at.links(), if at.is_head { 0 } else { 2 }, "S6");
                if !at.is_head && !Self::is_whole() {
                    // SAFETY: such maps have an entry there.
                    *lows.entry(unsafe { at.low.entry }).or_default() += 1;
                }
                here.push(at.as_ptr().cast());
                chunk = self.check_one(seen, section);
                items.extend_from_slice(seen.view(section).items());
            }
            match &indexed {
                None => assert_eq!(here.len(), 1, "the top level is one chunk"),
                Some(indexed) => assert_eq!(*indexed, here, "S6: the index has each chunk once"),
            }
            if head.level == 0 {
                // Of others nothing is counted.
                for &item in items.iter().filter(|_| !Self::is_whole()) {
                    *lows.entry(item).or_default() += 1;
                }
                break;
            }
            level = items.first().map(|&item| Self::child(item, section));
            indexed = Some(items);
        }
        for (entry, uses) in lows {
            self.memory.check_uses(entry.cast(), uses);
        }
    }

    /// S2 and the hints of one chunk; the next.
    fn check_one<'s>(&self, seen: Seen<'s>, section: &'s Section<'_>) -> Option<At<'s>> {
        let Seen { chunk, .. } = seen;
        let view = seen.view(section);
        let next = Self::next(view, section);
        let comparator = &self.comparator;
        let is_below = |a: LowKey<'_, K>, b: LowKey<'_, K>| {
            let wanted = WantedLow { low: b, comparator };
            !matches!(wanted.low, LowKey::Least) && Self::order(&a, &wanted).is_lt()
        };
        let key = |at: usize| match chunk.level {
            0 if Self::is_whole() => LowKey::Hint(view.hints()[at]),
            level => Self::key_of(view.items()[at], level, section),
        };
        assert!(view.len() <= CAP);
        view.check();
        for at in 1..view.len() {
            assert!(is_below(key(at - 1), key(at)), "S2: items ascend");
        }
        if view.len() > 0 {
            let is_head_below = chunk.is_head && chunk.level > 0;
            let starts = is_head_below || !is_below(key(0), Self::low(&chunk, section));
            assert!(starts, "S2: nothing is below the low");
        }
        if let Some(next) = next {
            let low = || Self::low(&next, section);
            assert!(
                is_below(Self::low(&chunk, section), low()),
                "S2: lows ascend"
            );
            if view.len() > 0 {
                assert!(
                    is_below(key(view.len() - 1), low()),
                    "S2: nothing is beyond the next low"
                );
            }
            let hint = Self::hint_of(next.as_ptr().cast(), chunk.level + 1, 0, section);
            assert_eq!(view.head().next_hint, hint);
        }
        let known = Self::known(&Self::low(&chunk, section), view.next(), section);
        assert_eq!(view.known(), known, "what all keys have in common");
        for (&hint, &item) in view.hints().iter().zip(view.items()) {
            if chunk.level == 0 && Self::is_inline() {
                assert_eq!(known, 0);
                continue;
            }
            assert_eq!(hint, Self::hint_of(item, chunk.level, known, section));
        }
        next
    }
}

impl<K, V, C> Core<K, V, C> {
    /// Takes the map apart: `f` is given all entries in their order, by hints and items, which are the caller's from
    /// then on, and all else is given back. Ends with the first panic of a drop.
    ///
    /// # Safety
    /// Nobody else has the map any more.
    pub(super) unsafe fn take_apart(&self, mut f: impl FnMut(u64, Item)) {
        let domain = self.memory.domain().clone();
        let section = &domain.enter();
        let mut panic = FirstPanic::default();
        let mut level = self.top(section);
        while let Some(head) = level {
            let first = Seen::now(head).view(section).items().first();
            level = match head.level {
                0 => None,
                _ => first.map(|&item| Self::child(item, section)),
            };
            let mut chunk = Some(head);
            while let Some(at) = chunk {
                let seen = Seen::now(at);
                let view = seen.view(section);
                for (&hint, &item) in view.hints().iter().zip(view.items()) {
                    if at.level == 0 {
                        panic.catch(|| f(hint, item));
                        continue;
                    }
                    let child = Self::child(item, section);
                    if !child.is_head && child.unlink() {
                        panic.catch(|| self.dispose(child));
                    }
                }
                chunk = Self::next(view, section);
                // SAFETY: nobody else has it.
                unsafe { self.memory.dispose_rev(seen.word.rev()) };
                if at.is_head || at.unlink() {
                    panic.catch(|| self.dispose(at));
                }
            }
        }
        self.forget();
        panic.finish();
    }

    /// A chunk's low may be the last that has a key.
    fn dispose(&self, chunk: At<'_>) {
        // SAFETY: nobody else has it, at the map's end; its links are given up.
        unsafe { self.memory.dispose_chunk(chunk.as_ptr()) };
    }
}

impl<K, V, C> Drop for Core<K, V, C> {
    fn drop(&mut self) {
        // A model that has failed: whatever there is may be broken.
        if cfg!(smr_loom) && std::thread::panicking() {
            return;
        }
        let end = |_: u64, item: Item| {
            if !Self::is_inline() {
                // SAFETY: each is the closure's.
                unsafe { self.memory.end(item.cast()) };
            }
        };
        // SAFETY: exclusively borrowed.
        unsafe { self.take_apart(end) };
    }
}
