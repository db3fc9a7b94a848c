//! The table of nodes, whose values count themselves.

use structures::testing::maps::Boxed;
use structures::testing::payload::Counted;
use structures::testing::{Call, Op, Session, Subject};
use structures::{Compute, Operation};

use super::{Target, Whole};

impl<const KEPT: u64> Target for Boxed<KEPT> {
    fn call(&self, call: Call, way: u8) -> Option<u64> {
        let Call { key, op } = call;
        let map = self.map().pin();
        let item = |n| self.value(n);
        let more = |by: u64| move |v: &Counted| item(v.number().wrapping_add(by));
        let found = match (op, way) {
            (Op::Get, 1) => map.get_key_value(&key).map(|(_, v)| v),
            (Op::Get, 2) => map.entry(key).get(),
            (Op::Get, 3) => {
                let mut found = [None];
                map.get_many(&[key], &mut found);
                found[0]
            }
            (Op::Get, 4) => map.iter().find(|(k, _)| **k == key).map(|(_, v)| v),
            (Op::Insert(n), 1) => match map.compute(key, |_| insert::<()>(item(n))) {
                Compute::Updated { old, .. } => Some(old.1),
                _ => None,
            },
            (Op::TryInsert(n), 1) => map.try_insert_with(key, || item(n)).err(),
            (Op::TryInsert(n), 2..=5) => {
                let before = map.get(&key);
                let now = match way {
                    2 => map.get_or_insert(key, item(n)),
                    3 => map.get_or_insert_with(key, || item(n)),
                    4 => map.entry(key).or_insert(item(n)),
                    _ => map.entry(key).or_insert_with_key(|_| item(n)),
                };
                assert_eq!(now.number(), before.map_or(n, Counted::number));
                before
            }
            (Op::TryInsert(n), 6) => match map.compute(key, |old| match old {
                None => insert(item(n)),
                Some((_, old)) => Operation::Abort(old),
            }) {
                Compute::Aborted(old) => Some(old),
                _ => None,
            },
            (Op::Update(by), 1) => map.entry(key).and_modify(more(by)).or_nothing(),
            (Op::Update(by), 2) => match map.compute(key, |old| match old {
                None => Operation::Abort(()),
                Some((_, old)) => Operation::Insert(more(by)(old)),
            }) {
                Compute::Updated { new, .. } => Some(new.1),
                _ => None,
            },
            (Op::Upsert(by), 1) => Some(map.update_or_insert(key, more(by), item(by))),
            (Op::Upsert(by), 2) => {
                let entry = map.entry(key).and_modify(more(by));
                Some(entry.or_insert_with(|| item(by)))
            }
            (Op::Upsert(by), 3) => {
                let now = map.compute(key, |old| {
                    insert::<()>(old.map_or_else(|| item(by), |(_, old)| more(by)(old)))
                });
                match now {
                    Compute::Inserted(_, new) => Some(new),
                    Compute::Updated { new, .. } => Some(new.1),
                    other => panic!("it was told to insert: {other:?}"),
                }
            }
            (Op::Remove, 1) => map.remove_entry(&key).map(|(_, v)| v),
            (Op::Remove, 2) => map.entry(key).remove().map(|(_, v)| v),
            (Op::Remove, 3) => map
                .remove_if(&key, |_, _| true)
                .unwrap_or(None)
                .map(|(_, v)| v),
            (Op::Remove | Op::RemoveIfEven, 4) => match map.compute(key, |old| match old {
                Some((_, v)) if op == Op::Remove || v.number().is_multiple_of(2) => {
                    Operation::Remove
                }
                _ => Operation::Abort(()),
            }) {
                Compute::Removed(_, old) => Some(old),
                _ => None,
            },
            _ => return self.session().apply(call),
        };
        found.map(Counted::number)
    }

    fn whole(&mut self, whole: Whole) {
        if let Whole::Shrink(least) = whole {
            return self.map().shrink_to(least);
        }
        let map = self.map().pin();
        match whole {
            Whole::Clear => map.clear(),
            Whole::Retain(_) => map.retain(|&key, value| whole.keeps(key, value.number())),
            Whole::Drain => {
                let (before, drained) = (map.len(), map.drain().count());
                assert_eq!(drained, before);
            }
            Whole::Reserve(more) => map.reserve(more),
            Whole::Shrink(_) => {} // not under a guard
        }
    }
}

fn insert<T>(value: Counted) -> Operation<Counted, T> {
    Operation::Insert(value)
}
