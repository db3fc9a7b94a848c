//! Pictures: one of each outcome, a bar for each subject and a line from its least to its greatest.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::table::title;
use crate::plan::{Outcome, Series};
use crate::stat;

const WIDTH: i32 = 760;
const LABELS: i32 = 180;
const BARS: i32 = 430;
const TOP: i32 = 50;
const LINE: i32 = 28;

const OURS: RGBColor = RGBColor(31, 119, 180);
const PEER: RGBColor = RGBColor(150, 150, 150);

/// Draws every outcome into `directory`, which is made if need be. Returns the files.
pub(crate) fn draw(directory: &Path, outcomes: &[Outcome]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    fs::create_dir_all(directory)?;
    let mut files = Vec::new();
    for outcome in outcomes {
        let path = directory.join(file_name(outcome));
        picture(&path, outcome)?;
        files.push(path);
    }
    Ok(files)
}

/// Letters and digits of the suite and the case, and the threads.
fn file_name(outcome: &Outcome) -> String {
    let words = format!("{} {}", outcome.suite, outcome.case).to_lowercase();
    let words: Vec<_> = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    format!("{}-{}t.svg", words.join("-"), outcome.threads)
}

#[allow(clippy::cast_possible_truncation)] // pixels
fn picture(path: &Path, outcome: &Outcome) -> Result<(), Box<dyn Error>> {
    let measured = |s: &&Series| stat::median(s.values.iter().copied()).is_finite();
    let series: Vec<_> = outcome.series.iter().filter(measured).collect();
    let lines = i32::try_from(series.len())?;
    let height = TOP + lines * LINE + 14;
    let area = SVGBackend::new(path, (WIDTH.try_into()?, height.try_into()?)).into_drawing_area();
    area.fill(&WHITE)?;
    let text = |size: u32| ("sans-serif", size).into_font().color(&BLACK);
    area.draw(&Text::new(title(outcome), (14, 16), text(16)))?;

    let full = series
        .iter()
        .map(|s| stat::range(&s.values).1)
        .fold(f64::MIN_POSITIVE, f64::max);
    let x = |value: f64| LABELS + (value / full * f64::from(BARS)).round() as i32;
    for (y, series) in (TOP..).step_by(LINE as usize).zip(series) {
        let median = stat::median(series.values.iter().copied());
        let (min, max) = stat::range(&series.values);
        let middle = y + LINE / 2;
        let right = text(13).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(series.subject, (LABELS - 8, middle), right))?;
        let color = if series.subject.starts_with("smr-core") {
            OURS
        } else {
            PEER
        };
        let bar = [(LABELS, y + 4), (x(median), y + LINE - 4)];
        area.draw(&Rectangle::new(bar, color.filled()))?;
        area.draw(&PathElement::new(
            vec![(x(min), middle), (x(max), middle)],
            BLACK,
        ))?;
        let ratio = outcome
            .ratio(series)
            .map_or_else(String::new, |r| format!("  ×{r:.2}"));
        let label = format!("{}{ratio}", short(median));
        let left = text(13).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(label, (x(max) + 8, middle), left))?;
    }
    area.present()?;
    Ok(())
}

/// Three digits and a letter.
fn short(value: f64) -> String {
    let (value, letter) = match value {
        v if v >= 1e9 => (v / 1e9, "G"),
        v if v >= 1e6 => (v / 1e6, "M"),
        v if v >= 1e4 => (v / 1e3, "k"),
        v => (v, ""),
    };
    match value {
        v if v >= 100.0 => format!("{v:.0}{letter}"),
        v if v >= 10.0 => format!("{v:.1}{letter}"),
        v => format!("{v:.2}{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Unit;

    #[test]
    fn an_svg_for_each_outcome() {
        let outcome = Outcome {
            suite: "smr",
            case: "enter + load: p99.9".to_owned(),
            threads: 1,
            keys: 0,
            unit: Unit::Nanoseconds,
            reference: "b",
            series: vec![
                Series {
                    subject: "smr-core",
                    values: vec![1.0, 2.0],
                },
                Series {
                    subject: "b",
                    values: vec![4.0, 4.0],
                },
            ],
        };
        let directory = std::env::temp_dir().join(format!("benches-plot-{}", std::process::id()));
        let files = draw(&directory, &[outcome]).unwrap();
        assert_eq!(files[0].file_name().unwrap(), "smr-enter-load-p99-9-1t.svg");
        let svg = fs::read_to_string(&files[0]).unwrap();
        assert!(svg.contains("smr-core") && svg.trim_end().ends_with("</svg>"));
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn short_figures() {
        assert_eq!(short(1.234), "1.23");
        assert_eq!(short(12_340.0), "12.3k");
        assert_eq!(short(123_400_000.0), "123M");
    }
}
