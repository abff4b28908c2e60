//! Streams that break off, contradict themselves, grow without end, or number their calls in one of
//! the ways that servers have invented.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use serde_json::{Value, json};
use tribune_wire::anthropic::MessageFold;
use tribune_wire::gemini::{self, GenerateFold};
use tribune_wire::openai::chat::ChatFold;
use tribune_wire::openai::responses::ResponseFold;
use tribune_wire::stream::{Event, Fold, Limits, News, StreamError};
use tribune_wire::{Answer, Call, Stop};

fn fold<F: Fold>(limits: Limits, events: &[Value]) -> Result<(F::Whole, Vec<News>), StreamError> {
    let mut fold = F::new(limits);
    let mut news = Vec::new();
    for event in events {
        let text = match event {
            Value::String(text) => text.clone(),
            event => event.to_string(),
        };
        let event = Event {
            name: "",
            data: &text,
        };
        let _ = fold.event(event, &mut news)?;
    }
    Ok((fold.finish()?, news))
}

fn failure<F: Fold>(events: &[Value]) -> StreamError {
    fold::<F>(Limits::default(), events).map(drop).unwrap_err()
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn calls(events: &[Value]) -> Vec<(String, String, String)> {
    let (whole, news) = fold::<ChatFold>(Limits::default(), events).unwrap();
    let told: Vec<Call> = news
        .into_iter()
        .filter_map(|news| match news {
            News::Call(call) => Some(call),
            _ => None,
        })
        .collect();
    assert_eq!(told, whole.calls());
    told.into_iter()
        .map(|call| (call.id, call.name, call.arguments))
        .collect()
}

fn call(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.to_owned(), name.to_owned(), arguments.to_owned())
}

#[test]
fn calls_are_numbered_in_many_ways() {
    let piece = |piece: Value| delta(json!({"tool_calls": [piece]}));
    let both = [call("a", "f", "{\"x\":1}"), call("b", "g", "{}")];
    // By index, the pieces of two calls in turns.
    let in_turns = [
        piece(json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\""}})),
        piece(json!({"index": 1, "id": "b", "function": {"name": "g", "arguments": "{"}})),
        piece(json!({"index": 0, "function": {"arguments": ":1}"}})),
        piece(json!({"index": 1, "function": {"arguments": "}"}})),
        finish("tool_calls"),
    ];
    assert_eq!(calls(&in_turns), both);
    // Whole calls, all under one number, or under none.
    for index in [json!(0), Value::Null] {
        let whole = [
            piece(
                json!({"index": index, "id": "a", "function": {"name": "f", "arguments": "{\"x\":1}"}}),
            ),
            piece(json!({"index": index, "id": "b", "function": {"name": "g", "arguments": "{}"}})),
            finish("stop"),
        ];
        assert_eq!(calls(&whole), both);
    }
    // Id and name again and again.
    let again = [
        piece(json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\""}})),
        piece(json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": ":1}"}})),
        finish("tool_calls"),
    ];
    assert_eq!(calls(&again), both[..1]);
    // Without ids at all, and a call in the older form.
    let bare = [
        piece(json!({"function": {"name": "f", "arguments": {"x": 1}}})),
        piece(json!({"function": {"name": "g", "arguments": "{}"}})),
        delta(json!({"function_call": {"name": "h", "arguments": "{"}})),
        delta(json!({"function_call": {"arguments": "}"}})),
        finish("function_call"),
    ];
    assert_eq!(
        calls(&bare),
        [
            call("", "f", "{\"x\":1}"),
            call("", "g", "{}"),
            call("", "h", "{}")
        ]
    );
}

#[test]
fn a_call_is_told_only_when_it_is_complete() {
    let mut fold = ChatFold::new(Limits::default());
    let mut news = Vec::new();
    let mut tell = |event: Value| {
        let data = event.to_string();
        let _ = fold
            .event(
                Event {
                    name: "",
                    data: &data,
                },
                &mut news,
            )
            .unwrap();
        news.len()
    };
    let piece = json!({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]});
    assert_eq!(tell(delta(piece)), 0);
    assert_eq!(tell(json!({"choices": []})), 0);
    assert_eq!(tell(finish("tool_calls")), 1);
    assert_eq!(tell(json!({"choices": [], "usage": {}})), 1);
    let late = delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}));
    let late = [delta(json!({})), finish("stop"), late];
    assert_eq!(
        failure::<ChatFold>(&late),
        StreamError::Broken("a piece of a call after the end")
    );
}

#[test]
fn several_answers_are_kept_apart() {
    let piece =
        |index: u64, text: &str| json!({"choices": [{"index": index, "delta": {"content": text}}]});
    let end = |index: u64| json!({"choices": [{"index": index, "finish_reason": "stop"}]});
    let events = [
        piece(1, "b"),
        piece(0, "a"),
        piece(1, "d"),
        piece(0, "c"),
        end(0),
        end(1),
    ];
    let (whole, _) = fold::<ChatFold>(Limits::default(), &events).unwrap();
    let texts: Vec<String> = whole
        .choices
        .get()
        .unwrap()
        .iter()
        .map(|choice| choice.message.get().unwrap().text())
        .collect();
    assert_eq!(texts, ["ac", "bd"], "in the order of their numbers");
    assert_eq!(failure::<ChatFold>(&events[..5]), StreamError::EndedEarly);
}

#[test]
fn errors_in_the_middle_say_what_the_provider_said() {
    let said = |error: StreamError| match error {
        StreamError::Provider(error) => {
            (error.status, error.name.unwrap_or_default(), error.message)
        }
        other => panic!("{other:?}"),
    };
    let expected = |status: Option<u16>, name: &str| (status, name.to_owned(), "busy".to_owned());
    for (event, status, name) in [
        (
            json!({"error": {"message": "busy", "code": 502}}),
            Some(502),
            "",
        ),
        (
            json!({"error": {"message": "busy", "type": "server_error", "code": null}}),
            None,
            "server_error",
        ),
        (json!({"error": "busy"}), None, ""),
        (
            json!({"object": "error", "message": "busy", "type": "x"}),
            None,
            "x",
        ),
        (
            json!({"choices": [{"index": 0, "error": {"message": "busy", "code": 429}, "finish_reason": "error"}]}),
            Some(429),
            "",
        ),
    ] {
        let events = [delta(json!({"content": "I"})), event];
        assert_eq!(said(failure::<ChatFold>(&events)), expected(status, name));
    }
    let overloaded =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}});
    assert_eq!(
        said(failure::<MessageFold>(&[overloaded])),
        expected(Some(529), "overloaded_error")
    );
    let exhausted =
        json!({"error": {"code": 429, "message": "busy", "status": "RESOURCE_EXHAUSTED"}});
    assert_eq!(
        said(failure::<GenerateFold>(&[exhausted])),
        expected(Some(429), "RESOURCE_EXHAUSTED")
    );
    for event in [
        json!({"type": "error", "code": "server_error", "message": "busy", "param": null}),
        json!({"type": "error", "error": {"type": "server_error", "message": "busy"}}),
        json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error", "message": "busy"}}}),
    ] {
        assert_eq!(
            said(failure::<ResponseFold>(&[event])),
            expected(None, "server_error")
        );
    }
}

#[test]
fn how_long_gemini_asks_to_wait() {
    let error: gemini::error::ErrorResponse =
        serde_json::from_value(json!({"error": {"code": 429, "details": [
        {"@type": "type.googleapis.com/google.rpc.Help"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"}]}}))
        .unwrap();
    let delay = error.error.get().unwrap().retry_delay();
    assert_eq!(delay, Some(std::time::Duration::from_millis(12_500)));
}

#[test]
fn arguments_that_contradict_themselves_are_an_error() {
    let added = json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call"}});
    let piece = json!({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{\"path\":\"/tmp\"}"});
    let item = json!({"type": "function_call", "call_id": "c", "name": "rm", "arguments": "{\"path\":\"/srv\"}"});
    let done = json!({"type": "response.output_item.done", "output_index": 0, "item": item});
    let broken = StreamError::Broken("arguments that are not their pieces");
    assert_eq!(
        failure::<ResponseFold>(&[added.clone(), piece, done.clone()]),
        broken
    );

    // A last event that shows another call than was streamed: both are told.
    let other = json!({"type": "function_call", "call_id": "c", "name": "rm", "arguments": "{\"path\":\"/etc\"}"});
    let end = json!({"type": "response.completed", "response": {"status": "completed", "output": [other]}});
    let (_, news) = fold::<ResponseFold>(Limits::default(), &[added, done, end]).unwrap();
    assert_eq!(news.len(), 2);
}

#[test]
fn blocks_out_of_order_are_an_error() {
    let start = json!({"type": "message_start", "message": {"content": []}});
    let block = |index: u64| json!({"type": "content_block_start", "index": index, "content_block": {"type": "text"}});
    let text = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}});
    let stop = json!({"type": "content_block_stop", "index": 0});
    let end = json!({"type": "message_stop"});
    let broken = |events: &[&Value]| {
        let events: Vec<Value> = events.iter().map(|event| (*event).clone()).collect();
        matches!(failure::<MessageFold>(&events), StreamError::Broken(_))
    };
    let (first, second) = (block(0), block(1));
    assert!(broken(&[&first]));
    assert!(broken(&[&start, &second]));
    assert!(broken(&[&start, &text]));
    assert!(broken(&[&start, &first, &stop, &text]));
    assert!(broken(&[&start, &first, &end]));
    assert!(broken(&[&start, &start]));
    assert!(broken(&[&start, &end, &first]));
}

#[test]
fn calls_of_gemini_in_pieces_are_an_error() {
    let piece = json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "willContinue": true}}]}}]});
    assert!(matches!(
        failure::<GenerateFold>(&[piece]),
        StreamError::Broken(_)
    ));
}

#[test]
fn nothing_grows_without_end() {
    let limits = Limits {
        event_bytes: 1_000,
        message_bytes: 100_000,
        blocks: 10,
        ..Limits::default()
    };
    let too_large = |outcome: Result<(), StreamError>| match outcome {
        Err(StreamError::TooLarge { .. }) => {}
        other => panic!("{other:?}"),
    };
    let many = |event: Value| vec![event; 1_000];
    let words = "x".repeat(500);
    let chat = [
        delta(json!({"content": words})),
        delta(json!({"unheard_of": words})),
        delta(json!({"list": [{"a": 1}]})),
        delta(json!({"tool_calls": [{"id": "", "function": {"name": "f"}}]})),
        delta(json!({"content": [{"type": "text", "text": ""}]})),
    ];
    for event in chat {
        too_large(fold::<ChatFold>(limits.clone(), &many(event)).map(drop));
    }
    let choices: Vec<Value> = (0..1_000)
        .map(|index| json!({"choices": [{"index": index}]}))
        .collect();
    too_large(fold::<ChatFold>(limits.clone(), &choices).map(drop));
    let keys: Vec<Value> = (0..1_000)
        .map(|key| json!({ format!("k{key}"): words }))
        .collect();
    too_large(fold::<ChatFold>(limits.clone(), &keys).map(drop));

    let mut anthropic = vec![
        json!({"type": "message_start", "message": {}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}}),
    ];
    let piece =
        json!({"type": "content_block_delta", "index": 0, "delta": {"partial_json": words}});
    anthropic.extend(many(piece));
    too_large(fold::<MessageFold>(limits.clone(), &anthropic).map(drop));
    let parts = json!({"candidates": [{"content": {"parts": [{"functionCall": {}}]}}]});
    too_large(fold::<GenerateFold>(limits.clone(), &many(parts)).map(drop));
    let items: Vec<Value> = (0..1_000)
        .map(|index| json!({"type": "response.output_item.added", "output_index": index, "item": {}}))
        .collect();
    too_large(fold::<ResponseFold>(limits.clone(), &items).map(drop));
    too_large(fold::<ChatFold>(limits, &[json!({"x": "y".repeat(2_000)})]).map(drop));
}

#[test]
fn empty_answers_are_what_they_are() {
    let (whole, _) = fold::<ChatFold>(
        Limits::default(),
        &[json!({"choices": []}), json!("[DONE]")],
    )
    .unwrap();
    assert_eq!(whole.choices.get().map(Vec::len), Some(0));
    assert_eq!((whole.end().stop, whole.end().word), (Stop::Other, None));
    assert_eq!(
        failure::<ChatFold>(&[json!({"choices": []})]),
        StreamError::EndedEarly
    );
    assert_eq!(failure::<ChatFold>(&[]), StreamError::EndedEarly);
    assert_eq!(
        failure::<GenerateFold>(&[json!({"candidates": []})]),
        StreamError::EndedEarly
    );
}
