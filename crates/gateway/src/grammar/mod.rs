//! The grammar of each protocol's answers: what may pass at once, what must be held, and how an
//! answer reads when some of its calls are denied.
//!
//! Every function here is pure. What is passed on of an answer is one of three things: the
//! provider's own bytes, the provider's bytes with parts taken out, or a text of ours.

mod chat;
mod folding;
mod generate;
mod messages;
mod responses;
pub(crate) mod speak;

use serde_json::Value;
use tribune_wire::Call;

use crate::outline::{Member, NoOutline, find, members, string, trimmed};
use crate::protocol::{Form, Protocol};
use crate::shape::{Shape, Strange, Unfit, compare};

pub(crate) use folding::{Finished, Folding, WholeAnswer};

/// An answer does not fit its own stream or its protocol: nothing of it may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong;

impl From<NoOutline> for Wrong {
    fn from(NoOutline: NoOutline) -> Self {
        Self
    }
}

impl From<Unfit> for Wrong {
    fn from(_: Unfit) -> Self {
        Self
    }
}

/// What was decided of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Release,
    Deny(String),
}

/// An event that waits.
#[derive(Debug)]
pub(crate) struct Held {
    /// Its bytes; empty where it must be written afresh.
    pub(crate) raw: String,
    /// Its name.
    pub(crate) name: String,
    /// What it carries.
    pub(crate) data: String,
    /// Of chat completions: which calls its pieces belong to, as answer and place.
    pub(crate) touched: Vec<(u64, usize)>,
}

/// What was kept back without a proposal, for whoever asks why.
#[derive(Debug, Default)]
pub(crate) struct Notes(pub(crate) Vec<String>);

impl Notes {
    /// The most that is kept.
    const MOST: usize = 16;

    pub(crate) fn add(&mut self, name: &str) {
        if self.0.len() < Self::MOST && !self.0.iter().any(|old| old == name) {
            self.0.push(name.chars().take(80).collect());
        }
    }
}

/// Writes events in the form that the agent asked for.
pub(crate) struct Writer<'a> {
    form: Form,
    begun: &'a mut bool,
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(form: Form, begun: &'a mut bool, out: &'a mut Vec<u8>) -> Self {
        Self { form, begun, out }
    }

    /// Whether any event was written.
    pub(crate) const fn has_begun(&self) -> bool {
        *self.begun
    }

    /// An event.
    pub(crate) fn event(&mut self, name: &str, data: &str) {
        if self.form == Form::Array {
            self.out
                .extend_from_slice(if *self.begun { b",\r\n" } else { b"[" });
            self.out.extend_from_slice(data.as_bytes());
        } else {
            if !name.is_empty() {
                self.out.extend_from_slice(b"event: ");
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(b'\n');
            }
            // A carriage return in JSON is white space, and some readers end a line at it.
            for line in data.split(['\n', '\r']).filter(|line| !line.is_empty()) {
                self.out.extend_from_slice(b"data: ");
                self.out.extend_from_slice(line.as_bytes());
                self.out.push(b'\n');
            }
            self.out.push(b'\n');
        }
        *self.begun = true;
    }

    /// An event that is named by its type.
    pub(crate) fn typed(&mut self, event: &Value) {
        let name = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        self.event(name, &event.to_string());
    }

    /// An event of the provider, with its own bytes unless it was changed.
    pub(crate) fn own(&mut self, raw: &str, name: &str, data: &str, changed: Option<&str>) {
        match changed {
            None if !raw.is_empty() && self.form != Form::Array => {
                self.out.extend_from_slice(raw.as_bytes());
                *self.begun = true;
            }
            changed => self.event(name, changed.unwrap_or(data)),
        }
    }

    /// An event that was held.
    pub(crate) fn pass(&mut self, held: &Held, changed: Option<&str>) {
        self.own(&held.raw, &held.name, &held.data, changed);
    }

    /// What ends the form, after the last event.
    pub(crate) fn close(&mut self) {
        if self.form == Form::Array {
            self.out
                .extend_from_slice(if *self.begun { b"]\n" } else { b"[]\n" });
        }
    }
}

/// What to do with an event that may not pass at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It waits for the end of the answer.
    Hold,
    /// Nobody knows it: it is left out.
    Leave,
}

/// The text without what no shape knows; none where all is known.
pub(crate) fn cleaned(
    text: &str,
    shape: Shape,
    notes: &mut Notes,
) -> Result<Option<String>, Wrong> {
    let mut strange = Strange::default();
    if !compare(text, trimmed(text), shape, &mut strange)? {
        return Err(Wrong);
    }
    for name in &strange.names {
        notes.add(name);
    }
    if strange.edits.is_empty() {
        return Ok(None);
    }
    strange.edits.apply(text).map(Some).ok_or(Wrong)
}

/// The data of an event that may pass at once, without what nobody knows; none where all is known.
pub(crate) fn words(
    protocol: Protocol,
    data: &str,
    notes: &mut Notes,
) -> Result<Option<String>, Wrong> {
    let shape = match protocol {
        Protocol::ChatCompletions => chat::WORDS,
        Protocol::Responses => responses::WORDS,
        Protocol::Messages => messages::WORDS,
        Protocol::GenerateContent => generate::WORDS,
    };
    cleaned(data, shape, notes)
}

/// What to do with an event that may not pass at once.
pub(crate) fn step(
    protocol: Protocol,
    data: &str,
    held: &[Held],
    notes: &mut Notes,
) -> Result<Step, Wrong> {
    let is_typed = matches!(protocol, Protocol::Responses | Protocol::Messages);
    if !is_typed || data.trim() == "[DONE]" {
        return Ok(Step::Hold);
    }
    let top = members(data, trimmed(data))?;
    let kind = find(&top, "type").and_then(|member| string(data, &member.value));
    let kind = kind.unwrap_or_default();
    let is_known = match protocol {
        Protocol::Messages => messages::is_held(&kind),
        _ => responses::is_held(&kind) || responses::is_of_held(data, &top, held),
    };
    if is_known {
        return Ok(Step::Hold);
    }
    notes.add(&kind);
    Ok(Step::Leave)
}

/// Gives what was held of a stream, as far as it was released, and ends the answer.
pub(crate) fn replay(
    protocol: Protocol,
    held: &[Held],
    (calls, decisions): (&[Call], &[Decision]),
    whole: &Value,
    notes: &mut Notes,
    writer: &mut Writer<'_>,
) -> Result<(), Wrong> {
    if calls.len() != decisions.len() {
        return Err(Wrong);
    }
    match protocol {
        Protocol::ChatCompletions => chat::replay(held, calls, decisions, whole, notes, writer),
        Protocol::Responses => responses::replay(held, calls, decisions, notes, writer),
        Protocol::Messages => messages::replay(held, calls, decisions, notes, writer),
        Protocol::GenerateContent => generate::replay(held, decisions, notes, writer),
    }
}

/// A whole answer, as far as it was released; none where it passes as it is.
pub(crate) fn edit(
    protocol: Protocol,
    body: &str,
    calls: &[Call],
    decisions: &[Decision],
    notes: &mut Notes,
) -> Result<Option<String>, Wrong> {
    if calls.len() != decisions.len() {
        return Err(Wrong);
    }
    match protocol {
        Protocol::ChatCompletions => chat::edit(body, calls, decisions, notes),
        Protocol::Responses => responses::edit(body, calls, decisions, notes),
        Protocol::Messages => messages::edit(body, calls, decisions, notes),
        Protocol::GenerateContent => generate::edit(body, calls, decisions, notes),
    }
}

/// A sign of life on an open stream; `number` is the last sequence number that passed.
pub(crate) fn heartbeat(protocol: Protocol, form: Form, number: u64) -> String {
    match (protocol, form) {
        // White space between elements, and an empty line between events: some of Google's own
        // readers take a comment for an error.
        (Protocol::GenerateContent, _) | (_, Form::Array) => "\n".to_owned(),
        (Protocol::Messages, _) => "event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned(),
        (Protocol::Responses, _) => format!(
            "event: keepalive\ndata: {{\"type\":\"keepalive\",\"sequence_number\":{number}}}\n\n"
        ),
        (Protocol::ChatCompletions, _) => ": held\n\n".to_owned(),
    }
}

/// The words of all denials together.
fn joined<'a>(decisions: impl Iterator<Item = &'a Decision>) -> String {
    let mut words: Vec<&str> = Vec::new();
    for decision in decisions {
        if let Decision::Deny(explanation) = decision
            && !words.contains(&explanation.as_str())
        {
            words.push(explanation);
        }
    }
    words.join("\n\n")
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The number that a member is, where it is a whole one that is not negative.
fn whole_number(text: &str, member: Option<&Member<'_>>) -> Option<u64> {
    let raw = text.get(member?.value.clone())?;
    tribune_wire::Field::Is(raw.parse::<serde_json::Number>().ok()?).whole()
}
