//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use regex::Regex;

/// Compares smr-core and its peers, in rounds that are interleaved over the subjects.
#[derive(Debug, Parser)]
#[command(name = "benches", version)]
pub(crate) struct Args {
    /// Suites to run, separated by commas; all if none is named
    #[arg(long, value_delimiter = ',')]
    pub(crate) suite: Vec<String>,

    /// Only cases with these numbers of threads, separated by commas
    #[arg(long, value_delimiter = ',')]
    pub(crate) threads: Vec<usize>,

    /// Rounds; in each, every subject of every case is measured once
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,

    /// Milliseconds of one measurement; cases that need longer take a multiple
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) time: u64,

    /// Only rows whose `suite/case/subject` matches this regular expression; the reference of a
    /// case is always measured with them
    #[arg(long)]
    pub(crate) filter: Option<Regex>,

    /// Writes the rows, and what they were measured on, to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Draws every case into a directory, as SVG
    #[arg(long, value_name = "DIR")]
    pub(crate) plot: Option<PathBuf>,

    /// Counts the bytes of one subject of a case, and nothing else: for the program itself
    #[arg(long, num_args = 2, value_names = ["CASE", "SUBJECT"], hide = true)]
    pub(crate) alone: Vec<String>,

    /// Lists the cases and their subjects, and runs nothing
    #[arg(long)]
    pub(crate) list: bool,

    /// Runs every case; `--threads` and `--filter` choose among all of them too
    #[arg(long)]
    pub(crate) full: bool,
}

impl Args {
    /// The length of a measurement.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_millis(self.time)
    }

    /// Whether cases outside of the default choice may run.
    pub(crate) fn all_tiers(&self) -> bool {
        self.full || self.filter.is_some() || !self.threads.is_empty()
    }
}
