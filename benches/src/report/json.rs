//! The rows in a file, for other programs.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use crate::machine::Machine;
use crate::plan::{Outcome, Series};
use crate::stat;

#[derive(Serialize)]
struct Report<'a> {
    machine: &'a Machine,
    rounds: u32,
    time_ms: u64,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    suite: &'a str,
    case: &'a str,
    subject: &'a str,
    threads: usize,
    keys: usize,
    unit: &'a str,
    median: f64,
    min: f64,
    max: f64,
    /// The median of the rounds' ratios to `reference`; null if there is none.
    ratio: Option<f64>,
    reference: &'a str,
}

/// A row for every subject; none for one of which nothing could be measured.
fn rows<'a>(outcomes: &'a [Outcome]) -> Vec<Row<'a>> {
    let of = |outcome: &'a Outcome| outcome.series.iter().map(move |s| row(outcome, s));
    outcomes
        .iter()
        .flat_map(of)
        .filter(|row| row.median.is_finite())
        .collect()
}

fn row<'a>(outcome: &'a Outcome, series: &'a Series) -> Row<'a> {
    let (min, max) = stat::range(&series.values);
    Row {
        suite: outcome.suite,
        case: &outcome.case,
        subject: series.subject,
        threads: outcome.threads,
        keys: outcome.keys,
        unit: outcome.unit.name(),
        median: stat::median(series.values.iter().copied()),
        min,
        max,
        ratio: outcome.ratio(series),
        reference: outcome.reference,
    }
}

/// Writes the report.
pub(crate) fn write(
    path: &Path,
    machine: &Machine,
    rounds: u32,
    time_ms: u64,
    outcomes: &[Outcome],
) -> io::Result<()> {
    let report = Report {
        machine,
        rounds,
        time_ms,
        rows: rows(outcomes),
    };
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer_pretty(&mut file, &report)?;
    writeln!(file)?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::suite::Unit;

    #[test]
    fn shape() {
        let outcomes = [Outcome {
            suite: "smr",
            case: "a case".to_owned(),
            threads: 2,
            keys: 0,
            unit: Unit::Nanoseconds,
            reference: "b",
            series: vec![
                Series {
                    subject: "a",
                    values: vec![1.0, 3.0, 2.0],
                },
                Series {
                    subject: "b",
                    values: vec![4.0, 4.0, 4.0],
                },
            ],
        }];
        let machine = Machine::look();
        let report = Report {
            machine: &machine,
            rounds: 3,
            time_ms: 1,
            rows: rows(&outcomes),
        };
        let value: Value = serde_json::to_value(&report).unwrap();
        assert!(value["machine"].is_object());
        assert!(value["machine"]["cpus"].as_u64().unwrap() > 0);
        let expected = serde_json::json!({
            "suite": "smr", "case": "a case", "subject": "a", "threads": 2, "keys": 0,
            "unit": "ns", "median": 2.0, "min": 1.0, "max": 3.0, "ratio": 0.5, "reference": "b",
        });
        assert_eq!(value["rows"][0], expected);
        assert_eq!(value["rows"].as_array().unwrap().len(), 2);
    }
}
