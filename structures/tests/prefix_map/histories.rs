//! What threads do to few prefixes that nest is explained by one order.

use std::panic::catch_unwind;
use std::sync::Barrier;

use ipnet::{Ipv4Net, Ipv6Net};
use structures::testing::Subject;
use structures::testing::past::Past;
use structures::testing::prefixes::{
    ADDRESSES, Answer, Net, Query, Routes, Table, nested, queries,
};

/// Two threads that change more than they look, and one that does not.
fn histories<P: Net>(rounds: u64, threads: u64) {
    for round in 0..rounds {
        let mut routes = Routes::<P>::new();
        // Not from nothing, mostly.
        routes.record(queries(!round, 100).take(round as usize % 12));
        let start = Barrier::new(threads as usize);
        std::thread::scope(|s| {
            for t in 0..threads {
                let (routes, start) = (&routes, &start);
                s.spawn(move || {
                    let changes = if t == 2 { 20 } else { 70 };
                    let queries = queries(round * threads + t, changes).take(20);
                    start.wait();
                    routes.record(queries);
                });
            }
        });
        routes.check();
    }
}

#[test]
fn histories_are_linearizable() {
    histories::<Ipv4Net>(300, 2);
    histories::<Ipv4Net>(300, 3);
    histories::<Ipv6Net>(300, 3);
}

/// One of two longer prefixes is there all the time, while somebody looks for the longest one: it is not a shorter one.
#[test]
fn wrong_histories_are_noticed() {
    let [_, short, .., first, second, _] = nested();
    let is_explained = |answer: Answer| {
        let past = Past::<Table>::default();
        let (all, none) = (|net, n| vec![(net, n)], Vec::new());
        past.record([Query::Insert(short, 0), Query::Insert(first, 1)], |_| {
            none.clone()
        });
        past.record([Query::Longest(ADDRESSES[4])], |_| {
            past.record([Query::Insert(second, 2)], |_| none.clone());
            past.record([Query::Remove(first)], |_| all(first, 1));
            answer.clone()
        });
        let end = vec![(short, 0), (second, 2)];
        let now = end.iter().copied().collect();
        catch_unwind(|| past.check("a list", Query::All, end, now)).is_ok()
    };
    assert!(is_explained(vec![(first, 1)]) && is_explained(vec![(second, 2)]));
    assert!(!is_explained(vec![(short, 0)]) && !is_explained(Vec::new()));
    assert!(!is_explained(vec![(first, 2)]));
}
