//! Scans of prefixes, their removal, and matches: with the naive answers of std's map, and beside other threads.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::radix_map::{Ancestors, Prefix};
use structures::testing::payload::{Counted, Tally};
use structures::{Guard, RadixMap, Smr};

type Map = RadixMap<Vec<u8>, u64>;
type Std = BTreeMap<Vec<u8>, u64>;
type Entry<'a> = (&'a Vec<u8>, &'a u64);

/// It is over when this is dropped, by a panic too.
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// A key of few letters, often with long parts that are those of others.
fn string(random: &mut SmallRng, letters: &[u8], longest: usize) -> Vec<u8> {
    let len = random.random_range(0..=longest);
    let mut key = Vec::new();
    for _ in 0..len {
        let letter = letters[random.random_range(0..letters.len())];
        let times = if random.random_range(0..12) == 0 {
            11
        } else {
            1
        };
        key.resize(key.len() + times, letter);
    }
    key
}

fn of_prefix<'s>(std: &'s Std, prefix: &[u8]) -> Vec<Entry<'s>> {
    let begins = |entry: &Entry<'_>| entry.0.starts_with(prefix);
    std.iter().filter(begins).collect()
}

fn matches<'s>(std: &'s Std, key: &[u8]) -> Vec<Entry<'s>> {
    let is_prefix = |entry: &Entry<'_>| key.starts_with(entry.0);
    std.iter().filter(is_prefix).collect()
}

/// What comes from both ends, in turns that are drawn; of copies made on the way, too.
fn scan_is<'g>(
    mut iter: impl DoubleEndedIterator<Item = Entry<'g>> + Clone,
    wanted: &[Entry<'g>],
    random: &mut SmallRng,
) {
    assert!(iter.clone().eq(wanted.iter().copied()));
    assert!(iter.clone().rev().eq(wanted.iter().rev().copied()));
    let (mut front, mut back) = (0, wanted.len());
    while front < back {
        if random.random() {
            assert_eq!(iter.next(), Some(wanted[front]));
            front += 1;
        } else {
            back -= 1;
            assert_eq!(iter.next_back(), Some(wanted[back]));
        }
        if random.random_range(0..8) == 0 {
            let left = wanted[front..back].iter().copied();
            assert!(iter.clone().eq(left.clone()));
            assert!(iter.clone().rev().eq(left.rev()));
        }
    }
    assert!(iter.next().is_none() && iter.next_back().is_none());
    assert!(iter.clone().next_back().is_none() && iter.next().is_none());
}

/// All questions, asked with a guard and of the handle.
fn agree_at(map: &Map, std: &Std, at: &[u8], guard: &impl Guard, random: &mut SmallRng) {
    let pinned = map.pin();
    let wanted = of_prefix(std, at);
    let prefix: Prefix<'_, _, _, _> = map.prefix(at, guard);
    assert_eq!(format!("{prefix:?}"), format!("{wanted:?}"));
    scan_is(prefix, &wanted, random);
    scan_is(pinned.prefix(at), &wanted, random);
    let wanted = matches(std, at);
    let ancestors: Ancestors<'_, _, _> = map.ancestors(at, guard);
    assert_eq!(format!("{ancestors:?}"), format!("{wanted:?}"));
    assert_eq!(ancestors.len(), wanted.len());
    scan_is(ancestors, &wanted, random);
    scan_is(pinned.ancestors(at), &wanted, random);
    let longest = wanted.last().copied();
    assert_eq!(map.longest_match(at, guard), longest, "{at:?}");
    assert_eq!(map.longest_match_strict(at, guard), longest, "{at:?}");
    assert_eq!(pinned.longest_match(at), longest, "{at:?}");
    assert_eq!(pinned.longest_match_strict(at), longest, "{at:?}");
}

/// Removes what begins so from both.
fn remove_prefix(map: &Map, std: &mut Std, prefix: &[u8], is_pinned: bool) {
    let before = std.len();
    std.retain(|key, _| !key.starts_with(prefix));
    let removed = match is_pinned {
        true => map.pin().remove_prefix(prefix),
        false => map.remove_prefix(prefix, &map.owned_guard()),
    };
    assert_eq!(removed, before - std.len(), "{prefix:?}");
}

#[test]
fn answers_are_naive_ones() {
    for (letters, longest) in [
        (&b"ab"[..], 6),
        (&[0, 255], 6),
        (&[255], 30),
        (&[0, 1, 254, 255], 4),
        (b"abcdefghijklmnopqrstuvwxyz", 2),
        (b"a", 40),
    ] {
        let mut random = SmallRng::seed_from_u64(longest as u64);
        let mut map = Map::new_in(&Smr::new());
        let mut std = Std::new();
        for step in 0..1_200 {
            let key = string(&mut random, letters, longest);
            match random.random_range(0..40) {
                0..24 => assert_eq!(
                    map.pin().insert(key.clone(), step).copied(),
                    std.insert(key, step)
                ),
                24..30 => assert_eq!(map.pin().remove(&key).copied(), std.remove(&key)),
                30 => {
                    // Few at a time, mostly.
                    let key = [&key[..], &string(&mut random, letters, longest)].concat();
                    let len = key.len() - random.random_range(0..=key.len().min(3));
                    remove_prefix(&map, &mut std, &key[..len], step % 2 == 0);
                }
                31 if step % 16 == 0 => {
                    map.pin().clear();
                    std.clear();
                }
                32..36 => {
                    let section = map.guard();
                    agree_at(&map, &std, &key, &section, &mut random);
                    // It does not end there.
                    let longer = [&key[..], &string(&mut random, letters, longest)].concat();
                    agree_at(&map, &std, &longer, &map.owned_guard(), &mut random);
                }
                _ => assert_eq!(map.pin().get(&key), std.get(&key)),
            }
            if step % 100 == 0 {
                map.check();
                assert!(map.len() == std.len() && map.pin().iter().eq(&std));
            }
        }
        map.check();
        while let Some(key) = std.keys().next_back().cloned() {
            let len = random.random_range(0..=key.len());
            remove_prefix(&map, &mut std, &key[..len], len % 2 == 0);
            map.check();
            assert!(map.len() == std.len() && map.pin().iter().eq(&std));
        }
        assert_eq!(map.flush(), 0);
    }
}

/// Nothing is behind these, or what is behind them is shorter.
#[test]
fn prefixes_may_end_in_the_greatest_byte() {
    let keys = [
        &[][..],
        &[254],
        &[254, 255],
        &[254, 255, 0],
        &[254, 255, 255, 255],
        &[255],
        &[255, 0],
        &[255, 255],
        &[255; 20],
    ];
    let std: Std = keys.iter().map(|key| key.to_vec()).zip(0..).collect();
    let mut random = SmallRng::seed_from_u64(1);
    for prefix in keys
        .iter()
        .chain([&[255; 3][..], &[254, 255, 255], &[255; 21]].iter())
    {
        let map: Map = std.clone().into_iter().collect();
        agree_at(&map, &std, prefix, &map.guard(), &mut random);
        let mut left = std.clone();
        remove_prefix(&map, &mut left, prefix, true);
        assert!(map.pin().iter().eq(&left));
    }
}

#[test]
fn the_empty_prefix_is_that_of_all() {
    for entries in [0, 1, 2, 5, 300] {
        let mut map: RadixMap<u32, u32> = (0..entries).map(|n| (n * 77, n)).collect();
        let pinned = map.pin();
        assert!(pinned.prefix("").eq(pinned.iter()));
        assert!(pinned.prefix(&()).rev().eq(pinned.iter().rev()));
        assert_eq!(pinned.remove_prefix(&[0u8; 0]), entries as usize);
        assert_eq!(pinned.remove_prefix(""), 0);
        assert!(pinned.is_empty() && pinned.prefix("").next().is_none());
        drop(pinned);
        map.check();
        map.extend([(1, 1)]);
        assert_eq!(map.pin().prefix("").next(), Some((&1, &1)));
    }
}

/// The prefix is of any type that has bytes: numbers' are those of their highest digits.
#[test]
fn prefixes_may_be_of_other_types_than_keys() {
    let numbers: RadixMap<u32, ()> = (0..1_000).map(|n| (n << 12, ())).collect();
    let numbers = numbers.pin();
    let of_them = numbers.prefix(&1u16).map(|e| *e.0 >> 12);
    assert!(of_them.eq(16..32));
    assert_eq!(numbers.remove_prefix(&[0u8, 1]), 16);
    assert_eq!(numbers.prefix(&1u16).count(), 0);
    let pairs: RadixMap<(i8, String), u32> = (0..60)
        .map(|n: u32| ((n as i8 % 3 - 1, n.to_string()), n))
        .collect();
    let pairs = pairs.pin();
    assert!(pairs.prefix(&(-1i8, "1")).map(|e| *e.1).eq([12, 15, 18]));
    assert_eq!(pairs.prefix(&0i8).count(), 20);
    assert_eq!(pairs.longest_match(&(-1i8, "155")).map(|e| *e.1), Some(15));
    assert_eq!(pairs.remove_prefix(&(-1i8)), 20);
    assert!(pairs.keys().all(|key| key.0 >= 0));
}

/// What has come to its end, or to where its ends meet, stays so; a copy goes its own way.
#[test]
fn exhausted_iterators_stay_so() {
    let map: RadixMap<&str, u32> = [("a", 1), ("ab", 2), ("abc", 3), ("b", 4)].into();
    let map = map.pin();
    let mut prefix = map.prefix("a");
    assert_eq!(prefix.next(), Some((&"a", &1)));
    let mut copy = prefix.clone();
    assert_eq!(prefix.by_ref().rev().count(), 2);
    map.insert("aa", 5);
    map.insert("abb", 6);
    map.insert("abcd", 7);
    assert!(prefix.next().is_none() && prefix.next_back().is_none());
    assert!(format!("{prefix:?}") == "[]" && prefix.clone().next().is_none());
    // What the copy has not come to it meets, if it was there all the time.
    let left: Vec<_> = copy.by_ref().map(|e| *e.1).collect();
    assert!(left.is_sorted_by_key(|n| [1, 5, 2, 6, 3, 7].iter().position(|m| m == n)));
    assert!(left.contains(&2) && left.contains(&3) && copy.next_back().is_none());
    // Of one end only, in what comes behind the other one.
    let (mut front, mut back) = (map.prefix("a"), map.prefix("a"));
    assert_eq!(front.by_ref().count(), back.by_ref().rev().count());
    map.insert("aba", 8);
    map.insert("", 9);
    map.insert("a\0", 10);
    map.insert("az", 11);
    assert!(front.next_back().is_none() && front.next().is_none());
    assert!(back.next().is_none() && back.next_back().is_none());
    let mut ancestors = map.ancestors("abc");
    assert_eq!(ancestors.size_hint(), (4, Some(4)));
    assert_eq!(ancestors.next_back(), Some((&"abc", &3)));
    assert_eq!((ancestors.clone().count(), ancestors.len()), (3, 3));
    assert_eq!(ancestors.by_ref().count(), 3);
    assert!(ancestors.next().is_none() && ancestors.next_back().is_none());
}

/// One thread puts keys in, in their order, and removes all at once. So wherever one of a round is gone again all are,
/// and the first one is there as long as any.
fn all_go_at_once(map: &RadixMap<String, u64>, last: u64, remove: impl Fn() -> usize + Sync) {
    const KEYS: u64 = 40;
    let key = |n: u64| format!("p/{n:02}");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|s| {
        for t in 0..2 {
            let is_over = &is_over;
            s.spawn(move || {
                let mut random = SmallRng::seed_from_u64(t);
                while !is_over.load(SeqCst) {
                    let map = map.pin();
                    let first = map.lower_bound(Included("p"));
                    let first = first.filter(|e| e.0.starts_with("p/")).map(|e| e.0);
                    assert!(first.is_none_or(|first| *first == key(0)), "{first:?}");
                    let Some((seen, round)) = map.upper_bound(Excluded("q")) else {
                        continue;
                    };
                    if !seen.starts_with("p/") {
                        continue;
                    }
                    let is_gone = |key: &String| map.get(key).is_none_or(|now| now > round);
                    let least = key(0);
                    if is_gone(if random.random() { seen } else { &least }) {
                        assert!((0..KEYS).all(|n| is_gone(&key(n))), "of {round}");
                        assert!(map.prefix("p/").all(|e| e.1 > round));
                    }
                }
            });
        }
        let _over = Over(&is_over);
        let map = map.pin_owned();
        for round in 0..last {
            for n in 0..KEYS {
                map.insert(key(n), round);
                if n % 16 == round % 16 {
                    std::thread::yield_now();
                }
            }
            assert_eq!(remove(), KEYS as usize);
        }
    });
}

#[test]
fn a_prefix_is_removed_in_one_step() {
    let map = RadixMap::new_in(&Smr::new());
    for other in ["o", "o/1", "q", "q/1"] {
        map.pin().insert(other.to_string(), u64::MAX);
    }
    all_go_at_once(&map, 400, || map.pin().remove_prefix("p/"));
    assert!(map.pin().keys().eq(["o", "o/1", "q", "q/1"]));
}

#[test]
fn all_is_cleared_in_one_step() {
    let map = RadixMap::new_in(&Smr::new());
    all_go_at_once(&map, 400, || {
        let len = map.len();
        map.pin().clear();
        assert!(map.is_empty());
        len
    });
}

/// One of two is there at all times, and before the longer one goes a shorter one comes: the strict answer is never
/// nothing, and never the one that is out of turn.
#[test]
fn the_strict_longest_match_is_so_at_one_instant() {
    let names = [
        "",
        "/usr",
        "/usr/lib/and/what/is/in/it",
        "/usr/lib/and/what/is/in/it/too",
    ];
    let map: RadixMap<&str, u64> = RadixMap::new_in(&Smr::new());
    // So that each of them has a slot in a node of its own.
    let others = [
        "~",
        "/usrlocal",
        "/usr/x",
        "/usr/lib/and/what/is/in/it-",
        "/usr/lib/and/what/is/in/it/o",
    ];
    others
        .iter()
        .for_each(|other| _ = map.pin().insert(other, u64::MAX));
    map.pin().insert(names[0], 0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| {
                let mut last = 0;
                while !is_over.load(SeqCst) {
                    let map = map.pin();
                    let found = map.longest_match_strict("/usr/lib/and/what/is/in/it/too/x");
                    let (key, turn) = found.expect("one is always there");
                    assert_eq!(*key, names[*turn as usize % 4]);
                    assert!(*turn >= last, "{turn} after {last}");
                    last = *turn;
                    assert!(map.longest_match("/usr/bin").is_none_or(|e| e.0.len() <= 4));
                }
            });
        }
        let _over = Over(&is_over);
        let map = map.pin_owned();
        let mut turn = 0;
        for _ in 0..10_000 {
            // The next one is the longest as soon as it comes; the first one when the last one goes.
            turn += 1;
            if turn % 4 != 0 {
                map.insert(names[turn as usize % 4], turn);
                map.remove(names[turn as usize % 4 - 1]);
            } else {
                map.insert(names[0], turn);
                map.remove(names[3]);
            }
        }
    });
}

/// What several threads put in, remove one by one, pop, and remove by prefixes within each other, is counted and
/// dropped once.
#[test]
fn what_threads_remove_is_counted_and_dropped_once() {
    let tally = Tally::default();
    let mut map: RadixMap<Vec<u8>, Counted> = RadixMap::new_in(&Smr::new());
    for round in 0..12 {
        let (came, went) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|s| {
            for t in 0..4 {
                let (map, tally, came, went) = (&map, &tally, &came, &went);
                s.spawn(move || {
                    let mut random = SmallRng::seed_from_u64(round * 4 + t);
                    for n in 0..800 {
                        let key = string(&mut random, &[0, 1, 255], 5);
                        let map = map.pin();
                        let gone = match random.random_range(0..20) {
                            0..12 => {
                                let is_new = map.insert(key, tally.item(n)).is_none();
                                came.fetch_add(usize::from(is_new), SeqCst);
                                0
                            }
                            12..15 => usize::from(map.remove(&key).is_some()),
                            15 => usize::from(map.pop_first().is_some()),
                            16 => usize::from(map.pop_last().is_some()),
                            17 if n % 64 == 0 => map.remove_prefix(""),
                            _ => map.remove_prefix(&key),
                        };
                        went.fetch_add(gone, SeqCst);
                    }
                });
            }
        });
        assert_eq!(map.len(), came.into_inner() - went.into_inner());
        map.check();
        assert_eq!((map.flush(), tally.alive()), (0, map.len()));
        assert_eq!(map.pin().remove_prefix(""), tally.alive());
        assert_eq!((map.flush(), tally.alive()), (0, 0));
    }
}

#[test]
fn a_long_way_of_other_keys_hides_no_match() {
    let map = RadixMap::<Vec<u8>, usize>::new_in(&Smr::new());
    // Ten keys, one a prefix of the next, below bytes that are skipped on the way.
    let way = |skipped: u8, len: usize| [b"rX", &[skipped; 11][..], &vec![b't'; len][..]].concat();
    map.pin().insert(b"r".to_vec(), 0);
    for len in 1..=10 {
        map.pin().insert(way(b'a', len), len);
    }
    let map = map.pin();
    let longest = |key: Vec<u8>| {
        let found = map.longest_match(&key[..]).map(|(_, n)| *n);
        let strict = map.longest_match_strict(&key[..]).map(|(_, n)| *n);
        assert_eq!(found, strict);
        found
    };
    for len in 1..=12 {
        assert_eq!(longest(way(b'a', len)), Some(len.min(10)));
        assert_eq!(longest(way(b'b', len)), Some(0));
    }
}
