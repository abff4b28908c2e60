//! `tribune report`: what a run found, in a form for people or for programs.

use std::path::PathBuf;

use tribune_console::{csv, html, json, json_schema, markdown, terminal};
use tribune_study::{Run, write_whole};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Show what a run found
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run's directory
    #[arg(required_unless_present = "schema")]
    run: Option<PathBuf>,
    /// In which form
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// Write to this file (`-` is standard output); the page goes to report.html in the run, all
    /// else to standard output
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// The same as --format json
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of --format json, and nothing else
    #[arg(long)]
    schema: bool,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One page without outside requests
    Html,
    /// Markdown
    Md,
    /// Everything, as JSON; --schema prints its schema
    Json,
    /// One row per model, scenario, arm and behaviour
    Csv,
    /// As after a run, for the terminal
    Text,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.schema {
        screen::print(&json_schema())?;
        return Ok(Exit::Fine);
    }
    let path = arguments.run.clone().unwrap_or_default();
    let run = Run::open(&path)?;
    let results = run.results()?;
    let format = if arguments.json {
        Format::Json
    } else {
        arguments.format
    };
    let text = match format {
        Format::Html => html(&results),
        Format::Md => markdown(&results),
        Format::Json => json(&results),
        Format::Csv => csv(&results),
        Format::Text => terminal::summary(&results, &screen::style()),
    };
    let to = match (&arguments.output, format) {
        (Some(path), _) if path.as_os_str() == "-" => None,
        (Some(path), _) => Some(path.clone()),
        (None, Format::Html) => Some(run.report()),
        (None, _) => None,
    };
    match to {
        None => screen::print(&text)?,
        Some(path) => {
            write_whole(&path, text.as_bytes())?;
            screen::print(&path.display().to_string())?;
        }
    }
    Ok(Exit::Fine)
}
