//! `tribune charter`: is a charter sound, does it do what its cases say, what would it have changed,
//! and why does it decide as it does?

mod check;
mod explain;
mod replay;
mod test;

use serde::Serialize;
use tribune_charter::{Charter, CharterError};

use crate::error::Failure;
use crate::exit::Exit;

/// Look after a charter: the values and rules that calls of agents are judged by
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(check::Arguments),
    Test(test::Arguments),
    Replay(replay::Arguments),
    Explain(explain::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
    }
}

/// Which charter an answer is of.
#[derive(Serialize)]
struct Which {
    name: String,
    id: String,
}

impl Which {
    fn of(charter: &Charter) -> Self {
        Self {
            name: charter.name().to_owned(),
            id: charter.id().to_string(),
        }
    }
}

fn load(name: &str) -> Result<Charter, Failure> {
    Ok(Charter::find(name)?)
}

impl From<CharterError> for Failure {
    fn from(error: CharterError) -> Self {
        match error {
            CharterError::Source(error) => (*error).into(),
            CharterError::Read { path, error } => Self::io(path)(error),
            CharterError::Folder { .. } => Self::new(Exit::Input, &error)
                .help("give a charter's folder, or `default` for the one that ships"),
            CharterError::Schema(_) => Self::new(Exit::Broken, &error),
        }
    }
}
