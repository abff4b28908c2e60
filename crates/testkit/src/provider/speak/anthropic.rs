//! Anthropic's messages.

use serde_json::{Value, json};

use super::{MODEL, Part, Piece, named};
use crate::provider::turn::{SEAL, Turn, TurnStop, pieces};

fn stop_reason(turn: &Turn) -> &'static str {
    match turn.stop {
        TurnStop::Natural if turn.calls.is_empty() => "end_turn",
        TurnStop::Natural => "tool_use",
        TurnStop::Length => "max_tokens",
        TurnStop::Refusal | TurnStop::Filter => "refusal",
    }
}

/// Each block with the deltas that it is streamed in.
fn blocks(turn: &Turn) -> Vec<(Value, Value, Vec<Value>)> {
    let mut blocks = Vec::new();
    if !turn.reasoning.is_empty() {
        let deltas = pieces(&turn.reasoning).into_iter();
        let deltas = deltas.map(|words| json!({"type": "thinking_delta", "thinking": words}));
        let seal = json!({"type": "signature_delta", "signature": SEAL});
        blocks.push((
            json!({"type": "thinking", "thinking": turn.reasoning, "signature": SEAL}),
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            deltas.chain([seal]).collect(),
        ));
    }
    if !turn.text.is_empty() {
        let deltas = pieces(&turn.text).into_iter();
        blocks.push((
            json!({"type": "text", "text": turn.text}),
            json!({"type": "text", "text": ""}),
            deltas
                .map(|words| json!({"type": "text_delta", "text": words}))
                .collect(),
        ));
    }
    for call in &turn.calls {
        let block = |input: Value| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input});
        let deltas = [String::new()]
            .into_iter()
            .chain(pieces(&call.arguments.to_string()));
        blocks.push((
            block(call.arguments.clone()),
            block(json!({})),
            deltas
                .map(|words| json!({"type": "input_json_delta", "partial_json": words}))
                .collect(),
        ));
    }
    blocks
}

fn message(content: Vec<Value>, stop_reason: Option<&str>, output_tokens: u64) -> Value {
    json!({"id": "msg_stand_in", "type": "message", "role": "assistant", "model": MODEL, "content": content,
        "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {"input_tokens": 6, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4,
            "output_tokens": output_tokens, "service_tier": "standard"}})
}

pub(super) fn whole(turn: &Turn) -> Value {
    let content = blocks(turn).into_iter().map(|(block, ..)| block).collect();
    message(content, Some(stop_reason(turn)), 5)
}

pub(super) fn stream(turn: &Turn) -> Vec<Piece> {
    let start = json!({"type": "message_start", "message": message(Vec::new(), None, 1)});
    let mut stream = vec![
        (named(&start), Part::Words),
        (named(&json!({"type": "ping"})), Part::Words),
    ];
    for (index, (block, begun, deltas)) in blocks(turn).into_iter().enumerate() {
        let part = if block["type"] == "tool_use" {
            Part::Call
        } else {
            Part::Words
        };
        let start = json!({"type": "content_block_start", "index": index, "content_block": begun});
        stream.push((named(&start), part));
        for delta in deltas {
            let delta = json!({"type": "content_block_delta", "index": index, "delta": delta});
            stream.push((named(&delta), part));
        }
        stream.push((
            named(&json!({"type": "content_block_stop", "index": index})),
            part,
        ));
    }
    let change = json!({"type": "message_delta",
        "delta": {"stop_reason": stop_reason(turn), "stop_sequence": null}, "usage": {"output_tokens": 5}});
    stream.push((named(&change), Part::End));
    stream.push((named(&json!({"type": "message_stop"})), Part::End));
    stream
}
