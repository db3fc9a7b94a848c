//! Loom models of the protocol. `LOOM_MAX_PREEMPTIONS` bounds them. One at a time: a rule that is broken is
//! broken for all.
//!
//! Scenarios are strict or weak. In *strict* ones slots are loaded by operations that change nothing, which see the
//! latest value, and which loom takes for conflicts with all others: sequential consistency, in which the answers of
//! all threads must have an order. In *weak* ones they are loaded as the map loads them; that what is found has been
//! published, and is not gone, is checked by looking at it.

mod history;
mod map;
mod scenarios;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smr_core::primitive::{model, thread};

use super::rules::{self, Rule};
use crate::modelling::{Log, are_noticed, is_linearizable};
use history::Op::{self, Get};
use history::{State, note};
use map::{Key, Map};
use scenarios::{SCENARIOS, Scenario};

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
    let ops = scenario.threads.iter().copied().flatten();
    keys.extend(ops.filter_map(|op| op.key()));
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

/// Preemptions that it takes to notice each broken rule.
const ENOUGH: usize = 2;

fn explore(scenario: &'static Scenario, most: usize) {
    let mut builder = model::Builder::new();
    builder.max_branches = 10_000;
    let bounds = [scenario.bound, most];
    let bounds = builder.preemption_bound.into_iter().chain(bounds);
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
        explore(scenario, usize::MAX);
        println!("{}: {:?}", scenario.name, begin.elapsed());
    }
}

fn is_noticed(rule: Rule, is_strict: bool) -> Option<&'static str> {
    rules::break_one(Some(rule));
    let mut scenarios = SCENARIOS
        .iter()
        .filter(|scenario| scenario.is_strict == is_strict);
    let caught = scenarios
        .find(|scenario| catch_unwind(AssertUnwindSafe(|| explore(scenario, ENOUGH))).is_err());
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
