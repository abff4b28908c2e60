//! `tribune stop`: the kill switch.

use reqwest::Method;
use serde_json::Value;
use tribune_guard::Stop;
use tribune_guard::control::Reason;

use super::guard::Place;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Stop an agent and all below it, or all agents: nothing more of them passes, what waits is denied,
/// confined processes are killed
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The agent
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    agent: Option<String>,
    /// All agents
    #[arg(long)]
    all: bool,
    /// Let it go on again
    #[arg(long)]
    resume: bool,
    /// Why; it is kept in the record and told to the agent
    #[arg(long, default_value = "")]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let guarded = arguments.place.guarded()?;
    let verb = if arguments.resume { "resume" } else { "stop" };
    let path = match &arguments.agent {
        Some(agent) => format!("/v1/agents/{}/{verb}", escaped(agent)),
        None => format!("/v1/{verb}"),
    };
    let who = arguments.agent.as_deref().unwrap_or("Everything");
    if arguments.resume {
        let answer: Value = guarded.ask(Method::POST, &path, None::<&()>)?;
        let was = answer["was_stopped"].as_bool().unwrap_or(false);
        if arguments.json {
            screen::print_json(&answer)?;
        } else if was {
            screen::say(&format!("{who} may go on."));
        } else {
            screen::say(&format!("{who} was not stopped."));
        }
        return Ok(Exit::Fine);
    }
    let reason = Reason {
        reason: arguments.reason.clone(),
    };
    let stop: Stop = guarded.ask(Method::POST, &path, Some(&reason))?;
    if arguments.json {
        screen::print_json(&stop)?;
    } else {
        screen::say(&format!(
            "{who} is stopped. `tribune stop {} --resume` lets go on.",
            arguments.agent.as_deref().unwrap_or("--all")
        ));
    }
    Ok(Exit::Fine)
}

/// A name as a part of a path (RFC 3986, section 2.3).
fn escaped(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
