//! OpenAI's responses, with calls taken out.
//!
//! A denied call becomes a message in its place, in the events of the stream and in the response
//! that ends it, so that the places of all other items stay what they are and released calls pass
//! with their own bytes. The events that stand for it carry the sequence numbers of those that they
//! replace; where they are more, the last number is repeated, so that numbers never fall.

use std::ops::Range;

use serde_json::{Value, json};
use tribune_wire::Call;

use super::{Decision, Held, Notes, Writer, Wrong, cleaned, whole_number};
use crate::outline::{Edits, Member, elements, find, members, string, trimmed};
use crate::shape::Shape;

const PARTS: Shape = Shape::List(&PART);

const PART: Shape = Shape::Typed(&[
    (
        "output_text",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("text", Shape::Plain),
            ("annotations", Shape::Any),
            ("logprobs", Shape::Any),
        ]),
    ),
    (
        "refusal",
        Shape::Object(&[("type", Shape::Plain), ("refusal", Shape::Plain)]),
    ),
    (
        "reasoning_text",
        Shape::Object(&[("type", Shape::Plain), ("text", Shape::Plain)]),
    ),
    (
        "summary_text",
        Shape::Object(&[("type", Shape::Plain), ("text", Shape::Plain)]),
    ),
    (
        "text",
        Shape::Object(&[("type", Shape::Plain), ("text", Shape::Plain)]),
    ),
]);

/// Items of words and reasoning.
const WORD_ITEMS: Shape = Shape::Typed(&[
    (
        "message",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("id", Shape::Plain),
            ("status", Shape::Plain),
            ("role", Shape::Plain),
            ("content", Shape::PlainOrList(&PART)),
            ("phase", Shape::Plain),
        ]),
    ),
    (
        "reasoning",
        Shape::Object(&[
            ("type", Shape::Plain),
            ("id", Shape::Plain),
            ("status", Shape::Plain),
            ("summary", PARTS),
            ("content", PARTS),
            ("encrypted_content", Shape::Plain),
        ]),
    ),
]);

macro_rules! response {
    ($output:expr) => {
        Shape::Object(&[
            ("id", Shape::Plain),
            ("object", Shape::Plain),
            ("created_at", Shape::Plain),
            ("completed_at", Shape::Plain),
            ("status", Shape::Plain),
            ("background", Shape::Plain),
            ("billing", Shape::Any),
            ("error", Shape::Any),
            ("frequency_penalty", Shape::Plain),
            ("incomplete_details", Shape::Any),
            ("instructions", Shape::Any),
            ("max_output_tokens", Shape::Plain),
            ("max_tool_calls", Shape::Plain),
            ("metadata", Shape::Any),
            ("model", Shape::Plain),
            ("output", $output),
            ("output_text", Shape::Plain),
            ("parallel_tool_calls", Shape::Plain),
            ("presence_penalty", Shape::Plain),
            ("previous_response_id", Shape::Plain),
            ("prompt_cache_key", Shape::Plain),
            ("prompt_cache_retention", Shape::Plain),
            ("reasoning", Shape::Any),
            ("safety_identifier", Shape::Plain),
            ("service_tier", Shape::Plain),
            ("store", Shape::Plain),
            ("temperature", Shape::Plain),
            ("text", Shape::Any),
            ("tool_choice", Shape::Any),
            ("tools", Shape::Any),
            ("top_logprobs", Shape::Plain),
            ("top_p", Shape::Plain),
            ("truncation", Shape::Plain),
            ("usage", Shape::Any),
            ("user", Shape::Plain),
        ])
    };
}

macro_rules! event {
    ($item:expr, $response:expr, $arguments:expr) => {
        Shape::Object(&[
            ("type", Shape::Plain),
            ("sequence_number", Shape::Plain),
            ("item_id", Shape::Plain),
            ("output_index", Shape::Plain),
            ("content_index", Shape::Plain),
            ("summary_index", Shape::Plain),
            ("annotation_index", Shape::Plain),
            ("delta", Shape::Plain),
            ("text", Shape::Plain),
            ("refusal", Shape::Plain),
            ("obfuscation", Shape::Plain),
            ("logprobs", Shape::Any),
            ("annotation", Shape::Any),
            ("part", PART),
            ("item", $item),
            ("response", $response),
            ("arguments", $arguments),
            ("input", $arguments),
            ("name", $arguments),
        ])
    };
}

/// An event that may pass at once.
pub(super) const WORDS: Shape = event!(WORD_ITEMS, response!(Shape::Nothing), Shape::Nothing);
/// An event of an item that was released. Items of calls have many forms.
const CALL: Shape = event!(Shape::Any, Shape::Nothing, Shape::Plain);
/// The last event, and a whole answer; its items are looked at one by one.
const END: Shape = event!(Shape::Nothing, WHOLE, Shape::Nothing);
const WHOLE: Shape = response!(Shape::Any);

/// Whether an event that may not pass at once is one that is known.
pub(super) fn is_held(kind: &str) -> bool {
    matches!(kind, "response.completed" | "response.incomplete") || is_of_call(kind)
}

fn is_of_call(kind: &str) -> bool {
    matches!(
        kind,
        "response.output_item.added"
            | "response.output_item.done"
            | "response.function_call_arguments.delta"
            | "response.function_call_arguments.done"
            | "response.custom_tool_call_input.delta"
            | "response.custom_tool_call_input.done"
            | "response.mcp_call_arguments.delta"
            | "response.mcp_call_arguments.done"
    )
}

/// Whether an event belongs to an item that waits, such as the progress of the provider's own tool.
pub(super) fn is_of_held(data: &str, top: &[Member<'_>], held: &[Held]) -> bool {
    let Some(index) = whole_number(data, find(top, "output_index")) else {
        return false;
    };
    held.iter().any(|event| {
        let of_event = members(&event.data, trimmed(&event.data));
        of_event
            .is_ok_and(|top| whole_number(&event.data, find(&top, "output_index")) == Some(index))
    })
}

/// Events of words and of the response itself.
fn is_of_words(kind: &str) -> bool {
    matches!(
        kind,
        "response.created"
            | "response.in_progress"
            | "response.queued"
            | "response.output_item.added"
            | "response.output_item.done"
            | "response.content_part.added"
            | "response.content_part.done"
            | "response.output_text.delta"
            | "response.output_text.done"
            | "response.output_text.annotation.added"
            | "response.refusal.delta"
            | "response.refusal.done"
            | "response.reasoning_summary_part.added"
            | "response.reasoning_summary_part.done"
            | "response.reasoning_summary_text.delta"
            | "response.reasoning_summary_text.done"
            | "response.reasoning_text.delta"
            | "response.reasoning_text.done"
            | "keepalive"
    )
}

/// Whether an event of a released call says the same of it as the item that was judged: readers
/// differ in which of the two they take a name from.
fn agrees(data: &str, top: &[Member<'_>], kind: &str, call: &Call) -> Result<bool, Wrong> {
    let is_same = |members: &[Member<'_>], name: &str, judged: &str| {
        let given = find(members, name).map(|member| &member.value);
        given.is_none_or(|value| string(data, value).is_some_and(|given| given == judged))
    };
    if !is_same(top, "name", &call.name) {
        return Ok(false);
    }
    let Some(item) = find(top, "item") else {
        return Ok(true);
    };
    if !matches!(
        kind,
        "response.output_item.added" | "response.output_item.done"
    ) {
        return Ok(false);
    }
    let item = members(data, item.value.clone())?;
    let namespace = call.namespace.as_deref().unwrap_or_default();
    let mut agrees = is_same(&item, "type", &call.kind)
        && is_same(&item, "name", &call.name)
        && is_same(&item, "call_id", &call.id)
        && (is_same(&item, "namespace", namespace) || namespace.is_empty());
    for name in ["arguments", "input"] {
        agrees &= is_same(&item, name, &call.arguments) || is_same(&item, name, "");
    }
    if kind == "response.output_item.added"
        && find(&item, "action")
            .is_some_and(|action| data.get(action.value.clone()) != Some("null"))
    {
        // What such a call does stands whole in the item; one that begins with it must end so.
        let raw = data
            .get(find(top, "item").ok_or(Wrong)?.value.clone())
            .ok_or(Wrong)?;
        let item: tribune_wire::openai::responses::Item =
            serde_json::from_str(raw).map_err(|_| Wrong)?;
        agrees &= item.call().arguments == call.arguments;
    }
    Ok(agrees)
}

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Words,
    /// The call of this place in the proposal passes.
    Pass(usize),
    Text(String),
    /// It began and never ended.
    Unfinished,
}

const UNFINISHED: &str = "[A part of the answer was withheld: it was not complete.]";

fn is_call(kind: &str) -> bool {
    kind.ends_with("_call") || kind == "mcp_approval_request"
}

fn withheld(notes: &mut Notes, kind: &str) -> Fate {
    notes.add(kind);
    Fate::Text("[A part of the answer was withheld: its kind is not known here.]".to_owned())
}

fn decided(decisions: &[Decision], place: usize, notes: &mut Notes, kind: &str) -> Fate {
    match decisions.get(place) {
        Some(Decision::Release) => Fate::Pass(place),
        Some(Decision::Deny(words)) => Fate::Text(words.clone()),
        None => withheld(notes, kind),
    }
}

/// The items of a stream, by their places.
#[derive(Default)]
struct Items(Vec<(u64, Fate, Range<u64>)>);

impl Items {
    fn fate(&self, index: u64) -> Option<&Fate> {
        self.0
            .iter()
            .find(|(of, ..)| *of == index)
            .map(|(_, fate, _)| fate)
    }
}

/// A message in the place of a call.
pub(super) fn message(index: u64, words: &str) -> Value {
    json!({"type": "message", "id": format!("msg_tribune_{index}"), "status": "completed", "role": "assistant",
        "content": [{"type": "output_text", "text": words, "annotations": [], "logprobs": []}]})
}

/// The events of such a message.
pub(super) fn message_events(index: u64, words: &str) -> Vec<Value> {
    let id = format!("msg_tribune_{index}");
    let part = |words: &str| json!({"type": "output_text", "text": words, "annotations": [], "logprobs": []});
    let of = |mut event: Value| {
        if let Some(event) = event.as_object_mut() {
            event.insert("item_id".to_owned(), json!(id));
            event.insert("output_index".to_owned(), json!(index));
            event.insert("content_index".to_owned(), json!(0));
        }
        event
    };
    vec![
        json!({"type": "response.output_item.added", "output_index": index,
            "item": {"type": "message", "id": id, "status": "in_progress", "role": "assistant", "content": []}}),
        of(json!({"type": "response.content_part.added", "part": part("")})),
        of(json!({"type": "response.output_text.delta", "delta": words, "logprobs": []})),
        of(json!({"type": "response.output_text.done", "text": words, "logprobs": []})),
        of(json!({"type": "response.content_part.done", "part": part(words)})),
        json!({"type": "response.output_item.done", "output_index": index, "item": message(index, words)}),
    ]
}

/// Gives what was held of a stream, as far as it was released.
pub(super) fn replay(
    held: &[Held],
    calls: &[Call],
    decisions: &[Decision],
    notes: &mut Notes,
    writer: &mut Writer<'_>,
) -> Result<(), Wrong> {
    let mut items = Items::default();
    let mut next = 0;
    for event in held {
        let data = event.data.as_str();
        let top = members(data, trimmed(data))?;
        let Some(index) = whole_number(data, find(&top, "output_index")) else {
            continue;
        };
        let number = whole_number(data, find(&top, "sequence_number")).unwrap_or(0);
        let kind = find(&top, "type").and_then(|member| string(data, &member.value));
        let fate = match (kind.as_deref(), find(&top, "item")) {
            (Some("response.output_item.done"), Some(item)) => {
                let item = members(data, item.value.clone())?;
                let kind = find(&item, "type").and_then(|member| string(data, &member.value));
                let kind = kind.unwrap_or_default();
                Some(match kind.as_ref() {
                    "message" | "reasoning" => Fate::Words,
                    kind if is_call(kind) => {
                        next += 1;
                        decided(decisions, next - 1, notes, kind)
                    }
                    kind => withheld(notes, kind),
                })
            }
            _ => None,
        };
        match items.0.iter_mut().find(|(of, ..)| *of == index) {
            Some((_, old, numbers)) => {
                if let Some(fate) = fate {
                    *old = fate;
                }
                numbers.end = number;
            }
            None => {
                // What began before anything was held is words: nothing else passed.
                let begins = kind.as_deref() == Some("response.output_item.added");
                let unfinished = match fate {
                    Some(fate) => fate,
                    None if begins => Fate::Unfinished,
                    None => Fate::Words,
                };
                items.0.push((index, unfinished, number..number));
            }
        }
    }
    for (_, fate, _) in &mut items.0 {
        if *fate == Fate::Unfinished {
            notes.add("an item that does not end");
            *fate = Fate::Text(UNFINISHED.to_owned());
        }
    }
    let mut written: Vec<u64> = Vec::new();
    for event in held {
        let data = event.data.as_str();
        if data.trim() == "[DONE]" {
            writer.pass(event, None);
            continue;
        }
        let top = members(data, trimmed(data))?;
        let kind = find(&top, "type").and_then(|member| string(data, &member.value));
        let kind = kind.unwrap_or_default();
        if matches!(kind.as_ref(), "response.completed" | "response.incomplete") {
            let clean = cleaned(data, END, notes)?;
            let text = clean.as_deref().unwrap_or(data);
            let top = members(text, trimmed(text))?;
            let response = find(&top, "response").ok_or(Wrong)?;
            let edits = output(
                text,
                response.value.clone(),
                &items,
                &mut next,
                (calls, decisions),
                notes,
            )?;
            if next != calls.len() {
                return Err(Wrong);
            }
            let changed = if edits.is_empty() {
                None
            } else {
                Some(edits.apply(text).ok_or(Wrong)?)
            };
            writer.pass(event, changed.as_deref().or(clean.as_deref()));
            continue;
        }
        let index = whole_number(data, find(&top, "output_index"));
        match index.and_then(|index| Some((index, items.fate(index)?))) {
            Some((_, Fate::Words)) | None if is_of_words(&kind) => {
                writer.pass(event, cleaned(data, WORDS, notes)?.as_deref());
            }
            Some((_, Fate::Words)) | None => notes.add(&kind),
            Some((_, Fate::Pass(place))) => {
                let call = calls.get(*place).ok_or(Wrong)?;
                if !agrees(data, &top, &kind, call)? {
                    return Err(Wrong);
                }
                writer.pass(event, cleaned(data, CALL, notes)?.as_deref());
            }
            Some((_, Fate::Unfinished)) => return Err(Wrong),
            Some((index, Fate::Text(words))) => {
                if written.contains(&index) {
                    continue;
                }
                written.push(index);
                let numbers = items.0.iter().find(|(of, ..)| *of == index);
                let numbers = numbers.map_or(0..0, |(.., numbers)| numbers.clone());
                for (at, mut event) in (0_u64..).zip(message_events(index, words)) {
                    if let Some(event) = event.as_object_mut() {
                        let number = (numbers.start + at).min(numbers.end.max(numbers.start));
                        event.insert("sequence_number".to_owned(), json!(number));
                    }
                    writer.typed(&event);
                }
            }
        }
    }
    Ok(())
}

/// Changes the items of a response; `next` counts calls that no item of the stream told.
fn output(
    text: &str,
    response: Range<usize>,
    items: &Items,
    next: &mut usize,
    (calls, decisions): (&[Call], &[Decision]),
    notes: &mut Notes,
) -> Result<Edits, Wrong> {
    let mut edits = Edits::default();
    let response = members(text, response)?;
    let Some(output) = find(&response, "output") else {
        return Ok(edits);
    };
    if text.get(output.value.clone()) == Some("null") {
        return Ok(edits);
    }
    for (index, range) in (0_u64..).zip(elements(text, output.value.clone())?) {
        let item = members(text, range.clone())?;
        let kind = find(&item, "type").and_then(|member| string(text, &member.value));
        let kind = kind.unwrap_or_default();
        let fate = match (kind.as_ref(), items.fate(index)) {
            ("message" | "reasoning", _) => Fate::Words,
            (kind, Some(fate)) if is_call(kind) => fate.clone(),
            (kind, None) if is_call(kind) => {
                *next += 1;
                decided(decisions, *next - 1, notes, kind)
            }
            (kind, _) => withheld(notes, kind),
        };
        match fate {
            Fate::Words => {
                let raw = text.get(range.clone()).ok_or(Wrong)?;
                if let Some(clean) = cleaned(raw, WORD_ITEMS, notes)? {
                    edits.replace(range, clean);
                }
            }
            Fate::Pass(place) => {
                // The item that ends the stream must be the one that was judged.
                let raw = text.get(range.clone()).ok_or(Wrong)?;
                let item: tribune_wire::openai::responses::Item =
                    serde_json::from_str(raw).map_err(|_| Wrong)?;
                if calls.get(place) != Some(&item.call()) {
                    return Err(Wrong);
                }
            }
            Fate::Text(words) => edits.replace(range, message(index, &words).to_string()),
            Fate::Unfinished => return Err(Wrong),
        }
    }
    Ok(edits)
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
    let mut next = 0;
    let edits = output(
        text,
        trimmed(text),
        &Items::default(),
        &mut next,
        (calls, decisions),
        notes,
    )?;
    if next != calls.len() {
        return Err(Wrong);
    }
    if edits.is_empty() {
        return Ok(clean);
    }
    edits.apply(text).map(Some).ok_or(Wrong)
}
