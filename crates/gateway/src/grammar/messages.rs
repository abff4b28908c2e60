//! Anthropic's messages, with calls taken out.
//!
//! A denied call becomes a block of text in its place, so that the numbers of all other blocks stay
//! what they are and released calls pass with their own bytes.

use serde_json::json;
use tribune_wire::Call;

use super::{Decision, Held, Notes, Writer, Wrong, cleaned, quoted, whole_number};
use crate::outline::{Edits, Member, elements, find, members, string, trimmed};
use crate::shape::Shape;

const WORD_BLOCKS: Shape = Shape::Typed(&[
    (
        "text",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("text", Shape::Plain),
            ("citations", Shape::Any),
        ]),
    ),
    (
        "thinking",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("thinking", Shape::Plain),
            ("signature", Shape::Plain),
        ]),
    ),
    (
        "redacted_thinking",
        Shape::Object(&[("type", Shape::Plain), ("data", Shape::Plain)]),
    ),
]);

macro_rules! message {
    ($content:expr) => {
        Shape::Object(&[
            ("id", Shape::Plain),
            ("type", Shape::Plain),
            ("role", Shape::Plain),
            ("model", Shape::Plain),
            ("content", $content),
            ("stop_reason", Shape::Plain),
            ("stop_sequence", Shape::Plain),
            ("stop_details", Shape::Any),
            ("usage", Shape::Any),
            ("container", Shape::Any),
            ("context_management", Shape::Any),
            ("diagnostics", Shape::Any),
        ])
    };
}

/// An event that may pass at once.
pub(super) const WORDS: Shape = Shape::Object(&[
    ("type", Shape::Plain),
    ("index", Shape::Plain),
    ("message", message!(Shape::Nothing)),
    ("content_block", WORD_BLOCKS),
    (
        "delta",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("text", Shape::Plain),
            ("thinking", Shape::Plain),
            ("signature", Shape::Plain),
            ("citation", Shape::Any),
            ("estimated_tokens", Shape::Plain),
        ]),
    ),
]);

/// An event of a call.
const CALL: Shape = Shape::Object(&[
    ("type", Shape::Plain),
    ("index", Shape::Plain),
    ("content_block", CALL_BLOCK),
    (
        "delta",
        Shape::Object(&[("type", Shape::Plain), ("partial_json", Shape::Plain)]),
    ),
]);

/// A call, or what a tool of the provider's gave.
const CALL_BLOCK: Shape = Shape::Object(&[
    ("type", Shape::Plain),
    ("id", Shape::Plain),
    ("name", Shape::Plain),
    ("input", Shape::Any),
    ("caller", Shape::Any),
    ("toolset_name", Shape::Plain),
    ("server_name", Shape::Plain),
    ("tool_use_id", Shape::Plain),
    ("is_error", Shape::Plain),
    ("content", Shape::Any),
]);

/// What says how the message ends.
const END: Shape = Shape::Object(&[
    ("type", Shape::Plain),
    (
        "delta",
        Shape::Object(&[
            ("stop_reason", Shape::Plain),
            ("stop_sequence", Shape::Plain),
            ("stop_details", Shape::Any),
            ("container", Shape::Any),
        ]),
    ),
    ("usage", Shape::Any),
    ("context_management", Shape::Any),
]);

const WHOLE: Shape = message!(Shape::Any);

/// Whether an event that may not pass at once is one that is known.
pub(super) fn is_held(kind: &str) -> bool {
    matches!(
        kind,
        "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "message_delta"
            | "message_stop"
    )
}

/// The words that stand for a block that nobody knows.
fn withheld(kind: &str) -> String {
    let kind: String = kind
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .take(60)
        .collect();
    format!("[A part of the answer was withheld: its kind, {kind}, is not known here.]")
}

/// What becomes of a block that was held.
enum Fate {
    Pass,
    Text(String),
}

/// What becomes of a block by its kind; counts calls as they come.
fn fate(
    kind: &str,
    text: &str,
    block: &[Member<'_>],
    next: &mut usize,
    calls: &[Call],
    decisions: &[Decision],
) -> Fate {
    if kind == "tool_use" || kind.ends_with("_tool_use") {
        let decision = decisions.get(*next);
        *next += 1;
        return match decision {
            Some(Decision::Release) => Fate::Pass,
            Some(Decision::Deny(words)) => Fate::Text(words.clone()),
            None => Fate::Text(withheld(kind)),
        };
    }
    if kind.ends_with("_tool_result") {
        // What the provider's own tool gave belongs to the call that was released.
        let id = find(block, "tool_use_id").and_then(|member| string(text, &member.value));
        let of_call = |(call, decision): (&Call, &Decision)| {
            matches!(decision, Decision::Release) && Some(call.id.as_str()) == id.as_deref()
        };
        if calls.iter().zip(decisions).any(of_call) {
            return Fate::Pass;
        }
    }
    Fate::Text(withheld(kind))
}

/// The stop reason of a message in which no call of the agent's is left.
fn final_reason(reason: &str) -> Option<&'static str> {
    matches!(reason, "tool_use" | "pause_turn").then_some("end_turn")
}

/// Whether the agent still has a call to carry out, or the provider one that it may go on with.
fn goes_on(calls: &[Call], decisions: &[Decision]) -> bool {
    let released = |decision: &Decision| matches!(decision, Decision::Release);
    if calls.is_empty() {
        return true;
    }
    decisions.iter().any(released)
}

fn is_empty(input: &str) -> bool {
    matches!(input, "null" | "\"\"") || input.bytes().all(|byte| matches!(byte, b'{' | b'}' | b' '))
}

/// Gives what was held of a stream, as far as it was released.
pub(super) fn replay(
    held: &[Held],
    calls: &[Call],
    decisions: &[Decision],
    notes: &mut Notes,
    writer: &mut Writer<'_>,
) -> Result<(), Wrong> {
    // Calls are complete, and so are numbered, in the order in which their blocks end.
    let mut kinds: Vec<(u64, String)> = Vec::new();
    let mut numbers: Vec<(u64, usize)> = Vec::new();
    let mut begun_with_input: Vec<u64> = Vec::new();
    for event in held {
        let text = event.data.as_str();
        let top = members(text, trimmed(text))?;
        let kind = find(&top, "type").and_then(|member| string(text, &member.value));
        let index = whole_number(text, find(&top, "index"));
        match (kind.as_deref(), index) {
            (Some("content_block_start"), Some(index)) => {
                let block = find(&top, "content_block").ok_or(Wrong)?;
                let block = members(text, block.value.clone())?;
                let kind = find(&block, "type").and_then(|member| string(text, &member.value));
                kinds.push((index, kind.unwrap_or_default().into_owned()));
                if let Some(input) = find(&block, "input") {
                    let raw = text.get(input.value.clone()).unwrap_or_default();
                    if !is_empty(raw) {
                        // Readers differ in whether the pieces replace what stands here.
                        begun_with_input.push(index);
                        crate::strict::check(raw).map_err(|_| Wrong)?;
                    }
                }
            }
            (Some("content_block_delta"), Some(index)) if begun_with_input.contains(&index) => {
                let delta = find(&top, "delta").ok_or(Wrong)?;
                let delta = members(text, delta.value.clone())?;
                let piece =
                    find(&delta, "partial_json").and_then(|piece| text.get(piece.value.clone()));
                if piece.is_some_and(|piece| piece != "\"\"") {
                    return Err(Wrong);
                }
            }
            (Some("content_block_stop"), Some(index)) => {
                let kind = kinds.iter().find(|(of, _)| *of == index);
                if kind.is_some_and(|(_, kind)| kind == "tool_use" || kind.ends_with("_tool_use")) {
                    numbers.push((index, numbers.len()));
                }
            }
            _ => {}
        }
    }
    let mut passing: Vec<(u64, bool)> = Vec::new();
    for event in held {
        let data = event.data.as_str();
        let top = members(data, trimmed(data))?;
        let kind = find(&top, "type").and_then(|member| string(data, &member.value));
        let index = whole_number(data, find(&top, "index"));
        match (kind.as_deref().unwrap_or_default(), index) {
            ("content_block_start", Some(index)) => {
                let of_block = kinds.iter().find(|(of, _)| *of == index);
                let kind = of_block.map_or("", |(_, kind)| kind);
                if matches!(kind, "text" | "thinking" | "redacted_thinking") {
                    writer.pass(event, cleaned(data, WORDS, notes)?.as_deref());
                    continue;
                }
                let block = find(&top, "content_block").ok_or(Wrong)?;
                let block = members(data, block.value.clone())?;
                let number = numbers.iter().find(|(of, _)| *of == index);
                let mut number = number.map_or(usize::MAX, |(_, number)| *number);
                if number == usize::MAX {
                    notes.add(kind);
                }
                match fate(kind, data, &block, &mut number, calls, decisions) {
                    Fate::Pass => {
                        passing.push((index, true));
                        writer.pass(event, cleaned(data, CALL, notes)?.as_deref());
                    }
                    Fate::Text(words) => {
                        passing.push((index, false));
                        write_text(writer, index, &words);
                    }
                }
            }
            ("content_block_delta" | "content_block_stop", Some(index)) => {
                match passing.iter().find(|(of, _)| *of == index) {
                    Some((_, true)) => writer.pass(event, cleaned(data, CALL, notes)?.as_deref()),
                    Some((_, false)) => {}
                    None => writer.pass(event, cleaned(data, WORDS, notes)?.as_deref()),
                }
            }
            ("message_delta", _) => {
                let clean = cleaned(data, END, notes)?;
                let text = clean.as_deref().unwrap_or(data);
                let changed = if goes_on(calls, decisions) {
                    None
                } else {
                    ended(text)?
                };
                writer.pass(event, changed.as_deref().or(clean.as_deref()));
            }
            ("message_stop" | "ping" | "message_start", _) => {
                writer.pass(event, cleaned(data, WORDS, notes)?.as_deref());
            }
            (kind, _) => notes.add(kind),
        }
    }
    Ok(())
}

/// The same event with the reason of a final text turn, if it has another.
fn ended(text: &str) -> Result<Option<String>, Wrong> {
    let top = members(text, trimmed(text))?;
    let Some(delta) = find(&top, "delta") else {
        return Ok(None);
    };
    let delta = members(text, delta.value.clone())?;
    replaced_reason(text, &delta)
}

fn replaced_reason(text: &str, members: &[Member<'_>]) -> Result<Option<String>, Wrong> {
    let Some(reason) = find(members, "stop_reason") else {
        return Ok(None);
    };
    let word = string(text, &reason.value).unwrap_or_default();
    let Some(word) = final_reason(&word) else {
        return Ok(None);
    };
    let mut edits = Edits::default();
    edits.replace(reason.value.clone(), quoted(word));
    edits.apply(text).map(Some).ok_or(Wrong)
}

/// Writes a block of text.
pub(super) fn write_text(writer: &mut Writer<'_>, index: u64, words: &str) {
    let events = [
        json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": words}}),
        json!({"type": "content_block_stop", "index": index}),
    ];
    for event in events {
        writer.typed(&event);
    }
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
    let content = find(&top, "content").ok_or(Wrong)?;
    let mut next = 0;
    let mut edits = Edits::default();
    for range in elements(text, content.value.clone())? {
        let block = members(text, range.clone())?;
        let kind = find(&block, "type").and_then(|member| string(text, &member.value));
        let kind = kind.unwrap_or_default();
        if matches!(kind.as_ref(), "text" | "thinking" | "redacted_thinking") {
            let raw = text.get(range.clone()).ok_or(Wrong)?;
            if let Some(clean) = cleaned(raw, WORD_BLOCKS, notes)? {
                edits.replace(range, clean);
            }
            continue;
        }
        let before = next;
        match fate(&kind, text, &block, &mut next, calls, decisions) {
            Fate::Text(words) => {
                if before == next {
                    notes.add(&kind);
                }
                edits.replace(range, json!({"type": "text", "text": words}).to_string());
            }
            Fate::Pass => {
                let raw = text.get(range.clone()).ok_or(Wrong)?;
                if let Some(clean) = cleaned(raw, CALL_BLOCK, notes)? {
                    edits.replace(range, clean);
                }
            }
        }
    }
    if next != calls.len() {
        return Err(Wrong);
    }
    let text = if edits.is_empty() {
        None
    } else {
        Some(edits.apply(text).ok_or(Wrong)?)
    };
    let text = text.or(clean);
    if goes_on(calls, decisions) {
        return Ok(text);
    }
    let now = text.as_deref().unwrap_or(body);
    let changed = replaced_reason(now, &members(now, trimmed(now))?)?;
    Ok(changed.or(text))
}

/// The calls of a whole answer with their arguments as they were sent.
pub(super) fn sent_arguments(body: &str) -> Result<Vec<String>, Wrong> {
    let top = members(body, trimmed(body))?;
    let Some(content) = find(&top, "content") else {
        return Ok(Vec::new());
    };
    let mut arguments = Vec::new();
    for range in elements(body, content.value.clone())? {
        let block = members(body, range)?;
        let kind = find(&block, "type").and_then(|member| string(body, &member.value));
        if kind.is_some_and(|kind| kind == "tool_use" || kind.ends_with("_tool_use")) {
            let input = find(&block, "input").and_then(|member| body.get(member.value.clone()));
            arguments.push(input.unwrap_or_default().to_owned());
        }
    }
    Ok(arguments)
}
