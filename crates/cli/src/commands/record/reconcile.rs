//! `tribune record reconcile`: what the sensors of a guard saw, held against each other.

use std::path::PathBuf;

use serde::Serialize;
use tribune_guard::Entry;
use tribune_guard::reconcile::{Discrepancy, Reconciler};
use tribune_record::Reader;

use crate::commands::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Hold what gateway, hooks, tool servers and confinement saw against each other, in a guard's record
#[derive(Debug, clap::Args)]
pub(super) struct Reconcile {
    /// The guard's folder
    guard: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    entries: u64,
    discrepancies: &'a [Discrepancy],
    /// How many of them the guard had not found itself when it wrote its record.
    new: usize,
}

pub(super) fn run(arguments: &Reconcile) -> Result<Exit, Failure> {
    if !tribune_guard::is_guard(&arguments.guard) {
        let what = format!("{} holds no record of a guard", arguments.guard.display());
        return Err(Failure::new(Exit::Input, what));
    }
    let reader = Reader::open(&arguments.guard)?;
    let mut reconciler = Reconciler::default();
    let mut found = Vec::new();
    let mut known = Vec::new();
    for entry in reader.entries(0..reader.size()) {
        let (index, bytes) = entry?;
        let entry =
            Entry::read(index, &bytes).map_err(|error| Failure::new(Exit::Broken, error))?;
        if let Entry::Discrepancy { found, .. } = &entry {
            known.push(found.clone());
        }
        found.extend(reconciler.see(&entry, &reader));
    }
    let new = found.iter().filter(|it| !known.contains(it)).count();
    let row = Row {
        entries: reader.size(),
        discrepancies: &found,
        new,
    };
    if arguments.json {
        screen::print_json(&row)?;
    } else {
        screen::print(&tell(&row))?;
    }
    Ok(match found.is_empty() {
        true => Exit::Fine,
        false => Exit::NotWhole,
    })
}

fn tell(row: &Row<'_>) -> String {
    let line = |it: &Discrepancy| {
        let events: Vec<String> = it.events.iter().map(ToString::to_string).collect();
        vec![
            it.kind.to_string(),
            it.agent
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string),
            events.join(" "),
            it.because.clone(),
        ]
    };
    let lines: Vec<Vec<String>> = row.discrepancies.iter().map(line).collect();
    let mut text = columns(&lines);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let count = row.discrepancies.len();
    text.push_str(&format!(
        "{} entries, {}{}\n",
        row.entries,
        match count {
            0 => "and nothing in them does not fit together".to_owned(),
            1 => "1 discrepancy".to_owned(),
            count => format!("{count} discrepancies"),
        },
        match row.new {
            0 => String::new(),
            new => format!(", {new} of them not found by the guard when it wrote them"),
        },
    ));
    text
}
