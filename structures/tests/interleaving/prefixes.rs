//! Changes and questions of a map of prefixes, against each other.

use ipnet::Ipv4Net;
use structures::testing::prefixes::{ADDRESSES, Query, Routes, nested};
use structures::testing::suspension;

use crate::stride;

/// One thread asks these, and another one those, of a map of such prefixes.
fn beside(there: &[usize], these: &[Query], those: &[&[Query]]) {
    let prepare = |routes: &Routes<Ipv4Net>| {
        let insert = |&n: &usize| Query::Insert(nested()[n], n as u64);
        routes.record(there.iter().map(insert));
    };
    let mut count = 0;
    for those in those {
        let one = |routes: &Routes<Ipv4Net>| routes.record(these.iter().copied());
        let other = |routes: &Routes<Ipv4Net>| routes.record(those.iter().copied());
        count += suspension::pairs(stride(), prepare, one, other)
            + suspension::pairs(stride(), prepare, other, one);
    }
    println!("{there:?}, {these:?}: {count} pairs");
    assert!(count > 100, "{count} pairs");
}

fn put(n: usize) -> Query {
    Query::Insert(nested()[n], 100 + n as u64)
}

fn take(n: usize) -> Query {
    Query::Remove(nested()[n])
}

fn get(n: usize) -> Query {
    Query::Get(nested()[n])
}

const LONGEST: Query = Query::Longest(ADDRESSES[4]);

/// The second to the fifth share a bundle, and the sixth and the seventh another one.
#[test]
fn changes_beside_each_other() {
    let those: [&[Query]; 8] = [
        &[put(2)],
        &[put(3)],
        &[take(2)],
        &[take(3)],
        &[put(0)],
        &[put(7)],
        &[get(2), get(3)],
        &[LONGEST],
    ];
    for there in [&[][..], &[2], &[2, 3], &[1, 3, 5]] {
        beside(there, &[put(2)], &those);
        beside(there, &[take(2)], &those);
    }
}

/// The longest prefix is found, whatever comes before one goes.
#[test]
fn the_longest_match_beside_changes() {
    let swaps: [&[Query]; 6] = [
        &[put(6), take(5)],
        &[put(5), take(6)],
        &[put(3), take(6)],
        &[put(7), take(6), take(5)],
        &[put(3), take(5), put(6)],
        &[take(1), put(7), take(7)],
    ];
    beside(&[1, 5], &[LONGEST], &swaps);
    beside(&[1, 6], &[LONGEST], &swaps);
    beside(&[1, 5, 6], &[LONGEST], &swaps);
    beside(
        &[0, 1, 2, 7],
        &[LONGEST],
        &[&[put(4), take(7)], &[put(6), take(7)]],
    );
}
