//! The map's own code, on small keys, with chunks of two items.

use core::fmt::Debug;

use super::super::compare::Natural;
use super::super::core::Core;
use super::super::inline;
use super::super::memory::Entry;
use super::super::pair::Pair as Found;
use super::super::place::Place;
use super::super::probe::{Cut, Wanted};
use super::super::update::{Changed, Decision};
use super::super::walk::Walk;
use crate::reclaim::Domain;

/// Numbers above 0, whose hints say nothing, so that chunks' lows are entries' keys, or all.
pub(super) trait Key: Ord + Debug + 'static {
    /// Plain, or not.
    type Value: Value;

    fn new(number: u8) -> Self;
    fn number(&self) -> u8;
}

pub(super) trait Value: 'static {
    fn new(number: u32) -> Self;
    fn number(&self) -> u32;
}

impl Value for u32 {
    fn new(number: u32) -> Self {
        number
    }

    fn number(&self) -> u32 {
        *self
    }
}

/// Of a type that is not known to be plain.
pub(super) struct Wrapped(u32);

impl Value for Wrapped {
    fn new(number: u32) -> Self {
        Wrapped(number)
    }

    fn number(&self) -> u32 {
        self.0
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Opaque(u8);

impl Key for Opaque {
    type Value = u32;

    fn new(number: u8) -> Self {
        Opaque(number)
    }

    fn number(&self) -> u8 {
        self.0
    }
}

/// Its entries are in revisions.
impl Key for u8 {
    type Value = u32;

    fn new(number: u8) -> Self {
        number
    }

    fn number(&self) -> u8 {
        *self
    }
}

/// Its hints are keys as well, but its entries are elsewhere.
impl Key for u16 {
    type Value = Wrapped;

    fn new(number: u8) -> Self {
        number.into()
    }

    fn number(&self) -> u8 {
        *self as u8
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
    core: Core<K, K::Value, Natural>,
    domain: Domain,
}

// SAFETY: keys and values are numbers; the memory is the models' own, behind locks.
unsafe impl<K: Key> Send for Map<K> {}
// SAFETY: as above.
unsafe impl<K: Key> Sync for Map<K> {}

fn pair<K: Key>(entry: Found<'_, K, K::Value>) -> Pair {
    (entry.key.number(), entry.value.number())
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
        found.map(|entry| entry.value.number())
    }

    /// One step: the value that was there, and, if the closure says so, another one or none.
    pub(super) fn update(&self, key: u8, f: impl Fn(Option<u32>) -> Option<u32>) -> Option<u32> {
        let section = self.domain.enter();
        let memory = &self.core.memory;
        let wanted = K::new(key);
        let mut draft: Option<*mut Entry<K, K::Value>> = None;
        let changed = self.core.change(
            &section,
            &Wanted::<K, K, Natural>::new(&wanted, &Natural),
            |old| {
                if let Some(draft) = draft.take() {
                    // SAFETY: not published: it would not be asked again.
                    unsafe { memory.take(draft) };
                }
                let Some(value) = f(old.map(|entry| entry.value.number())) else {
                    return Decision::Remove;
                };
                let value = K::Value::new(value);
                if Core::<K, K::Value, Natural>::is_inline() {
                    return Decision::Put(inline::item(&value));
                }
                let key = K::new(key);
                let made = memory.entry(Entry { key, value }, &section);
                draft = Some(made);
                Decision::Put(made.cast())
            },
            |_| (),
        );
        let old = match changed {
            Changed::Put(old, new) => {
                assert_eq!(new.key.number(), key);
                old
            }
            Changed::Removed(old) | Changed::Kept(old) => {
                if let Some(draft) = draft {
                    // SAFETY: not published.
                    unsafe { memory.take(draft) };
                }
                old
            }
        };
        old.map(|entry| entry.value.number())
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
