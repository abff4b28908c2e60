//! A turn in the words of each protocol, whole and streamed.
//!
//! Written from the protocols' documentation and not with Tribune's own types, which these stand-ins
//! are there to test; the official SDKs read them in `tests/sdk.rs`.

mod anthropic;
mod chat;
mod gemini;
mod responses;

use serde_json::{Value, json};

use super::protocol::{Form, Protocol};
use super::turn::Turn;

/// What a piece of a stream is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What comes before the calls.
    Words,
    /// A call.
    Call,
    /// The end.
    End,
}

/// A piece of a stream: its bytes, and what it is part of.
pub(super) type Piece = (String, Part);

/// The model that answers.
const MODEL: &str = "stand-in-2026-01-01";
/// A moment at which all answers were made, in seconds since 1970.
const CREATED: u64 = 1_767_225_600;

/// A turn as one JSON object.
pub(super) fn whole(protocol: Protocol, turn: &Turn) -> Value {
    match protocol {
        Protocol::OpenAiChat => chat::whole(turn),
        Protocol::OpenAiResponses => responses::whole(turn),
        Protocol::Anthropic => anthropic::whole(turn),
        Protocol::Gemini => gemini::whole(turn),
    }
}

/// A turn as pieces of a stream.
pub(super) fn stream(protocol: Protocol, form: Form, turn: &Turn, request: &Value) -> Vec<Piece> {
    match protocol {
        Protocol::OpenAiChat => chat::stream(turn, request),
        Protocol::OpenAiResponses => responses::stream(turn),
        Protocol::Anthropic => anthropic::stream(turn),
        Protocol::Gemini => gemini::stream(turn, form),
    }
}

/// An error with the envelope of a protocol.
pub(super) fn error(protocol: Protocol, status: u16, message: &str) -> Value {
    match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiResponses => {
            let kind = match status {
                429 => "rate_limit_error",
                500.. => "server_error",
                _ => "invalid_request_error",
            };
            json!({"error": {"message": message, "type": kind, "param": null, "code": null}})
        }
        Protocol::Anthropic => {
            let kind = match status {
                401 => "authentication_error",
                404 => "not_found_error",
                429 => "rate_limit_error",
                529 => "overloaded_error",
                500.. => "api_error",
                _ => "invalid_request_error",
            };
            json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_stand_in"})
        }
        Protocol::Gemini => {
            let kind = match status {
                401 => "UNAUTHENTICATED",
                404 => "NOT_FOUND",
                429 => "RESOURCE_EXHAUSTED",
                500 => "INTERNAL",
                501.. => "UNAVAILABLE",
                _ => "INVALID_ARGUMENT",
            };
            json!({"error": {"code": status, "message": message, "status": kind}})
        }
    }
}

/// The list of models.
pub(super) fn models(protocol: Protocol, names: &[&str]) -> Value {
    let list = |entry: &dyn Fn(&str) -> Value| -> Vec<Value> {
        names.iter().map(|name| entry(name)).collect()
    };
    match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiResponses => {
            let entry = |name: &str| json!({"id": name, "object": "model", "created": CREATED, "owned_by": "stand-in"});
            json!({"object": "list", "data": list(&entry)})
        }
        Protocol::Anthropic => {
            let entry = |name: &str| json!({"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"});
            json!({"data": list(&entry), "has_more": false, "first_id": names.first(), "last_id": names.last()})
        }
        Protocol::Gemini => {
            let entry = |name: &str| {
                json!({"name": format!("models/{name}"), "version": "1", "displayName": name,
                    "inputTokenLimit": 1_000_000, "outputTokenLimit": 65_536,
                    "supportedGenerationMethods": ["generateContent", "countTokens"]})
            };
            json!({"models": list(&entry)})
        }
    }
}

/// A server-sent event without a name.
fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// A server-sent event that is named by its type.
fn named(value: &Value) -> String {
    format!(
        "event: {}\ndata: {value}\n\n",
        value["type"].as_str().unwrap_or_default()
    )
}
