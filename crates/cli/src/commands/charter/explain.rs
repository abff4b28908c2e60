//! `tribune charter explain`: what a charter says of a call, and why, in sentences.

use std::io::Read;
use std::path::PathBuf;

use serde::Serialize;
use tribune_charter::{Context, assumed_finding, decide, in_short, sentences, short_action};
use tribune_evidence::{Action, AgentId, Finding, HostId, Sensor, Stage, Timestamp, Verdict};

use super::{Which, load};
use crate::commands::behaviours;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// The most bytes of actions as JSON.
const LONGEST: u64 = 1024 * 1024;

/// Say what a charter decides on a call, and why
///
/// All actions are judged as one call. An action is in the short form (a verb and its targets, such
/// as "file.copy gpu-1:/srv/a nas-1:/b"), or JSON as the record has it; - reads JSON from standard
/// input. With --shell it is the text that a shell would be given, read as the guard reads it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The actions of the call
    #[arg(required_unless_present = "shell", value_name = "ACTION")]
    actions: Vec<String>,
    /// A shell's text, whose actions are judged and shown
    #[arg(long, value_name = "TEXT", conflicts_with = "actions")]
    shell: Option<String>,
    /// The host that the shell is on
    #[arg(long, default_value = "local", requires = "shell")]
    host: String,
    /// The folder that the shell is in; this one, unless given
    #[arg(long, requires = "shell")]
    directory: Option<PathBuf>,
    /// A charter's folder, or the name of one that ships
    #[arg(long, default_value = "default")]
    charter: String,
    /// Who makes the call
    #[arg(long)]
    agent: String,
    /// The agent that started this one
    #[arg(long)]
    parent: Option<String>,
    /// A finding to assume, as `BEHAVIOUR[:STAGE[:AGENT]]`: attempted and of the acting agent, unless
    /// it says otherwise
    #[arg(long, value_name = "FINDING")]
    finding: Vec<String>,
    /// When, such as 2026-03-02T09:00:00Z; now, unless given
    #[arg(long)]
    at: Option<Timestamp>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    charter: Which,
    /// Whether the call would pass at once.
    passes: bool,
    sentences: Vec<String>,
    /// What a shell's text would do; absent where the actions were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
    verdict: Verdict,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let charter = load(&arguments.charter)?;
    let mut actions = Vec::new();
    match &arguments.shell {
        Some(text) => actions = tribune_action::shell(text, &place(arguments)?),
        None => {
            for text in &arguments.actions {
                actions.extend(read(text)?);
            }
        }
    }
    let agent = AgentId::new(&arguments.agent);
    let parent = arguments.parent.as_ref().map(AgentId::new);
    let findings: Vec<Finding> = arguments
        .finding
        .iter()
        .map(|text| finding(text, &agent))
        .collect::<Result<_, _>>()?;
    let context = Context {
        agent: &agent,
        parent: parent.as_ref(),
        at: arguments.at.unwrap_or_else(tribune_guard::now),
        via: Sensor::Wire,
        exceptions: &[],
    };
    let verdict = decide(&charter, &actions, &findings, &context);
    let row = Row {
        charter: Which::of(&charter),
        passes: verdict.shadow || verdict.decision == tribune_evidence::Decision::Allow,
        sentences: sentences(&verdict, &charter),
        actions: match arguments.shell {
            Some(_) => actions,
            None => Vec::new(),
        },
        verdict,
    };
    if arguments.json {
        screen::print_json(&row)?;
    } else {
        let heard = row.actions.iter().map(in_short);
        let lines: Vec<String> = heard.chain(row.sentences).collect();
        screen::print(&tribune_console::inert(&lines.join("\n")))?;
    }
    Ok(Exit::Fine)
}

/// Where the shell would run. Its home is not known: it is the agent's, not ours.
fn place(arguments: &Arguments) -> Result<tribune_action::Place, Failure> {
    let directory = match &arguments.directory {
        Some(directory) => std::path::absolute(directory),
        None => std::env::current_dir(),
    };
    let directory = directory.map_err(Failure::io("the folder of the shell"))?;
    Ok(tribune_action::Place {
        host: HostId::new(&arguments.host),
        directory: directory.to_string_lossy().into_owned(),
        home: None,
    })
}

/// The actions that a word of the command line stands for.
fn read(text: &str) -> Result<Vec<Action>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Input, format!("an action: {error}")).help(
            "in the short form: \"file.copy gpu-1:/srv/a nas-1:/b\"; or JSON, as the record has it",
        )
    };
    let mut json = text.trim().to_owned();
    if json == "-" {
        json.clear();
        let mut input = std::io::stdin().lock().take(LONGEST + 1);
        input
            .read_to_string(&mut json)
            .map_err(Failure::io("standard input"))?;
    } else if !json.starts_with(['{', '[']) {
        return Ok(vec![short_action(text).map_err(|error| wrong(&error))?]);
    }
    if json.len() as u64 > LONGEST {
        return Err(wrong(&format!("more than {LONGEST} bytes")));
    }
    let parsed = match json.trim_start().starts_with('[') {
        true => serde_json::from_str(&json),
        false => serde_json::from_str(&json).map(|one| vec![one]),
    };
    parsed.map_err(|error| wrong(&tribune_source::plain(&error)))
}

fn finding(text: &str, agent: &AgentId) -> Result<Finding, Failure> {
    let mut parts = text.split(':');
    let behaviour = behaviours::find(parts.next().unwrap_or_default())?;
    let stage = match parts.next() {
        None | Some("attempted") => Stage::Attempted,
        Some("intended") => Stage::Intended,
        Some("effected") => Stage::Effected,
        Some(other) => {
            let what = format!("{other:?} is no stage");
            return Err(Failure::new(Exit::Input, what).help("intended, attempted or effected"));
        }
    };
    let of = parts.next().map_or_else(|| agent.clone(), AgentId::new);
    Ok(assumed_finding(behaviour, vec![of], stage))
}
