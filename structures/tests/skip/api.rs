//! Constructors, traits, orders and types of `SkipMap`, as std's `BTreeMap` has them.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use structures::skip_map::{AndModify, Comparator, Entry, Natural};
use structures::{
    Comparable, Compute, Equivalent, LocalGuard, OccupiedError, Operation, OwnedGuard, SkipMap,
    SkipMapBuilder, SkipMapRef, Smr,
};

#[test]
fn maps_are_made_as_stds() {
    let maps: [SkipMap<u8, u8>; 5] = [
        SkipMap::new(),
        SkipMap::default(),
        SkipMap::with_comparator(Natural),
        SkipMap::builder().build(),
        SkipMap::from([]),
    ];
    for map in &maps {
        assert!(map.is_empty() && map.smr().is_same(Smr::global()));
        assert_eq!(map.comparator(), &Natural);
    }
    let smr = Smr::new();
    let descending = |a: &u8, b: &u8| b.cmp(a);
    let settings: SkipMapBuilder<u8, u8, _> = SkipMap::<u8, u8>::builder()
        .domain(&smr)
        .comparator(descending);
    assert!(format!("{settings:?}").starts_with("SkipMapBuilder { domain: "));
    for map in [
        settings.build(),
        SkipMap::with_comparator_in(descending, &smr),
    ] {
        assert!(map.smr().is_same(&smr));
        (&map).extend((0..100).map(|n| (n, n)));
        assert!(map.pin().keys().copied().eq((0..100).rev()));
    }
}

/// Of unsorted entries, with keys that come twice, however many chunks there are.
#[test]
fn maps_are_made_of_entries_in_any_order() {
    for len in (0..70).chain([899, 900, 901, 930, 931, 5_000]) {
        let entries = || (0..len).map(|n| (n * 7_919 % (len * 3 / 4 + 1), n));
        let std: BTreeMap<u32, u32> = entries().collect();
        let mut map: SkipMap<u32, u32> = entries().collect();
        map.check();
        assert!(map.pin().iter().eq(&std), "the last counts, as in std's");
        assert_eq!(map.len(), std.len());
        let mut extended: SkipMap<u32, u32> = SkipMap::default();
        extended.extend(entries());
        extended.check();
        assert_eq!(map, extended);
        let names = || entries().map(|(n, m)| (format!("the common part: {n}"), m));
        let std: BTreeMap<_, _> = names().collect();
        let mut map: SkipMap<_, _> = names().collect();
        map.check();
        assert!(map.pin().iter().eq(&std));
        // They go on as others do.
        for (name, n) in names().step_by(3) {
            assert!(map.pin().remove(&name).is_some());
            assert_eq!(map.pin().insert(name, n), None);
        }
        map.check();
        assert_eq!(map.len(), map.pin().iter().count());
    }
    assert_eq!(
        SkipMap::from([(2, 'a'), (1, 'b'), (2, 'c')]),
        SkipMap::from([(1, 'b'), (2, 'c')])
    );
}

#[test]
fn maps_have_stds_traits() {
    let pairs = || (0..100u64).map(|i| (i, i * i));
    let map: SkipMap<u64, u64> = pairs().collect();
    let mut other = SkipMap::with_comparator_in(Natural, &Smr::new());
    assert_ne!(map, other);
    other.extend(pairs());
    assert_eq!(map, other);
    (&other).extend([(5, 26)]);
    assert_ne!(map, other);
    other.extend([(&5, &25)]);
    assert_eq!(map, other);
    (&other).extend([(&100, &0)]);
    assert_ne!(map, other, "one more");
    let copy = other.clone();
    assert!(copy == other && copy.smr().is_same(other.smr()));
    assert!(map < copy && map.cmp(&map) == Ordering::Equal);
    let small = SkipMap::from([("b", 2), ("a", 1)]);
    assert_eq!(
        format!("{small:?} {:?}", small.pin()),
        r#"{"a": 1, "b": 2} {"a": 1, "b": 2}"#
    );
    assert_eq!(format!("{:?}", SkipMap::<u8, u8>::new()), "{}");
    fn has_traits<T: Ord + Clone + Default + Debug + Hash>() {}
    has_traits::<SkipMap<u8, String>>();
    let pinned = small.pin();
    let entry: Entry<'_, '_, _, _, _, _> = pinned.entry("c");
    assert_eq!(format!("{entry:?}"), r#"Entry { key: "c", .. }"#);
    assert_eq!((entry.key(), entry.get()), (&"c", None));
    let modify: AndModify<'_, '_, _, _, _, _, _> = entry.and_modify(|n| n + 1);
    assert!(format!("{modify:?}").starts_with("AndModify"));
    assert_eq!(modify.or_default(), &0);
    assert_eq!(pinned.entry("c").or_default(), &0);
    assert_eq!(pinned.entry("d").or_insert_with(|| 4), &4);
    assert!(pinned.map().len() == 4 && std::ptr::eq(pinned.map(), &raw const small));
}

/// Orders, and hashes, are those of the sequences of entries, as std's.
#[test]
fn maps_are_compared_and_hashed_as_stds() {
    let lists: [&[(u8, u8)]; 7] = [
        &[],
        &[(1, 1)],
        &[(1, 2)],
        &[(1, 1), (2, 1)],
        &[(2, 0)],
        &[(1, 1), (2, 1), (3, 0)],
        &[(0, 9), (1, 1)],
    ];
    let state = RandomState::new();
    for one in lists {
        for other in lists {
            let of = |list: &[(u8, u8)]| {
                (
                    list.iter().copied().collect::<BTreeMap<_, _>>(),
                    list.iter().copied().collect::<SkipMap<_, _>>(),
                )
            };
            let ((p, a), (q, b)) = (of(one), of(other));
            assert_eq!((a.cmp(&b), a == b), (p.cmp(&q), p == q));
            assert_eq!(a.partial_cmp(&b), Some(a.cmp(&b)));
            assert_eq!(state.hash_one(&a) == state.hash_one(&b), p == q);
        }
    }
    let nan = SkipMap::from([(1, f32::NAN)]);
    assert!(nan.partial_cmp(&nan).is_none() && nan != nan);
    // Orders may differ; what counts is the sequence.
    let descending = SkipMap::with_comparator(|a: &u8, b: &u8| b.cmp(a));
    descending.pin().insert(1, 1);
    assert!(SkipMap::from([(1, 1)]) == descending);
    descending.pin().insert(2, 2);
    assert!(SkipMap::from([(1, 1), (2, 2)]) != descending);
}

#[test]
fn an_error_tells_both_values() {
    let map = SkipMap::from([(1, "there")]);
    let map = map.pin();
    let error: OccupiedError<'_, _> = map.try_insert(1, "new").unwrap_err();
    assert_eq!((*error.current, error.not_inserted), ("there", "new"));
    assert_eq!(
        error.to_string(),
        r#""new" was not inserted: "there" is there"#
    );
    assert_eq!(map.try_insert(2, "new").unwrap(), &"new");
    assert_eq!(
        map.try_insert_with(2, || unreachable!()).unwrap_err(),
        &"new"
    );
}

/// Keys of another type than those of the map, which hints say nothing about.
#[test]
fn keys_are_looked_for_by_what_can_be_compared() {
    let names: SkipMap<String, usize> = (0..500).map(|n| (format!("{n:05}, or so"), n)).collect();
    let names = names.pin();
    for n in 0..500 {
        let name = format!("{n:05}, or so");
        assert_eq!(
            (names.get(name.as_str()), names.get(&name)),
            (Some(&n), Some(&n))
        );
        assert_eq!(names.get(&name[..9]), None);
    }
    assert!(names.remove("00007, or so").is_some() && !names.contains_key("00007, or so"));
    assert_eq!(
        names
            .remove_if("00008, or so", |_, n| *n != 8)
            .unwrap_err()
            .1,
        &8
    );
    assert_eq!(names.lower_bound(Excluded("00011")).unwrap().1, &11);
    assert_eq!(names.cursor().seek("00499").unwrap().1, &499);

    /// Compares as a pair, without being one.
    struct Parts<'a>(&'a str, u8);
    impl Equivalent<(String, u8)> for Parts<'_> {
        fn equivalent(&self, key: &(String, u8)) -> bool {
            self.compare(key).is_eq()
        }
    }
    impl Comparable<(String, u8)> for Parts<'_> {
        fn compare(&self, key: &(String, u8)) -> Ordering {
            (self.0, self.1).cmp(&(key.0.as_str(), key.1))
        }
    }
    /// The place before all names with this first letter.
    struct Letter(char);
    impl Equivalent<String> for Letter {
        fn equivalent(&self, key: &String) -> bool {
            self.compare(key).is_eq()
        }
    }
    impl Comparable<String> for Letter {
        fn compare(&self, key: &String) -> Ordering {
            match key.chars().next() < Some(self.0) {
                true => Ordering::Greater,
                false => Ordering::Less,
            }
        }
    }
    let pairs: SkipMap<_, _> = (0..300).map(|n| ((n.to_string(), n as u8), n)).collect();
    let pairs = pairs.pin();
    assert_eq!(pairs.get(&Parts("123", 123)), Some(&123));
    assert_eq!(pairs.get(&Parts("123", 124)), None);
    assert_eq!(pairs.remove_entry(&Parts("7", 7)).unwrap().1, &7);
    let words: SkipMap<String, u32> = (0..2_000).map(|n| (n.to_string(), n)).collect();
    let words = words.pin();
    let range = (Included(Letter('3')), Excluded(Letter('5')));
    assert_eq!(words.range(range).count(), 222);
    let range = (Excluded(Letter('1')), Included(Letter('3')));
    assert!(
        words
            .range(range)
            .next_back()
            .is_some_and(|(word, _)| word == "299")
    );
    assert_eq!(words.upper_bound(Included(&Letter('2'))).unwrap().0, "1999");
    assert_eq!(words.lower_bound(Included(&Letter('x'))), None);

    /// A number, among other numbers.
    struct Half(u64);
    impl Equivalent<u64> for Half {
        fn equivalent(&self, key: &u64) -> bool {
            self.compare(key).is_eq()
        }
    }
    impl Comparable<u64> for Half {
        fn compare(&self, key: &u64) -> Ordering {
            (2 * self.0 + 1).cmp(&(2 * key))
        }
    }
    let numbers: SkipMap<u64, ()> = (0..1_000).map(|n| (n, ())).collect();
    let numbers = numbers.pin();
    assert_eq!(
        (numbers.get(&Half(5)), numbers.remove(&Half(999))),
        (None, None)
    );
    assert_eq!(numbers.lower_bound(Included(&Half(500))).unwrap().0, &501);
    assert_eq!(numbers.upper_bound(Included(&Half(500))).unwrap().0, &500);
    assert_eq!(numbers.range(Half(10)..Half(20)).count(), 10);
}

/// Orders of one's own: hints of keys say nothing about them.
#[test]
fn maps_have_orders_of_ones_own() {
    /// By length first. The places before all words of a length can be looked for.
    #[derive(Clone, Default)]
    struct ByLength;
    impl Comparator<String> for ByLength {
        fn compare(&self, key: &String, other: &String) -> Ordering {
            (key.len(), key).cmp(&(other.len(), other))
        }
    }
    impl Comparator<String, usize> for ByLength {
        fn compare(&self, key: &String, other: &usize) -> Ordering {
            match key.len() < *other {
                true => Ordering::Less,
                false => Ordering::Greater,
            }
        }
    }
    let words = || (0..3_000_u32).map(|n| ("x".repeat(n as usize % 5) + &n.to_string(), n));
    let mut map: SkipMap<String, u32, ByLength> = words().collect();
    map.check();
    let std: BTreeMap<_, _> = words().map(|(word, n)| ((word.len(), word), n)).collect();
    assert!(map.pin().keys().eq(std.keys().map(|(_, word)| word)));
    assert_eq!(
        map.pin().range(5_usize..7).count(),
        std.keys().filter(|key| key.0 == 5 || key.0 == 6).count()
    );
    assert!(map.pin().get(&5_usize).is_none());
    let all: [Bound<&usize>; 3] = [Included(&4), Excluded(&4), Unbounded];
    let found = all.map(|bound| map.pin().lower_bound(bound).map(|(word, _)| word.len()));
    assert_eq!(found, [Some(4), Some(4), Some(1)]);
    let copy = map.clone();
    assert_eq!(copy, map);
    map.pin().retain(|word, _| word.len() % 2 == 0);
    map.check();

    // Functions, and closures that have borrowed.
    let ranks = [3, 1, 2, 0];
    let by_rank = |a: &usize, b: &usize| ranks[*a].cmp(&ranks[*b]);
    let map = SkipMap::with_comparator(by_rank);
    map.pin().insert(0, "last");
    map.pin().insert(3, "first");
    map.pin().insert(1, "second");
    assert!(map.pin().values().eq(&["first", "second", "last"]));
    let folded =
        SkipMap::with_comparator(|a: &&str, b: &&str| a.to_lowercase().cmp(&b.to_lowercase()));
    let folded = folded.pin();
    folded.insert("b", 1);
    assert_eq!(
        (folded.insert("B", 2), folded.insert("a", 3)),
        (Some(&1), None)
    );
    assert!(
        folded.iter().eq([(&"a", &3), (&"B", &2)]),
        "an insertion stores its key"
    );
    let plain: SkipMap<Reverse<u64>, ()> = (0..100).map(|n| (Reverse(n), ())).collect();
    assert!(plain.pin().keys().map(|key| key.0).eq((0..100).rev()));
}

/// std keeps the key that is there; this map stores the new one along with the value.
#[test]
fn an_insertion_stores_its_key() {
    #[derive(Debug)]
    struct Name(&'static str);
    impl Ord for Name {
        fn cmp(&self, other: &Self) -> Ordering {
            self.0.to_lowercase().cmp(&other.0.to_lowercase())
        }
    }
    impl PartialOrd for Name {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }
    impl PartialEq for Name {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }
    impl Eq for Name {}
    let map = SkipMap::new();
    let map = map.pin();
    map.insert(Name("a"), 1);
    assert_eq!(map.insert(Name("A"), 2), Some(&1));
    let (key, value) = map.get_key_value(&Name("a")).unwrap();
    assert_eq!((key.0, value), ("A", &2));
    assert!(map.try_insert(Name("a"), 3).is_err());
    assert_eq!(map.get_key_value(&Name("a")).unwrap().0.0, "A");
    match map.compute(Name("a"), |_| Operation::<_, ()>::Insert(4)) {
        Compute::Updated { old, new } => assert_eq!((old.0.0, new.0.0), ("A", "a")),
        other => panic!("{other:?}"),
    }
    match map.compute(Name("b"), |old| {
        old.map_or(Operation::Abort("none"), |_| Operation::Insert(1))
    }) {
        Compute::Aborted(answer) => assert_eq!((answer, map.len()), ("none", 1)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn handles_have_names() {
    fn of<'m>(map: &'m SkipMap<u8, u8>) -> SkipMapRef<'m, u8, u8, Natural, LocalGuard<'m>> {
        map.pin()
    }
    fn owned(map: &SkipMap<u8, u8>) -> SkipMapRef<'_, u8, u8, Natural, OwnedGuard> {
        map.pin_owned()
    }
    let map = SkipMap::from([(1, 2)]);
    assert!(of(&map).len() == 1 && !owned(&map).is_empty());
}
