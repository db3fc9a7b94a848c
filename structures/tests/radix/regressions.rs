//! Bugs that other tries had, which `RadixMap` must not have: one test each, named after what must hold. Those
//! that one thread can show; others are in `races`.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use structures::{RadixMap, Smr};

type Map = RadixMap<Vec<u8>, u64>;
type Std = BTreeMap<Vec<u8>, u64>;

fn map() -> Map {
    Map::new_in(&Smr::new())
}

/// Both, of keys with their places as values.
fn both<K: AsRef<[u8]>>(keys: &[K]) -> (Map, Std) {
    let (map, mut std) = (map(), Std::new());
    for (key, n) in keys.iter().map(|key| key.as_ref().to_vec()).zip(0..) {
        assert_eq!(
            map.pin().insert(key.clone(), n).copied(),
            std.insert(key, n)
        );
    }
    (map, std)
}

/// All that can be asked about a place in the order has the answers of std's map.
#[track_caller]
fn agree_at(map: &Map, std: &Std, at: &[u8]) {
    let of = |(key, value): (&Vec<u8>, &u64)| (key.clone(), *value);
    let map = map.pin();
    assert_eq!(map.get(at), std.get(at), "{at:?}");
    for from in [Included(at), Excluded(at)] {
        let mut above = std.range::<[u8], _>((from, Unbounded)).map(of);
        let range = map.range::<[u8], _>((from, Unbounded));
        assert!(range.clone().map(of).eq(above.clone()), "from {from:?}");
        assert!(range.rev().map(of).eq(above.clone().rev()), "to {from:?}");
        let next = above.next();
        assert_eq!(map.lower_bound(from).map(of), next, "above {from:?}");
        assert_eq!(map.cursor().seek_bound(from).map(of), next, "{from:?}");
        let mut below = std.range::<[u8], _>((Unbounded, from)).map(of);
        let range = map.range::<[u8], _>((Unbounded, from));
        assert!(range.clone().map(of).eq(below.clone()), "up to {from:?}");
        assert!(range.rev().map(of).eq(below.clone().rev()), "{from:?}");
        let before = below.next_back();
        assert_eq!(map.upper_bound(from).map(of), before, "below {from:?}");
    }
    let mut cursor = map.cursor();
    cursor.seek(at);
    let before = std.range::<[u8], _>((Unbounded, Excluded(at)));
    assert_eq!(cursor.prev(), before.clone().next_back(), "before {at:?}");
    let begins = |key: &&Vec<u8>| key.starts_with(at);
    assert!(map.prefix(at).map(|e| e.0).eq(std.keys().filter(begins)));
    if !std.keys().any(|key| begins(&key)) {
        assert_eq!(map.remove_prefix(at), 0, "of {at:?}");
    }
    let is_prefix = |key: &&Vec<u8>| at.starts_with(key);
    let matches: Vec<_> = std.keys().filter(is_prefix).collect();
    assert!(map.ancestors(at).map(|e| e.0).eq(matches.iter().copied()));
    let longest = matches.last().copied();
    assert_eq!(map.longest_match(at).map(|e| e.0), longest, "of {at:?}");
    assert_eq!(map.longest_match_strict(at).map(|e| e.0), longest);
}

#[track_caller]
fn agree(map: &mut Map, std: &Std, places: &[&str]) {
    map.check();
    assert_eq!(map.len(), std.len());
    assert!(map.pin().iter().eq(std));
    assert!(map.pin().iter().rev().eq(std.iter().rev()));
    for place in places {
        agree_at(map, std, place.as_bytes());
    }
}

/// Puts keys in in two orders, and takes them out in two orders, and looks after each.
#[track_caller]
fn come_and_go(keys: &[&str]) {
    let turned: Vec<&str> = keys.iter().rev().copied().collect();
    for (order, other) in [
        (keys, keys),
        (keys, &turned),
        (&turned, keys),
        (&turned, &turned),
    ] {
        let (mut map, mut std) = both::<&str>(&[]);
        for (key, n) in order.iter().zip(0..) {
            let key = key.as_bytes();
            assert_eq!(map.pin().insert(key.to_vec(), n), None);
            std.insert(key.to_vec(), n);
            agree(&mut map, &std, keys);
        }
        for key in other {
            let key = key.as_bytes();
            assert_eq!(map.pin().remove(key).copied(), std.remove(key));
            agree(&mut map, &std, keys);
        }
        assert!(map.is_empty());
    }
}

/// libart#14: of "abc" and "ab" one was not found. libart#56, ARTSync#8: the byte behind the end of a key was read where
/// another one goes on.
#[test]
fn keys_that_are_prefixes_of_others_are_keys() {
    come_and_go(&["abc", "ab"]);
    come_and_go(&["hello", "hello2"]);
    come_and_go(&["art", "artist"]);
    come_and_go(&["", "a", "aa", "aaa", "aaab", "aab"]);
    come_and_go(&["an artist", "an artistic gymnast", "an art", "an artist's"]);
}

/// go-art#4: "aa" and "aa\0" were the same.
#[test]
fn zeros_are_bytes_as_others_are() {
    come_and_go(&["A", "a", "aa", "aa\0"]);
    come_and_go(&["", "\0", "\0\0", "\0\0\0\0\0\0\0\0\0\0", "\0a", "a\0"]);
    come_and_go(&[
        "a\0\0\0\0\0\0\0\0\0b",
        "a",
        "a\0\0\0",
        "a\0\0\0\0\0\0\0\0\0",
    ]);
}

/// libart#24: behind what keys have in common, if it was longer than what nodes note, more was taken for the same than
/// is. libart#40: a scan went on behind the end of the prefix.
#[test]
fn a_scan_of_a_prefix_keeps_to_it() {
    for common in [0, 1, 5, 7, 8, 9, 10, 11, 17, 40] {
        let key = |last: &[u8]| [&vec![b'm'; common], last].concat();
        let keys = [
            &b""[..],
            b"a",
            b"ab",
            b"abcabcabcabc1",
            b"abcabcabcabc2",
            b"b",
        ]
        .map(key);
        let (map, std) = both(&keys);
        for key in &keys {
            for len in 0..=key.len() {
                // As long as the key, and longer; and with one byte that is another.
                agree_at(&map, &std, &key[..len]);
                for byte in [0, b'a', b'l', b'n', 255] {
                    agree_at(&map, &std, &[&key[..len], &[byte]].concat());
                    agree_at(&map, &std, &[&key[..len], &[byte], &key[len..]].concat());
                }
            }
        }
    }
}

/// ARTSync#5: some keys of a large set, most of which are close to each other, were not found.
#[test]
fn each_key_of_a_large_skewed_set_is_found() {
    let mut random = SmallRng::seed_from_u64(5);
    let mut map = RadixMap::new_in(&Smr::new());
    let mut std = BTreeMap::new();
    for n in 0..30_000u64 {
        // All lengths of what they have in common, and dense runs.
        let wide = random.random::<u64>() >> random.random_range(0..64);
        let key = if n % 3 == 0 { wide } else { wide / 7 + n % 50 };
        assert_eq!(map.pin().insert(key, n).copied(), std.insert(key, n));
    }
    let pinned = map.pin();
    assert!(std.iter().all(|(key, n)| pinned.get(key) == Some(n)));
    assert!(pinned.iter().eq(&std) && pinned.iter().rev().eq(std.iter().rev()));
    for _ in 0..2_000 {
        let key = random.random::<u64>() >> random.random_range(0..64);
        assert_eq!(pinned.get(&key), std.get(&key));
        assert_eq!(pinned.lower_bound(Included(&key)), std.range(key..).next());
        let before = std.range(..key).next_back();
        assert_eq!(pinned.upper_bound(Excluded(&key)), before);
    }
    drop(pinned);
    map.check();
    assert_eq!(map.len(), std.len());
}

/// unodb#850: behind the last key of a subtree the search did not go on in the next one.
#[test]
fn a_search_goes_on_in_the_next_subtree() {
    let map: RadixMap<u64, ()> = [100, 200, 300, 400, 500].map(|n| (n, ())).into();
    let map = map.pin();
    assert_eq!(map.lower_bound(Included(&250)), Some((&300, &())));
    assert!(map.range(250..).map(|e| *e.0).eq([300, 400, 500]));
    assert!(map.range(..=290).rev().map(|e| *e.0).eq([200, 100]));
    for n in 0..600 {
        let above = (n.max(1) as u64).next_multiple_of(100);
        let above = (above <= 500).then_some(above);
        assert_eq!(map.range(n as u64..).next().map(|e| *e.0), above);
        let below = (n / 100 * 100) as u64;
        let below = (below > 0).then_some(below.min(500));
        let found = map.upper_bound(Included(&(n as u64)));
        assert_eq!(found.map(|e| *e.0), below);
    }
}

/// BIND 60a33ae6, 276bdcf5, ab8a0c4b, 2dff9266, ea9a8cb3, 77d4bb97: what is next to a key that is not there was taken
/// from the wrong side of a node.
#[test]
fn an_absent_key_has_its_place() {
    for (keys, place) in [
        (&["moon", "moor"][..], "mop"),
        (&["moop", "moor"], "monpop"),
        (&[".", "abb.", "abc."], "acb."),
        (&["moon", "moop", "moor", "mop", "moq"], "moo"),
        (
            &["a.", "ab.", "abcdefghijkl.", "abcdefghijkm."],
            "abcdefghij",
        ),
    ] {
        let (mut map, std) = both(keys);
        let longer = format!("{place}x");
        agree(&mut map, &std, &[place, &longer, &place[1..], ""]);
        agree(&mut map, &std, keys);
    }
    // All sets of the strings of up to two of two letters.
    let strings = ["", "a", "b", "aa", "ab", "ba", "bb"];
    for set in 0..128 {
        let keys: Vec<_> = (0..7).filter(|i| set >> i & 1 == 1).collect();
        let keys: Vec<_> = keys.into_iter().map(|i| strings[i]).collect();
        let (mut map, std) = both(&keys);
        agree(&mut map, &std, &strings);
        agree(&mut map, &std, &["aab", "aba", "bab", "c", "ac", "\0"]);
    }
}

/// BIND 84f79cd1: a walk that had come to one end did not come back.
#[test]
fn walks_come_to_both_ends_and_back() {
    let keys = [
        ".",
        "abb.",
        "abc.",
        "b",
        "bc",
        "bcd",
        "moon",
        "moor",
        "zzzzzzzzzzz",
    ];
    for len in 0..=keys.len() {
        let (map, std) = both(&keys[..len]);
        let map = map.pin();
        let mut cursor = map.cursor();
        for _ in 0..2 {
            assert!(std.iter().all(|entry| cursor.next() == Some(entry)));
            assert!(cursor.next().is_none() && cursor.next().is_none());
            assert_eq!(cursor.peek_prev(), std.last_key_value());
            assert!(std.iter().rev().all(|entry| cursor.prev() == Some(entry)));
            assert!(cursor.prev().is_none() && cursor.prev().is_none());
            assert_eq!(cursor.peek_next(), std.first_key_value());
        }
        for front in 0..=len {
            let mut iter = map.iter();
            assert!(iter.by_ref().take(front).eq(std.iter().take(front)));
            assert!(iter.by_ref().rev().eq(std.iter().skip(front).rev()));
            assert!(iter.next().is_none() && iter.next_back().is_none());
        }
    }
}

/// BIND b6815de3: nodes on the way whose keys are no prefixes, as bytes that were skipped are others, were in the chain.
#[test]
fn only_true_prefixes_are_ancestors() {
    let long = "a.name.with.many.bytes.in.common";
    let keys = [
        "",
        "a",
        &long[..20],
        &long[..21],
        long,
        &format!("{long}.1"),
    ];
    let (mut map, std) = both(&keys);
    agree(&mut map, &std, &keys);
    let below = format!("{long}.1.more");
    for at in 0..below.len() {
        let mut other = below.clone().into_bytes();
        other[at] ^= 1;
        agree_at(&map, &std, &other);
        agree_at(&map, &std, &other[..=at]);
    }
    agree_at(&map, &std, below.as_bytes());
    assert_eq!(map.pin().ancestors(&below).count(), 6);
    assert_eq!(map.pin().ancestors("b.name.with.many.bytes").count(), 1);
}

/// matchy#10: which one was the longest match depended on what had been inserted first.
#[test]
fn the_longest_match_does_not_depend_on_the_order_of_insertion() {
    let nets = [
        &[192][..],
        &[192, 0, 2],
        &[192, 0, 2, 1],
        &[10],
        &[8, 8, 8],
        &[],
    ];
    let mut random = SmallRng::seed_from_u64(10);
    for _ in 0..200 {
        let mut order = nets;
        order.shuffle(&mut random);
        let (mut map, mut std) = both(&order);
        for gone in 0..=order.len() {
            for address in [[192, 0, 2, 1], [192, 0, 2, 2], [192, 9, 2, 1], [8, 8, 8, 8]] {
                agree_at(&map, &std, &address);
                let of_it = |net: &&&[u8]| address.starts_with(net);
                let longest = order[gone..].iter().filter(of_it).max_by_key(|n| n.len());
                let found = map.pin().longest_match(&address).map(|e| e.0.clone());
                assert_eq!(found.as_deref(), longest.copied());
            }
            map.check();
            if let Some(&net) = order.get(gone) {
                assert_eq!(map.pin().remove(net).copied(), std.remove(net));
            }
        }
    }
}
