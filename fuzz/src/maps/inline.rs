//! The table of plain pairs.

use structures::testing::maps::Inline;
use structures::testing::{Call, Op, Session, Subject};

use super::{Target, Whole};
use structures::hash_map::{Computed, Operation};

impl<const KEPT: u64> Target for Inline<KEPT> {
    fn call(&self, call: Call, way: u8) -> Option<u64> {
        let (map, Call { key, op }) = (&self.0, call);
        if way.is_multiple_of(2) {
            return self.session().apply(call);
        }
        match op {
            Op::Get => {
                let mut found = [None];
                map.get_many(&[key], &mut found);
                found[0]
            }
            Op::TryInsert(value) => {
                let before = map.get(&key);
                let now = map.get_or_insert_with(key, || value);
                assert_eq!(now, before.unwrap_or(value));
                before
            }
            Op::Remove => match map.compute(key, |old| match old {
                Some(_) => Operation::Remove,
                None => Operation::Abort(()),
            }) {
                Computed::Removed(old) => Some(old),
                _ => None,
            },
            Op::Insert(value) => match map.compute(key, |_| Operation::<_, ()>::Insert(value)) {
                Computed::Updated { old, .. } => Some(old),
                _ => None,
            },
            _ => self.session().apply(call),
        }
    }

    fn whole(&mut self, whole: Whole) {
        match whole {
            Whole::Clear => self.0.clear(),
            Whole::Drain => drop(self.0.drain().count()),
            Whole::Retain(_) => self.0.retain(|&key, value| whole.keeps(key, value)),
            Whole::Reserve(more) => self.0.reserve(more),
            Whole::Shrink(least) => self.0.shrink_to(least),
        }
    }
}
