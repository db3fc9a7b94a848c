//! Maps in order against std's. The first byte chooses the keys; then every turn has three bytes: what is done, to
//! which key, and how. Values are numbered, so that it is known of each which key it was stored under, and when.
//!
//! Turns come in sections: a guard is open from one check of the whole map to the next, and so are iterators and
//! cursors, which others change the map beside.

mod entries;
mod hostile;
mod kinds;
mod model;
mod places;
mod whole;

use std::fmt::Debug;

use structures::ordered::OrderedMapRef;
use structures::testing::payload::Value;
use structures::{OwnedGuard, Smr};

use kinds::{Kind, Map, Numbers, Pairs, Plain, Prefixed, Reversed, Signed, Trie, Wide};
use model::Model;
use places::Places;

/// A program's map, under its guard.
type Pinned<'m, T> =
    OrderedMapRef<'m, <T as Kind>::Key, <T as Kind>::Value, <T as Kind>::Engine, OwnedGuard>;

/// Runs a program.
///
/// # Errors
/// What went wrong, for a person to read.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    let Some((&choice, program)) = bytes.split_first() else {
        return Ok(());
    };
    if choice >= 128 {
        return match choice % 6 {
            0 => replay::<Trie<Numbers>>(program),
            1 => replay::<Trie<Plain>>(program),
            2 => replay::<Trie<Signed>>(program),
            3 => replay::<Trie<Prefixed>>(program),
            4 => replay::<Trie<Wide>>(program),
            _ => replay::<Trie<Pairs>>(program),
        };
    }
    match choice % 8 {
        0 => replay::<Numbers>(program),
        1 => replay::<Plain>(program),
        2 => replay::<Signed>(program),
        3 => replay::<Prefixed>(program),
        4 => replay::<Wide>(program),
        5 => replay::<Pairs>(program),
        6 => replay::<Reversed>(program),
        _ => hostile::run(choice / 8, program),
    }
}

/// One turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// What is done,
    what: u8,
    /// in which of several ways.
    way: u8,
    /// A small number, and a larger one.
    key: u64,
    more: u64,
}

impl Turn {
    fn new(bytes: &[u8]) -> Turn {
        let &[what, key, more] = bytes else {
            unreachable!("three bytes")
        };
        Turn {
            what: what % 16,
            way: what / 16,
            key: u64::from(key),
            more: u64::from(more),
        }
    }
}

/// Replays a program on a map of such keys, and on the oracle.
fn replay<T: Kind>(program: &[u8]) -> Result<(), String> {
    let smr = Smr::new();
    let mut map = T::map(&smr);
    let mut model = Model::new();
    let mut turns = program.chunks_exact(3).map(Turn::new).enumerate();
    let place = |n, e| format!("{}, turn {n}: {e}", T::NAME);
    loop {
        let end = section::<T>(&map, &mut model, &mut turns).map_err(|(n, e)| place(n, e))?;
        let check = whole::agree::<T>(&mut map, &model, &smr);
        let n = model.now();
        check.map_err(|e| place(n, e))?;
        let Some(turn) = end else {
            break;
        };
        map = whole::change::<T>(map, &model, turn).map_err(|e| place(n, e))?;
    }
    let values = model.values().clone();
    drop((map, model));
    match values.alive() {
        0 => Ok(()),
        left => Err(format!("{}: {left} values are left", T::NAME)),
    }
}

/// The turns under one guard; the last of them, which wants the map for itself.
fn section<T: Kind>(
    map: &Map<T>,
    model: &mut Model,
    turns: &mut impl Iterator<Item = (usize, Turn)>,
) -> Result<Option<Turn>, (usize, String)> {
    let pinned = map.pin_owned();
    let mut places = Places::<T>::new(&pinned);
    for (n, turn) in turns {
        let fails = |e| (n, format!("{turn:?}: {e}"));
        model.tick(n as u64);
        match turn.what {
            0..=6 => entries::act::<T>(map, &pinned, model, turn),
            7 => entries::many::<T>(map, model, turn),
            8 | 9 => entries::ends::<T>(map, &pinned, model, turn),
            10..=14 => places.act(model, turn),
            _ if turn.way < 4 => whole::act::<T>(map, model, turn),
            _ => {
                places.end(model).map_err(fails)?;
                return Ok(Some(turn));
            }
        }
        .map_err(fails)?;
        let len = model.entries().len();
        if map.len() != len {
            return Err(fails(format!("{} counted, not {len}", map.len())));
        }
    }
    let n = model.now();
    places.end(model).map_err(|e| (n, e))?;
    Ok(None)
}

/// What was found is what was expected.
fn same<T: Kind>(
    found: Option<(&T::Key, &T::Value)>,
    expected: Option<(u64, u64)>,
) -> Result<(), String> {
    let right = match (found, expected) {
        (Some((key, value)), Some((number, n))) => *key == T::key(number) && value.number() == n,
        (None, None) => true,
        _ => false,
    };
    if right {
        return Ok(());
    }
    Err(format!("{found:?}, not {expected:?}"))
}

fn equal<A: PartialEq + Debug>(found: A, expected: A) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?}, not {expected:?}"))
}
