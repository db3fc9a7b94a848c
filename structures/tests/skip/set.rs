//! `SkipSet` against std's `BTreeSet`.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Included, Unbounded};

use structures::skip_set::{Range, SkipSetRef};
use structures::{Guard, HashSet, SkipSet, Smr};

/// Changes one key after the other, as std's set does.
#[test]
fn it_agrees_with_stds() {
    let mut set = SkipSet::with_comparator_in(structures::skip_map::Natural, &Smr::new());
    let mut std = BTreeSet::new();
    let mut number = 1u32;
    for step in 0..20_000 {
        number = number.wrapping_mul(0x915F_77F5).wrapping_add(0x9E37_79B9);
        let key = (number >> 8 & 0x1FF).to_string();
        let pinned = set.pin();
        match number >> 28 {
            0..6 => assert_eq!(pinned.insert(key.clone()), std.insert(key)),
            6 => assert_eq!(pinned.replace(key.clone()).cloned(), std.replace(key)),
            7 => assert_eq!(pinned.take(key.as_str()).cloned(), std.take(&key)),
            8 => assert_eq!(pinned.remove(key.as_str()), std.remove(&key)),
            9 => assert_eq!(pinned.get(key.as_str()), std.get(&key)),
            10 => assert_eq!(pinned.contains(&key), std.contains(&key)),
            11 => assert_eq!((pinned.first(), pinned.last()), (std.first(), std.last())),
            12 => {
                let above = std
                    .range::<str, _>((Excluded(key.as_str()), Unbounded))
                    .next();
                assert_eq!(pinned.lower_bound(Excluded(key.as_str())), above);
            }
            13 => {
                let below = std
                    .range::<str, _>((Unbounded, Included(key.as_str())))
                    .next_back();
                assert_eq!(pinned.upper_bound(Included(key.as_str())), below);
            }
            14 if step % 8 == 0 => assert_eq!(pinned.pop_first().cloned(), std.pop_first()),
            14 if step % 8 == 1 => assert_eq!(pinned.pop_last().cloned(), std.pop_last()),
            14 => assert!(pinned.iter().eq(&std)),
            _ => {
                let range = pinned.range::<str, _>((Included(key.as_str()), Unbounded));
                let expected = std.range(key.clone()..);
                assert!(range.clone().eq(expected.clone()) && range.rev().eq(expected.rev()));
            }
        }
        assert_eq!(set.len(), std.len());
    }
    set.check();
    let guard = set.guard();
    set.retain(|key| key.len() % 2 == 0, &guard);
    std.retain(|key| key.len() % 2 == 0);
    assert!(set.iter(&guard).eq(&std) && !set.is_empty());
    assert!(set.drain(&guard).eq(&std));
    assert!(set.is_empty());
}

/// The methods with explicit guards, of either kind.
#[test]
fn guards_may_be_explicit() {
    fn run(set: &SkipSet<u32>, guard: &impl Guard) {
        assert!((0..100).all(|n| set.insert(n, guard)) && !set.insert(5, guard));
        assert_eq!(
            (set.get(&5, guard), set.take(&5, guard), set.get(&5, guard)),
            (Some(&5), Some(&5), None)
        );
        assert!(set.remove(&6, guard) && !set.contains(&6, guard) && set.contains(&7, guard));
        assert_eq!(
            (set.replace(6, guard), set.replace(6, guard)),
            (None, Some(&6))
        );
        assert_eq!((set.first(guard), set.last(guard)), (Some(&0), Some(&99)));
        assert_eq!(
            (set.pop_first(guard), set.pop_last(guard)),
            (Some(&0), Some(&99))
        );
        assert_eq!(set.lower_bound(Included(&5), guard), Some(&6));
        assert_eq!(set.upper_bound(Excluded(&6), guard), Some(&4));
        let range: Range<'_, _, _, _, _, _> = set.range(10..13, guard);
        assert_eq!(format!("{range:?}"), "[10, 11, 12]");
        assert_eq!(set.iter(guard).count(), 97);
        set.retain(|n| n % 2 == 0, guard);
        assert_eq!(
            set.drain(guard).take(3).copied().collect::<Vec<_>>(),
            [2, 4, 6]
        );
        set.clear(guard);
        assert!(set.is_empty());
    }
    let set = SkipSet::new();
    run(&set, &set.guard());
    run(&set, &set.owned_guard());
}

#[test]
fn combinations_are_those_of_stds() {
    let sets = [
        vec![],
        vec![1],
        vec![1, 2, 3],
        vec![2, 3, 4, 5],
        (0..100).collect(),
    ];
    for one in &sets {
        for other in &sets {
            let of = |keys: &[u32]| keys.iter().copied().collect::<SkipSet<u32>>();
            let (a, b) = (of(one), of(other));
            let of = |keys: &[u32]| keys.iter().copied().collect::<BTreeSet<u32>>();
            let (p, q) = (of(one), of(other));
            assert!((&a | &b).pin().iter().eq(&(&p | &q)));
            assert!((&a & &b).pin().iter().eq(&(&p & &q)));
            assert!((&a ^ &b).pin().iter().eq(&(&p ^ &q)));
            assert!((&a - &b).pin().iter().eq(&(&p - &q)));
            assert_eq!(a == b, p == q);
            // The handles may have guards of either kind, and be of any set.
            let hashed: HashSet<u32> = other.iter().copied().collect();
            let (a, b, hashed) = (a.pin(), b.pin_owned(), hashed.pin());
            assert_eq!(a.is_subset(&b), p.is_subset(&q));
            assert_eq!(a.is_superset(&hashed), p.is_superset(&q));
            assert_eq!(a.is_disjoint(&b), p.is_disjoint(&q));
            assert_eq!(a.union(&b).count(), p.union(&q).count());
            assert!(a.intersection(&hashed).eq(p.intersection(&q)));
            assert!(a.difference(&b).eq(p.difference(&q)));
            assert_eq!(
                a.symmetric_difference(&b).count(),
                p.symmetric_difference(&q).count()
            );
        }
    }
}

#[test]
fn its_traits_are_those_of_stds() {
    let mut set = SkipSet::from([2, 1, 2]);
    set.extend([2, 3]);
    set.extend(&[4]);
    (&set).extend([5]);
    (&set).extend(&[6]);
    set.check();
    let copy = set.clone();
    assert_eq!(copy, set);
    let mut iter = copy.into_iter();
    assert_eq!((iter.len(), iter.next()), (6, Some(1)));
    assert!(format!("{iter:?}").contains("left: 5") && iter.eq(2..=6));
    set.pin().clear();
    assert_eq!(set, SkipSet::default());
    assert_eq!(
        format!(
            "{:?} {:?}",
            SkipSet::from([2, 1]),
            SkipSet::from(["a"]).pin()
        ),
        "{1, 2} {\"a\"}"
    );
    let descending = SkipSet::with_comparator(|a: &u32, b: &u32| b.cmp(a));
    (&descending).extend(0..100);
    let pinned: SkipSetRef<'_, u32, _, _> = descending.pin();
    assert!(pinned.iter().copied().eq((0..100).rev()) && pinned.first() == Some(&99));
    assert_eq!((&pinned).into_iter().count(), 100);
    assert_eq!(
        SkipSet::<u8>::new().comparator(),
        &structures::skip_map::Natural
    );
}

#[test]
fn a_key_that_is_there_is_kept_and_a_replaced_one_returned() {
    let set = SkipSet::new();
    let set = set.pin();
    let capacity = |text: &String| text.capacity();
    assert!(set.insert(String::with_capacity(1)));
    assert!(!set.insert(String::with_capacity(50)));
    assert!(set.get("").map(capacity) < Some(50));
    assert!(set.replace(String::with_capacity(50)).map(capacity) < Some(50));
    assert!(set.get("").map(capacity) >= Some(50));
}

#[test]
#[should_panic(expected = "another domain")]
fn a_strangers_guard_is_refused() {
    let set = SkipSet::from([1]);
    set.contains(&1, &Smr::new().enter());
}
