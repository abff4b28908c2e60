//! Gemini's content.

use serde_json::{Value, json};

use super::{MODEL, Part, Piece};
use crate::provider::protocol::Form;
use crate::provider::turn::{SEAL, Turn, TurnCall, TurnStop, pieces};

const fn finish_reason(turn: &Turn) -> &'static str {
    match turn.stop {
        TurnStop::Natural => "STOP",
        TurnStop::Length => "MAX_TOKENS",
        TurnStop::Refusal | TurnStop::Filter => "SAFETY",
    }
}

/// The parts of the calls; the seal is on the first, as the protocol has it.
fn calls(turn: &Turn) -> Vec<Value> {
    let part = |(at, call): (usize, &TurnCall)| {
        let mut part =
            json!({"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}});
        if at == 0 {
            part["thoughtSignature"] = json!(SEAL);
        }
        part
    };
    turn.calls.iter().enumerate().map(part).collect()
}

fn response(parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    json!({"candidates": [candidate], "modelVersion": MODEL, "responseId": "stand-in",
        "usageMetadata": {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 3,
            "thoughtsTokenCount": 2, "totalTokenCount": 15}})
}

pub(super) fn whole(turn: &Turn) -> Value {
    let mut parts = Vec::new();
    if !turn.reasoning.is_empty() {
        parts.push(json!({"text": turn.reasoning, "thought": true}));
    }
    if !turn.text.is_empty() {
        parts.push(json!({"text": turn.text}));
    }
    parts.extend(calls(turn));
    response(&parts, Some(finish_reason(turn)))
}

pub(super) fn stream(turn: &Turn, form: Form) -> Vec<Piece> {
    let mut stream = Vec::new();
    for words in pieces(&turn.reasoning) {
        let part = json!({"text": words, "thought": true});
        stream.push((response(&[part], None), Part::Words));
    }
    for words in pieces(&turn.text) {
        stream.push((response(&[json!({"text": words})], None), Part::Words));
    }
    for call in calls(turn) {
        stream.push((response(&[call], None), Part::Call));
    }
    let mut last = response(&[], Some(finish_reason(turn)));
    if let Some(candidate) = last["candidates"][0].as_object_mut() {
        candidate.insert(
            "content".to_owned(),
            json!({"role": "model", "parts": [{"text": ""}]}),
        );
    }
    stream.push((last, Part::End));
    let count = stream.len();
    let write = |(at, (value, part)): (usize, (Value, Part))| {
        let text = match form {
            Form::Whole | Form::Events => format!("data: {value}\r\n\r\n"),
            Form::Array => {
                let before = if at == 0 { "[" } else { ",\r\n" };
                let after = if at + 1 == count { "]\n" } else { "\n" };
                format!("{before}{value}{after}")
            }
        };
        (text, part)
    };
    stream.into_iter().enumerate().map(write).collect()
}
