//! What a stand-in answers, faults included.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::fault::{Fault, dropped, in_pieces, in_pieces_then_silent};
use super::protocol::{Form, Protocol};
use super::speak::{self, Part, Piece};
use super::turn::Turn;

/// The beginning of an answer that is never ended.
const CUT: &str = "{\"id\":\"cut\",\"choices\":[";

/// An answer of a stand-in.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A turn, in the protocol and the form in which it is asked for.
    Turn(Turn),
    /// A turn with which something goes wrong on its way.
    Faulty(Turn, Fault),
    /// An error in the protocol that was spoken: 429, 500, 529 or any other status, and the
    /// `Retry-After` header, if there is to be one.
    Error(u16, Option<String>),
    /// A status and JSON.
    Json(u16, Value),
    /// A status, headers, and text of any kind.
    Status(u16, Vec<(String, String)>, String),
    /// A body of a content type in these pieces, each of them sent on its own.
    Pieces(String, Vec<Vec<u8>>),
    /// The same, and then the connection stays open and silent.
    PiecesThenHang(String, Vec<Vec<u8>>),
    /// No answer, ever.
    Hang,
    /// Begins an answer of status 200 and closes the connection in the middle of it.
    Drop,
    /// Closes the connection before any answer.
    Close,
}

/// What becomes of a connection that waits for an answer.
pub(super) enum Outcome {
    /// It is answered.
    Answer(Response<Body>),
    /// It waits for ever.
    Wait,
    /// It is closed.
    Close,
}

impl Reply {
    /// The outcome for a request that came in a protocol, wanted a form and said something.
    pub(super) fn outcome(self, protocol: Protocol, form: Form, request: &Value) -> Outcome {
        let json = |status: u16, value: &Value| {
            let kind = [("content-type".to_owned(), "application/json".to_owned())];
            respond(status, &kind, Body::from(value.to_string()))
        };
        Outcome::Answer(match self {
            Self::Turn(turn) => {
                let pieces = pieces(protocol, form, &turn, request);
                let text: String = pieces.into_iter().map(|(text, _)| text).collect();
                respond(200, &[kind(form)], Body::from(text))
            }
            Self::Faulty(turn, fault) => {
                let form = match (fault, form) {
                    (Fault::WrongForm, Form::Whole) => Form::Events,
                    (Fault::WrongForm, _) => Form::Whole,
                    _ => form,
                };
                let kind = match fault {
                    Fault::WrongType => ("content-type".to_owned(), "text/html".to_owned()),
                    _ => kind(form),
                };
                let pieces = pieces(protocol, form, &turn, request);
                respond(200, &[kind], fault.body(&pieces, form))
            }
            Self::Error(status, wait) => {
                let message = format!("the stand-in answers with status {status}");
                let mut response = json(status, &speak::error(protocol, status, &message));
                if let Some(wait) = wait.and_then(|wait| HeaderValue::try_from(wait).ok()) {
                    response.headers_mut().insert(header::RETRY_AFTER, wait);
                }
                response
            }
            Self::Json(status, value) => json(status, &value),
            Self::Status(status, headers, text) => respond(status, &headers, Body::from(text)),
            Self::Pieces(kind, pieces) => {
                let kind = [("content-type".to_owned(), kind)];
                respond(200, &kind, in_pieces(pieces))
            }
            Self::PiecesThenHang(kind, pieces) => {
                let kind = [("content-type".to_owned(), kind)];
                respond(200, &kind, in_pieces_then_silent(pieces))
            }
            Self::Drop => respond(200, &[], dropped(Bytes::from_static(CUT.as_bytes()))),
            Self::Hang => return Outcome::Wait,
            Self::Close => return Outcome::Close,
        })
    }
}

/// The body that a turn has in a protocol and a form, for tests that cut it themselves.
#[must_use]
pub fn spoken(protocol: Protocol, form: Form, turn: &Turn) -> String {
    let pieces = pieces(protocol, form, turn, &Value::Null);
    pieces.into_iter().map(|(text, _)| text).collect()
}

/// A turn in pieces; a whole one is cut around its first call, so that faults find it.
fn pieces(protocol: Protocol, form: Form, turn: &Turn, request: &Value) -> Vec<Piece> {
    if form != Form::Whole {
        return speak::stream(protocol, form, turn, request);
    }
    let text = speak::whole(protocol, turn).to_string();
    let name = turn.calls.first().map(|call| format!("\"{}\"", call.name));
    let call = name.and_then(|name| Some((text.find(&name)?, name.len())));
    let Some((at, length)) = call else {
        let (words, end) = text.split_at(text.floor_char_boundary(text.len() / 2));
        let end = (end.to_owned(), Part::End);
        return vec![(words.to_owned(), Part::Words), end];
    };
    let (words, rest) = text.split_at(at);
    let (call, end) = rest.split_at(length);
    vec![
        (words.to_owned(), Part::Words),
        (call.to_owned(), Part::Call),
        (end.to_owned(), Part::End),
    ]
}

fn kind(form: Form) -> (String, String) {
    let kind = match form {
        Form::Whole | Form::Array => "application/json",
        Form::Events => "text/event-stream; charset=utf-8",
    };
    ("content-type".to_owned(), kind.to_owned())
}

/// A response; what is no status becomes 500, what is no header is left out.
fn respond(status: u16, headers: &[(String, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if status >= 500 {
        // A server in trouble closes; a client must not depend on the connection.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A completion that says something.
#[must_use]
pub fn chat_text(text: &str) -> Reply {
    completion(
        &json!({"role": "assistant", "content": text, "refusal": null}),
        "stop",
    )
}

/// A completion that calls tools: id, name, and arguments as text.
#[must_use]
pub fn chat_calls(calls: Vec<(&str, &str, &str)>) -> Reply {
    let calls: Vec<Value> = calls
        .into_iter()
        .map(|(id, name, arguments)| {
            json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
        })
        .collect();
    let message =
        json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": calls});
    completion(&message, "tool_calls")
}

/// A completion of any message with any reason for its end.
#[must_use]
pub fn completion(message: &Value, finish_reason: &str) -> Reply {
    Reply::Json(
        200,
        json!({
            "id": "chatcmpl-stand-in",
            "object": "chat.completion",
            "created": 1_767_225_600,
            "model": "stand-in-2026-01-01",
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            "system_fingerprint": "fp_stand_in",
        }),
    )
}

/// An error in the form that OpenAI gives it.
#[must_use]
pub fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::Json(
        status,
        json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}}),
    )
}
