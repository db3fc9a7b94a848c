//! Ranges, iterators and cursors of `SkipMap` from both ends, alone and while the map changes: what they meet
//! is what std's `BTreeMap` has.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::RangeBounds;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::skip_map::{Cursor, Drain, IntoIter, Iter, Keys, Natural, Range, Values};
use structures::{Guard, SkipMap};

fn map(keys: impl IntoIterator<Item = u32>) -> SkipMap<u32, u32> {
    keys.into_iter().map(|key| (key, key + 1)).collect()
}

/// One that has come to be by single steps, so that chunks are not full.
fn scattered<K: Ord>(
    keys: impl IntoIterator<Item = K>,
    is_kept: impl Fn(&K) -> bool,
) -> SkipMap<K, ()> {
    let map = SkipMap::new();
    for key in keys {
        map.pin().insert(key, ());
    }
    map.pin().retain(|key, ()| is_kept(key));
    map
}

type Bounds<'k, K> = (Bound<&'k K>, Bound<&'k K>);

/// Whether std would have it: bounds that contradict each other it refuses.
fn is_proper<K: Ord>(range: Bounds<'_, K>) -> bool {
    match range {
        (Excluded(a), Excluded(b)) => a < b,
        (Included(a) | Excluded(a), Included(b) | Excluded(b)) => a <= b,
        _ => true,
    }
}

/// Takes from either end, as `ends` says bit by bit.
fn mixed<I: DoubleEndedIterator>(mut iter: I, ends: u64) -> (Vec<I::Item>, Vec<I::Item>) {
    let (mut front, mut back) = (Vec::new(), Vec::new());
    for bit in (0..64).cycle() {
        let (item, side) = match ends >> bit & 1 {
            0 => (iter.next(), &mut front),
            _ => (iter.next_back(), &mut back),
        };
        match item {
            Some(item) => side.push(item),
            None => break,
        }
    }
    assert!(iter.next().is_none() && iter.next_back().is_none(), "fused");
    (front, back)
}

/// All ranges between the keys, those that are in the map and others, whatever their bounds.
fn ranges_are_stds<K: Ord + Clone + Debug>(map: &SkipMap<K, ()>, probes: &[K]) {
    let std: BTreeMap<K, ()> = map.pin().keys().map(|key| (key.clone(), ())).collect();
    let guard = map.guard();
    let bounds = |key| [Included(key), Excluded(key)];
    let each = || probes.iter().flat_map(bounds).chain([Unbounded]);
    let mut ends = 0x0123_4567_89AB_CDEF_u64;
    for from in each() {
        for to in each() {
            let range = (from, to);
            ends = ends.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let expected: Vec<_> = match is_proper(range) {
                true => std.range::<K, _>(range).collect(),
                false => Vec::new(),
            };
            let found = map.range::<K, _, _>(range, &guard);
            assert!(found.clone().eq(expected.iter().copied()), "{range:?}");
            assert!(
                found.clone().rev().eq(expected.iter().rev().copied()),
                "{range:?}"
            );
            let (front, back) = mixed(found, ends);
            assert!(
                front.into_iter().chain(back.into_iter().rev()).eq(expected),
                "{range:?}"
            );
        }
    }
}

#[test]
fn ranges_are_those_of_std() {
    for keys in [0, 1, 5, 31, 100, 400] {
        let numbers = scattered((0..keys).map(|n| 2 * n + 10), |n| n % 7 != 0);
        let mut probes: Vec<u32> = (0..2 * keys + 20).step_by(1 + keys as usize / 7).collect();
        probes.push(u32::MAX);
        ranges_are_stds(&numbers, &probes);
        let pairs = scattered((0..keys).map(|n| (n / 9, n % 9)), |n| n.1 != 4);
        let probes: Vec<_> = (0..keys + 2)
            .step_by(1 + keys as usize / 9)
            .map(|n| (n / 9, n % 5))
            .collect();
        ranges_are_stds(&pairs, &probes);
        let names = scattered((0..keys).map(|n| n.to_string()), |n| !n.contains('7'));
        let probes = ["", "0", "00", "1", "12", "123", "2", "7", "99", ":"].map(str::to_string);
        ranges_are_stds(&names, &probes);
    }
}

/// Bounds may be far from the chunk where a range begins, and share nothing with what its keys have in common.
#[test]
fn ranges_between_keys_with_much_in_common_are_those_of_std() {
    let name = |n: u32| format!("{}{:04}", "abcd".repeat(1 + n as usize / 100), n % 100);
    let names = scattered((0..500).map(name), |name| !name.ends_with('3'));
    let mut probes: Vec<_> = (0..500).step_by(61).map(name).collect();
    probes.extend(
        [
            "",
            "a",
            "abcd9",
            "abcdabcd",
            "abcdabcda",
            "b",
            "abcc",
            "zzzz9999",
        ]
        .map(str::to_string),
    );
    ranges_are_stds(&names, &probes);
    let wide = scattered((0..500_u128).map(|n| (n / 100) << 99 | n), |n| n % 3 != 0);
    let probes: Vec<_> = (0..30_u128).map(|n| (n % 6) << 99 | (n * 31)).collect();
    ranges_are_stds(&wide, &probes);
}

/// Std refuses them with a panic.
#[test]
fn ranges_that_end_before_they_begin_are_empty() {
    let map = map((0..1_000).map(|n| n * 2));
    let map = map.pin();
    for (from, to) in [(500, 4), (1_998, 0), (7, 3), (8, 7), (5_000, 3)] {
        assert_eq!(map.range(from..to).next(), None);
        assert_eq!(map.range(from..=to).next_back(), None);
        assert_eq!(map.range((Excluded(from), Included(to))).count(), 0);
        assert_eq!(map.range((Excluded(from), Excluded(from))).rev().count(), 0);
    }
    // Hints say what is behind the bytes that a chunk's keys have in common, which a bound elsewhere has not.
    let name = |n: u32| format!("{}{:04}", "abcd".repeat(n as usize / 100), n % 100);
    let names: SkipMap<String, u32> = (100..600).map(|n| (name(n), n)).collect();
    let names = names.pin();
    for from in 100..600 {
        for to in ["", "a", "abcd", "abcd0", "abcd0000", "abcc9999"] {
            let range = (Included(name(from + 1)), Excluded(to.to_string()));
            assert_eq!(names.range(range.clone()).next(), None, "{range:?}");
            assert_eq!(names.range(range.clone()).next_back(), None, "{range:?}");
        }
    }
    let range: Bounds<'_, str> = (Included("b"), Excluded("abcd9"));
    assert_eq!(names.range::<str, _>(range).next_back(), None);
}

#[test]
fn every_kind_of_bounds_does() {
    let map = map(0..10);
    let map = map.pin();
    let keys =
        |range: &mut dyn Iterator<Item = (&u32, &u32)>| range.map(|(&k, _)| k).collect::<Vec<_>>();
    assert_eq!(
        keys(&mut map.range::<u32, _>(..)),
        (0..10).collect::<Vec<_>>()
    );
    assert_eq!(keys(&mut map.range(3..5)), [3, 4]);
    assert_eq!(keys(&mut map.range(3..=5)), [3, 4, 5]);
    assert_eq!(keys(&mut map.range(8..)), [8, 9]);
    assert_eq!(keys(&mut map.range(..2)), [0, 1]);
    assert_eq!(keys(&mut map.range(..=2)), [0, 1, 2]);
    assert_eq!(keys(&mut map.range((Excluded(3), Included(5)))), [4, 5]);
    let names: SkipMap<String, u32> = [("ant".to_string(), 1), ("bee".to_string(), 2)].into();
    let names = names.pin();
    let (b, c) = ("b".to_string(), "c".to_string());
    assert_eq!(names.range(b.clone()..c.clone()).count(), 1);
    assert_eq!(
        names
            .range::<String, _>((Included(&b), Included(&c)))
            .count(),
        1
    );
    assert_eq!(
        names.range::<str, _>((Unbounded, Excluded("bee"))).count(),
        1
    );
    // Bounds of the user's.
    struct Even;
    impl RangeBounds<u32> for Even {
        fn start_bound(&self) -> Bound<&u32> {
            Included(&2)
        }
        fn end_bound(&self) -> Bound<&u32> {
            Excluded(&8)
        }
    }
    assert_eq!(map.range(Even).count(), 6);
}

#[test]
fn iterators_are_as_stds() {
    let map = map(0..100);
    let guard = map.guard();
    let mut iter: Iter<'_, _, _, _, _> = map.iter(&guard);
    iter.by_ref().take(10).for_each(drop);
    iter.by_ref().rev().take(10).for_each(drop);
    let rest = iter.clone();
    assert_eq!(format!("{iter:?}").matches('(').count(), 80);
    assert!(iter.by_ref().eq(rest));
    assert!(iter.next().is_none() && iter.next_back().is_none() && iter.size_hint().0 == 0);
    let keys: Keys<'_, _, _, _, _> = map.keys(&guard);
    let values: Values<'_, _, _, _, _> = map.values(&guard);
    assert!(keys.clone().zip(values.clone()).all(|(k, v)| k + 1 == *v));
    assert!(
        keys.clone()
            .rev()
            .zip(values.clone().rev())
            .all(|(k, v)| k + 1 == *v)
    );
    assert_eq!(
        format!("{:?} {:?}", map.range(..3, &guard), keys),
        format!("[(0, 1), (1, 2), (2, 3)] {:?}", Vec::from_iter(0..100))
    );
    assert!(format!("{values:?}").ends_with("99, 100]"));
    let range: Range<'_, _, _, _, _, _, _> = map.range(90.., &guard);
    assert_eq!(
        (range.clone().min(), range.max()),
        (Some((&90, &91)), Some((&99, &100)))
    );
    for (n, (k, v)) in (&map.pin()).into_iter().enumerate() {
        assert_eq!((n as u32, n as u32 + 1), (*k, *v));
    }
    let mut drain: Drain<'_, _, _, _, _> = map.drain(&guard);
    assert!(drain.by_ref().take(20).map(|(k, _)| *k).eq(0..20));
    assert!(
        drain
            .by_ref()
            .rev()
            .take(20)
            .map(|(k, _)| *k)
            .eq((80..100).rev())
    );
    assert_eq!(
        (map.len(), format!("{drain:?}").as_str()),
        (60, "Drain { .. }")
    );
    drop(guard);
    let mut by_value: IntoIter<_, _, _> = map.into_iter();
    assert_eq!((by_value.len(), by_value.size_hint()), (60, (60, Some(60))));
    assert_eq!(
        (by_value.next(), by_value.next_back()),
        (Some((20, 21)), Some((79, 80)))
    );
    assert_eq!(format!("{by_value:?}"), "IntoIter { left: 58, .. }");
    assert!(by_value.by_ref().map(|(k, _)| k).eq(21..79));
    assert!(by_value.next().is_none() && by_value.next_back().is_none() && by_value.len() == 0);
}

#[test]
fn empty_maps_have_nothing_to_iterate_over() {
    let filled = map(0..100);
    filled.pin().clear();
    for mut map in [SkipMap::new(), SkipMap::default(), map([]), filled] {
        {
            let map = map.pin();
            assert!(map.iter().next().is_none() && map.iter().next_back().is_none());
            assert!(map.range(1..).next().is_none() && map.range(..1).next_back().is_none());
            assert!(map.drain().next().is_none() && map.keys().next_back().is_none());
            assert!(map.first_key_value().is_none() && map.last_key_value().is_none());
            assert!(map.pop_first().is_none() && map.pop_last().is_none());
            assert!(
                map.lower_bound::<u32>(Unbounded).is_none()
                    && map.upper_bound(Included(&1)).is_none()
            );
            let mut cursor = map.cursor();
            assert!(
                cursor.next().is_none() && cursor.prev().is_none() && cursor.seek(&1).is_none()
            );
            cursor.to_end();
            assert!(cursor.peek_next().is_none() && cursor.peek_prev().is_none());
            map.retain(|_, _| unreachable!());
            map.clear();
        }
        map.check();
        assert!(map.into_iter().next().is_none());
    }
}

/// Everything that is there all the time is met once, in order; what comes and goes, once at most.
#[test]
fn iterators_go_on_while_the_map_changes() {
    let mut random = SmallRng::seed_from_u64(5);
    for round in 0..15_u64 {
        // Multiples of 10 stay.
        let map = map((0..3_000).step_by(10));
        let handle = map.pin();
        let (from, to) = (
            random.random_range(0..1_500),
            random.random_range(1_500..3_000),
        );
        let mut range = handle.range(from..to);
        let (mut front, mut back) = (Vec::new(), Vec::new());
        loop {
            for _ in 0..random.random_range(0..40) {
                let key = random.random_range(0..3_000);
                if key % 10 != 0 && round % 2 == 0 {
                    handle.insert(key, key);
                } else if key % 10 != 0 {
                    handle.remove(&key);
                } else {
                    handle.insert(key, key + 2);
                }
            }
            let (item, side) = match random.random_range(0..3) {
                0 => (range.next_back(), &mut back),
                1 if round % 3 == 0 => (range.next_back(), &mut back),
                _ => (range.next(), &mut front),
            };
            match item {
                Some((key, _)) => side.push(*key),
                None => break,
            }
        }
        front.extend(back.into_iter().rev());
        assert!(
            front.is_sorted_by(|a, b| a < b) && front.iter().all(|key| (from..to).contains(key))
        );
        let there = (from..to).filter(|key| key % 10 == 0);
        assert!(front.into_iter().filter(|key| key % 10 == 0).eq(there));
    }
}

fn cursors_are_right<G: Guard>(
    map: &SkipMap<u32, u32>,
    mut cursor: Cursor<'_, u32, u32, Natural, G>,
    seed: u64,
    changes: u32,
) {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut std: BTreeMap<u32, u32> = map.pin().iter().map(|(k, v)| (*k, *v)).collect();
    // The gap: what is before it ends here, and what is behind it begins there. Never is what the end is next to.
    let never = Included(u32::MAX);
    let mut at = (Excluded(0), Unbounded);
    for _ in 0..2_000 {
        for _ in 0..random.random_range(0..=changes) {
            let key = random.random_range(1..2_000);
            if random.random_range(0..2) == 0 {
                map.pin().insert(key, key);
                std.insert(key, key);
            } else {
                map.pin().remove(&key);
                std.remove(&key);
            }
        }
        let ahead = || match at.1 {
            bound if bound == never => None,
            bound => std.range((bound, Unbounded)).next().map(|(k, v)| (*k, *v)),
        };
        let behind = || {
            std.range((Unbounded, at.0))
                .next_back()
                .map(|(k, v)| (*k, *v))
        };
        let pair = |found: Option<(&u32, &u32)>| found.map(|(k, v)| (*k, *v));
        match random.random_range(0..40) {
            0..14 => {
                let expected = ahead();
                assert_eq!(pair(cursor.next()), expected);
                if let Some((key, _)) = expected {
                    at = (Included(key), Excluded(key));
                }
            }
            14..28 => {
                let expected = behind();
                assert_eq!(pair(cursor.prev()), expected);
                if let Some((key, _)) = expected {
                    at = (Excluded(key), Included(key));
                }
            }
            28..31 => assert_eq!(pair(cursor.peek_next()), ahead()),
            31..34 => assert_eq!(pair(cursor.peek_prev()), behind()),
            34 => {
                cursor.to_start();
                at = (Excluded(0), Unbounded);
            }
            35 => {
                cursor.to_end();
                at = (Unbounded, never);
            }
            36 => cursor = cursor.clone(),
            what => {
                let key = random.random_range(1..2_000);
                let bound = [Included(&key), Excluded(&key), Unbounded][what % 3];
                let expected = std
                    .range::<u32, _>((bound, Unbounded))
                    .next()
                    .map(|(k, v)| (*k, *v));
                let found = match bound {
                    Included(key) => cursor.seek(key),
                    bound => cursor.seek_bound(bound),
                };
                assert_eq!(pair(found), expected);
                at = match expected {
                    Some((key, _)) => (Excluded(key), Included(key)),
                    None => (Unbounded, never),
                };
            }
        }
    }
}

#[test]
fn cursors_see_the_map_as_it_is() {
    for (seed, changes) in [(1, 0), (2, 1), (3, 5), (4, 40), (5, 2)] {
        let map = map((1..2_000).step_by(seed as usize));
        let guard = map.guard();
        cursors_are_right(&map, map.cursor(&guard), seed, changes);
        let owned = map.owned_guard();
        cursors_are_right(&map, map.cursor(&owned), seed + 10, changes);
    }
    let empty = map([]);
    let guard = empty.guard();
    cursors_are_right(&empty, empty.cursor(&guard), 6, 1);
}

#[test]
fn cursors_tell_where_they_are() {
    let map = map(1..3);
    let map = map.pin();
    let mut cursor = map.cursor();
    assert_eq!(format!("{cursor:?}"), r#"Cursor { at: "start", .. }"#);
    cursor.next();
    assert_eq!(format!("{cursor:?}"), "Cursor { after: 1, .. }");
    cursor.seek(&2);
    assert_eq!(format!("{cursor:?}"), "Cursor { before: 2, .. }");
    let mut other = cursor.clone();
    cursor.to_end();
    assert_eq!(format!("{cursor:?}"), r#"Cursor { at: "end", .. }"#);
    assert_eq!(
        (other.next(), other.next(), cursor.next()),
        (Some((&2, &3)), None, None)
    );
    assert_eq!(
        (cursor.prev(), cursor.prev(), cursor.prev()),
        (Some((&2, &3)), Some((&1, &2)), None)
    );
}
