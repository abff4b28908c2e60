//! Providers that hide calls, break their protocol or break off: nothing of a call passes that was
//! not judged, and the agent is told in its protocol.

mod common;

use common::*;
use serde_json::{Value, json};
use tribune_gateway::{CallEnd, Outcome, Protocol};
use tribune_testkit::provider::{At, Fault, Form, Provider, Reply};

fn ask(setup: &Setup, protocol: Protocol, form: Form, mode: &str, body: &str) -> Got {
    runtime().block_on(setup.ask(protocol, form, mode, body))
}

fn events(events: &[Value]) -> String {
    let write = |event: &Value| match event["type"].as_str() {
        Some(kind) => format!("event: {kind}\ndata: {event}\n\n"),
        None => format!("data: {event}\n\n"),
    };
    events.iter().map(write).collect()
}

/// A stream of messages around some events.
fn messages(inner: &[Value], stop: &str) -> String {
    let mut all = vec![
        json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant",
        "content": [], "model": "x", "stop_reason": null, "usage": {"input_tokens": 1, "output_tokens": 1}}}),
    ];
    all.extend_from_slice(inner);
    all.push(json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 2}}));
    all.push(json!({"type": "message_stop"}));
    events(&all)
}

fn chat(deltas: &[Value], reason: &str) -> String {
    let chunk = |delta: &Value, reason: Value| {
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "x",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let mut all: Vec<Value> = deltas
        .iter()
        .map(|delta| chunk(delta, Value::Null))
        .collect();
    all.push(chunk(&json!({}), json!(reason)));
    events(&all) + "data: [DONE]\n\n"
}

fn responses(inner: &[Value], output: &Value) -> String {
    let mut all = vec![
        json!({"type": "response.created", "response": {"id": "r", "status": "in_progress", "output": []}}),
    ];
    all.extend_from_slice(inner);
    all.push(json!({"type": "response.completed", "response": {"id": "r", "status": "completed", "output": output}}));
    events(&all)
}

fn content(parts: &Value) -> String {
    events(&[
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "index": 0, "finishReason": "STOP"}]}),
    ])
}

/// Streams in which something that could be a call stands where none should.
fn hidden() -> Vec<(Protocol, String)> {
    let text = |index: usize| {
        [
            json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": "Words."}}),
            json!({"type": "content_block_stop", "index": index}),
        ]
    };
    let block = |kind: &str| {
        let mut inner = vec![
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": kind, "id": "zzq", "name": "zzq", "input": {}}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"zzq\":1}"}}),
            json!({"type": "content_block_stop", "index": 0}),
        ];
        inner.extend(text(1));
        messages(&inner, "tool_use")
    };
    let with = |event: Value| {
        let mut inner = text(0).to_vec();
        inner.insert(2, event);
        messages(&inner, "end_turn")
    };
    let function = json!({"name": "zzq", "arguments": "{\"zzq\":1}"});
    let calls = json!([{"index": 0, "id": "zzq", "type": "function", "function": function}]);
    let item = json!({"type": "function_call", "id": "zzq", "call_id": "zzq", "name": "zzq", "arguments": "{}", "status": "completed"});
    let message = json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Words.", "annotations": []}]});
    let words = [
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "m", "role": "assistant", "status": "in_progress", "content": []}}),
        json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "m", "content_index": 0, "delta": "Words."}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message}),
    ];
    let around = |event: Value| {
        let mut inner = words.to_vec();
        inner.push(event);
        responses(&inner, &json!([message]))
    };
    vec![
        (Protocol::Messages, block("quantum_use")),
        (Protocol::Messages, block("web_search_tool_result")),
        (Protocol::Messages, block("server_tool_use")),
        (
            Protocol::Messages,
            with(json!({"type": "call_now", "name": "zzq"})),
        ),
        (
            Protocol::Messages,
            with(
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "zzq"}}),
            ),
        ),
        (
            Protocol::Messages,
            with(json!({"type": "ping", "tool_use": {"name": "zzq"}})),
        ),
        (
            Protocol::ChatCompletions,
            chat(&[json!({"content": "Words.", "toolCalls": calls})], "stop"),
        ),
        (
            Protocol::ChatCompletions,
            chat(&[json!({"content": "Words.", "tools": {"zzq": 1}})], "stop"),
        ),
        (
            Protocol::ChatCompletions,
            chat(
                &[
                    json!({"content": [{"type": "text", "text": "Words."}, {"type": "tool_use", "name": "zzq"}]}),
                ],
                "stop",
            ),
        ),
        (
            Protocol::ChatCompletions,
            chat(&[json!({"content": "Words."})], "stop").replacen(
                "\"delta\"",
                "\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"zzq\"}}]},\"delta\"",
                1,
            ),
        ),
        (
            Protocol::ChatCompletions,
            chat(
                &[
                    json!({"content": "Words."}),
                    json!({"function_call": function}),
                ],
                "function_call",
            ),
        ),
        (
            Protocol::ChatCompletions,
            chat(
                &[
                    json!({"content": "Words."}),
                    json!({"tool_calls": [{"id": "zzq", "custom": {"name": "zzq", "input": "zzq"}}]}),
                ],
                "stop",
            ),
        ),
        (
            Protocol::Responses,
            around(json!({"type": "response.magic_call.delta", "output_index": 0, "delta": "zzq"})),
        ),
        (
            Protocol::Responses,
            around(json!({"type": "response.magic", "item": item})),
        ),
        (
            Protocol::Responses,
            around(
                json!({"type": "response.in_progress", "response": {"id": "r", "output": [item]}}),
            ),
        ),
        (
            Protocol::Responses,
            around(
                json!({"type": "response.output_item.done", "output_index": 1, "item": {"type": "quantum", "name": "zzq"}}),
            ),
        ),
        (
            Protocol::Responses,
            around(json!({"type": "response.output_item.added", "output_index": 1, "item": item})),
        ),
        (
            Protocol::Responses,
            responses(&words, &json!([message, item])),
        ),
        (
            Protocol::Responses,
            responses(
                &words,
                &json!([message, {"type": "quantum", "name": "zzq"}]),
            ),
        ),
        (
            Protocol::GenerateContent,
            content(&json!([{"text": "Words."}, {"function_call": {"name": "zzq"}}])),
        ),
        (
            Protocol::GenerateContent,
            content(
                &json!([{"text": "Words."}, {"executableCode": {"code": "zzq"}}, {"codeExecutionResult": {"output": "zzq"}}]),
            ),
        ),
        (
            Protocol::GenerateContent,
            content(&json!([{"text": "Words."}, {"quantum": {"name": "zzq"}}])),
        ),
        (
            Protocol::GenerateContent,
            content(&json!([{"text": "Words."}])).replacen(
                "\"content\"",
                "\"calls\":[{\"name\":\"zzq\"}],\"content\"",
                1,
            ),
        ),
    ]
}

#[test]
fn a_call_that_hides_does_not_pass() {
    let setup = setup(obedient(), |_| ());
    for (protocol, body) in hidden() {
        // Whoever judges would deny it; what nobody judges must not pass either.
        let got = ask(&setup, protocol, Form::Events, "deny", &body);
        assert_eq!(got.status, 200);
        assert!(
            !got.text().contains("zzq"),
            "{protocol:?}\n{body}\n{}",
            got.text()
        );
        let read = read(protocol, Form::Events, &got.body);
        assert!(read.text.contains("Words."), "{}", got.text());
        assert_eq!(read.calls, []);
        let told = setup.script.take();
        assert_eq!(told.ends.len(), 1);
        let is_told = !told.ends[0].withheld.is_empty() || !told.proposals.is_empty();
        assert!(is_told, "nobody was told of it: {body}");
    }
}

#[test]
fn what_is_left_out_of_a_released_answer_is_not_the_rest() {
    let setup = setup(obedient(), |_| ());
    for (protocol, body) in hidden() {
        let got = ask(&setup, protocol, Form::Events, "release", &body);
        // All that was proposed was released; what is left must have been proposed.
        let told = setup.script.take();
        if told.proposals.is_empty() {
            assert!(!got.text().contains("zzq"), "{protocol:?} {}", got.text());
        }
    }
}

/// Streams of which two readers could read two things, and whole answers of the same kind.
#[test]
fn what_could_be_read_in_two_ways_is_not_passed() {
    let setup = setup(obedient(), |_| ());
    let call = |name: &str| json!({"type": "function_call", "id": "f", "call_id": "c", "name": name, "arguments": "{}", "status": "completed"});
    let added = |name: &str| {
        let mut item = call(name);
        item["status"] = json!("in_progress");
        item["arguments"] = json!("");
        json!({"type": "response.output_item.added", "output_index": 0, "item": item})
    };
    let done = |name: &str| json!({"type": "response.output_item.done", "output_index": 0, "item": call(name)});
    let twice = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"zzq\"}],\"content\":[]}}\n\n";
    let begun = |input: Value| {
        messages(
            &[
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "fine", "input": input}}),
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
                json!({"type": "content_block_stop", "index": 0}),
            ],
            "tool_use",
        )
    };
    let same_key = chat(&[json!({"content": "Words."})], "stop").replacen(
        "\"content\":\"Words.\"",
        "\"content\":\"zzq\",\"content\":\"Words.\"",
        1,
    );
    for (protocol, form, body) in [
        (Protocol::Responses, Form::Events, responses(&[added("zzq"), done("fine")], &json!([call("fine")]))),
        (Protocol::Responses, Form::Events, responses(&[added("fine"), done("fine")], &json!([call("zzq")]))),
        (Protocol::Messages, Form::Events, twice.to_owned()),
        (Protocol::Messages, Form::Events, begun(json!({"zzq": 1}))),
        (Protocol::ChatCompletions, Form::Events, same_key),
        (Protocol::Messages, Form::Whole, "{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"type\":\"tool_use\",\"name\":\"zzq\"}],\"stop_reason\":\"end_turn\"}".to_owned()),
        (Protocol::GenerateContent, Form::Whole, "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"zzq\",\"name\":\"fine\"}}]},\"finishReason\":\"STOP\"}]}".to_owned()),
    ] {
        let got = ask(&setup, protocol, form, "release", &body);
        assert!(!got.text().contains("zzq"), "{protocol:?}\n{body}\n{}", got.text());
        let end = setup.script.take().ends.pop().unwrap();
        assert!(matches!(end.outcome, Outcome::Failed { .. }), "{end:?}");
        assert!(end.calls.iter().all(|call| *call == CallEnd::Withheld), "{end:?}");
    }
}

#[test]
fn a_lone_carriage_return_hides_nothing_between_two_events() {
    let setup = setup(obedient(), |_| ());
    // To some readers this is one event with odd data, to others a call.
    let call = json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"name": "zzq", "arguments": "{}"}}]}}]});
    let body = format!("data: {{\"choices\":[]}}\rdata: {call}\r\r")
        + &chat(&[json!({"content": "Words."})], "stop");
    let got = ask(
        &setup,
        Protocol::ChatCompletions,
        Form::Events,
        "deny",
        &body,
    );
    assert!(!got.text().contains("zzq"), "{}", got.text());
}

#[test]
fn a_stream_that_breaks_off_lets_no_held_call_pass() {
    for protocol in Protocol::ALL {
        for fault in [
            Fault::Cut {
                at: At::InCall,
                is_clean: true,
            },
            Fault::Cut {
                at: At::AfterCall,
                is_clean: true,
            },
            Fault::Cut {
                at: At::InCall,
                is_clean: false,
            },
            Fault::Cut {
                at: At::AfterCall,
                is_clean: false,
            },
            Fault::HalfCharacter,
            Fault::Garbage,
        ] {
            for form in forms(protocol) {
                if *form == Form::Whole && matches!(fault, Fault::HalfCharacter) {
                    continue;
                }
                let provider =
                    Provider::start(move |_| Reply::Faulty(turn("Wörds.", "", 2), fault));
                let setup = setup(provider, |_| ());
                let body = request(protocol, *form, "release", &Value::Null).to_string();
                let got = runtime().block_on(send(
                    setup.address,
                    post(&path(protocol, *form, "release"), Some(AGENT_KEY), body),
                ));
                let shown = format!("{protocol:?} {form:?} {fault:?}: {}", got.text());
                assert!(!got.text().contains(MARKER), "{shown}");
                assert!(got.text().contains("\"error\""), "{shown}");
                assert_eq!(
                    got.status,
                    if *form == Form::Whole { 502 } else { 200 },
                    "{shown}"
                );
                let told = setup.script.take();
                assert_eq!((told.proposals.len(), told.ends.len()), (0, 1), "{shown}");
                assert!(
                    matches!(told.ends[0].outcome, Outcome::Failed { status: None, .. }),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn errors_of_the_provider_keep_their_status_and_lose_its_key() {
    for protocol in Protocol::ALL {
        for form in forms(protocol) {
            let provider = Provider::queue(vec![
                Reply::Error(529, None),
                Reply::Error(429, Some("7".to_owned())),
                Reply::Status(
                    401,
                    vec![],
                    format!("{{\"error\":{{\"message\":\"bad key {UPSTREAM_KEY}\"}}}}"),
                ),
                Reply::Status(500, vec![], format!("<html>{UPSTREAM_KEY} oops</html>")),
                Reply::Status(
                    302,
                    vec![("location".to_owned(), "http://elsewhere/".to_owned())],
                    String::new(),
                ),
                Reply::Close,
                Reply::Drop,
            ]);
            let setup = setup(provider, |_| ());
            for (status, given) in [
                (529, Some(529)),
                (429, Some(429)),
                (401, Some(401)),
                (500, Some(500)),
                (502, Some(302)),
                (502, None),
            ] {
                let body = request(protocol, *form, "release", &Value::Null).to_string();
                let got = runtime().block_on(send(
                    setup.address,
                    post(&path(protocol, *form, "release"), Some(AGENT_KEY), body),
                ));
                assert_eq!(got.status, status, "{protocol:?} {form:?} {}", got.text());
                let body: Value = serde_json::from_slice(&got.body).unwrap();
                assert!(body["error"]["message"].is_string(), "{body}");
                assert!(!got.text().contains(UPSTREAM_KEY));
                let end = setup.script.take().ends.pop().unwrap();
                assert!(
                    matches!(&end.outcome, Outcome::Failed { status, message } if *status == given && !message.contains(UPSTREAM_KEY)),
                    "{end:?}"
                );
            }
        }
    }
}

#[test]
fn an_error_in_the_midst_of_a_stream_is_told_without_the_key() {
    let setup = setup(obedient(), |_| ());
    let message = format!("overloaded, {UPSTREAM_KEY}");
    for (protocol, event) in [
        (
            Protocol::ChatCompletions,
            json!({"error": {"message": message, "code": 529}}),
        ),
        (
            Protocol::Responses,
            json!({"type": "error", "message": message, "code": "server_error"}),
        ),
        (
            Protocol::Messages,
            json!({"type": "error", "error": {"type": "overloaded_error", "message": message}}),
        ),
        (
            Protocol::GenerateContent,
            json!({"error": {"message": message, "code": 529, "status": "UNAVAILABLE"}}),
        ),
    ] {
        let got = ask(&setup, protocol, Form::Events, "release", &events(&[event]));
        assert!(
            got.text().contains("overloaded, [key removed]"),
            "{}",
            got.text()
        );
        assert!(!got.text().contains(UPSTREAM_KEY));
        let end = setup.script.take().ends.pop().unwrap();
        let status = (protocol != Protocol::Responses).then_some(529);
        assert!(
            matches!(&end.outcome, Outcome::Failed { status: told, message } if *told == status && !message.contains(UPSTREAM_KEY)),
            "{end:?}"
        );
    }
}

#[test]
fn another_form_than_was_asked_for_is_an_error_and_no_storm() {
    for protocol in Protocol::ALL {
        for form in forms(protocol) {
            let provider =
                Provider::start(|_| Reply::Faulty(turn("Words.", "", 1), Fault::WrongForm));
            let setup = setup(provider, |_| ());
            let body = request(protocol, *form, "deny", &Value::Null).to_string();
            let got = runtime().block_on(send(
                setup.address,
                post(&path(protocol, *form, "deny"), Some(AGENT_KEY), body),
            ));
            assert!(
                !got.text().contains(MARKER),
                "{protocol:?} {form:?} {}",
                got.text()
            );
            if *form == Form::Array {
                // One object is a list of one: it is given in the form that was asked for.
                assert!(
                    read(protocol, *form, &got.body).text.contains(DENIAL),
                    "{}",
                    got.text()
                );
            } else {
                assert_eq!(got.status, 502);
                assert!(got.text().contains("\"error\""), "{}", got.text());
            }
        }
    }
}
