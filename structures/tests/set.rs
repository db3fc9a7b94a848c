//! `HashSet` against std's, alone and shared.

use std::collections::{BTreeSet, HashSet as Plain};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use structures::testing::maps::Hash;
use structures::{HashSet, Smr};

fn sorted<'k>(keys: impl IntoIterator<Item = &'k u32>) -> Vec<u32> {
    keys.into_iter()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// Changes one key after the other, as std's set does.
fn agrees<const KEPT: u64>() {
    let mut set: HashSet<u32, Hash<KEPT>> = HashSet::with_hasher_in(Hash::default(), &Smr::new());
    let mut plain = Plain::new();
    let mut number = 1u32;
    for _ in 0..5_000 {
        number = number.wrapping_mul(0x915F_77F5).wrapping_add(0x9E37_79B9);
        let key = number >> 8 & 0x3F;
        let pinned = set.pin();
        match number >> 29 {
            0..3 => assert_eq!(pinned.insert(key), plain.insert(key)),
            3 => assert_eq!(pinned.replace(key).copied(), plain.replace(key)),
            4 => assert_eq!(pinned.take(&key).copied(), plain.take(&key)),
            5 => assert_eq!(pinned.remove(&key), plain.remove(&key)),
            6 => assert_eq!(pinned.get(&key), plain.get(&key)),
            _ => assert_eq!(pinned.contains(&key), plain.contains(&key)),
        }
    }
    assert_eq!(sorted(&set.pin()), sorted(&plain));
    assert_eq!(set.len(), plain.len());
    set.check();
    let guard = set.guard();
    set.retain(|key| key % 2 == 0, &guard);
    plain.retain(|key| key % 2 == 0);
    assert_eq!(sorted(set.iter(&guard)), sorted(&plain));
    assert_eq!(sorted(set.drain(&guard)), sorted(&plain));
    assert!(set.is_empty());
}

#[test]
fn it_agrees_with_stds() {
    agrees::<0>();
    agrees::<3>();
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
            let (a, b): (HashSet<u32>, HashSet<u32>) = (
                one.iter().copied().collect(),
                other.iter().copied().collect(),
            );
            let (p, q): (Plain<u32>, Plain<u32>) = (
                one.iter().copied().collect(),
                other.iter().copied().collect(),
            );
            assert_eq!(sorted(&(&a | &b).pin()), sorted(&(&p | &q)));
            assert_eq!(sorted(&(&a & &b).pin()), sorted(&(&p & &q)));
            assert_eq!(sorted(&(&a ^ &b).pin()), sorted(&(&p ^ &q)));
            assert_eq!(sorted(&(&a - &b).pin()), sorted(&(&p - &q)));
            assert_eq!(a == b, p == q);
            // The handles may have guards of either kind.
            let (a, b) = (a.pin(), b.pin_owned());
            assert_eq!(a.is_subset(&b), p.is_subset(&q));
            assert_eq!(a.is_superset(&b), p.is_superset(&q));
            assert_eq!(a.is_disjoint(&b), p.is_disjoint(&q));
            assert_eq!(a.union(&b).count(), p.union(&q).count());
            assert_eq!(
                a.symmetric_difference(&b).count(),
                p.symmetric_difference(&q).count()
            );
        }
    }
}

#[test]
fn its_traits_are_those_of_stds() {
    let mut set = HashSet::from([1, 2]);
    set.extend([2, 3]);
    set.extend(&[4]);
    (&set).extend([5]);
    let copy = set.clone();
    assert_eq!(copy, set);
    assert_eq!(copy.into_iter().sum::<u32>(), 15);
    set.pin().clear();
    assert_eq!(set, HashSet::default());
    assert_eq!(
        format!("{:?} {:?}", HashSet::from([1]), HashSet::from(["a"]).pin()),
        "{1} {\"a\"}"
    );
}

#[test]
fn a_key_that_is_there_is_kept_and_a_replaced_one_returned() {
    let set = HashSet::new();
    let set = set.pin();
    let capacity = |text: &String| text.capacity();
    assert!(set.insert(String::with_capacity(1)));
    assert!(!set.insert(String::with_capacity(50)));
    assert!(set.get("").map(capacity) < Some(50));
    assert!(set.replace(String::with_capacity(50)).map(capacity) < Some(50));
    assert!(set.get("").map(capacity) >= Some(50));
}

#[test]
fn one_of_many_inserts_a_key_and_one_removes_it() {
    let set = HashSet::new();
    let (inserted, removed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for key in 0..2_000 {
                    inserted.fetch_add(usize::from(set.pin().insert(key)), Relaxed);
                }
                for key in 0..1_000 {
                    removed.fetch_add(usize::from(set.pin().remove(&key)), Relaxed);
                }
            });
        }
    });
    // Who is late inserts what was removed before.
    assert_eq!(inserted.into_inner() - removed.into_inner(), set.len());
    assert!((1_000..2_000).all(|key| set.pin().contains(&key)));
}

#[test]
#[should_panic(expected = "another domain")]
fn a_strangers_guard_is_refused() {
    let set = HashSet::from([1]);
    set.contains(&1, &Smr::new().enter());
}
