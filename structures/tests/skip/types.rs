//! Keys and values of any type: without size, large, aligned, with niches, borrowed, of one thread.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::thread;

use structures::{Operation, SkipMap, Smr};

#[test]
fn keys_and_values_may_be_of_any_type() {
    // Without size.
    let units = SkipMap::new();
    assert!(units.pin().insert((), ()).is_none() && units.pin().insert((), ()).is_some());
    assert_eq!(units.len(), 1);
    // Large.
    let mut large = SkipMap::new();
    for i in 0..150u64 {
        large.pin().insert([i * 7 % 150; 512], [i; 512]);
        large.pin().insert([i * 7 % 150; 512], [i * 7 % 150; 512]);
    }
    assert!(large.pin().iter().all(|(key, value)| key == value));
    large.pin().retain(|key, _| key[0] % 3 == 0);
    large.check();
    assert!(
        large
            .into_iter()
            .map(|(key, _)| key[511])
            .eq((0..150).step_by(3))
    );
    // Of a larger alignment.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    #[repr(align(64))]
    struct Line(u8);
    #[repr(align(4096))]
    struct Page(u8);
    let mut lines = SkipMap::new();
    for i in 0..=255 {
        lines.pin().insert(Line(i), Page(i));
        lines.pin().insert(Line(i / 2), Page(i));
        lines.pin().remove(&Line(i / 3));
    }
    for (line, page) in &lines.pin() {
        assert_eq!(std::ptr::from_ref(line).addr() % 64, 0);
        assert_eq!(std::ptr::from_ref(page).addr() % 4096, 0);
        assert!(page.0 / 2 == line.0 || page.0 == line.0);
    }
    lines.check();
    assert!(
        lines
            .into_iter()
            .all(|(line, page)| page.0 / 2 == line.0 || page.0 == line.0)
    );
    // Unsized behind a pointer.
    let functions: SkipMap<&str, Box<dyn Fn(u32) -> u32 + Send + Sync>> = SkipMap::new();
    let functions = functions.pin();
    functions.insert("double", Box::new(|n| n * 2));
    let offset = 3;
    functions.insert("add", Box::new(move |n| n + offset));
    assert_eq!(
        functions.get("double").unwrap()(functions.get("add").unwrap()(4)),
        14
    );
    // Never.
    let never: SkipMap<std::convert::Infallible, u8> = SkipMap::new();
    assert_eq!(never.pin().iter().count(), 0);
}

/// Types that have no bits to spare, or whose bits are not all values.
#[test]
fn keys_and_values_may_have_niches() {
    let numbers: SkipMap<NonZeroU64, Option<NonZeroU64>> = (1..2_000)
        .map(|n| (NonZeroU64::new(n).unwrap(), NonZeroU64::new(n % 2)))
        .collect();
    assert!(
        numbers
            .pin()
            .iter()
            .all(|(key, value)| value.is_some() == (key.get() % 2 == 1))
    );
    let bools = SkipMap::from([(true, false), (false, true)]);
    assert!(bools.pin().iter().all(|(key, value)| key != value));
    let letters: SkipMap<char, Option<char>> = ('\0'..='\u{1000}').map(|c| (c, Some(c))).collect();
    assert!(
        letters
            .pin()
            .range('a'..='z')
            .all(|(key, value)| Some(*key) == *value)
    );
    assert_eq!(letters.pin().range('\u{D7FF}'..).next(), None);
    let texts: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let map: SkipMap<&String, Option<&str>> = texts
        .iter()
        .map(|text| (text, Some(text.as_str())))
        .collect();
    map.pin().retain(|text, _| text.len() == 3);
    assert!(
        map.into_iter()
            .all(|(key, value)| Some(key.as_str()) == value)
    );
    let options: SkipMap<Option<bool>, Box<u8>> = [(None, 0), (Some(true), 2), (Some(false), 1)]
        .map(|(key, n)| (key, Box::new(n)))
        .into();
    assert!(options.pin().values().map(|n| **n).eq(0..3));
    let shared: SkipMap<Arc<str>, Arc<str>> = texts
        .iter()
        .map(|text| (text.as_str().into(), text.as_str().into()))
        .collect();
    assert!(
        shared
            .pin()
            .get("77")
            .is_some_and(|value| Arc::strong_count(value) == 1)
    );
}

/// Keys that live shorter than the program have the hints of those that do not.
#[test]
fn keys_and_values_may_be_borrowed() {
    let names: Vec<String> = (0..300)
        .map(|i| format!("they have this in common: {i}"))
        .collect();
    let total = std::cell::Cell::new(0);
    struct Adds<'a>(&'a std::cell::Cell<usize>, &'a str);
    impl Drop for Adds<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + self.1.len());
        }
    }
    let map = SkipMap::new();
    for name in &names {
        map.pin().insert(name.as_str(), Adds(&total, name));
        map.pin().insert(name.as_str(), Adds(&total, name));
    }
    assert_eq!(map.pin().get(names[17].as_str()).unwrap().1, names[17]);
    map.pin().retain(|name, _| !name.ends_with('7'));
    let kept: Vec<&str> = map.pin().keys().copied().collect();
    drop(map);
    assert_eq!(kept.len(), 270, "keys outlive the map that they were in");
    assert_eq!(
        total.get(),
        2 * names.iter().map(String::len).sum::<usize>()
    );
}

/// Keys and values of one thread: neither the map nor what it hands out leaves it.
#[test]
fn keys_and_values_may_be_of_one_thread() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let map: SkipMap<Rc<str>, Rc<RefCell<Vec<u32>>>> =
        SkipMap::builder().domain(&Smr::new()).build();
    for i in 0..1_000 {
        let name = Rc::from((i % 100).to_string());
        let list = map.pin().get_or_insert_with(name, Rc::default).clone();
        list.borrow_mut().push(i);
    }
    let ones = map.pin().get("1").unwrap().clone();
    assert_eq!(ones.borrow().len(), 10);
    map.pin().retain(|key, _| &**key == "1");
    assert_eq!((map.len(), Rc::strong_count(&ones)), (1, 2));
    map.pin().clear();
    assert_eq!(map.flush(), 0);
    assert_eq!(Rc::strong_count(&ones), 1);
}

/// Keys and values that lie in the map's own memory: whatever becomes of it, what has been found stays.
#[test]
fn keys_and_values_may_be_plain() {
    fn run<K, V>(key: impl Fn(u32) -> K, value: impl Fn(u32) -> V, keys: u32)
    where
        K: Copy + Ord + Debug,
        V: Copy + PartialEq + Debug,
    {
        let mut map = SkipMap::<K, V>::builder().domain(&Smr::new()).build();
        let mut std = BTreeMap::new();
        let pinned = map.pin_owned();
        let mut found = Vec::new();
        for i in 0..3 * keys {
            let (k, v) = (key(i * 7 % keys), value(i));
            assert_eq!(pinned.insert(k, v).copied(), std.insert(k, v));
            if i % 3 == 0 {
                found.push((pinned.get_key_value(&k).unwrap(), (k, v)));
            }
            let (gone, v) = (key(i * 5 % keys), value(i + 1));
            if i % 4 == 0 {
                let removed = pinned.remove_entry(&gone).map(|(k, v)| (*k, *v));
                assert_eq!(removed, std.remove_entry(&gone));
            } else {
                let new = pinned.get_or_insert(gone, v);
                assert_eq!(new, std.entry(gone).or_insert(v));
                found.push(((pinned.get_key_value(&gone).unwrap().0, new), (gone, *new)));
            }
            let answer = pinned.update(k, |_| v);
            assert_eq!(answer.is_some(), std.contains_key(&k));
            if let Some(there) = std.get_mut(&k) {
                *there = v;
                found.push((
                    (pinned.first_key_value().unwrap().0, answer.unwrap()),
                    (*std.first_key_value().unwrap().0, v),
                ));
            }
        }
        let ours = pinned.iter().map(|(k, v)| (*k, *v));
        assert!(ours.eq(std.iter().map(|(k, v)| (*k, *v))));
        let ours = pinned.range(key(1)..).rev().map(|(k, v)| (*k, *v));
        assert!(ours.eq(std.range(key(1)..).rev().map(|(k, v)| (*k, *v))));
        while std.len() > keys as usize / 2 {
            let first = pinned.pop_first().unwrap();
            found.push((first, std.pop_first().unwrap()));
            let last = pinned.pop_last().unwrap();
            found.push((last, std.pop_last().unwrap()));
        }
        pinned.retain(|k, _| *k != key(keys / 2));
        std.remove(&key(keys / 2));
        for (there, expected) in found {
            assert_eq!((*there.0, *there.1), expected);
        }
        drop(pinned);
        map.check();
        let copy: SkipMap<K, V> = map.pin().iter().map(|(k, v)| (*k, *v)).collect();
        assert!(copy.into_iter().rev().eq(std.clone().into_iter().rev()));
        assert!(map.into_iter().eq(std));
    }
    let letter = |n: u32| char::from_u32(n + 0x3b1).unwrap();
    run(u64::from, u64::from, 900);
    run(|n| u64::MAX - u64::from(n), |n| -i64::from(n), 900);
    run(|n| n, |_| (), 900);
    run(|n| n as usize, |n| n as isize, 900);
    run(|n| n as u16, |n| n as u16, 900);
    run(|n| n as u8, |n| n as i8, 200);
    run(letter, |n| n % 2 == 0, 900);
    run(|n| n == 1, letter, 2);
    run(|n| n, f64::from, 900);
    run(|n| n, |n| n as f32, 900);
    // Others beside them.
    run(|n| n as i32 - 400, u64::from, 900);
    run(u64::from, |n| [n as u8; 3], 900);
    run(u64::from, |n| (n, n), 900);
    run(u64::from, Some, 900);
}

/// Who decides about a value that is the same as before decides anew if it was another meanwhile: an entry that lies in
/// the map's own memory has no address that would tell.
#[test]
fn decisions_are_about_what_is_there() {
    fn run<V: PartialEq + Send + Sync + 'static>(value: impl Fn() -> V + Sync) {
        let map = SkipMap::<u64, V>::builder().domain(&Smr::new()).build();
        let until = AtomicU64::new(10);
        let log = SkipMap::<u64, u64>::builder().domain(map.smr()).build();
        map.pin().insert(1, value());
        let mut asked = 0;
        let pinned = map.pin();
        let removed = pinned.remove_if(&1, |_, _| {
            asked += 1;
            log.pin().insert(asked, 1); // a closure may write to another map
            let is_over = until.load(SeqCst) < 20;
            if asked == 1 {
                let another = || {
                    until.store(30, SeqCst);
                    map.pin().insert(1, value());
                };
                thread::scope(|scope| scope.spawn(another).join()).unwrap();
            }
            is_over
        });
        assert!(removed.is_err(), "it was renewed");
        assert_eq!(asked, 2);
        assert_eq!(log.len(), 2);
    }
    run(|| 5u64);
    run(|| ());
    run(|| [5u64]);
}

/// What `retain` removes is what it has asked about, though another has come meanwhile.
#[test]
fn what_is_not_retained_was_asked_about() {
    fn run<V: Send + Sync + 'static>(value: impl Fn(u64) -> V + Sync, number: fn(&V) -> u64) {
        let map = SkipMap::<u64, V>::builder().domain(&Smr::new()).build();
        map.pin().insert(7, value(1));
        let mut asked = Vec::new();
        map.pin().retain(|_, there| {
            asked.push(number(there));
            if asked.len() == 1 {
                let another = || _ = map.pin().insert(7, value(2));
                thread::scope(|scope| scope.spawn(another).join()).unwrap();
            }
            number(there) == 2
        });
        assert_eq!(asked, [1, 2]);
        assert_eq!(map.pin().get(&7).map(number), Some(2));
    }
    run(|n| n, |n| *n);
    run(|n| [n], |n| n[0]);
}

/// Closures that write to entries beside theirs, each time, or let others do so, come to an end.
#[test]
fn closures_may_write_beside_their_entry() {
    fn run<V: PartialEq + Send + Sync + 'static>(value: impl Fn() -> V + Sync) {
        let whole = SkipMap::<u64, V>::builder().domain(&Smr::new()).build();
        let map = whole.pin();
        map.insert(1, value());
        let asked = Cell::new(0);
        let write = || {
            asked.set(asked.get() + 1);
            assert!(asked.get() <= 4, "it is asked again and again");
            map.insert(2, value());
            map.remove(&3);
            map.insert(3, value());
            if asked.get() % 2 == 0 {
                let another = || _ = whole.pin().insert(4, value());
                thread::scope(|scope| scope.spawn(another).join()).unwrap();
            }
        };
        for n in 0..60 {
            asked.set(0);
            map.update(1, |_| {
                write();
                value()
            });
            asked.set(0);
            map.compute(1, |there| {
                write();
                assert!(there.is_some());
                Operation::<_, ()>::Insert(value())
            });
            asked.set(0);
            let removed = map.remove_if(&1, |_, _| {
                write();
                n % 2 == 0
            });
            assert_eq!(removed.is_ok_and(|there| there.is_some()), n % 2 == 0);
            map.insert(1, value());
            map.insert(100 + n, value());
        }
    }
    run(|| 5u64);
    run(|| ());
    run(|| [5u64]);
}

/// Who changes a value through a reference changes the map's: such values are not copied.
#[test]
fn values_may_be_changed_in_place() {
    let map: SkipMap<u64, AtomicU64> = (0..200).map(|n| (n, AtomicU64::new(n))).collect();
    let map = map.pin();
    for n in 0..200 {
        map.get(&n).unwrap().fetch_add(1, Relaxed);
        map.remove(&(n + 1));
        map.insert(n + 1, AtomicU64::new(n + 1));
        assert_eq!(map.get(&n).unwrap().load(Relaxed), n + 1);
    }
    assert!(map.iter().take(200).all(|(n, v)| v.load(Relaxed) == n + 1));
}
