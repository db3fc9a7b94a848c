//! Loom models of the protocol. `LOOM_MAX_PREEMPTIONS` bounds them. One at a time: a rule that is broken is
//! broken for all.
//!
//! Scenarios are strict or weak. In *strict* ones slots are loaded by operations that change nothing, which see the
//! latest value, and which loom takes for conflicts with all others: sequential consistency, in which the answers of
//! all threads must have an order. In *weak* ones they are loaded as the map loads them; that what is found has been
//! published, and is not gone, is checked by looking at it.

mod history;
mod map;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smr_core::primitive::{model, thread};

use super::rules::{self, Rule};
use crate::modelling::{Log, are_noticed, is_linearizable};
use history::Op::{self, Get, Insert, Remove};
use history::{State, note};
use map::{Key, Map};

/// Entries at first, removals of some of them, and what the threads do.
struct Scenario {
    name: &'static str,
    keys: &'static [&'static [u8]],
    gone: &'static [&'static [u8]],
    /// Others, by threads that have stopped before they looked after nodes.
    left: &'static [&'static [u8]],
    threads: &'static [&'static [Op]],
    is_strict: bool,
    bound: usize,
}

const STRICT: Scenario = Scenario {
    name: "",
    keys: &[],
    gone: &[],
    left: &[],
    threads: &[],
    is_strict: true,
    bound: 3,
};

const WEAK: Scenario = Scenario {
    is_strict: false,
    ..STRICT
};

/// More is the same than a node notes of it, and the last byte tells them apart.
const LONG: &[&[u8]] = &[
    &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
];
/// Another byte before that.
const OTHER: &[u8] = &[1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

/// Nodes have room for 2, 3, 3, 4 and all 5 children.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "T1 and T1: two come into an empty map",
        threads: &[&[Insert(&[1], 1), Get(&[2])], &[Insert(&[2], 2), Get(&[1])]],
        ..STRICT
    },
    Scenario {
        name: "T1, T2 and T3: one key",
        keys: &[&[1]],
        threads: &[
            &[Insert(&[1], 1), Remove(&[1])],
            &[Insert(&[1], 2), Get(&[1])],
        ],
        ..STRICT
    },
    Scenario {
        name: "T1 and T1: a byte is claimed twice",
        keys: &[&[1], &[2, 1]],
        threads: &[&[Insert(&[3], 1)], &[Insert(&[3, 1], 2), Get(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "T4 and T3: an entry is divided and removed",
        keys: &[&[1, 1]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1, 1])],
            &[Remove(&[1, 1]), Insert(&[1, 1], 2)],
        ],
        ..STRICT
    },
    Scenario {
        name: "T4 and T2: an entry is divided and replaced",
        keys: &[&[1]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1])],
            &[Insert(&[1], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "T5 and T1: a node comes above another, below which a key comes",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1, 1, 3])],
            &[Insert(&[1, 1, 3], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "T5 and T3: a node comes above another, which loses a key",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[2], 1), Get(&[1, 1, 1])],
            &[Remove(&[1, 1, 1]), Get(&[2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "T5 and T5: two nodes come above another",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[2])],
            &[Insert(&[2], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "T6 and T1: a node grows, in which a key comes",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1), Get(&[4])], &[Insert(&[4], 2), Get(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "T6 and T2: a node grows, in which an entry is replaced",
        keys: &[&[1], &[2]],
        threads: &[
            &[Insert(&[3], 1), Insert(&[4], 1)],
            &[Insert(&[1], 2), Get(&[4])],
        ],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "T6 and T3: a node grows, of which an entry goes",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1), Get(&[1])], &[Remove(&[1]), Remove(&[2])]],
        ..STRICT
    },
    Scenario {
        name: "T6 of two nodes: below the one the other grows",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[
            &[Insert(&[3], 1), Get(&[1, 3])],
            &[Insert(&[1, 3], 2), Get(&[3])],
        ],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "an indexed node grows, in which a key comes",
        keys: &[&[0], &[1], &[2]],
        threads: &[
            &[Insert(&[3], 1), Insert(&[4], 1)],
            &[Insert(&[4], 2), Get(&[3])],
        ],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "in a full node keys come and go",
        keys: &[&[0], &[1], &[2], &[3], &[4]],
        gone: &[&[1], &[2], &[3]],
        threads: &[&[Remove(&[0]), Get(&[4])], &[Remove(&[4]), Insert(&[1], 1)]],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "T7 and T1: a node goes, into which a key comes",
        keys: &[&[1], &[2]],
        threads: &[&[Remove(&[1]), Get(&[3])], &[Insert(&[3], 1), Get(&[2])]],
        ..STRICT
    },
    Scenario {
        name: "T7 and T5: a node goes, above which another one comes",
        keys: &[&[1, 1], &[1, 2]],
        threads: &[
            &[Remove(&[1, 1]), Get(&[2])],
            &[Insert(&[2], 1), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "T7 and T7: a node above another one, both of which go",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[
            &[Remove(&[1, 1]), Get(&[1, 2])],
            &[Remove(&[2]), Get(&[1, 1])],
        ],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "T8: the last two of a node go",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[
            &[Remove(&[1, 1]), Get(&[2])],
            &[Remove(&[1, 2]), Insert(&[1, 3], 1)],
        ],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "the last two of the map go",
        keys: &[&[1], &[2]],
        threads: &[&[Remove(&[1]), Get(&[2])], &[Remove(&[2]), Get(&[1])]],
        ..STRICT
    },
    Scenario {
        name: "keys that are prefixes of each other",
        keys: &[&[], &[1]],
        threads: &[
            &[Insert(&[1, 1], 1), Remove(&[])],
            &[Remove(&[1]), Get(&[1, 1])],
        ],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "what is skipped is compared",
        keys: LONG,
        threads: &[
            &[Insert(OTHER, 1), Get(LONG[1])],
            &[Remove(LONG[0]), Get(OTHER)],
        ],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "what is skipped is told by nobody, as removers have stopped",
        keys: LONG,
        left: LONG,
        threads: &[
            &[Insert(OTHER, 1), Get(LONG[1])],
            &[Insert(LONG[1], 1), Get(OTHER)],
        ],
        ..STRICT
    },
    Scenario {
        name: "three threads",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1)], &[Remove(&[1])], &[Get(&[3]), Get(&[1])]],
        bound: 3,
        ..STRICT
    },
    Scenario {
        name: "publication",
        keys: &[&[1]],
        threads: &[
            &[Insert(&[2], 1), Insert(&[2, 1], 2)],
            &[Get(&[2]), Get(&[2, 1])],
        ],
        ..WEAK
    },
    Scenario {
        name: "publication of what has grown",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1)], &[Insert(&[1, 1], 2), Get(&[3])]],
        ..WEAK
    },
    Scenario {
        name: "publication of frozen slots",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[1], 1)], &[Insert(&[3], 2)], &[Get(&[1])]],
        bound: 3,
        ..WEAK
    },
    Scenario {
        name: "two removals, one of which has to look after the node",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[Remove(&[1])], &[Remove(&[2])]],
        ..WEAK
    },
    Scenario {
        name: "claims and copies",
        keys: &[&[1], &[2]],
        gone: &[],
        threads: &[&[Insert(&[3], 1), Get(&[3])], &[Insert(&[4], 2), Get(&[4])]],
        ..WEAK
    },
    Scenario {
        name: "reclamation",
        keys: &[&[1], &[2, 1], &[2, 2]],
        threads: &[
            &[Remove(&[2, 1]), Remove(&[1])],
            &[Get(&[2, 2]), Get(&[2, 1])],
        ],
        ..WEAK
    },
];

fn play(scenario: &'static Scenario) {
    let map = Arc::new(Map::new());
    let mut start = State::new();
    for &key in scenario.keys {
        map.update(Key(key), |_| Some(100));
        start.insert(key, 100);
    }
    for &key in scenario.gone {
        map.update(Key(key), |_| None);
        start.remove(key);
    }
    for &key in scenario.left {
        map.remove_and_stop(Key(key));
        start.remove(key);
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
    run(scenario.threads[0])();
    for other in others {
        other.join().expect("no assertion failed");
    }
    let mut keys: BTreeSet<_> = scenario.keys.iter().copied().collect();
    for op in scenario.threads.iter().copied().flatten() {
        let (Get(key) | Insert(key, _) | Remove(key)) = *op;
        keys.insert(key);
    }
    for key in keys {
        note(&log, &map, Get(key));
    }
    if scenario.is_strict {
        let events = log.events();
        assert!(
            is_linearizable(&events, &start, history::apply),
            "{events:?}"
        );
    }
    map.check();
    let map = Arc::into_inner(map);
    map.expect("the others have ended").end();
}

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn explore(scenario: &'static Scenario) {
    let mut builder = model::Builder::new();
    builder.max_branches = 10_000;
    let bounds = builder.preemption_bound.into_iter().chain([scenario.bound]);
    builder.preemption_bound = bounds.min();
    rules::SWITCHES.set_strict(scenario.is_strict);
    builder.check(move || play(scenario));
}

#[test]
fn the_protocol_holds() {
    let _alone = alone();
    rules::break_one(None);
    for scenario in SCENARIOS {
        let begin = std::time::Instant::now();
        explore(scenario);
        println!("{}: {:?}", scenario.name, begin.elapsed());
    }
}

fn is_noticed(rule: Rule, is_strict: bool) -> Option<&'static str> {
    rules::break_one(Some(rule));
    let mut scenarios = SCENARIOS
        .iter()
        .filter(|scenario| scenario.is_strict == is_strict);
    let caught =
        scenarios.find(|scenario| catch_unwind(AssertUnwindSafe(|| explore(scenario))).is_err());
    rules::break_one(None);
    caught.map(|scenario| scenario.name)
}

#[test]
fn every_broken_rule_is_noticed() {
    let _alone = alone();
    let logic = are_noticed(&Rule::LOGIC, |rule| is_noticed(rule, true));
    let orderings = are_noticed(&Rule::ORDERINGS, |rule| is_noticed(rule, false));
    assert!(logic && orderings);
}
