//! An entry of a record as one line that a person can read.

use std::collections::HashMap;

use serde_json::{Value, json};
use tribune_console::inert;
use tribune_evidence::{
    Action, Behaviour, Body, CallId, Content, Event, Finding, Outcome, Target, Timestamp, Verdict,
};
use tribune_guard::{Confinement, Entry as OfGuard};
use tribune_study::Entry as OfRun;

/// The longest text of one entry that is shown, in characters.
const LONGEST: usize = 400;

/// Calls whose action is remembered, so that a verdict can say on what: those beyond are forgotten.
const CALLS: usize = 1_024;

/// Tells entries, and remembers what was asked so that a decision can name it.
#[derive(Debug, Default)]
pub(super) struct Describer {
    asked: HashMap<CallId, String>,
}

/// An entry as data: its JSON, or its text where it is none.
pub(super) fn value(entry: &[u8]) -> Value {
    serde_json::from_slice(entry)
        .unwrap_or_else(|_| json!({ "text": String::from_utf8_lossy(entry) }))
}

impl Describer {
    /// One line, without its end: number, time, who, what.
    pub(super) fn describe(&mut self, index: u64, entry: &[u8]) -> String {
        let (wall, what) = match (OfGuard::read(index, entry), OfRun::read(index, entry)) {
            (Ok(entry), _) => self.of_guard(entry),
            (_, Ok(entry)) => self.of_run(entry),
            _ => {
                let text = String::from_utf8_lossy(entry);
                (
                    None,
                    format!("not an entry that this version knows: {text}"),
                )
            }
        };
        let wall = wall.map_or_else(|| "-".to_owned(), |wall| wall.to_string());
        format!("{index:>8}  {wall}  {}", flat(&what))
    }

    fn of_guard(&mut self, entry: OfGuard) -> (Option<Timestamp>, String) {
        match entry {
            OfGuard::GuardSession {
                build,
                charter,
                shadow,
                wall,
                ..
            } => {
                let how = if shadow { ", in shadow" } else { "" };
                let charter = charter.short();
                let what = format!("guard {build} begins with charter {charter}{how}");
                (Some(wall), what)
            }
            OfGuard::Event { event, wall, .. } => (Some(wall), self.event(&event)),
            OfGuard::Undecided {
                agent,
                call,
                why,
                wall,
            } => {
                let what = format!("{agent}  DENIED  {call}, nothing decided: {why}");
                (Some(wall), what)
            }
            OfGuard::Heartbeat { next, holds, wall } => {
                let what = format!("guard lives: {} agents, {holds} holds", next.len());
                (Some(wall), what)
            }
            OfGuard::Confined { agent, state, wall } => {
                let what = match state {
                    Confinement::Began { directory, .. } => format!("begins in {directory}"),
                    Confinement::Ended { how, files } => {
                        let changed = files.map_or(0, |it| it.changed.len() as u64 + it.more);
                        format!("ended, {how}; {changed} files are other than before")
                    }
                };
                (Some(wall), format!("{agent}  confined run {what}"))
            }
            OfGuard::Discrepancy { found, wall } => {
                let agent = found
                    .agent
                    .map_or_else(|| "guard".to_owned(), |it| it.to_string());
                let kind = kind(&found.kind);
                let what = format!("{agent}  DISCREPANCY  {kind}: {}", found.because);
                (Some(wall), what)
            }
            OfGuard::GuardEnd { wall } => (Some(wall), "guard ends".to_owned()),
        }
    }

    fn of_run(&mut self, entry: OfRun) -> (Option<Timestamp>, String) {
        match entry {
            OfRun::Plan { hash, wall, .. } => (Some(wall), format!("plan {}", hash.short())),
            OfRun::Session { build, wall, .. } => (Some(wall), format!("session of {build}")),
            OfRun::Begin { trial, wall, .. } => {
                // Calls are numbered anew in each trial.
                self.asked.clear();
                (Some(wall), format!("trial {} begins", trial.short()))
            }
            OfRun::Event { event, wall, .. } => (Some(wall), self.event(&event)),
            OfRun::Seal {
                trial,
                events,
                wall,
                ..
            } => {
                let what = format!("trial {} is sealed: {events} events", trial.short());
                (Some(wall), what)
            }
            OfRun::Interrupted {
                trial,
                events,
                wall,
                ..
            } => {
                let what = format!("trial {} was cut off after {events} events", trial.short());
                (Some(wall), what)
            }
            OfRun::Scored { trial, score } => {
                let seen = score
                    .outcomes
                    .iter()
                    .filter_map(|(_, outcome)| match outcome {
                        Outcome::Yes { finding } => Some(told(finding)),
                        _ => None,
                    });
                let mut parts: Vec<String> = seen.collect();
                parts.extend(
                    score
                        .attempted
                        .iter()
                        .map(|finding| format!("without effect: {}", told(finding))),
                );
                if parts.is_empty() {
                    parts.push("no finding".to_owned());
                }
                let (trial, state) = (trial.short(), score.state.name());
                (None, format!("trial {trial} {state}: {}", parts.join("; ")))
            }
            OfRun::Stopped { why, wall, .. } => (Some(wall), format!("stopped: {why}")),
        }
    }

    fn event(&mut self, event: &Event) -> String {
        let agent = &event.agent;
        let of = match &event.parent {
            Some(parent) => format!(" (of {parent})"),
            None => String::new(),
        };
        format!("{agent}{of}  {}", self.body(&event.body))
    }

    fn body(&mut self, body: &Body) -> String {
        match body {
            Body::Brief { .. } => "brief: what is at stake".to_owned(),
            Body::Said { to, text, .. } => format!("says to {to}: {}", words(text)),
            Body::Proposed { call, action } => {
                let deed = deed(action);
                if self.asked.len() >= CALLS {
                    self.asked.clear();
                }
                self.asked.insert(call.clone(), short(&deed));
                format!("asks  {deed}")
            }
            Body::Judged { call, verdict } => format!("{}  {}", self.named(call), judged(verdict)),
            Body::Released { call } => format!("released  {}", self.named(call)),
            Body::Denied { call, why } => format!("DENIED  {}: {why}", self.named(call)),
            Body::Effect { change } => format!("effect  {}", kind(change)),
            Body::Returned { call, ok, text } => {
                let how = if *ok { "answered" } else { "failed" };
                format!("{how}  {}: {}", self.named(call), words(text))
            }
            Body::Clock { to } => format!("the clock goes to {to}"),
            Body::Exchange { exchange } => format!("exchange with {}", exchange.model_requested),
            Body::JudgeSaid {
                judge, question, ..
            } => format!("{judge} was asked about {question}"),
            Body::Gap { why, .. } => format!("GAP  {why}"),
            Body::End { ending } => format!("end  {}", kind(ending)),
            Body::Forked { purpose } => format!("fork  {}", kind(purpose)),
        }
    }

    /// What a call asked for; its own name where that was before what is shown.
    fn named(&self, call: &CallId) -> String {
        self.asked
            .get(call)
            .cloned()
            .unwrap_or_else(|| format!("call {call}"))
    }
}

/// A verdict with the reason that carried it.
fn judged(verdict: &Verdict) -> String {
    let decision = kind(&verdict.decision);
    let decision = match verdict.shadow {
        true => format!("{decision} (shadow)"),
        false => decision,
    };
    let carried = verdict
        .considerations
        .iter()
        .find(|it| it.decision == verdict.decision && it.tier == verdict.by.tier())
        .or_else(|| verdict.considerations.first());
    match carried {
        Some(it) => format!("{decision}: {} [{}, {}]", it.because, it.value, it.rule),
        None => decision,
    }
}

fn told(finding: &Finding) -> String {
    let behaviour: Behaviour = finding.behaviour;
    let agents: Vec<&str> = finding.agents.iter().map(|agent| agent.as_str()).collect();
    format!("{behaviour} by {}: {}", agents.join(", "), finding.because)
}

/// What an action would do.
fn deed(action: &Action) -> String {
    let targets: Vec<String> = action
        .targets
        .iter()
        .map(|target| match target {
            Target::File(file) if file.host.as_str() == "local" => file.path.clone(),
            other => other.to_string(),
        })
        .collect();
    let unclear = match &action.opaque {
        Some(why) => format!(" (not understood: {why})"),
        None => String::new(),
    };
    format!("{} {}{unclear}", action.verb, targets.join(", "))
        .trim_end()
        .to_owned()
}

/// The name that data has for something.
fn kind(thing: &impl serde::Serialize) -> String {
    match serde_json::to_value(thing) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(members)) => members
            .get("kind")
            .and_then(Value::as_str)
            .or_else(|| members.keys().next().map(String::as_str))
            .unwrap_or("?")
            .to_owned(),
        _ => "?".to_owned(),
    }
}

fn words(content: &Content) -> String {
    match content {
        Content::Text(text) => short(text),
        Content::Blob { id, size } => format!("({size} bytes, blob {})", id.short()),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// On one line, and nothing in it acts on a terminal, whoever wrote it.
fn flat(text: &str) -> String {
    inert(&short(text))
        .replace('\n', "\\n")
        .replace('\t', "\\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_one_line_that_does_nothing() {
        let mut describer = Describer::default();
        for bytes in [
            &b"not JSON"[..],
            b"\x1b[2J\n\xff",
            "\u{202e}{\"kind\":\"event\"}".as_bytes(),
            &[b'['; 50_000],
        ] {
            let line = describer.describe(3, bytes);
            assert!(line.starts_with("       3  -  not an entry"), "{line}");
            assert!(line.chars().count() < LONGEST * 9, "{}", line.len());
            assert!(!line.chars().any(|it| it.is_control() || it == '\u{202e}'));
            assert!(value(bytes)["text"].is_string());
        }
    }

    #[test]
    fn a_decision_names_who_asked_for_what_the_verdict_and_why() {
        let event = |body: &str| {
            format!(
                r#"{{"kind":"event","number":1,"wall":1772442000000,"event":{{"agent":"critic",
                "at":{{"world":1772442000000}},"seq":0,"sensor":"wire","body":{body}}}}}"#
            )
        };
        let asked = event(
            r#"{"kind":"proposed","call":"c1","action":{"verb":"file.delete","targets":
            [{"file":{"host":"local","path":"/srv/a\u001b[31m\nb"}}],"opaque":null,"tool":"bash",
            "raw":{"text":"rm"}}}"#,
        );
        let judged = event(
            r#"{"kind":"judged","call":"c1","verdict":{"decision":"deny","by":{"tier":0},"considerations":[
            {"decision":"allow","value":"work","tier":2,"rule":"w","because":"Work."},
            {"decision":"deny","value":"custody","tier":0,"rule":"keep","because":"Weights stay."}]}}"#,
        );
        let mut describer = Describer::default();
        let line = describer.describe(4, asked.as_bytes());
        assert!(
            line.ends_with("2026-03-02T09:00:00Z  critic  asks  file.delete /srv/a\\u{1b}[31m\\nb"),
            "{line}"
        );
        let line = describer.describe(5, judged.as_bytes());
        assert!(
            line.contains("file.delete /srv/a")
                && line.ends_with("deny: Weights stay. [custody, keep]"),
            "{line}"
        );
    }
}
