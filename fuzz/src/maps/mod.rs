//! Maps against the oracle. The first byte chooses the hashes; then every turn has two bytes: what is done,
//! and to which key. Values count up, so that a stale one is noticed. Every program runs on each kind of
//! map.
//!
//! The four low bits of the first byte of a turn say what is done, the others in which of several ways.

mod boxed;
mod inline;

use structures::testing::maps::{Boxed, Inline};
use structures::testing::spec::Oracle;
use structures::testing::{Call, Op, Subject};

/// So many entries are compared after every turn; more only now and then.
const FEW: usize = 50;

/// A map that is replayed on.
trait Target: Subject {
    /// Does it in the n-th of several ways, if there are several.
    fn call(&self, call: Call, way: u8) -> Option<u64>;

    /// Does something to all of it.
    fn whole(&mut self, whole: Whole);
}

/// What is done to all of a map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Whole {
    Clear,
    /// Removes those whose key is a multiple, or whose value is.
    Retain(u64),
    /// Removes all, one by one.
    Drain,
    /// Makes room for so many more.
    Reserve(usize),
    /// Gives back what is more than this takes.
    Shrink(usize),
}

impl Whole {
    /// Whether it keeps this entry.
    fn keeps(self, key: u64, value: u64) -> bool {
        match self {
            Whole::Clear | Whole::Drain => false,
            Whole::Retain(n) => !key.is_multiple_of(n) && !value.is_multiple_of(n),
            Whole::Reserve(_) | Whole::Shrink(_) => true,
        }
    }

    fn of(way: u8, key: u64) -> Option<Whole> {
        match way {
            8 => Some(Whole::Clear),
            9..=11 => Some(Whole::Retain(key % 7 + 2)),
            12 => Some(Whole::Drain),
            13 => Some(Whole::Reserve(key as usize * 4)),
            14 | 15 => Some(Whole::Shrink(key as usize)),
            _ => None,
        }
    }
}

/// Runs a program.
///
/// # Errors
/// What went wrong, for a person to read.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    let Some((&choice, program)) = bytes.split_first() else {
        return Ok(());
    };
    match choice % 4 {
        0 => on_both::<0>(program),
        1 => on_both::<1>(program),
        2 => on_both::<3>(program),
        _ => on_both::<64>(program),
    }
}

fn on_both<const KEPT: u64>(program: &[u8]) -> Result<(), String> {
    replay::<Inline<KEPT>>(program)?;
    replay::<Boxed<KEPT>>(program)
}

/// Replays a program on a subject, and on the oracle.
fn replay<S: Target>(program: &[u8]) -> Result<(), String> {
    let mut subject = S::new();
    let mut oracle = Oracle::default();
    for (n, turn) in (1..).zip(program.chunks_exact(2)) {
        let &[what, key] = turn else { unreachable!() };
        let (key, way) = (u64::from(key), what / 16);
        let call = |op| Call { key, op };
        let calls = match what % 16 {
            0 => vec![call(Op::Get)],
            1..=4 => vec![call(Op::Insert(n))],
            5 => vec![call(Op::TryInsert(n))],
            6 | 7 => vec![call(Op::Update(n))],
            8 => vec![call(Op::Upsert(n))],
            9..=11 => vec![call(Op::Remove)],
            12 => vec![call(Op::RemoveIfEven)],
            // A run of keys, to fill the table and to empty it.
            13 => run_of(key, Op::Insert(n)),
            14 => run_of(key, Op::Remove),
            _ => {
                if let Some(whole) = Whole::of(way, key) {
                    subject.whole(whole);
                    oracle.retain(|key, value| whole.keeps(key, value));
                }
                agree(&mut subject, &oracle).map_err(|e| format!("turn {n}: {e}"))?;
                Vec::new()
            }
        };
        for call in calls {
            let (found, expected) = (subject.call(call, way), oracle.apply(call));
            if found != expected {
                let name = S::NAME;
                return Err(format!(
                    "{name}, turn {n}, {call:?}, way {way}: {found:?}, not {expected:?}"
                ));
            }
        }
        let expected = oracle.entries().len();
        if subject.count() != expected {
            return Err(format!(
                "{}, turn {n}: {} counted",
                S::NAME,
                subject.count()
            ));
        }
        if expected <= FEW {
            same(&subject, &oracle).map_err(|e| format!("turn {n}: {e}"))?;
        }
    }
    agree(&mut subject, &oracle)
}

/// The same operation on many keys.
fn run_of(key: u64, op: Op) -> Vec<Call> {
    (0..40)
        .map(|i| Call {
            key: key * 7 + i,
            op,
        })
        .collect()
}

/// Both hold the same.
fn same<S: Target>(subject: &S, oracle: &Oracle) -> Result<(), String> {
    let mut found = subject.entries();
    found.sort_unstable();
    let expected: Vec<_> = oracle.entries().iter().map(|(&k, &v)| (k, v)).collect();
    if found != expected {
        return Err(format!("{}: {found:?}, not {expected:?}", S::NAME));
    }
    Ok(())
}

/// Both hold the same, and the subject's invariants hold.
fn agree<S: Target>(subject: &mut S, oracle: &Oracle) -> Result<(), String> {
    same(subject, oracle)?;
    subject.check();
    Ok(())
}
