//! Guards of ordered maps and sets.

use std::ops::Bound::{Included, Unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};

use structures::ordered::{Fresh, Lookup, Order, OrderedMap, OrderedSet};
use structures::radix_map::Radix;
use structures::skip_map::{Natural, Skip};
use structures::{Guard, Operation, RadixSet, SkipSet, Smr};

/// All methods that take a guard, none of which may do anything with this one.
fn all_are_refused<E>(
    map: &OrderedMap<String, u64, E>,
    set: &OrderedSet<u64, E>,
    guard: &impl Guard,
) where
    E: Order<String, u64> + Lookup<String, u64, str> + Order<u64, ()>,
{
    let one = || "one".to_string();
    let never = |_: &u64| -> u64 { unreachable!("asked under a wrong guard") };
    let bound = || Included("one");
    let range = || (Included("a"), Unbounded);
    let calls: &mut [(&str, &mut dyn FnMut())] = &mut [
        ("get", &mut || _ = map.get("one", guard)),
        ("get_key_value", &mut || _ = map.get_key_value("one", guard)),
        ("contains_key", &mut || _ = map.contains_key("one", guard)),
        ("insert", &mut || _ = map.insert(one(), 2, guard)),
        ("insert of another", &mut || {
            _ = map.insert("two".to_string(), 2, guard)
        }),
        ("try_insert", &mut || _ = map.try_insert(one(), 2, guard)),
        ("try_insert_with", &mut || {
            _ = map.try_insert_with("two".to_string(), || unreachable!(), guard);
        }),
        ("get_or_insert", &mut || {
            _ = map.get_or_insert("two".to_string(), 2, guard)
        }),
        ("get_or_insert_with", &mut || {
            _ = map.get_or_insert_with("two".to_string(), || unreachable!(), guard);
        }),
        ("update", &mut || _ = map.update(one(), never, guard)),
        ("update_or_insert", &mut || {
            _ = map.update_or_insert(one(), never, 2, guard)
        }),
        ("update_or_insert_with", &mut || {
            _ = map.update_or_insert_with("two".to_string(), never, || unreachable!(), guard);
        }),
        ("compute", &mut || {
            map.compute(one(), |_| -> Operation<u64, ()> { unreachable!() }, guard);
        }),
        ("remove", &mut || _ = map.remove("one", guard)),
        ("remove_entry", &mut || _ = map.remove_entry("one", guard)),
        ("remove_if", &mut || {
            _ = map.remove_if("one", |_, _| unreachable!(), guard)
        }),
        ("retain", &mut || map.retain(|_, _| unreachable!(), guard)),
        ("clear", &mut || map.clear(guard)),
        ("drain", &mut || _ = map.drain(guard)),
        ("iter", &mut || _ = map.iter(guard)),
        ("keys", &mut || _ = map.keys(guard)),
        ("values", &mut || _ = map.values(guard)),
        ("range", &mut || _ = map.range::<str, _, _>(range(), guard)),
        ("cursor", &mut || _ = map.cursor(guard)),
        ("first_key_value", &mut || _ = map.first_key_value(guard)),
        ("last_key_value", &mut || _ = map.last_key_value(guard)),
        ("pop_first", &mut || _ = map.pop_first(guard)),
        ("pop_last", &mut || _ = map.pop_last(guard)),
        ("lower_bound", &mut || _ = map.lower_bound(bound(), guard)),
        ("upper_bound", &mut || _ = map.upper_bound(bound(), guard)),
        ("set: get", &mut || _ = set.get(&1, guard)),
        ("set: contains", &mut || _ = set.contains(&1, guard)),
        ("set: insert", &mut || _ = set.insert(2, guard)),
        ("set: replace", &mut || _ = set.replace(1, guard)),
        ("set: remove", &mut || _ = set.remove(&1, guard)),
        ("set: take", &mut || _ = set.take(&1, guard)),
        ("set: retain", &mut || set.retain(|_| false, guard)),
        ("set: clear", &mut || set.clear(guard)),
        ("set: drain", &mut || _ = set.drain(guard)),
        ("set: iter", &mut || _ = set.iter(guard)),
        ("set: range", &mut || _ = set.range(..5, guard)),
        ("set: first", &mut || _ = set.first(guard)),
        ("set: last", &mut || _ = set.last(guard)),
        ("set: pop_first", &mut || _ = set.pop_first(guard)),
        ("set: pop_last", &mut || _ = set.pop_last(guard)),
        ("set: lower_bound", &mut || {
            _ = set.lower_bound(Included(&1), guard)
        }),
        ("set: upper_bound", &mut || {
            _ = set.upper_bound(Included(&1), guard)
        }),
    ];
    for (name, call) in calls {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err(name);
        let message = match panic.downcast_ref::<String>() {
            Some(message) => message,
            None => *panic.downcast_ref::<&str>().expect("a message"),
        };
        assert!(
            message.starts_with("this guard is of another domain"),
            "{name}: {message}"
        );
    }
}

fn are_refused<E>(set: impl Fn(&Smr) -> OrderedSet<u64, E>)
where
    E: Order<String, u64> + Fresh<String, u64> + Lookup<String, u64, str> + Order<u64, ()>,
{
    for own in [Smr::global().clone(), Smr::new()] {
        for entries in [0, 1] {
            let mut map: OrderedMap<String, u64, E> = E::fresh(&own);
            map.extend([("one".to_string(), 1)].into_iter().take(entries));
            let mut set = set(&own);
            set.extend([1].into_iter().take(entries));
            let others = [Smr::new(), Smr::global().clone()];
            for other in others.iter().filter(|other| !other.is_same(&own)) {
                all_are_refused(&map, &set, &other.enter());
                all_are_refused(&map, &set, &other.enter_owned());
            }
            map.check();
            set.check();
            assert_eq!((map.len(), set.len()), (entries, entries));
            // Its own are not, wherever they come from.
            let found = (entries == 1).then_some(&1);
            assert_eq!(map.get("one", &own.enter()), found);
            assert_eq!(map.get("one", &own.enter_owned()), found);
        }
    }
}

#[test]
fn guards_of_other_domains_are_refused() {
    are_refused::<Skip>(|smr| SkipSet::with_comparator_in(Natural, smr));
    are_refused::<Radix>(RadixSet::new_in);
}
