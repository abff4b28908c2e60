//! The stand-ins, which know nothing of these types and which the official SDKs accept, are read and
//! folded as they should be: whole and streamed answers are the same, and every fault is an error.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::io::{Read, Write};
use std::net::TcpStream;

use serde::Serialize;
use serde_json::{Value, json};
use tribune_testkit::provider::{At, Fault, Form, Protocol, Provider, Reply, SEAL, Turn, TurnStop};
use tribune_wire::anthropic::{self, MessageFold};
use tribune_wire::gemini::{self, GenerateFold};
use tribune_wire::json::{ReadError, read};
use tribune_wire::openai::chat::ChatFold;
use tribune_wire::openai::models::ModelList;
use tribune_wire::openai::responses::ResponseFold;
use tribune_wire::stream::{Fold, Limits, News, Stream, StreamError};
use tribune_wire::{Answer, Json, Stop};

/// Sends a request and gives the status and the bytes that came until the connection closed. The
/// old version of HTTP keeps the body in one piece.
fn ask(provider: &Provider, method: &str, path: &str, headers: &str, body: &str) -> (u16, Vec<u8>) {
    let address = provider.root_url().replace("http://", "");
    let mut line = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        line,
        "{method} {path} HTTP/1.0\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut bytes = Vec::new();
    // A reset is what some faults are; what came before it stays.
    let _ = line.read_to_end(&mut bytes);
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return (0, bytes);
    };
    let status = String::from_utf8_lossy(&bytes[9..12]).parse().unwrap();
    (status, bytes.split_off(end + 4))
}

fn ask_turn(provider: &Provider, protocol: Protocol, form: Form) -> (u16, Vec<u8>) {
    let is_streamed = form != Form::Whole;
    let path = match (protocol, form) {
        (Protocol::OpenAiChat, _) => "/v1/chat/completions",
        (Protocol::OpenAiResponses, _) => "/v1/responses",
        (Protocol::Anthropic, _) => "/v1/messages?beta=true",
        (Protocol::Gemini, Form::Whole) => "/v1beta/models/stand-in:generateContent",
        (Protocol::Gemini, Form::Events) => "/v1beta/models/stand-in:streamGenerateContent?alt=sse",
        (Protocol::Gemini, Form::Array) => "/v1beta/models/stand-in:streamGenerateContent",
    };
    let body = json!({"stream": is_streamed, "stream_options": {"include_usage": true}});
    ask(provider, "POST", path, "", &body.to_string())
}

/// Every way in which a turn can be asked for as a stream.
const STREAMS: [(Protocol, Form); 5] = [
    (Protocol::OpenAiChat, Form::Events),
    (Protocol::OpenAiResponses, Form::Events),
    (Protocol::Anthropic, Form::Events),
    (Protocol::Gemini, Form::Events),
    (Protocol::Gemini, Form::Array),
];

/// What came of a stream.
type Folded = Result<(Value, Stop, Vec<News>), StreamError>;

fn fold(protocol: Protocol, form: Form, bytes: &[u8]) -> Folded {
    match protocol {
        Protocol::OpenAiChat => fold_as::<ChatFold>(form, bytes),
        Protocol::OpenAiResponses => fold_as::<ResponseFold>(form, bytes),
        Protocol::Anthropic => fold_as::<MessageFold>(form, bytes),
        Protocol::Gemini => fold_as::<GenerateFold>(form, bytes),
    }
}

fn fold_as<F: Fold>(form: Form, bytes: &[u8]) -> Folded
where
    F::Whole: Serialize,
{
    let limits = Limits {
        event_bytes: 1 << 20,
        ..Limits::default()
    };
    let mut stream: Stream<F> = match form {
        Form::Array => Stream::array(limits),
        Form::Whole | Form::Events => Stream::sse(limits),
    };
    let mut news = Vec::new();
    for piece in bytes.chunks(11) {
        stream.push(piece, &mut news)?;
    }
    let whole = stream.finish(&mut news)?;
    let stop = whole.end().stop;
    Ok((serde_json::to_value(&whole).unwrap(), stop, news))
}

fn turn() -> Turn {
    Turn::text("I look first – ä \u{1f600}.")
        .reasoning("It is best to look.")
        .call("call_1", "look", json!({"path": "/srv/ä"}))
        .call("call_2", "look", json!({"deep": {"n": 1.5}}))
}

#[test]
fn a_streamed_turn_is_the_whole_one() {
    let provider = Provider::start(|_| Reply::Turn(turn()));
    for (protocol, form) in STREAMS {
        let (_, bytes) = ask_turn(&provider, protocol, Form::Whole);
        let mut whole: Value = serde_json::from_slice(&bytes).unwrap();
        let (_, bytes) = ask_turn(&provider, protocol, form);
        let (folded, stop, news) = fold(protocol, form, &bytes).unwrap();
        if protocol == Protocol::Gemini {
            // Streamed, an empty text stands in the last piece.
            let parts = whole["candidates"][0]["content"]["parts"]
                .as_array_mut()
                .unwrap();
            parts.push(json!({"text": ""}));
        }
        assert_eq!(folded, whole, "{protocol:?} {form:?}");
        assert!(folded.to_string().contains(SEAL));
        assert_eq!(stop, Stop::Calls, "{protocol:?}");
        let calls = news.iter().filter(|news| matches!(news, News::Call(_)));
        assert_eq!(calls.count(), 2, "{protocol:?}");
    }
}

#[test]
fn refusals_filters_and_limits_are_told_apart() {
    for (stop, expected) in [
        (TurnStop::Natural, [Stop::Finished; 4]),
        (TurnStop::Length, [Stop::Length; 4]),
        (
            TurnStop::Filter,
            [
                Stop::Filtered,
                Stop::Filtered,
                Stop::Refused,
                Stop::Filtered,
            ],
        ),
        (
            TurnStop::Refusal,
            [Stop::Refused, Stop::Refused, Stop::Refused, Stop::Filtered],
        ),
    ] {
        let provider = Provider::start(move |_| Reply::Turn(Turn::text("No.").stop(stop)));
        for (protocol, expected) in Protocol::ALL.into_iter().zip(expected) {
            let (_, bytes) = ask_turn(&provider, protocol, Form::Events);
            let (_, found, _) = fold(protocol, Form::Events, &bytes).unwrap();
            assert_eq!(found, expected, "{protocol:?} {stop:?}");
        }
    }
}

#[test]
fn every_cut_is_an_error_wherever_it_is() {
    for at in [At::BeforeCall, At::InCall, At::AfterCall] {
        for is_clean in [true, false] {
            let fault = Fault::Cut { at, is_clean };
            let provider = Provider::start(move |_| Reply::Faulty(turn(), fault));
            for (protocol, form) in STREAMS {
                let (status, bytes) = ask_turn(&provider, protocol, form);
                assert_eq!(status, 200);
                assert!(bytes.len() > 50, "it began: {protocol:?} {at:?}");
                let text = String::from_utf8_lossy(&bytes);
                assert_eq!(
                    text.contains("\"look\""),
                    at != At::BeforeCall,
                    "{protocol:?} {at:?}"
                );
                assert_eq!(
                    fold(protocol, form, &bytes).map(drop),
                    Err(StreamError::EndedEarly),
                    "{protocol:?} {form:?} {fault:?}"
                );
                let (_, bytes) = ask_turn(&provider, protocol, Form::Whole);
                let whole = read::<ModelList>(&bytes, 1 << 20, 1_000);
                assert!(
                    matches!(whole, Err(ReadError::NotJson(_))),
                    "{protocol:?} {fault:?}"
                );
            }
        }
    }
}

#[test]
fn other_faults_are_errors_too() {
    for (fault, is_right) in [
        (
            Fault::Garbage,
            (|error| {
                matches!(
                    error,
                    StreamError::NotUtf8 | StreamError::EndedEarly | StreamError::Broken(_)
                )
            }) as fn(&StreamError) -> bool,
        ),
        (Fault::HalfCharacter, |error| {
            *error == StreamError::EndedEarly
        }),
        (Fault::Huge(100 << 20), |error| {
            matches!(error, StreamError::TooLarge { .. })
        }),
        (Fault::WrongForm, |error| *error == StreamError::EndedEarly),
    ] {
        let provider = Provider::start(move |_| Reply::Faulty(turn(), fault));
        for (protocol, form) in STREAMS {
            // One protocol has both framings, and 100 MiB take their time.
            if matches!(fault, Fault::Huge(_)) && protocol != Protocol::Gemini {
                continue;
            }
            let (_, bytes) = ask_turn(&provider, protocol, form);
            if matches!(fault, Fault::Huge(_)) {
                assert!(bytes.len() >= 100 << 20);
            }
            let error = match (fold(protocol, form, &bytes), fault, form) {
                // A whole answer of Gemini's is a list of one piece without its brackets.
                (Ok(_), Fault::WrongForm, Form::Array) => continue,
                (outcome, ..) => outcome.map(drop).unwrap_err(),
            };
            assert!(
                is_right(&error),
                "{protocol:?} {form:?} {fault:?} {error:?}"
            );
        }
    }
    let slow = Fault::Drip {
        bytes: 200,
        pause: std::time::Duration::from_millis(1),
    };
    let provider = Provider::start(move |_| Reply::Faulty(turn(), slow));
    let (_, bytes) = ask_turn(&provider, Protocol::Anthropic, Form::Events);
    assert!(fold(Protocol::Anthropic, Form::Events, &bytes).is_ok());
}

#[test]
fn a_connection_that_closes_says_nothing() {
    let provider = Provider::queue(vec![Reply::Close, Reply::Turn(turn())]);
    assert_eq!(
        ask_turn(&provider, Protocol::OpenAiChat, Form::Whole),
        (0, Vec::new())
    );
    assert_eq!(
        ask_turn(&provider, Protocol::OpenAiChat, Form::Whole).0,
        200
    );
    assert_eq!(provider.completions().len(), 2);
}

#[test]
fn errors_have_each_protocols_envelope() {
    fn stated<T: Json>(bytes: &[u8]) -> T {
        read(bytes, 1 << 20, 1_000).unwrap()
    }
    for status in [429_u16, 500, 529] {
        let provider = Provider::start(move |_| Reply::Error(status, Some("7".to_owned())));
        for protocol in Protocol::ALL {
            let (found, bytes) = ask_turn(&provider, protocol, Form::Events);
            assert_eq!(found, status);
            let name = match protocol {
                Protocol::OpenAiChat | Protocol::OpenAiResponses => {
                    let error: tribune_wire::openai::error::ErrorResponse = stated(&bytes);
                    error.error.get().unwrap().stated().name
                }
                Protocol::Anthropic => {
                    let error: anthropic::error::ErrorResponse = stated(&bytes);
                    let error = error.error.get().unwrap().stated();
                    assert_eq!(error.status, Some(status));
                    error.name
                }
                Protocol::Gemini => {
                    let error: gemini::error::ErrorResponse = stated(&bytes);
                    let error = error.error.get().unwrap().stated();
                    assert_eq!(error.status, Some(status));
                    error.name
                }
            };
            assert!(name.is_some(), "{protocol:?} {status}");
        }
    }
}

#[test]
fn each_protocol_lists_its_models() {
    let provider = Provider::start(|_| Reply::Turn(turn()));
    let list = |path: &str, headers: &str| ask(&provider, "GET", path, headers, "").1;
    let openai: ModelList = read(&list("/v1/models", ""), 1 << 20, 1_000).unwrap();
    assert_eq!(
        openai.names().collect::<Vec<_>>(),
        ["stand-in", "stand-in-mini"]
    );
    let of_anthropic = list("/v1/models", "anthropic-version: 2023-06-01\r\n");
    let anthropic: anthropic::ModelList = read(&of_anthropic, 1 << 20, 1_000).unwrap();
    assert_eq!(
        anthropic.names().collect::<Vec<_>>(),
        ["stand-in", "stand-in-mini"]
    );
    assert_eq!(anthropic.has_more.get(), Some(&false));
    for (path, headers) in [
        ("/v1beta/models", ""),
        ("/v1/models", "x-goog-api-key: x\r\n"),
    ] {
        let gemini: gemini::ModelList = read(&list(path, headers), 1 << 20, 1_000).unwrap();
        assert_eq!(
            gemini.names().collect::<Vec<_>>(),
            ["stand-in", "stand-in-mini"]
        );
    }
}
