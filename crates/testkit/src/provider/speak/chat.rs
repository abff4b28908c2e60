//! Chat completions.

use serde_json::{Value, json};

use super::{CREATED, MODEL, Part, Piece, data};
use crate::provider::turn::{SEAL, Turn, TurnStop, pieces};

fn finish_reason(turn: &Turn) -> &'static str {
    match turn.stop {
        TurnStop::Natural if turn.calls.is_empty() => "stop",
        TurnStop::Natural => "tool_calls",
        TurnStop::Refusal => "stop",
        TurnStop::Length => "length",
        TurnStop::Filter => "content_filter",
    }
}

fn usage() -> Value {
    json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}})
}

pub(super) fn whole(turn: &Turn) -> Value {
    let words = |is_said: bool| (is_said && !turn.text.is_empty()).then_some(&turn.text);
    let is_refusal = turn.stop == TurnStop::Refusal;
    let mut message =
        json!({"role": "assistant", "content": words(!is_refusal), "refusal": words(is_refusal)});
    if !turn.reasoning.is_empty() {
        message["reasoning"] = json!(turn.reasoning);
        message["reasoning_details"] = json!([{"type": "reasoning.text", "text": turn.reasoning, "signature": SEAL, "index": 0}]);
    }
    if !turn.calls.is_empty() {
        let calls = turn.calls.iter().map(|call| {
            json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments.to_string()}})
        });
        message["tool_calls"] = calls.collect();
    }
    json!({"id": "chatcmpl-stand-in", "object": "chat.completion", "created": CREATED, "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(turn)}],
        "usage": usage(), "system_fingerprint": "fp_stand_in"})
}

pub(super) fn stream(turn: &Turn, request: &Value) -> Vec<Piece> {
    let chunk = |choices: Value| {
        json!({"id": "chatcmpl-stand-in", "object": "chat.completion.chunk", "created": CREATED,
            "model": MODEL, "system_fingerprint": "fp_stand_in", "choices": choices})
    };
    let piece = |delta: Value, finish: Option<&str>| {
        data(&chunk(
            json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]),
        ))
    };
    let mut stream = vec![(
        piece(
            json!({"role": "assistant", "content": null, "refusal": null}),
            None,
        ),
        Part::Words,
    )];
    for words in pieces(&turn.reasoning) {
        let delta = json!({"reasoning": words, "reasoning_details": [{"type": "reasoning.text", "text": words, "index": 0}]});
        stream.push((piece(delta, None), Part::Words));
    }
    if !turn.reasoning.is_empty() {
        let delta = json!({"reasoning_details": [{"type": "reasoning.text", "signature": SEAL, "index": 0}]});
        stream.push((piece(delta, None), Part::Words));
    }
    let name = if turn.stop == TurnStop::Refusal {
        "refusal"
    } else {
        "content"
    };
    for words in pieces(&turn.text) {
        stream.push((piece(json!({name: words}), None), Part::Words));
    }
    for (index, call) in turn.calls.iter().enumerate() {
        let start = json!({"tool_calls": [{"index": index, "id": call.id, "type": "function",
            "function": {"name": call.name, "arguments": ""}}]});
        stream.push((piece(start, None), Part::Call));
        for words in pieces(&call.arguments.to_string()) {
            let more = json!({"tool_calls": [{"index": index, "function": {"arguments": words}}]});
            stream.push((piece(more, None), Part::Call));
        }
    }
    stream.push((piece(json!({}), Some(finish_reason(turn))), Part::End));
    if request["stream_options"]["include_usage"] == true {
        let mut last = chunk(json!([]));
        last["usage"] = usage();
        stream.push((data(&last), Part::End));
    }
    stream.push(("data: [DONE]\n\n".to_owned(), Part::End));
    stream
}
