//! `HashMap` with keys that lie and panic: wrong answers at worst, and a map that stays of use.

use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use structures::testing::balanced::{HONEST, ONE};
use structures::testing::maps::Hash as Fnv;
use structures::testing::payload::{Counted, Hostile, Malice, Tally};
use structures::{HashMap, Operation, Smr};

const MALICES: [Malice; 6] = [
    Malice::None,
    Malice::FickleHash,
    Malice::SameHash,
    Malice::FickleEq,
    Malice::Panics(5),
    Malice::Panics(2),
];

type OfHostile<const KEPT: u64> = HashMap<Hostile, Counted, Fnv<KEPT>>;

/// One random operation, which may panic.
fn act<const KEPT: u64>(map: &OfHostile<KEPT>, key: Hostile, values: &Tally, n: u64) {
    let value = || values.item(n);
    let more = |v: &Counted| values.item(v.number() + 1);
    let map = map.pin();
    match n * 7 % 20 {
        0..=3 => _ = map.insert(key, value()),
        4 => _ = map.try_insert(key, value()),
        5 => _ = map.get_or_insert_with(key, value),
        6 => _ = map.update(key, more),
        7 => _ = map.update_or_insert(key, more, value()),
        8 => _ = map.update_or_insert_with(key, more, value),
        9 => _ = map.remove(&key),
        10 => _ = map.remove_if(&key, |_, v| v.number().is_multiple_of(2)),
        11 => {
            map.compute(key, |old| match old {
                Some(_) => Operation::Remove,
                None => Operation::<_, ()>::Insert(value()),
            });
        }
        12 => map.get_many(&[key.clone(), key], &mut [None, None]),
        13 => _ = map.entry(key).and_modify(more).or_insert(value()),
        14 if n.is_multiple_of(31) => map.retain(|k, _| !k.number.is_multiple_of(4)),
        15 if n.is_multiple_of(61) => map.clear(),
        16 if n.is_multiple_of(23) => _ = map.drain().take(3).count(),
        17 => _ = map.iter().take(30).map(|(_, v)| v.number()).sum::<u64>(),
        _ => _ = map.get(&key).map(Counted::number),
    }
}

fn hostile_keys<const KEPT: u64>() {
    for malice in MALICES {
        let values = Tally::default();
        let mut map = OfHostile::<KEPT>::with_hasher_in(Fnv::default(), &Smr::new());
        let asked = Arc::default();
        std::thread::scope(|s| {
            for t in 0..3 {
                let (map, values, asked) = (&map, &values, &asked);
                s.spawn(move || {
                    for n in 0..1_500 {
                        let number = n * (t * 2 + 3) % 90;
                        // Some honest ones among them.
                        let malice = if n % 5 == t { Malice::None } else { malice };
                        let key = Hostile::new(number, malice, asked);
                        let act = || act(map, key, values, n);
                        if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
                            assert_eq!(panic.downcast_ref(), Some(&"a key, on purpose"));
                        }
                    }
                });
            }
        });
        map.check();
        assert_eq!(map.flush(), 0);
        assert_eq!(values.alive(), map.len(), "{malice:?}");
        // It is still a map, for who is honest.
        for number in 1_000..1_100 {
            let key = || Hostile::new(number, Malice::None, &Arc::default());
            assert!(map.pin().insert(key(), values.item(number)).is_none());
            let found = |map: &OfHostile<KEPT>| map.pin().get(&key()).map(Counted::number);
            assert_eq!(found(&map), Some(number), "{malice:?}");
            assert!(map.pin().remove(&key()).is_some() && found(&map).is_none());
        }
        let len = map.len();
        assert_eq!(map.pin().iter().count(), len);
        if malice == Malice::SameHash {
            assert_eq!(map.into_iter().count(), len);
        } else {
            assert_eq!(map.pin().drain().count(), len);
            assert_eq!((map.len(), map.flush()), (0, 0));
        }
        assert_eq!(values.alive(), 0, "{malice:?}");
    }
}

#[test]
fn hostile_keys_do_no_harm() {
    hostile_keys::<HONEST>();
}

#[test]
fn hostile_keys_do_no_harm_in_lists() {
    hostile_keys::<ONE>();
}

/// As numbers that are none: not equal to itself.
#[derive(Debug)]
struct Never;

impl Hash for Never {
    fn hash<H: Hasher>(&self, state: &mut H) {
        0.hash(state);
    }
}

impl PartialEq for Never {
    fn eq(&self, _: &Never) -> bool {
        false
    }
}

impl Eq for Never {}

#[test]
fn keys_that_do_not_equal_themselves_can_be_removed() {
    let map = HashMap::new();
    let fill = || (0..40).for_each(|i| _ = map.pin().insert(Never, i));
    fill();
    assert_eq!((map.len(), map.pin().get(&Never)), (40, None));
    assert_eq!(map.pin().drain().count(), 40);
    assert!(map.is_empty());
    fill();
    map.pin().retain(|_, i| i % 2 == 0);
    assert_eq!(map.len(), 20);
    map.pin().clear();
    assert!(map.is_empty(), "{} are left", map.len());
}

/// A drop that runs within another operation, and panics, does not disturb it.
#[test]
fn others_drops_may_panic_within_an_operation() {
    struct Loud(Tally, Counted);
    impl Drop for Loud {
        fn drop(&mut self) {
            assert!(
                self.0.alive() > 0 && self.1.number() == u64::MAX,
                "on purpose"
            );
        }
    }
    let tally = Tally::default();
    let map = HashMap::<u64, Loud, Fnv<0>>::with_hasher_in(Fnv::default(), &Smr::new());
    let (mut inserted, mut refused) = (0, 0);
    for i in 0..4_000 {
        let loud = Loud(tally.clone(), tally.item(i));
        let insert = || _ = map.pin().insert(i % 50, loud);
        match catch_unwind(AssertUnwindSafe(insert)) {
            Ok(()) => inserted += 1,
            Err(_) => refused += 1,
        }
    }
    assert_eq!(
        (inserted, refused),
        (4_000, 0),
        "drops of retired values are not ours"
    );
    assert_eq!(map.pin().iter().count(), 50);
    while catch_unwind(AssertUnwindSafe(|| map.flush())).is_err() {}
    assert_eq!(tally.alive(), 50);
    let last = catch_unwind(AssertUnwindSafe(|| drop(map)));
    assert!(last.is_err());
    assert_eq!(tally.alive(), 0);
}

/// Hashes that agree in all that buckets and slots note of them are still not the same.
#[test]
fn wrong_hashes_put_nothing_where_it_does_not_belong() {
    /// What the map makes `spread` of.
    fn hash_of(spread: u64) -> u64 {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let inverse = (0..6).fold(FACTOR, |x, _| {
            x.wrapping_mul(2u64.wrapping_sub(FACTOR.wrapping_mul(x)))
        });
        spread.swap_bytes().wrapping_mul(inverse)
    }
    let right = 0xAB << 56;
    for others in [0, 10_000] {
        let mut map = HashMap::<u64, u64>::new();
        let pinned = map.pin();
        pinned.insert_with_hash(hash_of(right), 0, 0);
        for n in 1..=others {
            pinned.insert(n, n);
        }
        for wrong in (0..64).map(|bit| hash_of(right ^ 1 << bit)) {
            assert_eq!(pinned.get_with_hash(wrong, &0), None);
            assert_eq!(pinned.insert_with_hash(wrong, 0, 1), None);
        }
        drop(pinned);
        map.check();
        map.pin().clear();
        assert_eq!(map.len(), 0);
    }
}
