//! Any JSON, with the names that the protocols know, so that known fields meet values of every
//! type.
#![allow(dead_code, reason = "each test uses its part")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names that the types know.
const NAMES: &[&str] = &[
    "action",
    "args",
    "arguments",
    "blockReason",
    "call_id",
    "candidates",
    "choices",
    "code",
    "content",
    "content_block",
    "content_index",
    "contents",
    "cost",
    "created",
    "custom",
    "data",
    "delta",
    "details",
    "encrypted_content",
    "error",
    "finishReason",
    "finish_reason",
    "function",
    "functionCall",
    "functionDeclarations",
    "functionResponse",
    "function_call",
    "id",
    "incomplete_details",
    "index",
    "inlineData",
    "input",
    "input_schema",
    "input_tokens",
    "item",
    "logprobs",
    "message",
    "messages",
    "model",
    "models",
    "name",
    "object",
    "output",
    "output_index",
    "parameters",
    "parametersJsonSchema",
    "part",
    "partial_json",
    "parts",
    "promptFeedback",
    "prompt_tokens",
    "prompt_tokens_details",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "response",
    "rest",
    "role",
    "seed",
    "signature",
    "source",
    "status",
    "stop_reason",
    "stream",
    "summary",
    "system",
    "systemInstruction",
    "system_fingerprint",
    "temperature",
    "text",
    "thinking",
    "thought",
    "thoughtSignature",
    "tool_call_id",
    "tool_calls",
    "tool_use_id",
    "tools",
    "type",
    "unheard_of",
    "usage",
    "usageMetadata",
];

/// Words that stand for something in a protocol.
const WORDS: &[&str] = &[
    "stop",
    "tool_calls",
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.completed",
    "response.incomplete",
    "response.failed",
    "function_call",
    "text",
    "thinking",
    "tool_use",
    "message",
    "reasoning",
    "assistant",
    "STOP",
    "SAFETY",
    "error",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(NAMES).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Any JSON.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_u64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            any_object(inner).prop_map(Value::Object),
        ]
    })
}

/// An object of such values.
pub(crate) fn any_object(
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((name(), value), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

/// Something that looks like an event.
pub(crate) fn any_event() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(WORDS);
    (
        any_object(any_value()),
        kind,
        0..3_u64,
        any_value(),
        any::<bool>(),
    )
        .prop_map(|(object, kind, index, inner, is_near)| {
            let mut event = Value::Object(object);
            event["type"] = json!(kind);
            event["index"] = json!(index);
            event["output_index"] = json!(index);
            if is_near {
                event["choices"] =
                    json!([{"index": 0, "delta": {"tool_calls": [inner], "content": inner}}]);
                event["candidates"] = json!([{"content": {"parts": [inner]}}]);
                event["content_block"] = json!({"type": "tool_use", "input": inner});
                event["item"] = json!({"type": "function_call", "arguments": inner});
                event["delta"] = json!({"partial_json": "{", "text": "x", "rest": inner});
            }
            event
        })
}
