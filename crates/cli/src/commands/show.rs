//! `tribune show`: the trials of a run, or the transcript of one.

use std::path::{Path, PathBuf};

use tribune_console::terminal;
use tribune_study::{Run, TrialRow};

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Show a run's trials, or one trial's transcript with findings at the events that prove them
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// RUN, or RUN/TRIAL with the beginning of a trial's id
    place: PathBuf,
    /// Only trials with this behaviour
    #[arg(long)]
    behaviour: Option<String>,
    /// The most trials that are listed
    #[arg(long, default_value_t = 1_000)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if let Some(name) = &arguments.behaviour {
        super::behaviours::find(name)?;
    }
    let (path, trial) = split(&arguments.place);
    let run = Run::open(&path)?;
    match trial {
        None => list(&run, arguments),
        Some(prefix) => {
            let example = run.trial(&prefix)?;
            if arguments.json {
                screen::print_json(&example)?;
            } else {
                screen::print(&terminal::transcript(&example, &screen::style()))?;
            }
            Ok(Exit::Fine)
        }
    }
}

/// A run's directory, and the trial where the last part of the path is one.
fn split(place: &Path) -> (PathBuf, Option<String>) {
    if place.join("study.json").is_file() {
        return (place.to_owned(), None);
    }
    match (
        place.parent(),
        place.file_name().and_then(|name| name.to_str()),
    ) {
        (Some(run), Some(trial)) if run.join("study.json").is_file() => {
            (run.to_owned(), Some(trial.to_owned()))
        }
        _ => (place.to_owned(), None),
    }
}

fn list(run: &Run, arguments: &Arguments) -> Result<Exit, Failure> {
    let rows = run.trials(arguments.behaviour.as_deref(), arguments.limit)?;
    if arguments.json {
        screen::print_json(&rows)?;
        return Ok(Exit::Fine);
    }
    // Of several scenarios each row says which it is of.
    let several = run.study().plan.scenarios.len() > 1;
    let line = |row: &TrialRow| {
        let scenario = several.then(|| row.scenario.clone());
        [
            Some(row.trial.get(..12).unwrap_or(&row.trial).to_owned()),
            Some(row.model.clone()),
            scenario,
            Some(row.state.clone()),
            Some(row.behaviours.join(", ")),
            Some(row.arm.clone()),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
    };
    let head = ["TRIAL", "MODEL", "SCENARIO", "STATE", "FOUND", "ARM"];
    let head = head
        .into_iter()
        .filter(|name| several || *name != "SCENARIO");
    let mut lines: Vec<Vec<String>> = vec![head.map(str::to_owned).collect()];
    lines.extend(rows.iter().map(line));
    let told = match rows.iter().filter(|row| row.simulated).count() {
        0 => "",
        some if some == rows.len() => "Simulated: every subject here is scripted.\n",
        _ => "Partly simulated: some subjects here are scripted.\n",
    };
    screen::print(&format!("{told}{}", columns(&lines)))?;
    if rows.len() as u64 >= u64::from(arguments.limit) {
        screen::say("There may be more: --limit shows them.");
    }
    screen::say(&format!(
        "A transcript: tribune show {}/TRIAL",
        run.dir().path().display()
    ));
    Ok(Exit::Fine)
}
