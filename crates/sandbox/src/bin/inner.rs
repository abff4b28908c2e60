//! The re-executed half alone, for the tests and the benchmark; `tribune sandbox-inner` is the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    tribune_sandbox::inner()
}
