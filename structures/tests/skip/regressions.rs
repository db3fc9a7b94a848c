//! Bugs that other ordered maps had, which `SkipMap` must not have: one test each, named after what must hold. Those
//! that one thread can show.
//!
//! Orders that lie and panic (crossbeam-rs/rfcs#27) are in `hostile` and `panics`; what may be sent and shared is in
//! `guards`, and what does not compile in the crate's `compile_fail`.

use std::cell::Cell;
use std::ops::Bound::{Excluded, Included};
use std::rc::Rc;

use structures::testing::balanced::{Key, Ordered, panics};
use structures::testing::payload::{Counted, Tally};
use structures::{SkipMap, SkipSet, Smr};

fn map(keys: impl IntoIterator<Item = u64>) -> SkipMap<u64, u64> {
    let map = SkipMap::builder().domain(&Smr::new()).build();
    keys.into_iter()
        .for_each(|key| _ = map.pin().insert(key, key));
    map
}

/// crossbeam#1023: a key that was replaced was not there for a moment, or twice; and what a lookup had found a
/// neighbour's search had not.
#[test]
fn a_replaced_key_is_there_once() {
    for entries in [1, 30, 31, 1_000] {
        let mut map = map(0..entries);
        let pinned = map.pin();
        let mut met = pinned.iter();
        for round in 1..5 {
            for key in 0..entries {
                assert_eq!(pinned.insert(key, key + round), Some(&(key + round - 1)));
                assert_eq!(pinned.get(&key), Some(&(key + round)));
                let found = Some((&key, &(key + round)));
                assert_eq!(pinned.upper_bound(Included(&key)), found);
                assert_eq!(pinned.lower_bound(Included(&key)), found);
                assert_eq!(pinned.range(key..=key).next_back(), found);
            }
            assert!(pinned.keys().copied().eq(0..entries) && pinned.len() as u64 == entries);
            assert!(pinned.keys().rev().copied().eq((0..entries).rev()));
            assert!(met.next().is_none_or(|(key, _)| *key == round - 1));
        }
        assert!(met.map(|(key, _)| *key).eq(4.min(entries)..entries));
        drop(pinned);
        map.check();
    }
}

/// oxcaml#6489: insertions, removals and insertions of a key left a link to what was gone.
#[test]
fn a_key_that_comes_and_goes_leaves_nothing_behind() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(200);
        for round in 0..30 {
            // Where chunks begin, on all levels.
            for key in (0..200).filter(|key| (key + round) % 30 < 4) {
                all.map().pin().remove(&all.key(key));
                all.map().pin().insert(all.key(key), all.value(key));
                all.map().pin().remove(&all.key(key));
                all.map().flush();
                assert!(all.map().pin().get(&all.key(key)).is_none());
                let above = |map: &SkipMap<K, Counted>| {
                    let map = map.pin();
                    map.lower_bound(Included(&all.key(key)))
                        .map(|(k, v)| (k.number(), v.number()))
                };
                assert_eq!(above(all.map()), (key < 199).then_some((key + 1, key + 1)));
                all.map().pin().insert(all.key(key), all.value(key));
            }
            all.balances();
        }
        assert_eq!(all.map().len(), 200);
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

/// A drop that panicked in `clear`, or `retain`, ended it half way, and leaked the rest.
#[test]
fn a_drop_that_panics_does_not_end_clear_or_retain() {
    struct Loud(Counted, Rc<Cell<bool>>);
    impl Drop for Loud {
        fn drop(&mut self) {
            let is_loud = self.1.get() && self.0.number().is_multiple_of(3);
            if is_loud && !std::thread::panicking() {
                std::panic::panic_any("on purpose");
            }
        }
    }
    for retains in [false, true] {
        let tally = Tally::default();
        let is_loud = Rc::new(Cell::new(true));
        let map = SkipMap::builder().domain(&Smr::new()).build();
        for n in 0..300 {
            map.pin()
                .insert((n, ()), Loud(tally.item(n), is_loud.clone()));
        }
        let removed = panics(|| match retains {
            true => map.pin().retain(|_, loud| loud.0.number() % 2 == 1),
            false => map.pin().clear(),
        });
        assert!(!removed, "drops of retired values are not ours");
        let left = if retains { 150 } else { 0 };
        assert_eq!((map.len(), map.pin().iter().count()), (left, left));
        while panics(|| map.flush()) {}
        assert_eq!(tally.alive(), left);
        is_loud.set(false);
        drop(map);
        assert_eq!(tally.alive(), 0);
    }
}

/// crossbeam#1178: a range held references that it did not give back. crossbeam#1127: what was removed was dropped
/// nobody knew when.
#[test]
fn what_is_removed_is_dropped_by_the_next_flush() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(300);
        {
            let map = all.map().pin();
            let mut range = map.range(all.key(10)..all.key(20));
            assert!(range.next().is_some() && range.next_back().is_some());
            let abandoned = (map.range(all.key(250)..), map.iter().rev(), map.cursor());
            assert!(map.remove(&all.key(10)).is_some() && map.remove(&all.key(15)).is_some());
            drop(abandoned);
            let seen = range.map(|(key, _)| key.number()).collect::<Vec<_>>();
            assert!(seen.is_sorted() && seen.contains(&14));
        }
        all.balances();
        assert_eq!(all.map().len(), 298);
        // One after the other, with nothing else that would have to happen.
        while all.map().pin().pop_first().is_some() {
            assert_eq!(all.map().flush(), 0);
            assert_eq!(all.values.alive(), all.map().len());
        }
        assert_eq!(all.alive().1, 0);
        all.balances();
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

/// crossbeam#672, crossbeam#735: who lost the race for a removal, or for the first entry, leaked it. Here the
/// closures are the others.
#[test]
fn an_entry_that_two_remove_is_dropped_once() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(100);
        {
            let map = all.map().pin();
            for key in 0..50 {
                let removed =
                    map.remove_if(&all.key(key), |_, _| map.remove(&all.key(key)).is_some());
                assert!(matches!(removed, Ok(None)));
                let others = || map.pop_first().map(|(key, _)| key.number());
                let first = map.first_key_value().unwrap().0.number();
                if first == 50 + key {
                    map.retain(|k, _| k.number() != first || others() != Some(first));
                }
            }
            assert!((map.drain().zip(0..20)).all(|((key, _), _)| map.remove(key).is_none()));
        }
        all.balances();
        all.map().pin().clear();
        all.balances();
        assert!(all.map().is_empty());
    }
    run::<u64>();
    run::<Counted>();
}

/// crossbeam#737, crossbeam#1142: an iterator that had come to its end went on when something was inserted.
#[test]
fn an_exhausted_iterator_stays_so() {
    for entries in [0, 1, 30, 100] {
        let map = map((0..entries).map(|n| n + 100));
        let pinned = map.pin();
        let (mut iter, mut back) = (pinned.iter(), pinned.iter());
        let (mut range, mut range_back) = (pinned.range(50..150), pinned.range(50..150));
        let (mut mixed, mut keys, mut values) = (pinned.iter(), pinned.keys(), pinned.values());
        let set: SkipSet<u64> = pinned.keys().copied().collect();
        let set = set.pin();
        let mut of_set = set.range(50..150);
        assert_eq!(
            iter.by_ref().count() + back.by_ref().rev().count(),
            2 * entries as usize
        );
        assert_eq!(range.by_ref().count(), range_back.by_ref().rev().count());
        while mixed.next().is_some() && mixed.next_back().is_some() {}
        assert_eq!(keys.by_ref().count(), values.by_ref().rev().count());
        of_set.by_ref().for_each(drop);
        let mut drain = map_of(entries);
        let drained = drain.pin();
        let mut drains = drained.drain();
        drains.by_ref().for_each(drop);
        for n in (0..300).rev() {
            pinned.insert(n, n);
            set.insert(n);
            drained.insert(n, n);
            for other in [&mut iter, &mut back, &mut mixed] {
                assert!(other.next().is_none() && other.next_back().is_none());
            }
            for other in [&mut range, &mut range_back] {
                assert!(other.next_back().is_none() && other.next().is_none());
            }
            assert!(keys.next_back().is_none() && values.next().is_none());
            assert!(of_set.next().is_none() && of_set.next_back().is_none());
            assert!(drains.next().is_none() && drains.next_back().is_none());
        }
        drop(drained);
        drain.check();
    }
}

fn map_of(entries: u64) -> SkipMap<u64, u64> {
    map(0..entries)
}

/// crossbeam#741: the last of a range was looked for without regard to where the range ends, or to its other end.
#[test]
fn ranges_keep_to_their_bounds_from_behind() {
    let map = map((0..1_000).map(|n| 10 * n));
    let map = map.pin();
    for (from, to) in [
        (0, 0),
        (5, 9),
        (95, 105),
        (300, 301),
        (2_995, 3_615),
        (9_990, 20_000),
    ] {
        let mut range = map.range(from..to);
        let mut found = Vec::new();
        while let Some((key, _)) = range.next_back() {
            found.insert(0, *key);
        }
        assert!(
            found.into_iter().eq((0..1_000)
                .map(|n| 10 * n)
                .filter(|n| (from..to).contains(n)))
        );
        assert_eq!(range.next(), None);
        // What comes behind the bounds, or has been met, is not met.
        let mut range = map.range(from..to);
        let last = range.next_back().map(|(key, _)| *key);
        map.insert(to + 1, 0);
        map.insert(last.unwrap_or(from) + 1, 0);
        assert!(
            range
                .next_back()
                .is_none_or(|(key, _)| Some(*key) < last && *key >= from)
        );
        map.remove(&(to + 1));
        map.remove(&(last.unwrap_or(from) + 1));
    }
    let both = (Excluded(10), Excluded(20));
    assert_eq!(
        (map.range(both).next(), map.range(both).next_back()),
        (None, None)
    );
}

/// scc#115: a range that begins below the first key, or above the last, was empty, or had all.
#[test]
fn ranges_may_begin_below_the_first_key_or_above_the_last() {
    for entries in [1, 29, 30, 31, 61, 1_000] {
        let map = map((0..entries).map(|n| n + 1_000));
        let map = map.pin();
        let last = 999 + entries;
        assert_eq!(map.range(0..).count() as u64, entries);
        assert_eq!(map.range(..u64::MAX).rev().count() as u64, entries);
        assert_eq!(map.range(0..1_001).next_back(), Some((&1_000, &1_000)));
        assert_eq!(
            map.range(..1_000).count() + map.range(last + 1..).rev().count(),
            0
        );
        assert_eq!(map.range(last..u64::MAX).next(), Some((&last, &last)));
        assert_eq!(map.range((Excluded(last), Included(u64::MAX))).next(), None);
        assert_eq!(map.lower_bound(Included(&0)), map.first_key_value());
        assert_eq!(map.upper_bound(Included(&u64::MAX)), map.last_key_value());
        assert_eq!(
            map.lower_bound(Excluded(&last)),
            map.upper_bound(Excluded(&1_000))
        );
    }
}

/// scc#22: a removal was lost, or a scan ended, where chunks were merged.
#[test]
fn scans_and_removals_meet_everything_while_chunks_merge() {
    for step in [2, 7, 29, 31] {
        let mut map = map(0..2_000);
        let pinned = map.pin();
        let mut met = Vec::new();
        // Before it, behind it, and where it is.
        for (key, _) in pinned.iter() {
            met.push(*key);
            for other in [key / 2, *key, key + 1, (key + 2_000) / 2, 1_999 - key / 3] {
                if other % step != 0 {
                    pinned.remove(&other);
                    assert_eq!(pinned.get(&other), None);
                }
            }
        }
        assert!(met.is_sorted_by(|a, b| a < b));
        let kept = |key: &u64| key.is_multiple_of(step);
        assert!(met.into_iter().filter(kept).eq((0..2_000).filter(kept)));
        assert!(
            pinned
                .iter()
                .rev()
                .filter(|e| kept(e.0))
                .map(|e| *e.0)
                .eq((0..2_000).rev().filter(kept))
        );
        drop(pinned);
        map.check();
    }
}
