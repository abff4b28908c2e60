//! A span, and its form in OTLP's JSON.
//!
//! The form is that of the protocol's own description (OTLP 1.x, JSON encoding): ids in
//! hexadecimal, times and whole numbers as strings, kinds and codes as numbers.

use serde_json::{Map, Value, json};

/// What kind of work a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Work of the guard itself.
    Internal = 1,
    /// A request to somebody else.
    Client = 3,
}

/// A piece of work with its beginning and end.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Nanoseconds since 1970.
    pub(super) began: u64,
    /// Nanoseconds since 1970.
    pub(super) ended: u64,
    pub(super) attributes: Vec<(&'static str, Value)>,
    /// Whether it failed.
    pub(super) failed: bool,
}

impl Span {
    fn json(&self) -> Value {
        let attributes = self
            .attributes
            .iter()
            .map(|(key, value)| attribute(key, value));
        let mut span = Map::new();
        span.insert("traceId".to_owned(), hex::encode(self.trace).into());
        span.insert("spanId".to_owned(), hex::encode(self.id).into());
        if let Some(parent) = self.parent {
            span.insert("parentSpanId".to_owned(), hex::encode(parent).into());
        }
        span.insert("name".to_owned(), self.name.as_str().into());
        span.insert("kind".to_owned(), (self.kind as u8).into());
        span.insert(
            "startTimeUnixNano".to_owned(),
            self.began.to_string().into(),
        );
        span.insert("endTimeUnixNano".to_owned(), self.ended.to_string().into());
        span.insert("attributes".to_owned(), attributes.collect());
        let code = if self.failed { 2 } else { 0 };
        span.insert("status".to_owned(), json!({ "code": code }));
        Value::Object(span)
    }
}

/// A request to a collector with these spans.
pub(super) fn request(spans: &[Span], build: &str) -> Value {
    let spans: Vec<Value> = spans.iter().map(Span::json).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": [
                attribute("service.name", &json!("tribune-guard")),
                attribute("service.version", &json!(build)),
            ] },
            "scopeSpans": [{
                "scope": { "name": "tribune.guard", "version": build },
                "spans": spans,
            }],
        }],
    })
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": typed(value) })
}

fn typed(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!({ "boolValue": value }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::Array(list) => {
            let values: Vec<Value> = list.iter().map(typed).collect();
            json!({ "arrayValue": { "values": values } })
        }
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    }
}
