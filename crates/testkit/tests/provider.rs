//! The stand-in does what its script says, seen from plain sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use tribune_testkit::provider::{
    Asked, Heard, Provider, Reply, TurnCall, chat_calls, chat_text, turns,
};

/// Sends a request and reads until the server closes or `patience` is over.
fn exchange(provider: &Provider, method: &str, path: &str, body: &str) -> String {
    let url = provider.base_url();
    let address = url
        .trim_start_matches("http://")
        .trim_end_matches("/v1")
        .to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nx-test: Yes\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    // A time-out leaves what came so far.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn ask(provider: &Provider, body: &str) -> String {
    exchange(provider, "POST", "/v1/chat/completions", body)
}

#[test]
fn it_answers_and_keeps_what_it_saw() {
    let provider = Provider::start(|request| chat_text(request["model"].as_str().unwrap_or("?")));
    let answer = ask(&provider, "{\"model\":\"the name\"}");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("the name"));
    assert_eq!(provider.requests(), [json!({"model": "the name"})]);
    assert_eq!(provider.completions()[0].header("x-test"), Some("Yes"));
    assert!(exchange(&provider, "GET", "/v1/models", "").contains("stand-in-mini"));
    assert!(exchange(&provider, "GET", "/elsewhere", "").starts_with("HTTP/1.1 404"));
    assert!(ask(&provider, "not json").starts_with("HTTP/1.1 400"));
    assert_eq!(provider.seen().len(), 4);
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_queue_goes_by_arrival_and_a_script_by_conversation() {
    let queue = Provider::queue(vec![
        Reply::Status(
            429,
            vec![("Retry-After".to_owned(), "7".to_owned())],
            "slow".to_owned(),
        ),
        chat_text("second"),
    ]);
    let first = ask(&queue, "{}");
    assert!(
        first.starts_with("HTTP/1.1 429") && first.contains("retry-after: 7"),
        "{first}"
    );
    assert!(ask(&queue, "{}").contains("second"));
    assert!(ask(&queue, "{}").starts_with("HTTP/1.1 400"));

    let agent = Provider::scripted(vec![
        chat_calls(vec![("c1", "look", "{}")]),
        chat_text("done"),
    ]);
    let start = "{\"messages\":[{\"role\":\"user\"}]}";
    let later = "{\"messages\":[{\"role\":\"user\"},{\"role\":\"assistant\"},{\"role\":\"tool\"}]}";
    assert!(ask(&agent, start).contains("look"));
    assert!(ask(&agent, start).contains("look"));
    assert!(ask(&agent, later).contains("done"));
}

#[test]
fn faults_look_like_faults_and_do_not_keep_it_from_stopping() {
    let provider = Provider::queue(vec![Reply::Drop, Reply::Hang]);
    let cut = ask(&provider, "{}");
    // Chunked, begun, and never ended by the empty chunk.
    assert!(
        cut.contains("\"id\":\"cut\"") && !cut.ends_with("0\r\n\r\n"),
        "{cut}"
    );
    assert_eq!(ask(&provider, "{}"), "");
}

/// The same conversation in each protocol: a user, a turn with one call, its result.
#[test]
fn a_request_is_understood_in_every_protocol() {
    let chat = json!({"model": "m", "tools": [{"type": "function", "function": {"name": "look"}}], "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Look."}]},
        {"role": "assistant", "content": "I do.", "tool_calls": [{"id": "c", "function": {"name": "look", "arguments": "{\"n\":1}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "seen"}]});
    let responses = json!({"model": "m", "tools": [{"type": "namespace", "tools": [{"name": "look"}]}], "input": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Look."}]},
        {"type": "reasoning", "encrypted_content": "x"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I do."}]},
        {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{\"n\":1}"},
        {"type": "function_call_output", "call_id": "c", "output": "seen"}]});
    let anthropic = json!({"model": "m", "system": [{"type": "text", "text": "Be brief."}], "tools": [{"name": "look"}], "messages": [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "I do."},
            {"type": "tool_use", "id": "c", "name": "look", "input": {"n": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "seen"}]}]}]});
    let gemini = json!({"model": "m", "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [{"functionDeclarations": [{"name": "look"}]}], "contents": [
        {"role": "user", "parts": [{"text": "Look."}]},
        {"role": "model", "parts": [{"text": "x", "thought": true}, {"text": "I do."}, {"functionCall": {"id": "c", "name": "look", "args": {"n": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "c", "name": "look", "response": {"output": "seen"}}}]}]});
    let expected = Asked {
        model: "m".to_owned(),
        system: "Be brief.".to_owned(),
        tools: vec!["look".to_owned()],
        heard: vec![
            Heard::User("Look.".to_owned()),
            Heard::Model("I do.".to_owned()),
            Heard::Call(TurnCall {
                id: "c".to_owned(),
                name: "look".to_owned(),
                arguments: json!({"n": 1}),
            }),
            Heard::Result {
                call: "c".to_owned(),
                text: "seen".to_owned(),
            },
        ],
    };
    for request in [chat, responses, anthropic, gemini] {
        assert_eq!(Asked::of(&request), expected, "{request}");
        assert_eq!(turns(&request), 1, "{request}");
    }
}

#[test]
fn a_client_that_speaks_tls_is_answered_in_plain_text() {
    let provider = Provider::start(|_| Reply::Hang);
    let address = provider.tls_url().replace("https://", "");
    let mut stream = TcpStream::connect(address).unwrap();
    // The beginning of a TLS hello.
    stream
        .write_all(b"\x16\x03\x01\x00\x05hello\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
}
