//! OpenAI's responses.

use serde_json::{Value, json};

use super::{CREATED, MODEL, Part, Piece, named};
use crate::provider::turn::{SEAL, Turn, TurnStop, pieces};

/// An item, what it looks like at its start, and how it is streamed in between.
struct Streamed {
    item: Value,
    begun: Value,
    part: Part,
    events: Vec<Value>,
}

fn items(turn: &Turn) -> Vec<Streamed> {
    let mut items = Vec::new();
    let mut index = 0;
    if !turn.reasoning.is_empty() {
        let place = |mut event: Value| {
            event["item_id"] = json!("rs_stand_in");
            event["output_index"] = json!(index);
            event["summary_index"] = json!(0);
            event
        };
        let summary = json!({"type": "summary_text", "text": turn.reasoning});
        let mut events = vec![place(
            json!({"type": "response.reasoning_summary_part.added", "part": {"type": "summary_text", "text": ""}}),
        )];
        events.extend(pieces(&turn.reasoning).into_iter().map(|words| {
            place(json!({"type": "response.reasoning_summary_text.delta", "delta": words}))
        }));
        events.push(place(
            json!({"type": "response.reasoning_summary_text.done", "text": turn.reasoning}),
        ));
        events.push(place(
            json!({"type": "response.reasoning_summary_part.done", "part": summary}),
        ));
        let item = |summary: Value| json!({"type": "reasoning", "id": "rs_stand_in", "summary": summary, "encrypted_content": SEAL});
        items.push(Streamed {
            item: item(json!([summary])),
            begun: item(json!([])),
            part: Part::Words,
            events,
        });
        index += 1;
    }
    if !turn.text.is_empty() {
        items.push(message(turn, index));
        index += 1;
    }
    for call in &turn.calls {
        let id = format!("fc_{}", call.id);
        let arguments = call.arguments.to_string();
        let item = |status: &str, arguments: &str| json!({"type": "function_call", "id": id, "call_id": call.id, "name": call.name, "arguments": arguments, "status": status});
        let mut events: Vec<Value> = pieces(&arguments)
            .into_iter()
            .map(|words| json!({"type": "response.function_call_arguments.delta", "item_id": id, "output_index": index, "delta": words}))
            .collect();
        events.push(json!({"type": "response.function_call_arguments.done", "item_id": id, "output_index": index,
            "name": call.name, "arguments": arguments}));
        items.push(Streamed {
            item: item("completed", &arguments),
            begun: item("in_progress", ""),
            part: Part::Call,
            events,
        });
        index += 1;
    }
    items
}

fn message(turn: &Turn, index: usize) -> Streamed {
    let is_refusal = turn.stop == TurnStop::Refusal;
    let content = |words: &str| {
        if is_refusal {
            json!({"type": "refusal", "refusal": words})
        } else {
            json!({"type": "output_text", "text": words, "annotations": [], "logprobs": []})
        }
    };
    let place = |mut event: Value| {
        event["item_id"] = json!("msg_stand_in");
        event["output_index"] = json!(index);
        event["content_index"] = json!(0);
        event
    };
    let kind = if is_refusal {
        "response.refusal"
    } else {
        "response.output_text"
    };
    let field = if is_refusal { "refusal" } else { "text" };
    let mut events = vec![place(
        json!({"type": "response.content_part.added", "part": content("")}),
    )];
    events.extend(pieces(&turn.text).into_iter().map(|words| {
        place(json!({"type": format!("{kind}.delta"), "delta": words, "logprobs": []}))
    }));
    events.push(place(
        json!({"type": format!("{kind}.done"), field: turn.text, "logprobs": []}),
    ));
    events.push(place(
        json!({"type": "response.content_part.done", "part": content(&turn.text)}),
    ));
    let item = |status: &str, content: Value| json!({"type": "message", "id": "msg_stand_in", "role": "assistant", "status": status, "content": content});
    Streamed {
        item: item("completed", json!([content(&turn.text)])),
        begun: item("in_progress", json!([])),
        part: Part::Words,
        events,
    }
}

fn response(status: &str, reason: Option<&str>, output: Vec<Value>, usage: Value) -> Value {
    json!({"id": "resp_stand_in", "object": "response", "created_at": CREATED, "status": status, "model": MODEL,
        "output": output, "error": null, "incomplete_details": reason.map(|reason| json!({"reason": reason})),
        "instructions": null, "metadata": {}, "parallel_tool_calls": true, "temperature": 1.0, "tool_choice": "auto",
        "tools": [], "top_p": 1.0, "usage": usage})
}

fn finished(turn: &Turn) -> Value {
    let (status, reason) = match turn.stop {
        TurnStop::Natural | TurnStop::Refusal => ("completed", None),
        TurnStop::Length => ("incomplete", Some("max_output_tokens")),
        TurnStop::Filter => ("incomplete", Some("content_filter")),
    };
    let output = items(turn)
        .into_iter()
        .map(|streamed| streamed.item)
        .collect();
    let usage = json!({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 15});
    response(status, reason, output, usage)
}

pub(super) fn whole(turn: &Turn) -> Value {
    finished(turn)
}

pub(super) fn stream(turn: &Turn) -> Vec<Piece> {
    let begun = response("in_progress", None, Vec::new(), Value::Null);
    let mut events = vec![
        (
            json!({"type": "response.created", "response": begun}),
            Part::Words,
        ),
        (
            json!({"type": "response.in_progress", "response": begun}),
            Part::Words,
        ),
    ];
    for (index, streamed) in items(turn).into_iter().enumerate() {
        let part = streamed.part;
        let added = json!({"type": "response.output_item.added", "output_index": index, "item": streamed.begun});
        events.push((added, part));
        events.extend(streamed.events.into_iter().map(|event| (event, part)));
        let done = json!({"type": "response.output_item.done", "output_index": index, "item": streamed.item});
        events.push((done, part));
    }
    let last = finished(turn);
    let kind = format!("response.{}", last["status"].as_str().unwrap_or_default());
    events.push((json!({"type": kind, "response": last}), Part::End));
    let number = |(at, (mut event, part)): (usize, (Value, Part))| {
        event["sequence_number"] = json!(at);
        (named(&event), part)
    };
    events.into_iter().enumerate().map(number).collect()
}
