//! Guards of `RadixMap`: what they protect, where they may go, and that those of another domain are refused.

use std::cell::Cell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::rc::Rc;

use structures::radix_map::{
    Ancestors, Cursor, Drain, IntoIter, Iter, Keys, Prefix, Range, Values,
};
use structures::testing::Subject;
use structures::testing::payload::{Counted, Value};
use structures::testing::sorted::{Key, Radix as Sorted};
use structures::{
    Guard, LocalGuard, OwnedGuard, RadixKey, RadixMap, RadixMapRef, RadixSet, Smr, radix_set,
};

/// A key that must not be asked.
struct Unasked;

impl RadixKey for Unasked {
    type Bytes<'k> = [u8; 0];

    fn key_bytes(&self) -> [u8; 0] {
        unreachable!("asked under a wrong guard")
    }
}

/// The map's own methods that take a guard; those of all ordered maps are in `tests/ordered_maps`.
fn all_are_refused(map: &RadixMap<String, u64>, guard: &impl Guard) {
    let calls: &mut [(&str, &mut dyn FnMut())] = &mut [
        ("prefix", &mut || _ = map.prefix(&Unasked, guard)),
        ("remove_prefix", &mut || {
            _ = map.remove_prefix(&Unasked, guard)
        }),
        ("longest_match", &mut || {
            _ = map.longest_match(&Unasked, guard)
        }),
        ("longest_match_strict", &mut || {
            _ = map.longest_match_strict(&Unasked, guard)
        }),
        ("ancestors", &mut || _ = map.ancestors(&Unasked, guard)),
    ];
    for (name, call) in calls {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err(name);
        let message = panic.downcast_ref::<&str>().map(ToString::to_string);
        let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
        let message = message.expect("a message");
        assert!(
            message.starts_with("this guard is of another domain"),
            "{name}: {message}"
        );
    }
}

#[test]
fn guards_of_other_domains_are_refused() {
    for own in [Smr::global().clone(), Smr::new()] {
        for entries in [0, 1] {
            let mut map = RadixMap::new_in(&own);
            map.extend([("one".to_string(), 1)].into_iter().take(entries));
            let others = [Smr::new(), Smr::global().clone()];
            for other in others.iter().filter(|other| !other.is_same(&own)) {
                all_are_refused(&map, &other.enter());
                all_are_refused(&map, &other.enter_owned());
            }
            map.check();
            assert_eq!(map.len(), entries);
            // Its own are not, wherever they come from.
            let one = "one".to_string();
            let found = (entries == 1).then_some((&one, &1));
            assert_eq!(map.prefix("o", &own.enter()).next(), found);
            assert_eq!(map.ancestors("ones", &own.enter_owned()).next(), found);
            assert_eq!(map.longest_match("ones", &own.enter()), found);
            assert_eq!(map.longest_match_strict("ones", &own.enter()), found);
            assert_eq!(map.remove_prefix("", &own.enter_owned()), entries);
        }
    }
}

/// What was returned stays good as long as the guard, whatever happens to the entry.
#[test]
fn references_stay_good_as_long_as_their_guard() {
    fn run<K: Key + RadixKey>() {
        let mut all = Sorted::<K>::new();
        (0..200).for_each(|n| _ = all.map().pin().insert(all.key(n), all.value(n)));
        {
            let map = all.map().pin();
            let entries: Vec<_> = map.iter().collect();
            let values: Vec<_> = (0..200).map(|n| map.get(&all.key(n)).unwrap()).collect();
            let own = all.key(7);
            let longest = map.longest_match(&own).unwrap();
            let strict = map.longest_match_strict(&own).unwrap();
            let ancestors = map.ancestors(&own);
            let mut prefix = map.prefix("");
            let met: Vec<_> = prefix.by_ref().take(50).collect();
            let mut cursor = map.cursor();
            cursor.seek(&all.key(100));
            let replaced: Vec<_> = (0..200)
                .map(|n| map.insert(all.key(n), all.value(n + 1_000)).unwrap())
                .collect();
            let popped = [map.pop_first().unwrap(), map.pop_last().unwrap()];
            assert_eq!(map.remove_prefix(&all.key(3)), 1);
            assert_eq!(map.remove_prefix(""), 197);
            std::thread::scope(|s| {
                s.spawn(|| {
                    for n in 0..2_000 {
                        all.map().pin().insert(all.key(n % 300), all.value(n));
                    }
                    all.map().pin().remove_prefix("");
                    all.map().flush();
                });
            });
            for n in 0..200 {
                assert_eq!(values[n as usize].number(), n);
                assert!(std::ptr::eq(values[n as usize], replaced[n as usize]));
            }
            let is_whole = |(k, v): &(&K, &K::Value)| k.number() == v.number() % 1_000;
            assert!(entries.iter().chain(&met).chain(&popped).all(is_whole));
            assert!(
                [longest, strict]
                    .iter()
                    .all(|e| is_whole(e) && e.0.number() == 7)
            );
            assert!(ancestors.map(|e| e.0.number()).eq([7]));
            assert!(prefix.all(|e| is_whole(&e)));
            assert!(cursor.next().is_none() && cursor.prev().is_none());
        }
        all.check();
        assert!(all.map().is_empty());
    }
    run::<u64>();
    run::<String>();
    run::<Vec<u8>>();
    run::<Counted>();
}

#[test]
fn guards_nest_and_are_shared_by_maps_of_a_domain() {
    let smr = Smr::new();
    let maps: [RadixMap<u32, String>; 3] = std::array::from_fn(|_| RadixMap::new_in(&smr));
    let guard = smr.enter();
    for (n, map) in maps.iter().enumerate() {
        let inner = map.pin();
        inner.insert(1, n.to_string());
    }
    let found = [0, 1, 2].map(|n: usize| maps[n].prefix(&0u8, &guard).next().unwrap().1);
    maps.iter()
        .for_each(|map| assert_eq!(map.pin().remove_prefix(""), 1));
    assert_eq!(found, ["0", "1", "2"]);
    assert!(maps[0].flush() >= 1, "the outer guard protects it");
    drop(guard);
    assert_eq!(maps[0].flush(), 0);
}

#[test]
fn a_repinned_handle_lets_go() {
    let mut all = Sorted::<Counted>::new();
    let mut map = all.map().pin();
    for n in 0..100 {
        map.insert(all.key(n), all.value(n));
        map.remove_prefix("");
        map.repin();
    }
    // A flush numbers what was retired; sections from then on do not hold it back.
    all.map().flush();
    map.repin();
    assert_eq!(all.map().flush(), 0);
    drop(map);
    let mut map = all.map().pin_owned();
    map.insert(all.key(1), all.value(1));
    assert_eq!(map.remove_prefix(&1u64), 1);
    assert!(all.map().flush() >= 1);
    map.repin_owned();
    assert_eq!((all.map().flush(), map.map().len()), (0, 0));
    drop(map);
    all.check();
}

/// A handle is made on one thread, used on a second, and dropped on a third; what it has found goes along.
#[test]
fn owned_handles_change_threads() {
    fn run<K: Key + RadixKey>() {
        let mut all = Sorted::<K>::new();
        (0..150).for_each(|n| _ = all.map().pin().insert(all.key(n), all.value(n)));
        {
            let all = &all;
            let (map, own) = (all.map().pin_owned(), all.key(7));
            std::thread::scope(|s| {
                let find = || map.longest_match(&own).unwrap().1;
                let found = s.spawn(find).join().unwrap();
                let insert = || all.map().pin().insert(all.key(7), all.value(70)).is_some();
                assert!(s.spawn(insert).join().unwrap());
                assert_eq!(found.number(), 7);
                // Iterators and cursors go on where another thread has left them.
                let mut prefix = map.prefix("");
                let mut seen: Vec<_> = prefix.by_ref().take(70).map(|e| e.0.number()).collect();
                seen.extend(prefix.by_ref().rev().take(30).map(|e| e.0.number()));
                let rest = s.spawn(move || prefix.map(|e| e.0.number()).collect::<Vec<_>>());
                seen.extend(rest.join().unwrap());
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..150));
                let mut ancestors = map.ancestors(&own);
                let last = s.spawn(move || ancestors.next_back().map(|e| e.1.number()));
                assert_eq!(last.join().unwrap(), Some(70));
                let mut cursor = map.cursor();
                cursor.seek(&all.key(75));
                let next = s.spawn(move || cursor.next().map(|e| e.0.number()));
                assert_eq!(next.join().unwrap(), Some(75));
                let mut drain = map.drain();
                assert!(drain.next().is_some());
                let rest = s.spawn(move || assert_eq!(drain.count(), 149));
                rest.join().unwrap();
            });
            assert!(all.map().is_empty());
            std::thread::scope(|s| s.spawn(move || drop(map)).join().unwrap());
        }
        all.check();
    }
    run::<u64>();
    run::<String>();
    run::<Vec<u8>>();
    run::<Counted>();
}

/// A thread that holds a reference stops nobody, itself included.
#[test]
fn nobody_waits_for_a_held_reference() {
    let map: RadixMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
    let held = map.pin();
    let reference = held.get(&1).unwrap();
    let (prefix, mut cursor) = (held.prefix(""), held.cursor());
    cursor.seek(&50);
    for n in 0..5_000 {
        held.insert(n % 1_500, n + 1);
        held.remove(&((n + 1) % 1_500));
    }
    held.clear();
    std::thread::scope(|s| {
        s.spawn(|| {
            for n in 0..5_000 {
                map.pin().insert(n % 1_500, n);
            }
            map.pin().remove_prefix("");
        });
    });
    assert_eq!((*reference, prefix.count(), cursor.next()), (1, 0, None));
}

/// Does not compile if the type has the trait: then `some` is that of two.
macro_rules! is_not {
    ($trait:ident: $($type:ty),+ $(,)?) => {$({
        trait Ambiguous<Of> {
            fn some() {}
        }
        struct WithIt;
        impl<T: ?Sized> Ambiguous<()> for T {}
        impl<T: ?Sized + $trait> Ambiguous<WithIt> for T {}
        <$type as Ambiguous<_>>::some();
    })+};
}

/// What crosses threads and what does not, decided at compile time.
#[test]
fn what_may_be_sent_and_shared() {
    fn send<T: Send>() {}
    fn both<T: Send + Sync>() {}
    send::<RadixMap<String, Cell<u8>>>();
    both::<RadixMap<String, Vec<u8>>>();
    both::<RadixMapRef<'_, String, u8, OwnedGuard>>();
    both::<Iter<'_, String, u8, OwnedGuard>>();
    both::<Keys<'_, String, u8, OwnedGuard>>();
    both::<Values<'_, String, u8, OwnedGuard>>();
    both::<Range<'_, String, u8, OwnedGuard, str, std::ops::RangeFull>>();
    both::<Prefix<'_, String, u8, OwnedGuard>>();
    both::<Ancestors<'_, String, u8>>();
    both::<Drain<'_, String, u8, OwnedGuard>>();
    both::<Cursor<'_, String, u8, OwnedGuard>>();
    send::<IntoIter<String, Cell<u8>>>();
    both::<IntoIter<String, u8>>();
    both::<RadixSet<String>>();
    both::<radix_set::RadixSetRef<'_, String, OwnedGuard>>();
    both::<radix_set::Range<'_, u64, OwnedGuard, u64, std::ops::RangeFull>>();
    is_not!(Send: RadixMap<Rc<str>, u8>, RadixMap<u8, Rc<u8>>, IntoIter<u8, Rc<u8>>);
    is_not!(Sync: RadixMap<u8, Cell<u8>>, RadixMap<Rc<str>, u8>, IntoIter<u8, Cell<u8>>);
    // What borrows from a map that may not be shared, and what has a guard of one thread.
    is_not!(Send: Prefix<'static, u8, Cell<u8>, OwnedGuard>, Ancestors<'static, u8, Cell<u8>>);
    is_not!(Sync: Prefix<'static, u8, Cell<u8>, OwnedGuard>, Ancestors<'static, u8, Cell<u8>>);
    is_not!(Send: RadixMapRef<'static, u8, u8, LocalGuard<'static>>);
    is_not!(Send: Prefix<'static, u8, u8, LocalGuard<'static>>);
    is_not!(Send: Cursor<'static, u8, u8, LocalGuard<'static>>);
    fn panics_pass<T: UnwindSafe + RefUnwindSafe + Debug>() {}
    panics_pass::<RadixMap<String, u8>>();
    panics_pass::<RadixSet<String>>();
}
