//! What becomes of the outcomes.

pub(crate) mod json;
pub(crate) mod plot;
pub(crate) mod table;
