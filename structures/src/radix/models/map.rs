//! The map's own code, on keys of few bytes, with small nodes.

use smr_core::primitive::plain::{AtomicU64, Ordering};

use super::super::change::{Changed, Decision};
use super::super::core::{Core, End, Path};
use super::super::exact::{Cut, Side};
use super::super::key::RadixKey;
use super::super::memory::Entry;
use super::super::stamp;
use super::super::word::{Tag, Word};
use crate::reclaim::Domain;

/// Bytes below `BYTES`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(pub(super) &'static [u8]);

impl RadixKey for Key {
    type Bytes<'k> = &'k [u8];

    fn key_bytes(&self) -> &[u8] {
        self.0
    }
}

/// Counts how many are there.
pub(super) struct Value(u32);

static LIVE: AtomicU64 = AtomicU64::new(0);

impl Value {
    fn new(number: u32) -> Value {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Value(number)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

fn both(entry: &Entry<Key, Value>) -> (&'static [u8], u32) {
    (entry.key.0, entry.value.0)
}

pub(super) struct Map {
    core: Core<Key, Value>,
    domain: Domain,
}

// SAFETY: keys and values are numbers; the memory is the models' own, behind locks.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Map {
    pub(super) fn new() -> Self {
        LIVE.store(0, Ordering::Relaxed);
        let domain = Domain::new(false);
        let core = Core::new(&domain);
        Map { core, domain }
    }

    pub(super) fn get(&self, key: Key) -> Option<u32> {
        let section = self.domain.enter();
        let found = self.core.get(&section, key.0);
        found.map(|entry| entry.value.0)
    }

    /// What was there, of which `decide` says what shall be there instead.
    pub(super) fn update(
        &self,
        key: Key,
        mut decide: impl FnMut(Option<u32>) -> Option<u32>,
    ) -> Option<u32> {
        let section = self.domain.enter();
        let mut made = None;
        let dispose = |made: &mut Option<Word>| {
            if let Some(made) = made.take() {
                // SAFETY: made below, and not published.
                unsafe { self.core.memory.dispose(made) };
            }
        };
        let decision = |old: Option<&Entry<Key, Value>>| {
            dispose(&mut made);
            let Some(value) = decide(old.map(|entry| entry.value.0)) else {
                return Decision::Remove;
            };
            let value = Value::new(value);
            let new = self.core.memory.entry(Entry { key, value }, &section);
            let new = Word::new(Tag::Entry, new);
            made = Some(new);
            Decision::Put(new)
        };
        let changed = self.core.change(&section, key.0, decision, |_| {});
        match changed {
            Changed::Put(old, _) => old.map(|entry| entry.value.0),
            Changed::Removed(old) => {
                dispose(&mut made);
                old.map(|entry| entry.value.0)
            }
            Changed::Kept(_) => unreachable!("nothing is kept"),
        }
    }

    /// The first entry behind a key, or the last one before it; without a key, of all.
    pub(super) fn nearest(
        &self,
        side: Side,
        key: Option<&'static [u8]>,
    ) -> Option<(&'static [u8], u32)> {
        let section = self.domain.enter();
        let cut = key.map(|key| Cut { key, is_in: false });
        self.core.nearest(&section, side, cut).map(both)
    }

    pub(super) fn pop(&self, side: Side) -> Option<(&'static [u8], u32)> {
        self.core.pop(&self.domain.enter(), side).map(both)
    }

    pub(super) fn cut(&self, prefix: &[u8]) -> u32 {
        self.core.cut(&self.domain.enter(), prefix) as u32
    }

    pub(super) fn longest(&self, key: &[u8]) -> Option<(&'static [u8], u32)> {
        let section = self.domain.enter();
        let found = self.core.matches_at_once(&section, key);
        found.last().copied().map(both)
    }

    /// As by a thread that stops before it looks after nodes.
    pub(super) fn remove_and_stop(&self, key: Key) {
        let section = self.domain.enter();
        let mut path = Path::new();
        let found = self.core.find(&section, key.0, &mut path);
        assert!(matches!(found, End::Found(_)));
        assert!(self.core.install(&path, stamp::empty(), &section));
        let step = path.last().expect("the entry's slot");
        // SAFETY: taken out just now.
        unsafe { self.core.memory.retire(step.word) };
        self.core.count.add(-1);
    }

    pub(super) fn check(&self) {
        self.core.check(&self.domain.enter());
    }

    /// Nothing is left of it.
    pub(super) fn end(self) {
        let Map { core, domain } = self;
        drop(core);
        domain.check_empty();
        assert_eq!(LIVE.load(Ordering::Relaxed), 0, "values are dropped once");
    }
}
