//! A panic of the caller's code, wherever it comes from, leaves a `SkipMap` as it was or with the operation done,
//! and nothing is lost or dropped twice.

#[path = "../panics/fuses.rs"]
#[macro_use]
mod fuses;

use structures::testing::balanced::{Key, Ordered, panics};
use structures::testing::payload::{Counted, Tally};
use structures::{Operation, SkipMap, Smr};

/// A panic in a closure leaves the entry as it was.
#[test]
fn closures_may_panic() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(40);
        for i in (0..80).step_by(3) {
            let (key, value) = (|| all.key(i), |n| all.value(n));
            let there = i < 40;
            {
                let map = all.map().pin();
                let oops = |_: &Counted| -> Counted { panic!("on purpose") };
                let make = || -> Counted { panic!("on purpose") };
                assert_eq!(panics(|| map.update(key(), oops)), there);
                assert!(panics(|| map.update_or_insert_with(key(), oops, make)));
                assert_eq!(
                    panics(|| map.update_or_insert(key(), oops, value(1))),
                    there
                );
                if !there {
                    map.remove(&key());
                }
                assert_eq!(panics(|| map.get_or_insert_with(key(), make)), !there);
                assert_eq!(panics(|| _ = map.try_insert_with(key(), make)), !there);
                assert!(panics(|| map
                    .compute(key(), |_| -> Operation<Counted, ()> {
                        panic!("on purpose")
                    })));
                let refuse = |_: &K, _: &Counted| -> bool { panic!("on purpose") };
                assert_eq!(panics(|| _ = map.remove_if(&key(), refuse)), there);
                assert_eq!(panics(|| _ = map.entry(key()).or_insert_with(make)), !there);
                let made_of = |_: &K| -> Counted { panic!("on purpose") };
                let or_made = || _ = map.entry(key()).or_insert_with_key(made_of);
                assert_eq!(panics(or_made), !there);
                assert!(panics(|| map.retain(|_, _| panic!("on purpose"))));
                let extended = [(key(), value(i))].into_iter().map(|e| match there {
                    true => panic!("on purpose"),
                    false => e,
                });
                assert_eq!(panics(|| map.map().extend(extended)), there);
                assert_eq!(map.get(&key()).map(Counted::number), Some(i));
                map.insert(key(), value(i));
                if !there {
                    map.remove(&key());
                }
            }
            all.balances();
            assert_eq!(all.map().len(), 40);
        }
        // In the midst of one operation for each entry: what was done before stays done.
        let mut seen = 0;
        let half = |_: &K, _: &Counted| {
            seen += 1;
            assert!(seen < 21, "on purpose");
            false
        };
        assert!(panics(|| all.map().pin().retain(half)));
        all.balances();
        assert_eq!(all.map().len(), 20);
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

#[test]
#[should_panic(expected = "there is no entry that could be removed")]
fn what_is_not_there_cannot_be_computed_away() {
    let all = Ordered::<Counted>::with(0);
    let map = all.map().pin();
    map.compute(all.key(1), |_| Operation::<_, ()>::Remove);
}

/// An operation that changes nothing drops the key that it was given, and what it was to answer if that panics.
#[test]
fn nothing_is_lost_with_a_key_whose_drop_panics() {
    nothing_is_lost_with_fuses!(SkipMap);
}
