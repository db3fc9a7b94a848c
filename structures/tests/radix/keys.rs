//! Keys of all types are in the map in the order of `Ord`, and found as what they can be borrowed as; however long they
//! are, and a user's own.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::rc::Rc;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use structures::radix_map::FixedRadixKey;
use structures::testing::payload::Tally;
use structures::{RadixKey, RadixMap, RadixSet, Smr};

/// All of the map's order is that of std's map.
#[track_caller]
fn are_in_order<K: RadixKey + Ord + Clone + Debug>(keys: impl IntoIterator<Item = K>) {
    let mut map = RadixMap::new_in(&Smr::new());
    let mut std = BTreeMap::new();
    for (key, n) in keys.into_iter().zip(0..) {
        let old = map.pin().insert(key.clone(), n).copied();
        assert_eq!(old, std.insert(key, n));
    }
    map.check();
    let pinned = map.pin();
    assert!(pinned.iter().eq(&std) && pinned.iter().rev().eq(std.iter().rev()));
    for (key, n) in &std {
        assert_eq!(pinned.get(key), Some(n));
        let next = std.range::<K, _>((Excluded(key), Unbounded)).next();
        assert_eq!(pinned.lower_bound(Excluded(key)), next);
        let before = std.range::<K, _>(..key).next_back();
        assert_eq!(pinned.upper_bound(Excluded(key)), before);
        let from = pinned.range::<K, _>(key..).map(|e| e.1);
        assert!(
            from.take(5)
                .eq(std.range::<K, _>(key..).map(|e| e.1).take(5))
        );
    }
    drop(pinned);
    let copy = map.clone();
    while let Some(first) = std.pop_first() {
        let popped = copy.pin().pop_first().map(|(k, n)| (k.clone(), *n));
        assert_eq!(popped, Some(first));
    }
    assert!(copy.is_empty());
    let keys: Vec<K> = map.into_iter().map(|e| e.0).collect();
    assert!(keys.is_sorted_by(|a, b| a < b));
}

macro_rules! numbers_are_in_order {
    ($($number:ty)*) => {$(
        let mut random = SmallRng::seed_from_u64(u64::from(<$number>::BITS));
        let drawn = (0..300).map(|_| {
            // Of all lengths.
            let shift = random.random_range(0..<$number>::BITS);
            let bits = random.random::<u128>() as $number >> shift;
            if random.random() { bits } else { (0 as $number).wrapping_sub(bits) }
        });
        let ends = [<$number>::MIN, <$number>::MIN + 1, 0, 1, <$number>::MAX - 1, <$number>::MAX];
        are_in_order(drawn.chain(ends));
    )*};
}

#[test]
fn numbers_are_in_their_order() {
    numbers_are_in_order! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }
    are_in_order([true, false]);
    are_in_order([()]);
    are_in_order(('\0'..='\u{300}').rev());
    are_in_order(['\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', char::MAX]);
    let addresses = (0..500u32).map(|n| n.wrapping_mul(0x9E37_79B9));
    are_in_order(addresses.clone().map(Ipv4Addr::from));
    are_in_order(addresses.map(|n| Ipv6Addr::from(u128::from(n).pow(4))));
}

fn texts() -> impl Iterator<Item = String> {
    let mut random = SmallRng::seed_from_u64(3);
    let letters = ['\0', '\u{7f}', 'a', 'b', 'ß', '\u{7ff}', '\u{ffff}', '🦀'];
    (0..400).map(move |n| {
        let letter = |_| letters[random.random_range(0..letters.len())];
        (0..n % 7).map(letter).collect()
    })
}

#[test]
fn strings_are_in_their_order() {
    let texts: Vec<String> = texts().collect();
    are_in_order(texts.iter().cloned());
    are_in_order(texts.iter().map(String::as_str));
    are_in_order(texts.iter().map(|text| text.as_bytes()));
    are_in_order(texts.iter().map(|text| text.clone().into_bytes()));
    are_in_order(texts.iter().map(|text| Box::<str>::from(text.as_str())));
    are_in_order(texts.iter().map(|text| Rc::<str>::from(text.as_str())));
    are_in_order(texts.iter().map(|text| Arc::<[u8]>::from(text.as_bytes())));
    are_in_order(texts.iter().map(|text| match text.len() % 2 {
        0 => Cow::Borrowed(text.as_str()),
        _ => Cow::Owned(text.clone()),
    }));
    are_in_order(texts.iter().map(|text| {
        let mut bytes = [7; 12];
        (bytes.iter_mut().zip(text.bytes())).for_each(|(to, byte)| *to = byte);
        bytes
    }));
}

#[test]
fn tuples_are_in_their_order() {
    let mut random = SmallRng::seed_from_u64(4);
    let mut small = move || random.random_range(0..5u8);
    are_in_order((0..300).map(|_| (small() as i8 - 2, u16::from(small()) << 7)));
    are_in_order((0..300).map(|_| (small() == 0, i64::from(small()) - 2, small())));
    are_in_order((0..300).map(|_| (small(), [small(), small()], -i32::from(small()), 'a')));
    are_in_order((0..300).map(|_| ((small(), -i16::from(small())), (small(), ()))));
    are_in_order((0..300).map(|_| {
        (
            Ipv4Addr::from([10, 0, small(), small()]),
            u16::from(small()),
        )
    }));
    // What has no fixed length is the last part.
    let texts: Vec<String> = texts().collect();
    let with = |text: &String| (text.len() as i8 % 3 - 1, text.clone());
    are_in_order(texts.iter().map(with));
    are_in_order(texts.iter().map(|text| (with(text).0, 'x', text.as_str())));
    are_in_order(
        texts
            .iter()
            .map(|text| ((), with(text).0, true, text.as_bytes())),
    );
    are_in_order(texts.iter().map(|text| (with(text).0, (1u8, text.clone()))));
}

/// All that looks for a key, with what it can be borrowed as.
fn are_found<K, Q>(keys: [K; 3], absent: &Q)
where
    K: RadixKey + Borrow<Q> + Clone + Debug + PartialEq,
    Q: RadixKey + ?Sized,
{
    fn by<K: Borrow<Q>, Q: ?Sized>(key: &K) -> &Q {
        key.borrow()
    }
    let map: RadixMap<K, usize> = keys.clone().into_iter().zip(0..).collect();
    let map = map.pin();
    for (key, n) in keys.iter().zip(0..) {
        let as_it: &Q = by(key);
        assert_eq!(map.get(as_it), Some(&n));
        assert_eq!(map.get_key_value(as_it), Some((key, &n)));
        assert!(map.contains_key(as_it) && !map.contains_key(absent));
        assert_eq!(map.lower_bound(Included(as_it)), Some((key, &n)));
        assert_eq!(map.upper_bound(Included(as_it)), Some((key, &n)));
        let range = map.range::<Q, _>((Included(as_it), Unbounded));
        assert!(range.map(|e| *e.1).eq(n..3));
        assert_eq!(map.cursor().seek(as_it), Some((key, &n)));
        assert!(map.remove_if(as_it, |_, there| *there != n).is_err());
    }
    assert_eq!(map.remove(absent), None);
    assert_eq!(map.remove(by::<K, Q>(&keys[0])), Some(&0));
    assert_eq!(map.remove_entry(by::<K, Q>(&keys[1])), Some((&keys[1], &1)));
    let removed = map.remove_if(by::<K, Q>(&keys[2]), |_, n| *n == 2);
    assert_eq!(removed, Ok(Some((&keys[2], &2))));
    assert!(map.is_empty());
}

#[test]
fn keys_are_found_as_what_they_are_borrowed_as() {
    let texts = ["ant", "bee", "beetle"];
    are_found::<String, str>(texts.map(String::from), "be");
    are_found::<&str, str>(texts, "");
    are_found::<Box<str>, str>(texts.map(Box::from), "beet");
    are_found::<Rc<str>, str>(texts.map(Rc::from), "beetles");
    are_found::<Arc<str>, str>(texts.map(Arc::from), "\0");
    are_found::<Cow<'_, str>, str>(texts.map(Cow::from), "a");
    are_found::<Vec<u8>, [u8]>(texts.map(Vec::from), b"bee\0");
    are_found::<[u8; 2], [u8]>([[0, 0], [0, 255], [255, 0]], &[0]);
    are_found::<Box<u32>, u32>([1, 2, 300].map(Box::new), &0);
    are_found::<u64, u64>([1, 256, 1 << 40], &255);
    let set: RadixSet<String> = texts.map(String::from).into();
    let set = set.pin();
    assert!(set.contains("bee") && !set.contains("be") && set.remove("bee"));
    assert_eq!(set.take("beetle").map(String::as_str), Some("beetle"));
}

#[test]
fn keys_may_be_very_long() {
    const LONG: usize = 100_000;
    let with = |at: usize, byte: u8| {
        let mut key = vec![b'k'; LONG];
        key[at] = byte;
        key
    };
    let mut keys: Vec<Vec<u8>> = [0, 1, LONG / 2, LONG - 9, LONG - 8, LONG - 1]
        .into_iter()
        .flat_map(|at| [b'a', b'z'].map(|byte| with(at, byte)))
        .collect();
    let all = vec![b'k'; LONG];
    keys.extend([1, 8, 9, LONG / 2, LONG].map(|len| all[..len].to_vec()));
    are_in_order(keys.clone());
    are_in_order(keys.iter().rev().map(Vec::as_slice));
    let map: RadixMap<&[u8], ()> = keys.iter().map(|key| (&key[..], ())).collect();
    let map = map.pin();
    let longer = [&all[..], b"k"].concat();
    assert_eq!(map.ancestors(&longer).count(), 5);
    assert_eq!(
        map.longest_match(&longer[..LONG - 1]).unwrap().0.len(),
        LONG / 2
    );
    assert_eq!(map.longest_match_strict(&longer).unwrap().0.len(), LONG);
    assert_eq!(map.prefix(&all[..LONG / 2]).count(), 10);
    assert_eq!(map.prefix(&with(LONG - 1, b'b')).count(), 0);
    assert_eq!(map.remove_prefix(&all[..LONG - 8]), 5);
    assert_eq!((map.len(), map.get(&all[..])), (12, None));
}

/// A node that grows and shrinks, with a key that ends at it and without, keeps what it has at every size.
#[test]
fn nodes_of_all_sizes_keep_what_they_have() {
    let key = |byte: u64| match byte {
        256 => vec![b'k'; 10],
        _ => [&[b'k'; 10][..], &[byte as u8]].concat(),
    };
    let mut random = SmallRng::seed_from_u64(6);
    for round in 0..900 {
        let mut map: RadixMap<Vec<u8>, u64> = RadixMap::new_in(&Smr::new());
        let mut std = BTreeMap::new();
        // More of the small ones, of which fewer are copied on the way.
        let sizes = [2, 5, 12, 26, 49, 257];
        let most = sizes[random.random_range(0..if round < 120 { 6 } else { 3 })];
        let mut bytes: Vec<u64> = (0..257).collect();
        bytes.shuffle(&mut random);
        if random.random() {
            let term = bytes.iter().position(|byte| *byte == 256);
            bytes.swap(0, term.expect("it is there"));
        }
        for (&byte, n) in bytes[..most].iter().zip(0..) {
            assert_eq!(map.pin().insert(key(byte), n), None);
            std.insert(key(byte), n);
        }
        map.check();
        assert!(map.pin().iter().eq(&std));
        // To none, one, and two.
        for &byte in &bytes[random.random_range(0..3)..most] {
            let key = key(byte);
            assert_eq!(map.pin().remove(&key).copied(), std.remove(&key));
            if random.random_range(0..8) == 0 || std.len() < 4 {
                assert!(map.pin().iter().eq(&std) && map.len() == std.len());
                assert!(std.iter().all(|(key, n)| map.pin().get(key) == Some(n)));
            }
        }
        map.check();
    }
}

const DEEP: usize = 20_000;
static ONES: [u8; DEEP + 1] = [1; DEEP + 1];

/// So many ones: each is a prefix of the next. The key's own bytes take no memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ones(usize);

impl RadixKey for Ones {
    type Bytes<'k> = &'static [u8];

    fn key_bytes(&self) -> &'static [u8] {
        &ONES[..self.0]
    }
}

/// Twenty thousand nodes below each other: nothing takes the stack for that.
#[test]
fn deep_chains_do_not_take_the_stack() {
    let work = || {
        let tally = Tally::default();
        let chain = |len: usize| {
            let map = RadixMap::new_in(&Smr::new());
            // Each above those that are there.
            for n in (0..len).rev() {
                map.pin().insert(Ones(n), tally.item(n as u64));
            }
            map
        };
        let mut map = chain(DEEP);
        {
            let map = map.pin();
            assert!(map.keys().map(|key| key.0).eq(0..DEEP));
            assert!(map.keys().rev().map(|key| key.0).eq((0..DEEP).rev()));
            let lens = (0..DEEP).step_by(977);
            assert!(lens.clone().all(|n| map.get(&Ones(n)).is_some()));
            assert_eq!(map.ancestors(&Ones(DEEP)).len(), DEEP);
            for n in lens.clone() {
                let longest = |found: Option<(&Ones, _)>| found.map(|e| e.0.0);
                assert_eq!(longest(map.longest_match_strict(&Ones(n))), Some(n));
                assert_eq!(longest(map.lower_bound(Excluded(&Ones(n)))), Some(n + 1));
                assert!(map.upper_bound(Excluded(&Ones(n))).map(|e| e.0.0) == n.checked_sub(1));
            }
            assert_eq!(map.prefix(&Ones(DEEP - 5)).count(), 5);
            assert_eq!(map.pop_last().map(|e| e.0.0), Some(DEEP - 1));
            assert_eq!(map.pop_first().map(|e| e.0.0), Some(0));
            assert!(lens.skip(1).all(|n| map.remove(&Ones(n)).is_some()));
            map.insert(Ones(DEEP), tally.item(0));
        }
        map.check();
        let len = map.len();
        let removed = map.pin().remove_prefix(&Ones(DEEP / 2));
        assert_eq!((removed, map.len()), (len - DEEP / 2 + 11, DEEP / 2 - 11));
        map.check();
        assert_eq!((map.flush(), tally.alive()), (0, map.len()));
        // All at once, of the deepest ones too.
        drop(map);
        assert_eq!(tally.alive(), 0);
        drop(chain(DEEP));
        let mut iter = chain(DEEP).into_iter();
        assert_eq!(iter.next_back().map(|e| e.0), Some(Ones(DEEP - 1)));
        drop(iter);
        let map = chain(DEEP);
        map.pin().clear();
        assert_eq!((map.flush(), tally.alive()), (0, 0));
        // Each below those that are there.
        let mut map: RadixMap<Ones, usize> = (0..500).map(|n| (Ones(n), n)).collect();
        map.check();
        map.pin().retain(|_, n| n % 3 == 0);
        map.check();
        assert!(
            map.clone()
                .into_iter()
                .map(|e| e.0.0)
                .eq((0..500).step_by(3))
        );
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(work).unwrap().join().unwrap();
}

/// As a user has it: names that are the same in any case of letters.
#[derive(Clone, Debug)]
struct Name(String);

impl RadixKey for Name {
    type Bytes<'k> = Vec<u8>;

    fn key_bytes(&self) -> Vec<u8> {
        self.0.to_lowercase().into_bytes()
    }
}

/// The latest first; of a fixed length, so that something may follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Latest(u32);

impl RadixKey for Latest {
    type Bytes<'k> = [u8; 4];

    fn key_bytes(&self) -> [u8; 4] {
        (!self.0).to_be_bytes()
    }
}

impl FixedRadixKey for Latest {}

#[test]
fn keys_may_be_of_a_users_own_type() {
    let mut map = RadixMap::new();
    map.extend([("bee", 1), ("Ant", 2), ("BEETLE", 3)].map(|(key, n)| (Name(key.into()), n)));
    {
        let map = map.pin();
        let name = |key: &str| Name(key.to_string());
        assert_eq!(map.insert(name("ANT"), 4), Some(&2));
        assert!(map.values().eq(&[4, 1, 3]));
        assert_eq!(map.get(&name("Beetle")), Some(&3));
        assert_eq!(
            map.first_key_value().unwrap().0.0,
            "ANT",
            "it is stored anew"
        );
        assert_eq!(map.prefix(&name("BEE")).count(), 2);
        assert_eq!(map.prefix("bee").count(), 2);
        assert_eq!(map.longest_match(&name("Bees")).unwrap().1, &1);
        assert_eq!(map.remove_prefix("be"), 2);
    }
    map.check();
    let log: RadixMap<(Latest, String), ()> = [(1, "a"), (3, "b"), (3, "a"), (2, "c")]
        .map(|(at, text)| ((Latest(at), text.to_string()), ()))
        .into();
    let log = log.pin();
    assert!(log.keys().map(|key| key.0.0).eq([3, 3, 2, 1]));
    assert!(
        log.prefix(&Latest(3))
            .map(|e| e.0.1.as_str())
            .eq(["a", "b"])
    );
    assert_eq!(log.remove_prefix(&(Latest(3), "b")), 1);
    assert_eq!(log.len(), 3);
}
