//! How much memory a message may still take.

use serde_json::{Map, Value};

use super::StreamError;

/// What a small object takes: its node holds room for eleven fields.
const OBJECT: usize = 640;
/// What a value takes beside its text.
const VALUE: usize = 32;

/// The memory that is left for a message.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { left: limit, limit }
    }

    /// Takes so many bytes.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), StreamError> {
        self.left = self.left.checked_sub(bytes).ok_or(StreamError::TooLarge {
            what: "the message",
            limit: self.limit,
        })?;
        Ok(())
    }

    /// Takes what a value needs.
    pub(crate) fn keep(&mut self, value: &Value) -> Result<(), StreamError> {
        self.spend(weight(value))
    }

    /// Takes what an object needs.
    pub(crate) fn keep_all(&mut self, map: &Map<String, Value>) -> Result<(), StreamError> {
        self.spend(object(map))
    }
}

/// About what a value takes in memory, in bytes.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
        Value::String(text) => VALUE + text.len(),
        Value::Array(values) => VALUE + values.iter().map(weight).sum::<usize>(),
        Value::Object(map) => VALUE + object(map),
    }
}

fn object(map: &Map<String, Value>) -> usize {
    let fields = map.iter();
    let fields: usize = fields
        .map(|(key, value)| VALUE + key.len() + weight(value))
        .sum();
    if map.is_empty() { 0 } else { OBJECT + fields }
}
