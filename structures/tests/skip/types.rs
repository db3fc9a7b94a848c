//! Keys and values of any type: without size, large, aligned, with niches, borrowed, of one thread.

use std::num::NonZeroU64;
use std::sync::Arc;

use structures::{SkipMap, Smr};

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
