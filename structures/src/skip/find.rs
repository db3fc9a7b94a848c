//! The way to the chunk that covers a place.

use core::ptr;

use smallvec::SmallVec;

use super::chunk::{At, Chunk};
use super::compare::Comparator;
use super::core::{Core, Seen};
use super::probe::{Cut, LowKey, Probe, WantedLow};
use super::rev::View;
use super::rules::Rule;
use crate::reclaim::Section;

/// Ways down before a level is walked from its head: only orders that contradict themselves, or many threads
/// that have stopped, need so many.
const PATIENCE: usize = if cfg!(smr_loom) { 2 } else { 16 };

/// What an operation has met, and others may have left behind.
pub(super) struct Trail<'s> {
    /// A dead chunk that is still in the index.
    pub(super) dead: Option<At<'s>>,
    /// A frozen one that was not found where its low is.
    pub(super) vain: Option<At<'s>>,
}

impl Trail<'_> {
    #[inline]
    pub(super) fn new() -> Self {
        Trail {
            dead: None,
            vain: None,
        }
    }
}

/// Chunks, from a live one on, that lead to one.
pub(super) type Path<'s> = SmallVec<[Seen<'s>; 4]>;

/// Where a search was last, by level: what is near is found from there.
#[derive(Clone)]
pub(super) struct Finger<'s>(SmallVec<[At<'s>; 6]>);

impl<'s> Finger<'s> {
    pub(super) fn new() -> Self {
        Finger(SmallVec::new())
    }

    /// It was at this chunk, and before on the levels above.
    pub(super) fn note(&mut self, chunk: At<'s>) {
        let level = usize::from(chunk.level);
        // Whatever is missing is a level down, where it will be noted at once.
        while self.0.len() <= level {
            self.0.push(chunk);
        }
        self.0[level] = chunk;
    }
}

impl<K, V, C: Comparator<K>> Core<K, V, C> {
    /// The chunk of a level that covers a place. None as long as there has been no entry.
    #[inline(always)]
    pub(super) fn find<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        level: u16,
        trail: &mut Trail<'s>,
    ) -> Option<Seen<'s>> {
        self.find_by(section, cut, level, trail, |_| ())
    }

    /// The same of level 0, behind those that lead to it.
    pub(super) fn path<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        trail: &mut Trail<'s>,
    ) -> Option<Path<'s>> {
        let mut path = Path::new();
        self.find_by(section, cut, 0, trail, |seen| {
            if !seen.is_frozen() || !Rule::Anchor.holds() {
                path.clear();
            }
            path.push(seen);
        })?;
        Some(path)
    }

    /// The same, from near where the search was last. In the logarithm of the distance, on average.
    pub(super) fn path_near<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        finger: &mut Finger<'s>,
    ) -> Option<Path<'s>> {
        let top = self.top(section)?;
        let near = finger.0.iter().find_map(|&chunk| {
            let seen = Seen::now(chunk);
            // S3: what may be dead counts only if it is live.
            (!seen.is_frozen() && Self::covers(section, seen, cut)).then_some(seen)
        });
        let from = near.unwrap_or_else(|| Seen::now(top));
        let mut trail = Trail::new();
        let note = |chunk| finger.note(chunk);
        let Ok((from, right)) = Self::descend(section, from, cut, 0, &mut trail, note) else {
            return self.path(section, cut, &mut trail);
        };
        let mut path = Path::new();
        Self::walk(section, cut, from, right, &mut |seen| {
            if !seen.is_frozen() {
                path.clear();
            }
            path.push(seen);
        });
        finger.note(path.last()?.chunk);
        Some(path)
    }

    /// Whether what lies at the cut is covered by a chunk of any level, which may be looked into.
    fn covers<'s, P: Probe<K>>(section: &'s Section<'_>, seen: Seen<'s>, cut: Cut<'_, P>) -> bool {
        Self::begins_left(section, seen.chunk, cut)
            && Self::goes_right(section, seen.view(section), cut, ptr::null()).is_none()
    }

    /// Whether a chunk begins on the left of the cut.
    pub(super) fn begins_left<P: Probe<K>>(
        section: &Section<'_>,
        chunk: At<'_>,
        cut: Cut<'_, P>,
    ) -> bool {
        chunk.is_head || cut.holds(|probe| Self::order(&Self::low(&chunk, section), probe))
    }

    #[inline(always)]
    fn find_by<'s, P: Probe<K>>(
        &'s self,
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        level: u16,
        trail: &mut Trail<'s>,
        mut visit: impl FnMut(Seen<'s>),
    ) -> Option<Seen<'s>> {
        let top = self.top(section)?;
        let from = Seen::now(top);
        let (from, right) = match Self::descend(section, from, cut, level, trail, |_| ()) {
            Ok(from) => from,
            Err(low) => (
                self.descend_closely(section, level, low, trail),
                ptr::null(),
            ),
        };
        from.view(section).prefetch(level == 0);
        Some(Self::walk(section, cut, from, right, &mut visit))
    }

    /// To a chunk before `low`.
    #[cold]
    #[inline(never)]
    fn descend_closely<'s>(
        &'s self,
        section: &'s Section<'_>,
        level: u16,
        mut low: LowKey<'s, K>,
        trail: &mut Trail<'s>,
    ) -> Seen<'s> {
        let top = self.top(section).expect("there is a level");
        let comparator = &self.comparator;
        for _ in 1..PATIENCE {
            let wanted = WantedLow { low, comparator };
            let (from, below) = (Seen::now(top), Cut::Below(&wanted));
            match Self::descend(section, from, below, level, trail, |_| ()) {
                Ok((from, _)) => return from,
                Err(lower) => low = lower,
            }
        }
        let head = self.head(level, section);
        Seen::now(head.expect("there is a level"))
    }

    /// Down the index, from a live chunk that begins on the left of the cut: to another such, and the next one in
    /// the index, which does not begin there. If the index has a dead one there, its low, or that of the one above in
    /// which there is none: a live one is to be looked for before it.
    #[inline(always)]
    fn descend<'s, P: Probe<K>>(
        section: &'s Section<'_>,
        from: Seen<'s>,
        cut: Cut<'_, P>,
        level: u16,
        trail: &mut Trail<'s>,
        mut note: impl FnMut(At<'s>),
    ) -> Result<(Seen<'s>, *const Chunk), LowKey<'s, K>> {
        let mut seen = from;
        let mut right = ptr::null();
        let mut at = from.chunk.level;
        debug_assert!(at >= level, "a level that is there");
        while at > level {
            seen.view(section).prefetch(false);
            seen = Self::walk(section, cut, seen, right, &mut |_| ());
            note(seen.chunk);
            let view = seen.view(section);
            let mut within = cut.count(view.len(), |p| Self::locate(view, at, p, section));
            if within == 0 && (seen.chunk.is_head || !Rule::ChildBelow.holds()) {
                // A head's first child is the head below.
                within = usize::from(view.len() > 0);
            }
            if within == 0 {
                return Err(Self::low(&seen.chunk, section));
            }
            let child = Self::child(view.items()[within - 1], section);
            right = view
                .items()
                .get(within)
                .map_or(ptr::null(), |item| item.cast());
            seen = Seen::now(child);
            if seen.is_frozen() && Rule::LiveFromIndex.holds() {
                trail.dead = Some(child);
                return Err(Self::low(&child, section));
            }
            at -= 1;
        }
        Ok((seen, right))
    }

    /// To the right, as long as what is there begins on the left of the cut. `right` does not.
    #[inline(always)]
    fn walk<'s, P: Probe<K>>(
        section: &'s Section<'_>,
        cut: Cut<'_, P>,
        mut seen: Seen<'s>,
        mut right: *const Chunk,
        visit: &mut impl FnMut(Seen<'s>),
    ) -> Seen<'s> {
        visit(seen);
        while let Some(next) = Self::goes_right(section, seen.view(section), cut, right) {
            right = ptr::null();
            seen = Seen::now(next);
            visit(seen);
        }
        seen
    }

    #[inline(always)]
    pub(super) fn goes_right<'s, P: Probe<K>>(
        section: &'s Section<'_>,
        view: View<'s>,
        cut: Cut<'_, P>,
        right: *const Chunk,
    ) -> Option<At<'s>> {
        let next = view.next();
        if next.is_null() || ptr::eq(next, right) {
            return None;
        }
        let hint = view.head().next_hint;
        let holds = cut.holds(|probe| {
            if probe.is_hinted() {
                let order = hint.cmp(&probe.hint(0));
                if Self::is_whole() || order.is_ne() {
                    return order;
                }
            }
            let next = Self::next(view, section).expect("it is not null");
            Self::order(&Self::low(&next, section), probe)
        });
        if holds {
            Self::next(view, section)
        } else {
            None
        }
    }
}
