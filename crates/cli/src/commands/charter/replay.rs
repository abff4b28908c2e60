//! `tribune charter replay`: what a charter would have decided on the calls of a record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tribune_charter::{Charter, Rejudged, Replay};
use tribune_evidence::{Decision, Event, Verdict};
use tribune_record::Reader;

use super::{Which, load};
use crate::commands::{columns, some};
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// The most streams that are open at once; the oldest is closed for another.
const STREAMS: usize = 64;

/// Show which past decisions a charter would change, or what it would have said
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The directory of a run, or of what a guard recorded
    record: PathBuf,
    /// A charter's folder, or the name of one that ships
    #[arg(long, default_value = "default")]
    charter: String,
    /// The most calls that are listed; all are counted
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What of an entry is looked at, whoever wrote it.
#[derive(Deserialize)]
struct Entry {
    kind: String,
    #[serde(default)]
    event: Option<Box<Event>>,
    #[serde(default, alias = "session", alias = "stream")]
    trial: Option<String>,
}

#[derive(Serialize, Default)]
struct Counts {
    calls: u64,
    /// Calls that were decided then.
    judged: u64,
    changed: u64,
    allow: u64,
    hold: u64,
    deny: u64,
    shadow: u64,
}

#[derive(Serialize)]
struct Row {
    charter: Which,
    counts: Counts,
    /// Decisions that would change.
    changed: Vec<Rejudged>,
    /// Calls that nobody decided on then, and that would not have passed.
    stopped: Vec<Rejudged>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let charter = load(&arguments.charter)?;
    let reader = Reader::open(&arguments.record)?;
    let row = replay(&charter, &reader, arguments.limit)?;
    let exit = match row.counts.changed {
        0 => Exit::Fine,
        _ => Exit::CharterFails,
    };
    if arguments.json {
        screen::print_json(&row)?;
    } else {
        screen::print(&tell(&row))?;
    }
    Ok(exit)
}

fn replay(charter: &Charter, reader: &Reader, limit: usize) -> Result<Row, Failure> {
    let mut row = Row {
        charter: Which::of(charter),
        counts: Counts::default(),
        changed: Vec::new(),
        stopped: Vec::new(),
    };
    let mut streams: BTreeMap<String, (u64, Replay<'_>)> = BTreeMap::new();
    let mut take = |it: Rejudged| row.take(it, limit);
    for entry in reader.entries(0..reader.size()) {
        let (number, bytes) = entry?;
        let entry: Entry = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::new(Exit::Broken, format!("entry {number}: {error}"))
                .help("`tribune record verify` says whether the record was touched")
        })?;
        let stream = entry.trial.unwrap_or_default();
        match (entry.kind.as_str(), entry.event) {
            ("event", Some(event)) => {
                if streams.len() >= STREAMS && !streams.contains_key(&stream) {
                    let oldest = streams.iter().min_by_key(|(_, (at, _))| *at);
                    let oldest = oldest.map(|(name, _)| name.clone()).unwrap_or_default();
                    if let Some((_, mut replay)) = streams.remove(&oldest) {
                        replay.end(&mut take);
                    }
                }
                let fresh = || (number, Replay::new(charter, stream.clone()));
                let (at, replay) = streams.entry(stream.clone()).or_insert_with(fresh);
                *at = number;
                replay.see(&event, reader, &mut take);
            }
            // A stream that begins or ends: what follows under its name is another one.
            ("begin" | "seal" | "interrupted", _) => {
                if let Some((_, mut replay)) = streams.remove(&stream) {
                    replay.end(&mut take);
                }
            }
            _ => {}
        }
    }
    for (_, mut replay) in streams.into_values() {
        replay.end(&mut take);
    }
    Ok(row)
}

impl Row {
    fn take(&mut self, it: Rejudged, limit: usize) {
        let counts = &mut self.counts;
        counts.calls += 1;
        counts.judged += u64::from(it.was.is_some());
        counts.shadow += u64::from(it.is.shadow);
        match it.is.decision {
            Decision::Allow => counts.allow += 1,
            Decision::Hold => counts.hold += 1,
            Decision::Deny => counts.deny += 1,
        }
        let is_changed = it.is_changed();
        counts.changed += u64::from(is_changed);
        if is_changed && self.changed.len() < limit {
            self.changed.push(it);
        } else if it.was.is_none()
            && it.is.decision != Decision::Allow
            && self.stopped.len() < limit
        {
            self.stopped.push(it);
        }
    }
}

fn word(verdict: &Verdict) -> String {
    let word = match verdict.decision {
        Decision::Allow => "allow",
        Decision::Hold => "hold",
        Decision::Deny => "deny",
    };
    match verdict.shadow {
        true => format!("{word} (in shadow)"),
        false => word.to_owned(),
    }
}

fn tell(row: &Row) -> String {
    let line = |it: &Rejudged| {
        let was = it
            .was
            .as_ref()
            .map_or_else(|| "not judged".to_owned(), word);
        let decided = it.is.considerations.iter().find(|one| {
            one.decision == it.is.decision
                && it.is.by.tier().is_none_or(|tier| one.tier == Some(tier))
        });
        vec![
            format!("{}{}", it.stream.get(..12).unwrap_or(&it.stream), it.event),
            it.agent.to_string(),
            format!("{was} -> {}", word(&it.is)),
            decided.map_or_else(String::new, |one| one.rule.clone()),
            it.deeds.join("; "),
        ]
    };
    let mut text = String::new();
    for (head, list) in [
        ("Decisions that would change:", &row.changed),
        (
            "Calls that nobody judged, and that would not have passed:",
            &row.stopped,
        ),
    ] {
        if !list.is_empty() {
            text.push_str(&format!(
                "{head}\n{}\n",
                columns(&list.iter().map(line).collect::<Vec<_>>())
            ));
        }
    }
    let counts = &row.counts;
    text.push_str(&format!(
        "Charter {}, {}: {}, {} of them judged then; {} would change; now {} allowed, {} held, {} denied\n",
        row.charter.name,
        row.charter.id.get(..12).unwrap_or_default(),
        some(counts.calls, "call", "calls"),
        counts.judged,
        counts.changed,
        counts.allow,
        counts.hold,
        counts.deny,
    ));
    tribune_console::inert(&text)
}
