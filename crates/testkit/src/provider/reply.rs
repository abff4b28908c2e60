//! What a stand-in answers, faults included.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

/// The beginning of an answer that is never ended.
const CUT: &str = "{\"id\":\"cut\",\"choices\":[";

/// An answer of a stand-in.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A status and JSON.
    Json(u16, Value),
    /// A status, headers, and text of any kind.
    Status(u16, Vec<(String, String)>, String),
    /// No answer, ever.
    Hang,
    /// Begins an answer of status 200 and closes the connection in the middle of it.
    Drop,
}

impl Reply {
    /// The response; `None` for one that never comes.
    pub(super) fn response(self) -> Option<Response<Body>> {
        match self {
            Self::Json(status, value) => {
                let kind = [("content-type".to_owned(), "application/json".to_owned())];
                Some(respond(status, &kind, Body::from(value.to_string())))
            }
            Self::Status(status, headers, text) => {
                Some(respond(status, &headers, Body::from(text)))
            }
            Self::Hang => None,
            Self::Drop => {
                let begun = stream::once(async { Ok(Bytes::from_static(CUT.as_bytes())) });
                let cut = stream::once(async {
                    // Waits a turn, so that the beginning is on its way before the fault.
                    tokio::task::yield_now().await;
                    Err(io::Error::other("the stand-in closes the connection here"))
                });
                Some(respond(200, &[], Body::from_stream(begun.chain(cut))))
            }
        }
    }
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
