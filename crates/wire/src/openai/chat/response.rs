//! A completion.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

use super::Message;
use crate::Field;
use crate::openai::error::ErrorBody;

/// A response.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChatResponse {
    /// The server's id for it.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub id: Field<String>,
    /// The model that answered, often more exact than the one asked for.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub model: Field<String>,
    /// The fingerprint of what answered.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub system_fingerprint: Field<String>,
    /// The answers; one unless more were asked for.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub choices: Field<Vec<Choice>>,
    /// Tokens and, from some servers, money.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub usage: Field<Usage>,
    /// An error, which some servers send with status 200.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub error: Field<ErrorBody>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl ChatResponse {
    /// The first answer.
    #[must_use]
    pub fn first(&self) -> Option<&Choice> {
        self.choices.get()?.first()
    }

    /// The error that stands in place of an answer, if one does.
    #[must_use]
    pub fn failure(&self) -> Option<&ErrorBody> {
        self.error.get().or_else(|| self.first()?.error.get())
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// What the model says and calls.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub message: Field<Message>,
    /// Why it stopped.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub finish_reason: Field<FinishReason>,
    /// An error in place of the rest of the answer, as OpenRouter sends it.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub error: Field<ErrorBody>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// It reached the most tokens.
    Length,
    /// It wants its calls carried out.
    ToolCalls,
    /// A filter stopped it.
    ContentFilter,
    /// Another word.
    Other(String),
}

impl FinishReason {
    /// The word for it on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other(word) => word,
        }
    }
}

impl Serialize for FinishReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FinishReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool_calls" => Self::ToolCalls,
            "content_filter" => Self::ContentFilter,
            _ => Self::Other(word),
        })
    }
}

/// Tokens and money.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub prompt_tokens: Field<Number>,
    /// Tokens received, reasoning included.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub completion_tokens: Field<Number>,
    /// Dollars, from servers that say so.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub cost: Field<Number>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
