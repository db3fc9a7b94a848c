//! What happens to the nodes of a radix map, against everything else that happens there.

use std::ops::Bound::{Excluded, Included};

use structures::RadixKey;
use structures::testing::ordered::{Ask, Found, Ordered};
use structures::testing::past::Past;
use structures::testing::payload::{Counted, Tally};
use structures::testing::sorted::{Key, Radix, SortedInUse};
use structures::testing::spec::{Oracle, Spec};
use structures::testing::{Call, Op, Subject, suspension};

use crate::stride;

/// The three digits of a number, each so many times, but for zeros at the end: one key may be a prefix of another.
/// Where digits are few nodes note all of what they skip; where they are many they do not.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Digits<const TIMES: usize>(Vec<u8>);

fn digits(number: u64) -> String {
    let digits = format!("{number:03}");
    digits.trim_end_matches('0').to_owned()
}

impl<const TIMES: usize> RadixKey for Digits<TIMES> {
    type Bytes<'k> = &'k [u8];

    fn key_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const TIMES: usize> Key for Digits<TIMES> {
    const NAME: &'static str = "a map of digits";
    type Value = Counted;

    fn of(number: u64, _: &Tally) -> Self {
        let digits = digits(number).into_bytes();
        Digits(
            digits
                .into_iter()
                .flat_map(|digit| [digit; TIMES])
                .collect(),
        )
    }

    fn number(&self) -> u64 {
        let digits = self.0.iter().copied().step_by(TIMES);
        let digits = digits.chain(std::iter::repeat(b'0')).take(3);
        digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    }
}

/// What is done to a trie.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Ask(Ask),
    /// Removes all keys that begin with one; answers how many.
    Cut(u64),
    /// Answers the longest key that one begins with.
    Longest(u64),
}

use Deed::{Cut, Longest};

#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Model(Oracle);

impl Spec for Model {
    type Call = Deed;
    type Answer = Found;

    fn answer(&mut self, deed: Deed) -> Found {
        match deed {
            Deed::Ask(ask) => self.0.answer(ask),
            Cut(prefix) => {
                let before = self.0.entries().len();
                self.0
                    .retain(|key, _| !digits(key).starts_with(&digits(prefix)));
                Some(((before - self.0.entries().len()) as u64, 0))
            }
            Longest(key) => {
                let key = digits(key);
                let mut all = self.0.entries().iter().rev();
                let longest = all.find(|(other, _)| key.starts_with(&digits(**other)));
                longest.map(|(&key, &value)| (key, value))
            }
        }
    }
}

/// A radix map whose operations are recorded.
struct Trie<const TIMES: usize> {
    map: Radix<Digits<TIMES>>,
    past: Past<Model>,
}

impl<const TIMES: usize> Trie<TIMES> {
    fn record(&self, deeds: &[Deed]) {
        let all = deeds.iter().copied();
        self.past.record(all, |deed| self.answer(deed));
    }

    fn answer(&self, deed: Deed) -> Found {
        let map = self.map.map().pin();
        match deed {
            Deed::Ask(ask) => self.map.ask(ask),
            Cut(prefix) => {
                let prefix = self.map.key(prefix);
                Some((map.remove_prefix(&prefix) as u64, 0))
            }
            Longest(key) => {
                let found = map.longest_match_strict(&self.map.key(key));
                found.map(|(key, value)| (key.number(), value.number()))
            }
        }
    }
}

impl<const TIMES: usize> Subject for Trie<TIMES> {
    const NAME: &'static str = "a radix map";

    type Session<'s> = SortedInUse<'s, Digits<TIMES>, structures::radix_map::Radix>;

    fn new() -> Self {
        Trie {
            map: Radix::new(),
            past: Past::default(),
        }
    }

    /// Nobody records what it does.
    fn session(&self) -> Self::Session<'_> {
        self.map.session()
    }

    fn count(&self) -> usize {
        self.map.count()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        self.map.entries()
    }

    fn check(&mut self) {
        let mut now = Model(self.entries().into_iter().collect());
        let all = Deed::Ask(Ask::All);
        let answer = now.answer(all);
        self.past.check(Self::NAME, all, answer, now);
        self.map.check();
    }
}

fn put(key: u64, value: u64) -> Deed {
    let op = Op::Insert(value);
    Deed::Ask(Ask::Of(Call { key, op }))
}

fn take(key: u64) -> Deed {
    let op = Op::Remove;
    Deed::Ask(Ask::Of(Call { key, op }))
}

fn get(key: u64) -> Deed {
    let op = Op::Get;
    Deed::Ask(Ask::Of(Call { key, op }))
}

const FIRST: Deed = Deed::Ask(Ask::First);
const POP_FIRST: Deed = Deed::Ask(Ask::PopFirst);
const POP_LAST: Deed = Deed::Ask(Ask::PopLast);

/// The pairs of what two threads do in a trie of such keys.
fn pairs<const TIMES: usize>(prepare: &[Deed], first: &[Deed], second: &[Deed]) -> u64 {
    suspension::pairs(
        if stride() == 1 { 1 } else { 3 * stride() },
        |map: &Trie<TIMES>| map.record(prepare),
        |map| map.record(first),
        |map| map.record(second),
    )
}

/// One thread does one of these, and another one of those, in a trie of these keys, of which some have gone again.
fn beside(keys: &[u64], gone: &[u64], these: &[&[Deed]], those: &[&[Deed]]) {
    let there = keys.iter().map(|&key| put(key, key));
    let prepare: Vec<_> = there.chain(gone.iter().map(|&key| take(key))).collect();
    let mut count = 0;
    for these in these {
        for those in those {
            count += pairs::<1>(&prepare, these, those) + pairs::<12>(&prepare, those, these);
            if stride() == 1 {
                // The other ways round.
                count += pairs::<1>(&prepare, those, these) + pairs::<12>(&prepare, these, those);
            }
        }
    }
    println!("{keys:?} without {gone:?}: {count} pairs");
    assert!(count > 100, "{count} pairs");
}

#[test]
fn insertions_into_one_slot() {
    let these: [&[Deed]; 1] = [&[put(110, 1)]];
    let those: [&[Deed]; 6] = [
        &[put(110, 2)],
        &[put(120, 2)],
        &[put(100, 2)],
        &[put(111, 2)],
        &[take(110)],
        &[POP_FIRST],
    ];
    beside(&[], &[], &these, &those);
    // In a node that has claimed the byte, and in one that has not.
    beside(&[110, 120, 130], &[110], &these, &those);
    beside(&[130, 140], &[], &these, &those);
    // In place of an entry.
    beside(&[110], &[], &these, &those);
}

/// Nodes with one child go, and give way to it.
#[test]
fn removals_beside_neighbours() {
    let last_but_one: [&[Deed]; 2] = [&[take(111)], &[take(112)]];
    beside(
        &[111, 112, 200],
        &[],
        &last_but_one,
        &[
            &[put(113, 2)],
            &[put(111, 2)],
            &[put(112, 2)],
            &[take(111)],
            &[take(112)],
            &[take(200)],
            &[put(110, 2)],
            &[put(120, 2)],
            &[Longest(112), FIRST],
        ],
    );
    // The other child is a node, or a key that ends there.
    beside(
        &[110, 111, 121, 122],
        &[],
        &[&[take(110)], &[take(111)], &[take(121)]],
        &[&[take(110)], &[take(122)], &[put(123, 2)], &[put(112, 2)]],
    );
}

#[test]
fn a_path_is_split_beside_changes_below() {
    beside(
        &[111, 112],
        &[],
        &[&[put(120, 1)], &[put(100, 1)], &[put(0, 1)], &[put(200, 1)]],
        &[
            &[put(113, 2)],
            &[put(112, 2)],
            &[take(112)],
            &[put(110, 2)],
            &[put(121, 2)],
            &[put(200, 2)],
            &[Cut(100)],
        ],
    );
}

#[test]
fn a_node_grows_beside_changes() {
    beside(
        &[110, 120, 130, 140],
        &[],
        &[&[put(150, 1)]],
        &[
            &[take(110)],
            &[put(110, 2)],
            &[put(150, 2)],
            &[put(160, 2)],
            &[put(111, 2)],
            &[put(200, 2)],
            &[POP_FIRST],
            &[Cut(100)],
            &[get(150), get(140)],
        ],
    );
}

#[test]
fn a_node_shrinks_beside_changes() {
    beside(
        &[110, 120, 130, 140, 150],
        &[140, 150],
        &[&[take(130)], &[POP_LAST]],
        &[
            &[take(110)],
            &[take(130)],
            &[put(130, 2)],
            &[put(150, 2)],
            &[put(160, 2)],
            &[put(111, 2)],
            &[Cut(100)],
        ],
    );
}

#[test]
fn a_prefix_is_removed_beside_changes() {
    beside(
        &[111, 112, 120, 200],
        &[],
        &[&[Cut(110)], &[Cut(0)]],
        &[
            &[put(113, 2)],
            &[put(111, 2)],
            &[put(110, 2)],
            &[put(121, 2)],
            &[take(111)],
            &[take(120)],
            &[POP_FIRST],
            &[Cut(110)],
            &[Cut(100)],
            &[get(112), get(111)],
        ],
    );
}

#[test]
fn an_end_is_taken_out_beside_changes() {
    beside(
        &[110, 120, 210],
        &[],
        &[&[POP_FIRST]],
        &[
            &[POP_FIRST],
            &[POP_LAST],
            &[put(100, 2), get(110)],
            &[put(109, 2), take(110)],
            &[put(100, 2), take(100)],
            &[put(110, 2)],
            &[put(111, 2)],
            &[take(110), get(120)],
            &[get(110), put(100, 2)],
            &[FIRST, put(100, 2)],
            &[take(120)],
            &[Cut(100)],
        ],
    );
    // Of two, and of one.
    let those: [&[Deed]; 4] = [&[POP_FIRST], &[POP_LAST], &[put(100, 2)], &[take(110)]];
    beside(&[110, 111], &[], &[&[POP_FIRST], &[POP_LAST]], &those);
    beside(&[110], &[], &[&[POP_FIRST]], &those);
}

/// Answers about several slots.
#[test]
fn questions_beside_changes() {
    beside(
        &[100, 110, 112, 200],
        &[],
        &[
            &[Longest(111)],
            &[Longest(112)],
            &[FIRST],
            &[Deed::Ask(Ask::Last)],
            &[Deed::Ask(Ask::Above(Excluded(110)))],
            &[Deed::Ask(Ask::Below(Included(111)))],
        ],
        &[
            &[put(111, 2), take(110)],
            &[take(112), put(111, 2)],
            &[put(0, 2), take(100)],
            &[take(112), put(112, 2), take(200)],
            &[put(210, 2), take(200)],
            &[Cut(110)],
        ],
    );
}
