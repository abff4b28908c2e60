//! Chat completions survive being read and written: golden files, and any JSON object at all.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tribune_wire::Field;
use tribune_wire::openai::chat::{ChatRequest, ChatResponse, FinishReason, Message};
use tribune_wire::openai::error::ErrorResponse;
use tribune_wire::openai::models::ModelList;

/// Reads a value as a type and checks that writing it gives the value back.
fn whole<T: DeserializeOwned + Serialize>(value: &Value) -> T {
    let typed: T = serde_json::from_value(value.clone()).expect("any object can be read");
    assert_eq!(&serde_json::to_value(&typed).unwrap(), value);
    typed
}

fn response(text: &str) -> ChatResponse {
    whole(&serde_json::from_str(text).unwrap())
}

#[test]
fn an_answer_in_words() {
    let response = response(include_str!("golden/chat/response-text.json"));
    let choice = response.first().unwrap();
    let message = choice.message.get().unwrap();
    assert_eq!(message.text(), "The disk has 12 GB free again.");
    assert_eq!(message.refusal, Field::Null);
    assert_eq!(message.refusal(), None);
    assert_eq!(choice.finish_reason.get(), Some(&FinishReason::Stop));
    assert_eq!(response.model.text(), Some("gpt-5.2-2025-12-11"));
    assert_eq!(response.system_fingerprint.text(), Some("fp_44709d6fcb"));
    let usage = response.usage.get().unwrap();
    assert_eq!(
        (usage.prompt_tokens.whole(), usage.completion_tokens.whole()),
        (Some(412), Some(11))
    );
    assert_eq!(usage.cost.float(), None);
}

#[test]
fn calls_in_their_order_with_their_arguments_as_sent() {
    let response = response(include_str!("golden/chat/response-calls.json"));
    let choice = response.first().unwrap();
    let message = choice.message.get().unwrap();
    let calls: Vec<_> = message
        .calls()
        .iter()
        .map(|call| (call.id(), call.name(), call.arguments()))
        .collect();
    assert_eq!(
        calls,
        [
            (
                "call_a1",
                "read_file",
                "{ \"path\" : \"/etc/cleanup.toml\" }".to_owned()
            ),
            ("call_a2", "list_files", "{\"path\": \"/srv".to_owned()),
        ]
    );
    assert_eq!(message.text(), "");
    assert_eq!(choice.finish_reason.get(), Some(&FinishReason::ToolCalls));
}

#[test]
fn reasoning_cost_and_fields_that_nobody_knows() {
    let response = response(include_str!("golden/chat/response-reasoning.json"));
    let message = response.first().unwrap().message.get().unwrap();
    assert_eq!(
        message.shown_reasoning(),
        Some("The order is clear, so I carry it out.")
    );
    assert!(message.rest.contains_key("reasoning_details"));
    assert_eq!(response.usage.get().unwrap().cost.float(), Some(0.00042));
}

#[test]
fn a_refusal() {
    let response = response(include_str!("golden/chat/response-refusal.json"));
    let message = response.first().unwrap().message.get().unwrap();
    assert_eq!(message.refusal(), Some("I cannot help with that."));
}

#[test]
fn odd_fields_do_not_lose_the_answer() {
    let response = response(include_str!("golden/chat/response-odd.json"));
    let choice = response.first().unwrap();
    assert_eq!(
        choice.finish_reason.get(),
        Some(&FinishReason::Other(
            "insufficient_system_resource".to_owned()
        ))
    );
    let calls = choice.message.get().unwrap().calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].arguments(), "{\"not\":\"text\"}");
    let usage = response.usage.get().unwrap();
    assert_eq!(
        (usage.prompt_tokens.whole(), usage.completion_tokens.whole()),
        (Some(12), None)
    );
}

#[test]
fn a_request_is_written_with_its_messages_last() {
    let request: ChatRequest =
        whole(&serde_json::from_str(include_str!("golden/chat/request.json")).unwrap());
    assert_eq!(request.messages.get().map(Vec::len), Some(4));
    assert!(request.rest.contains_key("parallel_tool_calls"));
    let plain = ChatRequest {
        model: "m".to_owned().into(),
        seed: serde_json::Number::from(1).into(),
        messages: vec![Message::of("user", "hello")].into(),
        ..ChatRequest::default()
    };
    insta::assert_snapshot!(serde_json::to_string(&plain).unwrap());
}

#[test]
fn errors_say_their_name_or_status() {
    let error = |value: Value| whole::<ErrorResponse>(&value).error.get().cloned().unwrap();
    let named = error(json!({"error": {"message": "no", "code": "model_not_found", "x": 1}}));
    assert_eq!(
        (named.name(), named.status()),
        (Some("model_not_found"), None)
    );
    let numbered = error(json!({"error": {"message": "no", "code": 429}, "user_id": "u"}));
    assert_eq!((numbered.name(), numbered.status()), (None, Some(429)));
    let odd = error(json!({"error": {"code": 99999999}}));
    assert_eq!((odd.name(), odd.status()), (None, None));
}

#[test]
fn the_list_of_models() {
    let list: ModelList = whole(
        &json!({"object": "list", "data": [{"id": "a", "object": "model"}, {"id": null}, {"id": "b"}]}),
    );
    assert_eq!(list.names().collect::<Vec<_>>(), ["a", "b"]);
}

/// Names that the types know, so that objects hit known fields with values of every type.
const NAMES: &[&str] = &[
    "id",
    "model",
    "choices",
    "usage",
    "error",
    "message",
    "messages",
    "finish_reason",
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "function",
    "name",
    "arguments",
    "refusal",
    "type",
    "text",
    "reasoning",
    "reasoning_content",
    "prompt_tokens",
    "cost",
    "code",
    "data",
    "tools",
    "parameters",
    "temperature",
    "seed",
    "stream",
    "system_fingerprint",
    "unheard_of",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("stop")),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            any_object(inner).prop_map(Value::Object),
        ]
    })
}

fn any_object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        9 => prop::sample::select(NAMES).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn any_object_survives(object in any_object(any_value())) {
        let value = Value::Object(object);
        whole::<ChatResponse>(&value);
        whole::<ChatRequest>(&value);
        whole::<Message>(&value);
        whole::<ErrorResponse>(&value);
        whole::<ModelList>(&value);
    }

    #[test]
    fn any_object_survives_as_text(object in any_object(any_value()), fraction in any::<f64>()) {
        let mut object = object;
        object.insert("fraction".to_owned(), Value::from(fraction));
        let text = Value::Object(object).to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        whole::<Message>(&value);
        prop_assert_eq!(value.to_string(), text);
    }

    #[test]
    fn any_text_of_arguments_survives(text in any::<String>()) {
        let value = json!({"tool_calls": [{"id": "x", "function": {"name": "f", "arguments": text}}]});
        prop_assert_eq!(whole::<Message>(&value).calls()[0].arguments(), text);
    }
}
