//! `tribune guard`: a guard at work, and agents and tool servers put under it.

mod changed;
mod mcp;
mod place;
mod run;
mod start;

pub(crate) use place::Place;

use crate::error::Failure;
use crate::exit::Exit;

/// Watch and stop real agents as they act: starts the model gateway, the doors of people and agents,
/// and the record
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: start::Start,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Run),
    Mcp(mcp::Mcp),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        None => start::run(&arguments.start),
        Some(Command::Run(arguments)) => run::run(arguments),
        Some(Command::Mcp(arguments)) => mcp::run(arguments),
    }
}
