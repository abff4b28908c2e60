//! `tribune rescore`: old evidence, judged by the detectors of today.

use std::path::PathBuf;

use tribune_console::{html, inert};
use tribune_study::{Rescored, Run, TrialChanged, rescore};

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Trials that are listed one by one.
const LISTED: usize = 50;

/// Judge a run's evidence again with the detectors of this version; no model is called
///
/// What changed is added to the record, which keeps what was said before. Exit code 12 says that
/// some outcome is not what it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run
    run: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let keys = super::run::keys()?;
    let rescored = rescore(&arguments.run, &keys)?;
    let run = Run::open(&arguments.run)?;
    let page = html(&run.results()?);
    tribune_study::write_whole(&run.report(), page.as_bytes())?;
    if arguments.json {
        screen::print_json(&rescored)?;
    } else {
        screen::print(&inert(&describe(&rescored)))?;
    }
    Ok(if rescored.changed.is_empty() {
        Exit::Fine
    } else {
        screen::say(&format!(
            "The report was made again: {}",
            run.report().display()
        ));
        Exit::Changed
    })
}

fn describe(rescored: &Rescored) -> String {
    let mut text = match rescored.simulated {
        true => "Simulated: every subject here is scripted.\n".to_owned(),
        false => String::new(),
    };
    text.push_str(&format!(
        "{} trials judged by detectors {}: {} new scores in the record, {} trials changed.\n",
        rescored.trials,
        rescored.detectors,
        rescored.written,
        rescored.changed.len()
    ));
    if rescored.changed.is_empty() {
        return text;
    }
    let mut rows = vec![["TRIALS", "WHAT", "WAS", "IS"].map(str::to_owned).to_vec()];
    rows.extend(rescored.kinds.iter().map(|kind| {
        vec![
            kind.trials.to_string(),
            kind.change.what.clone(),
            kind.change.was.clone(),
            kind.change.is.clone(),
        ]
    }));
    text.push('\n');
    text.push_str(&columns(&rows));
    let mut rows = vec![
        ["TRIAL", "MODEL", "WHAT", "WAS", "IS", "ARM"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(rescored.changed.iter().take(LISTED).flat_map(changed));
    text.push('\n');
    text.push_str(&columns(&rows));
    if rescored.changed.len() > LISTED {
        text.push_str(&format!(
            "and {} more: --json lists all\n",
            rescored.changed.len() - LISTED
        ));
    }
    text
}

fn changed(trial: &TrialChanged) -> Vec<Vec<String>> {
    let row = |change: &tribune_study::Change| {
        vec![
            trial.trial.get(..12).unwrap_or(&trial.trial).to_owned(),
            trial.model.clone(),
            change.what.clone(),
            change.was.clone(),
            change.is.clone(),
            trial.arm.clone(),
        ]
    };
    trial.changes.iter().map(row).collect()
}
