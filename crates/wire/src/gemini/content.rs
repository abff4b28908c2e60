//! One turn of a conversation and its parts.

use serde_json::{Map, Value};

use crate::Field;
use crate::object::object;

object! {
    /// A turn.
    pub struct Content {
        /// `user` or `model`.
        role: String = "role",
        /// Its parts, in order.
        parts: Vec<Part> = "parts",
    }

    /// A part of a turn. It holds one thing, and marks on it.
    pub struct Part {
        /// Text.
        text: String = "text",
        /// Whether the text is a summary of the model's reasoning.
        thought: bool = "thought",
        /// The reasoning behind this part, sealed; to be sent back unchanged and in its place.
        thought_signature: String = "thoughtSignature",
        /// A call.
        function_call: FunctionCall = "functionCall",
        /// What a call gave.
        function_response: FunctionResponse = "functionResponse",
        /// Bytes, such as an image.
        inline_data: Map<String, Value> = "inlineData",
        /// A file that is kept elsewhere.
        file_data: Map<String, Value> = "fileData",
        /// Code that the provider runs.
        executable_code: Map<String, Value> = "executableCode",
        /// What that code gave.
        code_execution_result: Map<String, Value> = "codeExecutionResult",
    }

    /// A call of a function.
    pub struct FunctionCall {
        /// Its id; most servers give none, and results are then matched by name and order.
        id: String = "id",
        /// The name of the function.
        name: String = "name",
        /// The arguments.
        args: Value = "args",
    }

    /// What a call gave.
    pub struct FunctionResponse {
        /// The id of the call.
        id: String = "id",
        /// The name of the function.
        name: String = "name",
        /// What it gave.
        response: Value = "response",
        /// Images and other parts of it.
        parts: Vec<Part> = "parts",
    }
}

impl Content {
    /// A turn that says something.
    #[must_use]
    pub fn of(role: &str, text: &str) -> Self {
        let part = Part {
            text: Field::Is(text.to_owned()),
            ..Part::default()
        };
        Self {
            role: Field::Is(role.to_owned()),
            parts: Field::Is(vec![part]),
            ..Self::default()
        }
    }

    /// The parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        self.parts.get().map_or(&[], Vec::as_slice)
    }
}

impl Part {
    /// Whether its text is a summary of reasoning and no part of the answer.
    #[must_use]
    pub fn is_thought(&self) -> bool {
        self.thought.get() == Some(&true)
    }

    /// Whether it is text and nothing else, without a signature.
    pub(super) fn is_plain_text(&self) -> bool {
        self.text.get().is_some()
            && self.thought_signature.is_absent()
            && self.function_call.is_absent()
            && self.function_response.is_absent()
            && self.inline_data.is_absent()
            && self.file_data.is_absent()
            && self.executable_code.is_absent()
            && self.code_execution_result.is_absent()
            && self.rest.is_empty()
    }
}
