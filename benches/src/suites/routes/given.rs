//! What is measured with, of each family: the table, questions about it, and its prefixes in the
//! order in which they are announced.

use std::sync::LazyLock;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::table::Table;
use crate::subjects::routes::{Family, Ip4, Ip6, Longest, Prefix};
#[cfg(test)]
use crate::suites::prefixes::Route;
use crate::suites::prefixes::{self, Bits};

/// Questions that the threads go through, over and over.
const QUESTIONS: usize = 1 << 20;

/// Of the prefixes, one in so many comes and goes.
const FLAPPING: usize = 4;

/// Lengths of the prefixes that are added above those of the data.
const LENGTHS4: &[u8] = &[8, 12, 16, 20];
const LENGTHS6: &[u8] = &[20, 24, 28, 32, 36, 40, 44];

/// An address, and the number of the longest prefix that it begins with.
pub(super) type Question<F> = (<F as Family>::Address, u32);

/// What there is of a family, made when it is needed for the first time.
pub(crate) struct Given<F: Family> {
    pub(crate) table: LazyLock<Table<F::Bits>>,
    questions: LazyLock<Vec<Question<F>>>,
    /// The prefixes and their numbers, which are their values, in an order of their own.
    shuffled: LazyLock<Vec<(Prefix<F>, u32)>>,
    /// By number, whether a prefix comes and goes.
    flapping: LazyLock<Vec<bool>>,
}

/// A family of which there is a table.
pub(crate) trait Tabled: Family {
    fn given() -> &'static Given<Self>;
}

macro_rules! tabled {
    ($family:ty, $routes:path, $lengths:expr) => {
        impl Tabled for $family {
            fn given() -> &'static Given<Self> {
                static GIVEN: Given<$family> = Given {
                    table: LazyLock::new(|| Table::nested(&$routes(), $lengths)),
                    questions: LazyLock::new(|| questions::<$family>(&GIVEN.table)),
                    shuffled: LazyLock::new(|| shuffled::<$family>(&GIVEN.table)),
                    flapping: LazyLock::new(|| GIVEN.which_flap()),
                };
                &GIVEN
            }
        }
    };
}

tabled!(Ip4, prefixes::ip4, LENGTHS4);
tabled!(Ip6, prefixes::ip6, LENGTHS6);

/// Some of the data of a family, nested as all of it is.
#[cfg(test)]
pub(crate) fn sample<B: Bits>(routes: &[Route<B>]) -> Table<B> {
    let lengths = if B::LENGTH == 32 { LENGTHS4 } else { LENGTHS6 };
    let some: Vec<_> = routes.iter().copied().step_by(50).collect();
    Table::nested(&some, lengths)
}

/// The prefixes of a table and their numbers, shuffled.
pub(crate) fn shuffled<F: Family>(table: &Table<F::Bits>) -> Vec<(Prefix<F>, u32)> {
    let numbers = 0..u32::try_from(table.len()).expect("fewer than 2^32 prefixes");
    let mut all: Vec<_> = numbers
        .map(|number| {
            let (first, length) = table.prefix(number);
            let first = F::Address::from(first);
            (Prefix { first, length }, number)
        })
        .collect();
    all.shuffle(&mut SmallRng::seed_from_u64(1));
    all
}

/// Addresses of prefixes that are drawn at random, all with the same chance.
fn questions<F: Family>(table: &Table<F::Bits>) -> Vec<Question<F>> {
    let mut rng = SmallRng::seed_from_u64(2);
    let numbers = 0..u32::try_from(table.len()).expect("fewer than 2^32 prefixes");
    (0..QUESTIONS)
        .map(|_| {
            let (first, length) = table.prefix(rng.random_range(numbers.clone()));
            let address = first | within::<F::Bits>(length, rng.random());
            let longest = table.longest(address);
            (
                F::Address::from(address),
                longest.expect("the prefix, at least"),
            )
        })
        .collect()
}

/// The bits behind a prefix, of random ones.
fn within<B: Bits>(length: u8, random: u128) -> B {
    let bits = random & B::behind(length).into();
    B::try_from(bits).unwrap_or_else(|_| unreachable!("no more bits than an address has"))
}

impl<F: Family> Given<F> {
    /// How many prefixes the table has.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The prefixes and their numbers, shuffled.
    pub(super) fn shuffled(&self) -> &[(Prefix<F>, u32)] {
        &self.shuffled
    }

    /// Those of them that come and go beside readers.
    pub(super) fn flapping(&self) -> &[(Prefix<F>, u32)] {
        &self.shuffled[..self.len() / FLAPPING]
    }

    fn which_flap(&self) -> Vec<bool> {
        let mut flap = vec![false; self.len()];
        for &(_, number) in self.flapping() {
            flap[number as usize] = true;
        }
        flap
    }

    /// Questions without an end, for one of so many threads.
    pub(super) fn questions(
        &'static self,
        thread: usize,
        threads: usize,
    ) -> impl FnMut() -> Question<F> + use<F> {
        let questions: &[_; QUESTIONS] = self.questions[..].try_into().expect("as many");
        let mut at = QUESTIONS / threads * thread;
        move || {
            let question = questions[at % QUESTIONS];
            at += 1;
            question
        }
    }

    /// A subject with the whole table.
    pub(super) fn filled<M: Longest<F>>(&self) -> M {
        M::filled(self.shuffled().iter().copied())
    }

    /// Whether an answer may be the right one while prefixes come and go.
    #[cold]
    pub(super) fn allows(&self, expected: u32, found: Option<u32>) -> bool {
        let flaps = |number: u32| self.flapping[number as usize];
        self.table.allows(expected, found, flaps)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// How many prefixes are not of the data, by length; how many an address of a question begins with.
    fn look<F: Tabled>(routes: usize) -> (BTreeMap<u8, usize>, f64) {
        let given = F::given();
        let table = &given.table;
        let mut added: BTreeMap<u8, usize> = BTreeMap::new();
        let numbers = 0..table.len() as u32;
        let parents: Vec<bool> = numbers
            .clone()
            .fold(vec![false; table.len()], |mut all, n| {
                if let Some(parent) = table.parent(n) {
                    all[parent as usize] = true;
                }
                all
            });
        for (number, _) in numbers.zip(parents).filter(|(_, covers)| *covers) {
            *added.entry(table.prefix(number).1).or_default() += 1;
        }
        assert_eq!(added.values().sum::<usize>(), table.len() - routes);
        let depth = |number| std::iter::successors(Some(number), |&n| table.parent(n)).count();
        let depths = given.questions.iter().map(|&(_, number)| depth(number));
        (added, depths.sum::<usize>() as f64 / QUESTIONS as f64)
    }

    #[test]
    fn tables_are_nested() {
        let (added, depth) = look::<Ip4>(564_579);
        let expected = [(8, 213), (12, 2743), (16, 17_875), (20, 83_463)];
        assert_eq!(added, BTreeMap::from(expected));
        assert!((4.7..4.9).contains(&depth), "{depth}");
        let (added, depth) = look::<Ip6>(167_903);
        let expected = [
            (20, 614),
            (24, 8087),
            (28, 8329),
            (32, 5722),
            (36, 7266),
            (40, 10_044),
            (44, 10_427),
        ];
        assert_eq!(added, BTreeMap::from(expected));
        assert!((5.7..5.9).contains(&depth), "{depth}");
    }

    #[test]
    fn threads_begin_at_different_questions() {
        let given = Ip4::given();
        let first = |thread| given.questions(thread, 3)();
        assert!(first(0) != first(1) && first(1) != first(2));
        let mut next = given.questions(2, 3);
        (0..QUESTIONS).for_each(|_| {
            next();
        });
        assert!(next() == first(2));
    }

    #[test]
    fn a_quarter_flaps() {
        let given = Ip6::given();
        let flapping = given.flapping.iter().filter(|flaps| **flaps).count();
        assert_eq!(flapping, given.len() / 4);
    }
}
