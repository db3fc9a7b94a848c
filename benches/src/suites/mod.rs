//! The suites. To add one: a file here with its cases, and a line in [`ALL`].

mod hash;
pub(crate) mod maps;
mod ordered;
pub mod prefixes;
pub(crate) mod routes;
mod smr;
mod table;

use crate::suite::Suite;

/// Every suite, in the order of the report.
pub(crate) const ALL: &[Suite] = &[
    smr::SUITE,
    table::SUITE,
    hash::SUITE,
    ordered::SUITE,
    routes::SUITE,
];
