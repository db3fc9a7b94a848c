//! The maps of this crate as subjects.

use std::hash::{BuildHasher, Hasher};

use super::payload::{Counted, Tally};
use super::spec::{Call, Op};
use super::subject::{Session, Subject};
use crate::Smr;
use crate::hash_map::{HashMap, InlineHashMap};

/// FNV-1a, of which `KEPT` different results are kept, if not 0: then lists are long, and splits part
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct Hash<const KEPT: u64>(u64);

impl<const KEPT: u64> Default for Hash<KEPT> {
    fn default() -> Self {
        Hash(0xCBF2_9CE4_8422_2325)
    }
}

impl<const KEPT: u64> BuildHasher for Hash<KEPT> {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        *self
    }
}

impl<const KEPT: u64> Hasher for Hash<KEPT> {
    fn finish(&self) -> u64 {
        self.0.checked_rem(KEPT).unwrap_or(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
        }
    }
}

/// A table of plain pairs.
#[derive(Debug, Default)]
pub struct Inline<const KEPT: u64>(pub InlineHashMap<u64, u64, Hash<KEPT>>);

/// In use by a thread.
#[derive(Debug)]
pub struct InlineInUse<'s, const KEPT: u64>(&'s InlineHashMap<u64, u64, Hash<KEPT>>);

impl<const KEPT: u64> Subject for Inline<KEPT> {
    const NAME: &'static str = if KEPT == 0 {
        "InlineHashMap"
    } else {
        "InlineHashMap, few hashes"
    };

    type Session<'s> = InlineInUse<'s, KEPT>;

    fn new() -> Self {
        Self::default()
    }

    fn session(&self) -> InlineInUse<'_, KEPT> {
        InlineInUse(&self.0)
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        self.0.iter().collect()
    }

    fn check(&mut self) {
        self.0.check();
    }
}

impl<const KEPT: u64> Session for InlineInUse<'_, KEPT> {
    fn apply(&mut self, Call { key, op }: Call) -> Option<u64> {
        let map = self.0;
        match op {
            Op::Get => map.get(&key),
            Op::Insert(value) => map.insert(key, value),
            Op::TryInsert(value) => map.try_insert(key, value).err(),
            Op::Update(more) => map.update(key, |v| v.wrapping_add(more)),
            Op::Upsert(more) => Some(map.update_or_insert(key, |v| v.wrapping_add(more), more)),
            Op::Remove => map.remove(&key),
            Op::RemoveIfEven => map.remove_if(&key, |_, v| v % 2 == 0).unwrap_or(None),
        }
    }
}

/// A table of nodes, in a domain of its own, whose values count themselves.
#[derive(Debug)]
pub struct Boxed<const KEPT: u64> {
    map: Option<HashMap<u64, Counted, Hash<KEPT>>>,
    values: Tally,
}

/// In use by a thread.
#[derive(Debug)]
pub struct BoxedInUse<'s, const KEPT: u64>(&'s Boxed<KEPT>);

impl<const KEPT: u64> Boxed<KEPT> {
    /// The map.
    ///
    /// # Panics
    /// While it is dropped.
    #[must_use]
    pub fn map(&self) -> &HashMap<u64, Counted, Hash<KEPT>> {
        self.map.as_ref().expect("it is there until the end")
    }

    /// A value for it, that counts itself.
    #[must_use]
    pub fn value(&self, number: u64) -> Counted {
        self.values.item(number)
    }
}

impl<const KEPT: u64> Subject for Boxed<KEPT> {
    const NAME: &'static str = if KEPT == 0 {
        "HashMap"
    } else {
        "HashMap, few hashes"
    };

    type Session<'s> = BoxedInUse<'s, KEPT>;

    fn new() -> Self {
        let map = HashMap::with_hasher_in(Hash::default(), &Smr::new());
        Boxed {
            map: Some(map),
            values: Tally::default(),
        }
    }

    fn session(&self) -> BoxedInUse<'_, KEPT> {
        BoxedInUse(self)
    }

    fn count(&self) -> usize {
        self.map().len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        let map = self.map().pin();
        map.iter().map(|(&k, v)| (k, v.number())).collect()
    }

    fn check(&mut self) {
        let map = self.map.as_mut().expect("it is there until the end");
        map.check();
        assert_eq!(map.flush(), 0, "no section is open");
        assert_eq!(self.values.alive(), map.len(), "all others are dropped");
    }
}

impl<const KEPT: u64> Drop for Boxed<KEPT> {
    fn drop(&mut self) {
        drop(self.map.take());
        if !std::thread::panicking() {
            assert_eq!(self.values.alive(), 0, "the map has dropped its values");
        }
    }
}

impl<const KEPT: u64> Session for BoxedInUse<'_, KEPT> {
    fn apply(&mut self, Call { key, op }: Call) -> Option<u64> {
        let map = self.0.map().pin();
        let item = |n| self.0.value(n);
        let more = |by: u64| move |v: &Counted| item(v.number().wrapping_add(by));
        let found = match op {
            Op::Get => map.get(&key),
            Op::Insert(value) => map.insert(key, item(value)),
            Op::TryInsert(value) => {
                let inserted = map.try_insert(key, item(value));
                inserted.err().map(|error| error.current)
            }
            Op::Update(by) => map.update(key, more(by)),
            Op::Upsert(by) => Some(map.update_or_insert_with(key, more(by), || item(by))),
            Op::Remove => map.remove(&key),
            Op::RemoveIfEven => {
                let removed = map.remove_if(&key, |_, v| v.number().is_multiple_of(2));
                removed.unwrap_or(None).map(|(_, v)| v)
            }
        };
        found.map(Counted::number)
    }
}

/// A table of nodes that is never left alone: it shrinks before every other operation, and grows before those
/// between.
#[derive(Debug)]
pub struct Restless(Boxed<0>);

/// In use by a thread.
#[derive(Debug)]
pub struct RestlessInUse<'s> {
    map: &'s Boxed<0>,
    calls: usize,
}

impl Subject for Restless {
    const NAME: &'static str = "HashMap, restless";

    type Session<'s> = RestlessInUse<'s>;

    fn new() -> Self {
        Restless(Boxed::new())
    }

    fn session(&self) -> RestlessInUse<'_> {
        let map = &self.0;
        RestlessInUse { map, calls: 0 }
    }

    fn count(&self) -> usize {
        self.0.count()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        self.0.entries()
    }

    fn check(&mut self) {
        self.0.check();
    }
}

impl Session for RestlessInUse<'_> {
    fn apply(&mut self, call: Call) -> Option<u64> {
        self.calls += 1;
        if self.calls.is_multiple_of(2) {
            self.map.map().shrink_to_fit();
        } else {
            self.map.map().pin().reserve(40);
        }
        self.map.session().apply(call)
    }
}
