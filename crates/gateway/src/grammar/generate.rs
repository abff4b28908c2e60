//! Gemini's content, with calls taken out. Every piece of a stream has the form of a whole answer,
//! so one way serves both.

use serde_json::json;
use tribune_wire::Call;

use super::{Decision, Held, Notes, Writer, Wrong, cleaned};
use crate::outline::{Edits, elements, find, members, trimmed};
use crate::shape::Shape;

const WORD_PART: Shape = Shape::Object(&[
    ("text", Shape::Plain),
    ("thought", Shape::Plain),
    ("thoughtSignature", Shape::Plain),
    ("inlineData", Shape::Any),
    ("fileData", Shape::Any),
    ("videoMetadata", Shape::Any),
]);

const CALL_PART: Shape = Shape::Object(&[
    ("text", Shape::Plain),
    ("thought", Shape::Plain),
    ("thoughtSignature", Shape::Plain),
    (
        "functionCall",
        Shape::Object(&[
            ("id", Shape::Plain),
            ("name", Shape::Plain),
            ("args", Shape::Any),
        ]),
    ),
    ("executableCode", Shape::Any),
    ("codeExecutionResult", Shape::Any),
]);

macro_rules! answer {
    ($parts:expr) => {
        Shape::Object(&[
            (
                "candidates",
                Shape::List(&Shape::Object(&[
                    ("index", Shape::Plain),
                    (
                        "content",
                        Shape::Object(&[("role", Shape::Plain), ("parts", $parts)]),
                    ),
                    ("finishReason", Shape::Plain),
                    ("finishMessage", Shape::Plain),
                    ("safetyRatings", Shape::Any),
                    ("citationMetadata", Shape::Any),
                    ("tokenCount", Shape::Plain),
                    ("groundingMetadata", Shape::Any),
                    ("groundingAttributions", Shape::Any),
                    ("avgLogprobs", Shape::Plain),
                    ("logprobsResult", Shape::Any),
                    ("urlContextMetadata", Shape::Any),
                ])),
            ),
            ("promptFeedback", Shape::Any),
            ("usageMetadata", Shape::Any),
            ("modelVersion", Shape::Plain),
            ("modelStatus", Shape::Any),
            ("responseId", Shape::Plain),
            ("createTime", Shape::Plain),
        ])
    };
}

/// A piece that may pass at once.
pub(super) const WORDS: Shape = answer!(Shape::List(&WORD_PART));
/// A piece that was held, or a whole answer; its parts are looked at one by one.
const HELD: Shape = answer!(Shape::Any);

/// What a part is.
enum Kind {
    Words,
    Call,
    ResultOfProvider,
    Unknown(String),
}

fn kind(members: &[crate::outline::Member<'_>]) -> Kind {
    let has = |name: &str| members.iter().any(|member| member.key == name);
    if has("functionCall") || has("executableCode") {
        return Kind::Call;
    }
    if has("codeExecutionResult") {
        return Kind::ResultOfProvider;
    }
    let known = [
        "text",
        "thought",
        "thoughtSignature",
        "inlineData",
        "fileData",
        "videoMetadata",
    ];
    match members
        .iter()
        .find(|member| !known.contains(&member.key.as_ref()))
    {
        Some(member) => Kind::Unknown(member.key.chars().take(60).collect()),
        None => Kind::Words,
    }
}

/// A piece or a whole answer, as far as it was released; `next` counts its calls.
fn edited(
    body: &str,
    next: &mut usize,
    decisions: &[Decision],
    notes: &mut Notes,
) -> Result<Option<String>, Wrong> {
    let clean = cleaned(body, HELD, notes)?;
    let text = clean.as_deref().unwrap_or(body);
    let mut edits = Edits::default();
    for range in parts(text)? {
        let part = members(text, range.clone())?;
        let words = match kind(&part) {
            Kind::Words => {
                let raw = text.get(range.clone()).ok_or(Wrong)?;
                // Only looks for equal keys: what it has was looked at.
                cleaned(raw, WORD_PART, notes)?;
                continue;
            }
            Kind::Call => {
                let decision = decisions.get(*next);
                *next += 1;
                match decision {
                    Some(Decision::Release) => {
                        let raw = text.get(range.clone()).ok_or(Wrong)?;
                        if let Some(clean) = cleaned(raw, CALL_PART, notes)? {
                            edits.replace(range, clean);
                        }
                        continue;
                    }
                    Some(Decision::Deny(words)) => words.clone(),
                    None => "[A call was withheld.]".to_owned(),
                }
            }
            // It belongs to a call that the provider made, and shows where that one does.
            Kind::ResultOfProvider
                if decisions
                    .iter()
                    .all(|decision| matches!(decision, Decision::Release)) =>
            {
                continue;
            }
            Kind::ResultOfProvider => {
                notes.add("codeExecutionResult");
                "[What the provider's tool gave was withheld.]".to_owned()
            }
            Kind::Unknown(name) => {
                notes.add(&name);
                "[A part of the answer was withheld: its kind is not known here.]".to_owned()
            }
        };
        edits.replace(range, json!({"text": words}).to_string());
    }
    if edits.is_empty() {
        return Ok(clean);
    }
    edits.apply(text).map(Some).ok_or(Wrong)
}

/// Where the parts of all answers stand.
fn parts(text: &str) -> Result<Vec<std::ops::Range<usize>>, Wrong> {
    let top = members(text, trimmed(text))?;
    let mut all = Vec::new();
    let Some(candidates) = find(&top, "candidates") else {
        return Ok(all);
    };
    for candidate in elements(text, candidates.value.clone()).unwrap_or_default() {
        let candidate = members(text, candidate)?;
        let Some(content) = find(&candidate, "content") else {
            continue;
        };
        if text.get(content.value.clone()) == Some("null") {
            continue;
        }
        let content = members(text, content.value.clone())?;
        if let Some(parts) = find(&content, "parts") {
            all.extend(elements(text, parts.value.clone()).unwrap_or_default());
        }
    }
    Ok(all)
}

/// Gives what was held of a stream, as far as it was released.
pub(super) fn replay(
    held: &[Held],
    decisions: &[Decision],
    notes: &mut Notes,
    writer: &mut Writer<'_>,
) -> Result<(), Wrong> {
    let mut next = 0;
    for event in held {
        let changed = edited(&event.data, &mut next, decisions, notes)?;
        writer.pass(event, changed.as_deref());
    }
    if next == decisions.len() {
        Ok(())
    } else {
        Err(Wrong)
    }
}

/// A whole answer, as far as it was released.
pub(super) fn edit(
    body: &str,
    calls: &[Call],
    decisions: &[Decision],
    notes: &mut Notes,
) -> Result<Option<String>, Wrong> {
    let mut next = 0;
    let changed = edited(body, &mut next, decisions, notes)?;
    if next == calls.len() {
        Ok(changed)
    } else {
        Err(Wrong)
    }
}

/// The arguments of the calls of an answer or a piece as they were sent.
pub(super) fn sent_arguments(body: &str) -> Result<Vec<String>, Wrong> {
    let mut arguments = Vec::new();
    for range in parts(body)? {
        let part = members(body, range)?;
        if !matches!(kind(&part), Kind::Call) {
            continue;
        }
        let raw = match find(&part, "functionCall") {
            Some(call) if body.get(call.value.clone()) != Some("null") => {
                let call = members(body, call.value.clone())?;
                find(&call, "args").and_then(|args| body.get(args.value.clone()))
            }
            _ => find(&part, "executableCode").and_then(|code| body.get(code.value.clone())),
        };
        arguments.push(raw.unwrap_or_default().to_owned());
    }
    Ok(arguments)
}
