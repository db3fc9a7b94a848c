//! Bytes that are counted in a process of the subject's own: others that are kept may have idle memory,
//! which is used again.

use std::cell::OnceCell;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::measure::Window;
use crate::suite::{Reading, Subject, Suite, Unit};

/// Whether this process is one of a subject's own. Relaxed: set before the one thread that asks does so.
static ALONE: AtomicBool = AtomicBool::new(false);

/// A case whose subjects are looked at by themselves.
pub(crate) struct Alone {
    pub(crate) suite: &'static str,
    pub(crate) case: String,
    /// What is looked at.
    pub(crate) metrics: &'static [&'static str],
}

impl Alone {
    /// A subject of the case, and what counts its bytes: a figure for each of the metrics.
    pub(crate) fn subject(
        self,
        name: &'static str,
        look: impl Fn() -> Vec<f64> + 'static,
    ) -> Subject {
        let known: OnceCell<Vec<Reading>> = OnceCell::new();
        // Nothing in it is up to chance: later rounds would find the same.
        Subject::new(name, move |_| {
            let values = || {
                if ALONE.load(Relaxed) {
                    look()
                } else {
                    self.elsewhere(name)
                }
            };
            known.get_or_init(|| self.readings(&values())).clone()
        })
    }

    fn readings(&self, values: &[f64]) -> Vec<Reading> {
        assert_eq!(values.len(), self.metrics.len(), "a figure for each metric");
        let both = self.metrics.iter().zip(values);
        both.map(|(metric, &value)| Reading::new(metric, Unit::Bytes, value))
            .collect()
    }

    /// Has another process look, by `--alone`.
    fn elsewhere(&self, subject: &str) -> Vec<f64> {
        let this = std::env::current_exe().expect("the program's file");
        let output = Command::new(this)
            .args(["--suite", self.suite, "--alone", &self.case, subject])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{subject}: {}", output.status);
        serde_json::from_slice(&output.stdout).expect("numbers")
    }
}

/// What that process does: the figures of one subject of a case, as text.
pub(crate) fn figures(suites: &[&Suite], case: &str, subject: &str) -> Result<String, String> {
    ALONE.store(true, Relaxed);
    let cases = suites.iter().flat_map(|suite| (suite.cases)());
    let subjects = cases
        .filter(|other| other.name == case)
        .flat_map(|case| case.subjects);
    let subject = subjects
        .into_iter()
        .find(|s| s.name == subject)
        .ok_or_else(|| format!("nobody counts the bytes of `{subject}`"))?;
    let values = (subject.run)(Window::new(Duration::ZERO)).into_iter();
    let values: Vec<f64> = values.map(|reading| reading.value).collect();
    serde_json::to_string(&values).map_err(|e| e.to_string())
}
