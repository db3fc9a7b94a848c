//! Maps and sets written and read again.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;
use structures::hash_map::InlineHashMap;
use structures::{HashMap, HashSet, SkipMap, SkipSet};

/// Through a format that knows where a map ends, and one that must know it beforehand.
fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(it: &T) {
    let text = serde_json::to_string(it).unwrap();
    assert_eq!(*it, serde_json::from_str::<T>(&text).unwrap());
    let bytes = postcard::to_stdvec(it).unwrap();
    assert_eq!(*it, postcard::from_bytes::<T>(&bytes).unwrap());
}

#[test]
fn what_is_written_is_read_again() {
    for size in [0u32, 1, 10, 10_000] {
        survives::<HashMap<String, Vec<u32>>>(
            &(0..size).map(|n| (n.to_string(), vec![n; 2])).collect(),
        );
        survives::<InlineHashMap<u32, u64>>(&(0..size).map(|n| (n, 7 * u64::from(n))).collect());
        survives::<HashSet<String>>(&(0..size).map(|n| n.to_string()).collect());
        survives::<SkipMap<String, Vec<u32>>>(
            &(0..size).map(|n| (n.to_string(), vec![n; 2])).collect(),
        );
        survives::<SkipMap<u32, ()>>(&(0..size).map(|n| (n, ())).collect());
        survives::<SkipSet<String>>(&(0..size).map(|n| n.to_string()).collect());
    }
}

#[test]
fn handles_are_written_as_what_they_are_of() {
    let map = HashMap::from([(1, "a")]);
    assert_eq!(serde_json::to_string(&map.pin()).unwrap(), r#"{"1":"a"}"#);
    assert_eq!(
        serde_json::to_string(&map.pin_owned()).unwrap(),
        r#"{"1":"a"}"#
    );
    let set = HashSet::from([1]);
    assert_eq!(serde_json::to_string(&set.pin()).unwrap(), "[1]");
    let map = SkipMap::from([(2, "b"), (1, "a")]);
    let text = r#"{"1":"a","2":"b"}"#;
    assert_eq!(serde_json::to_string(&map.pin()).unwrap(), text);
    assert_eq!(serde_json::to_string(&map.pin_owned()).unwrap(), text);
    let set = SkipSet::from([2, 1]);
    assert_eq!(serde_json::to_string(&set.pin()).unwrap(), "[1,2]");
    // In the map's order.
    let descending = SkipMap::with_comparator(|a: &u32, b: &u32| b.cmp(a));
    (&descending).extend([(1, 'a'), (2, 'b')]);
    let text = serde_json::to_string(&descending).unwrap();
    assert_eq!(text, r#"{"2":"b","1":"a"}"#);
}

/// What is read need not be in order, and may end in the midst.
#[test]
fn entries_may_come_in_any_order() {
    let mut map: SkipMap<u32, u8> = serde_json::from_str(r#"{"3":1,"1":2,"2":3}"#).unwrap();
    assert!(map.pin().iter().eq([(&1, &2), (&2, &3), (&3, &1)]));
    map.check();
    for broken in [r#"{"3":1,"1":"#, r#"{"3":1,"1":"a"}"#, "[1]", "1"] {
        assert!(serde_json::from_str::<SkipMap<u32, u8>>(broken).is_err());
    }
    assert!(serde_json::from_str::<SkipSet<u32>>("[3, 1, {}]").is_err());
}

#[test]
fn the_last_of_equal_keys_counts() {
    let twice = r#"{"1":"a","1":"b"}"#;
    let map: HashMap<u32, String> = serde_json::from_str(twice).unwrap();
    assert_eq!(map.pin().get(&1), Some(&"b".to_string()));
    let map: SkipMap<u32, String> = serde_json::from_str(twice).unwrap();
    assert!(map.pin().values().eq(["b"]));
    assert_eq!(
        serde_json::from_str::<HashSet<u32>>("[1, 1]")
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn lengths_are_right_beside_writers() {
    let map: HashMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
    let inline: InlineHashMap<u32, u32> = map.pin().iter().map(|(&k, &v)| (k, v)).collect();
    let set: HashSet<u32> = map.pin().keys().copied().collect();
    let ordered: SkipMap<u32, u32> = map.pin().iter().map(|(&k, &v)| (k, v)).collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            for n in (1_000..2_000).cycle() {
                map.pin().insert(n, n);
                inline.insert(n, n);
                set.pin().insert(n);
                ordered.pin().insert(n, n);
                ordered.pin().remove(&(n + 500));
                map.pin().remove(&(n + 500));
                inline.remove(&(n + 500));
                set.pin().remove(&(n + 500));
                if done.load(Relaxed) {
                    break;
                }
            }
        });
        let all = |map: &HashMap<u32, u32>| (0..100).all(|n| map.pin().get(&n) == Some(&n));
        for _ in 0..200 {
            // All bytes are used: the length in front is that of the entries.
            let bytes = postcard::to_stdvec(&map).unwrap();
            let (copy, rest) = postcard::take_from_bytes::<HashMap<u32, u32>>(&bytes).unwrap();
            assert!(all(&copy) && rest.is_empty());
            let bytes = postcard::to_stdvec(&inline).unwrap();
            let (copy, rest) = postcard::take_from_bytes::<HashMap<u32, u32>>(&bytes).unwrap();
            assert!(all(&copy) && rest.is_empty());
            let bytes = postcard::to_stdvec(&ordered).unwrap();
            let (copy, rest) = postcard::take_from_bytes::<HashMap<u32, u32>>(&bytes).unwrap();
            assert!(all(&copy) && rest.is_empty());
            let bytes = postcard::to_stdvec(&set).unwrap();
            let (copy, rest) = postcard::take_from_bytes::<HashSet<u32>>(&bytes).unwrap();
            assert!((0..100).all(|n| copy.pin().contains(&n)) && rest.is_empty());
        }
        done.store(true, Relaxed);
    });
}

/// Claims to be endless, and yields three.
struct Boasting(u32);

impl Iterator for Boasting {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        self.0 += 1;
        (self.0 <= 3).then_some((self.0, self.0))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX >> 1, Some(usize::MAX >> 1))
    }
}

#[test]
fn a_length_that_lies_costs_little() {
    let entries = || MapDeserializer::<_, Error>::new(Boasting(0));
    let map = HashMap::<u32, u32>::deserialize(entries()).unwrap();
    assert!(map.len() == 3 && map.capacity() < 10_000);
    let map = InlineHashMap::<u32, u32>::deserialize(entries()).unwrap();
    assert!(map.len() == 3 && map.buckets() < 1_000);
    let map = SkipMap::<u32, u32>::deserialize(entries()).unwrap();
    assert!(map.into_iter().eq([(1, 1), (2, 2), (3, 3)]));
    let keys = || SeqDeserializer::<_, Error>::new(Boasting(0).map(|(key, _)| key));
    let set = SkipSet::<u32>::deserialize(keys()).unwrap();
    assert!(set.into_iter().eq([1, 2, 3]));
    let set = HashSet::<u32>::deserialize(keys()).unwrap();
    assert!(set.len() == 3 && set.capacity() < 10_000);
}
