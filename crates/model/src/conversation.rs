//! A conversation, in the form that is common to every provider.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tribune_evidence::CallId;

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: serde_json::Value,
}

/// A call of a tool, exactly as the model made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id for the call.
    pub id: CallId,
    /// The name that the model gave, which may be of no tool.
    pub name: String,
    /// The arguments as text, which may not be JSON.
    pub arguments: String,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "role")]
pub enum Message {
    /// From the operator.
    User {
        /// The words.
        text: String,
    },
    /// From the model.
    Assistant {
        /// The words, possibly none.
        text: String,
        /// Reasoning that the provider shows, possibly none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
        /// The calls, possibly none.
        calls: Vec<ToolCall>,
        /// The message as the provider sent it, to be sent back unmodified.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw: Option<Arc<serde_json::Value>>,
    },
    /// From a tool.
    Tool {
        /// Which call it answers.
        call: CallId,
        /// The answer.
        text: String,
    },
}

/// Everything said so far, and the tools at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// The system prompt.
    pub system: String,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The tools, the same throughout.
    pub tools: Arc<[ToolSpec]>,
}
