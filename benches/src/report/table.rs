//! Tables on the terminal.

use comfy_table::{CellAlignment, Table, presets};

use crate::plan::Outcome;
use crate::stat;
use crate::suite::Unit;

/// Prints a table for each outcome.
pub(crate) fn print(outcomes: &[Outcome]) {
    for outcome in outcomes {
        println!("{}\n{}\n", title(outcome), table(outcome));
    }
}

/// One line that says what the table measures.
pub(crate) fn title(outcome: &Outcome) -> String {
    let threads = match outcome.threads {
        1 => "1 thread".to_owned(),
        n => format!("{n} threads"),
    };
    let unit = outcome.unit;
    format!(
        "{}: {}, {threads} [{}, {}]",
        outcome.suite,
        outcome.case,
        unit.name(),
        unit.better()
    )
}

fn table(outcome: &Outcome) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let ratio = format!("× {}", outcome.reference);
    table.set_header(["subject", "median", "min", "max", &ratio]);
    for series in &outcome.series {
        let (min, max) = stat::range(&series.values);
        let figure = |value| figure(outcome.unit, value);
        table.add_row([
            series.subject.to_owned(),
            figure(stat::median(series.values.iter().copied())),
            figure(min),
            figure(max),
            outcome
                .ratio(series)
                .map_or_else(|| "–".to_owned(), |r| format!("{r:.3}")),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A figure with as many digits as mean something.
fn figure(unit: Unit, value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    match unit {
        Unit::Nanoseconds if value < 100.0 => format!("{value:.2}"),
        _ => grouped(value),
    }
}

/// A whole number with commas.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // rounded, and never negative
fn grouped(value: f64) -> String {
    let digits = (value.max(0.0).round() as u64).to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(figure(Unit::Nanoseconds, 1.234), "1.23");
        assert_eq!(figure(Unit::Nanoseconds, 1234.5), "1,235");
        assert_eq!(figure(Unit::Bytes, 999.0), "999");
        assert_eq!(figure(Unit::PerSecond, 1_234_567.0), "1,234,567");
        assert_eq!(figure(Unit::Bytes, f64::NAN), "–");
    }
}
