//! Threads suspended at every step (`--cfg smr_steps`): the others get on, except that the harness
//! notices a lock.
#![cfg(smr_steps)]

use std::collections::HashMap;
use std::sync::atomic::Ordering::{Acquire, Release};

use ipnet::{Ipv4Net, Ipv6Net};
use smr_core::primitive::AtomicBool;
use structures::Operation;
use structures::radix_map::Radix;
use structures::skip_map::Skip;
use structures::testing::maps::{Boxed, Inline, Restless};
use structures::testing::ordered::{ALL, Ask, Asks, LARGE, Ordered, Recorded, Shape};
use structures::testing::payload::Counted;
use structures::testing::prefixes::{ADDRESSES, Bits, Net, Query, Routes, nested, plain, queries};
use structures::testing::sorted::{Key, Kind, Sorted, numbers};
use structures::testing::{Call, Mix, Op, Session, Subject, suspension};

/// A map behind a lock, whose accesses are steps.
struct Locked {
    held: AtomicBool,
    map: std::sync::Mutex<HashMap<u64, u64>>,
}

struct InUse<'s>(&'s Locked);

impl Subject for Locked {
    const NAME: &'static str = "a locked map";

    type Session<'s> = InUse<'s>;

    fn new() -> Self {
        Locked {
            held: AtomicBool::new(false),
            map: std::sync::Mutex::default(),
        }
    }

    fn session(&self) -> InUse<'_> {
        InUse(self)
    }

    fn count(&self) -> usize {
        self.map.lock().unwrap().len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        let map = self.map.lock().unwrap();
        map.iter().map(|(&k, &v)| (k, v)).collect()
    }

    fn check(&mut self) {}
}

impl Session for InUse<'_> {
    fn apply(&mut self, call: Call) -> Option<u64> {
        let lock = &self.0.held;
        let mut tries = 0;
        while lock.swap(true, Acquire) {
            tries += 1;
            if tries > 10_000 {
                STUCK.store(true, std::sync::atomic::Ordering::Relaxed);
                return None;
            }
            std::thread::yield_now();
        }
        let mut map = self.0.map.lock().unwrap();
        let (after, answer) = call.op.apply(map.get(&call.key).copied());
        match after {
            Some(value) => map.insert(call.key, value),
            None => map.remove(&call.key),
        };
        drop(map);
        lock.store(false, Release);
        answer
    }
}

static STUCK: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

#[test]
fn a_lock_stops_the_others() {
    let call = Call {
        key: 1,
        op: Op::Insert(1),
    };
    let steps = suspension::others_get_on::<Locked>(&[call], &[call], 4, 3);
    assert_eq!(steps, 2, "taking the lock, and giving it back");
    assert!(STUCK.load(std::sync::atomic::Ordering::Relaxed));
}

/// What one thread does while it is suspended at every step in turn: each operation, with a slot that is
/// free and without, and the growth that comes with it.
fn gets_on<S: Subject>(prepared: u64, keys: u64) {
    let call = |key, op| Call { key, op };
    let prepare = inserted(prepared);
    let one_by_one = [
        vec![call(1, Op::Get), call(1_000, Op::Get)],
        vec![call(1_001, Op::Insert(1)), call(1_002, Op::TryInsert(1))],
        vec![call(1, Op::Insert(2)), call(2, Op::Update(2))],
        vec![call(1, Op::Remove), call(prepared - 1, Op::Remove)],
        vec![call(prepared - 1, Op::Upsert(3)), call(4, Op::RemoveIfEven)],
    ];
    for calls in one_by_one {
        let steps = suspension::others_get_on::<S>(&prepare, &calls, keys, 40);
        assert!(steps > 4, "{steps} steps in {calls:?}");
    }
}

fn inserted(keys: u64) -> Vec<Call> {
    let insert = |key| Call {
        key,
        op: Op::Insert(key),
    };
    (0..keys).map(insert).collect()
}

#[test]
fn nobody_waits_for_a_thread_in_an_inline_map() {
    gets_on::<Inline<0>>(12, 30);
    gets_on::<Inline<0>>(60, 90);
    gets_on::<Inline<2>>(40, 60);
}

#[test]
fn nobody_waits_for_a_thread_in_a_boxed_map() {
    gets_on::<Boxed<0>>(8, 30);
    gets_on::<Boxed<0>>(60, 90);
    gets_on::<Boxed<2>>(40, 60);
}

/// What is not about one key.
#[test]
fn nobody_waits_for_a_thread_that_walks_or_grows_a_boxed_map() {
    fn run<const KEPT: u64>(prepared: u64) {
        type Act<const KEPT: u64> = (&'static str, fn(&Boxed<KEPT>));
        let acts: [Act<KEPT>; 10] = [
            ("iter", |b| _ = b.map().pin().iter().count()),
            ("retain", |b| b.map().pin().retain(|k, _| k % 3 != 0)),
            ("clear", |b| b.map().pin().clear()),
            ("drain", |b| _ = b.map().pin().drain().count()),
            ("reserve", |b| b.map().pin().reserve(100)),
            ("flush", |b| _ = b.map().flush()),
            ("shrink", |b| {
                b.map().pin().reserve(70);
                b.map().shrink_to_fit();
            }),
            ("get_many", |b| {
                b.map().pin_owned().get_many(&[1, 2, 300], &mut [None; 3]);
            }),
            ("entry", |b| {
                let map = b.map().pin();
                map.entry(3).and_modify(Clone::clone).or_nothing();
            }),
            ("compute", |b| {
                let map = b.map().pin();
                for _ in 0..2 {
                    map.compute(5, |old| match old {
                        Some(_) => Operation::Remove,
                        None => Operation::Abort(()),
                    });
                }
            }),
        ];
        for (name, act) in acts {
            let prepare = inserted(prepared);
            let steps = suspension::others_get_on_beside(&prepare, name, act, 2 * prepared, 40);
            println!("{name}: {steps} steps");
            assert!(steps > 4, "{steps} steps in {name}");
        }
    }
    run::<0>(30);
    run::<2>(30);
}

/// The first insertions race to make the table.
#[test]
fn nobody_waits_for_a_thread_that_makes_the_table() {
    suspension::others_get_on::<Inline<0>>(&[], &inserted(40), 60, 30);
    suspension::others_get_on::<Boxed<0>>(&[], &inserted(30), 60, 30);
}

/// Nobody else either, when all of them split and merge buckets all the time.
#[test]
fn nobody_waits_in_a_restless_table() {
    let calls = |from| {
        (from..from + 3)
            .map(|key| Call {
                key,
                op: Op::Upsert(1),
            })
            .collect::<Vec<_>>()
    };
    suspension::others_get_on::<Restless>(&inserted(30), &calls(28), 40, 20);
}

/// What one thread asks of a map in order while it is suspended at every step in turn; all that happens has to be
/// explained by one order.
fn gets_on_in_order<K: Key, E: Kind<K>>(shape: &Shape, asks: &[Ask]) -> u64 {
    suspension::others_do_beside::<Recorded<Sorted<K, E>>>(
        |map| map.prepare(shape),
        &format!("{asks:?}, {}", shape.name),
        |map| map.record(asks.iter().copied()),
        |map, seed| {
            map.record(Asks::new(seed + 1, Mix::CHURN, shape.keys).take(6));
            map.record_walk(seed, 8, shape, || ());
            walk_both_ways(&map.subject);
        },
    )
}

fn walk_both_ways<K: Key, E: Kind<K>>(map: &Sorted<K, E>) {
    let map = map.map().pin();
    let keys = |(key, _): (&K, &K::Value)| key.number();
    assert!(map.iter().map(keys).is_sorted_by(|a, b| a < b));
    assert!(map.iter().rev().map(keys).is_sorted_by(|a, b| a > b));
}

fn every_ask<K: Key, E: Kind<K>>(shapes: &[Shape]) {
    for shape in shapes {
        let mut asks = vec![Ask::First, Ask::Last, Ask::PopFirst, Ask::PopLast];
        for &key in shape.keys {
            let call = |op| Ask::Of(Call { key, op });
            asks.extend([Op::Insert(1_001), Op::Remove, Op::Upsert(1_000)].map(call));
            asks.extend([Op::Get, Op::RemoveIfEven].map(call));
            asks.push(Ask::Above(std::ops::Bound::Excluded(key)));
            asks.push(Ask::Below(std::ops::Bound::Excluded(key)));
        }
        let steps = asks
            .chunks(3)
            .map(|asks| gets_on_in_order::<K, E>(shape, asks));
        let steps: Vec<_> = steps.collect();
        println!("{}, {}: {steps:?} steps", K::NAME, shape.name);
        assert!(steps.iter().all(|&steps| steps > 4));
    }
}

#[test]
fn nobody_waits_for_a_thread_in_an_ordered_map() {
    every_ask::<u64, Skip>(&ALL);
    every_ask::<u64, Radix>(&ALL);
    every_ask::<u32, Skip>(&ALL[2..5]);
    every_ask::<Counted, Skip>(&ALL);
    every_ask::<Counted, Radix>(&ALL);
}

#[test]
fn nobody_waits_for_a_thread_in_the_index() {
    every_ask::<u64, Skip>(&LARGE);
    every_ask::<u64, Radix>(&LARGE);
    every_ask::<Counted, Skip>(&LARGE[..1]);
    every_ask::<Counted, Radix>(&LARGE[..1]);
}

/// What is not about one entry.
fn wholes<K: Key, E: Kind<K>>(shape: &Shape) {
    type Act<S> = (&'static str, fn(&S));
    let acts: [Act<Sorted<K, E>>; 6] = [
        ("walks", walk_both_ways),
        ("retain", |m| {
            m.map().pin().retain(|k, _| k.number() % 8 != 0)
        }),
        ("clear", |m| m.map().pin().clear()),
        ("drain", |m| {
            _ = m.map().pin().drain().rev().map(numbers).count()
        }),
        ("pops", |m| {
            let map = m.map().pin();
            while map.pop_first().is_some() && map.pop_last().is_some() {}
        }),
        ("cursor", |m| {
            let map = m.map().pin();
            let mut cursor = map.cursor();
            while cursor.next().is_some() {}
            while cursor.prev().is_some() {}
        }),
    ];
    for (name, act) in acts {
        whole(shape, name, act);
    }
}

fn whole<K: Key, E: Kind<K>>(shape: &Shape, name: &str, act: impl Fn(&Sorted<K, E>) + Sync) {
    let steps = suspension::others_do_beside::<Sorted<K, E>>(
        |map| {
            let mut session = map.session();
            for call in shape.calls() {
                session.apply(call);
            }
        },
        name,
        act,
        |map, seed| {
            for ask in Asks::new(seed, Mix::CHURN, shape.keys).take(12) {
                map.ask(ask);
            }
            walk_both_ways(map);
        },
    );
    println!("{name}, {}: {steps} steps", shape.name);
    assert!(steps > 4, "{steps} steps in {name}");
}

#[test]
fn nobody_waits_for_a_thread_that_goes_through_an_ordered_map() {
    wholes::<u64, Skip>(&ALL[3]);
    wholes::<u64, Radix>(&ALL[3]);
    wholes::<u32, Skip>(&ALL[3]);
    wholes::<u64, Skip>(&ALL[6]);
    wholes::<u64, Radix>(&ALL[6]);
    wholes::<Counted, Skip>(&ALL[4]);
    wholes::<Counted, Radix>(&ALL[4]);
}

/// Each kind of piece has memory of its own.
#[test]
fn nobody_waits_for_a_thread_that_flushes_an_ordered_map() {
    whole::<Counted, Skip>(&ALL[0], "flush", |m| {
        m.ask(Ask::PopFirst);
        m.map().flush();
    });
    whole::<Counted, Radix>(&ALL[0], "flush", |m| {
        m.ask(Ask::PopFirst);
        m.map().flush();
    });
}

/// What one thread does with a map that has some prefixes while it is suspended at every step in turn; all that is
/// recorded has to be explained by one order.
fn gets_on_with_prefixes<P: Net>(there: &[Bits], what: &str, act: impl Fn(&Routes<P>) + Sync) {
    let steps = suspension::others_do_beside::<Routes<P>>(
        |routes| routes.record((1..).zip(there).map(|(n, &net)| Query::Insert(net, n))),
        what,
        act,
        |routes, seed| {
            routes.record(queries(seed + 1, 80).take(8));
            let map = routes.map().pin();
            let nets: Vec<_> = map.iter().map(|(net, _)| net).collect();
            assert!(nets.is_sorted_by(|a, b| a < b));
            let longest = map.longest_match(P::address(ADDRESSES[4]));
            assert!(longest.is_none_or(|(net, _)| net.bits().begins(ADDRESSES[4])));
        },
    );
    println!("{what}, {}, {there:?}: {steps} steps", P::NAME);
    assert!(steps > 4, "{steps} steps in {what}");
}

fn every_query<P: Net>() {
    let all = nested();
    for there in [&all[..], &all[2..3], &all[4..7], &[]] {
        for net in [all[0], all[2], all[3], all[7]] {
            let queries = [
                Query::Insert(net, 1_000),
                Query::Remove(net),
                Query::Get(net),
            ];
            for query in queries {
                gets_on_with_prefixes::<P>(there, &format!("{query:?}"), |map| map.record([query]));
            }
        }
        for addr in ADDRESSES {
            gets_on_with_prefixes::<P>(there, "the strict match", |map| {
                map.record([Query::Longest(addr)]);
            });
            gets_on_with_prefixes::<P>(there, "the longest match", |map| {
                let map = map.map().pin();
                let found = map.longest_match(P::address(addr)).map(plain);
                assert!(found.is_none_or(|(net, _)| net.begins(addr)));
            });
        }
        let net = P::net(ADDRESSES[4], 9);
        gets_on_with_prefixes::<P>(there, "walks", |map| {
            let map = map.map().pin();
            let all: Vec<_> = map.subnets(net).map(plain).collect();
            assert!(all.is_sorted() && all.iter().all(|(sub, _)| net.bits().covers(*sub)));
            let all: Vec<_> = map.supernets(net).map(plain).collect();
            assert!(all.is_sorted() && all.iter().all(|(above, _)| above.covers(net.bits())));
        });
    }
}

#[test]
fn nobody_waits_for_a_thread_in_a_map_of_prefixes() {
    every_query::<Ipv4Net>();
    every_query::<Ipv6Net>();
}
