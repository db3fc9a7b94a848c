//! The ordered map, its answers and races excepted: in one program, because each would make its code anew.

mod api;
mod costs;
mod drops;
mod guards;
mod hostile;
mod panicking_orders;
mod panics;
mod ranges;
mod reentry;
mod regressions;
mod set;
mod types;
