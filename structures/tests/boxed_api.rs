//! Constructors, traits, iterators and types of `HashMap`, as std's has them.

use std::collections::hash_map::RandomState;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash};

use structures::hash_map::{AndModify, Drain, Entry, IntoIter, Iter, Keys, Values};
use structures::testing::maps::Hash as Fnv;
use structures::{
    Compute, Equivalent, Guard, HashMap, HashMapBuilder, HashMapRef, OccupiedError, Operation, Smr,
};

#[test]
fn maps_are_made_as_stds() {
    let maps: [HashMap<u8, u8>; 4] = [
        HashMap::new(),
        HashMap::default(),
        HashMap::with_hasher(RandomState::new()),
        HashMap::with_capacity(0),
    ];
    for map in &maps {
        assert!(map.is_empty() && map.capacity() == 0);
        assert!(map.smr().is_same(Smr::global()));
    }
    let smr = Smr::new();
    let built = HashMap::<u8, u8>::builder()
        .hasher(Fnv::<0>::default())
        .capacity(1_000)
        .domain(&smr)
        .build();
    assert!(built.capacity() >= 1_000 && built.smr().is_same(&smr));
    let _: &Fnv<0> = built.hasher();
    for capacity in [1, 7, 8, 9, 100, 12_345] {
        let made = [
            HashMap::<u64, u64, _>::with_capacity_and_hasher(capacity, Fnv::<0>::default()),
            HashMap::with_hasher(Fnv::default()),
        ];
        made[1].reserve(capacity, &made[1].guard());
        for mut map in made {
            let before = map.capacity();
            assert!(before >= capacity);
            for i in 0..capacity as u64 {
                map.pin().insert(i, i);
            }
            assert_eq!(map.capacity(), before);
            map.pin().reserve(capacity);
            assert!(map.capacity() >= 2 * capacity);
            map.check();
        }
    }
    let _: HashMapBuilder<u8, u8> = HashMap::builder();
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn impossible_capacities_are_refused() {
    drop(HashMap::<u64, u64>::with_capacity(usize::MAX));
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn impossible_capacities_are_refused_by_the_builder() {
    drop(
        HashMap::<u64, u64>::builder()
            .capacity(usize::MAX / 4)
            .build(),
    );
}

/// One more than there can be, though each number alone would do.
#[test]
fn impossible_reservations_change_nothing() {
    let map = HashMap::from([(1, 2)]);
    let capacity = map.capacity();
    for additional in [usize::MAX, usize::MAX - 1, usize::MAX / 8] {
        let refused = std::panic::catch_unwind(|| map.pin().reserve(additional));
        assert!(refused.is_err(), "{additional}");
    }
    assert_eq!((map.len(), map.capacity()), (1, capacity));
    assert_eq!(map.pin().get(&1), Some(&2));
}

#[test]
fn maps_have_stds_traits() {
    let pairs = || (0..100u64).map(|i| (i, i * i));
    let map: HashMap<u64, u64> = pairs().collect();
    let mut other = HashMap::with_hasher_in(map.hasher().clone(), &Smr::new());
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
    let small = HashMap::from([("a", 1)]);
    assert_eq!(
        format!("{small:?} {:?}", small.pin()),
        r#"{"a": 1} {"a": 1}"#
    );
    assert_eq!(format!("{:?}", HashMap::<u8, u8>::new()), "{}");
    let twice: HashMap<_, _> = [(1, 'a'), (1, 'b')].into_iter().collect();
    assert_eq!(
        twice.pin().get(&1),
        Some(&'b'),
        "the last counts, as in std's"
    );
    fn is_eq<T: Eq + Clone + Default + Debug>() {}
    is_eq::<HashMap<u8, String>>();
    let pinned = small.pin();
    let entry: Entry<'_, '_, _, _, _, _> = pinned.entry("b");
    assert_eq!(format!("{entry:?}"), r#"Entry { key: "b", .. }"#);
    assert_eq!(entry.key(), &"b");
    let modify: AndModify<'_, '_, _, _, _, _, _> = entry.and_modify(|n| n + 1);
    assert!(format!("{modify:?}").starts_with("AndModify"));
    assert_eq!(modify.or_default(), &0);
    let builder = HashMap::<u8, u8>::builder().capacity(7);
    assert!(format!("{builder:?}").contains("capacity: 7"));
    drop(pinned);
    assert_eq!(format!("{:?}", small.pin().drain()), "Drain { .. }");
    assert!(format!("{:?}", small.into_iter()).contains("left: 2"));
}

#[test]
fn an_error_tells_both_values() {
    let map = HashMap::from([(1, "there")]);
    let map = map.pin();
    let error: OccupiedError<'_, _> = map.try_insert(1, "new").unwrap_err();
    assert_eq!((*error.current, error.not_inserted), ("there", "new"));
    assert_eq!(
        error.to_string(),
        r#""new" was not inserted: "there" is there"#
    );
    let error: Box<dyn std::error::Error + '_> = Box::new(error);
    assert!(error.source().is_none());
}

#[test]
fn iterators_are_as_stds() {
    let map: HashMap<u32, u32> = (0..50).map(|i| (i, i + 1)).collect();
    let guard = map.guard();
    let mut iter: Iter<'_, _, _, _> = map.iter(&guard);
    iter.by_ref().take(10).for_each(drop);
    let rest = iter.clone();
    assert_eq!(format!("{iter:?}").matches('(').count(), 40);
    assert!(iter.by_ref().eq(rest));
    assert!(iter.next().is_none() && iter.next().is_none(), "fused");
    let mut keys: Keys<'_, _, _, _> = map.keys(&guard);
    let mut values: Values<'_, _, _, _> = map.values(&guard);
    assert!(keys.clone().zip(values.clone()).all(|(k, v)| k + 1 == *v));
    assert!(format!("{keys:?}").len() > 50 && format!("{values:?}").len() > 50);
    assert_eq!((keys.by_ref().count(), values.by_ref().count()), (50, 50));
    assert!(keys.next().is_none() && values.next().is_none());
    assert_eq!(iter.size_hint().0, 0);
    let mut count = 0;
    for (k, v) in &map.pin() {
        assert_eq!(k + 1, *v);
        count += 1;
    }
    assert_eq!(count, 50);
    let mut drain: Drain<'_, _, _, _, _> = map.drain(&guard);
    assert_eq!(drain.by_ref().take(20).count(), 20);
    assert_eq!(map.len(), 30, "what it has not come to stays");
    drop(drain);
    assert_eq!(map.len(), 30);
    drop(guard);
    let mut by_value: IntoIter<_, _, _> = map.into_iter();
    assert_eq!((by_value.len(), by_value.size_hint()), (30, (30, Some(30))));
    assert_eq!(by_value.by_ref().count(), 30);
    assert!(by_value.next().is_none() && by_value.len() == 0);
    let empty: HashMap<u8, u8> = HashMap::new();
    assert!(empty.pin().iter().next().is_none() && empty.pin().drain().next().is_none());
    empty.pin().retain(|_, _| unreachable!());
    empty.pin().clear();
    assert!(empty.into_iter().next().is_none());
}

#[test]
fn keys_are_looked_for_by_what_is_equivalent() {
    let map: HashMap<String, u32> = HashMap::from([("one".to_string(), 1)]);
    let map = map.pin();
    assert_eq!(map.get("one"), map.get(&"one".to_string()));
    assert!(map.contains_key("one") && map.get("two").is_none());
    assert_eq!(
        map.remove_if("one", |_, n| *n == 2),
        Err((&"one".to_string(), &1))
    );
    assert_eq!(map.remove("one"), Some(&1));

    /// Hashes and compares as a pair, without being one.
    struct Parts<'a>(&'a str, u8);
    impl Hash for Parts<'_> {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            (self.0, self.1).hash(state);
        }
    }
    impl Equivalent<(String, u8)> for Parts<'_> {
        fn equivalent(&self, key: &(String, u8)) -> bool {
            self.0 == key.0 && self.1 == key.1
        }
    }
    let pairs = HashMap::new();
    let pairs = pairs.pin();
    pairs.insert(("a".to_string(), 1), 10);
    assert_eq!(pairs.get(&Parts("a", 1)), Some(&10));
    assert_eq!(pairs.get(&Parts("a", 2)), None);
    let mut found = [None; 2];
    pairs.get_many(&[Parts("b", 1), Parts("a", 1)], &mut found);
    assert_eq!(found, [None, Some(&10)]);
    assert!(pairs.remove_entry(&Parts("a", 1)).is_some() && pairs.is_empty());
}

#[test]
fn many_are_looked_up_at_once() {
    for len in [0, 1, 31, 32, 33, 64, 1_000] {
        let map: HashMap<usize, usize> = (0..1_000).map(|i| (i * 2, i)).collect();
        let guard = map.guard();
        let keys: Vec<_> = (0..len).map(|i| i * 3).collect();
        let mut values = vec![Some(&7); len];
        map.get_many(&keys, &mut values, &guard);
        for (key, value) in keys.iter().zip(values) {
            assert_eq!(value, map.get(key, &guard));
        }
    }
    let empty = HashMap::<u64, u64>::new();
    let mut none = [Some(&1)];
    let empty = empty.pin();
    empty.get_many(&[1], &mut none);
    assert_eq!(none, [None]);
}

#[test]
#[should_panic(expected = "a place for the value of each key")]
fn many_need_as_many_places() {
    HashMap::<u64, u64>::new().pin().get_many(&[1], &mut []);
}

/// std keeps the key that is there; this map stores the new one along with the value.
#[test]
fn an_insertion_stores_its_key() {
    #[derive(Clone, Debug)]
    struct Name(&'static str);
    impl Hash for Name {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.to_lowercase().hash(state);
        }
    }
    impl PartialEq for Name {
        fn eq(&self, other: &Self) -> bool {
            self.0.eq_ignore_ascii_case(other.0)
        }
    }
    impl Eq for Name {}
    let map = HashMap::new();
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
    assert_eq!(map.len(), 1);
}

#[test]
fn keys_and_values_may_be_of_any_type() {
    // Without size.
    let units = HashMap::new();
    assert!(units.pin().insert((), ()).is_none() && units.pin().insert((), ()).is_some());
    assert_eq!(units.len(), 1);
    // Large.
    let large = HashMap::new();
    for i in 0..200u64 {
        large.pin().insert([i; 1_000], [i; 500]);
    }
    for i in 0..200 {
        assert_eq!(large.pin().get(&[i; 1_000]), Some(&[i; 500]));
    }
    // Of a larger alignment.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    #[repr(align(64))]
    struct Line(u8);
    #[derive(Debug)]
    #[repr(align(4096))]
    struct Page(u8);
    let lines = HashMap::new();
    for i in 0..=255 {
        lines.pin().insert(Line(i), Page(i));
        lines.pin().insert(Line(i / 2), Page(i));
    }
    for (line, page) in &lines.pin() {
        assert_eq!(std::ptr::from_ref(line).addr() % 64, 0);
        assert_eq!(std::ptr::from_ref(page).addr() % 4096, 0);
        assert!(page.0 / 2 == line.0 || page.0 == line.0);
    }
    // Unsized behind a pointer.
    let functions: HashMap<&str, Box<dyn Fn(u32) -> u32 + Send + Sync>> = HashMap::new();
    let functions = functions.pin();
    functions.insert("double", Box::new(|n| n * 2));
    let offset = 3;
    functions.insert("add", Box::new(move |n| n + offset));
    assert_eq!(
        functions.get("double").unwrap()(functions.get("add").unwrap()(4)),
        14
    );
    // Keys that own, values that are maps.
    let maps: HashMap<Vec<u8>, HashMap<u8, u8>> = HashMap::new();
    maps.pin().insert(vec![1], HashMap::from([(1, 2)]));
    assert_eq!(
        maps.pin().get([1].as_slice()).unwrap().pin().get(&1),
        Some(&2)
    );
    // Never.
    let never: HashMap<std::convert::Infallible, u8> = HashMap::new();
    assert_eq!(never.pin().iter().count(), 0);
}

#[test]
fn keys_and_values_may_be_borrowed() {
    let names: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    let total = std::cell::Cell::new(0);
    struct Adds<'a>(&'a std::cell::Cell<usize>, &'a str);
    impl Drop for Adds<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + self.1.len());
        }
    }
    let map = HashMap::new();
    for name in &names {
        map.pin().insert(name.as_str(), Adds(&total, name));
        map.pin().insert(name.as_str(), Adds(&total, name));
    }
    assert_eq!(map.pin().get("17").unwrap().1, "17");
    let kept: Vec<&str> = map.pin().keys().copied().collect();
    drop(map);
    assert_eq!(kept.len(), 300, "keys outlive the map that they were in");
    let lengths: usize = names.iter().map(String::len).sum();
    assert_eq!(total.get(), 2 * lengths);
}

/// Keys and values of one thread: neither the map nor what it hands out leaves it.
#[test]
fn keys_and_values_may_be_of_one_thread() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let map: HashMap<Rc<str>, Rc<RefCell<Vec<u32>>>> =
        HashMap::builder().domain(&Smr::new()).build();
    for i in 0..1_000 {
        let name = Rc::from((i % 10).to_string());
        let list = map.pin().get_or_insert_with(name, Rc::default).clone();
        list.borrow_mut().push(i);
    }
    let ones = map.pin().get("1").unwrap().clone();
    assert_eq!(ones.borrow().len(), 100);
    map.pin().retain(|key, _| &**key == "1");
    assert_eq!((map.len(), Rc::strong_count(&ones)), (1, 2));
    map.pin().clear();
    assert_eq!(map.flush(), 0);
    assert_eq!(Rc::strong_count(&ones), 1);
}

/// What crosses threads and what does not, decided at compile time.
#[test]
fn what_may_be_sent_and_shared() {
    use structures::{LocalGuard, OwnedGuard};
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<HashMap<String, std::cell::Cell<u8>>>();
    send::<HashMap<String, Vec<u8>>>();
    sync::<HashMap<String, Vec<u8>>>();
    send::<HashMapRef<'_, String, u8, RandomState, OwnedGuard>>();
    sync::<HashMapRef<'_, String, u8, RandomState, OwnedGuard>>();
    send::<Iter<'_, String, u8, OwnedGuard>>();
    send::<Drain<'_, String, u8, RandomState, OwnedGuard>>();
    send::<IntoIter<String, std::cell::Cell<u8>, RandomState>>();
    send::<HashMapBuilder<String, u8>>();
    fn panics_pass<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    panics_pass::<HashMap<String, std::cell::Cell<u8>>>();
    fn is_guard<G: Guard>() {}
    is_guard::<LocalGuard<'_>>();
    is_guard::<OwnedGuard>();
}

/// The hasher is asked once for an operation, with the key only.
#[test]
fn each_operation_hashes_once() {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    #[derive(Default)]
    struct Counts(RandomState, AtomicUsize);
    impl BuildHasher for Counts {
        type Hasher = <RandomState as BuildHasher>::Hasher;
        fn build_hasher(&self) -> Self::Hasher {
            self.1.fetch_add(1, Relaxed);
            self.0.build_hasher()
        }
    }
    let map: HashMap<u64, u64, Counts> = HashMap::default();
    let count = |n: usize, f: &dyn Fn()| {
        let before = map.hasher().1.load(Relaxed);
        f();
        assert_eq!(map.hasher().1.load(Relaxed) - before, n);
    };
    let pinned = map.pin();
    count(5_000, &|| (0..5_000).for_each(|i| _ = pinned.insert(i, i)));
    count(1, &|| _ = pinned.get(&1));
    count(1, &|| _ = pinned.update(1, |n| n + 1));
    count(1, &|| _ = pinned.update_or_insert(7_000, |n| n + 1, 0));
    count(1, &|| _ = pinned.get_or_insert_with(8_000, || 1));
    count(1, &|| _ = pinned.compute(1, |_| Operation::<_, ()>::Remove));
    count(0, &|| pinned.reserve(50_000));
    count(0, &|| assert_eq!(pinned.iter().count(), 5_001));
    count(0, &|| pinned.retain(|k, _| k % 2 == 0));
    count(0, &|| assert!(pinned.drain().take(100).count() == 100));
    count(0, &|| pinned.clear());
}

/// What is passed on by `next`, by a closure, and after a clone, is the same; also of lists, which hashes that
/// are all the same make, and of a table that grows meanwhile.
#[test]
fn iterators_agree_with_their_folds() {
    fn all<const KEPT: u64>(n: u64) {
        let map = HashMap::<u64, u64, Fnv<KEPT>>::with_hasher(Fnv::default());
        let map = map.pin();
        (0..n).for_each(|i| _ = map.insert(i, i * 2));
        let mut entries = map.iter();
        let mut seen: Vec<_> = entries.by_ref().take(n as usize / 3).collect();
        let mut again = seen.clone();
        (n..n + n / 2).for_each(|i| _ = map.insert(i, 0));
        again.extend(entries.clone());
        entries.for_each(|entry| seen.push(entry));
        assert_eq!(seen, again);
        seen.retain(|&(&k, _)| k < n);
        seen.sort_unstable();
        let expected: Vec<_> = (0..n).map(|i| (i, i * 2)).collect();
        assert!(seen.iter().map(|&(&k, &v)| (k, v)).eq(expected));
        let n = n + n / 2;
        let (mut keys, mut values) = (0, 0);
        map.keys().for_each(|k| keys += k);
        map.values().for_each(|v| values += v);
        assert_eq!(keys, (0..n).sum());
        assert_eq!(
            values,
            map.values().copied().reduce(|a, b| a + b).unwrap_or(0)
        );
    }
    for n in [0, 1, 10, 300, 20_000] {
        all::<0>(n);
    }
    for n in [5, 30, 200] {
        all::<1>(n);
        all::<7>(n);
    }
}
