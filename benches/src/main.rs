//! The comparison, as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    benches::run()
}
