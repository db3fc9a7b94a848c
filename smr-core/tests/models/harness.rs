//! Running a model, with or without a mutant.
//!
//! A mutant runs in a process of its own: loom gives up in the middle of an execution, and what is
//! dropped then may not be droppable any more.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use smr_core::{Step, weaken};

/// A named model.
pub(crate) type Scenario = (&'static str, fn());

/// One model at a time: they are big.
static TURN: Mutex<()> = Mutex::new(());

/// Explores `scenario`, and returns how many executions there were.
fn explore(scenario: fn()) -> usize {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 20_000;
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        scenario();
        smr_core::leave();
    });
    runs.load(Ordering::Relaxed)
}

/// A thread that gives back its numbers and records where the model sees it: loom runs the
/// destructors of thread-locals after `join` has returned.
pub(crate) fn spawn(f: impl FnOnce() + 'static) -> loom::thread::JoinHandle<()> {
    loom::thread::spawn(move || {
        f();
        smr_core::leave();
    })
}

/// Runs `main` beside `others`, which have a thread each, until all have ended.
pub(crate) fn beside<W: 'static>(world: &loom::sync::Arc<W>, others: &[fn(&W)], main: fn(&W)) {
    let threads: Vec<_> = others
        .iter()
        .map(|&other| {
            let world = world.clone();
            spawn(move || other(&world))
        })
        .collect();
    main(world);
    for t in threads {
        t.join().unwrap();
    }
}

/// The scenario holds in every execution.
pub(crate) fn holds((name, scenario): Scenario) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let start = std::time::Instant::now();
    let runs = explore(scenario);
    eprintln!(
        "{name}: holds in {runs} executions, {:.1?}",
        start.elapsed()
    );
    assert!(runs > 1, "{name}: nothing was explored");
}

const CHILD: &str = "SMR_MODEL_MUTANT";

/// Runs the mutant that a parent process asked for.
#[test]
fn mutant() {
    let Ok(asked) = std::env::var(CHILD) else {
        return;
    };
    let (name, step) = asked.split_once('/').expect("scenario/step");
    let step = Step::ALL
        .iter()
        .find(|s| format!("{s:?}") == step)
        .expect("a step");
    let (_, scenario) = crate::SCENARIOS
        .iter()
        .flat_map(|s| s.iter())
        .find(|(n, _)| *n == name)
        .expect("a scenario");
    weaken(*step);
    println!("survived {} executions", explore(*scenario));
}

fn run_mutant(name: &str, step: Step) -> (bool, String) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "harness::mutant", "--nocapture"])
        .env(CHILD, format!("{name}/{step:?}"))
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.success(), text)
}

/// What loom, or an item's own check, says when memory is freed too early.
const SIGNS: [&str; 5] = [
    "Causality violation",
    "freed",
    "already mutably borrowed",
    "dropped twice",
    "the barrier returned too early",
];

/// The scenario fails in some execution once `step` is weakened.
pub(crate) fn catches((name, _): Scenario, step: Step) {
    let (survived, text) = run_mutant(name, step);
    assert!(!survived, "{name}: {step:?} weakened is not caught: {text}");
    let sign = SIGNS.iter().find(|s| text.contains(**s));
    let sign = sign.unwrap_or_else(|| panic!("{name}: {step:?} fails for another reason: {text}"));
    eprintln!("{name}: catches {step:?}: {sign}");
}

/// The scenario holds although `step` is weakened; `docs/ordering.md` says why it stays.
pub(crate) fn bears((name, _): Scenario, step: Step) {
    let (survived, text) = run_mutant(name, step);
    assert!(
        survived,
        "{name}: {step:?} weakened is caught: move it to the caught ones: {text}"
    );
    eprintln!("{name}: bears {step:?} weakened");
}
