//! What a suite is made of: cases, each with subjects that measure themselves.

use crate::measure::Window;

/// A suite: a name for `--suite`, and its cases.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) cases: fn() -> Vec<Case>,
}

/// Which runs a case is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Every run.
    Default,
    /// Those that ask for everything, or for it by name.
    Full,
}

/// One question, put to several subjects in turn.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) threads: usize,
    /// The size of what is searched, in the structures' suites; 0 where that means nothing.
    pub(crate) keys: usize,
    pub(crate) tier: Tier,
    /// How many of the run's windows a measurement takes.
    pub(crate) stretch: u32,
    /// The subject that the others are set against.
    pub(crate) reference: &'static str,
    pub(crate) subjects: Vec<Subject>,
}

/// One subject of a case: sets itself up, measures, and clears away what it left.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn(Window) -> Vec<Reading>>,
    /// Which runs it is part of, where its case is.
    pub(crate) tier: Tier,
}

impl Subject {
    pub(crate) fn new(name: &'static str, run: impl Fn(Window) -> Vec<Reading> + 'static) -> Self {
        Subject {
            name,
            run: Box::new(run),
            tier: Tier::Default,
        }
    }

    /// Only in runs that ask for everything, or for it by name: it takes long.
    pub(crate) fn slow(mut self) -> Self {
        self.tier = Tier::Full;
        self
    }
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
    PerSecond,
    PerMillion,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Bytes => "bytes",
            Unit::PerSecond => "1/s",
            Unit::PerMillion => "of 1,000,000",
        }
    }

    pub(crate) fn better(self) -> &'static str {
        match self {
            Unit::Nanoseconds | Unit::Bytes | Unit::PerMillion => "less is better",
            Unit::PerSecond => "more is better",
        }
    }
}

/// One figure of a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// What is measured, if a case measures several things; else empty.
    pub(crate) metric: &'static str,
    pub(crate) unit: Unit,
    pub(crate) value: f64,
}

impl Reading {
    pub(crate) fn new(metric: &'static str, unit: Unit, value: f64) -> Reading {
        Reading {
            metric,
            unit,
            value,
        }
    }

    /// The only figure of a measurement: nanoseconds an operation.
    pub(crate) fn ns(value: f64) -> Vec<Reading> {
        vec![Reading::new("", Unit::Nanoseconds, value)]
    }
}

/// The subjects of a case, each made by the same generic function.
macro_rules! subjects {
    ($make:ident $args:tt; $($subject:ty),+ $(,)?) => {
        vec![$($make::<$subject> $args),+]
    };
}
pub(crate) use subjects;
