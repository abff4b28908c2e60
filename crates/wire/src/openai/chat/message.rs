//! One message, in a request or in a response.

use serde_json::Number;

use crate::Field;
use crate::object::{either, object};

object! {
    /// A message.
    pub struct Message {
        /// `system`, `user`, `assistant`, `tool`, or another.
        role: String = "role",
        /// What it says.
        content: Content = "content",
        /// The call that a message of a tool answers.
        tool_call_id: String = "tool_call_id",
        /// The calls that a message of a model makes.
        tool_calls: Vec<ToolCall> = "tool_calls",
        /// What the model says in place of an answer when it refuses.
        refusal: String = "refusal",
        /// The call in the form that came before `tool_calls`; some servers still send it.
        function_call: FunctionCall = "function_call",
        /// Reasoning, as DeepSeek, vLLM and others give it.
        reasoning_content: String = "reasoning_content",
        /// Reasoning, as OpenRouter and others give it.
        reasoning: String = "reasoning",
    }
}

impl Message {
    /// A message of some role that says something.
    #[must_use]
    pub fn of(role: &str, text: &str) -> Self {
        Self {
            role: Field::Is(role.to_owned()),
            content: Field::Is(Content::Text(text.to_owned())),
            ..Self::default()
        }
    }

    /// The words, all parts together; empty if there are none.
    #[must_use]
    pub fn text(&self) -> String {
        match self.content.get() {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => {
                parts.iter().filter_map(|part| part.text.text()).collect()
            }
        }
    }

    /// The words of refusal, from the message or from one of its parts.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        let of_parts = || match self.content.get()? {
            Content::Text(_) => None,
            Content::Parts(parts) => parts.iter().find_map(|part| part.refusal.text()),
        };
        self.refusal
            .text()
            .or_else(of_parts)
            .filter(|words| !words.trim().is_empty())
    }

    /// The reasoning that the server shows, whichever field it uses.
    #[must_use]
    pub fn shown_reasoning(&self) -> Option<&str> {
        [&self.reasoning_content, &self.reasoning]
            .into_iter()
            .filter_map(Field::text)
            .find(|text| !text.is_empty())
    }

    /// The calls, in order.
    #[must_use]
    pub fn calls(&self) -> &[ToolCall] {
        self.tool_calls.get().map_or(&[], Vec::as_slice)
    }
}

either! {
    /// What a message says.
    pub enum Content {
        /// Text.
        Text(String),
        /// Parts.
        Parts(Vec<Part>),
    }
}

object! {
    /// A part of what a message says.
    pub struct Part {
        /// `text`, `refusal`, `image_url`, or another.
        kind: String = "type",
        /// The text of a part of text.
        text: String = "text",
        /// The words of a part that refuses.
        refusal: String = "refusal",
    }
}

object! {
    /// A call of a tool.
    pub struct ToolCall {
        /// The id by which its answer names it; some servers leave it empty.
        id: String = "id",
        /// `function`, or another.
        kind: String = "type",
        /// The function called.
        function: FunctionCall = "function",
        /// The tool called with free text in place of JSON.
        custom: CustomCall = "custom",
        /// In a stream, the call that this is a piece of.
        index: Number = "index",
    }

    /// A tool called with free text.
    pub struct CustomCall {
        /// Its name.
        name: String = "name",
        /// Its input, exactly as sent.
        input: String = "input",
    }

    /// A function called.
    pub struct FunctionCall {
        /// Its name.
        name: String = "name",
        /// Its arguments as text, exactly as sent; they may not be JSON.
        arguments: String = "arguments",
    }
}

impl FunctionCall {
    /// The arguments as text. Where a server sent JSON in place of text, that JSON.
    #[must_use]
    pub fn arguments(&self) -> String {
        match &self.arguments {
            Field::Is(text) => text.clone(),
            Field::Other(value) => value.to_string(),
            Field::Absent | Field::Null => String::new(),
        }
    }
}

impl ToolCall {
    /// The id, empty if there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.or_empty()
    }

    /// The name of the function or of the tool with free text, empty if there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        let function = self.function.get().map(|function| &function.name);
        let custom = || self.custom.get().map(|custom| &custom.name);
        function.or_else(custom).map_or("", Field::or_empty)
    }

    /// The arguments as text, or the input of a tool with free text. Where a server sent JSON in
    /// place of text, that JSON.
    #[must_use]
    pub fn arguments(&self) -> String {
        match (self.function.get(), self.custom.get()) {
            (Some(function), _) => function.arguments(),
            (None, Some(custom)) => custom.input.or_empty().to_owned(),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn message(value: Value) -> Message {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn parts_of_text_are_read_as_one_text() {
        let parts = json!({"content": [
            {"type": "text", "text": "one "},
            {"type": "image_url", "image_url": {"url": "x"}},
            {"type": "text", "text": "two"},
        ]});
        assert_eq!(message(parts).text(), "one two");
        assert_eq!(message(json!({"content": null})).text(), "");
    }

    #[test]
    fn a_refusal_is_found_in_the_message_or_in_a_part() {
        assert_eq!(message(json!({"refusal": "No."})).refusal(), Some("No."));
        let part = json!({"content": [{"type": "refusal", "refusal": "Never."}]});
        assert_eq!(message(part).refusal(), Some("Never."));
        assert_eq!(message(json!({"refusal": ""})).refusal(), None);
        assert_eq!(message(json!({"refusal": null})).refusal(), None);
    }

    #[test]
    fn reasoning_is_found_under_either_name() {
        let both = json!({"reasoning_content": "", "reasoning": "because"});
        assert_eq!(message(both).shown_reasoning(), Some("because"));
        let first = json!({"reasoning_content": "so", "reasoning": "because"});
        assert_eq!(message(first).shown_reasoning(), Some("so"));
    }

    #[test]
    fn arguments_stay_the_text_that_was_sent() {
        let call = |arguments: Value| -> ToolCall {
            serde_json::from_value(json!({"function": {"name": "f", "arguments": arguments}}))
                .unwrap()
        };
        assert_eq!(call(json!("{ \"a\" : 1.0 ")).arguments(), "{ \"a\" : 1.0 ");
        assert_eq!(call(json!({"a": 1})).arguments(), "{\"a\":1}");
        assert_eq!(call(json!(null)).arguments(), "");
        assert_eq!(ToolCall::default().name(), "");
    }
}
