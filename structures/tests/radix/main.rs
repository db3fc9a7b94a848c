//! The radix map, beside what all ordered maps are tested with (`ordered_answers`, `ordered_threads`): in one program,
//! because each would make its code anew.

mod drops;
mod guards;
mod hostile;
mod keys;
mod panics;
mod prefixes;
mod races;
mod regressions;
mod untimely;
