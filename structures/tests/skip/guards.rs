//! Guards of `SkipMap`: what they protect, where they may go, and that those of another domain are refused.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use structures::skip_map::{Cursor, Drain, IntoIter, Iter, Keys, Natural, Range, Values};
use structures::testing::balanced::{Key, Ordered};
use structures::testing::payload::Counted;
use structures::{Guard, OwnedGuard, SkipMap, SkipMapBuilder, SkipMapRef, SkipSet, Smr, skip_set};

/// What was returned stays good as long as the guard, whatever happens to the entry.
#[test]
fn references_stay_good_as_long_as_their_guard() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(200);
        {
            let map = all.map().pin();
            let entries: Vec<_> = map.iter().collect();
            let values: Vec<_> = (0..200).map(|i| map.get(&all.key(i)).unwrap()).collect();
            let mut cursor = map.cursor();
            cursor.seek(&all.key(100));
            let mut range = map.range(all.key(50)..all.key(150));
            let met: Vec<_> = range
                .by_ref()
                .take(10)
                .chain(map.iter().rev().take(1))
                .collect();
            let replaced: Vec<_> = (0..200)
                .map(|i| map.insert(all.key(i), all.value(i + 1_000)).unwrap())
                .collect();
            let removed: Vec<_> = (0..200).map(|i| map.remove(&all.key(i)).unwrap()).collect();
            std::thread::scope(|s| {
                s.spawn(|| {
                    for i in 0..2_000 {
                        all.map().pin().insert(all.key(i % 300), all.value(i));
                    }
                    all.map().pin().clear();
                    all.map().flush();
                });
            });
            for i in 0..200 {
                assert_eq!(values[i as usize].number(), i);
                assert!(std::ptr::eq(values[i as usize], replaced[i as usize]));
                assert_eq!(removed[i as usize].number(), i + 1_000);
            }
            assert!(entries.iter().all(|(k, v)| k.number() == v.number()));
            assert!(met.iter().all(|(k, v)| k.number() == v.number()));
            assert!(range.all(|(k, v)| k.number() % 1_000 == v.number() % 1_000));
            assert!(cursor.next().is_none() && cursor.prev().is_none());
            assert!(format!("{cursor:?}").contains("before"));
        }
        all.balances();
        assert!(all.map().is_empty());
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
}

#[test]
fn guards_nest_and_are_shared_by_maps_of_a_domain() {
    let smr = Smr::new();
    let maps: [SkipMap<u32, String>; 3] =
        std::array::from_fn(|_| SkipMap::builder().domain(&smr).build());
    let guard = smr.enter();
    for (n, map) in maps.iter().enumerate() {
        let inner = map.pin();
        inner.insert(1, n.to_string());
    }
    let found = [0, 1, 2].map(|n: usize| maps[n].get(&1, &guard).unwrap().as_str());
    maps.iter().for_each(|map| map.pin().clear());
    assert_eq!(found, ["0", "1", "2"]);
    assert!(maps[0].flush() >= 1, "the outer guard protects it");
    drop(guard);
    assert_eq!(maps[0].flush(), 0);
}

#[test]
fn a_repinned_handle_lets_go() {
    let mut all = Ordered::<Counted>::with(1);
    let mut map = all.map().pin();
    for i in 0..100 {
        map.insert(all.key(0), all.value(i));
        map.repin();
    }
    // A flush numbers what was retired; sections from then on do not hold it back.
    all.map().flush();
    map.repin();
    assert_eq!((all.map().flush(), all.alive()), (0, (1, 1)));
    drop(map);
    let mut map = all.map().pin_owned();
    map.insert(all.key(0), all.value(7));
    assert!(all.map().flush() >= 1);
    map.repin_owned();
    assert_eq!((all.map().flush(), map.map().len()), (0, 1));
    drop(map);
    all.balances();
    let mut set = SkipSet::from([1]);
    set.pin().repin();
    set.pin_owned().repin_owned();
    set.check();
}

/// A handle is made on one thread, used on a second, and dropped on a third; what it has found goes along.
#[test]
fn owned_handles_change_threads() {
    fn run<K: Key>() {
        let mut all = Ordered::<K>::with(150);
        {
            let all = &all;
            let map = all.map().pin_owned();
            std::thread::scope(|s| {
                let found = s.spawn(|| map.get(&all.key(7)).unwrap()).join().unwrap();
                let insert = || all.map().pin().insert(all.key(7), all.value(70)).is_some();
                assert!(s.spawn(insert).join().unwrap());
                assert_eq!(found.number(), 7);
                // Iterators and cursors go on where another thread has left them.
                let mut iter = map.iter();
                let mut seen: Vec<_> = iter.by_ref().take(70).map(|(k, _)| k.number()).collect();
                seen.extend(iter.by_ref().rev().take(30).map(|(k, _)| k.number()));
                let rest = s.spawn(move || iter.map(|(k, _)| k.number()).collect::<Vec<_>>());
                seen.extend(rest.join().unwrap());
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..150));
                let mut cursor = map.cursor();
                cursor.seek(&all.key(75));
                let next = s.spawn(move || cursor.next().map(|(k, _)| k.number()));
                assert_eq!(next.join().unwrap(), Some(75));
                let mut drain = map.drain();
                assert!(drain.next().is_some());
                let rest = s.spawn(move || assert_eq!(drain.count(), 149));
                rest.join().unwrap();
            });
            assert!(all.map().is_empty());
            std::thread::scope(|s| s.spawn(move || drop(map)).join().unwrap());
        }
        all.balances();
    }
    run::<u64>();
    run::<String>();
    run::<Counted>();
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

#[test]
fn handles_are_held_across_await() {
    let mut all = Ordered::<Counted>::with(100);
    {
        let all = &all;
        let work = async move {
            let map = all.map().pin_owned();
            let first = map.get(&all.key(3)).unwrap();
            Yield(false).await;
            map.insert(all.key(3), all.value(40));
            let mut sum = first.number();
            for (_, value) in map.range(all.key(50)..).rev() {
                Yield(false).await;
                sum += value.number();
            }
            let mut cursor = map.cursor();
            while let Some((_, value)) = cursor.next() {
                Yield(false).await;
                sum += value.number();
            }
            sum
        };
        let mut future = Box::pin(work);
        // Each time on another thread.
        let sum = loop {
            let poll = || {
                future
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
            };
            let polled = std::thread::scope(|s| s.spawn(poll).join().unwrap());
            if let Poll::Ready(sum) = polled {
                break sum;
            }
        };
        assert_eq!(sum, 40 + (50..100).sum::<u64>() + (0..100).sum::<u64>());
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
    assert_eq!(all.map().len(), 99);
}

/// A thread that holds a reference stops nobody, itself included.
#[test]
fn nobody_waits_for_a_held_reference() {
    let map: SkipMap<u32, u32> = (0..100).map(|i| (i, i)).collect();
    let held = map.pin();
    let reference = held.get(&1).unwrap();
    let (iter, mut cursor) = (held.iter(), held.cursor());
    cursor.seek(&50);
    for i in 0..5_000 {
        held.insert(i % 1_500, i + 1);
        held.remove(&((i + 1) % 1_500));
    }
    held.clear();
    std::thread::scope(|s| {
        s.spawn(|| {
            for i in 0..5_000 {
                map.pin().insert(i % 1_500, i);
            }
            map.pin().retain(|_, _| false);
        });
    });
    assert_eq!((*reference, iter.count(), cursor.next()), (1, 0, None));
}

/// What crosses threads and what does not, decided at compile time.
#[test]
fn what_may_be_sent_and_shared() {
    fn send<T: Send>() {}
    fn both<T: Send + Sync>() {}
    send::<SkipMap<String, Cell<u8>>>();
    both::<SkipMap<String, Vec<u8>>>();
    both::<SkipMap<(u8, u8), Vec<u8>, fn(&(u8, u8), &(u8, u8)) -> std::cmp::Ordering>>();
    both::<SkipMapRef<'_, String, u8, Natural, OwnedGuard>>();
    both::<Iter<'_, String, u8, Natural, OwnedGuard>>();
    both::<Keys<'_, String, u8, Natural, OwnedGuard>>();
    both::<Values<'_, String, u8, Natural, OwnedGuard>>();
    both::<Range<'_, String, u8, Natural, OwnedGuard, str, std::ops::RangeFull>>();
    both::<Range<'_, u64, u8, Natural, OwnedGuard, u64, std::ops::Range<u64>>>();
    both::<Drain<'_, String, u8, Natural, OwnedGuard>>();
    both::<Cursor<'_, String, u8, Natural, OwnedGuard>>();
    send::<IntoIter<String, Cell<u8>, Natural>>();
    both::<IntoIter<String, u8, Natural>>();
    both::<SkipMapBuilder<String, u8>>();
    both::<SkipSet<String>>();
    both::<skip_set::SkipSetRef<'_, String, Natural, OwnedGuard>>();
    both::<skip_set::Range<'_, u64, Natural, OwnedGuard, u64, std::ops::RangeFull>>();
    both::<structures::set::Iter<'_, SkipMap<u64, ()>, OwnedGuard>>();
    both::<structures::set::IntoIter<SkipMap<u64, ()>>>();
    fn panics_pass<T: UnwindSafe + RefUnwindSafe + Debug>() {}
    panics_pass::<SkipMap<String, u8>>();
    fn is_guard<G: Guard>() {}
    is_guard::<structures::LocalGuard<'_>>();
    is_guard::<OwnedGuard>();
}
