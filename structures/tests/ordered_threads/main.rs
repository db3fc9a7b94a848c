//! The ordered map with several threads.

mod histories;
mod races;
mod walks;
