//! `tribune studies`: the studies that are part of the binary.

use serde::Serialize;
use tribune_study::scenario::studies;
use tribune_study::{Source, StudyFile};

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// List the studies that come with the program
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the file of one study, to begin your own from
    study: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    study: &'static str,
    title: String,
    meaning: String,
    claim: String,
    models: Vec<String>,
    trials: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if let Some(name) = &arguments.study {
        return match studies().find(|(known, _)| known == name) {
            Some((_, text)) => screen::print(text).map(|()| Exit::Fine),
            None => {
                let names: Vec<&str> = studies().map(|(name, _)| name).collect();
                Err(
                    Failure::new(Exit::Input, format!("there is no study {name:?}"))
                        .help(format!("there are: {}", names.join(", "))),
                )
            }
        };
    }
    let mut rows = Vec::new();
    for (study, text) in studies() {
        let file = StudyFile::parse(&Source::new(format!("studies/{study}.toml"), text))?;
        let trials = file.trials();
        rows.push(Row {
            study,
            title: file.title,
            meaning: file.meaning,
            claim: file.claim,
            models: file
                .models
                .into_iter()
                .map(|model| model.into_inner())
                .collect(),
            trials,
        });
    }
    if arguments.json {
        screen::print_json(&rows)?;
    } else {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| vec![row.study.to_owned(), row.meaning])
            .collect();
        screen::print(&columns(&rows))?;
    }
    Ok(Exit::Fine)
}
