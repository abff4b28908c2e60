//! A request for a completion.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::Message;
use crate::Field;

/// A request.
///
/// Fields are written in the order in which they stand here. The messages are the last of the
/// known ones: a request that has no other fields and continues an earlier one is then the earlier
/// text with messages added before its last two characters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The model asked for.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub model: Field<String>,
    /// Sampling temperature.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub temperature: Field<Number>,
    /// The most tokens of the answer, reasoning included.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub max_completion_tokens: Field<Number>,
    /// The same under its older name.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub max_tokens: Field<Number>,
    /// A seed, which most servers do not promise to honour.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub seed: Field<Number>,
    /// Whether the answer is to be streamed.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub stream: Field<bool>,
    /// The tools at hand.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub tools: Field<Vec<Tool>>,
    /// The conversation, oldest first.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub messages: Field<Vec<Message>>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A tool at hand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tool {
    /// `function`, or another.
    #[serde(default, rename = "type", skip_serializing_if = "Field::is_absent")]
    pub kind: Field<String>,
    /// The function.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub function: Field<Function>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A function that a model may call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub name: Field<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub description: Field<String>,
    /// The JSON Schema of its arguments.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub parameters: Field<Value>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Tool {
    /// A function as a tool.
    #[must_use]
    pub fn function(name: &str, description: &str, parameters: Value) -> Self {
        Self {
            kind: Field::Is("function".to_owned()),
            function: Field::Is(Function {
                name: Field::Is(name.to_owned()),
                description: Field::Is(description.to_owned()),
                parameters: Field::Is(parameters),
                rest: Map::new(),
            }),
            rest: Map::new(),
        }
    }
}
