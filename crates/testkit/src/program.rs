//! Other people's programs, which tests install and run.
#![allow(clippy::panic, reason = "a test that cannot go on must stop")]

use std::process::Command;

/// Runs a command that must succeed; gives what it printed.
///
/// # Panics
/// It cannot be started, or fails: with all that it printed.
pub fn run(command: &mut Command) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?}: {error}"),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
