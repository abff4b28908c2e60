//! The four protocols, by the names of what is asked in them.

use serde::{Deserialize, Serialize};

/// A protocol of model providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// OpenAI's chat completions, `/v1/chat/completions`.
    ChatCompletions,
    /// OpenAI's responses, `/v1/responses`.
    Responses,
    /// Anthropic's messages, `/v1/messages`.
    Messages,
    /// Gemini's content, `/v1beta/models/M:generateContent`.
    GenerateContent,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ChatCompletions,
        Self::Responses,
        Self::Messages,
        Self::GenerateContent,
    ];

    /// Its name, as it is serialised.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat-completions",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::GenerateContent => "generate-content",
        }
    }

    /// Whether calls of this kind are carried out by the provider itself, so that they have
    /// happened by the time they show: no gateway can hold them. [`tribune_wire::Call::kind`] is
    /// the kind; one that nobody knows counts as the provider's.
    #[must_use]
    pub fn is_carried_out_by_provider(self, kind: &str) -> bool {
        let of_agent: &[&str] = match self {
            Self::ChatCompletions => &["function", "function_call", "custom"],
            Self::Responses => &[
                "function_call",
                "custom_tool_call",
                "local_shell_call",
                "shell_call",
                "apply_patch_call",
                "computer_call",
            ],
            Self::Messages => &["tool_use"],
            Self::GenerateContent => &["functionCall"],
        };
        !of_agent.contains(&kind)
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// One JSON object.
    Whole,
    /// Server-sent events.
    Events,
    /// One JSON array, as Gemini streams without `alt=sse`.
    Array,
}
