//! The stand-in does what its script says, seen from plain sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use tribune_testkit::provider::{Provider, Reply, chat_calls, chat_text};

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
