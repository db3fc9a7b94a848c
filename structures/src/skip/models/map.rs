//! The map's own code, on small keys, with chunks of two items.

use core::fmt::Debug;

use super::super::compare::Natural;
use super::super::core::Core;
use super::super::memory::Entry;
use super::super::place::Place;
use super::super::probe::{Cut, Wanted};
use super::super::reclaim::Domain;
use super::super::update::Decision;
use super::super::walk::Walk;

/// Numbers above 0, whose hints say nothing, so that chunks' lows are entries' keys, or all.
pub(super) trait Key: Ord + Debug + 'static {
    fn new(number: u8) -> Self;
    fn number(&self) -> u8;
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Opaque(u8);

impl Key for Opaque {
    fn new(number: u8) -> Self {
        Opaque(number)
    }

    fn number(&self) -> u8 {
        self.0
    }
}

impl Key for u8 {
    fn new(number: u8) -> Self {
        number
    }

    fn number(&self) -> u8 {
        *self
    }
}

/// What lies at or below it is on the left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    To(u8),
    Below(u8),
    End,
}

impl Bound {
    pub(super) fn holds(self, low: u8) -> bool {
        match self {
            Bound::To(key) => low <= key,
            Bound::Below(key) => low < key,
            Bound::End => true,
        }
    }

    fn with<K: Key, R>(self, f: impl FnOnce(Cut<'_, Wanted<'_, K, K, Natural>>) -> R) -> R {
        let key = K::new(match self {
            Bound::To(key) | Bound::Below(key) => key,
            Bound::End => 0,
        });
        let wanted = Wanted::new(&key, &Natural);
        f(match self {
            Bound::To(_) => Cut::To(&wanted),
            Bound::Below(_) => Cut::Below(&wanted),
            Bound::End => Cut::End,
        })
    }
}

type Pair = (u8, u32);

pub(super) struct Map<K: Key> {
    core: Core<K, u32, Natural>,
    domain: Domain,
}

// SAFETY: keys and values are numbers; the memory is the models' own, behind locks.
unsafe impl<K: Key> Send for Map<K> {}
// SAFETY: as above.
unsafe impl<K: Key> Sync for Map<K> {}

fn pair<K: Key>(entry: &Entry<K, u32>) -> Pair {
    (entry.key.number(), entry.value)
}

impl<K: Key> Map<K> {
    pub(super) fn new(keeps_revisions: bool) -> Self {
        let domain = Domain::new(keeps_revisions);
        let core = Core::new(Natural, &domain);
        let map = Map { core, domain };
        map.core.begin(&map.domain.enter());
        map
    }

    pub(super) fn get(&self, key: u8) -> Option<u32> {
        let section = self.domain.enter();
        let key = K::new(key);
        let found = self.core.get(&section, &Wanted::new(&key, &Natural));
        found.map(|entry| entry.value)
    }

    /// One step: the value that was there, and, if the closure says so, another one or none.
    pub(super) fn update(&self, key: u8, f: impl Fn(Option<u32>) -> Option<u32>) -> Option<u32> {
        let section = self.domain.enter();
        let memory = &self.core.memory;
        let wanted = K::new(key);
        let mut draft: Option<*mut Entry<K, u32>> = None;
        let (old, decision) = self.core.change(
            &section,
            &Wanted::<K, K, Natural>::new(&wanted, &Natural),
            |old| {
                if let Some(draft) = draft.take() {
                    // SAFETY: not published: it would not be asked again.
                    unsafe { memory.take(draft) };
                }
                match f(old.map(|entry| entry.value)) {
                    None => Decision::Remove,
                    Some(value) => {
                        let key = K::new(key);
                        let made = memory.entry(Entry { key, value }, &section);
                        draft = Some(made);
                        Decision::Put(made)
                    }
                }
            },
            |_| (),
        );
        if let (Decision::Remove, Some(draft)) = (decision, draft) {
            // SAFETY: not published.
            unsafe { memory.take(draft) };
        }
        old.map(|entry| entry.value)
    }

    pub(super) fn first(&self) -> Option<Pair> {
        self.core.first(&self.domain.enter()).map(pair)
    }

    pub(super) fn above(&self, bound: Bound) -> Option<Pair> {
        let section = self.domain.enter();
        bound.with(|cut| self.core.above(&section, cut).map(pair))
    }

    pub(super) fn below(&self, bound: Bound) -> Option<Pair> {
        let section = self.domain.enter();
        bound.with(|cut| self.core.below(&section, cut).map(pair))
    }

    /// A cursor's step from behind the first entry from a key on, or back from before it; `begin` is told which
    /// that was, before the step. 255 stands for the end.
    pub(super) fn beside(&self, key: u8, back: bool, begin: impl FnOnce(u8)) -> Option<Pair> {
        let section = self.domain.enter();
        let mut place = Place::new();
        let found = Bound::Below(key).with(|cut| self.core.seek(&section, &mut place, cut));
        let at = found.map_or(u8::MAX, |entry| entry.key.number());
        if found.is_some() && !back {
            place.go_over();
        }
        begin(at);
        let step = match back {
            false => self.core.go_next(&section, &mut place),
            true => self.core.go_prev(&section, &mut place),
        };
        step.map(pair)
    }

    pub(super) fn pop_first(&self) -> Option<Pair> {
        self.core.pop_first(&self.domain.enter()).map(pair)
    }

    pub(super) fn pop_last(&self) -> Option<Pair> {
        self.core.pop_last(&self.domain.enter()).map(pair)
    }

    pub(super) fn forward(&self) -> Vec<Pair> {
        let section = self.domain.enter();
        let mut found = Vec::new();
        let mut walk = Walk::new();
        while let Some(entry) = self.core.met(&section, &mut walk) {
            found.push(pair(entry));
        }
        found
    }

    pub(super) fn backward(&self) -> Vec<Pair> {
        let section = self.domain.enter();
        let mut found = Vec::new();
        let mut walk = Walk::new();
        while let Some(entry) = self.core.met_back(&section, &mut walk) {
            found.push(pair(entry));
        }
        found
    }

    /// Asserts the invariants, at rest.
    pub(super) fn check(&self) {
        self.core.check(&self.domain.enter());
    }

    /// Nothing is left of it.
    pub(super) fn end(self) {
        let Map { core, domain } = self;
        drop(core);
        domain.check_empty();
    }
}
