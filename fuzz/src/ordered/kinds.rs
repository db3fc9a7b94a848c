//! Kinds of keys: numbers in other shapes, in the order of the numbers.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::marker::PhantomData;

use structures::Smr;
use structures::ordered::{Alike, Fresh, Order, OrderedMap};
use structures::radix_map::{Radix, RadixKey};
use structures::skip_map::{Comparator, Skip};
use structures::testing::payload::{Counted, Value};

/// No number is as large.
pub(super) const END: u64 = 1 << 12;

/// A map of such keys.
pub(super) type Map<T> = OrderedMap<<T as Kind>::Key, <T as Kind>::Value, <T as Kind>::Engine>;

pub(super) trait Kind: Sized {
    const NAME: &'static str;
    type Key: Clone + PartialEq + Debug;
    type Value: Value;
    type Engine: Order<Self::Key, Self::Value>
        + Fresh<Self::Key, Self::Value>
        + Alike<Self::Key, Self::Value>
        + 'static;

    fn key(number: u64) -> Self::Key;

    fn map(smr: &Smr) -> Map<Self> {
        Self::Engine::fresh(smr)
    }
}

/// The hint is the key.
pub(super) struct Numbers;

impl Kind for Numbers {
    const NAME: &'static str = "u64";
    type Key = u64;
    type Value = Counted;
    type Engine = Skip;

    fn key(number: u64) -> u64 {
        number
    }
}

/// The same, and so plain a value that entries are in revisions.
pub(super) struct Plain;

impl Kind for Plain {
    const NAME: &'static str = "u64, with plain values";
    type Key = u64;
    type Value = u64;
    type Engine = Skip;

    fn key(number: u64) -> u64 {
        number
    }
}

/// Below zero and above.
pub(super) struct Signed;

impl Kind for Signed {
    const NAME: &'static str = "i16";
    type Key = i16;
    type Value = Counted;
    type Engine = Skip;

    fn key(number: u64) -> i16 {
        (number as i64 - 900) as i16
    }
}

/// Strings of bytes, with prefixes of all lengths; one may be the prefix of another, and be followed by zeros.
pub(super) struct Prefixed;

impl Kind for Prefixed {
    const NAME: &'static str = "byte strings";
    type Key = Vec<u8>;
    type Value = Counted;
    type Engine = Skip;

    fn key(number: u64) -> Vec<u8> {
        const ENDS: [&[u8]; 16] = [
            b"",
            b"\0",
            b"\0\0",
            b"\0\0\0\0\0\0\0\0",
            b"\0\0\0\0\0\0\0\0\0",
            b"\0\x01",
            b"\x01",
            b"aaaaaaa",
            b"aaaaaaaa",
            b"aaaaaaaaa",
            b"aaaaaaaab",
            b"b",
            b"ba",
            b"\xff",
            b"\xff\0",
            b"\xff\xff",
        ];
        let mut key = vec![b'b'; number as usize / 16];
        key.push(b'a');
        key.extend(ENDS[number as usize % 16]);
        key
    }
}

/// Numbers whose hint is a half.
pub(super) struct Wide;

impl Kind for Wide {
    const NAME: &'static str = "u128";
    type Key = u128;
    type Value = Counted;
    type Engine = Skip;

    fn key(number: u64) -> u128 {
        u128::from(number) << 61
    }
}

/// No hints.
pub(super) struct Pairs;

impl Kind for Pairs {
    const NAME: &'static str = "pairs";
    type Key = (u8, Box<u64>);
    type Value = Counted;
    type Engine = Skip;

    fn key(number: u64) -> (u8, Box<u64>) {
        ((number / 50) as u8, Box::new(number % 50))
    }
}

/// Numbers in another order than their own, of which there are no hints.
#[derive(Clone, Default)]
pub(super) struct Reversed;

impl Comparator<u64> for Reversed {
    fn compare(&self, key: &u64, other: &u64) -> Ordering {
        other.cmp(key)
    }
}

impl Kind for Reversed {
    const NAME: &'static str = "u64, reversed";
    type Key = u64;
    type Value = Counted;
    type Engine = Skip<Reversed>;

    fn key(number: u64) -> u64 {
        END - number
    }
}

/// The same keys in a trie.
pub(super) struct Trie<T>(PhantomData<T>);

impl<T: Kind<Key: RadixKey>> Kind for Trie<T> {
    const NAME: &'static str = T::NAME;
    type Key = T::Key;
    type Value = T::Value;
    type Engine = Radix;

    fn key(number: u64) -> T::Key {
        T::key(number)
    }
}

#[cfg(test)]
mod tests {
    use structures::testing::payload::Tally;

    use super::*;

    fn ascends<T: Kind>() {
        let map = T::map(&Smr::new());
        let map = map.pin();
        let tally = Tally::default();
        for number in (0..END).rev() {
            map.insert(T::key(number), T::Value::of(number, &tally));
        }
        let numbers = map.values().map(T::Value::number);
        assert!(numbers.eq(0..END), "{}", T::NAME);
    }

    #[test]
    fn keys_are_in_the_order_of_their_numbers() {
        ascends::<Numbers>();
        ascends::<Plain>();
        ascends::<Signed>();
        ascends::<Prefixed>();
        ascends::<Wide>();
        ascends::<Pairs>();
        ascends::<Reversed>();
        ascends::<Trie<Numbers>>();
        ascends::<Trie<Signed>>();
        ascends::<Trie<Prefixed>>();
        ascends::<Trie<Wide>>();
        ascends::<Trie<Pairs>>();
    }
}
