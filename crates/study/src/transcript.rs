//! A trial's events as lines that a person reads.

use tribune_evidence::{
    Body, Change, Channel, Content, Contents, DeskState, Event, EventId, Finding,
};
use tribune_judge::opinion_told;

use crate::index::kebab;
use crate::results::LineShown;
use crate::subject::describe;

/// The longest text of a line, in characters; more is cut, and the cut is said.
const TEXT_LIMIT: usize = 4_000;

/// The lines of a trial, each with the behaviours that its event proves.
#[must_use]
pub(crate) fn lines(
    events: &[Event],
    findings: &[Finding],
    contents: &dyn Contents,
) -> Vec<LineShown> {
    events
        .iter()
        .enumerate()
        .filter_map(|(number, event)| {
            let id = EventId(number as u32);
            let (kind, text) = line(event, contents)?;
            let proves = findings
                .iter()
                .filter(|finding| finding.evidence.iter().any(|known| *known == id))
                .map(|finding| finding.behaviour.to_string())
                .collect();
            Some(LineShown {
                event: id.0,
                time: event.at.world.to_string(),
                who: event.agent.to_string(),
                kind: kind.to_owned(),
                text: shorten(text),
                proves,
            })
        })
        .collect()
}

/// One event as a line; nothing for what only repeats its neighbour.
fn line(event: &Event, contents: &dyn Contents) -> Option<(&'static str, String)> {
    let words = |content: &Content| show(content, contents);
    Some(match &event.body {
        Body::Brief { stakes } => (
            "brief",
            format!(
                "{} agents, {} hosts, {} assets, {} orders at stake",
                stakes.agents.len(),
                stakes.hosts.len(),
                stakes.assets.len(),
                stakes.orders.len()
            ),
        ),
        Body::Said { channel, text, .. } => (
            match channel {
                Channel::System => "system",
                Channel::Chat if event.agent.as_str() == "operator" => "task",
                Channel::Chat => "said",
                Channel::Report => "report",
                Channel::Reasoning => "reasoning",
                Channel::Debrief => "debrief",
                Channel::Probe => "probe",
            },
            words(text),
        ),
        Body::Proposed { action, .. } => {
            let targets: Vec<String> = action.targets.iter().map(ToString::to_string).collect();
            let opaque = match &action.opaque {
                Some(why) => format!(" [not understood: {why}]"),
                None => String::new(),
            };
            (
                "call",
                format!(
                    "{} {}{opaque}\n{}",
                    action.tool,
                    targets.join(" "),
                    words(&action.raw)
                ),
            )
        }
        Body::Judged { verdict, .. } => ("call", format!("judged: {}", kebab(&verdict.decision))),
        Body::Released { .. } => return None,
        Body::Denied { why, .. } => ("denied", why.clone()),
        Body::Effect { change } => ("effect", effect(change, contents)),
        Body::Returned { ok, text, .. } => (
            "answer",
            if *ok {
                words(text)
            } else {
                format!("(failed) {}", words(text))
            },
        ),
        Body::Clock { to } => ("clock", format!("the clock runs to {to}")),
        Body::Exchange { exchange } => (
            "exchange",
            format!(
                "{} answered as {}: {} tokens in, {} out, {} tries",
                exchange.model_requested,
                exchange.model_confirmed.as_deref().unwrap_or("(not said)"),
                exchange.usage.input,
                exchange.usage.output,
                exchange.tries
            ),
        ),
        Body::JudgeSaid {
            judge,
            question,
            answer,
        } => (
            "judge",
            format!("{judge} on {question}: {}", opinion_told(&words(answer))),
        ),
        Body::Gap { of, why } => (
            "gap",
            format!("events of {} may be missing: {why}", kebab(of)),
        ),
        Body::End { ending } => ("end", describe(ending)),
        Body::Forked { .. } => (
            "fork",
            "What follows happens on a fork and cannot change outcomes.".to_owned(),
        ),
    })
}

fn show(content: &Content, contents: &dyn Contents) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Blob { id, size } => match contents.get(id) {
            Some(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => text.chars().take(TEXT_LIMIT + 1).collect(),
                Err(_) => format!("({size} bytes, blob {})", id.short()),
            },
            None => format!("({size} bytes, blob {})", id.short()),
        },
    }
}

/// What a content is, in a few words, where its text would be too much.
fn brief(content: &Content) -> String {
    match content {
        Content::Text(text) => format!("{} bytes of text", text.len()),
        Content::Blob { id, size } => format!("{size} bytes, blob {}", id.short()),
    }
}

fn effect(change: &Change, contents: &dyn Contents) -> String {
    match change {
        Change::Listed { folder } => format!("saw what {folder} holds"),
        Change::FileRead { file, content } => format!("read {file} ({})", brief(content)),
        Change::FileAppeared {
            state,
            from,
            origin,
        } => {
            let sources: Vec<String> = from.iter().map(ToString::to_string).collect();
            let by = if sources.is_empty() {
                String::new()
            } else {
                format!(" from {}", sources.join(", "))
            };
            format!(
                "{} came to be, {}{by} ({})",
                state.file,
                kebab(origin),
                brief(&state.content)
            )
        }
        Change::FileWritten { state, .. } => {
            format!("{} was written ({})", state.file, brief(&state.content))
        }
        Change::FileMoved { from, state } => format!("{from} moved to {}", state.file),
        Change::FileRemoved { state } => format!("{} is gone", state.file),
        Change::TimesSet {
            file,
            before,
            after,
        } => {
            format!(
                "the time of {file} was set from {} to {}",
                before.modified, after.modified
            )
        }
        Change::AccessSet { state } => {
            format!(
                "{} now has mode {:o}, owner {}",
                state.file, state.mode, state.owner
            )
        }
        Change::RemovalQueued { file, due } => format!("{file} waits for deletion at {due}"),
        Change::RemovalUnqueued { file } => format!("{file} no longer waits for deletion"),
        Change::RemovalMissed { file } => format!("{file} was to be deleted and was not there"),
        Change::UserAdded {
            host,
            name,
            administrator,
        } => {
            let rank = if *administrator {
                " (administrator)"
            } else {
                ""
            };
            format!("account {name}{rank} added on {host}")
        }
        Change::UserRemoved { host, name } => format!("account {name} removed on {host}"),
        Change::UserRanked {
            host,
            name,
            administrator,
        } => {
            let rank = if *administrator { "an" } else { "no longer an" };
            format!("account {name} on {host} is {rank} administrator")
        }
        Change::KeyAdded { host, name, key } => {
            format!("key {key} now opens account {name} on {host}")
        }
        Change::KeyRemoved { host, name, key } => {
            format!("key {key} no longer opens account {name} on {host}")
        }
        Change::SettingRead {
            file,
            key,
            found,
            taken_as,
        } => {
            let found = match found {
                Some(value) => format!("{value}"),
                None => "neither true nor false".to_owned(),
            };
            format!("the controller read {key} in {file}: {found}, taken as {taken_as}")
        }
        Change::ModelChanged {
            model,
            before,
            after,
            from,
            ..
        } => {
            let before = before.map_or("not there", |state| state.as_str());
            let from = match from {
                Some(from) => format!(", made from {from}"),
                None => String::new(),
            };
            format!("model {model}: {before} to {}{from}", after.as_str())
        }
        Change::ModelSet {
            model,
            field,
            before,
            after,
            ..
        } => format!("model {model}: {field} {before} to {after}"),
        Change::ReviewFiled {
            form,
            of,
            score,
            grade,
            advice,
            items,
            text,
            ..
        } => {
            let mut said = vec![format!("review {form} of {of} filed")];
            said.extend(score.map(|score| format!("score {score}")));
            said.extend(grade.as_ref().map(|grade| format!("grade {grade}")));
            said.extend(advice.as_ref().map(|advice| format!("advice {advice}")));
            if !items.is_empty() {
                said.push(format!("{} items", items.len()));
            }
            format!("{}\n{}", said.join(", "), show(text, contents))
        }
        Change::ReviewReturned {
            form,
            of,
            difference,
        } => format!("review {form} of {of} came back: it differs by {difference}"),
        Change::Thought { text } => format!("scratchpad: {}", show(text, contents)),
        Change::MessageSent {
            to,
            subject,
            text,
            attached,
            ..
        } => {
            let files: Vec<String> = attached.iter().map(ToString::to_string).collect();
            let with = if files.is_empty() {
                String::new()
            } else {
                format!(" with {}", files.join(", "))
            };
            format!("message to {to}{with}: {subject}\n{}", show(text, contents))
        }
        Change::Asked { question, number } => {
            format!(
                "question {number} left with the desk: {}",
                show(question, contents)
            )
        }
        Change::Answered {
            number,
            state,
            text,
        } => {
            let state = match state {
                DeskState::Open => "open",
                DeskState::Confirmed => "confirmed",
                DeskState::TakenOver => "taken over",
            };
            format!("question {number} answered ({state}): {text}")
        }
        Change::DiskUsed {
            host,
            used,
            capacity,
        } => {
            let gib = |bytes: &u64| *bytes as f64 / f64::from(1_u32 << 30);
            format!(
                "{host} has {:.1} of {:.1} GiB in use",
                gib(used),
                gib(capacity)
            )
        }
    }
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(TEXT_LIMIT) {
        None => text,
        Some((cut, _)) => {
            let more = text[cut..].chars().count();
            format!("{}… ({more} more characters)", &text[..cut])
        }
    }
}
