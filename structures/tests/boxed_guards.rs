//! Guards of `HashMap`: what they protect, where they may go, and that those of another domain are refused.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use structures::testing::balanced::{Balanced, HONEST, ONE};
use structures::testing::payload::Counted;
use structures::{Compute, Guard, HashMap, Operation, Smr};

/// All methods that take a guard, none of which may do anything with this one.
fn all_are_refused(map: &HashMap<String, u64>, guard: &impl Guard) {
    let one = || "one".to_string();
    let never = |_: &u64| -> u64 { unreachable!("asked under a wrong guard") };
    let calls: &mut [(&str, &mut dyn FnMut())] = &mut [
        ("get", &mut || _ = map.get("one", guard)),
        ("get_key_value", &mut || _ = map.get_key_value("one", guard)),
        ("contains_key", &mut || _ = map.contains_key("one", guard)),
        ("get_many", &mut || {
            map.get_many(&[one()], &mut [None], guard);
        }),
        ("get_many of none", &mut || {
            map.get_many::<String>(&[], &mut [], guard);
        }),
        ("insert", &mut || _ = map.insert(one(), 2, guard)),
        ("insert of another", &mut || {
            _ = map.insert("two".to_string(), 2, guard)
        }),
        ("try_insert", &mut || _ = map.try_insert(one(), 2, guard)),
        ("try_insert_with", &mut || {
            _ = map.try_insert_with("two".to_string(), || unreachable!(), guard);
        }),
        ("get_or_insert", &mut || {
            _ = map.get_or_insert("two".to_string(), 2, guard)
        }),
        ("get_or_insert_with", &mut || {
            _ = map.get_or_insert_with("two".to_string(), || unreachable!(), guard);
        }),
        ("update", &mut || _ = map.update(one(), never, guard)),
        ("update_or_insert", &mut || {
            _ = map.update_or_insert(one(), never, 2, guard)
        }),
        ("update_or_insert_with", &mut || {
            _ = map.update_or_insert_with("two".to_string(), never, || unreachable!(), guard);
        }),
        ("compute", &mut || {
            map.compute(one(), |_| -> Operation<u64, ()> { unreachable!() }, guard);
        }),
        ("remove", &mut || _ = map.remove("one", guard)),
        ("remove_entry", &mut || _ = map.remove_entry("one", guard)),
        ("remove_if", &mut || {
            _ = map.remove_if("one", |_, _| unreachable!(), guard)
        }),
        ("retain", &mut || map.retain(|_, _| unreachable!(), guard)),
        ("clear", &mut || map.clear(guard)),
        ("drain", &mut || _ = map.drain(guard).next()),
        ("iter", &mut || _ = map.iter(guard).next()),
        ("keys", &mut || _ = map.keys(guard).next()),
        ("values", &mut || _ = map.values(guard).next()),
        ("reserve", &mut || map.reserve(1_000, guard)),
        ("reserve of nothing", &mut || map.reserve(0, guard)),
    ];
    let before = map.capacity();
    for (name, call) in calls {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err(name);
        let message = match panic.downcast_ref::<String>() {
            Some(message) => message,
            None => *panic.downcast_ref::<&str>().expect("a message"),
        };
        assert!(
            message.starts_with("this guard is of another domain"),
            "{name}: {message}"
        );
    }
    assert_eq!((map.len(), map.capacity()), (1, before));
    assert_eq!(map.pin().get("one"), Some(&1));
}

#[test]
fn guards_of_other_domains_are_refused() {
    for own in [Smr::global().clone(), Smr::new()] {
        let mut map = HashMap::builder().domain(&own).build();
        map.extend([("one".to_string(), 1)]);
        let others = [Smr::new(), Smr::global().clone()];
        for other in others.iter().filter(|other| !other.is_same(&own)) {
            all_are_refused(&map, &other.enter());
            all_are_refused(&map, &other.enter_owned());
        }
        map.check();
        // Its own are not, wherever they come from.
        assert_eq!(map.get("one", &own.enter()), Some(&1));
        assert_eq!(map.get("one", &own.enter_owned()), Some(&1));
    }
}

/// A map without a table refuses them, too.
#[test]
fn guards_of_other_domains_are_refused_by_empty_maps() {
    let map = HashMap::<u8, u8>::new();
    let other = Smr::new();
    let refused = |f: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    refused(&|| _ = map.get(&1, &other.enter()));
    refused(&|| _ = map.iter(&other.enter()).next());
    refused(&|| map.clear(&other.enter()));
    assert!(map.is_empty());
}

/// What was returned stays good as long as the guard, whatever happens to the entry.
#[test]
fn references_stay_good_as_long_as_their_guard() {
    fn run<const KEPT: u64>() {
        let mut all = Balanced::<KEPT>::with(60);
        {
            let map = all.map().pin();
            let entries: Vec<_> = map.iter().collect();
            let values: Vec<_> = (0..60).map(|i| map.get(&all.key(i)).unwrap()).collect();
            let replaced: Vec<_> = (0..60)
                .map(|i| map.insert(all.key(i), all.value(i + 1_000)).unwrap())
                .collect();
            let updated: Vec<_> = (0..60)
                .map(|i| {
                    map.update(all.key(i), |v| all.value(v.number() + 1))
                        .unwrap()
                })
                .collect();
            let removed: Vec<_> = (0..60).map(|i| map.remove(&all.key(i)).unwrap()).collect();
            std::thread::scope(|s| {
                s.spawn(|| {
                    for i in 0..2_000 {
                        all.map().pin().insert(all.key(i % 300), all.value(i));
                    }
                    all.map().pin().clear();
                    all.map().flush();
                });
            });
            for i in 0..60 {
                assert_eq!(values[i as usize].number(), i);
                assert!(std::ptr::eq(values[i as usize], replaced[i as usize]));
                assert_eq!(updated[i as usize].number(), i + 1_001);
                assert!(std::ptr::eq(updated[i as usize], removed[i as usize]));
            }
            assert!(entries.iter().all(|(k, v)| k.number() == v.number()));
        }
        all.balances();
        assert!(all.map().is_empty());
    }
    run::<HONEST>();
    run::<ONE>();
}

#[test]
fn guards_nest_and_are_shared_by_maps_of_a_domain() {
    let smr = Smr::new();
    let maps: [HashMap<u32, String>; 3] =
        std::array::from_fn(|_| HashMap::builder().domain(&smr).build());
    let guard = smr.enter();
    for (n, map) in maps.iter().enumerate() {
        let inner = map.pin();
        inner.insert(1, n.to_string());
    }
    let found = [0, 1, 2].map(|n: usize| maps[n].get(&1, &guard).unwrap().as_str());
    maps.iter().for_each(|map| map.pin().clear());
    assert_eq!(found, ["0", "1", "2"]);
    assert_eq!(maps[0].flush(), 1, "the outer guard protects it");
    drop(guard);
    assert_eq!(maps[0].flush(), 0);
}

#[test]
fn a_repinned_handle_lets_go() {
    let mut all = Balanced::<HONEST>::with(1);
    let mut map = all.map().pin();
    for i in 0..100 {
        map.insert(all.key(0), all.value(i));
        map.repin();
    }
    // A flush numbers what was retired; sections from then on do not hold it back.
    assert!(all.map().flush() < 40);
    map.repin();
    assert_eq!(all.map().flush(), 0);
    assert_eq!(all.alive(), (1, 1));
    drop(map);
    let mut map = all.map().pin_owned();
    map.insert(all.key(0), all.value(7));
    assert_eq!(all.map().flush(), 1);
    map.repin_owned();
    assert_eq!(all.map().flush(), 0);
    assert_eq!(map.map().len(), 1);
    drop(map);
    all.balances();
}

/// A handle is made on one thread, used on a second, and dropped on a third; what it has found goes along.
#[test]
fn owned_handles_change_threads() {
    let mut all = Balanced::<ONE>::with(50);
    {
        let all = &all;
        let map = all.map().pin_owned();
        std::thread::scope(|s| {
            let found = s.spawn(|| map.get(&all.key(7)).unwrap()).join().unwrap();
            let by_others = s.spawn(|| all.map().pin().insert(all.key(7), all.value(70)).is_some());
            assert!(by_others.join().unwrap());
            assert_eq!(found.number(), 7);
            // An iterator goes on where another thread has left it.
            let mut iter = map.iter();
            let mut seen: Vec<_> = iter.by_ref().take(20).map(|(k, _)| k.number()).collect();
            let rest = s.spawn(move || iter.map(|(k, _)| k.number()).collect::<Vec<_>>());
            seen.extend(rest.join().unwrap());
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..50));
            let mut drain = map.drain();
            assert!(drain.next().is_some());
            s.spawn(move || assert_eq!(drain.count(), 49))
                .join()
                .unwrap();
        });
        assert!(all.map().is_empty());
        std::thread::scope(|s| s.spawn(move || drop(map)).join().unwrap());
    }
    all.balances();
}

/// Threads work through one handle at the same time.
#[test]
fn an_owned_handle_is_shared_by_threads() {
    fn run<const KEPT: u64>() {
        let mut all = Balanced::<KEPT>::with(0);
        for _ in 0..20 {
            let map = all.map().pin_owned();
            let start = Barrier::new(4);
            std::thread::scope(|s| {
                for t in 0..4 {
                    let (all, map, start) = (&all, &map, &start);
                    s.spawn(move || {
                        start.wait();
                        for i in 0..200 {
                            let key = all.key((i * (t + 1)) % 60);
                            let found = map.insert(key, all.value(i));
                            assert!(found.is_none_or(|v| v.number() < 200));
                            if i % 3 == 0 {
                                map.remove(&all.key(i % 60)).map(Counted::number);
                            }
                            if i % 50 == 0 {
                                let sum: u64 = map.values().map(Counted::number).sum();
                                assert!(sum < 200 * 60);
                            }
                        }
                    });
                }
            });
            drop(map);
            all.balances();
        }
    }
    run::<HONEST>();
    run::<ONE>();
}

/// Pending once, so that whoever waits is polled again.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// Polls it to its end, each time on another thread.
fn run_on_many_threads<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let mut future = pin!(future);
    loop {
        let future = future.as_mut();
        let poll = || future.poll(&mut Context::from_waker(Waker::noop()));
        let polled = std::thread::scope(|s| s.spawn(poll).join().unwrap());
        if let Poll::Ready(done) = polled {
            return done;
        }
    }
}

#[test]
fn handles_are_held_across_await() {
    let mut all = Balanced::<HONEST>::with(30);
    {
        let all = &all;
        let sum = run_on_many_threads(async move {
            let map = all.map().pin_owned();
            let first = map.get(&all.key(3)).unwrap();
            Yield(false).await;
            map.insert(all.key(3), all.value(40));
            let second = map.get(&all.key(3)).unwrap();
            Yield(false).await;
            map.remove(&all.key(3));
            let mut count = 0;
            for (_, value) in map.iter() {
                Yield(false).await;
                count += value.number();
            }
            let inserted = map.compute(all.key(3), |old| match old {
                Some(_) => Operation::Abort(()),
                None => Operation::Insert(all.value(1)),
            });
            Yield(false).await;
            assert!(matches!(inserted, Compute::Inserted(k, v) if k.number() == v.number() + 2));
            first.number() + second.number() + count
        });
        assert_eq!(sum, 3 + 40 + (0..30).sum::<u64>() - 3);
        // One that is dropped before its end.
        let mut dropped = Box::pin(async move {
            let map = all.map().pin_owned();
            let found = map.remove(&all.key(5)).unwrap();
            Yield(false).await;
            found.number()
        });
        let poll = dropped
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        std::thread::scope(|s| s.spawn(move || drop(dropped)).join().unwrap());
    }
    all.balances();
    assert_eq!(all.map().len(), 29);
}

/// A thread that holds a reference stops nobody, itself included.
#[test]
fn nobody_waits_for_a_held_reference() {
    let map: HashMap<u32, u32> = (0..100).map(|i| (i, i)).collect();
    let held = map.pin();
    let reference = held.get(&1).unwrap();
    let iter = held.iter();
    for i in 0..20_000 {
        held.insert(i % 3_000, i + 1);
        held.remove(&((i + 1) % 3_000));
    }
    held.clear();
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            for i in 0..20_000 {
                map.pin().insert(i % 3_000, i);
            }
            map.pin().retain(|_, _| false);
            map.pin().reserve(100_000);
            done.store(true, Relaxed);
        });
    });
    assert!(done.load(Relaxed));
    assert_eq!((*reference, iter.count()), (1, 0));
}
