//! Maps of prefixes against a list of them. The first byte chooses the family; then every turn has three bytes: what is
//! done, to which prefix, and how. Values are numbered, so that it is known of each which prefix it was stored under,
//! and when.
//!
//! Turns come in sections: a guard is open from one check of the whole map to the next, and so are iterators, which
//! others change the map beside.

mod held;
mod model;

use std::fmt::Debug;

use ipnet::{Ipv4Net, Ipv6Net};
use structures::prefix_map::PrefixMapRef;
use structures::testing::payload::Counted;
use structures::testing::prefixes::{Net, plain};
use structures::{Guard, OwnedGuard, PrefixMap, Smr};

use held::Held;
use model::Model;

/// A program's map, under its guard.
type Pinned<'m, P> = PrefixMapRef<'m, P, Counted, OwnedGuard>;

/// Runs a program.
///
/// # Errors
/// What went wrong, for a person to read.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    let Some((&choice, program)) = bytes.split_first() else {
        return Ok(());
    };
    match choice % 2 {
        0 => replay::<Ipv4Net>(program),
        _ => replay::<Ipv6Net>(program),
    }
}

/// One turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// What is done,
    what: u8,
    /// in which of several ways.
    way: u8,
    key: u8,
    more: u8,
}

impl Turn {
    fn new(bytes: &[u8]) -> Turn {
        let &[what, key, more] = bytes else {
            unreachable!("three bytes")
        };
        Turn {
            what: what % 16,
            way: what / 16,
            key,
            more,
        }
    }

    /// An address of few different octets, so that prefixes nest.
    fn address(self) -> u128 {
        let octet = |i: usize| [0, 0xaa, 0x80, 0xff][usize::from(self.key >> (i % 4 * 2)) % 4];
        u128::from_be_bytes(std::array::from_fn(octet))
    }

    /// A prefix of the address, but that some bits of its last octet are others.
    fn net<P: Net>(self) -> P {
        let len = self.more % (P::BITS + 1);
        let last = u32::from(len.saturating_sub(1) / 8);
        let bits = u128::from(self.way) << (124 - 8 * last);
        P::net(self.address() ^ bits, len)
    }
}

/// Replays a program on a map, and on the list.
fn replay<P: Net>(program: &[u8]) -> Result<(), String> {
    let mut map = PrefixMap::<P, Counted>::new_in(&Smr::new());
    let mut model = Model::default();
    let mut turns = program.chunks_exact(3).map(Turn::new).enumerate();
    let place = |n, e| format!("{}, turn {n}: {e}", P::NAME);
    loop {
        let end = section(&map, &mut model, &mut turns).map_err(|(n, e)| place(n, e))?;
        agree(&mut map, &model).map_err(|e| place(model.now() as usize, e))?;
        let Some(turn) = end else {
            break;
        };
        if turn.way == 15 {
            let pinned = map.pin();
            let mut other = PrefixMap::new_in(&Smr::new());
            other.extend(pinned.iter().map(|(net, value)| (net, value.clone())));
            drop(pinned);
            map = other;
        }
    }
    let values = model.values().clone();
    drop((map, model));
    equal(values.alive(), 0).map_err(|e| format!("{}: {e} values are left", P::NAME))
}

/// The turns under one guard; the last of them, which wants the map for itself.
fn section<P: Net>(
    map: &PrefixMap<P, Counted>,
    model: &mut Model,
    turns: &mut impl Iterator<Item = (usize, Turn)>,
) -> Result<Option<Turn>, (usize, String)> {
    let pinned = map.pin_owned();
    let mut held = Held::new(&pinned);
    for (n, turn) in turns {
        let fails = |e| (n, format!("{turn:?}: {e}"));
        model.tick(n as u64);
        match turn.what {
            0..=9 if turn.way.is_multiple_of(2) => act(&pinned, model, turn),
            0..=9 => act(&map.pin(), model, turn),
            10 => many(map, model, turn),
            11..=14 => held.act(model, turn),
            _ => {
                held.end(model).map_err(fails)?;
                return Ok(Some(turn));
            }
        }
        .map_err(fails)?;
        equal(map.len(), model.table().len()).map_err(fails)?;
    }
    let n = model.now() as usize;
    held.end(model).map_err(|e| (n, e))?;
    Ok(None)
}

/// An operation on one prefix, or one address.
fn act<P: Net, G: Guard>(
    map: &PrefixMapRef<'_, P, Counted, G>,
    model: &mut Model,
    turn: Turn,
) -> Result<(), String> {
    let net: P = turn.net();
    let bits = net.bits();
    let number = |value: Option<&Counted>| value.map(Counted::number);
    match turn.what {
        0..=3 => {
            let (value, old) = model.insert(bits);
            equal(number(map.insert(net, value)), old)
        }
        4 | 5 => equal(number(map.remove(net)), model.remove(bits)),
        6 => equal(number(map.get(net)), model.table().get(bits)),
        7 => {
            let addr = turn.address() ^ u128::from(turn.more) << 120;
            let expected = model.table().longest(addr);
            equal(map.longest_match(P::address(addr)).map(plain), expected)?;
            let found = map.longest_match_strict(P::address(addr));
            equal(found.map(plain), expected)
        }
        8 => {
            let above = model.table().those(|other| other.covers(bits));
            let expected: Vec<_> = above.collect();
            let found = map.supernets(net);
            equal(found.len(), expected.len())?;
            equal(found.clone().map(plain).collect(), expected)?;
            let mut back: Vec<_> = found.rev().map(plain).collect();
            back.reverse();
            let above = model.table().those(|other| other.covers(bits));
            equal(back, above.collect())
        }
        _ => {
            let below = model.table().those(|other| bits.covers(other));
            equal(
                map.subnets(net).map(plain).collect(),
                below.collect::<Vec<_>>(),
            )
        }
    }
}

/// The prefixes of one length that have an octet in common, one after the other: places of one bundle, or entries.
fn many<P: Net>(map: &PrefixMap<P, Counted>, model: &mut Model, turn: Turn) -> Result<(), String> {
    let len = turn.more % (P::BITS + 1);
    let last = u32::from(len.saturating_sub(1) / 8);
    // Now and then all of them.
    let step = if turn.way % 8 == 7 {
        1
    } else {
        8 << (turn.way % 4)
    };
    for octet in (0..=u8::MAX).step_by(step) {
        let octet = u128::from(octet) << (120 - 8 * last);
        let net = P::net(turn.address() ^ octet, len);
        let number = |value: Option<&Counted>| value.map(Counted::number);
        let map = map.pin();
        if turn.way < 8 {
            let (value, old) = model.insert(net.bits());
            equal(number(map.insert(net, value)), old)?;
        } else {
            equal(number(map.remove(net)), model.remove(net.bits()))?;
        }
    }
    Ok(())
}

/// Both hold the same, and the map's invariants hold.
fn agree<P: Net>(map: &mut PrefixMap<P, Counted>, model: &Model) -> Result<(), String> {
    map.check();
    equal(map.flush(), 0)?;
    equal(model.values().alive(), model.table().len())?;
    let found: Vec<_> = map.pin().iter().map(plain).collect();
    equal(found, model.table().those(|_| true).collect())
}

/// What was found is what was expected.
fn equal<A: PartialEq + Debug>(found: A, expected: A) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?}, not {expected:?}"))
}
