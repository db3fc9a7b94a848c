//! Precomputed hashes: right ones, and wrong ones.

use std::hash::{BuildHasher, BuildHasherDefault};

use structures::{Compute, HashMap, Operation, Smr};

/// Hashes nothing: whoever is asked for a hash panics.
#[derive(Clone, Copy, Default)]
struct Never;

impl BuildHasher for Never {
    type Hasher = std::hash::DefaultHasher;

    fn build_hasher(&self) -> Self::Hasher {
        panic!("the hash is known");
    }
}

#[test]
fn no_operation_with_a_hash_hashes() {
    let map = HashMap::with_hasher_in(Never, &Smr::new());
    let pinned = map.pin();
    for key in 0..1_000u64 {
        let hash = key.wrapping_mul(0x9E37_79B9);
        assert_eq!(pinned.insert_with_hash(hash, key, key), None);
        assert!(pinned.try_insert_with_hash(hash, key, 0).is_err());
        assert_eq!(
            pinned.update_with_hash(hash, key, |n| n + 1),
            Some(&(key + 1))
        );
        assert_eq!(pinned.get_with_hash(hash, &key), Some(&(key + 1)));
        assert_eq!(
            pinned.get_key_value_with_hash(hash, &key),
            Some((&key, &(key + 1)))
        );
        let nothing = pinned.compute_with_hash(hash, key, |_| Operation::Abort("no"));
        assert_eq!(nothing, Compute::Aborted("no"));
        assert!(
            pinned
                .remove_if_with_hash(hash, &key, |_, _| false)
                .is_err()
        );
    }
    for key in 0..1_000u64 {
        let hash = key.wrapping_mul(0x9E37_79B9);
        assert!(pinned.contains_key_with_hash(hash, &key));
        match key % 2 {
            0 => assert_eq!(pinned.remove_with_hash(hash, &key), Some(&(key + 1))),
            _ => assert!(pinned.remove_entry_with_hash(hash, &key).is_some()),
        }
    }
    assert!(pinned.is_empty());
}

/// Of a key that is looked for without being made.
#[derive(Hash)]
struct Borrowed<'s>(&'s str, u32);

impl structures::Equivalent<(String, u32)> for Borrowed<'_> {
    fn equivalent(&self, key: &(String, u32)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

#[test]
fn hashes_are_those_of_the_hasher() {
    type Hasher = BuildHasherDefault<std::hash::DefaultHasher>;
    let map: HashMap<(String, u32), u32, Hasher> =
        (0..100).map(|n| ((n.to_string(), n), n)).collect();
    let guard = map.guard();
    for n in 0..100 {
        let text = n.to_string();
        let hash = Hasher::default().hash_one((&text, n));
        assert_eq!(hash, map.hash_of(&Borrowed(&text, n)));
        assert_eq!(
            map.get_with_hash(hash, &Borrowed(&text, n), &guard),
            Some(&n)
        );
    }
}

#[test]
fn wrong_hashes_give_wrong_answers_and_nothing_worse() {
    let mut map = HashMap::with_hasher_in(std::hash::RandomState::new(), &Smr::new());
    let pinned = map.pin();
    for n in 0..20_000u64 {
        let key = n % 100;
        match n % 3 {
            0 => drop(pinned.insert(key, n.to_string())),
            1 => drop(pinned.insert_with_hash(n, key, n.to_string())),
            _ => drop(pinned.remove_with_hash(n / 2, &key)),
        }
    }
    let entries = pinned.iter().count();
    assert!(
        pinned
            .iter()
            .all(|(key, value)| value.parse::<u64>().unwrap() % 100 == *key)
    );
    assert_eq!(entries, pinned.len());
    // A copy hashes anew.
    assert_eq!(map.clone().len(), 100);
    pinned.retain(|key, _| key % 2 == 0);
    assert!(pinned.keys().all(|key| key % 2 == 0));
    pinned.clear();
    assert!(pinned.is_empty());
    drop(pinned);
    map.check();
}

#[test]
fn an_entry_is_hashed_once() {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[derive(Default)]
    struct Counting(AtomicU32);

    impl BuildHasher for Counting {
        type Hasher = std::hash::DefaultHasher;

        fn build_hasher(&self) -> Self::Hasher {
            self.0.fetch_add(1, Relaxed);
            Self::Hasher::default()
        }
    }

    let map: HashMap<u32, u32, Counting> = HashMap::with_hasher(Counting::default());
    let pinned = map.pin();
    let mut operations = 0;
    let mut hashed_once = |what: &str| {
        operations += 1;
        assert_eq!(map.hasher().0.load(Relaxed), operations, "{what}");
    };
    for n in 0..300 {
        pinned.entry(n).or_insert_with_key(|n| n + 1);
        hashed_once("or_insert_with_key");
        pinned.entry(n).or_insert_with(|| 0);
        hashed_once("or_insert_with");
        pinned.entry(n).and_modify(|n| n + 1).or_insert(0);
        hashed_once("and_modify");
        pinned.get_or_insert_with(n + 1_000, || 0);
        hashed_once("get_or_insert_with");
        pinned.insert(n, 0);
        hashed_once("insert");
        assert!(pinned.remove_if(&n, |_, _| true).is_ok());
        hashed_once("remove_if");
    }
    pinned.retain(|n, _| n % 2 == 0);
    assert_eq!(pinned.iter().count(), 150);
    pinned.clear();
    pinned.entry(1).or_default();
    hashed_once("whatever concerns all hashes nothing");
}
