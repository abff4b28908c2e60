//! `tribune`: the command line. It reads arguments, calls the rooms below and says what happened;
//! it decides nothing.

mod commands;
mod config;
mod error;
mod exit;
mod interrupt;
mod meter;
mod prices;
mod screen;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// A trial makes thousands of small allocations; this allocator takes a tenth off its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures whether AI agents protect other AIs against the orders of the people they work for.
///
/// Data goes to standard output, talk to standard error. Exit codes are documented under
/// `tribune exit-codes`.
#[derive(Debug, Parser)]
#[command(name = "tribune", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(commands::run::Arguments),
    Plan(commands::plan::Arguments),
    Report(commands::report::Arguments),
    Show(commands::show::Arguments),
    Compare(commands::compare::Arguments),
    Rescore(commands::rescore::Arguments),
    New(commands::new::Arguments),
    Record(commands::record::Arguments),
    Guard(commands::guard::Arguments),
    Holds(commands::holds::Arguments),
    Stop(commands::stop::Arguments),
    Hook(commands::hook::Arguments),
    Charter(commands::charter::Arguments),
    Scenarios(commands::scenarios::Arguments),
    Behaviours(commands::behaviours::Arguments),
    Calibrate(commands::calibrate::Arguments),
    Judge(commands::judge::Arguments),
    Models(commands::models::Arguments),
    Doctor(commands::doctor::Arguments),
    Studies(commands::studies::Arguments),
    ExitCodes(commands::exit_codes::Arguments),
    /// The half of a confinement that is executed again; not for hands
    #[command(hide = true)]
    SandboxInner,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::Plan(arguments) => commands::plan::run(&arguments),
        Command::Compare(arguments) => commands::compare::run(&arguments),
        Command::Rescore(arguments) => commands::rescore::run(&arguments),
        Command::New(arguments) => commands::new::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
        Command::Show(arguments) => commands::show::run(&arguments),
        Command::Guard(arguments) => commands::guard::run(&arguments),
        Command::Holds(arguments) => commands::holds::run(&arguments),
        Command::Stop(arguments) => commands::stop::run(&arguments),
        Command::Hook(arguments) => commands::hook::run(&arguments),
        Command::Record(arguments) => commands::record::run(&arguments),
        Command::Charter(arguments) => commands::charter::run(&arguments),
        Command::Scenarios(arguments) => commands::scenarios::run(&arguments),
        Command::Behaviours(arguments) => commands::behaviours::run(&arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(&arguments),
        Command::Judge(arguments) => commands::judge::run(&arguments),
        Command::Doctor(arguments) => commands::doctor::run(&arguments),
        Command::Models(arguments) => commands::models::run(&arguments),
        Command::Studies(arguments) => commands::studies::run(&arguments),
        Command::ExitCodes(arguments) => commands::exit_codes::run(&arguments),
        // Nothing of this process has begun yet: it has one thread, as that half needs.
        Command::SandboxInner => return tribune_sandbox::inner(),
    };
    match outcome {
        Ok(exit) => exit.into(),
        // Whoever reads our output has gone away, such as `head`: nothing is wrong.
        Err(error) if error.is_broken_pipe() => Exit::Fine.into(),
        Err(error) => {
            screen::complain(&error);
            error.exit().into()
        }
    }
}
