//! One item: a message, reasoning, a call or its result, in a request or in a response.

use serde_json::Value;

use crate::Field;
use crate::object::{either, object};

object! {
    /// An item. Which fields it has depends on its type.
    pub struct Item {
        /// `message` (absent in short forms), `reasoning`, `function_call`,
        /// `function_call_output`, `custom_tool_call`, `web_search_call`, or another.
        kind: String = "type",
        /// The server's id for it.
        id: String = "id",
        /// `completed`, `in_progress`, `incomplete`.
        status: String = "status",
        /// Of a message: `user`, `assistant`, `system`, `developer`.
        role: String = "role",
        /// Of a message or of reasoning: what it says.
        content: Content = "content",
        /// Of reasoning: what the provider shows of it.
        summary: Vec<Part> = "summary",
        /// Of reasoning: all of it, sealed; to be sent back unchanged.
        encrypted_content: String = "encrypted_content",
        /// The id by which a call and its result name each other.
        call_id: String = "call_id",
        /// The namespace of the tool called.
        namespace: String = "namespace",
        /// The name of the tool called.
        name: String = "name",
        /// The arguments of a call, as text, exactly as sent.
        arguments: String = "arguments",
        /// The input of a call of a tool that takes free text, exactly as sent.
        input: String = "input",
        /// What a call of a tool of the provider's own kind does.
        action: Value = "action",
        /// Of a result: what the call gave, as text or parts, images among them.
        output: Content = "output",
    }

    /// A part of what an item says.
    pub struct Part {
        /// `input_text`, `output_text`, `refusal`, `summary_text`, `reasoning_text`,
        /// `input_image`, or another.
        kind: String = "type",
        /// Text.
        text: String = "text",
        /// The words of a refusal.
        refusal: String = "refusal",
    }
}

either! {
    /// What an item says.
    pub enum Content {
        /// Text.
        Text(String),
        /// Parts, in order.
        Parts(Vec<Part>),
    }
}

impl Content {
    /// The words, all parts of text together.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().filter_map(|part| part.text.text()).collect(),
        }
    }
}

impl Item {
    /// A message of some role that says something.
    #[must_use]
    pub fn message(role: &str, text: &str) -> Self {
        Self {
            kind: Field::Is("message".to_owned()),
            role: Field::Is(role.to_owned()),
            content: Field::Is(Content::Text(text.to_owned())),
            ..Self::default()
        }
    }

    /// Whether it is a message; the short form has no type.
    #[must_use]
    pub fn is_message(&self) -> bool {
        match self.kind.text() {
            Some(kind) => kind == "message",
            None => self.role.is_given(),
        }
    }

    /// Whether it is a call of a tool, by whomever it is carried out.
    #[must_use]
    pub fn is_call(&self) -> bool {
        let kind = self.kind.or_empty();
        kind.ends_with("_call") || kind == "mcp_approval_request"
    }

    /// The words that a message says.
    #[must_use]
    pub fn text(&self) -> String {
        let content = self.content.get().filter(|_| self.is_message());
        content.map(Content::text).unwrap_or_default()
    }

    /// The words of a message's refusal.
    #[must_use]
    pub fn refusal(&self) -> String {
        match self.content.get() {
            Some(Content::Parts(parts)) if self.is_message() => parts
                .iter()
                .filter_map(|part| part.refusal.text())
                .collect(),
            _ => String::new(),
        }
    }

    /// What the provider shows of reasoning: the summary, or else the reasoning itself.
    #[must_use]
    pub fn reasoning(&self) -> String {
        if self.kind.text() != Some("reasoning") {
            return String::new();
        }
        let summary = self.summary.get().into_iter().flatten();
        let summary: String = summary.filter_map(|part| part.text.text()).collect();
        match self.content.get() {
            Some(content) if summary.is_empty() => content.text(),
            _ => summary,
        }
    }
}
