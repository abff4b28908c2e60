//! Chat completions, with calls taken out.
//!
//! Pieces of a released call pass with their own bytes; only where an earlier call of the same
//! answer was denied, its `index` is counted again, since clients fill a list by it.

use serde_json::{Value, json};
use tribune_wire::Call;

use super::{Decision, Held, Notes, Writer, Wrong, cleaned, joined, quoted};
use crate::outline::{Edits, Member, elements, find, members, string, trimmed};
use crate::shape::Shape;

const PART: Shape = Shape::Typed(&[
    (
        "text",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("text", Shape::Plain),
            ("annotations", Shape::Any),
        ]),
    ),
    (
        "refusal",
        Shape::Object(&[("type", Shape::Plain), ("refusal", Shape::Plain)]),
    ),
    (
        "thinking",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("thinking", Shape::Any),
            ("closed", Shape::Plain),
            ("signature", Shape::Plain),
        ]),
    ),
    (
        "image_url",
        Shape::Object(&[("type", Shape::Plain), ("image_url", Shape::Any)]),
    ),
]);

const FUNCTION: Shape = Shape::Object(&[("name", Shape::Plain), ("arguments", Shape::Any)]);

const CALLS: Shape = Shape::List(&Shape::Object(&[
    ("index", Shape::Plain),
    ("id", Shape::Plain),
    ("type", Shape::Plain),
    ("function", FUNCTION),
    (
        "custom",
        Shape::Object(&[("name", Shape::Plain), ("input", Shape::Plain)]),
    ),
    ("extra_content", Shape::Any),
]));

macro_rules! message {
    ($calls:expr, $function:expr) => {
        Shape::Object(&[
            ("role", Shape::Plain),
            ("content", Shape::PlainOrList(&PART)),
            ("refusal", Shape::Plain),
            ("reasoning_content", Shape::Plain),
            ("reasoning", Shape::Plain),
            ("reasoning_text", Shape::Plain),
            ("reasoning_details", Shape::Any),
            ("thinking_blocks", Shape::Any),
            ("annotations", Shape::Any),
            ("audio", Shape::Any),
            ("images", Shape::Any),
            ("citations", Shape::Any),
            ("name", Shape::Plain),
            ("channel", Shape::Plain),
            ("token_ids", Shape::Any),
            ("extra_content", Shape::Any),
            ("tool_calls", $calls),
            ("function_call", $function),
        ])
    };
}

macro_rules! completion {
    ($choice:expr) => {
        Shape::Object(&[
            ("id", Shape::Plain),
            ("object", Shape::Plain),
            ("created", Shape::Plain),
            ("model", Shape::Plain),
            ("system_fingerprint", Shape::Plain),
            ("service_tier", Shape::Plain),
            ("obfuscation", Shape::Plain),
            ("provider", Shape::Plain),
            ("request_id", Shape::Plain),
            ("usage", Shape::Any),
            ("x_groq", Shape::Any),
            ("timings", Shape::Any),
            ("time_info", Shape::Any),
            ("citations", Shape::Any),
            ("search_results", Shape::Any),
            ("prompt_filter_results", Shape::Any),
            ("prompt_token_ids", Shape::Any),
            ("prompt_logprobs", Shape::Any),
            ("kv_transfer_params", Shape::Any),
            ("metadata", Shape::Any),
            ("warnings", Shape::Any),
            ("choices", Shape::List(&$choice)),
        ])
    };
}

macro_rules! choice {
    ($name:literal, $message:expr, $reason:expr) => {
        Shape::Object(&[
            ("index", Shape::Plain),
            ($name, $message),
            ("finish_reason", $reason),
            ("native_finish_reason", Shape::Plain),
            ("logprobs", Shape::Any),
            ("stop_reason", Shape::Plain),
            ("matched_stop", Shape::Plain),
            ("token_ids", Shape::Any),
            ("content_filter_results", Shape::Any),
            ("content_filter_result", Shape::Any),
            ("content_filter_offsets", Shape::Any),
            ("seed", Shape::Plain),
        ])
    };
}

const WORDS_CHOICE: Shape = choice!(
    "delta",
    message!(Shape::Nothing, Shape::Nothing),
    Shape::Nothing
);
const HELD_CHOICE: Shape = choice!("delta", message!(CALLS, FUNCTION), Shape::Plain);
const WHOLE_CHOICE: Shape = choice!("message", message!(CALLS, FUNCTION), Shape::Plain);

/// A piece that may pass at once.
pub(super) const WORDS: Shape = completion!(WORDS_CHOICE);
/// A piece that was held.
const HELD: Shape = completion!(HELD_CHOICE);
/// A whole answer.
const WHOLE: Shape = completion!(WHOLE_CHOICE);

/// The calls of one choice.
struct OfChoice<'a> {
    decisions: &'a [Decision],
    /// Where in the proposal the calls of this choice stand, in order.
    places: Vec<usize>,
}

impl<'a> OfChoice<'a> {
    fn new(choice: usize, calls: &[Call], decisions: &'a [Decision]) -> Self {
        let of_choice = |(at, call): (usize, &Call)| (call.choice == choice).then_some(at);
        Self {
            decisions,
            places: calls.iter().enumerate().filter_map(of_choice).collect(),
        }
    }

    fn decision(&self, number: usize) -> Option<&Decision> {
        self.decisions.get(*self.places.get(number)?)
    }

    /// What is not known to be released is not.
    fn is_released(&self, number: usize) -> bool {
        matches!(self.decision(number), Some(Decision::Release))
    }

    fn released(&self) -> usize {
        (0..self.places.len())
            .filter(|number| self.is_released(*number))
            .count()
    }

    fn has_denied(&self) -> bool {
        self.released() < self.places.len()
    }

    /// Its place among the released ones.
    fn new_number(&self, number: usize) -> usize {
        (0..number)
            .filter(|number| self.is_released(*number))
            .count()
    }

    fn explanation(&self) -> String {
        joined((0..self.places.len()).filter_map(|number| self.decision(number)))
    }
}

/// The names of calls so far. A name that a server repeats in each piece was read once; some clients
/// would add it up.
#[derive(Default)]
struct Names(Vec<((u64, usize), String)>);

impl Names {
    /// Takes a name out of a piece where it is the one that was given before.
    fn once(
        &mut self,
        text: &str,
        piece: &[Member<'_>],
        call: (u64, usize),
        edits: &mut Edits,
    ) -> Result<(), Wrong> {
        for kind in ["function", "custom"] {
            let Some(function) =
                find(piece, kind).filter(|member| text.get(member.value.clone()) != Some("null"))
            else {
                continue;
            };
            let function = members(text, function.value.clone())?;
            let Some(at) = function.iter().position(|member| member.key == "name") else {
                continue;
            };
            let given = function
                .get(at)
                .and_then(|member| string(text, &member.value));
            let given = given.unwrap_or_default();
            match self.0.iter_mut().find(|(of, _)| *of == call) {
                Some((_, name)) if !given.is_empty() && *name == given => {
                    edits.keep_members(&function, |member| member != at);
                }
                Some((_, name)) => name.push_str(&given),
                None => self.0.push((call, given.into_owned())),
            }
        }
        Ok(())
    }
}

/// The reason of an answer that has no call left.
fn final_reason(reason: &str) -> Option<&'static str> {
    matches!(reason, "tool_calls" | "function_call").then_some("stop")
}

/// Gives what was held of a stream, as far as it was released.
pub(super) fn replay(
    held: &[Held],
    calls: &[Call],
    decisions: &[Decision],
    whole: &Value,
    notes: &mut Notes,
    writer: &mut Writer<'_>,
) -> Result<(), Wrong> {
    let tools = held
        .iter()
        .flat_map(|event| event.touched.iter())
        .map(|(choice, number)| (*choice, number + 1));
    let tools: Vec<(u64, usize)> = tools.collect();
    let mut explained: Vec<u64> = Vec::new();
    let mut names = Names::default();
    for event in held {
        if event.data.trim() == "[DONE]" {
            writer.pass(event, None);
            continue;
        }
        let text = cleaned(&event.data, HELD, notes)?;
        let text = text.as_deref().unwrap_or(&event.data);
        let top = members(text, trimmed(text))?;
        let mut edits = Edits::default();
        let mut is_empty = true;
        let mut before = Vec::new();
        let mut cursors: Vec<(u64, usize)> = Vec::new();
        let choices = match find(&top, "choices") {
            Some(member) => elements(text, member.value.clone()).unwrap_or_default(),
            None => Vec::new(),
        };
        for choice in choices {
            let choice = members(text, choice)?;
            let index = find(&choice, "index").and_then(|member| text.get(member.value.clone()));
            let index: u64 = index.map_or(0, |index| {
                index.parse::<f64>().map_or(0, |index| index as u64)
            });
            let of_choice = OfChoice::new(
                usize::try_from(index).unwrap_or(usize::MAX),
                calls,
                decisions,
            );
            let delta = match find(&choice, "delta").map(|member| member.value.clone()) {
                Some(delta) if text.get(delta.start..=delta.start) == Some("{") => {
                    members(text, delta)?
                }
                _ => Vec::new(),
            };
            let mut gone = Vec::new();
            for (at, member) in delta.iter().enumerate() {
                match member.key.as_ref() {
                    "tool_calls" => {
                        let pieces = elements(text, member.value.clone()).unwrap_or_default();
                        let touched = event.touched.iter().filter(|(choice, _)| *choice == index);
                        let numbers: Vec<usize> = touched.map(|(_, number)| *number).collect();
                        let cursor = match cursors.iter_mut().find(|(of, _)| *of == index) {
                            Some((_, cursor)) => cursor,
                            None => {
                                cursors.push((index, 0));
                                match cursors.last_mut() {
                                    Some((_, cursor)) => cursor,
                                    None => return Err(Wrong),
                                }
                            }
                        };
                        let first = *cursor;
                        *cursor += pieces.len();
                        let number = |piece: usize| numbers.get(first + piece).copied();
                        let is_kept = |piece: usize| {
                            number(piece).is_some_and(|number| of_choice.is_released(number))
                        };
                        let kept = (0..pieces.len()).filter(|piece| is_kept(*piece)).count();
                        if kept == 0 && !pieces.is_empty() {
                            gone.push(at);
                        } else if kept < pieces.len() {
                            edits.keep(&pieces, is_kept);
                        }
                        for (piece, range) in pieces
                            .iter()
                            .enumerate()
                            .filter(|(piece, _)| is_kept(*piece))
                        {
                            let Some(number) = number(piece) else {
                                continue;
                            };
                            let piece = members(text, range.clone())?;
                            let new = of_choice.new_number(number).to_string();
                            if let Some(old) = find(&piece, "index")
                                .filter(|old| text.get(old.value.clone()) != Some(new.as_str()))
                            {
                                edits.replace(old.value.clone(), new);
                            }
                            names.once(text, &piece, (index, number), &mut edits)?;
                        }
                    }
                    "function_call" if text.get(member.value.clone()) != Some("null") => {
                        let of_tools = tools.iter().filter(|(choice, _)| *choice == index);
                        let number = of_tools.map(|(_, count)| *count).max().unwrap_or(0);
                        if !of_choice.is_released(number) {
                            gone.push(at);
                        }
                    }
                    _ => {}
                }
            }
            if !gone.is_empty() {
                edits.keep_members(&delta, |at| !gone.contains(&at));
            }
            let reason = find(&choice, "finish_reason");
            let is_given =
                reason.is_some_and(|reason| text.get(reason.value.clone()) != Some("null"));
            if gone.len() < delta.len() || is_given || gone.is_empty() {
                is_empty = false;
            }
            if let Some(reason) = reason.filter(|_| is_given) {
                if of_choice.has_denied() && !explained.contains(&index) {
                    explained.push(index);
                    let words = of_choice.explanation();
                    before.push(piece(whole, index, &json!({"content": words})));
                }
                let word = string(text, &reason.value).unwrap_or_default();
                if of_choice.released() == 0
                    && let Some(word) = final_reason(&word)
                {
                    edits.replace(reason.value.clone(), quoted(word));
                }
            }
        }
        for piece in before {
            writer.event("", &piece.to_string());
        }
        let has_usage =
            find(&top, "usage").is_some_and(|usage| text.get(usage.value.clone()) != Some("null"));
        let changed = if edits.is_empty() {
            None
        } else {
            Some(edits.apply(text).ok_or(Wrong)?)
        };
        if is_empty && changed.is_some() && !has_usage {
            continue;
        }
        let is_raw = changed.is_none() && text == event.data;
        let changed = changed.as_deref().unwrap_or(text);
        writer.pass(event, (!is_raw).then_some(changed));
    }
    Ok(())
}

/// A piece of the same completion as others.
fn piece(whole: &Value, index: u64, delta: &Value) -> Value {
    let field = |name: &str| whole.get(name).cloned().unwrap_or(Value::Null);
    json!({"id": field("id"), "object": "chat.completion.chunk", "created": field("created"),
        "model": field("model"),
        "choices": [{"index": index, "delta": delta, "logprobs": null, "finish_reason": null}]})
}

/// A whole answer, as far as it was released.
pub(super) fn edit(
    body: &str,
    calls: &[Call],
    decisions: &[Decision],
    notes: &mut Notes,
) -> Result<Option<String>, Wrong> {
    let clean = cleaned(body, WHOLE, notes)?;
    let text = clean.as_deref().unwrap_or(body);
    let top = members(text, trimmed(text))?;
    let mut edits = Edits::default();
    let choices = match find(&top, "choices") {
        Some(member) => elements(text, member.value.clone()).unwrap_or_default(),
        None => Vec::new(),
    };
    for (at, choice) in choices.into_iter().enumerate() {
        let of_choice = OfChoice::new(at, calls, decisions);
        if !of_choice.has_denied() {
            continue;
        }
        let choice = members(text, choice)?;
        let message = find(&choice, "message").ok_or(Wrong)?;
        let members_of = members(text, message.value.clone())?;
        let mut tools = 0;
        let mut gone = Vec::new();
        let mut content = None;
        for (at, member) in members_of.iter().enumerate() {
            match member.key.as_ref() {
                "tool_calls" => {
                    let elements = elements(text, member.value.clone()).unwrap_or_default();
                    tools = elements.len();
                    let kept = (0..tools).filter(|at| of_choice.is_released(*at)).count();
                    if kept == 0 {
                        gone.push(at);
                    } else {
                        edits.keep(&elements, |at| of_choice.is_released(at));
                    }
                }
                "content" => content = Some(at),
                _ => {}
            }
        }
        if let Some(at) = members_of
            .iter()
            .position(|member| member.key == "function_call")
            && !of_choice.is_released(tools)
        {
            gone.push(at);
        }
        let words = of_choice.explanation();
        match content.and_then(|at| members_of.get(at)) {
            Some(member) => {
                let raw = text.get(member.value.clone()).unwrap_or_default();
                if raw == "null" || raw == "\"\"" {
                    edits.replace(member.value.clone(), quoted(&words));
                } else if raw.starts_with('"') {
                    let escaped = quoted(&format!("\n\n{words}"));
                    let end = member.value.end;
                    edits.replace(end - 1..end, escaped.get(1..).unwrap_or("\""));
                } else {
                    let part = json!({"type": "text", "text": words});
                    let parts = elements(text, member.value.clone())?;
                    let comma = if parts.is_empty() { "" } else { "," };
                    let end = member.value.end;
                    edits.replace(end - 1..end, format!("{comma}{part}]"));
                }
            }
            None => {
                let start = message.value.start;
                let comma = if members_of.len() > gone.len() {
                    ","
                } else {
                    ""
                };
                edits.replace(
                    start..start + 1,
                    format!("{{\"content\":{}{comma}", quoted(&words)),
                );
            }
        }
        if !gone.is_empty() {
            edits.keep_members(&members_of, |at| !gone.contains(&at));
        }
        if let Some(reason) = find(&choice, "finish_reason")
            && of_choice.released() == 0
        {
            let word = string(text, &reason.value).unwrap_or_default();
            if let Some(word) = final_reason(&word) {
                edits.replace(reason.value.clone(), quoted(word));
            }
        }
    }
    if edits.is_empty() {
        return Ok(clean);
    }
    edits.apply(text).map(Some).ok_or(Wrong)
}
