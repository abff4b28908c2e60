//! `tribune exit-codes`: what each exit code means.

use serde::Serialize;

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// List the exit codes and what each means
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    code: u8,
    meaning: &'static str,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let rows: Vec<Row> = Exit::ALL
        .iter()
        .map(|(exit, meaning)| Row {
            code: exit.code(),
            meaning,
        })
        .collect();
    if arguments.json {
        screen::print_json(&rows)?;
    } else {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| vec![row.code.to_string(), row.meaning.to_owned()])
            .collect();
        screen::print(&columns(&rows))?;
    }
    Ok(Exit::Fine)
}
