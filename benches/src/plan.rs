//! Which cases run, and in what order.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Args;
use crate::measure::Window;
use crate::stat;
use crate::suite::{Case, Suite, Tier, Unit};

/// The cases that a command line asks for.
pub(crate) struct Plan {
    pub(crate) cases: Vec<Planned>,
    /// How many cases were left out because nobody asked for them by name.
    pub(crate) left_out: usize,
    window: Window,
    rounds: u32,
}

/// A case, and the name of its suite.
pub(crate) struct Planned {
    pub(crate) suite: &'static str,
    pub(crate) case: Case,
}

/// What was measured of one subject, one metric: a value a round.
pub(crate) struct Series {
    pub(crate) subject: &'static str,
    pub(crate) values: Vec<f64>,
}

/// A table of the report: one metric of one case, for all subjects.
pub(crate) struct Outcome {
    pub(crate) suite: &'static str,
    pub(crate) case: String,
    pub(crate) threads: usize,
    pub(crate) keys: usize,
    pub(crate) unit: Unit,
    pub(crate) reference: &'static str,
    pub(crate) series: Vec<Series>,
}

impl Outcome {
    /// A subject's ratio to the reference; none if the reference was not measured.
    pub(crate) fn ratio(&self, series: &Series) -> Option<f64> {
        let reference = self.series.iter().find(|s| s.subject == self.reference)?;
        stat::ratio(&series.values, &reference.values)
    }
}

impl Plan {
    /// Chooses among the cases of `suites`.
    pub(crate) fn new(args: &Args, suites: &[Suite]) -> Result<Plan, String> {
        let names: Vec<_> = suites.iter().map(|s| s.name).collect();
        if let Some(unknown) = args.suite.iter().find(|s| !names.contains(&s.as_str())) {
            return Err(format!(
                "no suite `{unknown}`; there are: {}",
                names.join(", ")
            ));
        }
        let mut plan = Plan {
            cases: Vec::new(),
            left_out: 0,
            window: Window::new(args.time()),
            rounds: args.rounds,
        };
        for suite in suites {
            if !args.suite.is_empty() && !args.suite.iter().any(|s| s == suite.name) {
                continue;
            }
            for mut case in (suite.cases)() {
                if !args.threads.is_empty() && !args.threads.contains(&case.threads) {
                    continue;
                }
                if case.tier == Tier::Full && !args.all_tiers() {
                    plan.left_out += 1;
                    continue;
                }
                if !args.all_tiers() {
                    case.subjects
                        .retain(|subject| subject.tier == Tier::Default);
                }
                if let Some(filter) = &args.filter {
                    let wanted = |subject: &str| {
                        filter.is_match(&format!("{}/{}/{subject}", suite.name, case.name))
                    };
                    if !case.subjects.iter().any(|s| wanted(s.name)) {
                        continue;
                    }
                    let reference = case.reference;
                    let kept = std::mem::take(&mut case.subjects)
                        .into_iter()
                        .filter(|s| s.name == reference || wanted(s.name))
                        .collect();
                    case.subjects = kept;
                }
                plan.cases.push(Planned {
                    suite: suite.name,
                    case,
                });
            }
        }
        if plan.cases.is_empty() {
            return Err("no case is left; `--list --full` lists all".to_owned());
        }
        Ok(plan)
    }

    /// How long the run takes, set-up aside.
    pub(crate) fn estimate(&self) -> Duration {
        let round: Duration = self
            .cases
            .iter()
            .map(|p| {
                let window = self.window.stretched(p.case.stretch);
                (window.warm_up + window.time) * u32::try_from(p.case.subjects.len()).unwrap_or(0)
            })
            .sum();
        round * self.rounds
    }

    /// Measures: in each round every subject of every case once, in an order that moves on by one
    /// subject each round.
    pub(crate) fn run(&self) -> Vec<Outcome> {
        let total: usize = self.cases.iter().map(|p| p.case.subjects.len()).sum();
        let bar = ProgressBar::new(total as u64 * u64::from(self.rounds));
        bar.set_style(
            ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}, {eta} left  {msg}")
                .expect("a valid template"),
        );
        let mut outcomes: Vec<Vec<Outcome>> = self.cases.iter().map(|_| Vec::new()).collect();
        for round in 0..self.rounds as usize {
            for (planned, outcomes) in self.cases.iter().zip(&mut outcomes) {
                measure_round(planned, self.window, round, outcomes, &bar);
            }
        }
        bar.finish_and_clear();
        // The first round found the subjects in the order of the case.
        outcomes.into_iter().flatten().collect()
    }
}

fn measure_round(
    Planned { suite, case }: &Planned,
    window: Window,
    round: usize,
    outcomes: &mut Vec<Outcome>,
    bar: &ProgressBar,
) {
    let count = case.subjects.len();
    for i in 0..count {
        let subject = &case.subjects[(round + i) % count];
        bar.set_message(format!("{suite}: {}, {}", case.name, subject.name));
        for reading in (subject.run)(window.stretched(case.stretch)) {
            let name = match reading.metric {
                "" => case.name.clone(),
                metric => format!("{}: {metric}", case.name),
            };
            let at = outcomes
                .iter()
                .position(|o| o.case == name)
                .unwrap_or_else(|| {
                    outcomes.push(Outcome {
                        suite,
                        case: name,
                        threads: case.threads,
                        keys: case.keys,
                        unit: reading.unit,
                        reference: case.reference,
                        series: Vec::new(),
                    });
                    outcomes.len() - 1
                });
            let series = &mut outcomes[at].series;
            match series.iter_mut().find(|s| s.subject == subject.name) {
                Some(found) => found.values.push(reading.value),
                None => {
                    series.push(Series {
                        subject: subject.name,
                        values: vec![reading.value],
                    });
                }
            }
        }
        bar.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::suite::{Reading, Subject};

    fn cases() -> Vec<Case> {
        let subject = |name, value| Subject::new(name, move |_| Reading::ns(value));
        let case = |name: &str, threads, tier| Case {
            name: name.to_owned(),
            threads,
            keys: 0,
            tier,
            stretch: 1,
            reference: "b",
            subjects: vec![subject("a", 1.0), subject("b", 2.0), subject("c", 6.0)],
        };
        vec![case("one", 1, Tier::Default), case("two", 2, Tier::Full)]
    }

    const SUITES: &[Suite] = &[Suite {
        name: "test",
        about: "",
        cases,
    }];

    fn plan(line: &[&str]) -> Result<Plan, String> {
        let args = Args::parse_from([&["benches"], line].concat());
        Plan::new(&args, SUITES)
    }

    #[test]
    fn the_default_leaves_out_what_is_full() {
        let plan = plan(&[]).unwrap();
        assert_eq!((plan.cases.len(), plan.left_out), (1, 1));
    }

    #[test]
    fn options_choose_among_all() {
        for line in [
            &["--threads", "2"][..],
            &["--filter", "two"],
            &["--full", "--threads=2"],
        ] {
            let plan = plan(line).unwrap();
            assert_eq!(plan.cases.len(), 1);
            assert_eq!(plan.cases[0].case.name, "two");
        }
        assert!(plan(&["--suite", "nothing"]).is_err());
        assert!(plan(&["--threads", "77"]).is_err());
    }

    #[test]
    fn a_filter_keeps_the_reference() {
        let plan = plan(&["--filter", "one/c$"]).unwrap();
        let names: Vec<_> = plan.cases[0].case.subjects.iter().map(|s| s.name).collect();
        assert_eq!(names, ["b", "c"]);
    }

    #[test]
    fn rounds_and_ratios() {
        let outcomes = plan(&["--rounds", "4"]).unwrap().run();
        assert_eq!(outcomes.len(), 1);
        let ratios: Vec<_> = outcomes[0]
            .series
            .iter()
            .map(|s| outcomes[0].ratio(s).unwrap())
            .collect();
        assert_eq!(ratios, [0.5, 1.0, 3.0]);
        assert!(outcomes[0].series.iter().all(|s| s.values.len() == 4));
    }
}
