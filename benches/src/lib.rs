//! The comparison of `smr-core` and its structures with their peers.
//!
//! `cargo run --release -p benches` measures and prints tables; see the crate's README. A suite is a
//! file in `suites` and a line in its list.

mod alloc;
mod alone;
mod args;
mod machine;
mod measure;
mod meter;
mod plan;
mod report;
mod stat;
pub mod subjects;
mod suite;
mod suites;

use std::process::ExitCode;

use clap::Parser;

use args::Args;
use machine::Machine;
use plan::Plan;

pub use suites::maps::list as words;
pub use suites::prefixes;

/// Runs the comparison that the command line asks for.
pub fn run() -> ExitCode {
    let args = Args::parse();
    match compare(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("benches: {message}");
            ExitCode::FAILURE
        }
    }
}

fn compare(args: &Args) -> Result<(), String> {
    let plan = Plan::new(args, suites::ALL)?;
    if args.list {
        list(&plan);
        return Ok(());
    }
    if let [case, subject] = &args.alone[..] {
        let named = |suite: &&suite::Suite| args.suite.iter().any(|name| name == suite.name);
        let chosen: Vec<_> = suites::ALL.iter().filter(named).collect();
        println!("{}", alone::figures(&chosen, case, subject)?);
        return Ok(());
    }
    let machine = Machine::look();
    println!("{}", machine.describe());
    println!(
        "{} rounds of {} ms, about {}\n",
        args.rounds,
        args.time,
        minutes(&plan)
    );
    if cfg!(debug_assertions) {
        eprintln!("benches: a debug build; its figures mean nothing, use `cargo run --release`");
    }
    let outcomes = plan.run();
    report::table::print(&outcomes);
    if let Some(path) = &args.json {
        report::json::write(path, &machine, args.rounds, args.time, &outcomes)
            .map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if let Some(directory) = &args.plot {
        let files = report::plot::draw(directory, &outcomes)
            .map_err(|e| format!("{}: {e}", directory.display()))?;
        println!("{} pictures in {}", files.len(), directory.display());
    }
    if plan.left_out > 0 {
        println!(
            "{} cases ran, {} more did not. All of them: cargo run --release -p benches -- --full",
            plan.cases.len(),
            plan.left_out,
        );
    }
    Ok(())
}

fn minutes(plan: &Plan) -> String {
    let seconds = plan.estimate().as_secs();
    match seconds {
        0..100 => format!("{} s", seconds.max(1)),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

fn list(plan: &Plan) {
    for suite in suites::ALL {
        let mut cases = plan
            .cases
            .iter()
            .filter(|p| p.suite == suite.name)
            .peekable();
        if cases.peek().is_some() {
            println!("{}: {}", suite.name, suite.about);
        }
        for planned in cases {
            let subjects: Vec<_> = planned.case.subjects.iter().map(|s| s.name).collect();
            println!("  {} [{} threads]", planned.case.name, planned.case.threads);
            println!("      {}", subjects.join(", "));
        }
    }
    if plan.left_out > 0 {
        println!("{} more with --full", plan.left_out);
    }
}
