//! Loom models of the protocol. `LOOM_MAX_PREEMPTIONS` bounds them. One at a time: a rule that is broken is
//! broken for all.
//!
//! Scenarios are strict or weak. In *strict* ones words are loaded by operations that change nothing, which
//! see the latest value, and which loom takes for conflicts with all others: sequential consistency, in which
//! the answers of all threads must have an order. In *weak* ones they are loaded as the map loads them; that
//! what is found has been published, and is not gone, is checked by looking at it.

mod history;
mod map;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use smr_core::primitive::{model, thread};

use super::rules::{self, Rule};
use crate::modelling::{Log, are_noticed, is_linearizable};
use history::Op::{
    self, Above, Below, First, Get, Insert, Last, Next, PopFirst, PopLast, Prev, Remove,
};
use history::note;
use map::{Bound, Key, Map, Opaque};

/// Entries at first, removals of some of them, what the first thread does, and the others.
struct Scenario {
    name: &'static str,
    keys: &'static [u8],
    gone: &'static [u8],
    threads: &'static [&'static [Op]],
    is_strict: bool,
    /// Iterations both ways, by the first thread, before what it does.
    scans: bool,
    keeps_revisions: bool,
    bound: usize,
}

const STRICT: Scenario = Scenario {
    name: "",
    keys: &[],
    gone: &[],
    threads: &[],
    is_strict: true,
    scans: false,
    keeps_revisions: false,
    bound: 3,
};

const WEAK: Scenario = Scenario {
    is_strict: false,
    ..STRICT
};

/// Two levels: [1] [2] [3 4], say.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "insertions that split",
        keys: &[1, 3],
        threads: &[&[Insert(2, 1), Get(4)], &[Insert(4, 2), Get(2)]],
        ..STRICT
    },
    Scenario {
        name: "one key",
        keys: &[1],
        threads: &[&[Insert(1, 1), Remove(1)], &[Insert(1, 2), Get(1)]],
        ..STRICT
    },
    Scenario {
        name: "a chunk is born and dies",
        keys: &[1, 2, 3],
        threads: &[&[Insert(4, 1)], &[Remove(3), Remove(4)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a chunk is born and dies, and another one is born at the same key",
        keys: &[1, 2, 3, 4],
        gone: &[4],
        threads: &[
            &[Insert(4, 1), Insert(5, 1)],
            &[
                Remove(4),
                Remove(5),
                Remove(3),
                Insert(3, 2),
                Insert(4, 2),
                Insert(5, 2),
            ],
        ],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a chunk dies, and another one is born at the same key",
        keys: &[1, 3, 5, 6],
        threads: &[&[Remove(3)], &[Insert(3, 1), Insert(4, 1)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a chunk fills the head, and another one is born at its key",
        keys: &[1, 3, 5, 6, 4],
        gone: &[1],
        threads: &[&[PopFirst], &[Insert(1, 1)]],
        ..STRICT
    },
    Scenario {
        name: "neighbours die",
        keys: &[1, 2, 3, 4],
        gone: &[4],
        threads: &[&[Remove(2), Get(3)], &[Remove(3), Insert(2, 2)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a reader while chunks die",
        keys: &[1, 2, 3, 4],
        gone: &[4],
        threads: &[&[Remove(3), Insert(3, 1), Remove(2)], &[Get(3), Get(2)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a reader behind a dead chunk",
        keys: &[1, 2, 3, 4],
        gone: &[4],
        threads: &[&[Remove(3), Insert(5, 1)], &[Insert(3, 2), Get(5)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a separator's entry goes while it becomes one",
        keys: &[1, 2],
        threads: &[&[Insert(3, 1)], &[Remove(2), Insert(2, 2)]],
        ..STRICT
    },
    Scenario {
        name: "a separator outlives its entry",
        keys: &[1, 2, 3],
        threads: &[&[Remove(2), Get(3)], &[Get(2), Remove(3)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "first, behind an empty head",
        keys: &[1, 2, 3],
        gone: &[1],
        threads: &[&[Insert(1, 1), Remove(2)], &[First]],
        ..STRICT
    },
    Scenario {
        name: "first and last of what comes and goes",
        keys: &[1],
        threads: &[&[Insert(2, 1), Remove(1)], &[First, Last]],
        ..STRICT
    },
    Scenario {
        name: "the next, in another chunk",
        keys: &[1, 4, 5],
        threads: &[&[Insert(2, 1), Remove(4)], &[Above(Bound::Below(2))]],
        ..STRICT
    },
    Scenario {
        name: "the next, behind a frozen chunk",
        keys: &[1, 3, 5, 6],
        threads: &[
            &[Remove(3), Insert(4, 1), Remove(5)],
            &[Above(Bound::To(3))],
        ],
        ..STRICT
    },
    Scenario {
        name: "the last up to a key, in another chunk",
        keys: &[1, 2, 4, 5],
        gone: &[4],
        threads: &[&[Insert(4, 1), Remove(2)], &[Below(Bound::To(4))]],
        ..STRICT
    },
    Scenario {
        name: "the last, before chunks that come and go",
        keys: &[1, 2, 3],
        threads: &[&[Remove(3), Insert(4, 1), Remove(1)], &[Last]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a pop at the front, and an insertion before it",
        keys: &[1, 2, 3],
        gone: &[1],
        threads: &[&[Insert(1, 1), Get(2)], &[PopFirst]],
        ..STRICT
    },
    Scenario {
        name: "pops at the front",
        keys: &[1, 2, 3],
        gone: &[1],
        threads: &[&[PopFirst], &[Insert(1, 1), PopFirst]],
        ..STRICT
    },
    Scenario {
        name: "pops at the back, and an insertion behind them",
        keys: &[1, 2, 3],
        gone: &[3],
        threads: &[&[Insert(3, 1), Get(1)], &[PopLast, PopLast]],
        ..STRICT
    },
    Scenario {
        name: "pops at the back",
        keys: &[1, 2, 3],
        threads: &[&[PopLast, PopLast], &[Remove(3), Insert(4, 1)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "a pop at the back, and insertions",
        keys: &[1, 2],
        threads: &[&[PopLast, Get(3)], &[Remove(2), Insert(3, 1), Insert(1, 2)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "iteration while chunks split and die",
        keys: &[1, 2, 3],
        threads: &[&[], &[Insert(4, 1), Remove(2), Insert(5, 1)]],
        scans: true,
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "three threads",
        keys: &[1, 2],
        threads: &[&[Insert(3, 1)], &[Remove(2)], &[Get(2), Get(3)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "publication",
        keys: &[1, 2],
        threads: &[&[Insert(3, 1), Insert(3, 2)], &[Get(3), Get(3)]],
        ..WEAK
    },
    Scenario {
        name: "publication of a level",
        keys: &[1, 2],
        threads: &[&[Insert(3, 1)], &[Get(1), Insert(2, 2)]],
        ..WEAK
    },
    Scenario {
        name: "reclamation",
        keys: &[1, 2, 3],
        threads: &[&[Remove(3), Remove(2)], &[Get(3), Get(2)]],
        ..WEAK
    },
    Scenario {
        name: "the last link",
        keys: &[1, 2],
        threads: &[&[Insert(3, 1)], &[Remove(3), Remove(2)], &[Get(2)]],
        bound: 2,
        ..WEAK
    },
    Scenario {
        name: "the last link, of two threads",
        keys: &[1, 2, 3],
        threads: &[&[Insert(4, 1)], &[Remove(4), Remove(3)], &[Get(3)]],
        keeps_revisions: true,
        bound: 2,
        ..WEAK
    },
    Scenario {
        name: "a helper takes a chunk out of the index",
        keys: &[1, 2],
        threads: &[&[Insert(3, 1)], &[Remove(3), Remove(2)], &[Insert(2, 2)]],
        bound: 2,
        ..WEAK
    },
    Scenario {
        name: "a cursor, whose entry goes and comes again",
        keys: &[1, 2, 3, 4],
        gone: &[4],
        threads: &[&[Next(3)], &[Remove(3), Insert(3, 1), Insert(4, 2)]],
        ..STRICT
    },
    Scenario {
        name: "a cursor, whose chunk dies",
        keys: &[1, 2, 3, 4],
        threads: &[&[Next(2)], &[Remove(3), Remove(2), Insert(3, 2)]],
        ..STRICT
    },
    Scenario {
        name: "a cursor goes back",
        keys: &[1, 2, 3, 4],
        threads: &[&[Prev(4)], &[Remove(3), Remove(2), Insert(3, 2)]],
        ..STRICT
    },
    Scenario {
        name: "a cursor in a window that moves",
        keys: &[1, 2],
        threads: &[&[Next(2)], &[Insert(3, 1), Remove(2), Insert(4, 2)]],
        ..STRICT
    },
    Scenario {
        name: "a cursor goes back in a window that moves",
        keys: &[1, 2, 3],
        threads: &[&[Prev(3)], &[PopFirst, PopFirst, Insert(1, 2)]],
        ..STRICT
    },
    Scenario {
        name: "two come at the end, and the first goes",
        keys: &[1],
        threads: &[&[Insert(2, 1), Get(3)], &[Insert(3, 2), PopFirst]],
        ..STRICT
    },
];

fn play<K: Key>(scenario: &'static Scenario) {
    let map = Arc::new(Map::<K>::new(scenario.keeps_revisions));
    let mut start = BTreeMap::new();
    for &key in scenario.keys {
        map.update(key, |_| Some(100));
        start.insert(key, 100);
    }
    for &key in scenario.gone {
        map.update(key, |_| None);
        start.remove(&key);
    }
    let log = Arc::new(Log::new());
    let run = |ops: &'static [Op]| {
        let (map, log) = (map.clone(), log.clone());
        move || ops.iter().for_each(|&op| note(&log, &map, op))
    };
    let others: Vec<_> = scenario.threads[1..]
        .iter()
        .map(|ops| thread::spawn(run(ops)))
        .collect();
    if scenario.scans {
        scan(&map, &start, scenario.threads[1]);
    }
    run(scenario.threads[0])();
    for other in others {
        other.join().expect("no assertion failed");
    }
    let found = map.forward();
    let mut back = map.backward();
    back.reverse();
    assert_eq!(found, back);
    for key in 1..=6 {
        note(&log, &map, Get(key));
    }
    if scenario.is_strict {
        let events = log.events();
        assert!(
            is_linearizable(&events, &start, history::apply),
            "{events:?}"
        );
    }
    let got = log.events().into_iter().rev().take(6).rev();
    assert_eq!(
        found,
        got.filter_map(|event| event.answer).collect::<Vec<_>>()
    );
    map.check();
    let map = Arc::into_inner(map);
    map.expect("the others have ended").end();
}

/// Ascends, then descends, and finds whatever nobody removes.
fn scan<K: Key>(map: &Map<K>, start: &BTreeMap<u8, u32>, others: &[Op]) {
    let forward = map.forward();
    let mut backward = map.backward();
    backward.reverse();
    for found in [forward, backward] {
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for key in start.keys() {
            let is_removed = others
                .iter()
                .any(|op| matches!(op, Remove(other) if other == key));
            assert!(is_removed || found.iter().any(|pair| pair.0 == *key));
        }
    }
}

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Preemptions that it takes to notice each broken rule.
const ENOUGH: usize = 2;

fn explore<K: Key>(scenario: &'static Scenario, most: usize) {
    let mut builder = model::Builder::new();
    builder.max_branches = 10_000;
    let bounds = [scenario.bound, most];
    let bounds = builder.preemption_bound.into_iter().chain(bounds);
    builder.preemption_bound = bounds.min();
    rules::SWITCHES.set_strict(scenario.is_strict);
    builder.check(move || play::<K>(scenario));
}

#[test]
fn the_protocol_holds() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    rules::break_one(None);
    for scenario in SCENARIOS {
        let begin = std::time::Instant::now();
        explore::<Opaque>(scenario, usize::MAX);
        println!("{}: {:?}", scenario.name, begin.elapsed());
    }
}

#[test]
fn the_protocol_holds_where_hints_are_keys() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    rules::break_one(None);
    SCENARIOS
        .iter()
        .for_each(|scenario| explore::<u16>(scenario, usize::MAX));
}

#[test]
fn the_protocol_holds_where_entries_are_in_revisions() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    rules::break_one(None);
    SCENARIOS
        .iter()
        .for_each(|scenario| explore::<u8>(scenario, usize::MAX));
}

/// As where addresses have no room for windows.
#[test]
fn the_protocol_holds_without_windows() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    rules::break_one(Some(Rule::Windows));
    SCENARIOS
        .iter()
        .for_each(|scenario| explore::<Opaque>(scenario, usize::MAX));
    rules::break_one(None);
}

fn is_noticed(rule: Rule, is_strict: bool) -> Option<&'static str> {
    rules::break_one(Some(rule));
    let mut scenarios = SCENARIOS
        .iter()
        .filter(|scenario| scenario.is_strict == is_strict);
    let caught = scenarios.find(|scenario| {
        catch_unwind(AssertUnwindSafe(|| explore::<Opaque>(scenario, ENOUGH))).is_err()
    });
    rules::break_one(None);
    caught.map(|scenario| scenario.name)
}

#[test]
fn every_broken_rule_is_noticed() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let logic = are_noticed(&Rule::LOGIC, |rule| is_noticed(rule, true));
    let orderings = are_noticed(&Rule::ORDERINGS, |rule| is_noticed(rule, false));
    assert!(logic && orderings);
}
