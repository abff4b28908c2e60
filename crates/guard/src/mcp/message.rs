//! Messages of the Model Context Protocol: JSON-RPC 2.0, read as far as the proxy must and passed on
//! as they came.
//!
//! What two readers could take for two things is refused: an object with two equal keys in what the
//! proxy reads, a batch (the protocol has had none since its version 2025-06-18), bytes that are no
//! UTF-8. Source: the specification of 2025-11-25, sections "Overview" and "Server features".

use std::collections::HashSet;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The most bytes of one message.
pub const MOST_MESSAGE: usize = 16 << 20;

/// Why a message is not passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It is too long.
    #[error("a message is longer than {MOST_MESSAGE} bytes")]
    TooLong,
    /// It is no JSON.
    #[error("a message is no JSON: {0}")]
    NotJson(String),
    /// An object has two equal keys.
    #[error("an object of a message has two equal keys: {0:?}")]
    DuplicateKey(String),
    /// It is a batch, or no object.
    #[error("a message is no JSON-RPC 2.0 object")]
    NotRpc,
}

impl MessageError {
    /// The code of JSON-RPC for it.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::NotJson(_) => -32_700,
            Self::TooLong | Self::DuplicateKey(_) | Self::NotRpc => -32_600,
        }
    }
}

/// A message, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// It asks, and waits for an answer under its id.
    Request {
        /// The id, as JSON text.
        id: String,
        /// What is asked.
        method: String,
        /// The parameters, as JSON text.
        params: Option<String>,
    },
    /// It tells.
    Notification {
        /// What is told.
        method: String,
    },
    /// It answers.
    Response {
        /// The id of the request, as JSON text.
        id: String,
        /// The result, as JSON text; none where it is an error.
        result: Option<String>,
    },
}

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Reads a message.
///
/// # Errors
/// It is not one that has one meaning.
pub fn read(bytes: &[u8]) -> Result<Message, MessageError> {
    if bytes.len() > MOST_MESSAGE {
        return Err(MessageError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| MessageError::NotJson(e.to_string()))?;
    has_one_meaning(text)?;
    if !text.trim_start().starts_with('{') {
        return Err(MessageError::NotRpc);
    }
    let form: Form<'_> =
        serde_json::from_str(text).map_err(|error| MessageError::NotJson(error.to_string()))?;
    if form
        .jsonrpc
        .is_none_or(|version| version.get() != "\"2.0\"")
    {
        return Err(MessageError::NotRpc);
    }
    let own = |raw: &RawValue| raw.get().to_owned();
    match (form.method, form.id) {
        (Some(_), _) if form.result.is_some() || form.error.is_some() => Err(MessageError::NotRpc),
        (Some(method), Some(id)) if id.get() != "null" => Ok(Message::Request {
            id: own(id),
            method,
            params: form.params.map(own),
        }),
        (Some(method), _) => Ok(Message::Notification { method }),
        (None, Some(id)) if form.result.is_some() != form.error.is_some() => {
            Ok(Message::Response {
                id: own(id),
                result: form.result.map(own),
            })
        }
        (None, _) => Err(MessageError::NotRpc),
    }
}

/// An error that answers a request, or tells of a message that could not be read.
#[must_use]
pub fn error(id: Option<&str>, code: i32, words: &str) -> String {
    let id = id.and_then(|id| serde_json::from_str::<Value>(id).ok());
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": words } }).to_string()
}

/// The result of a call that was denied: an error of the tool, which the model reads and the
/// protocol does not take for a broken connection. It says that it is complete, which clients of
/// 2026-07-28 need and older ones pass over.
#[must_use]
pub fn denied(id: &str, words: &str) -> String {
    let id: Value = serde_json::from_str(id).unwrap_or(Value::Null);
    let content = json!([{ "type": "text", "text": words }]);
    let result = json!({ "resultType": "complete", "content": content, "isError": true });
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ToolCall {
    /// The tool.
    pub(super) name: String,
    /// The arguments; none is an empty object.
    #[serde(default)]
    pub(super) arguments: Option<Box<RawText>>,
}

/// JSON kept as its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RawText(pub(super) String);

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            Box::<RawValue>::deserialize(deserializer)?.get().to_owned(),
        ))
    }
}

/// Refuses objects with two equal keys, at any depth: the reader of a server may take the other one.
fn has_one_meaning(text: &str) -> Result<(), MessageError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut twice = None;
    let read = Unique(&mut twice).deserialize(&mut reader);
    if let Some(key) = twice {
        return Err(MessageError::DuplicateKey(key));
    }
    read.and_then(|()| reader.end())
        .map_err(|error| MessageError::NotJson(error.to_string()))
}

/// Goes through JSON and notes a key that stands twice in one object.
struct Unique<'a>(&'a mut Option<String>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Unique(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            if keys.contains(&key) {
                self.0.get_or_insert(key);
                members.next_value::<IgnoredAny>()?;
            } else {
                keys.insert(key);
                members.next_value_seed(Unique(self.0))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_notifications_and_answers_are_told_apart() {
        let request =
            read(br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"x":1.0}}"#);
        assert_eq!(
            request.unwrap(),
            Message::Request {
                id: "\"a\"".to_owned(),
                method: "tools/call".to_owned(),
                params: Some("{\"x\":1.0}".to_owned())
            }
        );
        let told = read(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).unwrap();
        assert!(matches!(told, Message::Notification { .. }));
        let answer = read(br#"{"jsonrpc":"2.0","id":7,"result":{}}"#).unwrap();
        assert!(matches!(
            answer,
            Message::Response {
                result: Some(_),
                ..
            }
        ));
        let failed = read(br#"{"jsonrpc":"2.0","id":7,"error":{"code":1}}"#).unwrap();
        assert!(matches!(failed, Message::Response { result: None, .. }));
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused() {
        for (text, code) in [
            ("", -32_700),
            ("{", -32_700),
            ("[]", -32_600),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call"}]"#,
                -32_600,
            ),
            (r#"{"id":1,"method":"x"}"#, -32_600),
            (r#"{"jsonrpc":"1.0","id":1,"method":"x"}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, -32_600),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","result":{}}"#,
                -32_600,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"tools/call"}"#,
                -32_600,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":{"n":1,"\u006e":2}}}"#,
                -32_600,
            ),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().code(), code, "{text}");
        }
        assert!(read(b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}").is_err());
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(read(deep.as_bytes()).is_err());
    }

    #[test]
    fn what_the_proxy_says_itself_is_a_message_too() {
        for text in [error(Some("7"), -32_600, "a \"b\""), denied("\"x\"", "no")] {
            assert!(
                matches!(read(text.as_bytes()), Ok(Message::Response { .. })),
                "{text}"
            );
        }
        assert!(error(None, -32_700, "x").contains("\"id\":null"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
